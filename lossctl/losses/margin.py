"""Losses of scores: how clearly the right side, or the right class, is ahead."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses.class_labels import gather, positions
from lossctl.losses.domain import CLASS_MARGIN, MARGIN
from lossctl.losses.interval import FINITE, Interval
from lossctl.losses.layout import for_rows, row_sums
from lossctl.losses.registry import Name, loss
from lossctl.losses.special import softplus

_ONE_OR_TWO = Interval(1.0, 2.0, without=Interval(1.0, 2.0, low_open=True, high_open=True))


def _margin(prediction: Floats, label: Floats) -> Floats:
    """Return the score for the label's side: labels 0/1 count as −1/+1."""
    return (2 * label - 1) * prediction


@loss(MARGIN, Name("hinge", ("hinge-loss",)), soft=False)
def hinge(prediction: Floats, label: Floats) -> Floats:
    """Hinge loss max(0, 1 − y s) of a score s and a label y of −1 or +1 (0/1 is mapped).

    Cortes and Vapnik, Support-vector networks (1995).
    """
    return np.maximum(1 - _margin(prediction, label), 0.0)


@loss(MARGIN, Name("squared-hinge"), soft=False)
def squared_hinge(prediction: Floats, label: Floats) -> Floats:
    """Squared hinge loss max(0, 1 − y s)² of a score s and a label y of −1 or +1 (0/1 is mapped).

    Lee and Mangasarian, SSVM (2001).
    """
    lacking = hinge(prediction, label)
    return lacking * lacking


@loss(MARGIN, Name("soft-margin"), soft=False)
def soft_margin(prediction: Floats, label: Floats) -> Floats:
    """Logistic loss ln(1 + e^(−y s)) of a score s and a label y of −1 or +1, in nats.

    The same as bce from logits with hard labels; torch's soft_margin_loss.
    """
    return softplus(-_margin(prediction, label))


@loss(MARGIN, Name("exponential", ("exponential-loss",)), soft=False)
def exponential(prediction: Floats, label: Floats) -> Floats:
    """Exponential loss e^(−y s) of a score s and a label y of −1 or +1 (0/1 is mapped).

    That of AdaBoost: Friedman, Hastie and Tibshirani, Additive logistic regression (2000).
    """
    return np.exp(-_margin(prediction, label))


@loss(CLASS_MARGIN, Name("multiclass-hinge", ("crammer-singer",)), soft=False)
def multiclass_hinge(prediction: Floats, label: Floats | Integers) -> Floats:
    """Hinge loss max(0, 1 + max over the other classes of s_j − s_y), of scores s.

    Crammer and Singer, On the algorithmic implementation of multiclass kernel-based vector machines
    (2001), as in scikit-learn and optax. Keras's CategoricalHinge has a 0 among the other scores.
    """
    place = positions(label)
    others = prediction.copy()
    np.put_along_axis(others, place[:, np.newaxis], -np.inf, axis=1)
    ahead = others.max(axis=1) - gather(prediction, place)
    return np.asarray(np.maximum(1 + ahead, 0.0))


@loss(CLASS_MARGIN, Name("multi-margin"), soft=False)
def multi_margin(
    prediction: Floats,
    label: Floats | Integers,
    *,
    p: Annotated[float, _ONE_OR_TWO] = 1.0,
    margin: Annotated[float, FINITE] = 1.0,
) -> Floats:
    """Margin loss Σ over the other classes of max(0, margin − s_y + s_j)^p, divided by K.

    p is 1 or 2. Weston and Watkins, Multi-class support vector machines (1998), divided by the
    number of classes as torch's multi_margin_loss is.
    """
    place = positions(label)
    ahead = for_rows(prediction) - gather(prediction, place)[:, np.newaxis]
    lacking = np.maximum(margin + ahead, 0.0)
    np.put_along_axis(lacking, place[:, np.newaxis], 0.0, axis=1)
    if p == 2:
        lacking *= lacking
    return np.asarray(row_sums(lacking) / prediction.shape[1])
