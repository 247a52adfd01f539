"""The arithmetic of rows: what is shown is what was computed, and what mpmath makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from drawing import CASES, Case, draw, labels_in_all_forms
from processes import Run, in_terminal, piped

from lossctl import DataError, UsageError, api, row_losses, scoring
from lossctl.explaining import explain, numbers, planned
from lossctl.explaining.picking import Picker, Wanted
from lossctl.explanation import Explanation, Step, Total
from lossctl.losses.domain import BINARY, CLASSES, LOG_PROBS, LOGITS, NUMBERS, PROBS, SHARES
from lossctl.losses.rows import row_losses as losses_of
from lossctl.render import Looks, arithmetic
from lossctl.values import replace

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
mpf: Any = mpmath.mpf


def explained(
    loss: str,
    prediction: Any,
    label: Any,
    rows: tuple[int, ...] = (),
    keys: tuple[str, ...] = (),
    worst: int = 0,
    **options: Any,
) -> tuple[Explanation, ...]:
    """Explain rows of Python's data."""
    plan = planned(loss, prediction, label, api.options_of(**options))
    return explain(plan, Wanted(rows, keys, worst))[1]


def last(found: Explanation) -> dict[str, Any]:
    """Return what each symbol stands for in the end."""
    return {step.symbol: step.value for step in found.steps}


def options_for(case: Case) -> dict[str, Any]:
    """Return what is to be said of a case's predictions."""
    options: dict[str, Any] = {"diagnose": "off"}
    if case.form == SHARES:
        return options | {"from_": PROBS, "normalize": True}
    return options if case.domain.forms == (NUMBERS,) else options | {"from_": case.form}


class TestExactness:
    """The last step is the loss of the row, and the others are on the way to it."""

    @pytest.mark.parametrize("case", [c for c in CASES if c.loss.finish != "root-mean"], ids=str)
    def test_the_last_step_is_the_row_loss_bit_for_bit(self, case: Case) -> None:
        classes = any(variant.domain.classes for variant in case.loss.variants)
        k = 1 if classes and not case.domain.classes else 3
        prediction, label = draw(case, 3, 12, k)
        for each in labels_in_all_forms(case, label, k):
            given = (str(case.loss), prediction, each)
            expected = row_losses(*given, **options_for(case))
            found = explained(*given, (*range(12),), **options_for(case))
            np.testing.assert_array_equal([one.value for one in found], expected)
            np.testing.assert_array_equal([one.steps[-1].value for one in found], expected)

    @pytest.mark.parametrize("seed", range(4))
    def test_squares_are_what_mpmath_makes_of_the_inputs(self, seed: int) -> None:
        case = next(c for c in CASES if str(c.loss) == "mse")
        prediction, label = draw(case, seed, 20, 1)
        for one in explained("mse", prediction, label, (*range(20),)):
            steps = last(one)
            difference = mpf(steps["p"]) - mpf(steps["y"])
            same(steps["d"], difference)
            same(steps["ℓ"], difference**2)

    @pytest.mark.parametrize("form", [PROBS, LOGITS, LOG_PROBS])
    @pytest.mark.parametrize("loss", ["bce", "ce"])
    def test_likelihoods_are_what_mpmath_makes_of_the_inputs(self, loss: str, form: str) -> None:
        domain = BINARY if loss == "bce" else CLASSES
        case = next(
            c for c in CASES if str(c.loss) == loss and c.domain is domain and c.form == form
        )
        prediction, label = draw(case, 8, 40, 3 if loss == "ce" else 1)
        for each in labels_in_all_forms(case, label, 3):
            options = options_for(case)
            for one in explained(loss, prediction, each, (*range(40),), **options):
                check_likelihood(one, form)

    def test_a_likelihood_that_no_float_holds_goes_by_the_logits(self) -> None:
        logits = np.array([[800.0, 0.0, 0.5], [-900.0, 3.0, 2.0]])
        for one, row in zip(
            explained("ce", logits, [1, 0], (0, 1), from_="logits"), logits, strict=True
        ):
            steps = last(one)
            assert steps["L"] == "< 1e-300"
            rest = mpmath.fsum(mpmath.exp(mpf(x) - mpf(row.max())) for x in row) - 1
            same(steps["m"], mpf(row.max()))
            np.testing.assert_allclose(steps["r"], float(rest), rtol=1e-15, atol=1e-300)
            own = mpf(row[0 if row[0] == -900 else 1])
            same(-steps["ℓ"], own - mpf(steps["m"]) - mpmath.log1p(mpf(steps["r"])))

    def test_a_confident_right_answer_is_shown_with_what_it_lacks(self) -> None:
        (one,) = explained("ce", [[40.0, 0.0, 0.0]], [0], (0,), from_="logits")
        steps = last(one)
        assert steps["L"] == 1
        same(steps["ℓ"], mpmath.log1p(2 * mpmath.exp(mpf(-40))))
        same(steps["1 − L"], -mpmath.expm1(-mpmath.log1p(2 * mpmath.exp(mpf(-40)))))


