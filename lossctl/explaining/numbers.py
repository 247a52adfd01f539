"""The own steps of losses of numbers, distributions, scores and vectors.

Each yields what is computed on the way to the loss, which the formula beside it makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossctl.explaining.given import Given, Own, step
from lossctl.explanation import Step
from lossctl.losses.special import erf

_NEAR = 0.9  # from here on 1 − cos has fewer digits than the loss


def _difference(given: Given) -> Iterator[Step]:
    yield step("d", "p − y", given.prediction - given.label)


def _distance(given: Given) -> Iterator[Step]:
    yield step("d", "|p − y|", np.abs(given.prediction - given.label))


def _near(given: Given) -> Iterator[Step]:
    """Huber's two branches as one: what counts squared, and what counts as it is."""
    size = np.abs(given.prediction - given.label)
    name = "delta" if "delta" in given.parameters else "beta"
    yield step("d", "|p − y|", size)
    bound = given.parameters[name]
    yield step("n", f"d, at most {name} = {bound:g}", np.minimum(size, bound))


def _quantile(given: Given) -> Iterator[Step]:
    p, y, alpha = given.prediction, given.label, given.parameters["alpha"]
    yield from _distance(given)
    how = f"{alpha:g} where p is below y, else {1 - alpha:g}"
    yield step("side", how, np.where(p < y, alpha, 1 - alpha))


def _relative(given: Given) -> Iterator[Step]:
    yield from _distance(given)
    eps = given.parameters["eps"]
    yield step("b", f"|y|, at least eps = {eps:.3g}", np.maximum(np.abs(given.label), eps))


def _symmetric(given: Given) -> Iterator[Step]:
    yield from _distance(given)
    yield step("b", "|p| + |y|", np.abs(given.prediction) + np.abs(given.label))


def _logs(given: Given) -> Iterator[Step]:
    p, y = given.prediction, given.label
    yield step("a", "ln(1 + p)", np.log1p(p))
    yield step("b", "ln(1 + y)", np.log1p(y))
    yield step("d", "a − b, as one logarithm", np.sign(p - y) * np.sqrt(given.cost))


def _ratio(given: Given) -> Iterator[Step]:
    yield step("r", "y/p", given.label / given.prediction)


def _rate(given: Given) -> Iterator[Step]:
    x, y, said = given.prediction, given.label, given.parameters
    log = x if said["log_input"] else np.log(x + said["eps"])
    if said["log_input"]:
        yield step("m", "e^x, the mean", np.exp(x))
    else:
        yield step("x", f"ln(p + {said['eps']:g})", log)
    yield step("y x", "with 0·ln 0 = 0", np.where(y == 0, 0.0, y * log))
    if said["full"]:
        whole = y * np.log(y) - y + np.log(2 * np.pi * y) / 2
        how = "y ln y − y + ½ ln(2πy) where y > 1"
        yield step("s", how, np.where(y > 1, whole, 0.0))


def _gaussian(given: Given) -> Iterator[Step]:
    (mean, variance), (y,) = given.prediction, given.label
    v = max(variance, given.parameters["eps"])
    name = "v" if v == variance else "v'"
    if v != variance:
        yield step(name, f"v, at least eps = {v:g}", v)
    yield step("d", "p − y", mean - y)
    yield step("z", f"d/√{name}", (mean - y) / math.sqrt(v))
    yield step("w", f"ln {name}", math.log(v))


def _normal(given: Given) -> Iterator[Step]:
    (mean, spread), (y,) = given.prediction, given.label
    z = np.array([(y - mean) / spread])
    yield step("z", "(y − p)/σ", z)
    yield step("Φ", "the normal distribution's, up to z", (1 + erf(z / np.sqrt(2))) / 2)
    yield step("φ", "its density at z", np.exp(-z * z / 2) / np.sqrt(2 * np.pi))


def _angle(given: Given) -> Iterator[Step]:
    p, y = (v / np.abs(v).max() for v in (given.prediction, given.label))
    yield step("|p|", "its length", math.hypot(*given.prediction))
    yield step("|y|", "its length", math.hypot(*given.label))
    cosine = float(p @ y) / (math.hypot(*p) * math.hypot(*y))
    yield step("cos", "Σ p y / (|p| |y|)", cosine)
    if cosine > _NEAR:
        yield step("sin²", "1 − cos², with its digits", float(given.cost[0]) * (1 + cosine))


def _margin(given: Given) -> Iterator[Step]:
    sign = 2 * given.label - 1
    yield step("±1", "the label as −1 or +1", sign)
    yield step("m", "±1 times s, the margin", sign * given.prediction)


def _ahead(given: Given) -> Iterator[Step]:
    own = given.prediction[given.place]
    others = np.delete(given.prediction, given.place)
    yield step("own", "the score of the label's class", float(own))
    yield step("best", "the largest of the others", float(others.max()))


def _lacking(given: Given) -> Iterator[Step]:
    margin, power = given.parameters["margin"], given.parameters["p"]
    ahead = given.prediction - given.prediction[given.place]
    yield step("a", "how far it is ahead of the label's", ahead)
    lacking = np.maximum(margin + ahead, 0.0) ** power
    lacking[given.place] = 0.0
    how = f"max(0, {margin:g} + a)" + ("²" if power == 2 else "")
    yield step("t", f"{how}, of the others", lacking)


OWN: dict[str, tuple[Own, str]] = {
    "mse": (_difference, "d²"),
    "sse": (_difference, "d²"),
    "mae": (_difference, "|d|"),
    "huber": (_near, "n (d − ½n)"),
    "smooth-l1": (_near, "n (d − ½n) / beta, d if that is 0"),
    "log-cosh": (_difference, "ln cosh d"),
    "quantile": (_quantile, "side times d"),
    "mape": (_relative, "d/b, with 0/0 = 0"),
    "smape": (_symmetric, "2d/b, with 0/0 = 0"),
    "msle": (_logs, "d²"),
    "poisson": (_ratio, "2 (y ln r − y + p), with 0·ln 0 = 0"),
    "gamma": (_ratio, "2 (r − ln r − 1)"),
    "tweedie": (_ratio, "the deviance as above"),
    "poisson-nll": (_rate, ""),
    "gaussian-nll": (_gaussian, ""),
    "crps": (_normal, "σ (z(2Φ − 1) + 2φ − 1/√π)"),
    "cosine": (_angle, "1 − cos"),
    "hinge": (_margin, "max(0, 1 − m)"),
    "squared-hinge": (_margin, "max(0, 1 − m)²"),
    "soft-margin": (_margin, "ln(1 + e^−m)"),
    "exponential": (_margin, "e^−m"),
    "multiclass-hinge": (_ahead, "max(0, 1 + best − own)"),
    "multi-margin": (_lacking, "Σ t / K"),
}


def formula(given: Given, name: str) -> str:
    """Return what the loss is made of, in the symbols of its steps, "" for one without."""
    said = given.parameters
    if name == "poisson-nll":
        mean = "m" if said["log_input"] else "p"
        return f"{mean} − y x" + (" + s" if said["full"] else "")
    if name == "cosine" and given.cost[0] < 1 - _NEAR:
        return "1 − cos = sin²/(1 + cos)"
    if name == "gaussian-nll":
        return "½ (w + z²)" + (" + ½ ln 2π" if said["full"] else "")
    return OWN[name][1] if name in OWN else ""
