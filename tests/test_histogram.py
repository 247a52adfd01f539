"""The distribution of row losses is what NumPy says, to the stated digits, however it is added."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossctl.block import Block, Floats, RowLosses
from lossctl.distribution import Distribution
from lossctl.engines.local import run
from lossctl.pictures import distribution
from lossctl.scoring import Options, prepare
from lossctl.summaries.histogram import Histogram, bounds_of, codes_of
from lossctl.values import replace

Save = Callable[[str, object], object]
LOSSES = st.floats(allow_nan=True, allow_infinity=True)


def histogram(values: Sequence[float] | Floats, weight: Floats | None = None) -> Histogram:
    """Return the histogram of some row losses."""
    row = np.asarray(values, np.float64)
    nothing = np.zeros((len(row), 1))
    return Histogram(0).add(Block(nothing, nothing, weight=weight), RowLosses(row[None], ()))


def state(found: Histogram) -> tuple[object, ...]:
    """Return all that a histogram holds, to compare."""
    odd = (found.nans, found.infinities, found.negative_infinities)
    costs = list(found.costs.units())
    return (found.codes.tolist(), found.rows.tolist(), costs, found.least, found.most, odd)


def drawn(seed: int, n: int) -> Floats:
    """Return losses of all sizes, some of them equal, 0, on an edge, or below 0."""
    rng = np.random.default_rng(seed)
    values = rng.choice([1.0, 1.0, 1.0, -1.0], n) * 10.0 ** rng.uniform(-8, 4, n)
    values[::5] = np.round(values[::5], 1)
    return values


@given(st.lists(LOSSES, max_size=30))
def test_a_loss_is_in_the_bin_of_its_first_two_digits(values: list[float]) -> None:
    finite = np.array([value for value in values if math.isfinite(value)])
    for value, code in zip(finite.tolist(), codes_of(finite).tolist(), strict=True):
        if code == 0:
            assert value == 0
            continue
        low, high = bounds_of(code)
        assert low <= value < high if value > 0 else low < value <= high
        if 1e-100 <= abs(value) < 1e100:
            start, _, place = f"{low if value > 0 else high:.20e}".partition("e")
            assert float(f"{float(start):.1f}e{place}") == (low if value > 0 else high)
            assert high - low <= 0.1000001 * min(abs(low), abs(high))


def test_every_edge_begins_its_bin() -> None:
    edges = np.array([float(f"{d}e{k}") for k in range(-101, 99) for d in range(10, 100)])
    assert codes_of(edges).tolist() == list(range(2, len(edges) + 2))
    below = codes_of(np.nextafter(edges, 0.0))
    assert below.tolist() == list(range(1, len(edges) + 1))
    assert codes_of(-edges).tolist() == (-codes_of(edges)).tolist()


@given(st.lists(LOSSES, max_size=40), st.lists(LOSSES, max_size=40), st.lists(LOSSES, max_size=40))
def test_it_adds_up_to_the_same_bits_in_any_order(
    a: list[float], b: list[float], c: list[float]
) -> None:
    parts = [histogram(one) if one else Histogram(0) for one in (a, b, c)]
    x, y, z = parts
    assert state(Histogram(0) + x) == state(x) == state(x + Histogram(0))
    assert state(x + y) == state(y + x)
    assert state((x + y) + z) == state(x + (y + z))
    assert state((x + y) + z)[1] == state(histogram([*a, *b, *c]) if a or b or c else z)[1]


@given(st.lists(st.integers(0, 300), max_size=5), st.booleans())
def test_any_split_gives_the_same(cuts: list[int], weighted: bool) -> None:
    values = drawn(0, 300)
    weight = np.random.default_rng(1).random(300) if weighted else None
    total = Histogram(0)
    for a, b in pairwise([0, *sorted(cuts), 300]):
        if a < b:
            total += histogram(values[a:b], None if weight is None else weight[a:b])
    assert state(total) == state(histogram(values, weight))


def test_counts_are_numpys() -> None:
    values = np.abs(drawn(3, 200_000))
    found = histogram(values)
    edges = [float(f"{d}e{k}") for k in range(-9, 5) for d in range(10, 100)]
    counts, _ = np.histogram(values[values > 0], edges)
    mine = {bounds_of(int(c))[0]: int(n) for c, n in zip(found.codes, found.rows, strict=True) if c}
    assert mine == {low: n for low, n in zip(edges, counts.tolist(), strict=False) if n}


@pytest.mark.parametrize("weighted", [False, True])
def test_costs_are_the_sums_of_their_bins(weighted: bool) -> None:
    values = drawn(4, 300_000)
    weight = np.random.default_rng(5).random(len(values)) if weighted else None
    found = histogram(values, weight)
    codes = codes_of(values)
    costs = values if weight is None else values * weight
    for code, cost in zip(
        found.codes.tolist()[::40], found.costs.values().tolist()[::40], strict=True
    ):
        exact = math.fsum(costs[codes == code].tolist())
        np.testing.assert_allclose(cost, exact, rtol=0 if weighted else 2**-36, atol=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_costs_beyond_the_bins_are_not_summed_up(weighted: bool) -> None:
    values = np.array([0.0, 1e-120, 9.9e-101, 1e-100, 1.0, 1e99, 9.99e99, 1e100, 1e300])
    found = histogram(values, np.full(len(values), 2.0) if weighted else None)
    costs = {float(v): c for v, c in zip(found.codes, found.costs.values(), strict=True)}
    inside = [bounds_of(int(code))[0] for code, cost in costs.items() if cost]
    assert inside == [1e-100, 1.0, 1e99, 9.9e99]
    assert found.rows.tolist() == [1, 2, 1, 1, 1, 1, 2]


@given(st.integers(0, 50), st.sampled_from([1, 2, 7, 1000]), st.floats(0, 1))
def test_quantiles_are_in_the_bin_of_numpys(seed: int, n: int, q: float) -> None:
    values = drawn(seed, n)
    found = distribution(histogram(values))
    expected = np.quantile(values, q, method="inverted_cdf")
    got = found.quantile(q)
    assert codes_of(np.array([got, expected]))[0] == codes_of(np.array([expected]))[0]
    np.testing.assert_allclose(got, expected, rtol=0.1, atol=0)


def test_equal_losses_have_exact_quantiles() -> None:
    found = distribution(histogram(np.full(100, 1.0378)))
    assert [found.quantile(q) for q in (0, 0.5, 1)] == [1.0378] * 3
    assert [bar.rows for bar in found.bars()] == [100]


@given(st.integers(0, 30), st.sampled_from([5, 100, 5000]), st.floats(0.001, 1))
def test_the_share_of_the_costliest_rows(seed: int, n: int, part: float) -> None:
    """It is off by 1/40 of the share of the bin that is cut, at most."""
    values = np.abs(drawn(seed, n))
    rows = max(1, round(part * n))
    got = distribution(histogram(values)).share_of(rows)
    ordered = np.sort(values)[::-1]
    cut = codes_of(values) == codes_of(ordered[rows - 1 : rows])
    bound = values[cut].sum() / values.sum() / 40
    np.testing.assert_allclose(got, ordered[:rows].sum() / values.sum(), atol=bound + 1e-10, rtol=0)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("most", [4, 10, 16])
@pytest.mark.parametrize("scale", ["linear", "logarithmic", None])
def test_bars_count_what_numpy_counts(seed: int, most: int, scale: str | None) -> None:
    values = drawn(seed, 500)
    if scale == "logarithmic" or seed % 2:
        values = np.abs(values)
    found = distribution(histogram(values))
    bars = found.bars(most, scale)
    assert sum(bar.rows for bar in bars) == 500
    assert sum(bar.low < bar.high and math.isfinite(bar.high - bar.low) for bar in bars) <= most
    for bar in bars:
        above = (values >= bar.low) & (values < bar.high)
        below = (values > bar.low) & (values <= bar.high)
        inside = np.where(values > 0, above, below & (values < 0))
        assert bar.rows == np.count_nonzero(inside if bar.low < bar.high else values == bar.low)
        if bar.share is not None and bar.low < bar.high:
            np.testing.assert_allclose(
                bar.share, values[inside].sum() / values.sum(), rtol=1e-10, atol=0
            )


@pytest.mark.parametrize(
    "values",
    [[1e-200, 0, 3], [1e150, 2], [1e200], [-1e200], [1e-120] * 5, [1000.0, 1040], [5e-324], []],
    ids=str,
)
def test_extreme_losses_have_bars(values: list[float]) -> None:
    found = distribution(histogram(values)) if values else Distribution(())
    assert sum(bar.rows for bar in found.bars()) == len(values)
    assert all(math.isfinite(found.quantile(q)) for q in (0, 0.5, 1)) or not values


def test_what_is_no_number_stands_apart() -> None:
    found = distribution(histogram([np.inf, np.nan, 0.0, -0.0, 1.0, -np.inf, np.inf]))
    bars = found.bars()
    assert [(bar.low, bar.rows) for bar in bars[:4]] == [
        (-np.inf, 1),
        (0.0, 2),
        (1.0, 1),
        (np.inf, 2),
    ]
    assert bars[4].rows == 1
    assert math.isnan(bars[4].low)
    assert found.total is None
    assert found.share_of(1) is None


def test_weights_stay_with_their_rows_where_some_losses_are_no_numbers() -> None:
    values, weight = np.array([1.0, np.nan, 2.0, np.inf, 3.0]), np.array([2.0, 7.0, 3.0, 9.0, 0.5])
    found = histogram(values, weight)
    np.testing.assert_array_equal(found.costs.values(), [2.0, 6.0, 1.5])
    assert (found.rows.tolist(), found.nans, found.infinities) == ([1, 1, 1], 1, 1)


def test_the_scale_is_logarithmic_where_the_first_bar_would_hold_most() -> None:
    rng = np.random.default_rng(0)
    assert distribution(histogram(rng.random(1000))).scale() == "linear"
    assert distribution(histogram(rng.random(1000) ** 8)).scale() == "logarithmic"
    assert distribution(histogram(rng.normal(size=1000))).scale() == "linear"


def test_threads_and_blocks_change_nothing(save: Save) -> None:
    rng = np.random.default_rng(0)
    paths = [str(save(name, rng.normal(size=1_200_000))) for name in ("p.npy", "y.npy")]
    plan = prepare("mse", paths[0], paths[1], Options(plot=True))
    found = [
        run(replace(plan, jobs=jobs, block_rows=rows)).get(Histogram)
        for jobs, rows in ((1, None), (2, None), (1, 9_999))
    ]
    states = [state(one) for one in found if one is not None]
    assert len(states) == 3
    assert states[0] == states[1] == states[2]
