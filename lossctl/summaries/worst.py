"""The rows that cost most."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lossctl.block import Block, Floats, RowLosses
from lossctl.values import dataclass, replace

Label = str | float
Labels = Label | tuple[Label, ...]


@dataclass(frozen=True)
class Row:
    """A row as it is shown: its number in the input, its key if it has one, its label, its loss."""

    row: int
    key: str | None
    label: Labels
    loss: float

    @property
    def rank(self) -> tuple[bool, float, int]:
        """What rows are sorted by: NaN first, then the largest loss, then the first row."""
        unknown = math.isnan(self.loss)
        return (not unknown, 0.0 if unknown else -self.loss, self.row)


@dataclass(frozen=True)
class Worst:
    """For each of the J kernels the rows of the largest losses, at most ``limit`` of them.

    Laws: ``Worst.empty(limit, J) + a == a``; ``+`` is commutative and associative.
    """

    limit: int
    rows: tuple[tuple[Row, ...], ...]

    @classmethod
    def empty(cls, limit: int, losses: int) -> Worst:
        """Return the worst of no rows."""
        return cls(limit, ((),) * losses)

    def add(self, block: Block, losses: RowLosses) -> Worst:
        """Return the worst with a block's rows considered."""
        found = tuple(
            tuple(_row(block, i, values) for i in self._candidates(values, mine))
            for values, mine in zip(losses.values, self.rows, strict=True)
        )
        return self + Worst(self.limit, found)

    def _candidates(self, values: Floats, mine: tuple[Row, ...]) -> list[int]:
        """Return the few rows of a block that may be among the worst."""
        order = np.where(np.isnan(values), np.inf, values)
        bound = -np.inf
        if len(mine) == self.limit:
            bound = np.inf if math.isnan(mine[-1].loss) else mine[-1].loss
        if len(order) > self.limit:
            bound = max(bound, np.partition(order, -self.limit)[-self.limit])
        found = np.flatnonzero(order >= bound)
        if len(found) > 2 * self.limit:  # of many that cost the same the first are enough
            ranked = np.lexsort((found, -order[found], ~np.isnan(values[found])))
            found = found[ranked[: self.limit]]
        return [int(i) for i in found]

    def renumbered(self, place: Callable[[int], int]) -> Worst:
        """Return the same rows with other numbers, in the same order."""
        rows = tuple(tuple(replace(row, row=place(row.row)) for row in rows) for rows in self.rows)
        return Worst(self.limit, rows)

    def __add__(self, other: Worst) -> Worst:
        """Return the worst of both."""
        return Worst(
            self.limit,
            tuple(
                tuple(sorted(mine + theirs, key=lambda row: row.rank)[: self.limit])
                for mine, theirs in zip(self.rows, other.rows, strict=True)
            ),
        )


def _row(block: Block, i: int, values: Floats) -> Row:
    shown = block.shown
    if shown is None:
        raise AssertionError("rows that are to be shown must carry what is shown")
    labels = tuple(
        float(column[i]) if isinstance(column, np.ndarray) else column.text(i)
        for column in shown.labels
    )
    key = None if shown.keys is None else shown.keys.text(i)
    return Row(int(block.rows[i]), key, labels[0] if len(labels) == 1 else labels, float(values[i]))
