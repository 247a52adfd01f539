"""Whether the predicted class is the label's."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from lossctl.block import Booleans, Floats, Integers
from lossctl.losses.best import Frequencies, all_but_mode
from lossctl.losses.class_labels import gather, positions
from lossctl.losses.domain import BINARY, CLASSES, LOG_PROBS, LOGITS
from lossctl.losses.interval import FINITE
from lossctl.losses.registry import Bounds, Name, in_form, loss

_NAMES = Name("zero-one", ("zero-one-loss", "error-rate", "misclassification"))
_BEST = Frequencies(all_but_mode)


@loss(BINARY, _NAMES, soft=False, best=_BEST)
def zero_one(
    prediction: Floats, label: Floats, *, threshold: Annotated[float | None, FINITE] = None
) -> Floats:
    """Zero-one loss: 0 where the prediction is on the label's side of the threshold, else 1.

    On the threshold itself it is on neither side. The threshold is one for the numbers as they are
    given; if there is none, ½ for probabilities, 0 for logits, ln ½ for log-probabilities. Of
    classes, which have no threshold, the label's prediction must be the only largest. XGBoost,
    scikit-learn and Keras count p = ½ as the negative class and let the first of a tie win;
    LightGBM has a tie of classes wrong, as here.
    """
    return _wrong_side(prediction, label, 0.5 if threshold is None else threshold)


@in_form(LOGITS, of=zero_one)
def zero_one_from_logits(
    prediction: Floats, label: Floats, *, threshold: float | None = None
) -> Floats:
    """The same, about 0."""
    return _wrong_side(prediction, label, 0.0 if threshold is None else threshold)


@in_form(LOG_PROBS, of=zero_one)
def zero_one_from_log_probs(
    prediction: Floats, label: Floats, *, threshold: float | None = None
) -> Floats:
    """The same, about ln ½."""
    half = float(np.log(0.5))
    return _wrong_side(prediction, label, half if threshold is None else threshold)


def _wrong_side(prediction: Floats, label: Floats, threshold: float) -> Floats:
    right = np.where(label == 1, prediction > threshold, prediction < threshold)
    return np.where(np.isnan(prediction) | np.isnan(label), np.nan, np.where(right, 0.0, 1.0))


def _bounds_of_classes(*, threshold: float | None) -> Bounds:
    if threshold is None:
        return Bounds()
    return Bounds(refused=_every_row, why="has a threshold for one column only, not for classes")


def _every_row(prediction: Floats, _: Any) -> Booleans:
    return np.ones(len(prediction), dtype=bool)


@loss(CLASSES, _NAMES, bounds=_bounds_of_classes, soft=False, best=_BEST)
def zero_one_of_classes(
    prediction: Floats,
    label: Floats | Integers,
    *,
    threshold: float | None = None,  # noqa: ARG001 - refused at the door
) -> Floats:
    """The same of classes, in any form: 1 unless the label's prediction is the only largest."""
    place = positions(label)
    others = prediction.copy()
    np.put_along_axis(others, place[:, np.newaxis], -np.inf, axis=1)
    ahead, own = others.max(axis=1), gather(prediction, place)
    return np.where(np.isnan(ahead) | np.isnan(own), np.nan, np.where(own > ahead, 0.0, 1.0))


in_form(LOGITS, LOG_PROBS, of=zero_one_of_classes)(zero_one_of_classes)
