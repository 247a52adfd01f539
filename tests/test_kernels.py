"""Every loss of the registry keeps its contract; mpmath is the judge of its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossctl.block import Block, Floats
from lossctl.losses import LOSSES, Loss
from lossctl.losses.domain import LOG_PROBS, LOGITS, NUMBERS, PROBS, SHARES
from lossctl.losses.rows import row_losses
from lossctl.losses.terms import Terms

TEXTBOOK = ("mse", "sse", "rmse", "mae", "bce", "ce", "nll")
CASES = [
    pytest.param(LOSSES[name], form, id=f"{name}-{form}")
    for name in TEXTBOOK
    for form in LOSSES[name].variants[0].functions
]
CLASS_CASES = [case for case in CASES if case.values[0].name in ("ce", "nll")]  # type: ignore[union-attr]
CELL_CASES = [case for case in CASES if case not in CLASS_CASES]
mpf: Any = mpmath.mpf


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """Compute the true values with 50 digits; where something could cancel, log1p is used."""
    with mpmath.workdps(50):
        yield


def draw(loss: Loss, form: str, rng: np.random.Generator, n: int, k: int) -> tuple[Floats, Any]:
    """Return hostile predictions (n, k) of a form, and labels: cells (n, k), or classes (n,)."""
    shape = (n, k)
    if form == NUMBERS:
        prediction = rng.choice([-1, 1], shape) * 10.0 ** rng.uniform(-150, 150, shape)
    elif form == LOGITS:
        prediction = rng.normal(size=shape) * 10.0 ** rng.uniform(-8, 4, (n, 1))
    elif loss.variants[0].domain.classes:
        prediction = rng.dirichlet(np.full(k, 0.02), n)
    else:
        near = 10.0 ** rng.uniform(-300, 0, shape)
        prediction = np.where(rng.random(shape) < 0.5, near, 1 - near)
    if form == LOG_PROBS:
        prediction = np.log(np.maximum(prediction, 1e-300))
    if loss.variants[0].domain.classes:
        return prediction, rng.integers(0, k, n)
    if not loss.variants[0].domain.unit_labels:
        return prediction, prediction * (
            1 + rng.normal(size=shape) * 10.0 ** rng.uniform(-15, 1, shape)
        )
    soft = rng.random(shape)
    return prediction, np.where(rng.random(shape) < 0.7, np.round(soft), soft)


def values(loss: Loss, form: str, prediction: Floats, label: Floats) -> Floats:
    """Return the row losses of a block."""
    block = Block(prediction, label)
    domain = loss.variants[0].domain
    return row_losses(block, (Terms(loss.kernel(domain, form)),), domain).values[0]


def log_of_complement(form: str, p: float) -> tuple[Any, Any]:
    """Return ln p and ln(1 − p) of a prediction in a form."""
    x = mpf(p)
    if form == PROBS:
        return (mpmath.log(x) if x else mpf("-inf")), (mpmath.log1p(-x) if x != 1 else mpf("-inf"))
    if form == LOGITS:
        return -mpmath.log1p(mpmath.exp(-x)), -mpmath.log1p(mpmath.exp(x))
    return x, mpmath.log1p(-mpmath.exp(x)) if x else mpf("-inf")


def true_cell(loss: Loss, form: str, p: float, y: float) -> Any:
    """Return the loss of one cell by its textbook formula."""
    if loss.name in {"mse", "sse", "rmse"}:
        return (mpf(p) - mpf(y)) ** 2
    if loss.name == "mae":
        return abs(mpf(p) - mpf(y))
    assert loss.name == "bce"
    log, complement = log_of_complement(form, p)
    first = mpf(y) * log if y else mpf(0)
    second = (1 - mpf(y)) * complement if y != 1 else mpf(0)
    return -(first + second)


def true_row(form: str, row: Floats, label: Floats) -> Any:
    """Return the cross-entropy of one row by its textbook formula, and no cancellation."""
    x = [mpf(float(value)) for value in row]
    if form == SHARES:
        logs = [
            -mpmath.log1p(mpmath.fsum(b for j, b in enumerate(x) if j != i) / a)
            if a
            else mpf("-inf")
            for i, a in enumerate(x)
        ]
    elif form == LOGITS:
        logs = [
            -mpmath.log1p(mpmath.fsum(mpmath.exp(b - a) for j, b in enumerate(x) if j != i))
            for i, a in enumerate(x)
        ]
    else:
        logs = [mpmath.log(value) if value else mpf("-inf") for value in x] if form == PROBS else x
    return -mpmath.fsum(mpf(float(y)) * log for y, log in zip(label, logs, strict=True) if y)


def assert_ulps(found: float, true: Any, ulps: float) -> None:
    """Assert that a value is within some units in the last place of the true one."""
    if mpmath.isinf(true) or mpmath.isinf(mpf(float(true))):
        assert found == np.inf
        return
    assert abs(mpf(found) - true) <= ulps * mpf(float(np.spacing(abs(float(true)))))


@pytest.mark.parametrize(("loss", "form"), CELL_CASES)
def test_cells_are_within_4_ulp_of_the_true_loss(loss: Loss, form: str) -> None:
    prediction, label = draw(loss, form, np.random.default_rng(1), 800, 1)
    for p, y, found in zip(
        prediction[:, 0].tolist(),
        label[:, 0].tolist(),
        values(loss, form, prediction, label).tolist(),
        strict=True,
    ):
        assert_ulps(found, true_cell(loss, form, p, y), 4)


@pytest.mark.parametrize("classes", [2, 3, 10, 40])
@pytest.mark.parametrize(("loss", "form"), CLASS_CASES)
def test_rows_of_classes_are_within_1e_13_of_the_true_loss(
    loss: Loss, form: str, classes: int
) -> None:
    prediction, label = draw(loss, form, np.random.default_rng(2), 150, classes)
    likely = prediction.argmax(axis=1)
    label[::2] = likely[::2]  # confident right answers cost little, and must not cost 0
    hot = np.eye(classes)[label]
    soft = np.random.default_rng(3).dirichlet(np.ones(classes), len(label))
    for label_rows, form_of_label in ((hot, label), (hot, hot), (soft, soft)):
        found = values(loss, form, prediction, form_of_label)
        for row, weights, value in zip(prediction, label_rows, found.tolist(), strict=True):
            true = true_row(form, row, weights)
            if mpmath.isinf(true):
                assert value == np.inf
            else:  # below 1e-300 the spacing of float64 itself is coarser
                assert abs(mpf(value) - true) <= mpf("1e-13") * true + mpf("1e-313")


def test_a_confident_right_answer_costs_little_not_nothing() -> None:
    x = np.array([[0.0, -40.0], [0.0, -690.0], [1e4, 1e4 - 100.0], [-1e4, 1e4]])
    found = values(LOSSES["ce"], LOGITS, x, np.array([0, 0, 0, 1]))
    expected = [np.exp(-40.0), np.exp(-690.0), np.exp(-100.0), 0.0]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    wrong = values(LOSSES["ce"], LOGITS, x[3:], np.array([0]))
    assert wrong.tolist() == [2e4]


@pytest.mark.parametrize(
    ("logits", "label", "expected"),
    [
        ([0.0, -np.inf], 0, 0.0),
        ([0.0, -np.inf], 1, np.inf),
        ([np.inf, 0.0], 1, np.inf),
        ([1e308, -1e308], 0, 0.0),
        ([1e308, -1e308], 1, np.inf),
        ([-np.inf, 1.0, 1.0], 1, np.log(2)),
    ],
)
def test_infinite_and_huge_logits(logits: list[float], label: int, expected: float) -> None:
    found = values(LOSSES["ce"], LOGITS, np.array([logits]), np.array([label]))
    np.testing.assert_allclose(found, [expected], rtol=1e-15)
    hot = np.eye(len(logits))[[label]]
    np.testing.assert_array_equal(values(LOSSES["ce"], LOGITS, np.array([logits]), hot), found)


@pytest.mark.parametrize(
    ("p", "y", "expected"),
    [
        (0.0, 0.0, 0.0),
        (1.0, 1.0, 0.0),
        (0.0, 1.0, np.inf),
        (1.0, 0.0, np.inf),
        (0.0, 0.5, np.inf),
        (5e-324, 0.0, 5e-324),
        (1 - 2**-53, 1.0, 2**-53),
    ],
)
def test_probabilities_at_the_ends(p: float, y: float, expected: float) -> None:
    found = values(LOSSES["bce"], PROBS, np.array([[p]]), np.array([[y]]))
    np.testing.assert_allclose(found, [expected], rtol=2e-16)
    with np.errstate(divide="ignore"):
        found = values(LOSSES["bce"], LOG_PROBS, np.log(np.array([[p]])), np.array([[y]]))
    np.testing.assert_allclose(found, [expected], rtol=2e-16)


@pytest.mark.parametrize(("loss", "form"), CASES)
@settings(max_examples=40)
@given(st.data())
def test_a_rows_loss_does_not_depend_on_its_block(
    loss: Loss, form: str, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    k = data.draw(st.sampled_from([1, 2, 3, 16, 17, 40, 300]))
    if loss.variants[0].domain.classes:
        k = max(k, 2)
    n = data.draw(st.integers(1, 70))
    prediction, label = draw(loss, form, rng, n, k)
    if loss.variants[0].domain.classes and data.draw(st.booleans()):
        label = np.where(rng.random((n, 1)) < 0.5, np.eye(k)[label], rng.dirichlet(np.ones(k), n))
    whole = values(loss, form, prediction, label)
    turned = values(loss, form, np.asfortranarray(prediction), np.asfortranarray(label))
    np.testing.assert_array_equal(turned, whole)
    for step in (1, 2, 3, 5):
        parts = [
            values(loss, form, prediction[i : i + step], label[i : i + step])
            for i in range(0, n, step)
        ]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("loss", "form"), CASES)
def test_no_loss_is_negative_or_minus_zero(loss: Loss, form: str) -> None:
    prediction, label = draw(loss, form, np.random.default_rng(4), 500, 3)
    found = values(loss, form, prediction, label)
    assert (found >= 0).all()
    assert not np.signbit(found).any()


@pytest.mark.parametrize(("loss", "form"), CASES)
def test_a_perfect_prediction_costs_nothing(loss: Loss, form: str) -> None:
    """The prediction is the label itself, or what stands for it in the form."""
    label = np.array([[1.0, 0.0], [0.0, 1.0]])
    perfect = {
        NUMBERS: label,
        PROBS: label,
        SHARES: label,
        LOGITS: np.where(label == 1, 1e4, -1e4),
        LOG_PROBS: np.where(label == 1, 0.0, -np.inf),
    }[form]
    found = values(loss, form, perfect, label)
    assert found.tolist() == [0.0, 0.0]
    assert not np.signbit(found).any()


@pytest.mark.parametrize(("loss", "form"), CASES)
def test_kernels_leave_their_arguments_alone(loss: Loss, form: str) -> None:
    prediction, label = draw(loss, form, np.random.default_rng(6), 50, 3)
    copies = prediction.copy(), label.copy()
    for array in (prediction, label):
        array.flags.writeable = False
    values(loss, form, prediction, label)
    np.testing.assert_array_equal(prediction, copies[0])
    np.testing.assert_array_equal(label, copies[1])


@pytest.mark.parametrize(("loss", "form"), CELL_CASES)
def test_cells_that_are_left_out_cost_nothing_and_are_not_counted(loss: Loss, form: str) -> None:
    prediction, label = draw(loss, form, np.random.default_rng(7), 6, 3)
    left_out = np.zeros((6, 3), dtype=bool)
    left_out[1, :2], left_out[4, 2] = True, True
    domain = loss.variants[0].domain
    terms = (Terms(loss.kernel(domain, form)),)
    block = Block(np.where(left_out, np.nan, prediction), label, left_out=left_out)
    found = row_losses(block, terms, domain)
    cells = [values(loss, form, prediction[:, [j]], label[:, [j]]) for j in range(3)]
    expected = np.where(left_out, 0.0, np.transpose(cells))
    np.testing.assert_array_equal(found.values[0], expected[:, 0] + expected[:, 1] + expected[:, 2])
    np.testing.assert_array_equal(found.counted[0].cells, [3.0, 1.0, 3.0, 3.0, 2.0, 3.0])


@pytest.mark.parametrize(("loss", "form"), CASES)
def test_nan_among_the_predictions_gives_nan(loss: Loss, form: str) -> None:
    prediction, label = draw(loss, form, np.random.default_rng(8), 6, 3)
    prediction[2] = np.nan
    found = values(loss, form, prediction, label)
    assert np.isnan(found).tolist() == [False, False, True, False, False, False]
