"""How row losses are distributed, as a result holds it: quantiles, bars, who makes the loss."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from lossctl.scales import END, Bin, linear, logarithmic
from lossctl.values import dataclass

LINEAR, LOGARITHMIC = "linear", "logarithmic"
MOST_BARS = 16
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COSTLIEST = (0.01, 0.1)  # parts of the rows
_PARTS = (*(m * 10.0**-e for e in (4, 3, 2) for m in (1, 2, 5)), *(i / 10 for i in range(1, 10)))


@dataclass(frozen=True)
class Bar:
    """What is drawn as one: the rows of neighbouring bins, and their share of the total.

    The first and the last may be open: ``low`` or ``high`` is then infinite. Rows that cost
    nothing, an infinity or NaN have bars of their own, whose ``low`` is their ``high``. The share
    is None where that is not known.
    """

    low: float
    high: float
    rows: int
    share: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON; an open end is null."""
        ends = {"low": _finite(self.low), "high": _finite(self.high)}
        return {**ends, "rows": self.rows, "share": self.share}


@dataclass(frozen=True)
class Distribution:
    """The row losses of a scoring, in bins of two decimal digits, ascending, that hold any.

    ``zeros``, ``nans`` and infinities are counted apart; ``least`` and ``most`` are the extremes of
    the finite losses. Under weights rows are counted once each, and cost their weight times their
    loss.
    """

    bins: Sequence[Bin]
    zeros: int = 0
    nans: int = 0
    infinities: int = 0
    negative_infinities: int = 0
    least: float = 0.0
    most: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        odd = self.zeros + self.nans + self.infinities + self.negative_infinities
        return odd + sum(one.rows for one in self.bins)

    @property
    def total(self) -> float | None:
        """What all rows cost, None if shares of it mean nothing: some are below 0 or not finite."""
        unknown = self.nans or self.infinities or self.negative_infinities
        if unknown or self.least < 0 or self.most >= END:
            return None
        return math.fsum(one.cost for one in self.bins) or None

    def quantile(self, q: float) -> float:
        """Return the smallest loss that at least the part q of the rows does not exceed.

        It is in the same bin as the true one, and so off by a tenth of it at most: its place there
        is that of its rank. NaN is left out; where there is nothing else, it is NaN.
        """
        wanted = max(1, math.ceil(q * (self.rows - self.nans)))
        for low, high, rows in self._ascending():
            if wanted <= rows:
                if low == high:
                    return low
                first, last = max(low, self.least), min(high, self.most)
                return first + (last - first) * (wanted - 0.5) / rows
            wanted -= rows
        return math.nan

    def _ascending(self) -> Iterator[tuple[float, float, int]]:
        """Yield the ends and rows of all that there is, by size."""
        yield -math.inf, -math.inf, self.negative_infinities
        yield from ((one.low, one.high, one.rows) for one in self.bins if one.high <= 0)
        yield 0.0, 0.0, self.zeros
        yield from ((one.low, one.high, one.rows) for one in self.bins if one.high > 0)
        yield math.inf, math.inf, self.infinities

    def share_of(self, rows: int) -> float | None:
        """Return the share of the total that so many of the rows make, those of the largest loss.

        Of the last bin only a part may be asked for; it costs what the bin costs on average. That
        is off by 1/40 of the bin's own share at most, under weights by all of it.
        """
        if self.total is None:
            return None
        cost = 0.0
        for one in reversed(self.bins):
            taken = min(rows, one.rows)
            cost += one.cost * taken / one.rows
            rows -= taken
            if not rows:
                break
        return cost / self.total

    def costliest(self) -> Iterator[tuple[int, float]]:
        """Yield how many rows 1 % and 10 % of them are, and which share of the total they make."""
        for rows in dict.fromkeys(max(1, round(part * self.rows)) for part in COSTLIEST):
            share = self.share_of(rows)
            if share is not None and rows < self.rows:
                yield rows, share

    def concentration(self) -> Iterator[tuple[int, float]]:
        """Yield how many of the costliest rows, and which share of the total they make, up to all.

        The numbers are those of ``costliest`` and others between 1 and all rows.
        """
        wanted = (max(1, round(part * self.rows)) for part in (*_PARTS, *COSTLIEST))
        for rows in sorted({1, *wanted, self.rows}):
            share = self.share_of(rows)
            if share is not None:
                yield rows, share if rows < self.rows else 1.0

    def scale(self, most: int = MOST_BARS) -> str:
        """Return which scale shows more of the rows: see ``bars``."""
        if not self.bins or self.bins[0].high <= 0:
            return LINEAR
        rows = [bar.rows for bar in self._cut(linear(self.bins, most))]
        return LOGARITHMIC if len(rows) > 1 and 2 * rows[0] > sum(rows) else LINEAR

    def bars(self, most: int = MOST_BARS, scale: str | None = None) -> tuple[Bar, ...]:
        """Return the distribution in that many bars or fewer, besides those that stand apart.

        The scale is logarithmic where more than half of the rows that cost something would stand
        in the first bar of a linear one and no loss is negative. Edges are edges of bins: no count
        is estimated. Where the range is so wide that most bars would be empty, the first or the
        last is open.
        """
        edges: Sequence[float] = ()
        if self.bins:
            chosen = scale or self.scale(most)
            edges = logarithmic(self.bins, most) if chosen == LOGARITHMIC else ()
            edges = edges or linear(self.bins, most)
        return (
            *self._apart(-math.inf, self.negative_infinities),
            *self._apart(0.0, self.zeros),
            *self._cut(edges),
            *self._apart(math.inf, self.infinities),
            *self._apart(math.nan, self.nans),
        )

    def _apart(self, value: float, rows: int) -> list[Bar]:
        share = 0.0 if value == 0 and self.total else None
        return [Bar(value, value, rows, share)] if rows else []

    def _cut(self, edges: Sequence[float]) -> list[Bar]:
        """Return the bars between edges, and before and behind them if there is anything."""
        ends = [-math.inf, *edges, math.inf]
        rows, costs, total = [0] * len(ends), [0.0] * len(ends), self.total
        for one in self.bins:
            place = bisect_right(ends, one.low) - 1
            rows[place] += one.rows
            costs[place] += one.cost
        found = [
            Bar(low, high, count, None if total is None else cost / total)
            for (low, high), count, cost in zip(pairwise(ends), rows, costs, strict=False)
        ]
        return [bar for bar in found if bar.rows or math.isfinite(bar.high - bar.low)]

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON: no number in it is infinite or NaN."""
        quantiles = ((q, _finite(self.quantile(q))) for q in QUANTILES)
        return {
            "scale": self.scale(),
            "least": _finite(self.least),
            "most": _finite(self.most),
            "quantiles": {f"{q:g}": value for q, value in quantiles},
            "costliest": [{"rows": n, "share": share} for n, share in self.costliest()],
            "zero": self.zeros,
            "infinite": self.infinities,
            "negative_infinite": self.negative_infinities,
            "nan": self.nans,
            "bars": [bar.to_dict() for bar in self.bars() if bar.low != bar.high == bar.high],
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
