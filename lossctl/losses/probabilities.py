"""Probabilities and what they lack to 1, each with its digits, whatever the predictions hold."""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses.class_labels import rows
from lossctl.losses.layout import for_rows, row_sums
from lossctl.losses.special import sigmoid
from lossctl.values import dataclass


@dataclass(frozen=True)
class Shares:
    """Probabilities and what they lack to 1, of cells, (n,), or of classes, (n, K)."""

    probability: Floats
    rest: Floats

    def minus(self, label: Floats | Integers) -> Floats:
        """Return probabilities less labels; a label next to 1 is compared from above."""
        y = label if self.probability.ndim == 1 else rows(label, self.probability.shape[1])
        return np.where(y > 0.5, (1 - y) - self.rest, self.probability - y)


def of_probs(prediction: Floats) -> Shares:
    """Return what is predicted as it is."""
    return Shares(prediction, 1 - prediction)


def of_log_probs(prediction: Floats) -> Shares:
    """Return e^q and 1 − e^q."""
    return Shares(np.exp(prediction), 0.0 - np.expm1(prediction))


def of_event_logits(prediction: Floats) -> Shares:
    """Return σ(x) and σ(−x)."""
    return Shares(sigmoid(prediction), sigmoid(-prediction))


def of_class_logits(prediction: Floats) -> Shares:
    """Return softmax(x); the largest lacks the sum of the others, which may be tiny."""
    top = prediction.argmax(axis=1)[:, np.newaxis]
    terms = for_rows(prediction - np.take_along_axis(prediction, top, axis=1))
    np.exp(terms, out=terms)
    np.put_along_axis(terms, top, 0.0, axis=1)
    others = row_sums(terms)
    whole = 1 + others
    shares = terms / whole[:, np.newaxis]
    np.put_along_axis(shares, top, (1 / whole)[:, np.newaxis], axis=1)
    rest = 1 - shares
    np.put_along_axis(rest, top, (others / whole)[:, np.newaxis], axis=1)
    return Shares(shares, rest)
