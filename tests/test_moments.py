"""The moments summary: exact merging, and variances that keep their digits."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from estimated import mean
from hypothesis import given
from hypothesis import strategies as st

from lossctl import statistics
from lossctl.statistics import Estimate
from lossctl.summaries.exact_sum import ExactSum
from lossctl.summaries.moments import Moments

Rows = list[tuple[float, float]]
COLUMNS = st.lists(st.tuples(*[st.floats(-1e200, 1e200)] * 2), min_size=1, max_size=8)


def of(*columns: np.ndarray) -> Moments:
    """Return the moments of columns of the same length, with one cell in each row."""
    return Moments.of(np.array(columns), 1.0)


def exact_covariation(a: np.ndarray, b: np.ndarray) -> Fraction:
    """Return Σ (a − ā)(b − b̄) in rational arithmetic."""
    x, y = ([Fraction(v) for v in values.tolist()] for values in (a, b))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return Fraction(sum(((u - mean_x) * (v - mean_y) for u, v in zip(x, y, strict=True))))


@given(COLUMNS, COLUMNS, COLUMNS)
def test_moments_add_up_in_any_grouping(first: Rows, second: Rows, third: Rows) -> None:
    a, b, c = (of(*np.array(rows).T) for rows in (first, second, third))
    assert Moments.empty(2) + a == a
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)


@pytest.mark.parametrize("step", [1, 2, 3, 1000, 5000])
@pytest.mark.parametrize("mean", [0.0, 1.0, 1e8, -1e8, 1e15])
def test_covariations_keep_their_digits_far_from_zero_and_in_any_block(
    step: int, mean: float
) -> None:
    rng = np.random.default_rng(3)
    a, b = mean + rng.normal(size=5000), rng.normal(size=5000)
    parts = [of(a[i : i + step], b[i : i + step]) for i in range(0, len(a), step)]
    total = sum(parts, start=Moments.empty(2))
    for i, j, x, y in ((0, 0, a, a), (0, 1, a, b), (1, 1, b, b)):
        expected = float(exact_covariation(x, y))
        scale = float(exact_covariation(x, x) * exact_covariation(y, y)) ** 0.5
        np.testing.assert_allclose(
            float(total.covariation(i, j)), expected, rtol=0, atol=1e-12 * scale
        )


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-3, 1e160, 1e300])
def test_standard_errors_are_right_for_tiny_and_huge_losses(scale: float) -> None:
    values = np.array([1.0, 2.0, 4.0, 8.5])
    estimate = mean(of(values * scale))
    expected = values.std(ddof=1) / 2
    assert estimate.stderr is not None
    np.testing.assert_allclose(estimate.stderr / scale, expected, rtol=1e-14)
    np.testing.assert_allclose(estimate.value / scale, values.mean(), rtol=1e-14)


def test_equal_losses_have_no_error() -> None:
    for value in (0.1, 1e-300, 3.0, 1e200):
        estimate = mean(of(np.full(1000, value)))
        assert (estimate.value, estimate.stderr) == (pytest.approx(value, rel=1e-15), 0.0)


def test_the_mean_of_losses_whose_sum_overflows_is_finite() -> None:
    estimate = mean(of(np.array([1.7e308, 1.5e308])))
    assert estimate.value == pytest.approx(1.6e308, rel=1e-15)


def test_ratios_have_the_hc1_error() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(3, 1, 500), rng.integers(1, 5, 500).astype(float)
    moments = Moments.of(a[np.newaxis], b)
    estimate = mean(moments)
    ratio = a.sum() / b.sum()
    variance = 500 / 499 * ((a - b * ratio) ** 2).sum() / b.sum() ** 2
    assert estimate.stderr is not None
    np.testing.assert_allclose(
        [estimate.value, estimate.stderr], [ratio, variance**0.5], rtol=1e-12
    )


@pytest.mark.parametrize("step", [2, 7, 1000])
@pytest.mark.parametrize("spread", [1e-2, 1e-5, 1e-8])
def test_ratios_far_more_certain_than_their_parts_keep_nine_digits(
    spread: float, step: int
) -> None:
    """Multi-output with missing cells: the sum of a row goes with its number of cells."""
    rng = np.random.default_rng(8)
    cells = rng.integers(1, 5, 1000).astype(float)
    sums = cells * (1 + spread * rng.normal(size=1000))
    parts = [
        Moments.of(sums[np.newaxis, i : i + step], cells[i : i + step])
        for i in range(0, 1000, step)
    ]
    found = mean(sum(parts, start=Moments.empty(1))).stderr
    a, b = ([Fraction(value) for value in values.tolist()] for values in (sums, cells))
    ratio = sum(a) / sum(b)
    squares = sum((x - y * ratio) ** 2 for x, y in zip(a, b, strict=True))
    expected = statistics.square_root(Fraction(1000, 999) * squares / sum(b) ** 2)
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_one_infinite_column_leaves_the_others_alone() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=50), rng.normal(size=50)
    b[7] = math.inf
    assert mean(of(a, b)) == mean(of(a))
    assert mean(of(a, b), 1).stderr is None


def test_without_rows_or_with_one_there_is_no_error() -> None:
    assert of(np.empty(0)) == Moments.empty(1)
    one = mean(of(np.array([2.0])))
    assert one == Estimate(2.0)


def test_infinite_losses_have_no_error() -> None:
    moments = of(np.array([1.0, math.inf])) + of(np.array([1.0, 2.0]))
    assert mean(moments) == Estimate(math.inf)
    total = statistics.total(moments.sums[0], statistics.of_sum(moments, 0), 0.95)
    assert total == Estimate(math.inf)


@given(st.fractions(min_value=0), st.integers(-250, 250))
def test_square_roots_of_fractions_of_any_size(value: Fraction, exponent: int) -> None:
    value *= Fraction(4) ** exponent
    root = Fraction(statistics.square_root(value))
    assert abs(root**2 - value) <= value / 2**50


def test_fractions_beyond_float64_are_infinite() -> None:
    beyond = Fraction(10) ** 400
    assert statistics.nearest(beyond) == math.inf
    assert statistics.nearest(-beyond) == -math.inf


def test_what_weighs_nothing_has_no_ratio_and_the_root_of_0_no_error() -> None:
    assert math.isnan(statistics.ratio(ExactSum(), ExactSum()))
    nothing = Estimate(0.0, 0.0, 0.0, 0.0)
    assert statistics.root(nothing) == nothing
