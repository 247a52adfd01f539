"""Functions that NumPy does not have, or not to the last digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossctl.block import Floats

_RANGE = np.finfo(np.float64)

# W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969),
# numerators and denominators, highest power first. The first is erf(x)/x in x²; the second is
# e^(x²) erfc(x) in x up to 4, and has digits enough up to 6, where erfc is 2e-17.
_SPLIT, _END = 0.46875, 6.0
_ERF = (
    (
        1.85777706184603153e-1,
        3.16112374387056560,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (
        1.0,
        2.36012909523441209e1,
        2.44024637934444173e2,
        1.28261652607737228e3,
        2.84423683343917062e3,
    ),
)
_ERFC = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)


def polynomial(coefficients: Sequence[float], x: Floats) -> Floats:
    """Return the polynomial of these coefficients, highest power first (Horner)."""
    value: Floats = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def erf(x: Floats) -> Floats:
    """Return the error function 2/√π ∫₀ˣ e^(−t²) dt, within a few ulp."""
    size = np.minimum(np.abs(x), _END)
    near = np.minimum(size, _SPLIT)
    first = near * _quotient(_ERF, near * near)
    far = 1 - np.exp(-size * size) * _quotient(_ERFC, size)
    return np.asarray(np.copysign(np.where(size <= _SPLIT, first, far), x))


def _quotient(polynomials: tuple[Sequence[float], Sequence[float]], x: Floats) -> Floats:
    above, below = (polynomial(one, x) for one in polynomials)
    return np.asarray(above / below)


def sigmoid(x: Floats) -> Floats:
    """Return 1/(1 + e^−x); it has its digits wherever it is a normal number."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x < 0, small, 1.0) / (1 + small))


def softplus(x: Floats) -> Floats:
    """Return ln(1 + e^x); no term is negative, nothing overflows."""
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0)


def log_ratio(above: Floats, below: Floats) -> Floats:
    """Return ln(a/b) of numbers from 0 on, with its digits also where a is next to b.

    Where a/b itself is too large or too small, the logarithms are subtracted.
    """
    ratio = above / below
    near = (ratio > 0.5) & (ratio < 2)
    result = np.where(near, np.log1p((above - below) / below), np.log(ratio))
    lost = (ratio < _RANGE.tiny) | (ratio > _RANGE.max)
    if lost.any():
        result[lost] = np.log(above[lost]) - np.log(below[lost])
    return result
