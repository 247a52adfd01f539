"""What was met on the way to the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lossctl.block import Block, RowLosses
from lossctl.values import dataclass, field, replace


@dataclass(frozen=True)
class Counts:
    """Counts that add up. Laws: ``Counts() + a == a``; ``+`` is commutative and associative.

    ``read`` rows were read. ``skipped`` cells or rows were left out as missing; in ``adjusted``
    rows a value just outside its domain was counted as its bound; ``ignored`` labels count for
    nothing; ``unmatched`` rows have no partner on the other side. ``seen`` holds kinds of label
    with the first row of each; who merges parts of one input asks the coding whether they go
    together.
    """

    read: int = 0
    skipped: int = 0
    adjusted: int = 0
    ignored: int = 0
    unmatched_predictions: int = 0
    unmatched_labels: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)

    def add(self, block: Block, _: RowLosses) -> Counts:
        """Return the counts with a block's added."""
        return self + Counts(
            block.read, block.skipped, block.adjusted, block.ignored, seen=block.seen
        )

    def renumbered(self, place: Callable[[int], int]) -> Counts:
        """Return the counts of rows with other numbers, in the same order."""
        return replace(self, seen={kind: place(row) for kind, row in self.seen.items()})

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both."""
        seen = dict(self.seen)
        for kind, row in other.seen.items():
            seen[kind] = min(row, seen.get(kind, row))
        return Counts(
            self.read + other.read,
            self.skipped + other.skipped,
            self.adjusted + other.adjusted,
            self.ignored + other.ignored,
            self.unmatched_predictions + other.unmatched_predictions,
            self.unmatched_labels + other.unmatched_labels,
            seen,
        )
