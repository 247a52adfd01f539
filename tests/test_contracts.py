"""What holds for every loss, from its inputs to its result: weights, outputs, order, sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from drawing import CASES, Case, draw

from lossctl import row_losses, score
from lossctl.losses.domain import NUMBERS, SHARES

ROWS = 90


def of_classes(case: Case) -> bool:
    """Whether several columns are classes to a loss."""
    return any(variant.domain.classes for variant in case.loss.variants)


def given(case: Case, k: int = 3) -> tuple[Any, Any, dict[str, Any]]:
    """Return predictions and labels of a loss, and what else is to be said."""
    prediction, label = draw(case, 5, ROWS, k if case.domain.whole else 1)
    options: dict[str, Any] = {"diagnose": "off"}
    if case.domain.forms != (NUMBERS,):
        options["from_"] = case.form
    return prediction, label, options


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.form != SHARES and c.loss.finish != "root-mean"], ids=str
)
def test_weights_and_the_error_of_the_mean_are_by_their_definitions(case: Case) -> None:
    prediction, label, options = given(case)
    rows = row_losses(str(case.loss), prediction, label, **options)
    kept = np.isfinite(rows)
    prediction, label, rows = prediction[kept], label[kept], rows[kept]
    assert len(rows) > 20
    weights = np.random.default_rng(6).random(len(rows))
    weights[::9] = 0.0
    found = score(str(case.loss), prediction, label, weights=weights, **options)
    total = math.fsum(weights * rows)
    denominator = math.fsum(weights)
    assert (found.sum, found.denominator) == (total, denominator)
    if case.loss.finish == "total":
        return
    assert found.value == total / denominator
    errors = weights * (rows - found.value)
    n = len(rows)
    scale = np.abs(errors).max()  # squares of large ones overflow
    stderr = scale * math.sqrt(n / (n - 1) * math.fsum((errors / scale) ** 2)) / denominator
    np.testing.assert_allclose([found.stderr], [stderr], rtol=1e-9)
    if found.best_constant is not None:  # no constant is better than the best one
        assert found.best_constant[1] <= 1


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.domain.whole and not of_classes(c)], ids=str
)
def test_several_outputs_are_the_mean_of_all_cells(case: Case) -> None:
    parts = [draw(case, seed, ROWS, 1) for seed in range(3)]
    options: dict[str, Any] = {"diagnose": "off"}
    if case.domain.forms != (NUMBERS,):
        options["from_"] = case.form
    prediction, label = (np.hstack([part[i] for part in parts]) for i in (0, 1))
    whole = score(str(case.loss), prediction, label, **options)
    if case.loss.finish == "mean":
        singles = [score(str(case.loss), *part, **options) for part in parts]
        expected = np.mean([single.value for single in singles])
        np.testing.assert_allclose(whole.value, expected, rtol=1e-13)
    assert whole.denominator == 3 * ROWS


@pytest.mark.parametrize("case", [c for c in CASES if c.form != SHARES], ids=str)
def test_the_order_of_rows_does_not_change_a_bit(case: Case) -> None:
    prediction, label, options = given(case)
    order = np.random.default_rng(7).permutation(ROWS)
    one = score(str(case.loss), prediction, label, **options)
    other = score(str(case.loss), prediction[order], label[order], **options)
    np.testing.assert_equal(
        (other.value, other.sum, other.denominator), (one.value, one.sum, one.denominator)
    )
