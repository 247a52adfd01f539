"""The results of groups: made when they are asked for, since there may be very many."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, overload

import numpy as np

from lossctl import statistics
from lossctl.block import Floats, Integers
from lossctl.losses.registry import AS_ROOT_MEAN
from lossctl.losses.terms import Scoring
from lossctl.names import readable
from lossctl.numbers import to_number
from lossctl.plan import Plan
from lossctl.result import Group
from lossctl.statistics import Estimate
from lossctl.summaries.group_names import GroupNames, united
from lossctl.summaries.groups import Groups, Sums

_NUMBER = re.compile(r"\d+")


def grouped(
    plan: Plan, scoring: Scoring, groups: Groups, names: Sequence[str], total: float
) -> tuple[Sequence[Group], int]:
    """Return the results of groups, by columns of these names, and how many are too small."""
    sums = groups.sums
    everything = None
    if plan.roles.cluster is not None:
        everything, sums = sums, sums.collapsed(range(len(names)))
    found = _Groups(plan, scoring, names, sums, everything, total)
    return found, len(sums) - len(found)


class _Groups(Sequence[Group]):
    """The groups in natural order of their names, without the small ones."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        plan: Plan,
        scoring: Scoring,
        names: Sequence[str],
        sums: Sums,
        clusters: Sums | None,
        total: float,
    ) -> None:
        self._plan, self._scoring, self._sums = plan, scoring, sums
        self._clusters, self._total = clusters, total
        self._names = tuple(map(readable, dict.fromkeys(names)))

    def __len__(self) -> int:
        return int(np.count_nonzero(self._sums.rows >= self._plan.min_group))

    @cached_property
    def _order(self) -> Integers:
        """Where each of the groups is among the sums."""
        order = _natural_order(self._sums)
        return np.asarray(order[self._sums.rows[order] >= self._plan.min_group])

    @overload
    def __getitem__(self, place: int) -> Group: ...
    @overload
    def __getitem__(self, place: slice) -> list[Group]: ...
    def __getitem__(self, place: int | slice) -> Group | list[Group]:
        rows = self._order[place]
        if isinstance(place, slice):
            return list(self._made(rows))
        return next(self._made(np.array([rows])))

    def __iter__(self) -> Iterator[Group]:
        step = 10_000
        for start in range(0, len(self), step):
            yield from self._made(self._order[start : start + step])

    def _made(self, rows: Integers) -> Iterator[Group]:
        sums = self._sums.take(rows)
        names = [map(readable, sums.names.texts(i)) for i in range(len(self._names))]
        totals, denominators, found = self._estimated(sums, rows)
        everything = zip(
            zip(*names, strict=True), sums.rows.tolist(), totals, denominators, found, strict=True
        )
        for texts, count, total, denominator, estimate in everything:
            yield Group(
                names=dict(zip(self._names, texts, strict=True)),
                value=estimate.value,
                n=count,
                denominator=denominator,
                sum=total,
                stderr=estimate.stderr,
                low=estimate.low,
                high=estimate.high,
                share=_share(total, self._total),
            )

    def _estimated(
        self, sums: Sums, rows: Integers
    ) -> tuple[list[float], list[float], Iterable[Estimate]]:
        """Return sums, denominators and estimates of the scoring, or of the mean of its parts."""
        plan, parts = self._plan, self._scoring.parts
        found = []
        for part in parts:
            column, group = plan.terms.index(part), plan.place(part)[0]
            totals, cells = sums.totals[column].values(), sums.cells[group].values()
            if self._clusters is not None:
                estimates = self._of_clusters(sums, rows, column, group)
            else:
                divisor = 1.0 if self._is_sum else cells
                estimates = self._of_rows(sums, column, group, totals, divisor)
            found.append((totals.tolist(), cells.tolist(), estimates))
        if len(found) == 1:
            return found[0]
        several = zip(*(estimates for _, _, estimates in found), strict=True)
        means = (Estimate(math.fsum(e.value for e in each) / len(each)) for each in several)
        sums_of_all = zip(*(totals for totals, _, _ in found), strict=True)
        return list(map(math.fsum, sums_of_all)), found[0][1], means

    @property
    def _is_sum(self) -> bool:
        return self._plan.is_sum(self._scoring.loss)

    def _of_rows(
        self, sums: Sums, column: int, group: int, totals: Floats, divisor: Floats | float
    ) -> Iterator[Estimate]:
        """Yield the groups' values, with errors that come from their rows."""
        both = len(sums.residuals) > len(sums.totals)
        spread = sums.residuals[column + (len(sums.totals) if self._is_sum and both else 0)]
        with np.errstate(all="ignore"):
            values = totals / divisor  # what weighs nothing has no mean
            errors = spread.root * np.sqrt(sums.rows / (sums.rows - 1)) / divisor
        if np.isinf(values).any() and not self._is_sum:
            pairs = zip(sums.totals[column], sums.cells[group], strict=True)
            values = np.array([statistics.ratio(*pair) for pair in pairs])
        estimates = _with_errors(values, errors, sums.rows, self._plan.level)
        yield from map(self._finished, estimates)

    def _finished(self, estimate: Estimate) -> Estimate:
        if self._scoring.loss.finish == AS_ROOT_MEAN and not math.isnan(estimate.value):
            return statistics.root(estimate)
        return estimate

    def _of_clusters(
        self, sums: Sums, rows: Integers, column: int, group: int
    ) -> Iterator[Estimate]:
        """Yield the groups' values, with errors that come from their clusters."""
        members, starts = self._members
        everything: Any = self._clusters
        level = self._plan.level
        for row, total, denominator in zip(
            rows.tolist(), sums.totals[column], sums.cells[group], strict=True
        ):
            mine = everything.take(members[starts[row] : starts[row + 1]])
            units, count = mine.totals[column].units(), len(mine)
            if self._is_sum:
                spread = statistics.of_cluster_sums(units, total.units, count)
                yield statistics.total(total, spread, level)
            elif denominator.units:
                cells = mine.cells[group].units()
                columns, divisor = [(units, total.units)], denominator.units
                spread = statistics.of_clusters(columns, [1.0], cells, divisor, count)
                yield self._finished(statistics.mean(total, denominator, spread, level))
            else:
                yield Estimate(math.nan)

    @cached_property
    def _members(self) -> tuple[Integers, Integers]:
        """The clusters of all groups, group by group, and where those of each start."""
        everything: Any = self._clusters
        theirs = GroupNames.of(everything.names.columns[:-1])
        _, (_, where) = united([self._sums.names, theirs])  # the sums are in that order
        members = np.argsort(where, kind="stable")
        return members, np.searchsorted(where[members], np.arange(len(self._sums) + 1))


