"""Every loss of the catalogue, in each domain and form: what all of them promise.

Inputs are drawn from the ranges that the losses declare. The true values come from mpmath, by the
formula of the textbook, written once more in ``textbook.py``.
"""

from __future__ import annotations

from importlib import import_module
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from drawing import CASES, LOSSES_TO_TEST, Case, draw, every_loss, labels_in_all_forms
from scipy import special
from textbook import DIGITS, has_formula, kl, mpf, true_loss

from lossctl.block import Floats
from lossctl.errors import UsageError
from lossctl.losses import LOSSES, Loss, parse
from lossctl.losses.domain import (
    BINARY,
    CLASSES,
    LOG_PROBS,
    LOGITS,
    NORMAL,
    NORMAL_BY_DEVIATION,
    NUMBERS,
    PROBS,
    REAL,
    SHARES,
    VECTORS,
    Wanted,
    check,
)
from lossctl.losses.interval import POSITIVE, Interval
from lossctl.losses.known_as import KNOWN_AS
from lossctl.losses.special import erf, log_ratio


@pytest.mark.parametrize("case", [*filter(has_formula, CASES)], ids=str)
def test_the_loss_is_that_of_the_textbook_to_13_digits(case: Case) -> None:
    """Of the sum of the absolute terms; where none cancels, of the loss itself, however small."""
    k = 4 if case.domain.whole else 1
    prediction, label = draw(case, 1, 60 if k > 1 else 150, k)
    with mpmath.workdps(DIGITS):
        for given in labels_in_all_forms(case, label, prediction.shape[1]):
            found = case(prediction, given)
            for row, (p, y) in enumerate(zip(prediction, given, strict=True)):
                true, terms = true_loss(case, p, y)
                if np.isinf(float(true)):
                    assert found[row] == np.inf
                    continue
                error = abs(mpf(float(found[row])) - true)
                assert error <= mpf("1e-13") * terms + mpf("1e-300"), (p, y, found[row], true)


UNBOUNDED = {"poisson-nll", "gaussian-nll", "kl-div"}  # these may be negative


@every_loss
def test_no_loss_is_negative_or_minus_zero(case: Case) -> None:
    prediction, label = draw(case, 2, 300, 3)
    for given in labels_in_all_forms(case, label, prediction.shape[1]):
        found = case(prediction, given)
        assert not np.isnan(found).any()
        assert not (np.signbit(found) & (found == 0)).any()
        if case.loss.name not in UNBOUNDED:
            assert (found >= 0).all()


def toward(case: Case, prediction: Floats, label: Any, share: float) -> Floats:
    """Return predictions moved toward what is best for the labels, hard ones; by 1: onto it."""
    if case.domain in (NORMAL, NORMAL_BY_DEVIATION):
        mean = prediction[:, :1] + share * (label - prediction[:, :1])
        return np.hstack([mean if share < 1 else label, prediction[:, 1:]])
    if case.domain is REAL or case.domain is VECTORS:
        goal = np.log(label) if case.parameters.get("log_input") else label
        if case.domain is VECTORS:
            goal = label * np.linalg.norm(prediction, axis=1, keepdims=True)
            goal /= np.linalg.norm(label, axis=1, keepdims=True)
        return prediction + share * (goal - prediction) if share < 1 else goal
    hot = np.eye(prediction.shape[1])[label] if case.domain.classes else label
    if case.form in {PROBS, SHARES}:
        return (1 - share) * prediction + share * hot
    if case.form == LOG_PROBS and case.domain.classes:
        return np.log((1 - share) * np.exp(prediction) + share * hot)
    if case.form == LOG_PROBS:
        return np.where(hot == 1, (1 - share) * prediction, prediction - 1000 * share)
    away = np.zeros_like(hot) if case.domain.classes else hot - 1
    return prediction + 1000 * share * (hot + away)


def drawn_for_hard_labels(case: Case, seed: int) -> tuple[Floats, Any]:
    prediction, label = draw(case, seed, 200, 4 if case.domain.whole else 1)
    if case.domain.event:
        label = np.round(label)
    if case.parameters.get("log_input"):
        label = np.maximum(label, 0.5)  # ln 0 is as far as it goes
    if case.loss.bounds(case.domain).prediction == POSITIVE:
        label = np.maximum(label, 1e-6)  # which is then a prediction
    return prediction, label


