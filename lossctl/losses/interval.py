"""Ranges of numbers, as data: what is checked at the door, and where tests draw from."""

from __future__ import annotations

import math

import numpy as np

from lossctl.block import Booleans, Floats
from lossctl.values import dataclass


@dataclass(frozen=True)
class Interval:
    """The numbers from ``low`` to ``high``; an end that is ``open`` is not among them.

    Nor are those of the range ``without``.
    """

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    without: Interval | None = None

    def holds(self, value: float) -> bool:
        """Whether a number is in the range; NaN is not."""
        if self.without is not None and self.without.holds(value):
            return False
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)

    def outside(self, values: Floats) -> Booleans | None:
        """Mark values outside the range, or return None if there are none; NaN counts as inside."""
        if values.size == 0 or self == ANY:
            return None
        ends = self.holds(float(values.min())) and self.holds(float(values.max()))
        if ends and self.without is None:
            return None
        low = values <= self.low if self.low_open else values < self.low
        marks = low | (values >= self.high if self.high_open else values > self.high)
        if self.without is not None:
            beside = self.without.outside(values)
            marks |= ~np.isnan(values) & (True if beside is None else ~beside)
        return np.asarray(marks) if marks.any() else None

    def __str__(self) -> str:
        """Say the range in words, as it follows "numbers"."""
        words = []
        if self.low > -math.inf:
            words.append(f"above {self.low:g}" if self.low_open else f"from {self.low:g} on")
        if self.high < math.inf:
            words.append(f"below {self.high:g}" if self.high_open else f"up to {self.high:g}")
        text = " and ".join(words) or "of any size"
        return text if self.without is None else f"{text}, but not {self.without}"


ANY = Interval()
FINITE = Interval(low_open=True, high_open=True)
POSITIVE = Interval(0.0, low_open=True)
NON_NEGATIVE = Interval(0.0)
ABOVE_MINUS_ONE = Interval(-1.0, low_open=True)
UNIT = Interval(0.0, 1.0)
INSIDE_UNIT = Interval(0.0, 1.0, low_open=True, high_open=True)
