"""What every source looks like from outside: a table whose columns are read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lossctl.block import Floats
from lossctl.texts import Keys, Names
from lossctl.values import dataclass

NUMBER, TEXT, EMPTY = "number", "text", "empty"


@dataclass(frozen=True)
class Column:
    """A column as far as a look at the first rows tells.

    ``name`` is None without a header. ``kind`` and ``first`` come from the first cell that is not
    missing: its kind, and its text as it stands in the file. ``head`` is the first few cells.
    ``boolean``: the numbers are 1 for true and 0 for false. ``stored`` is the type of floating
    point numbers that are stored in a narrower one.
    """

    position: int
    name: str | None
    kind: str
    first: str | None = None
    head: tuple[str, ...] = ()
    boolean: bool = False
    stored: str = "float64"

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

    The first of them is row ``first`` of what ``where`` knows. ``size`` is how many bytes of the
    input they took, as far as that is known.
    """

    numbers: Floats
    names: tuple[Names, ...] = ()
    keys: tuple[Keys, ...] = ()
    where: Where | None = None
    first: int = 0
    size: int = 0

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


def small(numbers: Floats) -> npt.NDArray[np.generic]:
    """Return the same numbers, bit for bit, in a byte each if they fit: most labels do."""
    with np.errstate(invalid="ignore"):  # NaN
        small = numbers.astype(np.int8)
    same = small.astype(np.float64).view(np.int64) == numbers.view(np.int64)
    return small if same.all() else numbers


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
    def size(self) -> int:
        """How many bytes it takes where it lies; 0 if that is not known, or nobody has to know."""

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


class CutError(Exception):
    """A text was cut where it cannot be: in a quoted cell, or behind too few rows."""


class Reachable(Table, Protocol):
    """A table of which any rows can be read without reading those before them."""

    @property
    def rows(self) -> int:
        """The number of rows."""

    @property
    def row_bytes(self) -> float:
        """About how many bytes a row takes."""

    @property
    def ends(self) -> Sequence[int]:
        """The rows behind which it is best cut; none where it can be cut anywhere."""

    def between(self, first: int, last: int) -> Table:
        """Return the rows from ``first`` to before ``last``."""


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
    def size(self) -> int:
        """How many bytes both take, as far as that is known."""
        return self.predictions.size + (0 if self.labels is None else self.labels.size)

    @property
    def name(self) -> str:
        """Both of them, for messages."""
        if self.labels is None:
            return self.predictions.name
        return f"{self.predictions.name} and {self.labels.name}"
