"""The own steps of losses of probabilities, of one event or of classes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossctl.block import Floats
from lossctl.explaining.given import Given, Own, event, probability_of_event, step
from lossctl.explanation import Step
from lossctl.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_from_log_probs,
    binary_cross_entropy_from_logits,
)
from lossctl.losses.categorical import costs_from_logits
from lossctl.losses.domain import LOG_PROBS, LOGITS, LOGS_CLIPPED
from lossctl.losses.probabilities import Shares, of_class_logits, of_log_probs, of_probs
from lossctl.losses.special import softplus

# From a likelihood between these its logarithm can be taken; beyond them it has too few digits.
_LEAST, _MOST = 1e-300, 0.9
_TINY = "< 1e-300"


def _shares(given: Given) -> Shares:
    """Return the probabilities of the classes."""
    x = given.prediction[np.newaxis]
    if given.form == LOGITS:
        return of_class_logits(x)
    return of_log_probs(x) if given.form == LOG_PROBS else of_probs(x)


def _costs(given: Given) -> Floats:
    """Return −ln p of the classes, with their digits."""
    x = given.prediction
    if given.form == LOGITS:
        return np.asarray(costs_from_logits(x[np.newaxis])[0])
    return 0.0 - (x if given.form == LOG_PROBS else np.log(x))


def _probability(given: Given) -> Iterator[Step]:
    """Yield p, where the prediction is something else."""
    if given.form == LOGITS:
        yield step("p", "softmax: e^x / Σ e^x", _shares(given).probability[0])
    elif given.form == LOG_PROBS:
        yield step("p", "e^q", _shares(given).probability[0])


def _likelihood(given: Given, cost: float) -> Iterator[Step]:
    """Yield the likelihood and its logarithm; one next to 1 with what it lacks to that."""
    p = _shares(given).probability[0]
    likelihood = float(p[given.place]) if given.hard else math.exp(-cost)
    yield step("L", "the likelihood Π p^y", likelihood)
    if likelihood > _MOST:
        yield step("1 − L", "what it lacks to 1, with its digits", -math.expm1(-cost))
    yield step("ln L", "its logarithm", -cost)


def _cross_entropy(given: Given) -> Iterator[Step]:
    yield from _probability(given)
    cost = float(given.cost[0])
    if not given.hard:
        yield step("ln p", "its logarithm", 0.0 - _costs(given))
    if math.exp(-cost) >= _LEAST or not math.isfinite(cost):
        yield from _likelihood(given, cost)
    elif given.form == LOGITS and given.hard:
        yield step("L", "the likelihood Π p^y", _TINY)
        yield from _log_sum_exp(given)
    else:
        yield step("L", "the likelihood Π p^y", _TINY)
        yield step("ln L", "Σ y ln p, without L", -cost)


def _log_sum_exp(given: Given) -> Iterator[Step]:
    """Yield the way from logits to a loss that does not go through p."""
    x = given.prediction
    top = int(x.argmax())
    rest = np.exp(np.delete(x, top) - x[top])
    yield step("m", "the largest x", float(x[top]))
    yield step("r", "Σ e^(x − m) of all others", float(rest.sum()))
    yield step("ln L", "the label's x − m − ln(1 + r)", -float(given.cost[0]))


def _of_event(given: Given) -> Iterator[Step]:
    """Yield the likelihood of what happened, if there is one cell, or of each."""
    yield from probability_of_event(given)
    cost, x, y = given.cost, given.prediction, given.label
    if (np.isfinite(cost) & (np.exp(-cost) < _LEAST)).any():
        if len(cost) == 1:
            yield step("L", "the likelihood p^y (1 − p)^(1 − y)", _TINY)
        if given.form == LOGITS:
            yield step("t", "y max(−x, 0) + (1 − y) max(x, 0)", cost - softplus(-np.abs(x)))
            yield step("ln L", "−t − ln(1 + e^−|x|)", -cost)
        else:
            yield step("ln L", "y ln p + (1 − y) ln(1 − p)", -cost)
        return
    p, rest = event(given)
    likelihood = np.where(y == 1, p, np.where(y == 0, rest, np.exp(-cost)))
    yield step("L", "the likelihood p^y (1 − p)^(1 − y)", likelihood)
    if (np.exp(-cost) > _MOST).any():
        yield step("1 − L", "what it lacks to 1, with its digits", -np.expm1(-cost))
    yield step("ln L", "its logarithm", -cost)


def _missed(given: Given) -> Iterator[Step]:
    yield from probability_of_event(given)
    p, rest = event(given)
    yield step("d", "p − y", Shares(p, rest).minus(given.label))


def _missed_classes(given: Given) -> Iterator[Step]:
    yield from _probability(given)
    missed = _shares(given).minus(given.label[np.newaxis])[0]
    yield step("d", "p − y", missed)
    yield step("d²", "its square", missed * missed)


def _ranked(given: Given) -> Iterator[Step]:
    yield from _probability(given)
    yield step("F", "Σ p up to the class", np.cumsum(_shares(given).probability[0]))
    yield step("O", "Σ y up to the class", np.cumsum(given.label))
    missed = np.cumsum(_shares(given).minus(given.label[np.newaxis])[0])
    missed[-1] = 0.0
    yield step("t", "(F − O)², 0 for the last", missed * missed)


def _focal(given: Given) -> Iterator[Step]:
    gamma, alpha, y = given.parameters["gamma"], given.parameters["alpha"], given.label
    yield from probability_of_event(given)
    p, rest = event(given)
    missed = y * rest + (1 - y) * p
    yield from _cost_of_event(given)
    yield step("1 − q", "y (1 − p) + (1 − y) p", missed)
    yield step("f", f"(1 − q)^gamma, gamma = {gamma:g}", missed**gamma)
    if alpha is not None:
        yield step("α", f"{alpha:g} y + {1 - alpha:g} (1 − y)", y * alpha + (1 - y) * (1 - alpha))


def _cost_of_event(given: Given) -> Iterator[Step]:
    """Yield the cross-entropy that focal is made of, which may see p clipped."""
    x, how = given.prediction, "−[y ln p + (1 − y) ln(1 − p)]"
    if given.form == LOGITS:
        cost = binary_cross_entropy_from_logits(x, given.label)
    elif given.form == LOG_PROBS:
        cost = binary_cross_entropy_from_log_probs(x, given.label)
    else:
        if given.form == LOGS_CLIPPED:
            x, how = np.clip(x, 1e-7, 1 - 1e-7), f"{how}, p in [1e-07, 1 − 1e-07]"
        cost = binary_cross_entropy(x, given.label)
    yield step("h", how, cost)


def _focal_classes(given: Given) -> Iterator[Step]:
    gamma = given.parameters["gamma"]
    yield from _probability(given)
    cost = _costs(given)
    yield step("h", "−ln p", cost)
    yield step("f", f"(1 − p)^gamma, gamma = {gamma:g}", (0.0 - np.expm1(-cost)) ** gamma)


def _divergence(given: Given) -> Iterator[Step]:
    yield from _probability(given)
    y, cost = given.label, _costs(given)
    yield step("ln p", "its logarithm", 0.0 - cost)
    yield step("t", "y (ln y − ln p)", np.where(y == 0, 0.0, y * (np.log(y) + cost)))


def _middle(given: Given) -> Iterator[Step]:
    yield from _probability(given)
    p, y = _shares(given).probability[0], given.label
    m = (p + y) / 2
    yield step("m", "½ (y + p)", m)
    yield step("a", "y ln(y/m)", np.where(y == 0, 0.0, y * np.log(y / m)))
    yield step("b", "p ln(p/m)", np.where(p == 0, 0.0, p * np.log(p / m)))


def _threshold(given: Given) -> Iterator[Step]:
    given_one = given.parameters["threshold"]
    default = {LOGITS: 0.0, LOG_PROBS: math.log(0.5)}.get(given.form, 0.5)
    yield step("t", "the threshold", default if given_one is None else float(given_one))


def _largest(given: Given) -> Iterator[Step]:
    yield step("own", "that of the label's class", float(given.prediction[given.place]))
    others = np.delete(given.prediction, given.place)
    yield step("best", "the largest of the others", float(others.max()))


OF_EVENT: dict[str, tuple[Own, str]] = {
    "bce": (_of_event, "−ln L"),
    "brier": (_missed, "d²"),
    "focal": (_focal, "h f"),
    "zero-one": (_threshold, "0 on the label's side of t, else 1"),
}
OF_CLASSES: dict[str, tuple[Own, str]] = {
    "ce": (_cross_entropy, "−ln L"),
    "nll": (_cross_entropy, "−ln L"),
    "brier": (_missed_classes, "Σ d²"),
    "rps": (_ranked, "Σ t"),
    "focal": (_focal_classes, "Σ y h f"),
    "kl-div": (_divergence, "Σ t"),
    "js-div": (_middle, "½ Σ (a + b)"),
    "zero-one": (_largest, "0 if own is above best, else 1"),
}


def formula(given: Given, name: str, *, classes: bool) -> str:
    """Return what the loss is made of, in the symbols of its steps, "" for one without."""
    found = (OF_CLASSES if classes else OF_EVENT).get(name, (None, ""))[1]
    half = given.parameters.get("scale_by_half")
    if name == "brier" and not classes and half is False:
        return "2d²"
    if name == "brier" and classes and half:
        return "½ Σ d²"
    if name == "focal" and given.parameters["alpha"] is not None:
        alpha = "α" if not classes else f"{given.parameters['alpha']:g}"
        return f"{found} {alpha}"
    return found