def _with_errors(
    values: Floats, errors: Floats, counts: Integers, level: float
) -> Iterator[Estimate]:
    """Yield values, (G,), with their intervals, as ``statistics.with_error`` does one by one."""
    different, places = np.unique(counts, return_inverse=True)
    reach = [
        statistics.half_width(level, units) if units > 1 else math.nan
        for units in different.tolist()
    ]
    with np.errstate(all="ignore"):  # what is not finite has no interval
        half = np.array(reach)[places] * errors
        ends = (values - half).tolist(), (values + half).tolist()
    known = np.isfinite(values) & np.isfinite(half)
    for value, error, low, high, whole in zip(
        values.tolist(), errors.tolist(), *ends, known.tolist(), strict=True
    ):
        yield Estimate(value, error, low, high) if whole else Estimate(value)


def _share(part: float, total: float) -> float | None:
    known = math.isfinite(part) and math.isfinite(total) and total
    return part / total if known else None


def _natural_order(sums: Sums) -> Integers:
    """Return the order of the groups by their names, the first column first: 2 before 10."""
    ranks = [
        ids.words.view(np.int64) if ids.texts is None else _ranks(sums.names, i)
        for i, ids in enumerate(sums.names.columns)
    ]
    return np.asarray(np.lexsort(ranks[::-1]))


def _ranks(names: GroupNames, column: int) -> Integers:
    """Return the place of each name in their order: by value if all are numbers, or empty."""
    keys: list[Any]
    if all(map(_is_number, names.texts(column))):
        keys = [(to_number(text) if text else -math.inf, text) for text in names.texts(column)]
    else:
        keys = [_NUMBER.sub(_by_length, text) for text in names.texts(column)]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__))
    ranks = np.zeros(len(keys), np.int64)
    changes = (keys[a] != keys[b] for a, b in pairwise(order.tolist()))
    ranks[order[1:]] = np.cumsum(np.fromiter(changes, np.int64, len(keys) - 1))
    return ranks


def _is_number(text: str) -> bool:
    number = to_number(text) if text else -math.inf
    return number is not None and not math.isnan(number)


def _by_length(digits: re.Match[str]) -> str:
    """Return digits so that as text they sort by their value; of equal ones 1 before 01."""
    number = digits[0].lstrip("0")
    zeros = "\1" * (len(digits[0]) - len(number))
    return f"\0{chr(len(number))}{number}{zeros}"
