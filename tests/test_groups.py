"""Groups: each is what its rows alone would be, whatever the files, the parts and the order."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import root_mean_squared_error

import lossctl
from lossctl import block
from lossctl.block import Counted, RowLosses, Scored
from lossctl.columns import ColumnOptions
from lossctl.engines import cutting, local, partition
from lossctl.errors import DataError, UsageError
from lossctl.ids import Ids
from lossctl.result import CLASS, Group, Result
from lossctl.sources import parts
from lossctl.summaries import exact_sums, groups
from lossctl.summaries.exact_sums import ExactSums, summed
from lossctl.summaries.group_names import GroupNames, coded, united
from lossctl.texts import Keys, Names

Save = Callable[[str, object], Path]
Score = Callable[..., Result]
N = 240


# What is kept, and sent, of groups


def test_groups_are_put_together_once_and_sent_as_they_were() -> None:
    found = groups.Groups((groups.MEANS,))
    for names in (Names(np.arange(3), ("a", "b", "c")), Names(np.arange(2), ("d", "b"))):
        losses = RowLosses(np.ones((1, len(names))), (Counted((0,), 1.0),))
        found = found.add(Scored(losses, groups=(names,)))
    before = pickle.dumps(found)
    assert found.sums is found.sums
    assert pickle.dumps(found) == before
    sent = pickle.loads(before)  # noqa: S301  # of our own making
    assert [*sent.sums.names.texts(0)] == [*found.sums.names.texts(0)]
    assert len(sent.parts) == len(found.parts) == 2


def test_different_names_with_the_same_hash_are_refused() -> None:
    word = np.array([7], np.uint64)
    one, other = (GroupNames((Ids(word, Keys.of([name])),), word) for name in ("a", "b"))
    assert [*united([one, one])[0].texts(0)] == ["a"]
    with pytest.raises(DataError, match="have the same 64-bit hash"):
        united([one, other])


# The exact sums of many groups


FINITE = st.floats(allow_nan=False, allow_infinity=False)
ADVERSE = st.one_of(
    FINITE,
    st.sampled_from([5e-324, -5e-324, 2.2e-308, 1e308, -1e308, 1.7e308, 2.0**992, 2.0**991, 1.0]),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
)
ODD = st.one_of(ADVERSE, st.sampled_from([math.inf, -math.inf, math.nan]))
ROWS = st.lists(st.tuples(ODD, st.integers(0, 3)), max_size=40)


def exact(values: Iterable[float]) -> float:
    """Return the sum as math.fsum does, infinite where that overflows."""
    values = list(values)
    if not all(map(math.isfinite, values)):
        return sum(value for value in values if not math.isfinite(value))
    try:
        return math.fsum(values) + 0.0
    except OverflowError:  # of a partial sum, perhaps
        total = sum(map(Fraction, values))
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def sums(rows: Sequence[tuple[float, int]], size: int = 4) -> ExactSums:
    values, codes = np.array([v for v, _ in rows]), np.array([c for _, c in rows], np.int64)
    return ExactSums.of(values.astype(np.float64), codes, size)


def by_group(rows: Sequence[tuple[float, int]], size: int = 4) -> list[float]:
    return [exact(value for value, code in rows if code == group) for group in range(size)]


@settings(deadline=None)
@given(ROWS, st.randoms(), st.integers(0, 40))
def test_sums_of_groups_are_those_of_fsum_in_any_order_and_split(
    rows: list[tuple[float, int]], random: Any, cut: int
) -> None:
    expected = by_group(rows)
    np.testing.assert_array_equal(sums(rows).values(), expected)
    np.testing.assert_array_equal([one.value for one in sums(rows)], expected)
    random.shuffle(rows)
    split = [sums(rows[cut:]), sums(rows[:cut])]
    np.testing.assert_array_equal(summed(split).values(), expected)


@given(st.lists(st.tuples(ADVERSE, st.integers(0, 3)), max_size=20))
def test_units_of_groups_are_whole_numbers_of_the_smallest_float(
    rows: list[tuple[float, int]],
) -> None:
    expected = [sum(Fraction(v) for v, code in rows if code == g) * 2**1074 for g in range(4)]
    assert list(sums(rows).units()) == expected


@given(ROWS, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_groups_of_groups_have_the_sums_of_their_rows(
    rows: list[tuple[float, int]], codes: list[int]
) -> None:
    collapsed = sums(rows).collapsed(np.array(codes), 3)
    np.testing.assert_array_equal(
        collapsed.values(), by_group([(value, codes[code]) for value, code in rows], 3)
    )


@pytest.mark.parametrize("value", [1.0, -1.0, 1e308, 5e-324, 1 - 2.0**-53])
def test_limbs_are_carried_on_before_they_overflow(value: float) -> None:
    """As of 2^62 rows: a sum added to itself, again and again."""
    total = sums([(value, 0), (value / 3, 1)], 2)
    for _ in range(80):
        total = summed([total, total])
    units = [Fraction(value) * 2 ** (80 + 1074), Fraction(value / 3) * 2 ** (80 + 1074)]
    assert list(total.units()) == units
    back = summed([total, *[sums([(-value, 0)], 2)] * 2])
    assert next(back.units()) == units[0] - 2 * Fraction(value) * 2**1074


def test_a_million_rows_of_one_group_add_up_near_the_largest_float() -> None:
    for value in (math.nextafter(2.0**992, 0), 0.1, 5e-324):
        values = np.full((1 << 20) + 3, value)
        (found,) = ExactSums.of(values, np.zeros(len(values), np.int64), 1)
        assert found.units == Fraction(value) * len(values) * 2**1074


def test_sums_in_pieces_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    values = rng.standard_normal(1000) * 10.0 ** rng.integers(-300, 300, 1000)
    codes = rng.integers(0, 7, 1000)
    whole = list(ExactSums.of(values, codes, 7).units())
    monkeypatch.setattr(exact_sums, "_ROWS", 64)
    monkeypatch.setattr(exact_sums, "_STEP", 2)
    assert list(ExactSums.of(values, codes, 7).units()) == whole


def test_constants_add_up() -> None:
    counts = np.array([0, 1, 3_000_000_000])
    expected = [0.0, 7.0, 21e9]
    np.testing.assert_array_equal(ExactSums.of_constant(7.0, counts).values(), expected)


def test_names_of_columns_whose_product_is_a_power_of_two_are_told_apart() -> None:
    texts = tuple(map(str, range(1 << 16)))
    columns = [Names(np.array([0, 1]) * (i == 0), texts) for i in range(5)]
    names, places, rows = coded(columns)
    assert rows.tolist() == [1, 1]
    assert [[*names.texts(0)][place] for place in places] == ["0", "1"]


def test_names_of_many_columns_are_told_apart_beyond_64_bits() -> None:
    rng = np.random.default_rng(2)
    texts = tuple(map(str, range(1 << 17)))
    codes = rng.integers(0, len(texts), (5, 50))
    codes[:, 25:] = codes[:, :25]
    names, places, rows = coded([Names(column, texts) for column in codes])
    assert rows.tolist() == [2] * 25
    found = zip(*(names.texts(i) for i in range(5)), strict=True)
    by_place = dict(enumerate(found))
    for row in range(50):
        assert by_place[int(places[row])] == tuple(map(str, codes[:, row]))


# Groups against the rows of each alone


def _close(found: float | None, expected: float | None, tolerance: float) -> None:
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=0)


def check(
    result: lossctl.Result,
    alone: Callable[[Group], lossctl.Result],
    *,
    interval: float = 1e-12,
) -> None:
    """Check each group of a result against the result of its rows alone."""
    assert result.groups
    assert sum(group.n for group in result.groups) == result.n
    for group in result.groups:
        expected = alone(group)
        assert (group.n, group.denominator) == (expected.n, expected.denominator)
        np.testing.assert_array_equal(
            [group.value, group.sum], [expected.value, expected.sum], strict=True
        )
        for name in ("stderr", "low", "high"):
            _close(getattr(group, name), getattr(expected, name), interval)
        if math.isfinite(group.sum) and math.isfinite(result.sum) and result.sum:
            assert group.share == group.sum / result.sum
        else:
            assert group.share is None


def _groups(seed: int = 1, count: int = 5) -> Any:
    return np.random.default_rng(seed).integers(0, count, N)


def regression(outputs: int = 1) -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    shape = (N,) if outputs == 1 else (N, outputs)
    return rng.gamma(2.0, 1.0, shape), rng.gamma(2.0, 1.0, shape)


def events() -> tuple[Any, Any]:
    rng = np.random.default_rng(4)
    p = rng.random(N)
    return p, (rng.random(N) < p).astype(float)


def signs() -> tuple[Any, Any]:
    rng = np.random.default_rng(5)
    return rng.standard_normal(N), rng.choice([-1.0, 1.0], N)


def classes() -> tuple[Any, Any]:
    rng = np.random.default_rng(6)
    return rng.dirichlet(np.ones(4), N), rng.integers(0, 4, N)


def scores() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    return rng.standard_normal((N, 4)), rng.integers(0, 4, N)


def soft() -> tuple[Any, Any]:
    rng = np.random.default_rng(8)
    return rng.dirichlet(np.ones(3), N), rng.dirichlet(np.ones(3), N)


def soft_events() -> tuple[Any, Any]:
    rng = np.random.default_rng(9)
    return rng.random(N), rng.random(N)


def spread() -> tuple[Any, Any]:
    rng = np.random.default_rng(10)
    return np.column_stack([rng.standard_normal(N), rng.gamma(2.0, 1.0, N)]), rng.normal(size=N)


def gaps() -> tuple[Any, Any]:
    p, y = regression(3)
    rng = np.random.default_rng(11)
    p[rng.random(p.shape) < 0.2] = np.nan
    y[rng.random(N) < 0.1] = np.nan
    return p, y


def empty() -> tuple[Any, Any]:
    p, y = events()
    p[::7] = np.nan
    return p, y


CASES: dict[str, tuple[str, Callable[[], tuple[Any, Any]], dict[str, Any]]] = {
    "mse": ("mse", regression, {}),
    "mae": ("mae", regression, {}),
    "rmse": ("rmse", regression, {}),
    "sse": ("sse", regression, {}),
    "sum of mae": ("mae", regression, {"reduction": "sum"}),
    "huber": ("huber:delta=0.5", regression, {}),
    "quantile": ("quantile:alpha=0.9", regression, {}),
    "log-cosh": ("log-cosh", regression, {}),
    "rmsle": ("rmsle", regression, {}),
    "mape": ("mape", regression, {}),
    "poisson": ("poisson", regression, {}),
    "gamma": ("gamma", regression, {}),
    "tweedie": ("tweedie:power=1.5", regression, {}),
    "several outputs": ("mse", lambda: regression(3), {}),
    "rmse of several outputs": ("rmse", lambda: regression(3), {}),
    "sse of several outputs": ("sse", lambda: regression(2), {}),
    "cells that are skipped": ("mse", gaps, {"nan": "skip"}),
    "rmse of what is left": ("rmse", gaps, {"nan": "skip"}),
    "rows that are skipped": ("bce", empty, {"nan": "skip"}),
    "missing values that stay": ("bce", empty, {"nan": "propagate"}),
    "bce": ("bce", events, {}),
    "bce of logits": ("bce", signs, {"from_": "logits"}),
    "weight of the event": ("bce", events, {"pos_weight": 3.0}),
    "weights of two classes": ("bce", events, {"class_weight": "0=0.25,1=3"}),
    "smoothing": ("bce", events, {"label_smoothing": 0.1}),
    "soft events": ("bce", soft_events, {}),
    "brier": ("brier", events, {}),
    "focal": ("focal", events, {}),
    "zero-one": ("zero-one", events, {}),
    "hinge": ("hinge", signs, {}),
    "exponential": ("exponential", signs, {}),
    "ce": ("ce", classes, {}),
    "ce of logits": ("ce", scores, {"from_": "logits"}),
    "weights of classes": ("ce", classes, {"class_weight": [0.1, 1.0, 2.5, 0.7]}),
    "a class that weighs nothing": ("ce", classes, {"class_weight": [0.0, 1.0, 2.5, 0.7]}),
    "ignored labels": ("ce", classes, {"ignore_label": 2}),
    "soft classes": ("ce", soft, {}),
    "kl-div": ("kl-div", soft, {}),
    "brier of classes": ("brier", classes, {}),
    "rps": ("rps", classes, {}),
    "multi-margin": ("multi-margin", scores, {}),
    "gaussian-nll": ("gaussian-nll", spread, {}),
    "crps": ("crps", spread, {}),
}


def frames(p: Any, y: Any, **columns: Any) -> tuple[pa.Table, pa.Table]:
    """Return predictions and labels as tables, the other columns beside the labels."""
    p, y = np.asarray(p), np.asarray(y)
    if p.shape[1:] == (1,):
        p, y = p[:, 0], y[:, 0]
    mine = dict(zip("abcd", p.T, strict=False)) if p.ndim == 2 else {"pred": p}
    theirs = dict(zip("abcd", y.T, strict=False)) if y.ndim == 2 else {"label": y}
    return pa.table(mine), pa.table({**theirs, **columns})


@pytest.mark.parametrize("weighed", [False, True], ids=["", "weights"])
@pytest.mark.parametrize(("loss", "make", "options"), CASES.values(), ids=CASES)
def test_each_group_is_what_its_rows_are_alone(
    loss: str,
    make: Callable[[], tuple[Any, Any]],
    options: dict[str, Any],
    *,
    weighed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p, y = make()
    group, weight = _groups(), np.random.default_rng(12).gamma(1.0, 1.0, N)
    both = {"weight_col": "weight"} if weighed else {}
    predictions, labels = frames(p, y, group=group, weight=weight)
    keep = {"classes": "a,b,c,d"} if p.shape[1:] == (4,) else {}
    if p.shape[1:] == (2,) and y.ndim == 1:
        keep = {"pred_col": "a,b"}
    asked = {**options, **both, **keep}
    result = lossctl.score(loss, predictions, labels, by="group", **asked)

    def alone(one: Group) -> lossctl.Result:
        rows = np.flatnonzero(group == int(one.names["group"]))
        return lossctl.score(loss, predictions.take(rows), labels.take(rows), **asked)

    check(result, alone)
    _cut(monkeypatch)
    in_parts = lossctl.score(loss, predictions, labels, by="group", **asked)
    assert repr(_bits(in_parts)) == repr(_bits(result))
    for one, other in zip(in_parts.groups or (), result.groups or (), strict=True):
        _close(one.stderr, other.stderr, 1e-12)


def test_several_losses_have_groups_of_their_own() -> None:
    p, y = regression()
    predictions, labels = frames(p, y, group=_groups())
    for one in lossctl.scores("mse,rmse,mae,sse", predictions, labels, by="group"):
        check(
            one,
            lambda g, loss=one.loss: lossctl.score(  # type: ignore[misc]
                loss,
                p[_groups() == int(g.names["group"])],
                y[_groups() == int(g.names["group"])],
            ),
        )


# Sizes


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("tiny", [False, True])
def test_errors_are_right_where_the_mean_is_far_larger_than_the_spread(
    outputs: int, *, weighed: bool, tiny: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tiny:
        _cut(monkeypatch)
    rng = np.random.default_rng(13)
    p = 1e8 + 1e-3 * rng.standard_normal((N, outputs))
    group, weight = _groups(), rng.gamma(1.0, 1.0, N)
    predictions, labels = frames(p, np.zeros((N, outputs)), group=group, weight=weight)
    options: dict[str, Any] = {"weight_col": "weight"} if weighed else {}
    jobs = 2 if tiny else 1
    result = lossctl.score("mae", predictions, labels, by="group", jobs=jobs, **options)
    assert result.groups is not None
    for one in result.groups:
        rows = group == int(one.names["group"])
        w = weight[rows] if weighed else np.ones(rows.sum())
        # what a row loss is, is rounded: to the float64 that fl(w l) is
        losses = [math.fsum(row) for row in p[rows].tolist()]
        a = [Fraction(x * v) for x, v in zip(losses, w.tolist(), strict=True)]
        b = [Fraction(v * outputs) for v in w.tolist()]
        ratio, n = sum(a) / sum(b), len(a)
        squares = sum((x - ratio * v) ** 2 for x, v in zip(a, b, strict=True))
        expected = math.sqrt(Fraction(n, n - 1) * squares / sum(b) ** 2)
        assert one.stderr is not None
        np.testing.assert_allclose(one.stderr, expected, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-160, 1e160, 1e200, 1e300])
@pytest.mark.parametrize("tiny", [False, True])
@pytest.mark.parametrize("weighed", [False, True])
def test_errors_of_tiny_and_huge_losses(
    scale: float, *, tiny: bool, weighed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one group of many; the others are as ever."""
    if tiny:
        _cut(monkeypatch)
    rng = np.random.default_rng(14)
    group, weight = _groups(), rng.gamma(2.0, 1.0, N)
    p = np.where(group == 2, scale, 1.0) * (1 + rng.random(N))
    predictions, labels = frames(p, np.zeros(N), group=group, weight=weight)
    options: dict[str, Any] = {"weight_col": "weight"} if weighed else {}
    result = lossctl.score("mae", predictions, labels, by="group", jobs=1 + tiny, **options)
    if weighed and scale > 1e290:  # products as if exact would overflow: no error is told
        assert [g.stderr is None for g in result.groups or ()] == [False, False, True, False, False]
        return

    def alone(one: Group) -> lossctl.Result:
        rows = np.flatnonzero(group == int(one.names["group"]))
        return lossctl.score("mae", predictions.take(rows), labels.take(rows), **options)

    check(result, alone)


