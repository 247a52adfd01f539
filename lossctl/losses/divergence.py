"""Divergences of the predicted distribution over the classes from the label's."""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses import categorical, probabilities
from lossctl.losses.class_labels import rows, scored
from lossctl.losses.deviance import poisson_deviance
from lossctl.losses.domain import CLASSES, LOG_PROBS, LOGITS
from lossctl.losses.layout import row_sums
from lossctl.losses.probabilities import Shares
from lossctl.losses.registry import Name, in_form, loss


@loss(CLASSES, Name("kl-div", ("kl", "kullback-leibler", "kl-divergence")), logs=True)
def kullback_leibler(prediction: Floats, label: Floats | Integers) -> Floats:
    """Kullback-Leibler divergence Σ y (ln y − ln p) over the classes, in nats, with 0·ln 0 = 0.

    For hard labels the cross-entropy. Kullback and Leibler, On information and sufficiency (1951).
    A row counts as one, as in torch's batchmean; torch's mean divides by all elements. Rows that do
    not quite sum to 1 may have a value below 0: nothing is normalised.
    """

    def of_row(p: Floats, y: Floats) -> Floats:
        # Σ y ln(y/p) − y + p, of which no term is negative, and what the sums differ by
        return row_sums(poisson_deviance(p, y)) / 2 + row_sums(y - p)

    return scored(categorical.cross_entropy, of_row, prediction, label)


@in_form(LOGITS, of=kullback_leibler)
def kullback_leibler_from_logits(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = softmax(x)."""

    def of_row(x: Floats, y: Floats) -> Floats:
        return row_sums(np.where(y == 0, 0.0, y * (np.log(y) + categorical.costs_from_logits(x))))

    return scored(categorical.cross_entropy_from_logits, of_row, prediction, label)


@in_form(LOG_PROBS, of=kullback_leibler)
def kullback_leibler_from_log_probs(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of q = ln p."""

    def of_row(q: Floats, y: Floats) -> Floats:
        return row_sums(np.where(y == 0, 0.0, y * (np.log(y) - q)))

    return scored(categorical.cross_entropy_from_log_probs, of_row, prediction, label)


@loss(CLASSES, Name("js-div", ("jensen-shannon-divergence", "js-divergence")))
def jensen_shannon(prediction: Floats, label: Floats | Integers) -> Floats:
    """Jensen-Shannon divergence, half of kl(y, m) + kl(p, m) with m = ½(y + p), in nats.

    From 0 to ln 2, and not its root, which is what scipy's jensenshannon gives. Lin, Divergence
    measures based on the Shannon entropy (1991).
    """
    return _jensen_shannon(probabilities.of_probs(prediction), label)


@in_form(LOGITS, of=jensen_shannon)
def jensen_shannon_from_logits(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = softmax(x)."""
    return _jensen_shannon(probabilities.of_class_logits(prediction), label)


@in_form(LOG_PROBS, of=jensen_shannon)
def jensen_shannon_from_log_probs(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = e^q."""
    return _jensen_shannon(probabilities.of_log_probs(prediction), label)


def _jensen_shannon(shares: Shares, label: Floats | Integers) -> Floats:
    """Return Σ ½m·[(1 + r) ln(1 + r) + (1 − r) ln(1 − r)], r = |p − y| / (p + y): none negative.

    For small r the bracket is ln(1 − r²) + 2r artanh r, in which little cancels.
    """
    total = shares.probability + rows(label, shares.probability.shape[1])
    r = np.abs(shares.minus(label)) / total
    close = np.log1p(-r * r) + 2 * r * np.arctanh(r)
    apart = (1 + r) * np.log1p(r) + (1 - r) * np.log1p(-r)
    bracket = np.where(r < 0.5, close, np.where(r == 1, np.log(4.0), apart))
    return row_sums(np.where(total == 0, 0.0, total / 4 * bracket))
