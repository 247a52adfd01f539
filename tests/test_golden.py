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


# What the tool calls a case, which loss of ours it is, and what its inputs are called. The files
# hold further cases, of losses and options that lossctl does not have yet.
REFERENCE_TORCH = {
    "torch.mse": ("mse", None, "preds", "targets"),
    "torch.l1": ("mae", None, "preds", "targets"),
    "torch.bce_with_logits": ("bce", "logits", "logits", "targets"),
    "torch.cross_entropy": ("ce", "logits", "logits", "labels"),
    "torch.cross_entropy/soft": ("ce", "logits", "logits", "soft_labels"),
}


TORCH_CASES = [
    c for c in cases("reference_torch.json") if c["case"].rsplit("/", 1)[0] in REFERENCE_TORCH
]


@pytest.mark.parametrize("case", TORCH_CASES, ids=named)
def test_the_reference_cases_of_torch(case: dict[str, Any], scored: Score, save: Save) -> None:
    name, reduction = case["case"].rsplit("/", 1)
    loss, form, prediction, label = REFERENCE_TORCH[name]
    save("p.npy", np.array(case["inputs"][prediction]))
    save("y.npy", np.array(case["inputs"][label]))
    if reduction == "none":
        found = rows(loss, "p.npy", "y.npy", Options(form=form, reduction="none"))
    else:
        found = np.array(scored(loss, "p.npy", "y.npy", form=form, reduction=reduction).value)
    np.testing.assert_allclose(found, case["expected"], rtol=1e-12)


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


REFERENCE_SKLEARN = {
    "sklearn.mean_squared_error": "mse",
    "sklearn.root_mean_squared_error": "rmse",
    "sklearn.mean_absolute_error": "mae",
    "sklearn.mse/multioutput": "mse",
    "sklearn.mse/uint8-wrap": "mse",
    "sklearn.log_loss/multi": "ce",
    "sklearn.log_loss/binary": "bce",
    "sklearn.log_loss/multi/unnormalised(no renorm, warns)": "ce",
}


def test_no_reference_case_is_left_out_by_a_misspelt_name() -> None:
    assert {c["case"].rsplit("/", 1)[0] for c in TORCH_CASES} == {*REFERENCE_TORCH}
    assert {c["case"] for c in SKLEARN_CASES} == {*REFERENCE_SKLEARN}
    assert (len(TORCH_CASES), len(SKLEARN_CASES)) == (15, len(REFERENCE_SKLEARN))


SKLEARN_CASES = [c for c in cases("reference_sklearn.json") if c["case"] in REFERENCE_SKLEARN]


@pytest.mark.parametrize("case", SKLEARN_CASES, ids=named)
def test_the_reference_cases_of_scikit_learn(
    case: dict[str, Any], scored: Score, save: Save
) -> None:
    inputs = case["inputs"]
    dtype = inputs.get("dtype", "float64")
    save("p.npy", np.array(inputs.get("pred", inputs.get("p")), dtype=dtype))
    save("y.npy", np.array(inputs["y"]))
    loose = {"sum_tolerance": 0.5} if "unnormalised" in case["case"] else {}
    result = scored(REFERENCE_SKLEARN[case["case"]], "p.npy", "y.npy", **loose)
    np.testing.assert_allclose(result.value, case["expected"], rtol=1e-15)


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