def test_a_group_may_hold_tiny_and_ordinary_losses() -> None:
    p = np.array([1e-200, 3e-200, 1.0, 2.0, 5e-200, 1e-200])
    group = [0, 0, 0, 0, 1, 1]
    predictions, labels = frames(p, np.zeros(6), group=group)
    result = lossctl.score("mae", predictions, labels, by="group")
    check(
        result, lambda g: lossctl.score("mae", *(v.slice(*_span(g)) for v in (predictions, labels)))
    )


def _span(group: Group) -> tuple[int, int]:
    return (0, 4) if group.names["group"] == "0" else (4, 2)


def test_the_mean_of_a_group_whose_sum_overflows_is_finite() -> None:
    p = [1.7e308, 1.5e308, 1.0]
    predictions, labels = frames(p, np.zeros(3), group=["a", "a", "b"])
    result = lossctl.score("mae", predictions, labels, by="group")
    assert result.groups is not None
    first, second = result.groups
    assert (first.value, first.sum, second.value) == (1.6e308, math.inf, 1.0)


def test_equal_losses_have_no_error_in_any_part(monkeypatch: pytest.MonkeyPatch) -> None:
    _cut(monkeypatch)
    predictions, labels = frames(np.full(N, 0.1), np.zeros(N), group=_groups())
    result = lossctl.score("mae", predictions, labels, by="group", jobs=2)
    assert [(g.value, g.stderr) for g in result.groups or ()] == [(0.1, 0.0)] * 5


