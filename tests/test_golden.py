"""Values that other tools print, from files made by running them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rows import rows
from sklearn import metrics

from lossctl import row_losses, score
from lossctl.result import Result
from lossctl.scoring import Options

GOLDEN = Path(__file__).parent / "golden"
Score = Callable[..., Result]
Save = Callable[[str, object], Path]


def cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a golden file."""
    document = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
    return list(document["cases"])


def named(case: dict[str, Any]) -> str:
    """Return the name of a case, for the test's own."""
    return str(case["case"])


# What torch's function is here: the loss, and what the predictions hold.
FUNCTIONS = {
    "cross_entropy": ("ce", "logits"),
    "bce_with_logits": ("bce", "logits"),
    "bce": ("bce", None),
    "mse": ("mse", None),
    "l1": ("mae", None),
    "huber": ("huber:delta={delta}", None),
    "smooth_l1": ("smooth-l1:beta={beta}", None),
    "poisson_nll/log": ("poisson-nll", None),
    "poisson_nll/rate": ("poisson-nll:log-input=false", None),
    "gaussian_nll": ("gaussian-nll", None),
}
OPTIONS = {
    "class_weight": "class_weight",
    "label_smoothing": "label_smoothing",
    "ignore_index": "ignore_label",
    "pos_weight": "pos_weight",
    "sample_weight": "weights",
}
PREDICTIONS, LABELS = ("logits", "probs", "preds"), ("labels", "soft_labels", "targets")


def of_torch(case: dict[str, Any]) -> tuple[str, np.ndarray, np.ndarray, dict[str, Any]]:
    """Return a case's loss, predictions, labels and options."""
    inputs = case["inputs"]
    name = str(case["case"]).removeprefix("torch.")
    known = max((f for f in FUNCTIONS if name.startswith(f)), key=len)
    loss, form = FUNCTIONS[known]
    prediction = np.array(next(inputs[key] for key in PREDICTIONS if key in inputs))
    if "var" in inputs:
        prediction = np.column_stack([prediction, inputs["var"]])
    label = np.array(next(inputs[key] for key in LABELS if key in inputs))
    options = {OPTIONS[key]: inputs[key] for key in OPTIONS if key in inputs}
    return (
        loss.format(**inputs),
        prediction,
        label,
        {**options, "convention": "torch"} | ({} if form is None else {"from_": form}),
    )


@pytest.mark.parametrize("case", cases("reference_torch.json"), ids=named)
def test_the_reference_cases_of_torch(case: dict[str, Any]) -> None:
    loss, prediction, label, options = of_torch(case)
    reduction = case["case"].rpartition("/")[2]
    if reduction == "none":
        found = row_losses(loss, prediction, label, **options)
        expected = np.array(case["expected"])
        if "ignore" in case["case"]:  # torch's row is 0, ours is left out
            expected = expected[label != -100]
        expected = expected / options.get("weights", 1.0)  # ours are the rows' own
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    else:
        value = score(loss, prediction, label, reduction=reduction, **options).value
        np.testing.assert_allclose(value, case["expected"], rtol=1e-12)


@pytest.mark.parametrize("case", cases("torch.json"), ids=named)
def test_what_torch_prints(case: dict[str, Any], scored: Score, save: Save) -> None:
    save("p.npy", np.array(case["predictions"]))
    save("y.npy", np.array(case["labels"]))
    options: dict[str, Any] = {"form": case["from"]}
    result = scored(case["loss"], "p.npy", "y.npy", **options)
    np.testing.assert_allclose(result.value, case["mean"], rtol=1e-12)
    if "rows" in case:
        found = rows(case["loss"], "p.npy", "y.npy", Options(**options, reduction="none"))
        # torch's rows lose digits below 1e-8; test_kernels.py holds ours against mpmath
        np.testing.assert_allclose(found, case["rows"], rtol=1e-12, atol=1e-14)


METRICS = {
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
    "mean_absolute_percentage_error": "mape",
    "mean_squared_log_error": "msle",
    "root_mean_squared_log_error": "rmsle",
    "mean_pinball_loss": "quantile",
    "pinball": "quantile:alpha=0.9",
    "mean_poisson_deviance": "poisson",
    "mean_gamma_deviance": "gamma",
    "mse": "mse",
    "rmse": "rmse",
    "log_loss/binary": "bce",
    "log_loss/multi": "ce",
    "brier/binary": "brier",
    "brier/multi/half": "brier:scale-by-half=true",
    "brier/multi(": "brier",
    "hinge/binary": "hinge",
    "hinge/multi": "multiclass-hinge",
}
SKILLS = {
    "d2_log_loss/binary": "bce",
    "d2_log_loss/multi": "ce",
    "d2_brier/binary": "brier",
    "r2_score": "mse",
}
# No means of row losses, or a value for each output.
OTHERS = ("median_absolute_error", "max_error", "explained_variance_score", "mse/multioutput/raw")
SKLEARN_CASES = [
    case
    for case in cases("reference_sklearn.json")
    if not case["case"].removeprefix("sklearn.").startswith(OTHERS)
]


@pytest.mark.parametrize("case", SKLEARN_CASES, ids=named)
def test_the_reference_cases_of_scikit_learn(case: dict[str, Any]) -> None:
    inputs, name = case["inputs"], case["case"].removeprefix("sklearn.")
    table = SKILLS if name.startswith(tuple(SKILLS)) else METRICS
    loss = table[max((known for known in table if name.startswith(known)), key=len)]
    prediction = next(inputs[key] for key in ("pred", "p", "decision") if key in inputs)
    options: dict[str, Any] = {"weights": inputs.get("sample_weight")}
    if loss in ("bce", "ce", "rmse"):
        options["convention"] = "sklearn"
    if "unnormalised" in name:
        options["sum_tol"] = 0.5
    if name.endswith("/sum"):
        options["reduction"] = "sum"
    predictions = np.array(prediction, inputs.get("dtype"))
    result = score(loss, predictions, np.array(inputs["y"]), **options)
    found = result.value if table is METRICS else result.best_constant
    value = found if isinstance(found, float) or found is None else found[1]
    # of the narrow types scikit-learn's own value has no more digits
    relative = {"float32": 1e-7, "float16": 1e-3}.get(inputs.get("dtype"), 1e-12)
    np.testing.assert_allclose(value, case["expected"], rtol=relative)


@pytest.mark.parametrize("seed", range(5))
def test_random_data_against_scikit_learn(seed: int, scored: Score, save: Save) -> None:
    rng = np.random.default_rng(seed)
    p, y = rng.uniform(0.01, 0.99, 400), rng.integers(0, 2, 400)
    save("p.npy", p)
    save("y.npy", y)
    np.testing.assert_allclose(
        scored("bce", "p.npy", "y.npy").value, metrics.log_loss(y, p), rtol=1e-13
    )
    rows = rng.dirichlet(np.ones(5), 400)
    labels = rng.integers(0, 5, 400)
    save("rows.npy", rows)
    save("labels.npy", labels)
    expected = metrics.log_loss(labels, rows, labels=range(5))
    np.testing.assert_allclose(scored("ce", "rows.npy", "labels.npy").value, expected, rtol=1e-13)
