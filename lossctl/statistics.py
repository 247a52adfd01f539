"""Standard errors and intervals, in closed form, from the moments summary.

Definitions: row i has the weighted loss aᵢ = wᵢℓᵢ and the weighted cells bᵢ = wᵢcᵢ. With S = Σa,
D = Σb and eᵢ = aᵢ − bᵢ·S/D, Var(S/D) = n/(n−1) · Σe²/D² (the HC1 estimate of a ratio) and
Var(S) = n/(n−1) · Σ(a − S/n)². Functions of them have the delta method.
"""

from __future__ import annotations

import math
from fractions import Fraction

from lossctl.student import t_quantile
from lossctl.summaries.exact_sum import UNIT_BITS
from lossctl.summaries.moments import Moments
from lossctl.values import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value with its uncertainty; None where there is none to give (n < 2, not finite).

    ``variance`` is the square of ``stderr``, before rounding.
    """

    value: float
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    variance: Fraction | None = None


def mean(moments: Moments, column: int, cells: int, level: float) -> Estimate:
    """Estimate S/D, the ratio of two columns of the moments."""
    total, denominator = moments.sums[column], moments.sums[cells]
    value = total.value / denominator.value
    if math.isinf(value) and total.finite:  # the sum overflows, the mean need not
        value = _ratio(Fraction(total.units, denominator.units))
    if not total.finite or moments.count < 2:
        return Estimate(value)
    ratio = Fraction(total.units, denominator.units)
    squares = (
        moments.covariation(column, column)
        - 2 * ratio * moments.covariation(column, cells)
        + ratio**2 * moments.covariation(cells, cells)
    )
    scale = Fraction(1 << UNIT_BITS, denominator.units) ** 2
    return _with_interval(value, squares * scale, moments.count, level)


def total(moments: Moments, column: int, level: float) -> Estimate:
    """Estimate S, the sum of a column of the moments."""
    value = moments.sums[column].value
    if not moments.sums[column].finite or moments.count < 2:
        return Estimate(value)
    return _with_interval(value, moments.variation(column), moments.count, level)


def root(squared: Estimate) -> Estimate:
    """Return the square root of an estimate: delta method; the interval is the root of its own."""
    value = math.sqrt(squared.value)
    if squared.variance is None or squared.low is None or squared.high is None:
        return Estimate(value)
    stderr = square_root(squared.variance / (4 * Fraction(squared.value))) if value else 0.0
    return Estimate(value, stderr, math.sqrt(max(squared.low, 0.0)), math.sqrt(squared.high))


def _with_interval(value: float, squares: Fraction, count: int, level: float) -> Estimate:
    variance = max(squares, Fraction(0)) * Fraction(count, count - 1)
    stderr = square_root(variance)
    half = t_quantile((1 - level) / 2, count - 1) * stderr
    if not (math.isfinite(value) and math.isfinite(half)):  # beyond what float64 can hold
        return Estimate(value)
    return Estimate(value, stderr, value - half, value + half, variance)


def square_root(value: Fraction) -> float:
    """Return the root of a non-negative fraction of any size, to the last bit or next to it."""
    shift = 2 * ((value.denominator.bit_length() - value.numerator.bit_length() + 130) // 2)
    scaled = (
        (value.numerator << shift) // value.denominator
        if shift >= 0
        else value.numerator // (value.denominator << -shift)
    )
    return _ratio(Fraction(math.isqrt(scaled)) * Fraction(2) ** (-shift // 2))


def _ratio(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf
