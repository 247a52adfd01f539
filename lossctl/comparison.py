"""How much more or less a candidate costs than the baseline: row by row, on the rows both have."""

from __future__ import annotations

import math
from collections.abc import Callable
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
from lossctl.engines.partition import Sink
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
from lossctl.values import dataclass
from lossctl.watching import names

UNKNOWN = np.uint64(1)
_DIFFERENCE, _OWN = 0, 1  # the columns of the moments
_CELLS = 2


@dataclass(frozen=True, eq=False)
class Marked:
    """The rows of a block, with what tells them from others, and what they come to.

    ``ids`` are there where labels are not shared and rows have some. ``words``, never 0, tell the
    label and the id of a row from others, or its number where labels are shared. Such a word is
    ``UNKNOWN`` if something is missing: the label is, then, too. ``counting`` tells how a row
    counts from others: by its weight, and which of its cells are left out. ``losses`` are weighed,
    ``cells`` what they count.
    """

    block: Block
    rows: Integers
    ids: Ids | None
    words: Words
    counting: Words
    losses: Floats
    cells: Floats


class Truth:
    """Which rows are the same in different candidates.

    Where labels are ``shared``, those of the same number among them. Else each has labels of its
    own: rows of the same number, or with ids of the same id, and the labels must agree.
    """

    def __init__(self, plan: Plan, *, shared: bool, by_id: bool) -> None:
        """Take the plan of one candidate; ``by_id``: an id was asked for."""
        self.shared, self.by_id = shared, by_id and not shared
        self._names, self._column = names(plan), plan.column(plan.scorings[0])
        self._fingerprint = None if shared else Fingerprint(self._names)

    def told_to(self, *watchers: Callable[[Marked], None]) -> Sink:
        """Return a sink that marks the rows of each block once, for all who watch."""

        def see(block: Block, losses: RowLosses) -> None:
            marked = self._marked(block, losses)
            for watcher in watchers:
                watcher(marked)

        return see

    def _marked(self, block: Block, losses: RowLosses) -> Marked:
        rows = numbers_of(block.rows if block.partners is None else block.partners)
        keys = None if self.shared or block.shown is None else block.shown.keys
        ids = None if keys is None else Ids.of(keys)
        values, cells = _amounts(block, losses, self._column)
        words, counting = self._words(block, rows, ids), self._counting(block, cells)
        return Marked(block, rows, ids, words, counting, values, cells)

    def _words(self, block: Block, rows: Integers, ids: Ids | None) -> Words:
        if self._fingerprint is None:
            return mixed(rows.view(np.uint64) + np.uint64(1))  # only 0 becomes 0
        words = self._fingerprint.of_labels(block)
        if ids is not None:
            words = mixed(words ^ mixed(ids.words))
        if block.label.ndim > 1:
            words[np.isnan(block.label).any(axis=1)] = 0
        return words | UNKNOWN

    def _counting(self, block: Block, cells: Floats) -> Words:
        """Return words that depend on the rows alone, not on blocks or the order of outputs."""
        words = mixed(np.ascontiguousarray(cells, np.float64).view(np.uint64))
        if block.weight is not None:
            words = mixed(words ^ (block.weight + 0.0).view(np.uint64))  # no -0.0
        if block.left_out is not None:
            outputs = mixed(Ids.of(Keys.of(self._names)).words)
            words ^= mixed((block.left_out * outputs).sum(axis=1, dtype=np.uint64))
        return words


def _amounts(block: Block, losses: RowLosses, column: int) -> tuple[Floats, Floats]:
    """Return the weighted losses of a block's rows, and what they count."""
    counted = next(one for one in losses.counted if column in one.columns)
    values = losses.values[column]
    cells = np.broadcast_to(counted.cells, values.shape)
    if block.weight is not None:
        values = weighed(values, block.weight)
        cells = cells * block.weight if counted.weighed else cells
    return values, cells


class Scope:
    """Sees which rows a candidate is scored on; equal sums of as many rows are the same rows.

    They are the same if they count alike.
    """

    def __init__(self) -> None:
        """Start with no rows."""
        self.sum = 0

    def __call__(self, marked: Marked) -> None:
        """See the rows of a block."""
        words = mixed(marked.words ^ marked.counting)
        self.sum = (self.sum + int(np.add.reduce(words, dtype=np.uint64))) % (1 << 64)


class Baseline:
    """What others are compared with; sees its own rows first."""

    def __init__(self, plan: Plan, truth: Truth) -> None:
        """Take the plan of the baseline."""
        self._plan, self._truth = plan, truth
        self._store: Store = InMemory() if plan.roles.joined else OnDisk()
        self._ids: list[Ids] = []
        self._index: Index | None = None
        self._count = 0

    def __call__(self, marked: Marked) -> None:
        """See the rows of a block."""
        records = np.empty(len(marked.rows), RECORD)
        records["loss"], records["counting"] = marked.losses, marked.counting
        records["truth"] = marked.words
        rows = marked.rows
        if self._truth.by_id and marked.ids is not None:
            self._ids.append(marked.ids)
            rows = np.arange(self._count, self._count + len(rows))
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

    def find(self, marked: Marked) -> tuple[Integers, Records]:
        """Return the places of a block's rows here, −1 where there are none, and the records."""
        if self._index is None or marked.ids is None:
            return marked.rows, self._store.read(marked.rows)
        rows = self._index.find(marked.ids)
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
        self._truth = truth
        self._met: Booleans = np.zeros(0, dtype=bool)
        self._waiting = Waiting()
        self._moments = Moments.empty(2)
        self._theirs = ExactSum()
        self._groups = Groups()

    def __call__(self, marked: Marked) -> None:
        """See the rows of a block.

        Raises:
            DataError: the label of a row is another than in the baseline.

        """
        rows, records = self._baseline.find(marked)
        if not self._truth.shared:
            self._check_truth(marked, records)
        if self._truth.by_id and marked.ids is not None:
            self._check_once(marked.ids, rows)
        common = (records["truth"] != 0) & (records["counting"] == marked.counting)
        if not common.any():
            return
        theirs = records["loss"][common]
        own, cells = marked.losses[common], marked.cells[common]
        with np.errstate(all="ignore"):
            values = np.stack([own - theirs, own, theirs])
        groups: tuple[Names, ...] = ()
        if self._plan.roles.cluster is not None:
            groups = (marked.block.groups[-1].take(np.flatnonzero(common)),)
        counted = (Counted((0, 1), cells),)  # the weights are in them
        self._add(self._waiting.add(Scored(RowLosses(values, counted), None, groups, rows[common])))

    def _check_truth(self, marked: Marked, records: Records) -> None:
        own, theirs = marked.words, records["truth"]
        wrong = (theirs != own) & (theirs > UNKNOWN) & (own > UNKNOWN)
        if not wrong.any():
            return
        row = int(np.argmax(wrong))
        what = f"row {int(marked.block.rows[row])}"
        if self._truth.by_id and marked.ids is not None:
            what = f"id {quoted(readable(marked.ids.text(row)))}"
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
