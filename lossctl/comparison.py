"""How much more or less a candidate costs than the baseline: row by row, on the rows both have."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from lossctl import statistics
from lossctl.block import (
    Block,
    Booleans,
    Counted,
    Floats,
    Integers,
    RowLosses,
    Scored,
    Waiting,
    numbers_of,
)
from lossctl.errors import DataError
from lossctl.ids import Ids, Rows, Words, mixed
from lossctl.index import Index, index_of
from lossctl.ledger import RECORD, InMemory, OnDisk, Records, Store
from lossctl.losses.registry import AS_ROOT_MEAN
from lossctl.losses.terms import Scoring
from lossctl.names import listing, quoted, readable
from lossctl.plan import Plan
from lossctl.result import Delta
from lossctl.statistics import Spread
from lossctl.summaries.exact_sum import UNIT_BITS, ExactSum
from lossctl.summaries.fingerprint import Fingerprint
from lossctl.summaries.groups import Groups
from lossctl.summaries.moments import Moments, weighed
from lossctl.texts import Keys, Names
from lossctl.watching import names

UNKNOWN = np.uint64(1)
_DIFFERENCE, _OWN = 0, 1  # the columns of the moments
_CELLS = 2


class Truth:
    """Which rows are the same in different candidates.

    Where labels are ``shared``, those of the same number among them. Else each has labels of its
    own: rows of the same number, or with ids of the same id, and the labels must agree.
    """

    def __init__(self, plan: Plan, *, shared: bool, by_id: bool) -> None:
        """Take the plan of one candidate; ``by_id``: an id was asked for."""
        self.shared, self.by_id = shared, by_id and not shared
        self._names = names(plan)
        self._fingerprint = None if shared else Fingerprint(self._names)

    def rows(self, block: Block) -> Integers:
        """Return the numbers of a block's rows."""
        return numbers_of(block.rows if block.partners is None else block.partners)

    def ids(self, block: Block) -> Ids | None:
        """Return the ids of a block's rows, if they have any."""
        keys = None if block.shown is None else block.shown.keys
        return None if keys is None else Ids.of(keys)

    def words(self, block: Block, ids: Ids | None) -> Words:
        """Return a word for each row, never 0, that tells its label and id from others.

        It is ``UNKNOWN`` for a row of which something is missing: its label is, then, too.
        """
        if self._fingerprint is None:
            return np.ones(len(block.prediction), np.uint64)
        words = self._fingerprint.of_labels(block)
        if ids is not None:
            words = mixed(words ^ mixed(ids.words))
        if block.label.ndim > 1:
            words[np.isnan(block.label).any(axis=1)] = 0
        return words | UNKNOWN

    def counting(self, block: Block, cells: Floats) -> Words:
        """Return a word for each row that tells how it counts from others.

        It depends on the row alone, not on its block, and not on the order of the outputs.
        """
        words = mixed(np.ascontiguousarray(cells, np.float64).view(np.uint64))
        if block.weight is not None:
            words = mixed(words ^ (block.weight + 0.0).view(np.uint64))  # no -0.0
        if block.left_out is not None:
            outputs = mixed(Ids.of(Keys.of(self._names)).words)
            words ^= mixed((block.left_out * outputs).sum(axis=1, dtype=np.uint64))
        return words


class Scope:
    """Sees which rows a candidate is scored on; equal sums of as many rows are the same rows.

    They are the same if they count alike: their weights, and which of their cells are left out.
    """

    def __init__(self, plan: Plan, truth: Truth) -> None:
        """Start with no rows."""
        self._truth, self._column, self.sum = truth, plan.column(plan.scorings[0]), 0

    def __call__(self, block: Block, losses: RowLosses) -> None:
        """See a block."""
        _, cells = _amounts(block, losses, self._column)
        if self._truth.shared:
            words = mixed(self._truth.rows(block).astype(np.uint64))
        else:
            words = self._truth.words(block, self._truth.ids(block))
        words = mixed(words ^ self._truth.counting(block, cells))
        self.sum = (self.sum + int(np.add.reduce(words, dtype=np.uint64))) % (1 << 64)


def _amounts(block: Block, losses: RowLosses, column: int) -> tuple[Floats, Floats]:
    """Return the weighted losses of a block's rows, and what they count."""
    counted = next(one for one in losses.counted if column in one.columns)
    values = losses.values[column]
    cells = np.broadcast_to(counted.cells, values.shape)
    if block.weight is not None:
        values = weighed(values, block.weight)
        cells = cells * block.weight if counted.weighed else cells
    return values, cells


