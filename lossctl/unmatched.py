"""Ids without a partner on the other side, counted, the first few by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossctl.values import dataclass, field

if TYPE_CHECKING:  # where nothing is joined, nothing of it is imported
    from lossctl.ids import Ids, Rows
    from lossctl.summaries.meetings import Meetings

NAMED = 5  # ids in a message


@dataclass()
class Unmatched:
    """What was met of ids that have no partner; it grows while the pairs are read.

    ``meetings`` are there where the rows are a part of others: which labels have no partner, and
    whether an id stands twice, is only known of all.
    """

    predictions: int = 0
    labels: int = 0
    extra: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    meetings: Meetings | None = None

    def add(self, ids: Ids, alone: Rows) -> None:
        """Count ids of predictions, those of some rows."""
        self.predictions += len(alone)
        self.extra += [ids.text(int(row)) for row in alone[: NAMED - len(self.extra)]]
