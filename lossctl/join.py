"""The right row meets the right label by its id, in whatever order both sides stand.

One pass over the predictions; of the labels what is needed is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from lossctl.align import Pair, paired, requests
from lossctl.columns import Roles
from lossctl.errors import DataError
from lossctl.ids import Index, Rows
from lossctl.names import listing, quoted, readable
from lossctl.sources.table import Batch, Column, Inputs, Request, Table, joined
from lossctl.texts import Keys

ERROR, SKIP = "error", "skip"
_NAMED = 5  # ids in a message


@dataclass
class Unmatched:
    """What was met of ids that have no partner; it grows while the pairs are read."""

    predictions: int = 0
    labels: int = 0
    extra: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def by_id(
    inputs: Inputs, roles: Roles, *, label_as_text: bool, unmatched: str, found: Unmatched
) -> Iterator[Pair]:
    """Yield the rows of the predictions with the labels of the same id, in the predictions' order.

    ``found`` is told which have no partner. They are left out if ``unmatched`` is skip; else
    nothing more is yielded after the first one, and the error at the end counts them all.

    Raises:
        DataError: an id is empty, stands twice on a side, or has no partner.

    """
    mine, theirs = roles.keys[0]
    of_predictions, of_labels = requests(roles, label_as_text=label_as_text, shown=False)
    labels = _held(inputs.label_table, of_labels, theirs)
    index = Index.of(labels.keys[0])
    if len(index.duplicates):
        raise _duplicate(labels, theirs, index.duplicates)
    plain = replace(labels, keys=())  # rows are shown by the predictions' ids
    met = np.zeros(len(labels), dtype=bool)
    extras: list[Keys] = []
    row, stopped = 0, False
    for batch in inputs.predictions.read(of_predictions):
        _refuse_empty(batch, mine)
        partners = index.find(batch.keys[0])
        _refuse_again(batch, mine, partners, met)
        known = np.flatnonzero(partners >= 0)
        if len(known) < len(batch):
            alone = batch.keys[0].take(np.flatnonzero(partners < 0))
            extras.append(alone)
            found.predictions += len(alone)
            found.extra += alone[: _NAMED - len(found.extra)].tolist()
            stopped |= unmatched == ERROR
        if not stopped:
            yield _pair(roles, row, batch, plain, known, partners)
        row += len(batch)
    _refuse_again_among(extras, inputs.predictions, mine)
    lonely = np.flatnonzero(~met)
    found.labels = len(lonely)
    found.missing = labels.keys[0].take(lonely[:_NAMED]).tolist()
    if unmatched == ERROR and (found.predictions or found.labels):
        raise _without_partner(inputs, mine, found)


def _pair(  # noqa: PLR0913, PLR0917
    roles: Roles, row: int, batch: Batch, labels: Batch, known: Rows, partners: Rows
) -> Pair:
    if len(known) == len(batch):
        return paired(roles, range(row, row + len(batch)), batch, labels.take(partners))
    return paired(roles, row + known, batch.take(known), labels.take(partners[known]))


def _held(table: Table, request: Request, key: Column) -> Batch:
    """Read a whole table; where its rows stand is found by reading again."""
    parts = []
    for batch in table.read(request, keep=True):
        _refuse_empty(batch, key)
        parts.append(batch)
    if not parts:
        raise DataError("there are no rows", where=table.name, hint="a header is not a row")
    return joined(parts, _Again(table, request))


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


def _refuse_empty(batch: Batch, key: Column) -> None:
    empty = np.flatnonzero(np.diff(batch.keys[0].offsets) == 0)
    if len(empty):
        where = batch.place(int(empty[0]), key)
        raise DataError("the id is empty", where=where, hint="every row needs an id of its own")


def _refuse_again(batch: Batch, key: Column, partners: Rows, met: np.ndarray) -> None:
    """Refuse an id that stands a second time among the predictions; mark those that are there."""
    known = np.flatnonzero(partners >= 0)
    before = met[partners[known]]
    _, first = np.unique(partners[known], return_index=True)
    again = np.ones(len(known), dtype=bool)
    again[first] = False
    again |= before
    if again.any():
        raise _duplicate(batch, key, known[again])
    met[partners[known]] = True


def _refuse_again_among(extras: list[Keys], table: Table, key: Column) -> None:
    """Refuse an id without a partner that stands twice."""
    if not extras:
        return
    keys = Keys.joined(extras)
    again = Index.of(keys).duplicates
    if len(again):
        ids = [readable(keys.text(int(row))) for row in again[:_NAMED]]
        raise DataError(
            f"{_ids(len(again))} more than once: {listing(ids)}",
            where=f"{table.name}, column {quoted(key.label)}",
            hint="every row needs an id of its own",
        )


def _duplicate(batch: Batch, key: Column, rows: Rows) -> DataError:
    ids = [readable(batch.keys[0].text(int(row))) for row in rows[:_NAMED]]
    return DataError(
        f"{_ids(len(rows))} more than once: {listing(ids)}",
        where=batch.place(int(rows[0]), key),
        hint="every row needs an id of its own",
    )


def _ids(count: int) -> str:
    return "an id stands" if count == 1 else f"{count:,} ids stand"


def _without_partner(inputs: Inputs, key: Column, found: Unmatched) -> DataError:
    parts = []
    for count, names, where in (
        (found.predictions, found.extra, "no label"),
        (found.labels, found.missing, "no prediction"),
    ):
        if count:
            shown = ", ".join(map(quoted, map(readable, names))) + (", …" if count > _NAMED else "")
            parts.append(f"{count:,} {'id has' if count == 1 else 'ids have'} {where} ({shown})")
    return DataError(
        f"the ids in {quoted(key.label)} do not match: {'; '.join(parts)}",
        where=inputs.name,
        hint="leave them out with --unmatched skip",
    )