class Baseline:
    """What others are compared with; sees its own rows first."""

    def __init__(self, plan: Plan, truth: Truth) -> None:
        """Take the plan of the baseline."""
        self._truth = truth
        self._plan, self._column = plan, plan.column(plan.scorings[0])
        self._store: Store = InMemory() if plan.roles.joined else OnDisk()
        self._ids: list[Ids] = []
        self._index: Index | None = None
        self._count = 0

    def __call__(self, block: Block, losses: RowLosses) -> None:
        """See a block."""
        records = np.zeros(len(losses), RECORD)
        records["loss"], cells = _amounts(block, losses, self._column)
        records["counting"] = self._truth.counting(block, cells)
        ids, rows = self._truth.ids(block), self._truth.rows(block)
        records["truth"] = self._truth.words(block, ids)
        if self._truth.by_id and ids is not None:
            self._ids.append(ids)
            rows = np.arange(self._count, self._count + len(ids))
        self._store.write(rows, records)
        self._count += len(rows)

    def close(self) -> None:
        """Know that all rows were seen.

        Raises:
            DataError: an id stands twice.

        """
        if not self._ids:
            return
        self._index = index_of(self._ids)
        if len(self._index.duplicates):
            _refuse_duplicate(self._plan, Ids.joined(self._ids), self._index.duplicates)

    def find(self, truth: Truth, block: Block, ids: Ids | None) -> tuple[Integers, Records]:
        """Return the places of a block's rows here, −1 where there are none, and the records."""
        rows = truth.rows(block)
        if self._index is None or ids is None:
            return rows, self._store.read(rows)
        rows = self._index.find(ids)
        order = np.argsort(rows, kind="stable")
        known = order[np.searchsorted(rows[order], 0) :]
        records = np.zeros(len(rows), RECORD)
        records[known] = self._store.read(rows[known])
        return rows, records


def _refuse_duplicate(plan: Plan, ids: Ids, again: Rows) -> None:
    shown = [readable(ids.text(int(row))) for row in again[:8]]
    raise DataError(
        f"ids stand more than once: {listing(shown)}",
        where=plan.inputs.name,
        hint="rows that are compared by id need an id of their own",
    )


