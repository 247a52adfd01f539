"""Exact sums of several columns and their cross-products: all that standard errors need.

Laws: ``Moments.empty(k) + a == a``; ``+`` is commutative and associative, bit for bit: it adds
whole numbers. Only the cross-products inside one block are rounded.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from lossctl.block import Counted, Floats
from lossctl.products import dot
from lossctl.summaries.exact_sum import UNIT_BITS, ExactSum, largest, units_of
from lossctl.values import dataclass

# Cross-products are kept in units of 2^-PRODUCT_BITS: that of the smallest float64 with itself is
# 2^-2148; the guard bits hold the fractions that centring and scaling bring.
_GUARD_BITS = 192
PRODUCT_BITS = 2 * UNIT_BITS + _GUARD_BITS
_SAFE = (1e-120, 1e120)  # deviations whose squares neither vanish nor overflow, nor do their sums
_DOWN = 64  # bits by which a column is made smaller where its deviations would overflow


@dataclass(frozen=True)
class Moments:
    """Count, exact sums and products about the origin of the J row losses and, last, of the cells.

    ``products[i][j]`` is Σ (zᵢ − z̄ᵢ)(zⱼ − z̄ⱼ) + (Σ zᵢ)(Σ zⱼ)/n, in whole units, so that merging
    is an addition; ``covariation`` takes the second term off again, exactly. The products of a
    column that is not finite mean nothing. They are rounded so that ratios keep their digits;
    ``squares[i]`` is products[i][i] once more, rounded so that the total of a column does.
    """

    count: int
    sums: tuple[ExactSum, ...]
    products: tuple[tuple[int, ...], ...]
    squares: tuple[int, ...]

    @classmethod
    def empty(cls, losses: int) -> Moments:
        """Return the moments of no rows."""
        nothing = (0,) * (losses + 1)
        return cls(0, (ExactSum(),) * (losses + 1), (nothing,) * (losses + 1), nothing)

    @classmethod
    def of(cls, values: Floats, cells: Floats | float) -> Moments:
        """Return the moments of row losses, (J, n), and what they count."""
        columns: list[Floats | float] = [*values, cells]
        rows = values.shape[1]
        if rows == 0:
            return cls.empty(len(columns) - 1)
        ends = [_ends(column) for column in columns]
        sums = tuple(
            ExactSum.bounded(column, max(high, -low), max(low, -high))
            if isinstance(column, np.ndarray)
            else ExactSum(units_of(column) * rows)
            for column, (low, high) in zip(columns, ends, strict=True)
        )
        products = _products(columns, sums, ends, rows)
        squares = tuple(products[i][i] for i in range(len(columns)))
        if isinstance(cells, np.ndarray):
            squares = _squares(columns, sums, ends, rows)
        return cls(rows, sums, products, squares)

    def add(self, values: Floats, counted: Counted, weight: Floats | None) -> Moments:
        """Return the moments with a block's row losses, (J, n), added, times their weights."""
        cells = counted.cells
        if weight is not None:
            values = weighed(values, weight)
            cells = cells * weight if counted.weighed else cells
        return self + Moments.of(values, cells)

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of the rows of both."""
        return Moments(
            self.count + other.count,
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            tuple(
                tuple(a + b for a, b in zip(mine, theirs, strict=True))
                for mine, theirs in zip(self.products, other.products, strict=True)
            ),
            tuple(a + b for a, b in zip(self.squares, other.squares, strict=True)),
        )

    def covariation(self, i: int, j: int) -> Fraction:
        """Return Σ (zᵢ − z̄ᵢ)(zⱼ − z̄ⱼ) over all rows; a variance is this over n − 1."""
        return self._centred(self.products[i][j], i, j)

    def variation(self, i: int) -> Fraction:
        """Return Σ (zᵢ − z̄ᵢ)² over all rows, as exact as the column itself allows."""
        return self._centred(self.squares[i], i, i)

    def _centred(self, raw: int, i: int, j: int) -> Fraction:
        means = self.sums[i].units * self.sums[j].units << _GUARD_BITS
        return Fraction(raw * self.count - means, self.count << PRODUCT_BITS)


@dataclass(frozen=True)
class _Residual:
    """A column less slope times the last one, less a pivot near its mean, times 2^-exponent.

    ``slope`` and ``total``, the exact sum of what is scaled, are in units.
    """

    deviations: Floats | None
    slope: int = 0
    exponent: int = 0
    total: int = 0


@np.errstate(under="ignore", over="ignore")  # what overflows is done again, smaller
def _products(
    columns: list[Floats | float],
    sums: tuple[ExactSum, ...],
    ends: list[tuple[float, float]],
    count: int,
) -> tuple[tuple[int, ...], ...]:
    """Return the products of one block: residuals in floating point, moved back exactly.

    A ratio of two columns may be 1e8 times more certain than either. So what is rounded are the
    products of the residuals, which are small as the ratio's are; slopes and means are put back in
    whole numbers, where the same terms cancel later.
    """
    last, k = columns[-1], len(columns)
    residuals = [
        _residual(column, last, total, sums[-1], count, end)
        for column, total, end in zip(columns, sums, ends, strict=True)
    ]
    around = [[_product(a, b, count) for b in residuals[: i + 1]] for i, a in enumerate(residuals)]
    products = [[0] * k for _ in range(k)]
    for i in range(k):
        for j in range(i + 1):
            a, b = residuals[i].slope, residuals[j].slope
            slopes = (a * around[-1][j] + b * around[-1][i] >> UNIT_BITS) + (
                a * b * around[-1][-1] >> 2 * UNIT_BITS
            )
            means = (sums[i].units * sums[j].units << _GUARD_BITS) // count
            products[i][j] = products[j][i] = around[i][j] + slopes + means
    return tuple(map(tuple, products))


@np.errstate(under="ignore", over="ignore")  # what overflows is done again, smaller
def _squares(
    columns: list[Floats | float],
    sums: tuple[ExactSum, ...],
    ends: list[tuple[float, float]],
    count: int,
) -> tuple[int, ...]:
    """Return the products of columns with themselves, centred without slopes."""
    centred = [
        _residual(column, 1.0, total, sums[-1], count, end)
        for column, total, end in zip(columns, sums, ends, strict=True)
    ]
    return tuple(
        _product(a, a, count) + (total.units**2 << _GUARD_BITS) // count
        for a, total in zip(centred, sums, strict=True)
    )


def _residual(  # noqa: PLR0913, PLR0917
    column: Floats | float,
    last: Floats | float,
    total: ExactSum,
    cells: ExactSum,
    count: int,
    ends: tuple[float, float],
) -> _Residual:
    if not isinstance(column, np.ndarray) or not total.finite:
        return _Residual(None)
    slope = 0.0
    if isinstance(last, np.ndarray) and column is not last:
        slope = _ratio(total.units, cells.units)
    units = units_of(slope)
    rest = total.units - (units * cells.units >> UNIT_BITS)
    pivot = rest / (count << UNIT_BITS)
    rest -= units_of(pivot) * count
    down = 0
    deviations = less(column, slope, last, pivot)
    # Rounding keeps the order: without a slope the ends deviate most.
    most = largest(deviations) if slope else max(ends[1] - pivot, pivot - ends[0])
    if not math.isfinite(most):
        down = _DOWN
        small = math.ldexp(slope, -down), last, math.ldexp(pivot, -down)
        deviations = less(np.ldexp(column, -down), *small)
        most = largest(deviations)
    if most == 0.0:
        return _Residual(None, units, 0, rest)
    if not down and _SAFE[0] < most < _SAFE[1]:
        return _Residual(deviations, units, 0, rest)
    exponent = math.frexp(most)[1]  # squares would overflow or vanish
    return _Residual(np.ldexp(deviations, -exponent), units, exponent + down, rest)


@np.errstate(invalid="ignore", over="ignore")
def weighed(values: Floats, weight: Floats) -> Floats:
    """Return losses times the weights; what weighs nothing costs nothing."""
    return np.where(weight == 0, 0.0, values * weight)


def less(column: Floats, slope: Floats | float, last: Floats | float, pivot: float) -> Floats:
    """Return column − slope · last − pivot, as if the product were exact (Dekker 1971)."""
    if isinstance(slope, float) and not slope:
        return np.subtract(column, pivot)
    product = slope * last
    a, b = _halves(slope)
    c, d = _halves(last)
    lost = ((a * c - product) + a * d + b * c) + b * d
    return np.asarray((column - product) - lost - pivot)


def _halves(value: Any) -> tuple[Any, Any]:
    """Split numbers in two of 26 bits, the products of which are exact (Veltkamp 1968)."""
    large = value * 134_217_729.0
    first = large - (large - value)
    return first, value - first


def _ends(column: Floats | float) -> tuple[float, float]:
    """Return the least and the largest value of a column."""
    if isinstance(column, np.ndarray):
        return float(column.min()), float(column.max())
    return column, column


def _ratio(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except (OverflowError, ZeroDivisionError):
        return 0.0


def _product(a: _Residual, b: _Residual, count: int) -> int:
    """Return Σ (u − ū)(v − v̄) of two residuals, in units of products."""
    if a.deviations is None or b.deviations is None:
        return 0
    numerator, denominator = dot(a.deviations, b.deviations).as_integer_ratio()
    around_pivots = (numerator << (PRODUCT_BITS + a.exponent + b.exponent)) // denominator
    return around_pivots - (a.total * b.total << _GUARD_BITS) // count
