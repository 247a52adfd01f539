"""Losses of a probability of one event: labels 0, 1, or between."""

from __future__ import annotations

import numpy as np

from lossctl.block import Booleans, Floats
from lossctl.losses.best import Frequencies, entropy
from lossctl.losses.domain import BINARY, LOG_PROBS, LOGITS
from lossctl.losses.registry import Name, in_form, loss
from lossctl.products import dot


@loss(
    BINARY,
    Name("bce", ("log-loss", "logloss", "binary-cross-entropy")),
    linear=True,
    logs=True,
    best=Frequencies(entropy),
)
def binary_cross_entropy(prediction: Floats, label: Floats) -> Floats:
    """Binary cross-entropy −[y ln p + (1 − y) ln(1 − p)], in nats, with 0·ln 0 = 0.

    For a hard label the argument of the logarithm is p or 1 − p. With t = p − (1 − y) rounded,
    what that rounding lost is added back to first order: ln(1 − p) keeps its digits near p = 0
    with one logarithm and no branch. Within 1.5 ulp of the true value but for the error of the log.
    """
    other = np.subtract(1.0, label)
    between = dot(label, other)  # Σ y (1 − y): 0 where all labels are hard
    shifted = np.subtract(prediction, other)
    lost = np.subtract(prediction, np.add(shifted, other, out=other), out=other)
    np.abs(shifted, out=shifted)
    losses = np.subtract(lost, np.log(shifted, out=shifted), out=lost)
    if between:
        soft = _soft(label)
        p, y = prediction[soft], label[soft]
        losses[soft] = 0.0 - (y * np.log(p) + (1 - y) * np.log1p(-p))
    return losses


@in_form(LOGITS, of=binary_cross_entropy)
def binary_cross_entropy_from_logits(prediction: Floats, label: Floats) -> Floats:
    """The same of p = σ(x): ln(1 + e^−|x|) + y max(−x, 0) + (1 − y) max(x, 0), no term negative."""
    losses = np.abs(prediction)
    np.log1p(np.exp(np.negative(losses, out=losses), out=losses), out=losses)
    toward = np.where(label == 1, -prediction, prediction)
    losses += np.maximum(toward, 0.0, out=toward)
    soft = _soft(label)
    if soft.any():
        x, y = prediction[soft], label[soft]
        overlap = np.log1p(np.exp(-np.abs(x)))
        losses[soft] = overlap + y * np.maximum(-x, 0.0) + (1 - y) * np.maximum(x, 0.0)
    return losses


@in_form(LOG_PROBS, of=binary_cross_entropy)
def binary_cross_entropy_from_log_probs(prediction: Floats, label: Floats) -> Floats:
    """The same of p = e^q: −[y q + (1 − y) ln(1 − e^q)]."""
    losses = np.where(label == 1, 0.0 - prediction, 0.0)
    rest = label != 1
    if rest.any():
        q, y = prediction[rest], label[rest]
        # y = 0 must not meet q = −∞: its term is 0
        losses[rest] = np.where(y == 0, 0.0, 0.0 - y * q) - (1 - y) * _log_of_one_minus_exp(q)
    return losses


def _log_of_one_minus_exp(q: Floats) -> Floats:
    """Return ln(1 − e^q) for q ≤ 0 without cancellation (Mächler 2012, log1mexp)."""
    near = q > -np.log(2.0)
    result = np.empty_like(q)
    result[near] = np.log(-np.expm1(q[near]))
    result[~near] = np.log1p(-np.exp(q[~near]))
    return result


def _soft(label: Floats) -> Booleans:
    return np.asarray((label != 0) & (label != 1))