def same(shown: float, true: Any) -> None:
    """Fail if a number is not the true one to 12 digits."""
    close = mpmath.almosteq(mpf(shown), true, rel_eps=mpf("1e-12"), abs_eps=mpf("1e-300"))
    assert close or mpf(shown) == true  # infinite, which mpmath 1.3 finds close to nothing


def check_likelihood(one: Explanation, form: str) -> None:
    """Fail if the steps of a likelihood are not what mpmath makes of prediction and label."""
    mpmath.mp.dps = 350
    steps = last(one)
    y = [mpf(value) for value in np.atleast_1d(steps["y"])]
    x = [mpf(value) for value in np.atleast_1d(steps[{LOGITS: "x", LOG_PROBS: "q"}.get(form, "p")])]
    if form == LOGITS and len(x) == 1:
        p = [1 / (1 + mpmath.exp(-x[0]))]
    elif form == LOGITS:
        total = mpmath.fsum(map(mpmath.exp, x))
        p = [mpmath.exp(value) / total for value in x]
    else:
        p = [mpmath.exp(value) for value in x] if form == LOG_PROBS else x
    for shown, true in zip(np.atleast_1d(steps["p"]), p, strict=True):
        same(shown, true)
    if len(p) == 1:
        p, y = [p[0], 1 - p[0]], [y[0], 1 - y[0]]
        same(steps["1 − p"], p[1])
    logarithm = mpmath.fsum(b * mpmath.log(a) for a, b in zip(p, y, strict=True) if b)
    same(steps["ln L"], logarithm)
    same(steps["ℓ"], -logarithm)
    if steps["L"] == "< 1e-300":
        assert mpmath.exp(logarithm) < mpf("1e-300")
    else:
        same(steps["L"], mpmath.exp(logarithm))
    assert ("1 − L" in steps) == (steps["L"] != "< 1e-300" and steps["L"] > 0.9)
    if "1 − L" in steps:
        same(steps["1 − L"], -mpmath.expm1(logarithm))


def xlog(y: Any, x: Any) -> Any:
    """Return y ln x with 0·ln 0 = 0."""
    with np.errstate(divide="ignore"):
        return np.where(np.asarray(y) == 0, 0.0, y * np.log(np.where(np.asarray(y) == 0, 1.0, x)))


# The formula that stands beside the loss, for each whose steps lead to it: a NumPy of its symbols.
FORMULAS: Mapping[str, Callable[..., Any]] = {
    "mse": lambda s: s["d"] ** 2,
    "sse": lambda s: s["d"] ** 2,
    "mae": lambda s: abs(s["d"]),
    "huber": lambda s: s["n"] * (s["d"] - s["n"] / 2),
    "smooth-l1": lambda s: s["n"] * (s["d"] - s["n"] / 2),
    "log-cosh": lambda s: np.log(np.cosh(s["d"])),
    "quantile": lambda s: s["side"] * s["d"],
    "mape": lambda s: s["d"] / s["b"],
    "smape": lambda s: 2 * s["d"] / s["b"],
    "msle": lambda s: s["d"] ** 2,
    "poisson": lambda s: 2 * (s["y"] * np.log(s["r"]) - s["y"] + s["p"]),
    "gamma": lambda s: 2 * (s["r"] - np.log(s["r"]) - 1),
    "poisson-nll": lambda s: s["m"] - s["y x"],
    "gaussian-nll": lambda s: (s["w"] + s["z"] ** 2) / 2,
    "crps": lambda s: s["σ"] * (s["z"] * (2 * s["Φ"] - 1) + 2 * s["φ"] - np.pi**-0.5),
    "cosine": lambda s: 1 - s["cos"],
    "hinge": lambda s: np.maximum(0, 1 - s["m"]),
    "squared-hinge": lambda s: np.maximum(0, 1 - s["m"]) ** 2,
    "soft-margin": lambda s: np.log1p(np.exp(-s["m"])),
    "exponential": lambda s: np.exp(-s["m"]),
    "multiclass-hinge": lambda s: np.maximum(0, 1 + s["best"] - s["own"]),
    "multi-margin": lambda s: np.sum(s["t"]) / 3,
    "bce": lambda s: -s["ln L"],
    "ce": lambda s: -s["ln L"],
    "nll": lambda s: -s["ln L"],
    "brier": lambda s: np.sum(s["d"] ** 2),
    "rps": lambda s: np.sum(s["t"]),
    "kl-div": lambda s: np.sum(s["t"]),
    "js-div": lambda s: np.sum(s["a"] + s["b"]) / 2,
    "zero-one": lambda s: (
        float(s["own"] <= s["best"]) if "own" in s else float((s["p"] > s["t"]) != (s["y"] == 1))
    ),
}