@every_loss
def test_a_prediction_moved_toward_the_label_never_costs_more(case: Case) -> None:
    """All are convex, or at least fall toward the best prediction: a gradient of the right sign."""
    prediction, label = drawn_for_hard_labels(case, 3)
    with np.errstate(divide="ignore"):
        steps = [toward(case, prediction, label, share) for share in (0, 1e-3, 0.1, 0.5, 0.9, 1)]
    losses = [case(step, label) for step in steps]
    for before, after in pairwise(losses):
        assert (after <= before + 1e-9 * np.abs(before) + 1e-12).all()


@every_loss
def test_a_perfect_prediction_costs_nothing(case: Case) -> None:
    """A likelihood is least there; its test is the one above."""
    if case.loss.name in {"poisson-nll", "gaussian-nll", "crps"}:
        return
    prediction, label = drawn_for_hard_labels(case, 4)
    with np.errstate(divide="ignore"):
        perfect = toward(case, prediction, label, 1)
    if case.domain is VECTORS:
        perfect = label
    np.testing.assert_allclose(case(perfect, label), 0, rtol=0, atol=1e-100)


@every_loss
@pytest.mark.parametrize("k", [1, 2, 3, 17])
def test_a_rows_loss_does_not_depend_on_its_block(case: Case, k: int) -> None:
    n = 41
    prediction, label = draw(case, 5, n, k)
    for given in labels_in_all_forms(case, label, prediction.shape[1]):
        whole = case(prediction, given)
        assert whole.shape == (n,)
        assert whole.dtype == np.float64
        turned = case(np.asfortranarray(prediction), np.asfortranarray(given))
        np.testing.assert_array_equal(turned, whole)
        for step in (1, 2, 3):
            parts = [case(prediction[i : i + step], given[i : i + step]) for i in range(0, n, step)]
            np.testing.assert_array_equal(np.concatenate(parts), whole)


@every_loss
def test_kernels_leave_their_arguments_alone(case: Case) -> None:
    prediction, label = draw(case, 6, 30, 3)
    for given in labels_in_all_forms(case, label, prediction.shape[1]):
        copies = prediction.copy(), given.copy()
        for array in (prediction, given):
            array.flags.writeable = False
        case(prediction, given)
        np.testing.assert_array_equal(prediction, copies[0])
        np.testing.assert_array_equal(given, copies[1])


@every_loss
def test_nan_in_a_row_gives_nan_for_it(case: Case) -> None:
    prediction, label = draw(case, 7, 6, 3)
    for given in labels_in_all_forms(case, label, prediction.shape[1]):
        unknown, lacking = prediction.copy(), given.copy()
        unknown[2] = np.nan
        if lacking.dtype == np.float64:
            lacking[2] = np.nan
        for labels in (given, lacking):
            expected = [False, False, True, False, False, False]
            assert np.isnan(case(unknown, labels)).tolist() == expected
    if not case.domain.classes:  # of classes the whole row is missing then
        assert np.isnan(case(prediction, lacking)).tolist() == expected


@every_loss
def test_what_is_drawn_is_let_in_at_the_door(case: Case) -> None:
    prediction, label = draw(case, 8, 50, 3)
    variant = case.loss.variant(case.domain)
    wanted = (Wanted(case.loss.name, case.loss.bounds(case.domain), variant.soft),)
    for given in labels_in_all_forms(case, label, prediction.shape[1]):
        found = check(case.domain, case.form, prediction, given, 1e-3, wanted)
        assert (found.faults, found.adjusted) == ((), 0)


