"""Tables seen otherwise: in step with another, without some columns, with one beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from lossctl.errors import DataError
from lossctl.sources.table import Batch, Column, Request, Table
from lossctl.values import dataclass, field, replace


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
    more = sum(map(len, left)) + (len(mine) if mine is not None else 0)
    others = sum(map(len, right)) + (len(theirs) if theirs is not None else 0)
    if more != others:
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
class View:
    """A table without its ``hidden`` columns, which have other jobs.

    A ``column`` of an ``other`` table may stand beside its own, row by row: at the end of the
    columns if it is ``listed``, else only for who asks for ``added``.
    """

    table: Table
    hidden: tuple[Column, ...] = ()
    other: Table | None = None
    column: Column | None = None
    listed: bool = False

    @property
    def name(self) -> str:
        """The input as its user wrote it."""
        return self.table.name

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are left."""
        own = tuple(column for column in self.table.columns if column not in self.hidden)
        return own if self.added is None or not self.listed else (*own, self.added)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The axes of an array."""
        return self.table.shape

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.table.size

    @property
    def header(self) -> bool | None:
        """Whether a text file starts with a header."""
        return self.table.header

    @property
    def named(self) -> bool:
        """Whether all columns have names."""
        return self.table.named

    @property
    def _offset(self) -> int:
        return 1 + max(column.position for column in self.table.columns)

    @property
    def added(self) -> Column | None:
        """The column beside the table's own, as it is known here."""
        if self.column is None:
            return None
        return replace(self.column, position=self.column.position + self._offset)

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known."""
        return self.table.settled(columns)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in order."""
        mine, theirs = _split(request, self._offset)
        if self.other is None or theirs == Request():
            yield from self.table.read(request, keep=keep)
            return
        left, right = self.table.read(mine, keep=keep), self.other.read(theirs, keep=keep)
        for own, added in in_step(left, right, partial(_unequal, self.table, self.other)):
            yield _merged(request, own, added, self._offset)


@dataclass(frozen=True, eq=False)
class Watched(View):
    """A table whose reader is watched: ``tell`` gets the rows and the bytes of each batch."""

    tell: Callable[[int, int], None] = field(kw_only=True)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in order."""
        for batch in self.table.read(request, keep=keep):
            self.tell(len(batch), batch.size)
            yield batch


def _split(request: Request, offset: int) -> tuple[Request, Request]:
    """Return what is asked of a table, and of the one beside it, whose columns follow."""
    kinds = (request.numbers, request.names, request.keys)
    own = (tuple(p for p in positions if p < offset) for positions in kinds)
    others = (tuple(p - offset for p in positions if p >= offset) for positions in kinds)
    return Request(*own), Request(*others)


def _merged(request: Request, own: Batch, added: Batch, offset: int) -> Batch:
    """Return rows of both tables in the order of what was asked."""
    numbers = own.numbers
    for place, position in enumerate(request.numbers):
        if position >= offset:
            numbers = np.insert(numbers, place, added.numbers[:, 0], axis=1)
    names, keys = list(own.names), list(own.keys)
    for place, position in enumerate(request.names):
        if position >= offset:
            names.insert(place, added.names[0])
    for place, position in enumerate(request.keys):
        if position >= offset:
            keys.insert(place, added.keys[0])
    where = _BesideWhere(own, added, offset)
    return Batch(numbers, tuple(names), tuple(keys), where, size=own.size)


def _unequal(table: Table, other: Table, rows: int, others: int) -> DataError:
    return DataError(
        f"{rows:,} rows and {others:,} weights",
        where=f"{table.name} and {other.name}",
        hint="weights are paired in order with the predictions",
    )