def benign(case: Case) -> tuple[Any, Any]:
    """Return predictions and labels of a sensible size."""
    rng = np.random.default_rng(2)
    n = 8
    if case.domain.classes:
        x = rng.normal(size=(n, 3))
        p = np.exp(x) / np.exp(x).sum(axis=1)[:, np.newaxis]
        found = {PROBS: p, LOG_PROBS: np.log(p)}.get(case.form, x)
        return found, rng.integers(0, 3, n)
    if case.domain.unit_labels:
        p = rng.uniform(0.05, 0.95, (n, 1))
        form = {PROBS: p, LOG_PROBS: np.log(p)}
        return form.get(case.form, np.log(p / (1 - p))), rng.integers(0, 2, (n, 1)).astype(float)
    width = 2 if case.domain.whole else 1
    return rng.uniform(1, 3, (n, width)), rng.uniform(
        1, 3, (n, 1 if case.domain.columns else width)
    )


@pytest.mark.parametrize(
    "case",
    [
        c
        for c in CASES
        if c.loss.name in FORMULAS and ":" not in str(c.loss) and c.form != SHARES
        if c.loss.finish != "root-mean"
    ],
    ids=str,
)
def test_the_formula_of_the_steps_gives_the_loss(case: Case) -> None:
    for one in explained(str(case.loss), *benign(case), (*range(8),), **options_for(case)):
        found = {name: v for name, v in last(one).items() if not isinstance(v, str)}
        steps: dict[str, Any] = {name: np.array(value) for name, value in found.items()}
        if case.form != PROBS and "p" not in steps:
            steps["p"] = steps.get("x", steps.get("q", steps.get("s")))
        made = float(FORMULAS[case.loss.name](steps))
        np.testing.assert_allclose(made, one.value, rtol=1e-12, atol=1e-14)


def test_focal_is_the_cross_entropy_times_its_factor() -> None:
    for options in ("", "alpha=0.25", "gamma=0.5"):
        loss = "focal" + (f":{options}" if options else "")
        (one,) = explained(loss, [0.3], [1.0], (0,))
        steps = last(one)
        gamma = 0.5 if "gamma" in options else 2.0
        own = [steps["h"], steps["1 − q"], steps["f"]]
        np.testing.assert_allclose(own, [-np.log(0.3), 0.7, 0.7**gamma], rtol=1e-15)
        expected = steps["h"] * steps["f"] * steps.get("α", 1.0)
        np.testing.assert_allclose(one.value, expected, rtol=1e-14)
        (one,) = explained(loss, [[0.3, 0.7]], [0], (0,))
        steps = last(one)
        expected = -np.log(0.3) * 0.7**gamma * (0.25 if "alpha" in options else 1.0)
        np.testing.assert_allclose(one.value, expected, rtol=1e-14)
        np.testing.assert_allclose(steps["h"][0] * steps["f"][0], -np.log(0.3) * 0.7**gamma)


def test_small_angles_are_shown_with_their_digits() -> None:
    (one,) = explained("cosine", [[1.0, 1e-9]], [[1.0, 0.0]], (0,))
    steps = last(one)
    assert steps["cos"] == 1
    true = mpf(1e-9) ** 2 / (1 + mpf(1e-9) ** 2)
    same(steps["sin²"], true)
    same(steps["ℓ"], 1 - mpmath.sqrt(1 - true))


