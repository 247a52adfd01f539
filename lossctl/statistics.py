"""Standard errors and intervals, in closed form, from the moments summary.

Definitions: row i has the weighted loss aᵢ = wᵢℓᵢ and the weighted cells bᵢ = wᵢcᵢ. With S = Σa,
D = Σb and eᵢ = aᵢ − bᵢ·S/D, Var(S/D) = n/(n−1) · Σe²/D² (the HC1 estimate of a ratio) and
Var(S) = n/(n−1) · Σ(a − S/n)². Where rows depend on each other in G clusters, a, b and e are the
sums over each of them, and G stands for n (Liang and Zeger 1986). Functions of them have the delta
method.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from lossctl.student import t_quantile, t_tail
from lossctl.summaries.exact_sum import UNIT_BITS, ExactSum
from lossctl.summaries.moments import Moments
from lossctl.values import dataclass


class Estimate(NamedTuple):
    """A value with its uncertainty; None where there is none to give (n < 2, not finite).

    ``variance`` is the square of ``stderr``, before rounding.
    """

    value: float
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    variance: Fraction | None = None


@dataclass(frozen=True)
class Spread:
    """Σ e² over so many ``units``, rows or clusters, that do not depend on each other."""

    squares: Fraction
    units: int


def _residual_product(moments: Moments, i: int, j: int, cells: int) -> Fraction:
    """Return Σ eᵢ eⱼ of two columns, each around its own ratio to the cells."""
    a, b = (Fraction(moments.sums[k].units, moments.sums[cells].units) for k in (i, j))
    return (
        moments.covariation(i, j)
        - a * moments.covariation(j, cells)
        - b * moments.covariation(i, cells)
        + a * b * moments.covariation(cells, cells)
    )


def of_ratios(moments: Moments, gradient: Sequence[float], cells: int) -> Spread | None:
    """Return the spread over rows of a function of the first columns' ratios to the cells.

    ``gradient`` is its derivative by each of them.
    """
    columns = range(len(gradient))
    if not all(moments.sums[column].finite for column in columns):
        return None
    factors = list(map(Fraction, gradient))
    products = (
        factors[i] * factors[j] * _residual_product(moments, i, j, cells)
        for i in columns
        for j in columns
        if factors[i] and factors[j]
    )
    return Spread(sum(products, Fraction(0)), moments.count)


def of_sum(moments: Moments, column: int) -> Spread | None:
    """Return the spread over rows of S, the sum of a column; None if it is not finite."""
    if not moments.sums[column].finite:
        return None
    return Spread(moments.variation(column), moments.count)


def of_clusters(
    columns: Sequence[tuple[Iterable[int], int]],
    gradient: Sequence[float],
    cells: Iterable[int],
    divisor: int,
    count: int,
) -> Spread:
    """Return the spread over clusters of a function of several ratios, by its ``gradient``.

    Each column is the sums in the clusters, and their total; ``cells`` and ``divisor`` are those of
    what they are divided by. All are whole numbers of the same unit, 2^-UNIT_BITS.
    """
    pairs = [factor.as_integer_ratio() for factor in gradient]
    most = max(below for _, below in pairs)  # all are powers of 2
    factors = [above * (most // below) for above, below in pairs]
    squares = 0
    for b, *sums in zip(cells, *(totals for totals, _ in columns), strict=True):
        rest = (
            factor * (a * divisor - total * b)
            for a, (_, total), factor in zip(sums, columns, factors, strict=True)
        )
        squares += sum(rest) ** 2
    return Spread(Fraction(squares, (most * divisor << UNIT_BITS) ** 2), count)


def of_cluster_sums(totals: Iterable[int], total: int, count: int) -> Spread:
    """Return the spread over clusters of S, from the sums in each, in units as above."""
    squares = sum((a * count - total) ** 2 for a in totals)
    return Spread(Fraction(squares, (count << UNIT_BITS) ** 2), count)


def ratio(total: ExactSum, denominator: ExactSum) -> float:
    """Return S/D; NaN of what weighs nothing."""
    if not denominator.units:
        return math.nan
    value = total.value / denominator.value
    if math.isinf(value) and total.finite:  # the sum overflows, the mean need not
        return nearest(Fraction(total.units, denominator.units))
    return value


def mean(total: ExactSum, denominator: ExactSum, spread: Spread | None, level: float) -> Estimate:
    """Estimate S/D."""
    value = ratio(total, denominator)
    if spread is None or not total.finite:
        return Estimate(value)
    scale = Fraction(1 << UNIT_BITS, denominator.units) ** 2
    return with_interval(value, spread, scale, level)


def total(total: ExactSum, spread: Spread | None, level: float) -> Estimate:
    """Estimate S."""
    if spread is None or not total.finite:
        return Estimate(total.value)
    return with_interval(total.value, spread, Fraction(1), level)


def root(squared: Estimate) -> Estimate:
    """Return the square root of an estimate: delta method; the interval is the root of its own."""
    value = math.sqrt(squared.value)
    if squared.stderr is None or squared.low is None or squared.high is None:
        return Estimate(value)
    stderr = 0.0
    if value and squared.variance is None:
        stderr = squared.stderr / (2 * value)
    elif value and squared.variance is not None:
        stderr = square_root(squared.variance / (4 * Fraction(squared.value)))
    return Estimate(value, stderr, math.sqrt(max(squared.low, 0.0)), math.sqrt(squared.high))


def with_interval(value: float, spread: Spread, scale: Fraction, level: float) -> Estimate:
    """Return a value with the error that ``scale`` times a spread gives it."""
    if spread.units < 2:
        return Estimate(value)
    variance = max(spread.squares * scale, Fraction(0)) * Fraction(spread.units, spread.units - 1)
    return with_error(value, square_root(variance), spread.units, level, variance)


def with_error(
    value: float, stderr: float, units: int, level: float, variance: Fraction | None = None
) -> Estimate:
    """Return a value with its interval; of one unit, or beyond what float64 holds, without."""
    if units < 2:
        return Estimate(value)
    half = half_width(level, units) * stderr
    if not (math.isfinite(value) and math.isfinite(half)):
        return Estimate(value)
    return Estimate(value, stderr, value - half, value + half, variance)


def two_sided_p(value: float, stderr: float, units: int) -> float:
    """Return how probable it is, were the true value 0, to be as far from it: Student's t-test."""
    if value == 0:
        return 1.0
    if stderr == 0:
        return 0.0
    return 2 * t_tail(abs(value) / stderr, units - 1)


@lru_cache(maxsize=4096)
def half_width(level: float, units: int) -> float:
    """Return how many standard errors an interval reaches to either side, for so many units."""
    return t_quantile((1 - level) / 2, units - 1)


def square_root(value: Fraction) -> float:
    """Return the root of a non-negative fraction of any size, to the last bit or next to it."""
    shift = 2 * ((value.denominator.bit_length() - value.numerator.bit_length() + 130) // 2)
    scaled = (
        (value.numerator << shift) // value.denominator
        if shift >= 0
        else value.numerator // (value.denominator << -shift)
    )
    return nearest(Fraction(math.isqrt(scaled)) * Fraction(2) ** (-shift // 2))


def nearest(value: Fraction) -> float:
    """Return the nearest float64, infinite where it is too large for one."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf
