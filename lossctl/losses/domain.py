"""What a family of losses takes, as data and as one check at one door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lossctl.block import Booleans, Fault, Floats, Integers
from lossctl.losses.layout import row_sums

PROBS, LOGITS, LOG_PROBS, NUMBERS = "probs", "logits", "log-probs", "numbers"

# A probability may miss [0, 1] by this much and is then counted as 0 or 1: float32 softmax does.
PROBABILITY_SLACK = 1e-6


@dataclass(frozen=True)
class Domain:
    """A kind of prediction and label.

    ``forms`` is what the predictions may hold, the first being what the kernels take as they are.
    ``classes``: a row is one prediction over K ≥ 2 classes; otherwise its cells are scored singly.
    ``predictions`` and ``labels`` say in words what is taken.
    """

    forms: tuple[str, ...]
    classes: bool
    unit_labels: bool
    predictions: str
    labels: str


REAL = Domain(
    (NUMBERS,),
    classes=False,
    unit_labels=False,
    predictions="one column, or m of them",
    labels="numbers, as many columns",
)
BINARY = Domain(
    (PROBS, LOGITS, LOG_PROBS),
    classes=False,
    unit_labels=True,
    predictions="one column, or k of them (multi-label)",
    labels="0/1, −1/+1, soft in [0, 1], or two names; as many columns",
)
CLASSES = Domain(
    (PROBS, LOGITS, LOG_PROBS),
    classes=True,
    unit_labels=True,
    predictions="a column for each of K ≥ 2 classes",
    labels="indices, class names, one-hot or soft rows",
)


@dataclass(frozen=True)
class Checked:
    """Predictions with values just outside [0, 1] counted as 0 or 1, and what was found."""

    prediction: Floats
    adjusted: int
    faults: tuple[Fault, ...]


def check(
    domain: Domain, form: str, prediction: Floats, label: Floats | Integers, sum_tolerance: float
) -> Checked:
    """Check values against the domain; NaN passes, for the NaN policy has seen to it."""
    faults = list(_label_faults(domain, label, sum_tolerance))
    adjusted = 0
    if form == PROBS:
        faults += _outside(prediction, -PROBABILITY_SLACK, 1 + PROBABILITY_SLACK, _not_probability)
        prediction, adjusted = _clamped(prediction, 0.0, 1.0)
    elif form == LOG_PROBS:
        faults += _outside(prediction, -np.inf, PROBABILITY_SLACK, _not_log_probability)
        prediction, adjusted = _clamped(prediction, -np.inf, 0.0)
    if domain.classes and form != LOGITS:
        faults += _sum_faults(prediction, form, sum_tolerance)
    return Checked(prediction, adjusted, tuple(faults))


def _label_faults(domain: Domain, label: Floats | Integers, tolerance: float) -> list[Fault]:
    """Check labels of [0, 1], and that one-hot and soft rows sum to 1."""
    if not domain.unit_labels or label.dtype != np.float64:
        return []
    faults = _outside(label, 0.0, 1.0, _not_unit_label, side="label")
    if domain.classes:
        sums = row_sums(np.asarray(label, dtype=np.float64))
        for row in _first(_off_one(sums, label.shape[1], tolerance)):
            message = f"the label columns sum to {sums[row]:.6g}, not to 1"
            hint = "ce wants one-hot or soft rows; for several labels a row use bce"
            faults.append(Fault(row, "label", None, message, hint))
    return faults


def _outside(
    values: Floats | Integers,
    low: float,
    high: float,
    explain: Callable[[float], tuple[str, str | None]],
    side: str = "prediction",
) -> list[Fault]:
    if values.size == 0 or (values.min() >= low and values.max() <= high):
        return []
    wrong = (values < low) | (values > high)
    return [
        Fault(row, side, column, *explain(float(values[row, column])))
        for row in _first(np.asarray(wrong.any(axis=1)))
        for column in _first(wrong[row])
    ]


def _first(marks: Booleans) -> list[int]:
    return [int(marks.argmax())] if marks.any() else []


def _not_probability(value: float) -> tuple[str, str | None]:
    hint = "these look like logits: --from logits"
    return f"{value!r} is not a probability", hint


def _not_log_probability(value: float) -> tuple[str, str | None]:
    hint = "log-probabilities are at most 0; there are also --from logits and --from probs"
    return f"{value!r} is not the logarithm of a probability", hint


def _not_unit_label(value: float) -> tuple[str, str | None]:
    hint = "labels are 0 or 1, or soft labels from 0 to 1"
    if value > 1 and value.is_integer():
        hint += f"; for another pair of labels name the positive one: --positive {value:.0f}"
    return f"the label {value!r} is outside [0, 1]", hint


def _clamped(prediction: Floats, low: float, high: float) -> tuple[Floats, int]:
    """Return the predictions within bounds, and in how many rows that changed one."""
    if prediction.size == 0 or (prediction.min() >= low and prediction.max() <= high):
        return prediction, 0
    wrong = (prediction < low) | (prediction > high)
    return np.clip(prediction, low, high), int(np.count_nonzero(wrong.any(axis=1)))


def _off_one(sums: Floats, terms: int, tolerance: float) -> Booleans:
    """Mark sums that miss 1 by more than the tolerance, whatever rounding did to them."""
    slack = terms * np.finfo(np.float64).eps
    return np.asarray(np.abs(sums - 1) > tolerance + slack)


def _sum_faults(prediction: Floats, form: str, tolerance: float) -> list[Fault]:
    probabilities = np.exp(prediction) if form == LOG_PROBS else prediction
    sums = row_sums(probabilities)
    faults = []
    for row in _first(_off_one(sums, probabilities.shape[1], tolerance)):
        message = f"the probabilities of the row sum to {sums[row]:.6g}, not to 1"
        hint = "are these all the class columns, and no other? then allow more: --sum-tol"
        if form == LOG_PROBS:
            hint = "if these are logits: --from logits; if rounded: --sum-tol"
        faults.append(Fault(row, "prediction", None, message, hint))
    return faults
