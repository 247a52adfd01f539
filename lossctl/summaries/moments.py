"""Exact sums of several columns and their centred cross-products: all that standard errors need.

Laws: ``Moments.empty(k) + a == a``; ``+`` is commutative and associative, bit for bit: it adds
whole numbers. Only the cross-products inside one block are rounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lossctl.block import Floats
from lossctl.summaries.exact_sum import UNIT_BITS, ExactSum, units_of

# Cross-products are kept in units of 2^-PRODUCT_BITS: that of the smallest float64 with itself is
# 2^-2148; the guard bits hold the fractions that centring and scaling bring.
_GUARD_BITS = 192
PRODUCT_BITS = 2 * UNIT_BITS + _GUARD_BITS
_SAFE = (1e-120, 1e120)  # deviations whose squares neither vanish nor overflow, nor do their sums


@dataclass(frozen=True)
class Moments:
    """Count, exact sums and raw cross-products about the origin of k columns.

    ``products[i][j]`` is Σ (zᵢ − z̄ᵢ)(zⱼ − z̄ⱼ) + (Σ zᵢ)(Σ zⱼ)/n, in whole units, so that merging
    is an addition; ``covariation`` takes the second term off again, exactly. ``finite`` is False
    once a value was infinite or NaN, and the products then mean nothing.
    """

    count: int
    sums: tuple[ExactSum, ...]
    products: tuple[tuple[int, ...], ...]
    finite: bool = True

    @classmethod
    def empty(cls, columns: int) -> Moments:
        """Return the moments of no rows."""
        return cls(0, (ExactSum(),) * columns, ((0,) * columns,) * columns)

    @classmethod
    def of(cls, columns: tuple[Floats | float, ...], count: int) -> Moments:
        """Return the moments of ``count`` rows; a column is (n,), or one number for all rows."""
        if count == 0:
            return cls.empty(len(columns))
        sums = tuple(
            ExactSum.of(column)
            if isinstance(column, np.ndarray)
            else ExactSum(ExactSum.of(np.array([column])).units * count)
            for column in columns
        )
        if not all(total.finite for total in sums):
            return cls(count, sums, cls.empty(len(columns)).products, finite=False)
        return cls(count, sums, _products(columns, sums, count))

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of the rows of both."""
        return Moments(
            self.count + other.count,
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            tuple(
                tuple(a + b for a, b in zip(mine, theirs, strict=True))
                for mine, theirs in zip(self.products, other.products, strict=True)
            ),
            self.finite and other.finite,
        )

    def covariation(self, i: int, j: int) -> Fraction:
        """Return Σ (zᵢ − z̄ᵢ)(zⱼ − z̄ⱼ) over all rows; a variance is this over n − 1."""
        raw = self.products[i][j] * self.count
        means = self.sums[i].units * self.sums[j].units << _GUARD_BITS
        return Fraction(raw - means, self.count << PRODUCT_BITS)


@np.errstate(under="ignore")
def _products(
    columns: tuple[Floats | float, ...], sums: tuple[ExactSum, ...], count: int
) -> tuple[tuple[int, ...], ...]:
    """Return the raw products of one block: centred in floating point, moved back exactly."""
    centred = [_centre(column, total, count) for column, total in zip(columns, sums, strict=True)]
    products = [[0] * len(columns) for _ in columns]
    for i, a in enumerate(centred):
        for j, b in enumerate(centred[: i + 1]):
            around_pivots = 0
            if a.deviations is not None and b.deviations is not None:
                product = float(np.add.reduce(np.multiply(a.deviations, b.deviations)))
                around_pivots = _product_units(product, a.exponent + b.exponent)
            to_origin = sums[i].units * sums[j].units - a.residual * b.residual
            products[i][j] = products[j][i] = around_pivots + (to_origin << _GUARD_BITS) // count
    return tuple(map(tuple, products))


@dataclass(frozen=True)
class _Centred:
    """A column less a pivot near its mean, times 2^-exponent; ``residual`` is Σ(z − pivot)."""

    deviations: Floats | None
    exponent: int
    residual: int


def _centre(column: Floats | float, total: ExactSum, count: int) -> _Centred:
    if not isinstance(column, np.ndarray):
        return _Centred(None, 0, 0)
    pivot = total.units / (count << UNIT_BITS)
    deviations = column - pivot
    largest = max(float(deviations.max()), -float(deviations.min()))
    if largest == 0.0:
        return _Centred(None, 0, 0)
    residual = total.units - units_of(pivot) * count
    if _SAFE[0] < largest < _SAFE[1]:
        return _Centred(deviations, 0, residual)
    exponent = math.frexp(largest)[1]  # squares would overflow or vanish
    return _Centred(np.ldexp(deviations, -exponent), exponent, residual)


def _product_units(value: float, exponent: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (numerator << (PRODUCT_BITS + exponent)) // denominator