@pytest.mark.parametrize(
    ("loss", "prediction", "label", "expected"),
    [
        ("poisson", [0.0], [1.0], "poisson takes predictions above 0, not 0.0"),
        ("poisson", [1.0], [-1.0], "poisson takes labels from 0 on, not -1.0"),
        ("gamma", [1.0], [0.0], "gamma takes labels above 0, not 0.0"),
        ("tweedie", [0.0], [1.0], "tweedie takes predictions above 0, not 0.0"),
        ("tweedie:power=3", [1.0], [0.0], "tweedie takes labels above 0, not 0.0"),
        ("tweedie:power=-1", [-1.0], [0.0], "tweedie takes predictions above 0, not -1.0"),
        ("msle", [-1.0], [0.0], "msle takes predictions above -1, not -1.0"),
        ("rmsle", [0.0], [-2.0], "rmsle takes labels above -1, not -2.0"),
        ("poisson-nll", [1.0], [-1.0], "poisson-nll takes labels from 0 on, not -1.0"),
        (
            "poisson-nll:log-input=false",
            [-1.0],
            [1.0],
            "poisson-nll takes predictions from 0 on, not -1.0",
        ),
        ("gaussian-nll", [0.0, -1.0], [0.0], "gaussian-nll takes spreads from 0 on, not -1.0"),
        ("crps", [0.0, 0.0], [0.0], "crps takes spreads above 0, not 0.0"),
        ("cosine", [0.0, 0.0], [1.0, 0.0], "cosine has no value where a vector is zero"),
        ("cosine", [0.0, 2.0], [0.0, 0.0], "cosine has no value where a vector is zero"),
    ],
)
def test_what_a_loss_does_not_take_is_refused(
    loss: str, prediction: list[float], label: list[float], expected: str
) -> None:
    (found,) = parse(loss)
    domain = found.variants[0].domain
    wanted = (Wanted(found.name, found.bounds(domain), soft=True),)
    cells = np.array([prediction]), np.array([label])
    checked = check(domain, domain.forms[0], *cells, 1e-3, wanted)
    assert [fault.message for fault in checked.faults] == [expected]