def test_weights_beyond_what_can_be_squared_give_no_wrong_error() -> None:
    rng = np.random.default_rng(15)
    for size in (1e-170, 1e170):
        weight = size * rng.gamma(2.0, 1.0, 10)
        p = rng.random(10)
        predictions, labels = frames(p, np.zeros(10), group=["a"] * 10, weight=weight)
        result = lossctl.score("mae", predictions, labels, by="group", weight_col="weight")
        (group,) = result.groups or ()
        assert group.value == result.value
        if group.stderr is not None:
            _close(group.stderr, result.stderr, 1e-12)


# Groups of which something is odd


def test_a_group_that_weighs_nothing_has_no_mean() -> None:
    predictions, labels = frames(
        [1.0, 2.0, 3.0, 5.0], [0.0] * 4, g=["a", "a", "b", "b"], weight=[0.0, 0.0, 1.0, 1.0]
    )
    result = lossctl.score("mae", predictions, labels, by="g", weight_col="weight")
    first, second = result.groups or ()
    assert math.isnan(first.value)
    assert (first.n, first.denominator, first.sum, first.stderr, first.share) == (2, 0, 0, None, 0)
    assert (second.value, second.share) == (4.0, 1.0)
    _close(second.stderr, 1.0, 1e-15)
    rmse = lossctl.score("rmse", predictions, labels, by="g", weight_col="weight").groups or ()
    assert math.isnan(rmse[0].value)
    total = lossctl.score("sse", predictions, labels, by="g", weight_col="weight").groups or ()
    assert (total[0].value, total[0].stderr) == (0.0, 0.0)


