"""Squares of what probabilities miss: class by class, or summed up in the order of the classes."""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses import probabilities
from lossctl.losses.best import Frequencies, gini, half_gini
from lossctl.losses.domain import BINARY, CLASSES, LOG_PROBS, LOGITS
from lossctl.losses.layout import row_sums
from lossctl.losses.probabilities import Shares
from lossctl.losses.registry import Name, in_form, loss

_BRIER = Name("brier", ("brier-score",))


def _of_event(shares: Shares, label: Floats, *, half: bool | None) -> Floats:
    missed = shares.minus(label)
    return missed * missed if half in (None, True) else 2 * missed * missed


def _of_classes(shares: Shares, label: Floats | Integers, *, half: bool | None) -> Floats:
    missed = shares.minus(label)
    losses = row_sums(missed * missed)
    return losses / 2 if half else losses


def _of_best_event(*, scale_by_half: bool | None) -> float:
    return 1.0 if scale_by_half in (None, True) else 2.0


def _of_best_classes(*, scale_by_half: bool | None) -> float:
    return 0.5 if scale_by_half else 1.0


@loss(BINARY, _BRIER, best=Frequencies(half_gini, _of_best_event))
def brier(prediction: Floats, label: Floats, *, scale_by_half: bool | None = None) -> Floats:
    """Brier score (p − y)² of an event; of classes Σ (p − y)² over them, from 0 to 2.

    Brier, Verification of forecasts expressed in terms of probability (1950). The event's is half
    the sum over its two classes. scale-by-half=true halves that of classes too,
    scale-by-half=false takes the sum for both: scikit-learn's words, who halves two columns of
    classes as well if nothing is said.
    """
    return _of_event(probabilities.of_probs(prediction), label, half=scale_by_half)


@in_form(LOGITS, of=brier)
def brier_from_logits(
    prediction: Floats, label: Floats, *, scale_by_half: bool | None = None
) -> Floats:
    """The same of p = σ(x), with 1 − p = σ(−x)."""
    return _of_event(probabilities.of_event_logits(prediction), label, half=scale_by_half)


@in_form(LOG_PROBS, of=brier)
def brier_from_log_probs(
    prediction: Floats, label: Floats, *, scale_by_half: bool | None = None
) -> Floats:
    """The same of p = e^q."""
    return _of_event(probabilities.of_log_probs(prediction), label, half=scale_by_half)


@loss(CLASSES, _BRIER, best=Frequencies(gini, _of_best_classes))
def brier_of_classes(
    prediction: Floats, label: Floats | Integers, *, scale_by_half: bool | None = None
) -> Floats:
    """Brier score of classes: Σ (p − y)² over them, or half of it."""
    return _of_classes(probabilities.of_probs(prediction), label, half=scale_by_half)


@in_form(LOGITS, of=brier_of_classes)
def brier_of_classes_from_logits(
    prediction: Floats, label: Floats | Integers, *, scale_by_half: bool | None = None
) -> Floats:
    """The same of p = softmax(x)."""
    return _of_classes(probabilities.of_class_logits(prediction), label, half=scale_by_half)


@in_form(LOG_PROBS, of=brier_of_classes)
def brier_of_classes_from_log_probs(
    prediction: Floats, label: Floats | Integers, *, scale_by_half: bool | None = None
) -> Floats:
    """The same of p = e^q."""
    return _of_classes(probabilities.of_log_probs(prediction), label, half=scale_by_half)


@loss(CLASSES, Name("rps", ("ranked-probability-score",)))
def ranked_probability(prediction: Floats, label: Floats | Integers) -> Floats:
    """Ranked probability score Σ (F − O)² over the sums F of p and O of y up to each class but one.

    For classes in their order, which is that of the columns. Epstein, A scoring system for
    probability forecasts of ranked categories (1969), as Murphy (1971) turned it: from 0 to K − 1,
    not divided by that.
    """
    return _summed_up(probabilities.of_probs(prediction), label)


@in_form(LOGITS, of=ranked_probability)
def ranked_probability_from_logits(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = softmax(x)."""
    return _summed_up(probabilities.of_class_logits(prediction), label)


@in_form(LOG_PROBS, of=ranked_probability)
def ranked_probability_from_log_probs(prediction: Floats, label: Floats | Integers) -> Floats:
    """The same of p = e^q."""
    return _summed_up(probabilities.of_log_probs(prediction), label)


def _summed_up(shares: Shares, label: Floats | Integers) -> Floats:
    """Return Σ (F − O)² but for the last class, at which both sums are 1."""
    missed = np.add.accumulate(shares.minus(label)[:, :-1], axis=1)
    return row_sums(missed * missed)