def test_the_first_place_that_a_loss_does_not_take_is_named() -> None:
    (loss,) = parse("gamma")
    cells = np.array([[1.0, 2.0, 3.0], [1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    wanted = (Wanted(loss.name, loss.bounds(REAL), soft=True),)
    for side, places in (("prediction", (cells, cells + 2)), ("label", (cells + 2, cells))):
        (fault,) = check(REAL, NUMBERS, *places, None, wanted).faults
        assert (fault.row, fault.side, fault.column) == (1, side, 1)


def test_no_threshold_among_classes() -> None:
    (loss,) = parse("zero-one:threshold=0.3")
    wanted = (Wanted(loss.name, loss.bounds(CLASSES), soft=False),)
    (fault,) = check(CLASSES, PROBS, np.eye(2), np.array([0, 1]), 1e-3, wanted).faults
    assert fault.message == "zero-one has a threshold for one column only, not for classes"


@pytest.mark.parametrize("words", [("true", "yes", "1"), ("false", "no", "0")])
def test_true_and_false_have_three_words_each(words: tuple[str, ...]) -> None:
    (expected,) = {parse(f"brier:scale-by-half={word}") for word in words}
    assert str(expected[0]) == f"brier:scale-by-half={words[0]}"


@pytest.mark.parametrize("loss", [*LOSSES_TO_TEST, *parse("zero-one:threshold=0.3")], ids=str)
def test_a_loss_reads_back_as_it_is_printed(loss: Loss) -> None:
    assert parse(str(loss)) == (loss,)
    assert [str(alias) for name in loss.aliases for alias in parse(name)] == (
        [loss.name] * len(loss.aliases)
    )


@pytest.mark.parametrize(
    "text",
    [
        "huber:delta=0",
        "huber:delta=-1",
        "huber:delta=inf",
        "smooth-l1:beta=-1",
        "quantile:alpha=1.1",
        "quantile:alpha=-0.1",
        "mape:eps=-1",
        "tweedie:power=0.5",
        "tweedie:power=1e-9",
        "poisson-nll:eps=-1",
        "poisson-nll:full=2",
        "gaussian-nll:eps=0",
        "multi-margin:p=3",
        "multi-margin:p=1.5",
        "focal:gamma=-1",
        "focal:alpha=2",
        "zero-one:threshold=high",
        "mse:delta=1",
        "huber:delta=1_0",
        "huber:delta=١",
        "huber:delta=nan",
        "huber:delta=",
    ],
)
def test_parameters_outside_their_range_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_a_parameter_of_minus_zero_is_zero() -> None:
    (loss,) = parse("focal:gamma=-0,alpha=0.5")
    assert str(loss) == "focal:gamma=0,alpha=0.5"


def test_parameters_belong_to_the_loss_before_them() -> None:
    mae, focal, huber = parse("mae,focal:gamma=3,alpha=0.25,huber,delta=2")
    assert [str(one) for one in (mae, focal, huber)] == [
        "mae",
        "focal:gamma=3,alpha=0.25",
        "huber:delta=2",
    ]
    with pytest.raises(UsageError, match="huber has delta twice"):
        parse("huber:delta=1,delta=2")
    with pytest.raises(UsageError, match="delta of huber has no value"):
        parse("huber:delta")


def test_a_vector_of_zeros_is_refused_among_others() -> None:
    (loss,) = parse("cosine")
    ones, zeros = np.ones((3, 2)), np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    refused = loss.bounds(loss.variants[0].domain).refused
    assert refused is not None
    assert refused(zeros, ones).tolist() == refused(ones, zeros).tolist() == [False, True, False]


def test_the_refusal_says_what_a_parameter_may_be() -> None:
    message = "power of tweedie is a number of any size, but not above 0 and below 1, not '0.5'"
    with pytest.raises(UsageError, match=message):
        parse("tweedie:power=0.5")


def test_the_variants_of_a_loss_have_the_same_parameters() -> None:
    for loss in LOSSES.values():
        found = {
            tuple((function.__kwdefaults__ or {}).items())
            for variant in loss.variants
            for function in variant.functions.values()
        }
        assert len(found) == 1, loss


@pytest.mark.parametrize(
    ("loss", "prediction", "label", "expected"),
    [
        ("log-cosh", [1e200], [0.0], 1e200),
        ("log-cosh", [1e-150], [0.0], 5e-301),
        ("huber", [1e300], [-1e300], 2e300),
        ("mape", [1.5e308], [-1.5e308], 2.0),
        ("smape", [1.5e308], [-1.5e308], 2.0),
        ("smape", [5e-324], [0.0], 2.0),
        ("smape", [0.0], [0.0], 0.0),
        ("msle", [1e308], [-1 + 2.0**-53], (308 * np.log(10) + 53 * np.log(2)) ** 2),
        ("poisson", [1e-300], [0.0], 2e-300),
        ("poisson", [1e200], [1e-200], 2e200),
        ("poisson", [np.inf], [1.0], np.inf),
        ("gamma", [1e200], [1e-200], 2 * (400 * np.log(10) - 1)),
        ("gamma", [1.0], [np.inf], np.inf),
        ("tweedie:power=3", [np.inf], [1.0], 1.0),
        ("poisson-nll", [-np.inf], [0.0], 0.0),
        ("poisson-nll:log-input=false,eps=0", [0.0], [0.0], 0.0),
        ("gaussian-nll", [1e200, 1e300], [0.0], 5e99),
        ("crps", [1e200, 1e-200], [0.0], 1e200),
        ("crps", [0.0, np.inf], [0.0], np.inf),
        ("soft-margin", [800.0], [1.0], np.exp(-400.0) ** 2),
        ("soft-margin", [-1e308], [1.0], 1e308),
        ("exponential", [-np.inf], [1.0], np.inf),
        ("hinge", [np.inf], [0.0], np.inf),
        ("cosine", [1e200, 1e200], [1.0, 1.0], 0.0),
        ("cosine", [1e-200, 0.0], [-1e-300, 0.0], 2.0),
        ("cosine", [1.0, 1e-9], [1.0, 0.0], 5e-19),
    ],
)
def test_sizes_at_the_ends_of_float64(
    loss: str, prediction: list[float], label: list[float], expected: float
) -> None:
    (found,) = parse(loss)
    domain = found.variants[0].domain
    case = Case(found, domain, domain.forms[0])
    value = case(np.array([prediction]), np.array([label]))
    np.testing.assert_allclose(value, [expected], rtol=1e-13, atol=1e-30)


@pytest.mark.parametrize(
    ("form", "prediction", "tie"),
    [
        (PROBS, [0.4, 0.6], 0.5),
        (LOGITS, [-0.1, 0.1], 0.0),
        (LOG_PROBS, [-0.7, -0.6], float(np.log(0.5))),
    ],
)
def test_zero_one_has_a_threshold_for_each_form_and_a_tie_is_wrong(
    form: str, prediction: list[float], tie: float
) -> None:
    (loss,) = parse("zero-one")
    p, y = np.array([[*prediction, tie]]).T, np.array([[0.0, 1.0, 1.0]]).T
    assert Case(loss, BINARY, form)(p, y).tolist() == [0, 0, 1]
    assert Case(loss, BINARY, form)(p, 1 - y).tolist() == [1, 1, 1]
    pair = np.array([[0.5, 0.5], [0.6, 0.4], [0.4, 0.6]])
    assert Case(loss, CLASSES, form)(pair, np.zeros(3, dtype=int)).tolist() == [1, 0, 1]


def test_brier_of_an_event_is_half_of_that_of_its_two_classes() -> None:
    p, y = np.array([[0.2], [0.9]]), np.array([[0.0], [1.0]])
    halves, sums, event = parse("brier:scale-by-half=true,brier:scale-by-half=false,brier")
    pair, label = np.hstack([1 - p, p]), np.array([0, 1])
    np.testing.assert_allclose(Case(event, BINARY, PROBS)(p, y), [0.04, 0.01])
    np.testing.assert_allclose(Case(halves, CLASSES, PROBS)(pair, label), [0.04, 0.01])
    np.testing.assert_allclose(Case(sums, BINARY, PROBS)(p, y), [0.08, 0.02])
    np.testing.assert_allclose(Case(event, CLASSES, PROBS)(pair, label), [0.08, 0.02])


def test_divergences_at_their_ends() -> None:
    p, y = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 1.0], [0.5, 0.5]])
    shannon, kullback = parse("js-div,kl-div")
    np.testing.assert_allclose(Case(shannon, CLASSES, PROBS)(p, y), [np.log(2), 0], rtol=1e-15)
    np.testing.assert_allclose(Case(kullback, CLASSES, PROBS)(p, y), [np.inf, 0], rtol=1e-15)
    near = np.array([[0.5 + 1e-9, 0.5 - 1e-9]])
    found = Case(kullback, CLASSES, PROBS)(near, y[1:])
    with mpmath.workdps(50):
        true = float(kl(*([mpf(float(v)) for v in row] for row in (near[0], y[1])))[0])
    np.testing.assert_allclose(found, [true], rtol=1e-13)