def test_a_first_part_that_weighs_nothing_costs_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    _cut(monkeypatch)
    rng = np.random.default_rng(16)
    p = 1e8 + 1e-3 * rng.standard_normal(N)
    weight = np.where(np.arange(N) < N // 2, 0.0, 1.0)
    predictions, labels = frames(p, np.zeros(N), group=[7] * N, weight=weight)
    options: Any = {"weight_col": "weight", "jobs": 2}
    result = lossctl.score("mae", predictions, labels, by="group", **options)
    (group,) = result.groups or ()
    _close(group.stderr, result.stderr, 1e-9)


def test_groups_of_one_row_have_no_error() -> None:
    predictions, labels = frames([1.0, 2.0, 3.0], [0.0] * 3, g=["a", "b", "b"])
    for loss in ("mse", "rmse", "sse"):
        first, second = lossctl.score(loss, predictions, labels, by="g").groups or ()
        assert (first.n, first.stderr, first.low, first.high) == (1, None, None, None)
        assert second.stderr is not None


def test_what_is_not_finite_stays_in_its_group() -> None:
    p = [0.0, 0.5, 0.5, 0.25, np.nan, 0.5]
    predictions, labels = frames(p, [1.0, 0.0, 1.0, 1.0, 1.0, 1.0], g=list("aabbcc"))
    result = lossctl.score("bce", predictions, labels, by="g", nan="propagate")
    a, b, c = result.groups or ()
    assert (a.value, a.stderr, a.low, a.share) == (math.inf, None, None, None)
    expected = lossctl.score("bce", p[2:4], [1.0, 1.0])
    assert b.value == expected.value
    _close(b.low, expected.low, 1e-12)
    assert math.isnan(c.value)
    assert json.loads(json.dumps(a.to_dict(0.95), allow_nan=False))["status"] == "infinite"


def test_small_groups_are_hidden_and_counted() -> None:
    group = np.array(["a"] * 100 + ["b"] * 99 + ["c"] * 41)
    p, y = regression()
    predictions, labels = frames(p, y, g=group)
    for least, kept in ((1, "abc"), (99, "ab"), (100, "a"), (101, "")):
        result = lossctl.score("mse", predictions, labels, by="g", min_group=least)
        assert [g.names["g"] for g in result.groups or ()] == list(kept)
        assert result.small_groups == 3 - len(kept)
    clustered = lossctl.score("mse", predictions, labels, by="g", cluster="g", min_group=99)
    assert [g.names["g"] for g in clustered.groups or ()] == ["a", "b"]


# Inputs


def _cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut every few rows, sum up every few rows, and put groups together at once."""
    monkeypatch.setattr(partition, "block_rows", lambda _: 8)
    monkeypatch.setattr(block, "_ENOUGH_ROWS", 8)
    monkeypatch.setattr(groups, "_PENDING", 2)
    monkeypatch.setattr(cutting, "PART_BYTES", 700)
    monkeypatch.setattr(cutting, "ROWS", 50)
    monkeypatch.setattr(parts, "WINDOW", 256)
    monkeypatch.setattr(local, "WORTH_CUTTING", 0)


REGIONS = np.array(["eu", "us", "", "a b", "ü", "7", "007", "x"])


def _columns() -> dict[str, list[Any]]:
    p, y = events()
    regions = REGIONS[_groups(17, len(REGIONS))]
    return {"prob": p.tolist(), "label": y.astype(int).tolist(), "region": regions.tolist()}


def _csv(path: Path, columns: dict[str, list[Any]], delimiter: str = ",") -> str:
    lines = [delimiter.join(columns)]
    lines += [delimiter.join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def one_text(folder: Path) -> Any:
    return _csv(folder / "b.csv", _columns()), None


def tabs(folder: Path) -> Any:
    return _csv(folder / "b.tsv", _columns(), "\t"), None


def two_texts(folder: Path) -> Any:
    c = _columns()
    rest = {"label": c["label"], "region": c["region"]}
    return _csv(folder / "p.csv", {"prob": c["prob"]}), _csv(folder / "y.csv", rest)


def beside_predictions(folder: Path) -> Any:
    c = _columns()
    rest = {"region": c["region"], "prob": c["prob"]}
    return _csv(folder / "p.csv", rest), _csv(folder / "y.csv", {"label": c["label"]})


def lines_of_json(folder: Path) -> Any:
    c = _columns()
    rows = (dict(zip(c, row, strict=True)) for row in zip(*c.values(), strict=True))
    (folder / "b.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder / "b.jsonl"), None


def parquet(folder: Path) -> Any:
    pq.write_table(pa.table(_columns()), folder / "b.parquet", row_group_size=33)
    return str(folder / "b.parquet"), None


def dictionaries(folder: Path) -> Any:
    table = pa.table(_columns())
    table = table.set_column(2, "region", table["region"].dictionary_encode())
    pq.write_table(table, folder / "b.parquet", row_group_size=50)
    return str(folder / "b.parquet"), None


def parquet_and_text(folder: Path) -> Any:
    c = _columns()
    pq.write_table(pa.table({"prob": c["prob"]}), folder / "p.parquet", row_group_size=33)
    rest = {"region": c["region"], "label": c["label"]}
    return str(folder / "p.parquet"), _csv(folder / "y.csv", rest)


def joined(folder: Path) -> Any:
    c = _columns()
    order = np.random.default_rng(18).permutation(N)
    mine = {"id": list(range(N)), "prob": c["prob"]}
    theirs = {k: [c[k][i] for i in order] for k in ("label", "region")}
    return (
        _csv(folder / "p.csv", mine),
        _csv(folder / "y.csv", {"id": order.tolist(), **theirs}),
    )


def joined_beside_predictions(folder: Path) -> Any:
    c = _columns()
    order = np.random.default_rng(18).permutation(N)
    mine = {"id": list(range(N)), "prob": c["prob"], "region": c["region"]}
    theirs = {"id": order.tolist(), "label": [c["label"][i] for i in order]}
    return _csv(folder / "p.csv", mine), _csv(folder / "y.csv", theirs)


MADE = [
    one_text,
    tabs,
    two_texts,
    beside_predictions,
    lines_of_json,
    parquet,
    dictionaries,
    parquet_and_text,
    joined,
    joined_beside_predictions,
]


def _of_names(columns: dict[str, list[Any]], group: Group) -> lossctl.Result:
    names = [str(text).strip() for text in columns["region"]]
    rows = [i for i, text in enumerate(names) if text == group.names["region"]]
    return lossctl.score(
        "bce", [columns["prob"][i] for i in rows], [columns["label"][i] for i in rows]
    )


def _bits(result: lossctl.Result) -> list[Any]:
    return [
        (tuple(g.names.items()), g.value, g.sum, g.n, g.denominator, g.share)
        for g in result.groups or ()
    ]


@pytest.mark.parametrize("make", MADE)
def test_groups_of_any_format_whole_and_in_parts(
    make: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = make(tmp_path)
    options: Any = {"id": "id"} if make.__name__.startswith("joined") else {}
    results = [lossctl.score("bce", *inputs, by="region", jobs=1, **options)]
    _cut(monkeypatch)
    results += [lossctl.score("bce", *inputs, by="region", jobs=j, **options) for j in (1, 3)]
    assert {text for (((_, text),), *_) in _bits(results[0])} == {*REGIONS.tolist()}
    for result in results:
        check(result, lambda group: _of_names(_columns(), group))
        assert _bits(result) == _bits(results[0])


def test_groups_do_not_depend_on_the_order_of_rows() -> None:
    p, y = regression()
    group, weight = _groups(), np.random.default_rng(19).random(N)
    results = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(N) if seed else np.arange(N)
        tables = frames(p[order], y[order], g=group[order], weight=weight[order])
        results.append(lossctl.score("mse", *tables, by="g", weight_col="weight"))
        assert _bits(results[-1]) == _bits(results[0])


@pytest.mark.parametrize("jobs", [1, 2])
def test_arrays_have_columns_by_position(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut(monkeypatch)
    p, y = regression()
    group = _groups()
    np.save(tmp_path / "p.npy", p)
    np.save(tmp_path / "y.npy", np.column_stack([y, group]))
    inputs = str(tmp_path / "p.npy"), str(tmp_path / "y.npy")
    result = lossctl.score("mse", *inputs, label_col=0, by=1, jobs=jobs)

    def alone(one: Group) -> lossctl.Result:
        rows = group == int(one.names["1"])
        return lossctl.score("mse", p[rows], y[rows])

    check(result, alone)


def test_blanks_quotes_and_empty_cells(tmp_path: Path) -> None:
    cells = ["a", " a", '"a"', '" a "', "", '""', "  ", '"b,c"', '"b ""c"""', "b"]
    path = tmp_path / "b.csv"
    path.write_text("\n".join(["g,pred,label", *(f"{c},{i},0" for i, c in enumerate(cells))]))
    result = lossctl.score("mae", str(path), by="g")
    expected = {"": 3, "a": 4, "b": 1, "b,c": 1, 'b "c"': 1}
    assert {g.names["g"]: g.n for g in result.groups or ()} == expected
    assert {g.names["g"]: g.sum for g in result.groups or ()}["a"] == 0 + 1 + 2 + 3


def test_bytes_that_are_no_utf8_are_names(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(b"g,pred,label\n\xff,1,0\n\xfe,2,0\n\xff,3,0\n")
    result = lossctl.score("mae", str(path), by="g")
    assert [(g.n, g.sum) for g in result.groups or ()] == [(1, 2.0), (2, 4.0)]
    assert len({g.names["g"] for g in result.groups or ()}) == 2


def test_numbers_that_are_written_alike_are_a_group() -> None:
    for values, expected in (
        ([1, 2, 10, 2], ["1", "2", "10"]),
        ([-1, 10, 2, 2], ["-1", "2", "10"]),
        ([0.5, 1.5, 0.5, 1e300], ["0.5", "1.5", "1e+300"]),
        (["07", "7", "7.0", "7"], ["7", "07", "7.0"]),
        (["b10", "b9", "a", "b9"], ["a", "b9", "b10"]),
        ([True, False, True, True], ["False", "True"]),
    ):
        predictions, labels = frames([1.0, 2.0, 3.0, 4.0], [0.0] * 4, g=values)
        result = lossctl.score("mae", predictions, labels, by="g")
        found = [g.names["g"] for g in result.groups or ()]
        assert sorted(found) == sorted(expected, key=str) or found == [*map(str.lower, expected)]


def test_numbers_stand_in_their_order_and_so_do_those_in_texts() -> None:
    for values, expected in (
        ([0.5, 0.25, -1.0, 10.0, 2.0], ["-1", "0.25", "0.5", "2", "10"]),
        (["0.5", "0.25", "", "1e3", "20"], ["", "0.25", "0.5", "20", "1e3"]),
        (["v0.10", "v0.9", "b", "v0.9a", ""], ["", "b", "v0.9", "v0.9a", "v0.10"]),
    ):
        predictions, labels = frames([1.0] * 5, [0.0] * 5, g=values)
        result = lossctl.score("mae", predictions, labels, by="g")
        assert [g.names["g"] for g in result.groups or ()] == expected


def test_groups_by_several_columns() -> None:
    p, y = regression()
    rng = np.random.default_rng(20)
    a, b, c = rng.integers(0, 3, N), rng.choice(["x", "y", ""], N), rng.integers(0, 2, N)
    predictions, labels = frames(p, y, a=a, b=b)
    predictions = predictions.append_column("fold", pa.array(c))
    result = lossctl.score("rmse", predictions, labels, by=["a", "b", "fold"])
    found = result.groups or ()
    assert [tuple(g.names) for g in found] == [("a", "b", "fold")] * len(found)
    assert len(found) == len({*zip(a.tolist(), b.tolist(), c.tolist(), strict=True)})

    def alone(one: Group) -> lossctl.Result:
        rows = (a == int(one.names["a"])) & (b == one.names["b"]) & (c == int(one.names["fold"]))
        return lossctl.score("rmse", p[rows], y[rows])

    check(result, alone)


@given(
    st.lists(
        st.tuples(st.sampled_from(["1", "12", "", "a", "1a"]), st.sampled_from(["2", "", "12"])),
        min_size=1,
        max_size=30,
    )
)
def test_pairs_of_names_are_groups_of_their_own(pairs: list[tuple[str, str]]) -> None:
    a, b = zip(*pairs, strict=True)
    predictions, labels = frames(np.ones(len(a)), np.zeros(len(a)), a=list(a), b=list(b))
    result = lossctl.score("mae", predictions, labels, by=["a", "b"])
    found = {tuple(g.names.values()): g.n for g in result.groups or ()}
    assert found == {pair: pairs.count(pair) for pair in pairs}


def test_groups_are_a_sequence_that_is_made_when_asked() -> None:
    predictions, labels = frames(np.arange(30.0), np.zeros(30), g=np.arange(30) % 15)
    found = lossctl.score("mae", predictions, labels, by="g").groups
    assert found is not None
    everything = list(found)
    assert len(found) == 15
    assert [g.names["g"] for g in found] == [str(i) for i in range(15)]
    assert found[3] == everything[3]
    assert found[-1] == everything[-1]
    assert found[2:7:2] == everything[2:7:2]
    with pytest.raises(IndexError):
        found[15]


# By label


def _by_label(loss: str, predictions: Any, labels: Any, **options: Any) -> dict[str, Group]:
    result = lossctl.score(loss, predictions, labels, by="label", **options)
    return {group.names["label"]: group for group in result.groups or ()}


def _check_labels(
    found: dict[str, Group], loss: str, p: Any, y: Any, expected: dict[str, Any], **options: Any
) -> None:
    assert list(found) == list(expected)
    for text, label in expected.items():
        rows = y == label
        alone = lossctl.score(loss, p[rows], y[rows], **options)
        assert (found[text].value, found[text].n) == (alone.value, alone.n)


def test_by_label_in_all_codings_of_events() -> None:
    p, y = events()
    for labels, names in (
        (y, ["0", "1"]),
        (y.astype(int), ["0", "1"]),
        (y * 2 - 1, ["-1", "1"]),
        (np.where(y == 1, "yes", "no"), ["no", "yes"]),
        (y.astype(bool), None),
    ):
        found = _by_label("bce", p, labels)
        _check_labels(found, "bce", p, y, dict(zip(names or found, (0, 1), strict=True)))


def test_by_label_in_all_codings_of_classes(tmp_path: Path) -> None:
    p, y = classes()
    positions = {str(k): k for k in range(4)}
    _check_labels(_by_label("ce", p, y), "ce", p, y, positions)
    one_hot = np.eye(4)[y]
    _check_labels(_by_label("ce", p, one_hot), "ce", p, y, positions)
    named = {name: k for k, name in enumerate("abcd")}
    texts = np.array(list("abcd"))[y]
    found = _by_label("ce", p, texts.tolist(), classes="a,b,c,d")
    _check_labels(found, "ce", p, y, named)
    predictions, labels = frames(p, one_hot)
    _check_labels(_by_label("ce", predictions, labels), "ce", p, y, named)
    base = {str(k + 1): k for k in range(4)}
    _check_labels(_by_label("ce", p, y + 1, label_base=1), "ce", p, y, base)
    header = ",".join(f"p_{name}" for name in "abcd")
    rows = [",".join(map(repr, row)) for row in p.tolist()]
    path, truth = tmp_path / "p.csv", tmp_path / "y.csv"
    path.write_text("\n".join([header, *rows]))
    truth.write_text("\n".join(["target", *texts.tolist()]))
    _check_labels(_by_label("ce", str(path), str(truth)), "ce", p, y, named)


def test_classes_have_the_losses_of_their_rows(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(18)
    p, y = rng.dirichlet(np.ones(3), 300), rng.integers(0, 3, 300)
    event, happened = rng.random(300), rng.integers(0, 2, 300)
    each = -np.log(np.where(happened == 1, event, 1 - event))
    chosen = -np.log(p[np.arange(300), y])
    cases = (
        ("ce", p, y, y, chosen),
        ("ce", p, np.eye(3)[y], y, chosen),
        ("bce", event, happened, happened, each),
    )
    for loss, predictions, labels, classes, losses in cases:
        save("p.npy", predictions)
        save("y.npy", labels)
        found = scored(loss, "p.npy", "y.npy", per_class=True).classes or ()
        expected = {str(k): losses[classes == k] for k in np.unique(classes)}
        assert {one.names[CLASS]: one.n for one in found} == {
            name: len(own) for name, own in expected.items()
        }
        for one in found:
            own = expected[one.names[CLASS]]
            np.testing.assert_allclose([one.value, one.sum], [own.mean(), own.sum()], rtol=1e-12)
    for loss, predictions, hard in (("ce", p, np.eye(3)[y]), ("bce", event, happened * 1.0)):
        soft = hard.copy()
        soft[200] = soft[200] * 0.75 + 0.25 / (3 if loss == "ce" else 2)
        save("p.npy", predictions)
        save("y.npy", soft)
        assert scored(loss, "p.npy", "y.npy", per_class=True).classes is None


@pytest.mark.parametrize("by", [(), ("g",)])
@pytest.mark.parametrize("soft", [False, True])
def test_classes_in_parts_have_errors_over_clusters(
    by: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    scored: Score,
    tmp_path: Path,
    *,
    soft: bool,
) -> None:
    rng = np.random.default_rng(19)
    p, y, cluster = rng.random(N), rng.integers(0, 2, N) * 1.0, rng.integers(0, 30, N)
    y[-1] = 0.5 if soft else 1.0
    columns = {"prob": p, "label": y, "who": cluster, "g": rng.integers(0, 2, N)}
    pq.write_table(pa.table(columns), tmp_path / "f.parquet", row_group_size=40)
    _cut(monkeypatch)
    clustered = ColumnOptions(by=by, cluster="who")
    found = scored("bce", "f.parquet", columns=clustered, per_class=True, jobs=2).classes
    assert (found is None) == soft
    for one in found or ():
        own = y == float(one.names[CLASS])
        losses = -np.log(np.where(y == 1, p, 1 - p))[own]
        rest = np.bincount(cluster[own], losses - losses.mean(), 30)
        met = len(np.unique(cluster[own]))
        variance = met / (met - 1) * (rest**2).sum() / own.sum() ** 2
        assert (one.value, one.stderr) == pytest.approx((losses.mean(), variance**0.5), rel=1e-12)


def test_by_the_label_columns_own_name() -> None:
    p, y = events()
    table = pa.table({"prob": p, "target": y.astype(int)})
    result = lossctl.score("bce", table, by="target")
    found = {group.names["target"]: group for group in result.groups or ()}
    _check_labels(found, "bce", p, y, {"0": 0, "1": 1})


def test_by_label_leaves_out_what_is_ignored_and_skipped() -> None:
    p, y = classes()
    p[5] = np.nan
    found = _by_label("ce", p, y, ignore_label=1, nan="skip")
    assert list(found) == ["0", "2", "3"]
    kept = ~np.isnan(p[:, 0])
    _check_labels(found, "ce", p[kept], y[kept], {"0": 0, "2": 2, "3": 3})


def test_by_label_of_numbers() -> None:
    p = np.arange(6.0)
    y = np.array([0.5, 0.5, -0.0, 0.0, 1e300, 2.0])
    found = _by_label("mae", p, y)
    assert {text: group.n for text, group in found.items()} == {
        "0": 2,
        "0.5": 2,
        "1e+300": 1,
        "2": 1,
    }


# What cannot be meant


def _error(**options: Any) -> str:
    p, y = events()
    table = pa.table({"prob": p, "label": y, "region": _groups(), "weight": p})
    with pytest.raises((DataError, UsageError)) as caught:
        lossctl.score("bce", table, **options)
    return f"{caught.value.message} | {caught.value.hint}"


def test_columns_that_make_no_groups_are_errors() -> None:
    assert "'prob' is the prediction" in _error(by="prob")
    assert "'region' is the prediction" in _error(by="region", pred_col="region")
    assert "'weight' is the weight" in _error(by="weight", weight_col="weight")
    assert "did you mean 'region'" in _error(by="regoin")
    assert "no column 'nothing'" in _error(by="nothing")
    assert "names a column twice" in _error(by=["region", "region"])
    assert "names a column twice" in _error(by=["region", "2"])
    assert "no column" in _error(cluster="customer")
    assert "--min-group" in _error(min_group=3)
    assert "--by" in _error(by="")


def test_a_column_called_label_beside_predictions_is_not_taken_for_the_label() -> None:
    p, y = events()
    predictions, labels = pa.table({"prob": p, "label": y}), pa.table({"target": y})
    with pytest.raises(DataError, match="may mean the label, or the column"):
        lossctl.score("bce", predictions, labels, by="label")
    found = lossctl.score("bce", predictions, labels, by="target").groups or ()
    assert [group.names["target"] for group in found] == ["0", "1"]


def test_several_label_columns_make_no_groups() -> None:
    p, y = regression(2)
    with pytest.raises(DataError, match="2 label columns"):
        lossctl.score("mse", p, y, by="label")


@pytest.mark.parametrize("clustered", [False, True])
def test_groups_of_several_outputs_are_those_of_scikit_learn(*, clustered: bool) -> None:
    rng = np.random.default_rng(5)
    p, y = rng.gamma(2.0, 1.0, (2, 60, 3))
    g = np.arange(60) % 4
    labels = pa.table({**{f"y{i}": y[:, i] for i in range(3)}, "g": g, "c": np.arange(60) // 5})
    options: dict[str, Any] = {"cluster": "c"} if clustered else {}
    found = lossctl.score(
        "rmse", p, labels, label_col="y0,y1,y2", by="g", convention="sklearn", **options
    )
    assert found.groups is not None
    assert len(found.groups) == 4
    for i, group in enumerate(found.groups):
        own = p[g == i], y[g == i]
        np.testing.assert_allclose(group.value, root_mean_squared_error(*own[::-1]), rtol=1e-14)
        np.testing.assert_allclose(group.sum, ((own[0] - own[1]) ** 2).sum(), rtol=1e-14)
        assert group.denominator == 15
