"""Student's t distribution: the upper tail and its inverse, for any degrees of freedom."""

from __future__ import annotations

import math

_MANY = 5000  # degrees of freedom: from here on expansions about the normal distribution are better


def t_tail(t: float, degrees: float) -> float:
    """Return P(T > t) for t ≥ 0, to about 1e-13 relative, however small it is.

    It is half the regularised incomplete beta function I_x(ν/2, 1/2) at x = ν/(ν + t²)
    (Abramowitz and Stegun 26.7.1), by its continued fraction (26.5.8). That has x next to 1 for
    many degrees of freedom, and 1 − x has lost its digits.
    """
    if math.isinf(t):
        return 0.0
    if t > 1e150:  # of which the square overflows: the tail falls like t^-degrees
        return math.exp(degrees * math.log(1e150 / t)) * t_tail(1e150, degrees)
    if degrees > _MANY:
        return math.erfc(_normal_deviate(t, degrees) / math.sqrt(2)) / 2
    half = degrees / 2
    squared = t * t / degrees
    x, rest = 1 / (1 + squared), squared / (1 + squared)
    # x^a (1−x)^(1/2) / B(a, 1/2), with log1p since x is near 1 for many degrees of freedom
    front = math.exp(-half * math.log1p(squared)) * math.sqrt(rest / math.pi) * _gamma_ratio(half)
    if x < (half + 1) / (half + 2.5):
        return 0.5 * front * _continued_fraction(half, 0.5, x) / half
    return 0.5 - front * _continued_fraction(0.5, half, rest)


def t_quantile(tail: float, degrees: float) -> float:
    """Return the t that T exceeds with the given probability, from 1e-100 up to 0.5."""
    if tail == 0.5:
        return 0.0
    from statistics import NormalDist  # noqa: PLC0415  # 8 ms to import: not on the path of --help

    t = -NormalDist().inv_cdf(tail)
    for _ in range(100):  # 5 were enough for all that was tried
        # Newton's method on ln P(T > t) of ln t, of which it is nearly a straight line far out
        p = t_tail(t, degrees)
        step = math.log(p / tail) * p / (t * _density(t, degrees))
        t *= math.exp(step)
        if abs(step) < 1e-9:  # the next one would be its square
            break
    return t


def _normal_deviate(t: float, degrees: float) -> float:
    """Return what a normal deviate exceeds as rarely as T exceeds t (Hill 1970, Algorithm 395)."""
    a = degrees - 0.5
    b = 48 * a * a
    y = a * math.log1p(t * t / degrees)
    third = (64 * y + 788) * y**4  # the rest of both is never seen
    second = ((4 * y + 33) * y + 240) * y
    return math.sqrt(y) * (1 + (y + 3 - (second - third / (21 * b)) / (10 * b)) / b)


def _density(t: float, degrees: float) -> float:
    shape = _gamma_ratio(degrees / 2) / math.sqrt(degrees * math.pi)
    return shape * math.exp(-(degrees + 1) / 2 * math.log1p(t * t / degrees))


def _gamma_ratio(a: float) -> float:
    """Return Γ(a + 1/2) / Γ(a); the difference of two lgamma would lose digits for large a."""
    factor = 1.0
    while a < 200:
        factor *= (a + 0.5) / a
        a += 1
    u = 1 / (8 * a)  # the asymptotic series, DLMF 5.11.13
    series = 1 - u * (1 - u * (0.5 + u * (2.5 - u * (2.625 + 49.875 * u))))
    return series * math.sqrt(a) / factor


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction of the incomplete beta function by Lentz's method.

    For x below (a + 1)/(a + b + 2), where no denominator comes near 0.
    """
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 200):  # 62 were enough for all that was tried
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + numerator * d)
            c = 1 + numerator / c
            fraction *= c * d
        if c * d == 1.0:
            break
    return fraction
