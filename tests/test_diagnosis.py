"""Mix-ups are told with a figure; what is as it should be is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from processes import Run
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax

from lossctl.block import Block, RowLosses
from lossctl.errors import DataError
from lossctl.labels import LabelOptions
from lossctl.result import Result
from lossctl.summaries.counts import Counts
from lossctl.summaries.diagnosis import Diagnosis, _assignment

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
Data = tuple[np.ndarray, np.ndarray]


@given(st.integers(1, 9).flatmap(lambda k: arrays(np.int64, (k, k), elements=st.integers(-9, 9))))
def test_the_best_order_is_scipys(cost: np.ndarray) -> None:
    order = _assignment(cost)
    assert sorted(order) == list(range(len(cost)))
    assert cost[range(len(cost)), order].sum() == cost[linear_sum_assignment(cost)].sum()


@given(st.lists(st.integers(0, 60), max_size=4), st.randoms())
def test_counts_add_up(cuts: list[int], random: np.random.Generator) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((60, 3)), rng.integers(0, 3, 60)
    ends = [0, *sorted(cuts), 60]
    parts = [
        Diagnosis.empty(3, 0.0).add(
            Block(x[a:b], y[a:b], range(a, b)), RowLosses(np.zeros((1, b - a)), 1.0)
        )
        for a, b in pairwise(ends)
    ]
    random.shuffle(parts)  # type: ignore[arg-type]
    total = sum(parts, start=Diagnosis.empty(3, 0.0))
    assert total.counted == total.rows == 60
    assert np.trace(total.confusion) == (x.argmax(axis=1) == y).sum()


def test_soft_rows_and_rows_with_several_classes_have_no_hard_label() -> None:
    labels = [[0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    block = Block(np.eye(4, 3), np.array(labels), range(4))
    found = Diagnosis.empty(3, 0.0).add(block, RowLosses(np.zeros((1, 4)), 1.0))
    assert (found.rows, found.counted) == (4, 2)
    assert found.confusion.tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]


def test_rows_that_look_like_probabilities_are_counted_one_by_one() -> None:
    x = [[0.2, 0.8], [3, 4], [-1, 2], [2, -1], [0.5, 0.5], [0.5, 0.6], [np.nan, 0.5]]
    block = Block(np.array(x), np.zeros(7, np.int64), range(7))
    found = Diagnosis.empty(2, 0.0).add(block, RowLosses(np.zeros((1, 7)), 1.0))
    assert (found.near_one, found.rows, found.counted) == (2, 7, 6)


@pytest.mark.parametrize(
    ("confusion", "crossed"),
    [
        *(([[0, 4], [5, 0]], False), ([[0, 5], [5, 0]], True), ([[2, 5], [3, 0]], False)),
        *(([[1, 5], [4, 0]], True), ([[40, 60], [60, 39]], False), ([[39, 60], [61, 39]], True)),
    ],
)
def test_classes_are_crossed_if_both_are_met_and_mostly_wrong(
    confusion: list[list[int]], *, crossed: bool
) -> None:
    assert Diagnosis(0.0, np.array(confusion)).crossed == crossed


def test_counts_of_all_kinds_add_up() -> None:
    one, other = (
        Counts(1, 2, 3, 4, 5, 6, {"a": 7, "b": 2}),
        Counts(10, 20, 30, 40, 50, 60, {"a": 3}),
    )
    expected = Counts(11, 22, 33, 44, 55, 66, {"a": 3, "b": 2})
    assert one + other == other + one == expected
    assert Counts() + one == one


@pytest.fixture(name="data")
def _data() -> Data:
    """Return logits of a good model of five classes, and labels."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 2000)
    return 3 * np.eye(5)[y] + rng.normal(size=(2000, 5)), y


def signs(result: Result) -> str:
    """Return the warnings as one text."""
    return "; ".join(result.warnings)


