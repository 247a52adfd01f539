"""The labels of a join, held in memory as small as may be, and found by their ids."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lossctl.errors import DataError
from lossctl.ids import Ids, Rows
from lossctl.index import Index, index_of
from lossctl.names import listing, readable
from lossctl.sources.kept import Kept
from lossctl.sources.table import Batch, Column, Request, Table, joined, small
from lossctl.unmatched import NAMED
from lossctl.values import dataclass, replace

_OWN_ID = "every row needs an id of its own"


def identified(
    table: Table, request: Request, key: Column, *, shown: bool = False, keep: bool = False
) -> Iterator[tuple[Batch, Ids]]:
    """Yield the rows of a table with their ids; as keys, too, if they are to be ``shown``.

    Raises:
        DataError: an id is empty, or a cell is bad; the rows before it were yielded.

    """
    for batch in table.read(request, keep=keep):
        empty = np.flatnonzero(batch.keys[0].lengths == 0)
        good = batch[: int(empty[0])] if len(empty) else batch
        if len(good):
            yield good if shown else replace(good, keys=()), Ids.of(good.keys[0])
        if len(empty):
            where = batch.place(int(empty[0]), key)
            raise DataError("the id is empty", where=where, hint=_OWN_ID)


def duplicate(batch: Batch, ids: Ids, rows: Rows, key: Column) -> DataError:
    """Return the error for rows of a batch whose ids stood before."""
    shown = [readable(ids.text(int(row))) for row in rows[:NAMED]]
    count = "an id stands" if len(rows) == 1 else f"{len(rows):,} ids stand"
    return DataError(
        f"{count} more than once: {listing(shown)}",
        where=batch.place(int(rows[0]), key),
        hint=_OWN_ID,
    )


@dataclass(frozen=True, eq=False)
class Labels:
    """Rows of labels: their numbers, what they have besides, and their index."""

    numbers: npt.NDArray[np.generic]
    others: Batch
    index: Index

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.others)

    def of(self, rows: Rows) -> Batch:
        """Return the labels of these rows, in their order."""
        numbers = self.numbers.take(rows, axis=0).astype(np.float64, copy=False)
        return replace(self.others.take(rows), numbers=numbers)


def hold(table: Table, request: Request, key: Column) -> Labels:
    """Read a whole table of labels, once if it is kept; where its rows stand is found by reading.

    Raises:
        DataError: there are no rows, an id is empty or stands twice, or a cell is bad.

    """
    if isinstance(table, Kept):
        found: Labels = table.once((request, key), lambda: _hold(table.table, request, key))
        return found
    return _hold(table, request, key)


def _hold(table: Table, request: Request, key: Column) -> Labels:
    numbers, others, ids = [], [], []
    fault = None
    try:
        for batch, own in identified(table, request, key, keep=True):
            numbers.append(small(batch.numbers))
            others.append(Batch(np.empty((len(batch), 0)), batch.names))
            ids.append(own)
    except DataError as error:  # an id before it may stand twice
        fault = error
    if not ids:
        hint = "a header is not a row"
        raise fault or DataError("there are no rows", where=table.name, hint=hint)
    index, rest = index_of(ids), joined(others, _Again(table, request))
    if len(index.duplicates):
        raise duplicate(rest, Ids.joined(ids), index.duplicates, key)
    if fault is not None:
        raise fault
    return Labels(np.concatenate(numbers), rest, index)


@dataclass(frozen=True)
class _Again:
    """Where the rows of a table stand, found by reading it once more."""

    table: Table
    request: Request

    def place(self, row: int, column: Column | None) -> str:
        for batch in self.table.read(self.request, keep=True):
            if row < len(batch):
                return batch.place(row, column)
            row -= len(batch)
        raise AssertionError("a row beyond the end")
