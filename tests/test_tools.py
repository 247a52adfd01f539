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
SKILLS = [case for case in ALL if "skill" in case]
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


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_tools_numbers(case: dict[str, Any]) -> None:
    options = options_of(case)
    relative, absolute = LOOSE.get(case["tool"], (1e-12, 0.0))
    relative = max(relative, case.get("tolerance", 0.0))
    found = lossctl.score(case["loss"], *arrays(case), **options)
    np.testing.assert_allclose(found.value, case["value"], rtol=relative, atol=absolute)
    if case["rows"] is not None and parse(case["loss"])[0].finish != "root-mean":
        rows = lossctl.row_losses(case["loss"], *arrays(case), **options)
        np.testing.assert_allclose(rows, case["rows"], rtol=relative, atol=absolute)


def test_every_loss_has_a_golden_value() -> None:
    assert {parse(case["loss"])[0].name for case in CASES} == {*LOSSES}
