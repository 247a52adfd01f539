"""Losses of a prediction over K ≥ 2 classes: (n, K) against (n,) positions or (n, K) rows."""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses.best import Frequencies, entropy
from lossctl.losses.class_labels import gather, scored
from lossctl.losses.domain import CLASSES, LOG_PROBS, LOGITS, SHARES
from lossctl.losses.layout import for_rows, less_own, own_cells, row_sums
from lossctl.losses.registry import Name, in_form, loss


@loss(
    CLASSES,
    Name("ce", ("cross-entropy", "categorical-cross-entropy")),
    Name("nll", ("negative-log-likelihood",), form=LOG_PROBS),
    linear=True,
    logs=True,
    best=Frequencies(entropy),
)
def cross_entropy(prediction: Floats, label: Floats | Integers) -> Floats:
    """Cross-entropy −Σ y ln p over the classes, in nats, with 0·ln 0 = 0."""
    return scored(_class_from_probs, _row_from_probs, prediction, label)


def _class_from_probs(prediction: Floats, label: Integers) -> Floats:
    return 0.0 - np.log(gather(prediction, label))


def _row_from_probs(prediction: Floats, label: Floats) -> Floats:
    return row_sums(np.where(label == 0, 0.0, 0.0 - label * np.log(prediction)))


@in_form(SHARES, of=cross_entropy)
def cross_entropy_from_shares(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = q/Σq, of any q ≥ 0: Σ y ln(Σq/q), as ln(1 + what the others have of it)."""
    return scored(_class_from_shares, _row_from_shares, prediction, label)


def _class_from_shares(prediction: Floats, label: Integers) -> Floats:
    own = gather(prediction, label)
    others = np.array(prediction)
    np.put_along_axis(others, label[:, np.newaxis], 0.0, axis=1)
    return np.log1p(row_sums(others) / own)


def _row_from_shares(prediction: Floats, label: Floats) -> Floats:
    classes = prediction.shape[1]
    each = [_class_from_shares(prediction, np.full(len(prediction), k)) for k in range(classes)]
    terms = np.where(label == 0, 0.0, label * np.transpose(each))
    return row_sums(terms)


@in_form(LOG_PROBS, of=cross_entropy)
def cross_entropy_from_log_probs(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same from q = ln p: −Σ y q."""
    return scored(_class_from_log_probs, _row_from_log_probs, prediction, label)


def _class_from_log_probs(prediction: Floats, label: Integers) -> Floats:
    return 0.0 - gather(prediction, label)


def _row_from_log_probs(prediction: Floats, label: Floats) -> Floats:
    return row_sums(np.where(label == 0, 0.0, 0.0 - label * prediction))


@in_form(LOGITS, of=cross_entropy)
def cross_entropy_from_logits(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = softmax(x), never through p: ln Σ e^x_k − Σ y x_k."""
    return scored(_class_from_logits, _row_from_logits, prediction, label)


def _class_from_logits(prediction: Floats, label: Integers) -> Floats:
    """Return ln(1 + Σ over the other classes of e^(x_k − x_y)): a tiny loss keeps its digits.

    There is no pass for the maximum; a row in which something overflowed is done again with one.
    """
    own = gather(prediction, label)
    odds = less_own(prediction, own)
    np.exp(odds, out=odds)
    terms, places = own_cells(odds, label)
    terms[places] = 0.0
    losses = row_sums(odds)
    np.log1p(losses, out=losses)
    again = ~np.isfinite(losses)
    if again.any():
        largest, overlap = _log_sum_exp(prediction[again])
        losses[again] = (largest - own[again]) + overlap
    return losses


def _row_from_logits(prediction: Floats, label: Floats) -> Floats:
    """Return Σ y (max − x) + Σ y · ln Σ e^(x − max): no term is negative, nothing cancels."""
    largest, overlap = _log_sum_exp(prediction)
    most = largest[:, np.newaxis]
    terms = label * np.subtract(most, prediction)
    apart = ~np.isfinite(terms)
    if apart.any():  # ∞ − ∞ of the largest itself is 0; what overflows may be small times its label
        halves = 2 * (label * (most / 2 - prediction / 2))
        terms = np.where(prediction == most, 0.0, np.where(apart, halves, terms))
    return row_sums(np.where(label == 0, 0.0, terms)) + row_sums(label) * overlap


def costs_from_logits(prediction: Floats) -> Floats:
    """Return −ln softmax(x) of all classes, (n, K), that of the largest with its digits."""
    largest, overlap = _log_sum_exp(prediction)
    most, x = largest[:, np.newaxis], for_rows(prediction)
    return np.where(x == most, 0.0, most - x) + overlap[:, np.newaxis]


def _log_sum_exp(logits: Floats) -> tuple[Floats, Floats]:
    """Return the largest logit of each row, and ln Σ e^(x − largest), small terms and all."""
    top = logits.argmax(axis=1)[:, np.newaxis]
    largest = np.take_along_axis(logits, top, axis=1)
    terms = for_rows(logits - largest)
    np.exp(terms, out=terms)
    np.put_along_axis(terms, top, 0.0, axis=1)
    return largest[:, 0], np.log1p(row_sums(terms))
