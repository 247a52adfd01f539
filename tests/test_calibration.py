"""Calibration is scikit-learn's curve and the textbook's error, however rows are split."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit, softmax
from sklearn.calibration import calibration_curve

from lossctl.block import Block, Floats, RowLosses
from lossctl.calibration import Calibration
from lossctl.conventions import TermOptions
from lossctl.labels import LabelOptions
from lossctl.result import Result
from lossctl.summaries.calibration import BINS, Reliability, codes_of

Score = Callable[..., Result]
Save = Callable[[str, object], object]
NOTHING = RowLosses(np.zeros((0, 0)), ())


def of(result: Result) -> Calibration:
    """Return the calibration of a result that has one."""
    assert result.calibration is not None
    return result.calibration


def textbook(confidence: Floats, correct: Floats, weight: Floats | None = None) -> Floats:
    """Return ECE and MCE as Guo et al. 2017 write them: eq. 2 to 5, with I_m = ((m−1)/M, m/M]."""
    w = np.ones(len(confidence)) if weight is None else weight
    ece, mce = 0.0, 0.0
    for m in range(1, BINS + 1):
        inside = (confidence > (m - 1) / BINS) & (confidence <= m / BINS)
        if w[inside].sum() > 0:
            accuracy = np.average(correct[inside], weights=w[inside])
            gap = abs(accuracy - np.average(confidence[inside], weights=w[inside]))
            ece += w[inside].sum() / w.sum() * gap
            mce = max(mce, gap)
    return np.array([ece, mce])


@pytest.fixture(name="event")
def _event() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    p = rng.random(5000)
    return p, (rng.random(5000) < p**1.5).astype(float)


@pytest.mark.parametrize("form", ["probs", "logits", "log-probs"])
def test_the_curve_of_an_event_is_that_of_scikit_learn(
    form: str, event: tuple[Floats, Floats], scored: Score, save: Save
) -> None:
    p, y = event
    save("p.npy", {"probs": p, "logits": logit(p), "log-probs": np.log(p)}[form])
    save("y.npy", y)
    found = of(scored("bce", "p.npy", "y.npy", form=form, plot=True))
    happened, predicted = calibration_curve(y, p, n_bins=BINS)
    np.testing.assert_allclose([one.happened for one in found.bins], happened, rtol=1e-14)
    np.testing.assert_allclose([one.predicted for one in found.bins], predicted, rtol=1e-12)
    assert sum(one.rows for one in found.bins) == len(p)
    np.testing.assert_allclose([found.error, found.largest], textbook(p, y), rtol=1e-12)


@pytest.mark.parametrize("form", ["probs", "logits", "log-probs"])
@pytest.mark.parametrize("classes", [2, 5, 30])
@pytest.mark.parametrize("onehot", [False, True])
def test_the_error_of_classes_is_guos(
    form: str, classes: int, onehot: bool, scored: Score, save: Save
) -> None:
    rng = np.random.default_rng(1)
    x = 2 * rng.normal(size=(3000, classes))
    p = softmax(x, axis=1)
    y = (p.cumsum(axis=1) > rng.random((3000, 1))).argmax(axis=1)
    save("p.npy", {"probs": p, "logits": x, "log-probs": np.log(p)}[form])
    save("y.npy", np.eye(classes)[y] if onehot else y)
    found = of(scored("ce", "p.npy", "y.npy", form=form, plot=True))
    expected = textbook(p.max(axis=1), (p.argmax(axis=1) == y).astype(float))
    np.testing.assert_allclose([found.error, found.largest], expected, rtol=1e-11)


def test_weights_weigh_and_class_weights_do_not(
    event: tuple[Floats, Floats], scored: Score, save: Save
) -> None:
    p, y = event
    weight = np.random.default_rng(2).random(len(p)) * (p > 0.05)
    save("p.npy", p)
    save("y.npy", y)
    found = of(scored("bce", "p.npy", "y.npy", weights=str(save("w.npy", weight)), plot=True))
    np.testing.assert_allclose([found.error, found.largest], textbook(p, y, weight), rtol=1e-12)
    np.testing.assert_allclose(sum(one.weight for one in found.bins), weight.sum(), rtol=1e-14)


def test_several_events_count_cell_by_cell_and_skipped_cells_do_not(
    scored: Score, save: Save
) -> None:
    rng = np.random.default_rng(3)
    p, weight = rng.random((800, 3)), rng.random(800)
    y = (rng.random((800, 3)) < p).astype(float)
    shown = p.copy()
    shown[::7, 1] = np.nan
    kept = ~np.isnan(shown)
    save("p.npy", shown)
    save("y.npy", y)
    found = of(
        scored("bce", "p.npy", "y.npy", weights=str(save("w.npy", weight)), nan="skip", plot=True)
    )
    each = np.repeat(weight[:, np.newaxis], 3, axis=1)[kept]
    expected = textbook(p[kept], y[kept], each)
    np.testing.assert_allclose([found.error, found.largest], expected, rtol=1e-12)
    assert sum(one.rows for one in found.bins) == kept.sum()


def test_ignored_cells_of_several_events_do_not_count(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(6)
    p, kept = rng.random((300, 3)), rng.random((300, 3)) < 0.8
    y = (rng.random((300, 3)) < p).astype(float)
    p[4, 1], kept[4] = np.nan, True
    save("p.npy", p)
    save("y.npy", np.where(kept, y, -1.0))
    ignoring = {"label": LabelOptions(ignore="-1"), "nan": "propagate"}
    found = of(scored("bce", "p.npy", "y.npy", **ignoring, plot=True))
    kept[4, 1] = False
    np.testing.assert_allclose([found.error, found.largest], textbook(p[kept], y[kept]), rtol=1e-12)
    assert sum(one.rows for one in found.bins) == kept.sum()


def test_soft_labels_count_by_their_value(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(4)
    p, y = rng.random(500), rng.random(500)
    save("p.npy", p)
    save("y.npy", y)
    found = of(scored("bce", "p.npy", "y.npy", plot=True))
    np.testing.assert_allclose([found.error, found.largest], textbook(p, y), rtol=1e-12)
    p, y = rng.dirichlet(np.ones(4), 500), rng.dirichlet(np.ones(4), 500)
    save("p.npy", p)
    save("y.npy", y)
    found = of(scored("ce", "p.npy", "y.npy", plot=True))
    hit = np.take_along_axis(y, p.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    np.testing.assert_allclose(
        [found.error, found.largest], textbook(p.max(axis=1), hit), rtol=1e-12
    )


def test_rows_that_are_to_be_divided_by_their_sum_are(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(5)
    p, y = rng.dirichlet(np.ones(3), 400), rng.integers(0, 3, 400)
    save("y.npy", y)
    save("p.npy", p)
    before = of(scored("ce", "p.npy", "y.npy", plot=True))
    save("p.npy", p * 8)
    after = of(scored("ce", "p.npy", "y.npy", terms=TermOptions(normalize=True), plot=True))
    np.testing.assert_allclose(after.error, before.error, rtol=1e-12)


def test_a_perfect_and_a_hopeless_model(scored: Score, save: Save) -> None:
    save("y.npy", [0, 1, 1, 0])
    save("p.npy", [0.0, 1.0, 1.0, 0.0])
    found = of(scored("bce", "p.npy", "y.npy", plot=True))
    assert (found.error, found.largest) == (0.0, 0.0)
    assert [one.rows for one in found.bins] == [2, *[0] * 8, 2]
    save("p.npy", [1.0, 0.0, 0.0, 1.0])
    found = of(scored("bce", "p.npy", "y.npy", plot=True))
    assert (found.error, found.largest) == (1.0, 1.0)


@pytest.mark.parametrize("loss", ["mse", "hinge"])
def test_what_is_no_probability_has_none(loss: str, scored: Score, save: Save) -> None:
    save("p.npy", [0.1, 0.9])
    save("y.npy", [0, 1])
    assert scored(loss, "p.npy", "y.npy", plot=True).calibration is None


@given(st.floats(0, 1))
def test_bins_include_their_upper_edge(p: float) -> None:
    code = int(codes_of(np.array([p]))[0])
    assert code / BINS < p <= (code + 1) / BINS or (p == 0 and code == 0)


def test_edges_and_their_neighbours() -> None:
    edges = np.arange(1, BINS + 1) / BINS
    assert codes_of(edges).tolist() == list(range(BINS))
    assert codes_of(np.nextafter(edges, 0)).tolist() == list(range(BINS))
    assert codes_of(np.nextafter(edges[:-1], 1)).tolist() == list(range(1, BINS))


@given(st.lists(st.integers(0, 90), max_size=4), st.randoms(), st.booleans(), st.booleans())
def test_any_split_in_any_order_gives_the_same_bits(
    cuts: list[int], random: object, classes: bool, weighted: bool
) -> None:
    rng = np.random.default_rng(6)
    p = softmax(rng.normal(size=(90, 3)), axis=1) if classes else expit(rng.normal(size=(90, 2)))
    y = rng.integers(0, 3, 90) if classes else rng.integers(0, 2, (90, 2)).astype(float)
    weight = rng.random(90) if weighted else None
    empty = Reliability("probs", classes)

    def part(a: int, b: int) -> Reliability:
        rows = slice(a, b)
        block = Block(p[rows], y[rows], weight=None if weight is None else weight[rows])
        return empty.add(block, NOTHING)

    parts = [part(a, b) for a, b in pairwise([0, *sorted(cuts), 90])]
    random.shuffle(parts)  # type: ignore[attr-defined]
    total = empty
    for one in parts:
        total += one
    assert state(total) == state(part(0, 90)) == state(part(0, 90) + empty)


def state(found: Reliability) -> list[object]:
    """Return all that was counted, to compare."""
    sums = (found.weights, found.predicted, found.happened)
    return [found.rows.tolist(), *(list(one.units()) for one in sums)]