def test_special_functions_against_mpmath() -> None:
    x = np.concatenate([np.linspace(-7, 7, 1401), 10.0 ** np.linspace(-300, 0, 100)])
    np.testing.assert_allclose(erf(x), [float(mpmath.erf(v)) for v in x], rtol=5e-16)
    assert erf(np.array([np.inf, -np.inf, 0.0])).tolist() == [1.0, -1.0, 0.0]
    rng = np.random.default_rng(9)
    a = 10.0 ** rng.uniform(-200, 200, 500)
    b = np.where(rng.random(500) < 0.5, a * (1 + 10.0 ** rng.uniform(-15, 0, 500)), a[::-1])
    with np.errstate(all="ignore"), mpmath.workdps(50):
        true = [float(mpmath.log(mpf(v) / mpf(w))) for v, w in zip(a, b, strict=True)]
        np.testing.assert_allclose(log_ratio(a, b), true, rtol=1e-15)


@pytest.mark.parametrize("name", KNOWN_AS)
def test_what_other_tools_call_a_loss(name: str) -> None:
    """Only scikit-learn is there to ask."""
    assert name in LOSSES
    assert KNOWN_AS[name].keys() <= {"torch", "sklearn", "keras", "optax"}
    module, _, function = KNOWN_AS[name].get("sklearn", "math.fsum").split(" ")[0].rpartition(".")
    assert callable(getattr(import_module(module), function))


def test_a_range_may_have_a_gap() -> None:
    gap = Interval(-1.0, 3.0, without=Interval(0.0, 1.0, low_open=True, high_open=True))
    values = np.array([[-2.0], [-1.0], [0.0], [0.5], [1.0], [np.nan], [4.0]])
    expected = [True, False, False, True, False, False, True]
    assert [not gap.holds(value) for value in values[:5, 0].tolist()] == expected[:5]
    marks = gap.outside(values)
    assert marks is not None
    assert marks[:, 0].tolist() == expected
    assert gap.outside(values[[1, 2, 4]]) is None
    assert str(gap) == "from -1 on and up to 3, but not above 0 and below 1"


@every_loss
def test_a_one_hot_row_costs_what_its_class_does_to_the_last_bit(case: Case) -> None:
    if not case.domain.classes:
        return
    for k in (2, 3, 17):
        prediction, _ = draw(case, 6, 40, k)
        label = np.arange(40) % k
        np.testing.assert_array_equal(case(prediction, np.eye(k)[label]), case(prediction, label))


