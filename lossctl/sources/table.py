"""What every source looks like from outside: a table whose columns are read in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lossctl.block import Floats
from lossctl.errors import DataError
from lossctl.texts import Keys, Names

NUMBER, TEXT, EMPTY = "number", "text", "empty"


@dataclass(frozen=True)
class Column:
    """A column as far as a look at the first rows tells.

    ``name`` is None without a header. ``kind`` and ``first`` come from the first cell that is not
    missing: its kind, and its text as it stands in the file. ``head`` is the first few cells.
    ``boolean``: the numbers are 1 for true and 0 for false.
    """

    position: int
    name: str | None
    kind: str
    first: str | None = None
    head: tuple[str, ...] = ()
    boolean: bool = False

    @property
    def label(self) -> str | int:
        """What to call it in messages and results: its name, or its position counted from 0."""
        return self.position if self.name is None else self.name


@dataclass(frozen=True)
class Request:
    """The columns to read, by position and by how they are wanted."""

    numbers: tuple[int, ...] = ()
    names: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()


class Where(Protocol):
    """Where some rows of an input stand, for messages."""

    def place(self, row: int, column: Column | None) -> str:
        """Name file and line of the row, counted from 0, and the column if one is given."""


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of what was requested; ``numbers`` is (n, k) float64, NaN where missing.

    The first of them is row ``first`` of what ``where`` knows.
    """

    numbers: Floats
    names: tuple[Names, ...] = ()
    keys: tuple[Keys, ...] = ()
    where: Where | None = None
    first: int = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.numbers)

    def __getitem__(self, rows: slice) -> Batch:
        """Return some of the rows."""
        return Batch(
            self.numbers[rows],
            tuple(names[rows] for names in self.names),
            tuple(keys[rows] for keys in self.keys),
            self.where,
            self.first + rows.indices(len(self))[0],
        )

    def take(self, rows: npt.NDArray[np.int64]) -> Batch:
        """Return the rows of these numbers, in their order."""
        return Batch(
            self.numbers[rows],
            tuple(names.take(rows) for names in self.names),
            tuple(keys.take(rows) for keys in self.keys),
            _Taken(self, rows),
        )

    def place(self, row: int, column: Column | None) -> str:
        """Say where a row of the batch stands, and the column if one is given."""
        assert self.where is not None  # noqa: S101  # every source says it
        return self.where.place(self.first + row, column)


@dataclass(frozen=True)
class _Taken:
    batch: Batch
    rows: npt.NDArray[np.int64]

    def place(self, row: int, column: Column | None) -> str:
        return self.batch.place(int(self.rows[row]), column)


def joined(parts: Sequence[Batch], where: Where) -> Batch:
    """Return the rows of batches of one request, one after the other."""
    return Batch(
        np.concatenate([part.numbers for part in parts]),
        tuple(map(Names.joined, zip(*(part.names for part in parts), strict=True))),
        tuple(map(Keys.joined, zip(*(part.keys for part in parts), strict=True))),
        where,
    )


class Table(Protocol):
    """One input, however many files it lies in."""

    @property
    def name(self) -> str:
        """The input as its user wrote it."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in file order."""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The axes of an array; None where the rows are known only by reading."""

    @property
    def header(self) -> bool | None:
        """Whether a text file starts with a header; None where there is no such question."""

    @property
    def named(self) -> bool:
        """Whether all columns have names."""

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known, reading on where the first rows have no value."""

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in order; a bad cell raises DataError after the rows before it.

        A pipe can be read again only while each reading is told to ``keep`` what it reads.
        """


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


@dataclass(frozen=True)
class Inputs:
    """Predictions and labels: two tables, or one that holds both."""

    predictions: Table
    labels: Table | None = None

    @property
    def label_table(self) -> Table:
        """The table in which the labels are."""
        return self.predictions if self.labels is None else self.labels

    @property
    def name(self) -> str:
        """Both of them, for messages."""
        if self.labels is None:
            return self.predictions.name
        return f"{self.predictions.name} and {self.labels.name}"
