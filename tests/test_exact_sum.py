"""The exact sum is math.fsum's, in any order and any grouping."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossctl.summaries import exact_sum
from lossctl.summaries.exact_sum import CHUNK, ExactSum, units_of

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SUMS = st.lists(FLOATS, max_size=40).map(lambda values: ExactSum.of(np.array(values)))


def fsum(values: np.ndarray) -> float:
    """Return the correctly rounded sum, infinite where it is too large."""
    try:
        return math.fsum(values.tolist())
    except OverflowError:  # also where only a partial sum is too large
        total = sum(map(Fraction, values.tolist()), start=Fraction())
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


@given(st.lists(FLOATS))
def test_any_values_sum_as_fsum(values: list[float]) -> None:
    array = np.array(values)
    assert ExactSum.of(array).value == fsum(array)


@pytest.mark.parametrize("seed", range(40))
def test_long_arrays_of_every_spread_sum_as_fsum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(-320, 140)
    exponents = rng.uniform(low, rng.uniform(low, 149), int(rng.integers(65, 150_000)))
    array = 10.0**exponents * rng.choice(
        [-1.0, 1.0], len(exponents), p=[seed % 2 / 2, 1 - seed % 2 / 2]
    )
    assert ExactSum.of(array).value == fsum(array)


@pytest.mark.parametrize("value", [1 - 2**-53, 1.0, 2**-1074, 2**-1022, 1e-310, 9.99e149, 0.1])
def test_a_full_chunk_of_one_value_does_not_overflow_its_integers(value: float) -> None:
    for sign in (1, -1):
        array = np.full(CHUNK, sign * value)
        assert ExactSum.of(array).value == fsum(array)


def test_cancellation_leaves_the_small_terms() -> None:
    array = np.array([1e100, 1.0, -1e100, 1e-100] * 100)
    assert ExactSum.of(array).value == fsum(array) == 100.0


@given(SUMS, SUMS, SUMS)
def test_sums_add_up_in_any_grouping(a: ExactSum, b: ExactSum, c: ExactSum) -> None:
    assert ExactSum() + a == a
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)


@given(st.lists(FLOATS, min_size=1), st.integers(1, 5))
def test_the_state_does_not_depend_on_the_cuts(values: list[float], step: int) -> None:
    array = np.array(values)
    parts = [ExactSum.of(array[i : i + step]) for i in range(0, len(array), step)]
    assert sum(parts, start=ExactSum()) == ExactSum.of(array)


def test_non_finite_values_are_counted_and_decide_the_value() -> None:
    total = ExactSum.of(np.array([1.0, np.inf, np.inf, 2.0]))
    assert (total.positive_infinities, total.finite, total.value) == (2, False, math.inf)
    assert ExactSum.of(np.array([-np.inf, 1.0])).value == -math.inf
    assert math.isnan(ExactSum.of(np.array([np.inf, -np.inf])).value)
    assert math.isnan(ExactSum.of(np.array([np.nan, 1.0])).value)


def test_a_sum_beyond_float64_is_infinite_and_still_exact() -> None:
    total = ExactSum.of(np.full(4, 1.7e308))
    assert total.value == math.inf
    assert (total + ExactSum.of(np.full(3, -1.7e308))).value == 1.7e308


def test_zero_has_no_sign() -> None:
    assert math.copysign(1, ExactSum.of(np.array([-0.0, -0.0])).value) == 1


@pytest.mark.parametrize("value", [0.0, 2**-1074, 0.1, 1e149])
def test_no_array_is_added_value_by_value(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: float) -> int:
        raise AssertionError("one Python integer for each value takes a hundred times as long")

    monkeypatch.setattr(exact_sum, "units_of", refuse)
    assert ExactSum.of(np.full(1000, value)).value == fsum(np.full(1000, value))


@given(FLOATS)
def test_units_are_exact(value: float) -> None:
    assert units_of(value) / (1 << 1074) == value