@pytest.mark.parametrize("form", ["logits", "probs", "log-probs"])
@pytest.mark.parametrize("onehot", [False, True])
def test_permuted_columns(form: str, onehot: bool, data: Data, scored: Score, save: Save) -> None:
    x, y = data
    p = {"logits": x, "probs": softmax(x, axis=1), "log-probs": np.log(softmax(x, axis=1))}[form]
    save("y.npy", np.eye(5)[y] if onehot else y)
    save("x.npy", p)
    assert scored("ce", "x.npy", "y.npy", form=form).warnings == ()
    order = [0, 3, 1, 2, 4]
    save("x.npy", p[:, order])
    accuracy = (x.argmax(axis=1) == y).mean()
    permuted = (x[:, order].argmax(axis=1) == y).mean()
    found = signs(scored("ce", "x.npy", "y.npy", form=form))
    assert f"the accuracy is {permuted:.3g}, and would be {accuracy:.3g} with" in found
    assert found.endswith("'1' as '3', '2' as '1', '3' as '2'")
    assert scored("ce", "x.npy", "y.npy", form=form, diagnose="off").warnings == ()
    with pytest.raises(DataError, match="the class columns may be in another order"):
        scored("ce", "x.npy", "y.npy", form=form, diagnose="error")


def test_a_bad_model_is_only_bad(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(5)
    for rows in (5, 30, 3000):
        for classes in (2, 3, 10):
            save("x.npy", rng.normal(size=(rows, classes)))
            save("y.npy", rng.integers(0, classes, rows))
            assert scored("ce", "x.npy", "y.npy", form="logits").warnings == ()
    save("p.npy", rng.random(3000))
    save("y.npy", rng.random(3000) < 0.02)
    assert scored("bce", "p.npy", "y.npy").warnings == ()


@pytest.mark.parametrize("form", ["logits", "probs", "log-probs"])
def test_a_flipped_event(form: str, scored: Score, save: Save) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 500)
    x = 2 * (2 * y - 1) + rng.normal(size=500)
    p = 1 / (1 + np.exp(-x))
    values = {"logits": x, "probs": p, "log-probs": np.log(p)}[form]
    save("p.npy", values)
    save("y.npy", y)
    assert scored("bce", "p.npy", "y.npy", form=form).warnings == ()
    save("y.npy", 1 - y)
    accuracy = ((x > 0) == y).mean()
    found = signs(scored("bce", "p.npy", "y.npy", form=form))
    assert f"the accuracy is {1 - accuracy:.3g}, and would be {accuracy:.3g}" in found
    two = np.stack([-x, x], axis=1)
    save("x.npy", two)
    assert "may be swapped" in signs(scored("ce", "x.npy", "y.npy", form="logits"))


def test_probabilities_given_as_logits(data: Data, scored: Score, save: Save) -> None:
    x, y = data
    save("x.npy", softmax(x, axis=1))
    save("y.npy", y)
    found = signs(scored("ce", "x.npy", "y.npy", form="logits"))
    assert "look like probabilities, not logits: in each of 2,000 rows" in found


def test_labels_that_count_from_one(data: Data, scored: Score, save: Save) -> None:
    x, y = data
    save("x.npy", x[y < 4])
    save("y.npy", y[y < 4] + 1)
    found = signs(scored("ce", "x.npy", "y.npy", form="logits"))
    assert "no label is 0, and each from 1 to 4 occurs" in found
    assert "--label-base 1" in found
    right = scored("ce", "x.npy", "y.npy", form="logits", label=LabelOptions(base=1))
    assert right.warnings == ()


def test_only_the_first_rows_tell(scored: Score, save: Save) -> None:
    y = np.ones(150_000)
    y[::2] = 0
    save("y.npy", y)
    save("p.npy", np.where(np.arange(150_000) < 100_000, 0.2 + 0.6 * y, 0.8 - 0.6 * y))
    assert scored("bce", "p.npy", "y.npy").warnings == ()


def test_the_command_line(lossctl: Lossctl, data: Data, save: Save) -> None:
    x, y = data
    save("x.npy", x[:, ::-1])
    save("y.npy", y)
    arguments = ["ce", "x.npy", "y.npy", "--from", "logits", "--value"]
    run = lossctl(*arguments)
    assert (run.code, "warning: the class columns may be in another order" in run.err) == (0, True)
    run = lossctl(*arguments, "--diagnose", "error")
    assert (run.code, run.out) == (3, "")
    assert lossctl(*arguments, "--diagnose", "off").err == ""
    assert lossctl(*arguments, "--diagnose", "maybe").code == 2
