"""The right row meets the right label by its id, in whatever order both sides stand.

One pass over the predictions; of the labels what is needed is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossctl.ahead import ahead
from lossctl.align import Pair, paired, requests
from lossctl.columns import Roles
from lossctl.errors import DataError
from lossctl.held import Labels, duplicate, hold, identified
from lossctl.ids import Ids, Rows
from lossctl.index import Strangers, duplicates
from lossctl.names import quoted, readable
from lossctl.sources.table import Batch, Column, Inputs
from lossctl.summaries.meetings import Meetings
from lossctl.unmatched import NAMED, Unmatched
from lossctl.values import dataclass, replace

ERROR, SKIP = "error", "skip"
_WAITING = 128
_MATCHED = 2


def by_id(  # noqa: PLR0913
    inputs: Inputs,
    roles: Roles,
    *,
    label_as_text: bool,
    unmatched: str,
    found: Unmatched,
    shown: bool = False,
    first: int = 0,
    part: bool = False,
) -> Iterator[Pair]:
    """Yield the rows of the predictions with the labels of the same id, in the predictions' order.

    ``found`` is told which have no partner. They are left out if ``unmatched`` is skip; else
    nothing is yielded from the first one on, and the error at the end counts them all. ``shown``:
    the rows keep the ids by which they are shown. Rows are numbered from ``first``; of a ``part``
    there is no such error, and ``found`` holds who met whom.

    Raises:
        DataError: an id is empty, stands twice on a side, or has no partner.

    """
    mine, theirs = roles.keys[0]
    of_predictions, of_labels = requests(roles, label_as_text=label_as_text, shown=False)
    predictions = identified(inputs.predictions, of_predictions, mine, shown=shown)
    with ahead(predictions, _WAITING) as arriving:
        labels = hold(inputs.label_table, of_labels, theirs)  # meanwhile
        matching = _Matching(labels, first)
        with ahead(matching.of(arriving), _MATCHED) as matched:
            yield from _pairs(matched, labels, roles, found, stop=unmatched == ERROR)
    if part:
        found.meetings = Meetings.of(matching.met, matching.strangers)
        return
    lonely = np.flatnonzero(~matching.met)
    found.labels = len(lonely)
    found.missing = [labels.index.text(int(row)) for row in lonely[:NAMED]]
    if unmatched == ERROR and (found.predictions or found.labels):
        raise _without_partner(inputs, mine, found)


@dataclass(frozen=True)
class _Matched:
    """A batch of predictions whose first row is ``row``.

    ``partners`` are the rows of the labels, or −1; ``again`` are those of its rows whose id stood
    before.
    """

    row: int
    batch: Batch
    ids: Ids
    partners: Rows
    again: Rows


class _Matching:
    """Who met whom: ``met`` tells which labels have met a prediction."""

    def __init__(self, labels: Labels, first: int) -> None:
        """Start with labels that nobody met; predictions are numbered from ``first``."""
        self.met = np.zeros(len(labels), dtype=bool)
        self._index, self._strangers, self._first = labels.index, Strangers(), first

    @property
    def strangers(self) -> tuple[Ids, ...]:
        """The ids that met nobody."""
        return self._strangers.parts

    def of(self, predictions: Iterator[tuple[Batch, Ids]]) -> Iterator[_Matched]:
        """Match the predictions batch by batch."""
        row = self._first
        for batch, ids in predictions:
            partners = self._index.find(ids)
            yield _Matched(row, batch, ids, partners, self._again(ids, partners))
            row += len(batch)

    def _again(self, ids: Ids, partners: Rows) -> Rows:
        known, alone = np.flatnonzero(partners >= 0), np.flatnonzero(partners < 0)
        theirs = partners.take(known)
        again = np.union1d(duplicates(ids), known[self.met.take(theirs)])
        self.met[theirs] = True
        if len(alone):
            again = np.union1d(again, alone[self._strangers.add(ids.take(alone))])
        return again


def _pairs(
    matched: Iterator[_Matched], labels: Labels, roles: Roles, found: Unmatched, *, stop: bool
) -> Iterator[Pair]:
    """Yield the rows that have partners; to ``stop`` is to yield no more after one without."""
    for m in matched:
        good = m.partners[: m.again[0] if len(m.again) else None]
        alone = np.flatnonzero(good < 0)
        stopped = stop and found.predictions
        found.add(m.ids, alone)
        if stop and len(alone):
            good = good[: alone[0]]
        if not stopped:
            yield _pair(roles, m, labels, good)
        if len(m.again):
            raise duplicate(m.batch, m.ids, m.again, roles.keys[0][0])


def _pair(roles: Roles, matched: _Matched, labels: Labels, partners: Rows) -> Pair:
    """Return those rows of a batch that have a partner, as far as ``partners`` goes."""
    row, batch, known = matched.row, matched.batch, np.flatnonzero(partners >= 0)
    if len(known) == len(batch):
        pair = paired(roles, range(row, row + len(batch)), batch, labels.of(partners))
        return replace(pair, partners=partners)
    pair = paired(roles, row + known, batch.take(known), labels.of(partners[known]))
    return replace(pair, partners=partners[known])


def _without_partner(inputs: Inputs, key: Column, found: Unmatched) -> DataError:
    parts = []
    for count, names, where in (
        (found.predictions, found.extra, "no label"),
        (found.labels, found.missing, "no prediction"),
    ):
        if count:
            shown = ", ".join(map(quoted, map(readable, names))) + (", …" if count > NAMED else "")
            parts.append(f"{count:,} {'id has' if count == 1 else 'ids have'} {where} ({shown})")
    return DataError(
        f"the ids in {quoted(key.label)} do not match: {'; '.join(parts)}",
        where=inputs.name,
        hint="leave them out with --unmatched skip",
    )
