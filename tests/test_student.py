"""Student's t against mpmath and scipy."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special

from lossctl.student import t_quantile, t_tail


@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 77, 1000, 5000, 5001, 20_000, 10**6, 10**9])
def test_quantiles_agree_with_scipy(degrees: int) -> None:
    for level in (0.01, 0.5, 0.9, 0.95, 0.99, 0.999999, 1 - 1e-12):
        expected = -special.stdtrit(degrees, (1 - level) / 2)
        np.testing.assert_allclose(t_quantile((1 - level) / 2, degrees), expected, rtol=5e-14)


@pytest.mark.parametrize("degrees", [1, 2, 7, 100, 5000, 5001, 10**6])
def test_quantiles_of_the_smallest_tails_have_them(degrees: int) -> None:
    for tail in (2.0**-54, 1e-30, 1e-100):
        np.testing.assert_allclose(t_tail(t_quantile(tail, degrees), degrees), tail, rtol=1e-12)


def test_the_median_is_zero() -> None:
    assert t_quantile(0.5, 7) == 0.0


@pytest.mark.parametrize("degrees", [1, 2, 5, 30, 1001, 5000, 5001, 100_000, 10**6, 10**9])
def test_tails_agree_with_mpmath_however_small(degrees: int) -> None:
    with mpmath.workdps(60):
        for t in (1e-8, 0.01, 0.7, 1.7, 2.0, 6.0, 20.0, 35.0, 1e10, 1e149, 1e160):
            x = mpmath.mpf(degrees) / (degrees + mpmath.mpf(t) ** 2)
            expected = mpmath.betainc(mpmath.mpf(degrees) / 2, 0.5, 0, x, regularized=True) / 2
            if expected > 1e-280:
                np.testing.assert_allclose(t_tail(t, degrees), float(expected), rtol=5e-13)


def test_tails_of_few_degrees_have_closed_forms() -> None:
    with mpmath.workdps(60):
        for t in (1e-8, 0.01, 0.7, 1.0, 2.0, 6.0, 35.0, 1e10, 1e149):
            cauchy = mpmath.atan(1 / mpmath.mpf(t)) / mpmath.pi
            of_two = (1 - t / mpmath.sqrt(2 + mpmath.mpf(t) ** 2)) / 2
            np.testing.assert_allclose(t_tail(t, 1), float(cauchy), rtol=6e-15)
            if of_two > 1e-18:
                np.testing.assert_allclose(t_tail(t, 2), float(of_two), rtol=6e-15)


def test_the_ends_of_the_tail() -> None:
    assert t_tail(0.0, 5) == 0.5
    assert t_tail(float("inf"), 5) == 0.0