class Paired:
    """Sees the rows of a candidate, and the baseline's beside them."""

    def __init__(self, plan: Plan, truth: Truth, baseline: Baseline) -> None:
        """Take the plan of the candidate."""
        self._plan, self._baseline = plan, baseline
        self._scoring: Scoring = plan.scorings[0]
        self._column = plan.column(self._scoring)
        self._truth = truth
        self._met: Booleans = np.zeros(0, dtype=bool)
        self._waiting = Waiting()
        self._moments = Moments.empty(2)
        self._theirs = ExactSum()
        self._groups = Groups()

    def __call__(self, block: Block, losses: RowLosses) -> None:
        """See a block.

        Raises:
            DataError: the label of a row is another than in the baseline.

        """
        own, cells = _amounts(block, losses, self._column)
        ids = self._truth.ids(block)
        rows, records = self._baseline.find(self._truth, block, ids)
        if not self._truth.shared:
            self._check_truth(block, ids, records)
        if self._truth.by_id and ids is not None:
            self._check_once(ids, rows)
        common = (records["truth"] != 0) & (
            records["counting"] == self._truth.counting(block, cells)
        )
        if not common.any():
            return
        theirs = records["loss"][common]
        own, cells = own[common], cells[common]
        with np.errstate(all="ignore"):
            values = np.stack([own - theirs, own, theirs])
        groups: tuple[Names, ...] = ()
        if self._plan.roles.cluster is not None:
            groups = (block.groups[-1].take(np.flatnonzero(common)),)
        counted = (Counted((0, 1), cells, weighed=False),)
        self._add(self._waiting.add(Scored(RowLosses(values, counted), None, groups, rows[common])))

    def _check_truth(self, block: Block, ids: Ids | None, records: Records) -> None:
        own, theirs = self._truth.words(block, ids), records["truth"]
        wrong = (theirs != own) & (theirs > UNKNOWN) & (own > UNKNOWN)
        if not wrong.any():
            return
        row = int(np.argmax(wrong))
        what = f"row {int(block.rows[row])}"
        if self._truth.by_id and ids is not None:
            what = f"id {quoted(readable(ids.text(row)))}"
        raise DataError(
            f"{what} has another label, or id, than in the baseline",
            where=self._plan.inputs.name,
            hint="rows are compared in order; --id COL compares them by id",
        )

    def _check_once(self, ids: Ids, rows: Integers) -> None:
        known = rows[rows >= 0]
        most = int(known.max(initial=-1)) + 1
        if most > len(self._met):
            self._met = np.concatenate([self._met, np.zeros(most, dtype=bool)])
        again = np.flatnonzero(rows >= 0)
        again = again[self._met[rows[again]]]
        if len(again) or len(np.unique(known)) < len(known):
            order = np.argsort(rows, kind="stable")
            twice = order[1:][(rows[order][1:] == rows[order][:-1]) & (rows[order][1:] >= 0)]
            _refuse_duplicate(self._plan, ids, np.union1d(again, twice))
        self._met[known] = True

    @np.errstate(all="ignore")  # what is not finite is counted
    def _add(self, scored: Scored | None) -> None:
        """Add rows to the sums, if there are any."""
        if scored is None:
            return
        values, cells = scored.losses.values, scored.losses.counted[0].cells
        pair = np.ascontiguousarray(values[:_CELLS])
        self._moments += Moments.of(pair, cells)
        self._theirs += ExactSum.of(np.ascontiguousarray(values[_CELLS]))
        if scored.groups:
            losses = RowLosses(pair, scored.losses.counted)
            self._groups = self._groups.add(Scored(losses, None, scored.groups))

    def delta(self) -> Delta:
        """Return the difference on all rows that both have."""
        self._add(self._waiting.rest())
        moments, own, theirs = self._moments, self._moments.sums[_OWN], self._theirs
        count, cells = moments.count, moments.sums[_CELLS]
        if not count or not cells.units or len(self._scoring.parts) > 1:
            return Delta(math.nan, count)
        is_sum = self._plan.is_sum(self._scoring.loss)
        root = self._scoring.loss.finish == AS_ROOT_MEAN
        divisor = Fraction(1) if is_sum else Fraction(cells.units, 1 << UNIT_BITS)
        if not (own.finite and theirs.finite):
            value = own.value - theirs.value
            ends = (value, value) if math.isinf(value) else (None, None)
            return Delta(value, count, None, *ends)
        mine, other = (Fraction(one.units, 1 << UNIT_BITS) / divisor for one in (own, theirs))
        gradient, exact = [1.0], mine - other
        if root:
            a, b = math.sqrt(mine), math.sqrt(other)
            exact = exact / Fraction(a + b) if a + b else exact
            gradient = _of_roots(a, b, statistics.nearest(exact))
        spread = self._spread(gradient, is_sum=is_sum)
        value = statistics.nearest(exact)
        if spread is None:
            return Delta(value, count)
        estimate = statistics.with_interval(value, spread, 1 / divisor**2, self._plan.level)
        p = None
        if estimate.stderr is not None:
            p = statistics.two_sided_p(value, estimate.stderr, spread.units)
        return Delta(value, count, estimate.stderr, estimate.low, estimate.high, p)

    def _spread(self, gradient: list[float], *, is_sum: bool) -> Spread | None:
        """Return the spread of the difference over rows, or over clusters."""
        if self._plan.roles.cluster is None:
            if is_sum:
                return statistics.of_sum(self._moments, _DIFFERENCE)
            return statistics.of_ratios(self._moments, gradient, _CELLS)
        if not self._moments.sums[_DIFFERENCE].finite:
            return None
        sums = self._groups.sums
        total, divisor = self._moments.sums[_DIFFERENCE].units, self._moments.sums[_CELLS].units
        if is_sum:
            return statistics.of_cluster_sums(sums.totals[_DIFFERENCE].units(), total, len(sums))
        columns = [
            (sums.totals[i].units(), self._moments.sums[i].units) for i in range(len(gradient))
        ]
        return statistics.of_clusters(columns, gradient, sums.cells[0].units(), divisor, len(sums))


def _of_roots(own: float, other: float, difference: float) -> list[float]:
    """Return the derivative of √m − √(m − d) by d and by m; of a root that is 0 there is none.

    Where a mean of squares is 0 all of them are, and nothing of it varies.
    """
    by_difference = 1 / (2 * other) if other else 0.0
    if own and other:
        return [by_difference, -difference / (2 * own) / other]
    return [by_difference, (1 / (2 * own) if own else 0.0) - by_difference]