def test_soft_rows_of_log_probabilities_with_classes_that_have_no_share() -> None:
    rng = np.random.default_rng(7)
    p, y = rng.dirichlet(np.ones(4), (2, 30))
    y[:, 1] = 0
    y /= y.sum(axis=1, keepdims=True)
    expected = special.rel_entr(y, p).sum(axis=1)
    (loss,) = parse("kl-div")
    functions = loss.variants[0].functions
    for form in (LOG_PROBS, LOGITS):
        with np.errstate(all="ignore"):
            found = functions[form](np.log(p), y)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_deviances_whose_parts_are_too_large_for_float64() -> None:
    p, y = np.array([6e307, 5.9e307]), np.array([1.79e308, 1.7e308])
    with np.errstate(all="ignore"):
        found = parse("poisson")[0].variants[0].functions[NUMBERS](p, y)
    for row in range(2):
        a, b = mpf(p[row]), mpf(y[row])
        expected = 2 * (b * mpmath.log(b / a) - b + a)
        np.testing.assert_allclose(found[row], float(expected), rtol=1e-13)


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp == 1024, reason="no numbers of 15 bits")
def test_deviances_whose_powers_are_too_large_for_float64() -> None:
    (loss,) = parse("tweedie:power=5")
    p = np.array([1e-104, 2e-104, 1e-103])
    y = p * np.array([1 + 1e-10, 1 - 1e-9, 1 + 1e-12])
    with np.errstate(all="ignore"):
        found = loss.variants[0].functions[NUMBERS](p, y, power=5.0)
    with mpmath.workdps(80):
        for row in range(3):
            a, b = mpf(p[row]), mpf(y[row])
            expected = 2 * (b**-3 / 12 + b * a**-4 / 4 - a**-3 / 3)
            np.testing.assert_allclose(found[row], float(expected), rtol=1e-12)


def test_shares_that_cannot_be_divided_by_their_sum_are_refused() -> None:
    for form, rows in ((PROBS, [[1.0, 3.0], [np.inf, 1.0]]), (LOG_PROBS, [[0, -1], [-np.inf] * 2])):
        (fault,) = check(CLASSES, form, np.array(rows, float), np.array([0, 1]), None).faults
        assert fault.row == 1


def test_how_far_labels_and_probabilities_may_miss_their_bounds() -> None:
    def faults(prediction: Any, label: Any, tolerance: float, domain: Any = CLASSES) -> list[Any]:
        found = check(domain, PROBS, np.array(prediction), np.array(label), tolerance)
        return [found.adjusted, *((fault.row, fault.side, fault.column) for fault in found.faults)]

    half, soft = [[0.5, 0.5]] * 2, [[0.5, 0.5], [0.5, 0.54]]
    assert faults(half, soft, 1e-3) == [0, (1, "label", None)]
    assert faults(half, soft, 0.05) == [0]
    assert faults(half, [[0.5, 0.5], [0.5, 0.5005]], 1e-3) == [0]
    assert faults(half, [[0.5, 0.5], [0.5, 0.5005]], 1e-4) == [0, (1, "label", None)]
    many = np.full((10_000, 2), 0.5)
    many[7, 1] += 1e-12
    assert faults(np.full((10_000, 2), 0.5), many, 0.0) == [0, (7, "label", None)]
    event = [[0.0], [1.0], [0.5]]
    assert faults([[0.5]] * 3, [[0.0], [1.0], [1.00001]], 1e-3, BINARY) == [0, (2, "label", 0)]
    assert faults([[0.5]] * 3, [[0.0], [-1e-9], [1.0]], 1e-3, BINARY) == [0, (1, "label", 0)]
    assert faults([[1 + 9e-7], [1 - 1e-9], [-9e-7]], event, 1e-3, BINARY) == [2]
    assert faults([[1 + 9e-7], [1 + 2e-6], [0.5]], event, 1e-3, BINARY)[1:] == [
        (1, "prediction", 0)
    ]
    assert faults([[-9e-7], [0.2], [-2e-6]], event, 1e-3, BINARY)[1:] == [(2, "prediction", 0)]
    several = [[1 + 9e-7, 0.0, -9e-7], [0.5, 0.5, 0.5]]
    assert faults(several, [[0.0, 0.0, 1.0]] * 2, 1e-3, BINARY) == [1]