def test_a_loss_without_steps_of_its_own_is_told_by_its_formula(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(numbers.OWN, "mae")
    (one,) = explained("mae", [3.0], [1.0], (0,))
    assert one.formula == "Absolute error |p − y|, in units of the label"
    assert [(step.symbol, step.value) for step in one.steps] == [("y", 1), ("p", 3), ("ℓ", 2)]
    assert one.steps[-1].how == "the row's loss"


@pytest.mark.parametrize("labels", [[2, 0, 1], [[0.2, 0.3, 0.5], [1, 0, 0], [0, 1, 0]]])
@pytest.mark.parametrize(
    "options",
    [
        {"label_smoothing": 0.1},
        {"class_weight": "1,2,3"},
        {"class_weight": "1,2,3", "label_smoothing": 0.2},
        {"eps": 0.01, "normalize": True},
        {"convention": "keras"},
        {"convention": "kaggle"},
        {"convention": "keras", "label_smoothing": 0.3, "class_weight": "1,2,3"},
        {"from_": "logits", "label_smoothing": 0.1, "class_weight": "3,2,1"},
        {"normalize": True},
    ],
    ids=str,
)
def test_the_last_label_and_probability_of_classes_give_the_loss(
    options: dict[str, Any], labels: Any
) -> None:
    """Whatever acts on them: a weight of a hard label comes after."""
    prediction = [[0.1, 0.0, 0.9], [0.25, 0.5, 0.25], [0.125, 0.375, 0.5]]
    for one in explained("ce", prediction, labels, (0, 1, 2), diagnose="off", **options):
        steps = last(one)
        p, y = np.array(steps["p"]), np.array(steps["y"])
        expected = -np.sum(xlog(y, p))
        if "c" in steps:
            np.testing.assert_allclose(steps["c"], expected, rtol=1e-13)
            expected = steps["c"] * steps["w"]
        np.testing.assert_allclose(one.value, expected, rtol=1e-13)


@pytest.mark.parametrize(
    "options",
    [
        {"label_smoothing": 0.1},
        {"class_weight": "2,3"},
        {"pos_weight": 4.0},
        {"pos_weight": 4.0, "label_smoothing": 0.25, "class_weight": "2,3"},
        {"convention": "torch"},
        {"convention": "torch", "pos_weight": 2.0},
        {"convention": "keras", "label_smoothing": 0.2},
        {"convention": "xgboost"},
        {"eps": 0.01},
    ],
    ids=str,
)
def test_what_both_answers_cost_and_weigh_gives_the_loss(options: dict[str, Any]) -> None:
    found = explained("bce", [0.0, 0.7, 0.2], [1.0, 0.0, 0.25], (0, 1, 2), **options)
    for one in found:
        steps = last(one)
        y = steps.get("y'", steps["y"])
        if "a" in steps:
            a, b = (0.0 if cost == np.inf else cost for cost in (steps["a"], steps["b"]))
            on, off = steps.get("w1", 1.0), steps.get("w0", 1.0)
            expected = on * y * a + off * (1 - y) * b
        else:
            expected = -(xlog(y, steps["p"]) + xlog(1 - y, 1 - np.float64(steps["p"])))
        if np.isfinite(one.value):
            np.testing.assert_allclose(one.value, expected, rtol=1e-13)


def test_kaggle_clips_and_then_divides() -> None:
    # conventions.md, 6: the row tells the order apart, 33.85 the one way and 34.54 the other
    (one,) = explained("ce", [[0.0, 0.5]], [0], (0,), convention="kaggle", sum_tol=0.6)
    assert [step.symbol for step in one.steps[:4]] == ["y", "given", "clipped", "p"]
    np.testing.assert_allclose(last(one)["p"], [2e-15, 1.0], rtol=1e-14)
    np.testing.assert_allclose(one.value, -np.log(2e-15), rtol=1e-14)


def test_what_is_multiplied_after_the_kernel_is_shown() -> None:
    (one,) = explained("mape", [3.0], [2.0], (0,), convention="keras")
    steps = last(one)
    assert (steps["c"], steps["k"], steps["ℓ"]) == (0.5, 100.0, 50.0)
    (one,) = explained("brier", [0.25], [1.0], (0,), class_weight="1,3")
    steps = last(one)
    assert (steps["c"], steps["w"], steps["ℓ"]) == (0.5625, 3.0, 1.6875)
    (one,) = explained("multiclass-hinge", [[0.5, 1.0]], [0], (0,), class_weight="4,1")
    steps = last(one)
    assert (steps["c"], steps["w"], steps["ℓ"]) == (1.5, 4.0, 6.0)


class TestLabels:
    """Labels in any spelling, as they stand and as they are counted."""

    def test_classes_are_called_as_the_labels_call_them(self, write: Write) -> None:
        for names in (("p_cat", "p_dog"), ("cat", "dog")):
            path = write("f.csv", f"p_cat,p_dog,label\n0.25,0.75,{names[1]}\n")
            (one,) = explained("ce", str(path), None, (0,))
            assert (one.label, one.names) == (names[1], names)
        path = write("g.csv", "y_cat,y_dog\n0,1\n")
        (one,) = explained("ce", str(write("p.csv", "cat,dog\n0.25,0.75\n")), str(path), (0,))
        assert (one.label, one.names) == ("y_dog", ("y_cat", "y_dog"))

    def test_they_come_first_with_how_they_were_read(self, write: Write) -> None:
        write("f.csv", "p_cat,p_dog,label\n0.25,0.75,dog\n")
        write("g.csv", "p_cat,p_dog,label\n0.25,0.75,2\n")
        write("h.csv", "prob,label\n0.25,yes\n0.25,no\n")
        write("s.csv", "score,label\n0.5,-1\n0.5,1\n")
        write("o.csv", "dog,cat\n1,0\n")
        write("p.csv", "cat,dog\n0.25,0.75\n")
        folder = write("x", "").parent

        def how(loss: str, file: str, *, row: int = 0, **options: Any) -> tuple[Any, str, Any]:
            labels = options.pop("labels", None)
            (one,) = explained(
                loss, str(folder / file), labels and str(folder / labels), (row,), **options
            )
            return one.label, one.steps[0].how, one.steps[0].value

        assert how("ce", "f.csv") == ("dog", "the label 'dog', one-hot", (0, 1))
        found = how("ce", "g.csv", label_base=1)
        assert found == ("2", "the label 2, counted from 1, one-hot", (0, 1))
        assert how("ce", "p.csv", labels="o.csv")[1:] == ("the label, a row of numbers", (0, 1))
        assert how("bce", "h.csv") == ("yes", "1: 'yes' is the event", 1)
        assert how("bce", "h.csv", row=1) == ("no", "0: 'no' is not the event", 0)
        assert how("bce", "h.csv", row=1, positive="no") == ("no", "1: 'no' is the event", 1)
        assert how("hinge", "s.csv") == ("-1", "the label, −1 counted as 0", 0)

    def test_soft_ones_are_rows_of_numbers(self) -> None:
        (one,) = explained("ce", [[0.5, 0.5]], [[0.25, 0.75]], (0,))
        assert (one.label, one.steps[0].value) == (["0.25", "0.75"], (0.25, 0.75))
        assert "ln p" in last(one)


class TestWords:
    """Why a loss is infinite, or NaN, and what others make of it."""

    @pytest.mark.parametrize(
        ("loss", "prediction", "label", "options", "words"),
        [
            ("ce", [[1.0, 0.0]], [1], {"classes": "a,b"}, "'b' of the label has probability 0"),
            (
                "ce",
                [[1.0, 0.0]],
                [0],
                {"label_smoothing": 0.1},
                "'1' of what smoothing adds has probability 0",
            ),
            ("ce", [[0.0, -np.inf]], [1], {"from_": "logits"}, "'1' of the label has"),
            ("ce", [[np.inf, 5.0]], [1], {"from_": "logits"}, "'1' of the label has"),
            ("bce", [0.0], [1.0], {}, "what happened has probability 0"),
            ("bce", [1.0], [0.5], {}, "what happened has probability 0"),
            ("bce", [-np.inf], [1.0], {"from_": "logits"}, "what happened has probability 0"),
            ("mse", [1e200], [0.0], {}, "larger than float64 can hold"),
            ("mse", [np.inf], [0.0], {}, "the prediction or the label is"),
        ],
    )
    def test_infinity_has_a_reason(
        self, loss: str, prediction: Any, label: Any, options: Any, words: str
    ) -> None:
        (one,) = explained(loss, prediction, label, (0,), **options)
        assert one.value == np.inf
        assert words in one.remarks[0]
        assert one.share is None

    def test_other_conventions_are_told_of_an_infinite_row(self) -> None:
        # conventions.md, 1: what each tool makes of p = 0 for what happened
        (one,) = explained("bce", [0.0, 0.5], [1.0, 1.0], (0,))
        assert one.remarks[1] == (
            "the row by other conventions: torch 100, sklearn 36.0437, keras 16.1181, "
            "kaggle 34.5388, xgboost 36.8414, lightgbm 34.5388 (--convention NAME)"
        )
        (one,) = explained("bce", [0.0, 0.5], [1.0, 1.0], (1,))
        assert one.remarks == ()
        (one,) = explained("bce", [0.0, 0.5], [1.0, 1.0], (1,), convention="all")
        assert "sklearn 0.693147" in one.remarks[0]

    def test_nan_has_a_reason(self) -> None:
        (one,) = explained("mse", [np.nan], [0.0], (0,), nan="propagate")
        assert one.remarks == ("the loss is NaN: a value is missing",)
        (one,) = explained("mse", [np.inf], [np.inf], (0,))
        assert "no definite value" in one.remarks[0]

    def test_cells_that_are_left_out_are_named(self) -> None:
        options: dict[str, Any] = {"nan": "skip"}
        label = [[1.0, np.nan], [0.0, 1.0]]
        (one,) = explained("mse", [[0.5, 0.5], [1.0, 1.0]], label, (0,), **options)
        assert one.remarks == ("'1' is left out and costs nothing: missing, or to be ignored",)
        assert (last(one)["ℓ"], one.value) == ((0.25, 0.0), 0.25)


class TestRows:
    """Which rows are explained, and which cannot be."""

    def test_named_ones_come_first_then_the_worst_of_each_loss(self) -> None:
        prediction, label = [0.0, 3.0, 10.0, 0.5], [0.0, 0.0, 0.0, 0.0]
        found = explained("mse,mae", prediction, label, (3, 1), worst=2)
        assert [(one.loss, one.row) for one in found] == [
            *(("mse", 3), ("mse", 1), ("mse", 2)),
            *(("mae", 3), ("mae", 1), ("mae", 2)),
        ]
        assert [one.value for one in found] == [0.25, 9.0, 100.0, 0.5, 3.0, 10.0]

    def test_no_more_rows_are_kept_than_are_wanted(self) -> None:
        rng = np.random.default_rng(0)
        plan = planned("mse", rng.random(300_000), np.zeros(300_000), api.options_of())
        picker = Picker(plan, Wanted((7,), worst=3))
        seen: list[int] = []

        def watch(block: Any, _: Any) -> None:
            picker(block, losses_of(block, plan.terms, plan.domain))
            seen.append(len(picker._found))  # noqa: SLF001  # that is the fact

        scoring.run(replace(plan, told_apart=True), watch)
        assert len(seen) > 1
        assert max(seen) <= 4

    def test_shares_are_of_the_weighted_total(self) -> None:
        found = explained("mse", [1.0, 2.0, 3.0], [0.0] * 3, (0, 1, 2), weights=[2.0, 1.0, 0.0])
        assert [one.share for one in found] == [2 / 6, 4 / 6, 0.0]
        assert last(found[0])["W ℓ"] == 2.0
        assert found[0].total == Total(6.0, 3, 2.0, "mean")

    def test_those_of_a_joined_input_are_found_by_their_id(self, write: Write) -> None:
        truth = write("t.csv", "id,y\nb,0\na,1\nc,1\n")
        files = (str(write("p.csv", "id,prob\na,0.5\nb,0.25\nd,0.5\n")), str(truth))
        (one,) = explained("bce", *files, keys=("b",), id="id", unmatched="skip")
        assert (one.row, one.key, one.value) == (1, ("id", "b"), -np.log(0.75))
        with pytest.raises(DataError, match="no row has the key 'd'") as caught:
            explained("bce", *files, keys=("d",), id="id", unmatched="skip")
        assert "no partner" in str(caught.value.hint)
        with pytest.raises(DataError, match="row 2 was left out: it has no partner"):
            explained("bce", *files, (2,), id="id", unmatched="skip")

    @pytest.mark.parametrize(
        ("wanted", "options", "words"),
        [
            ({"rows": (4,)}, {}, "there is no row 4"),
            ({"rows": (1,)}, {"nan": "skip"}, r"row 1 was left out: a value is missing"),
            ({"rows": (2,)}, {"ignore_label": "-1", "nan": "skip"}, "its label is ignored"),
            ({"keys": ("x",)}, {}, "no row has the key 'x'"),
            ({"keys": ("a",)}, {}, "the key 'a' stands twice: in rows 0 and 3"),
        ],
    )
    def test_one_that_cannot_be_explained_is_an_error(
        self, wanted: Any, options: dict[str, Any], words: str, write: Write
    ) -> None:
        text = "id,pred,label\na,1,2\nb,,2\nc,1,-1\na,3,2\n"
        if "nan" not in options:
            text = text.replace("b,,2", "b,5,2")
        with pytest.raises(DataError, match=words):
            explained("mse", str(write("f.csv", text)), None, **wanted, **options)

    def test_keys_want_a_column_of_keys(self) -> None:
        with pytest.raises(DataError, match="the rows have no keys"):
            explained("mse", [1.0], [1.0], keys=("a",))

    def test_a_root_of_a_mean_has_no_rows(self) -> None:
        with pytest.raises(UsageError, match="rmse has no row losses"):
            explained("rmse", [1.0], [1.0], (0,))


class TestCommand:
    """The verb: formats, widths, mistakes."""

    @pytest.fixture(autouse=True)
    def _data(self, write: Write) -> None:
        write("f.csv", "id,cat,dog,owl,label\na,1.0,0.0,0.0,dog\nb,0.5,0.25,0.25,cat\n")

    def test_json_is_a_strict_list_of_rows_with_their_steps(self, lossctl: Lossctl) -> None:
        run = lossctl("explain", "ce", "f.csv", "--row", 1, "--key", "a", "--json", "-q")
        found = json.loads(run.out, parse_constant=pytest.fail)
        assert (run.code, run.err) == (0, "")
        assert [list(one) for one in found] == 2 * [
            [
                *("schema", "loss", "row", "id", "label", "value", "status", "weight", "share"),
                *("total", "formula", "steps", "remarks"),
            ]
        ]
        assert [one["id"] for one in found] == ["b", "a"]
        first, second = found
        assert (first["value"], first["status"], second["value"]) == (np.log(2), "ok", None)
        assert first["steps"][0] == {
            "step": "y",
            "how": "the label 'cat', one-hot",
            "values": {"cat": 1.0, "dog": 0.0, "owl": 0.0},
        }
        assert first["steps"][-1]["value"] == np.log(2)
        assert second["steps"][-1] == {
            "step": "ℓ",
            "how": "−ln L: the row's loss",
            "value": None,
            "not_finite": "inf",
        }
        lines = lossctl("explain", "ce", "f.csv", "--row", 1, "--key", "a", "--format", "jsonl")
        assert [json.loads(line) for line in lines.out.splitlines()] == found

    def test_a_pipe_gets_a_number_a_line_in_full_precision(self, lossctl: Lossctl) -> None:
        run = lossctl("explain", "ce", "f.csv", "--key", "b")
        header, *rows = (line.split("\t") for line in run.out.splitlines())
        assert header == ["loss", "row", "id", "label", "step", "of", "value", "how"]
        assert rows[0] == ["ce", "1", "b", "cat", "y", "cat", "1", "the label 'cat', one-hot"]
        assert rows[-1][4:7] == ["ℓ", "", "0.6931471805599453"]

    def test_markdown_is_tables_and_lists(self, lossctl: Lossctl) -> None:
        run = lossctl("explain", "ce", "f.csv", "--row", 1, "--format", "markdown", "-q")
        assert run.out.startswith("**ce of row 1, id `b`: 0.693147**\n\n- `Cross-entropy")
        assert "| class | y | p |\n| --- | ---: | ---: |\n| `cat` | 1 | 0.5 |\n" in run.out
        assert "| ℓ | −ln L: the row's loss | 0.693147 |\n" in run.out

    @pytest.mark.parametrize("columns", [60, 80])
    @pytest.mark.parametrize(
        "line",
        [
            "ce f.csv --row 1 --label-smoothing 0.1 --class-weight 1,2,3 --normalize --eps 0.01",
            "ce x.npy y.npy --from logits --worst 2 --label-smoothing 0.01 --class-weight balanced",
            "mse m.csv --pred-col p_* --label-col a,b,c --row 1",
            "multi-margin x.npy y.npy --row 0",
        ],
    )
    def test_nothing_is_wider_than_the_terminal(
        self, line: str, columns: int, tmp_path: Path, save: Save, write: Write
    ) -> None:
        rng = np.random.default_rng(0)
        save("x.npy", rng.normal(size=(9, 1000)) * 4)
        save("y.npy", rng.integers(0, 1000, 9))
        write("m.csv", "p_a,p_b,p_c,a,b,c\n" + "0.12345678,1,2,3,4,5\n" * 3)
        code, shown = in_terminal(tmp_path, "explain", *line.split(), "-q", columns=columns)
        lines = [text.rstrip() for text in ANSI.sub("", shown).splitlines()]
        assert code == 0
        tables = [text for text in lines if "│" in text or "╇" in text]
        assert max(map(len, tables)) <= columns
        assert len(lines) < 90  # two rows: a thousand classes do not flood it

    def test_of_many_classes_the_label_and_the_largest_are_shown(self) -> None:
        x = np.zeros((1, 1000))
        x[0, [5, 700]] = 8.0
        (one,) = explained("ce", x, [321], (0,), from_="logits")
        tables = [grid for grid in arithmetic.grids(one, Looks(60)) if grid.header]
        shown = [row[0] for row in tables[0].rows]
        assert len(shown) == 8
        assert {"5", "321", "700"} <= {*shown}
        assert tables[0].notes == ["and 992 more, which the formats for programs have"]

    def test_digits_are_as_asked_for(self, lossctl: Lossctl) -> None:
        words = ("explain", "ce", "f.csv", "--row", 1, "--format", "table", "-q")
        assert "0.69315\n" in lossctl(*words, "--precision", 5).out
        assert "shown with 5 digits" in lossctl(*words, "--precision", 5).out
        assert "0.6931471805599453\n" in lossctl(*words, "--precision", 16).out

    @pytest.mark.parametrize(
        ("line", "code", "words"),
        [
            ("ce f.csv", 2, "which row is to be explained?"),
            ("ce f.csv --row -1", 2, "--row counts from 0"),
            ("ce f.csv --row 0 --by label", 2, "--by is for results"),
            ("ce f.csv --row 0 --reduction none", 2, "--reduction none prints rows"),
            ("ce f.csv --row 0 --convention all", 2, "a row is explained by one convention"),
            ("ce f.csv --row 0 --format prometheus", 2, "a list has no prometheus format"),
            ("ce f.csv --row 2", 3, "there is no row 2"),
            ("ce f.csv --key c", 3, "no row has the key 'c'"),
        ],
    )
    def test_mistakes_are_two_lines(
        self, line: str, code: int, words: str, lossctl: Lossctl
    ) -> None:
        run = lossctl("explain", *line.split())
        assert (run.code, run.out) == (code, "")
        assert words in run.err
        assert len(run.err.splitlines()) <= 2

    def test_names_from_a_file_cannot_steer_a_terminal(
        self, write: Write, lossctl: Lossctl
    ) -> None:
        write("g.csv", "id,cat\x1b[31m,dog,label\n\x1b[2Ja,0.5,0.5,dog\n")
        for name in ("table", "markdown", "tsv", "csv"):
            run = lossctl("explain", "ce", "g.csv", "--row", 0, "--format", name, "-q")
            assert (run.code, "\x1b" in run.out) == (0, False)

    def test_it_reads_standard_input_once(self, tmp_path: Path) -> None:
        data = (tmp_path / "f.csv").read_bytes()
        run = piped(tmp_path, data, "explain", "ce", "-", "--worst", "1", "--json", "-q")
        assert (run.code, json.loads(run.out)[0]["row"]) == (0, 0)


def test_a_step_of_text_stays_text_in_json() -> None:
    one = Explanation(
        "x", "f", 0, None, "1", 1.0, None, Total(0.0, 1, 0.0, "mean"), (Step("L", "how", "< 1"),)
    )
    assert one.to_dict()["steps"] == [{"step": "L", "how": "how", "value": "< 1"}]
    assert one.share is None
