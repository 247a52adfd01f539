"""Tables seen otherwise: in step with another, beside one, without some columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lossctl.errors import DataError
from lossctl.sources.table import Batch, Column, Request, Table


def in_step(
    left: Iterator[Batch], right: Iterator[Batch], unequal: Callable[[int, int], Exception]
) -> Iterator[tuple[Batch, Batch]]:
    """Cut two streams of batches at each other's ends, so that both have the same rows.

    Raises:
        Exception: what ``unequal`` makes of the numbers of rows, if one is longer.

    """
    rows = 0
    mine, theirs = next(left, None), next(right, None)
    while mine is not None and theirs is not None:
        step = min(len(mine), len(theirs))
        yield mine[:step], theirs[:step]
        rows += step
        mine = mine[step:] if step < len(mine) else next(left, None)
        theirs = theirs[step:] if step < len(theirs) else next(right, None)
    if mine is not None or theirs is not None:
        more = sum(map(len, left)) + (len(mine) if mine is not None else 0)
        others = sum(map(len, right)) + (len(theirs) if theirs is not None else 0)
        raise unequal(rows + more, rows + others)


@dataclass(frozen=True)
class _BesideWhere:
    left: Batch
    right: Batch
    offset: int

    def place(self, row: int, column: Column | None) -> str:
        if column is None or column.position < self.offset:
            return self.left.place(row, column)
        return self.right.place(row, replace(column, position=column.position - self.offset))


@dataclass(frozen=True, eq=False)
class Beside:
    """A table with a column of another table beside its own, row by row."""

    table: Table
    other: Table
    column: Column

    @property
    def _offset(self) -> int:
        return 1 + max(column.position for column in self.table.columns)

    @property
    def added(self) -> Column:
        """The column as it is known here."""
        return replace(self.column, position=self.column.position + self._offset)

    @property
    def name(self) -> str:
        """The input as its user wrote it."""
        return self.table.name

    @property
    def columns(self) -> tuple[Column, ...]:
        """The table's own columns; who wants the other has to ask for it."""
        return self.table.columns

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The axes of an array."""
        return self.table.shape

    @property
    def header(self) -> bool | None:
        """Whether a text file starts with a header."""
        return self.table.header

    @property
    def named(self) -> bool:
        """Whether all columns have names."""
        return self.table.named

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known."""
        return self.table.settled(columns)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in order."""
        if self.added.position not in request.numbers:
            yield from self.table.read(request, keep=keep)
            return
        own = tuple(p for p in request.numbers if p != self.added.position)
        place = request.numbers.index(self.added.position)
        left = self.table.read(replace(request, numbers=own), keep=keep)
        right = self.other.read(Request((self.column.position,)), keep=keep)
        for mine, theirs in in_step(left, right, self._unequal):
            numbers = np.insert(mine.numbers, place, theirs.numbers[:, 0], axis=1)
            where = _BesideWhere(mine, theirs, self._offset)
            yield Batch(numbers, mine.names, mine.keys, where)

    def _unequal(self, rows: int, others: int) -> DataError:
        return DataError(
            f"{rows:,} rows and {others:,} weights",
            where=f"{self.table.name} and {self.other.name}",
            hint="weights are paired in order with the predictions",
        )


@dataclass(frozen=True, eq=False)
class Hidden:
    """A table without some of its columns, which have other jobs."""

    table: Table
    hidden: tuple[Column, ...]

    @property
    def name(self) -> str:
        """The input as its user wrote it."""
        return self.table.name

    @property
    def columns(self) -> tuple[Column, ...]:
        """The other columns."""
        return tuple(column for column in self.table.columns if column not in self.hidden)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The axes of an array."""
        return self.table.shape

    @property
    def header(self) -> bool | None:
        """Whether a text file starts with a header."""
        return self.table.header

    @property
    def named(self) -> bool:
        """Whether all columns have names."""
        return self.table.named

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known."""
        return self.table.settled(columns)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in order."""
        return self.table.read(request, keep=keep)
