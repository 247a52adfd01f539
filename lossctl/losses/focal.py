"""Cross-entropy that turns to what is not yet learnt."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses import binary, categorical, probabilities
from lossctl.losses.class_labels import gather, scored
from lossctl.losses.domain import BINARY, CLASSES, LOG_PROBS, LOGITS, LOGS_CLIPPED
from lossctl.losses.interval import NON_NEGATIVE, UNIT
from lossctl.losses.layout import for_rows, row_sums
from lossctl.losses.probabilities import Shares
from lossctl.losses.registry import Name, in_form, loss

_FOCAL = Name("focal", ("focal-loss",))


@loss(BINARY, _FOCAL, logs=True)
def focal(
    prediction: Floats,
    label: Floats,
    *,
    gamma: Annotated[float, NON_NEGATIVE] = 2.0,
    alpha: Annotated[float | None, UNIT] = None,
) -> Floats:
    """Focal loss bce·(1 − q)^gamma, q = y p + (1 − y)(1 − p) the probability of the label, in nats.

    With alpha the losses are also multiplied by y·alpha + (1 − y)·(1 − alpha). Of classes it is
    Σ −y ln p·(1 − p)^gamma, and alpha multiplies that of every class. Lin et al., Focal loss for
    dense object detection (2017); soft labels are put in as Keras does, whose alpha is 0.25: for
    classes always, for an event if apply_class_balancing is set.
    """
    cost = binary.binary_cross_entropy(prediction, label)
    return _of_event(cost, probabilities.of_probs(prediction), label, gamma, alpha)


@in_form(LOGS_CLIPPED, of=focal)
def focal_with_clipped_logs(
    prediction: Floats, label: Floats, *, gamma: float = 2.0, alpha: float | None = None
) -> Floats:
    """The same whose cross-entropy alone sees p moved into [1e-7, 1 − 1e-7], as Keras has it."""
    cost = binary.binary_cross_entropy(np.clip(prediction, 1e-7, 1 - 1e-7), label)
    return _of_event(cost, probabilities.of_probs(prediction), label, gamma, alpha)


@in_form(LOGITS, of=focal)
def focal_from_logits(
    prediction: Floats, label: Floats, *, gamma: float = 2.0, alpha: float | None = None
) -> Floats:
    """The same of p = σ(x)."""
    cost = binary.binary_cross_entropy_from_logits(prediction, label)
    return _of_event(cost, probabilities.of_event_logits(prediction), label, gamma, alpha)


@in_form(LOG_PROBS, of=focal)
def focal_from_log_probs(
    prediction: Floats, label: Floats, *, gamma: float = 2.0, alpha: float | None = None
) -> Floats:
    """The same of p = e^q."""
    cost = binary.binary_cross_entropy_from_log_probs(prediction, label)
    return _of_event(cost, probabilities.of_log_probs(prediction), label, gamma, alpha)


def _of_event(
    cost: Floats, shares: Shares, label: Floats, gamma: float, alpha: float | None
) -> Floats:
    missed = label * shares.rest + (1 - label) * shares.probability
    losses = cost * missed**gamma
    return losses if alpha is None else losses * (label * alpha + (1 - label) * (1 - alpha))


@loss(CLASSES, _FOCAL, linear=True, logs=True)
def focal_of_classes(
    prediction: Floats,
    label: Floats | Integers,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
) -> Floats:
    """Focal loss of classes: Σ −y ln p·(1 − p)^gamma, times alpha."""

    def of_class(p: Floats, place: Integers) -> Floats:
        own = gather(p, place)
        return _weighed(0.0 - np.log(own), 1 - own, gamma, alpha)

    def of_row(p: Floats, y: Floats) -> Floats:
        return _of_row(_weighed(0.0 - np.log(p), 1 - p, gamma, alpha), y)

    return scored(of_class, of_row, prediction, label)


@in_form(LOGITS, of=focal_of_classes)
def focal_of_classes_from_logits(
    prediction: Floats,
    label: Floats | Integers,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
) -> Floats:
    """The same of p = softmax(x), through −ln p."""

    def of_class(x: Floats, place: Integers) -> Floats:
        return _from_cost(categorical.cross_entropy_from_logits(x, place), gamma, alpha)

    def of_row(x: Floats, y: Floats) -> Floats:
        return _of_row(_from_cost(categorical.costs_from_logits(x), gamma, alpha), y)

    return scored(of_class, of_row, prediction, label)


@in_form(LOG_PROBS, of=focal_of_classes)
def focal_of_classes_from_log_probs(
    prediction: Floats,
    label: Floats | Integers,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
) -> Floats:
    """The same of p = e^q."""

    def of_class(q: Floats, place: Integers) -> Floats:
        return _from_cost(0.0 - gather(q, place), gamma, alpha)

    def of_row(q: Floats, y: Floats) -> Floats:
        return _of_row(_from_cost(0.0 - for_rows(q), gamma, alpha), y)

    return scored(of_class, of_row, prediction, label)


def _from_cost(cost: Floats, gamma: float, alpha: float | None) -> Floats:
    """Return the losses of classes that cost −ln p: 1 − p = 1 − e^−cost, with its digits."""
    return _weighed(cost, 0.0 - np.expm1(-cost), gamma, alpha)


def _weighed(cost: Floats, rest: Floats, gamma: float, alpha: float | None) -> Floats:
    losses = cost * rest**gamma
    return losses if alpha is None else losses * alpha


def _of_row(losses: Floats, label: Floats) -> Floats:
    return row_sums(np.where(label == 0, 0.0, losses * label))
