"""How many rows there were, and what was met on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """Counts that add up. Laws: ``Counts() + a == a``; ``+`` is commutative and associative.

    ``rows`` were read; ``skipped`` cells or rows were left out as missing; in ``adjusted`` rows a
    value just outside its domain was counted as its bound. ``seen`` holds kinds of label with the
    first row of each.
    """

    rows: int = 0
    skipped: int = 0
    adjusted: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both."""
        seen = dict(self.seen)
        for kind, row in other.seen.items():
            seen[kind] = min(row, seen.get(kind, row))
        return Counts(
            self.rows + other.rows,
            self.skipped + other.skipped,
            self.adjusted + other.adjusted,
            seen,
        )
