"""What torch, scikit-learn, Keras, XGBoost and others print, for every loss, option and convention.

``golden/tools.json`` was made by running them, and mpmath where none of them is exact
(``golden/make_tools.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lossctl
from lossctl.losses import LOSSES, parse
from lossctl.losses.domain import CLASSES, NUMBERS

FILE = Path(__file__).parent / "golden" / "tools.json"
ALL = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
CASES = [case for case in ALL if case.get("value") is not None]
ROWS = [json.loads(line) for line in (FILE.parent / "rows.jsonl").read_text().splitlines()]
# The skill of several outputs is that of all of them, scikit-learn's "variance_weighted".
SKILLS = [
    case
    for case in ALL
    if "skill" in case and not (case["convention"] == "sklearn" and np.ndim(case["labels"]) > 1)
]
# XGBoost computes in float32; torch and Keras lose the digits of losses that are next to nothing.
LOOSE = {"xgboost": (1e-6, 1e-6), "torch": (1e-12, 1e-14), "keras": (1e-12, 1e-14)}


def named(case: dict[str, Any]) -> str:
    """Return the name of a case, for the test's own."""
    return f"{case['tool']} {case['case']}"


def options_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the case's options as the API takes them."""
    (loss,) = parse(case["loss"])
    found = {**case["options"], "convention": case["convention"], "diagnose": "off"}
    if case["from"] is not None and loss.variants[0].domain.forms != (NUMBERS,):
        found["from_"] = case["from"]
    if case["weights"] is not None:
        found["weights"] = np.array(case["weights"])
    if loss.finish == "mean":
        found["reduction"] = case["reduction"]
    if loss.variants[-1].domain is CLASSES and case["convention"] == "sklearn":
        found["sum_tol"] = 0.99  # scikit-learn only warns
    return found


def arrays(case: dict[str, Any]) -> tuple[Any, Any]:
    """Return predictions, in the type in which they are stored, and labels."""
    return np.array(case["predictions"], case.get("dtype")), np.array(case["labels"])


# What lossctl refuses, or counts otherwise, on purpose.
REFUSED = {
    "torch ce logits soft labels that do not add up to 1": "labels are from 0 to 1",
    "torch ce logits all labels ignored": "there is no loss of nothing",
    "torch nll log-probs given probabilities": "these are no logarithms",
    "sklearn ce probs rows not adding up to 1, kept so": "an error here, a warning there",
    "xgboost ce probs rows not adding up to 1": "not checked there",
    "lightgbm ce probs rows not adding up to 1": "not checked there",
    "sklearn ce probs names": "which column is which class is not guessed",
    "xgboost bce logits": "its float32 sigmoid is not repeated here",
    "xgboost ce logits": "its float32 softmax is not repeated here",
    "lightgbm bce probs cross_entropy": "the convention is binary_logloss, of hard labels",
    "keras msle below 0": "logarithms of negative numbers",
    "keras cosine": "it is −cos there, not 1 − cos",
    "keras multiclass-hinge": "it counts a score of 0 for the true class",
    "keras focal logits": "clipped there as probabilities",
    "keras focal:alpha=1 logits": "clipped there as probabilities",
    **dict.fromkeys(
        ("keras zero-one", "xgboost zero-one", "lightgbm zero-one"),
        "what is at the threshold, or first of a tie, is right there",
    ),
    **dict.fromkeys(("xgboost poisson-nll", "lightgbm poisson-nll"), "with terms of their own"),
    **dict.fromkeys(("xgboost gamma", "lightgbm gamma"), "with terms of their own"),
}


def is_refused(case: dict[str, Any]) -> bool:
    """Whether lossctl does not give a case's number, on purpose."""
    return any(case["case"].startswith(name) for name in REFUSED)


@pytest.mark.parametrize("case", [case for case in CASES if not is_refused(case)], ids=named)
def test_the_tools_numbers(case: dict[str, Any]) -> None:
    options = options_of(case)
    relative, absolute = LOOSE.get(case["tool"], (1e-12, 0.0))
    relative = max(relative, case.get("tolerance", 0.0))
    if case["loss"] == "cosine":  # of directions that are equal but for rounding
        absolute = 1e-30
    found = lossctl.score(case["loss"], *arrays(case), **options)
    np.testing.assert_allclose(found.value, case["value"], rtol=relative, atol=absolute)
    if case["rows"] is not None and parse(case["loss"])[0].finish != "root-mean":
        rows = lossctl.row_losses(case["loss"], *arrays(case), **options)
        np.testing.assert_allclose(rows, case["rows"], rtol=relative, atol=absolute)


@pytest.mark.parametrize("case", [case for case in CASES if is_refused(case)], ids=named)
def test_what_is_not_taken_is_an_error_and_no_other_number(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # DataError and UsageError are both
        lossctl.score(case["loss"], *arrays(case), **options_of(case))


@pytest.mark.parametrize("case", SKILLS, ids=named)
def test_the_skill_is_that_of_scikit_learn(case: dict[str, Any]) -> None:
    found = lossctl.score(case["loss"], *arrays(case), **options_of(case)).best_constant
    constant = np.ptp(case["labels"]) == 0
    if constant or case["loss"].partition(":")[0] in (
        "mae",
        "quantile",
    ):  # a median is none of ours
        assert found is None
    else:
        assert found is not None
        np.testing.assert_allclose(found[1], case["skill"], rtol=1e-12)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: str(case["loss"]))
def test_golden_rows(case: dict[str, Any]) -> None:
    found = lossctl.row_losses(case["loss"], case["predictions"], case["labels"])
    np.testing.assert_allclose(found, case["rows"], rtol=1e-13)


def test_every_loss_has_a_golden_value() -> None:
    assert {parse(case["loss"])[0].name for case in [*CASES, *ROWS]} == {*LOSSES}
