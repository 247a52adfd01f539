"""The exact sum of float64 numbers, rounded once, in any order and any grouping.

The state is one integer in units of 2⁻¹⁰⁷⁴, the smallest float64 there is: every finite float64 is
a whole number of them. Laws: ``ExactSum() + a == a``, ``a + b == b + a`` and
``(a + b) + c == a + (b + c)``, all bit for bit.
"""

from __future__ import annotations

import math

import numpy as np

from lossctl.block import Floats
from lossctl.values import dataclass

UNIT_BITS = 1074
CHUNK = 262_144
_SUM_BITS = 62  # of an int64, in which the integers of a round are added
_MOST_BITS = 50  # of one of them: x + C stays between 2^q and 2^(q+1)
_FEW = 64  # values: below this, Python integers are quicker than other rounds
_TOO_LARGE = 1e150  # beyond it x + C could overflow


@dataclass(frozen=True)
class ExactSum:
    """A sum without rounding, with non-finite values counted beside it."""

    units: int = 0
    nans: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0

    @classmethod
    def of(cls, values: Floats) -> ExactSum:
        """Return the exact sum of a contiguous array of shape (n,)."""
        return cls.bounded(values, largest(values))

    @classmethod
    def bounded(cls, values: Floats, bound: float, least: float = 0.0) -> ExactSum:
        """Return the exact sum of values of that size at most, or NaN where one of them is.

        Those that are not 0 have the size ``least`` at least: that may spare a pass.
        """
        if not bound < _TOO_LARGE:
            return _sum_with_extremes(values)
        chunks = (values[i : i + CHUNK] for i in range(0, len(values), CHUNK))
        return cls(sum(_sum_bounded(chunk, bound, least) for chunk in chunks))

    def __add__(self, other: ExactSum) -> ExactSum:
        """Return the sum of both, exactly."""
        return ExactSum(
            self.units + other.units,
            self.nans + other.nans,
            self.positive_infinities + other.positive_infinities,
            self.negative_infinities + other.negative_infinities,
        )

    @property
    def finite(self) -> bool:
        """Whether only finite values were added."""
        return not (self.nans or self.positive_infinities or self.negative_infinities)

    @property
    def value(self) -> float:
        """The sum as the nearest float64 (never −0.0); infinite where it is too large for one."""
        if self.nans or (self.positive_infinities and self.negative_infinities):
            return math.nan
        if self.positive_infinities or self.negative_infinities:
            return math.inf if self.positive_infinities else -math.inf
        try:
            return self.units / (1 << UNIT_BITS)  # Python rounds this division correctly
        except OverflowError:
            return math.inf if self.units > 0 else -math.inf


def units_of(value: float) -> int:
    """Return a finite float64 as a whole number of 2⁻¹⁰⁷⁴."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (UNIT_BITS + 1 - denominator.bit_length())


def largest(values: Floats) -> float:
    """Return the largest size of a value, 0 if there is none, NaN if one is NaN."""
    if len(values) == 0:
        return 0.0
    return max(float(values.max()), -float(values.min()))


def _sum_with_extremes(values: Floats) -> ExactSum:
    """Sum a chunk that holds NaN, infinities or huge values; the rest of it goes the quick way."""
    ordinary = np.abs(values) < _TOO_LARGE
    rest = ExactSum.of(values[ordinary])
    huge = values[~ordinary]
    return rest + ExactSum(
        sum(units_of(value) for value in huge[np.isfinite(huge)].tolist()),
        int(np.count_nonzero(np.isnan(huge))),
        int(np.count_nonzero(huge == np.inf)),
        int(np.count_nonzero(huge == -np.inf)),
    )


def _sum_bounded(values: Floats, bound: float, least: float) -> int:
    """Return Σ values in units; 0 or least ≤ |values| ≤ bound < 1e150, at most CHUNK of them.

    Each round adds C = 1.5·2^q. As x + C lies in [2^q, 2^(q+1)), its bit pattern less that of C is
    x rounded to a multiple of the ulp of C, as an integer of so few bits that such integers are
    summed without error. What the rounding left of x is exact, at most half that ulp, and goes into
    the next round. After two of them, that is some 88 bits, little is left of few values; nothing
    if none is so small that its last bit is below that of C.
    """
    units = 0
    if bound == 0.0:
        return units
    while len(values) > _FEW:
        bits = min(_SUM_BITS - (len(values) - 1).bit_length(), _MOST_BITS)
        for _ in range(2):
            exponent = max(math.frexp(bound)[1] + 52 - bits, -1022)
            constant = np.float64(math.ldexp(1.5, exponent))
            shifted = values + constant
            count = int(np.add.reduce(shifted.view(np.int64)))
            count -= len(values) * int(constant.view(np.int64))
            # The sum wraps around at 64 bits; the difference is known to fit, so wrap it back.
            count = (count + (1 << 63)) % (1 << 64) - (1 << 63)
            units += count << (exponent - 52 + UNIT_BITS)
            if least >= math.ldexp(1.0, exponent):
                return units
            np.subtract(shifted, constant, out=shifted)
            values = np.subtract(values, shifted, out=shifted)
            bound = math.ldexp(1.0, exponent - 53)
        values = values[values != 0]
    return units + sum(units_of(value) for value in values.tolist())
