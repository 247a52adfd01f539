"""The formulas of the losses as textbooks have them, in mpmath: what the kernels are held against.

Each returns the true loss, and the sum of the absolute terms it is made of where that is more: an
error is measured against it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from drawing import Case

from lossctl.block import Floats
from lossctl.losses.domain import (
    BINARY,
    LOG_PROBS,
    LOGITS,
    MARGIN,
    NORMAL,
    NORMAL_BY_DEVIATION,
    PROBS,
    REAL,
    SHARES,
)

mpf: Any = mpmath.mpf
DIGITS = 350  # so many that 1 − p may be computed as it is written, down to 1e-300

Cell = Callable[..., Any]


def x_log(x: Any, y: Any) -> Any:
    return x * mpmath.log(y) if x else mpf(0)


def tweedie(p: Any, y: Any, power: float) -> Any:
    k = mpf(power)
    if k == 0:
        return (p - y) ** 2
    if k == 1:
        return 2 * (x_log(y, y / p) - y + p)
    if k == 2:
        return 2 * (mpmath.log(p / y) + y / p - 1)
    first = max(y, 0) ** (2 - k) / ((1 - k) * (2 - k)) if y > 0 else mpf(0)
    return 2 * (first - y * p ** (1 - k) / (1 - k) + p ** (2 - k) / (2 - k))


def poisson_nll(p: Any, y: Any, log_input: bool, full: bool, eps: float) -> Any:
    log = p if log_input else (mpmath.log(p + mpf(eps)) if p + mpf(eps) else mpf(0))
    terms = [mpmath.exp(p) if log_input else p, -y * log]
    if full and y > 1:
        terms += [y * mpmath.log(y), -y, mpmath.log(2 * mpmath.pi * y) / 2]
    return mpmath.fsum(terms), mpmath.fsum(terms, absolute=True)


def gaussian_nll(p: Any, v: Any, y: Any, eps: float, full: bool) -> Any:
    v = max(v, mpf(eps))
    terms = [mpmath.log(v) / 2, (p - y) ** 2 / v / 2, mpmath.log(2 * mpmath.pi) / 2 * full]
    return mpmath.fsum(terms), mpmath.fsum(terms, absolute=True)


def crps(p: Any, s: Any, y: Any) -> Any:
    z = (y - p) / s
    return s * (z * (2 * mpmath.ncdf(z) - 1) + 2 * mpmath.npdf(z) - 1 / mpmath.sqrt(mpmath.pi))


def pinball(p: Any, y: Any, alpha: float) -> Any:
    return max(mpf(alpha) * (y - p), (mpf(alpha) - 1) * (y - p))


def huber(p: Any, y: Any, delta: float) -> Any:
    d = abs(p - y)
    return d * d / 2 if d <= delta else mpf(delta) * (d - mpf(delta) / 2)


def smooth_l1(p: Any, y: Any, beta: float) -> Any:
    return huber(p, y, beta) / mpf(beta) if beta else abs(p - y)


NUMBERS_: dict[str, Cell] = {
    "mse": lambda p, y: (p - y) ** 2,
    "sse": lambda p, y: (p - y) ** 2,
    "rmse": lambda p, y: (p - y) ** 2,
    "mae": lambda p, y: abs(p - y),
    "huber": huber,
    "smooth-l1": smooth_l1,
    "log-cosh": lambda p, y: abs(p - y) + mpmath.log((1 + mpmath.exp(-2 * abs(p - y))) / 2),
    "quantile": pinball,
    "mape": lambda p, y, eps: abs(p - y) / max(abs(y), mpf(eps)),
    "smape": lambda p, y: 2 * abs(p - y) / (abs(p) + abs(y)),
    "msle": lambda p, y: (mpmath.log(1 + p) - mpmath.log(1 + y)) ** 2,
    "rmsle": lambda p, y: (mpmath.log(1 + p) - mpmath.log(1 + y)) ** 2,
    "poisson": lambda p, y: tweedie(p, y, 1),
    "gamma": lambda p, y: tweedie(p, y, 2),
    "tweedie": tweedie,
    "poisson-nll": poisson_nll,
    "gaussian-nll": gaussian_nll,
    "crps": crps,
}


def focal(p: Any, y: Any, gamma: float, alpha: float | None) -> Any:
    cost = -x_log(y, p) - x_log(1 - y, 1 - p)
    balance = 1 if alpha is None else y * mpf(alpha) + (1 - y) * (1 - mpf(alpha))
    return balance * (y * (1 - p) + (1 - y) * p) ** mpf(gamma) * cost


def square(p: Any, y: Any, scale_by_half: bool | None) -> Any:
    times = 2 if scale_by_half is False else 1
    return times * (p - y) ** 2, times * ((p - y) ** 2 if y in {0, 1} else (p + y) ** 2)


EVENTS: dict[str, Cell] = {
    "bce": lambda p, y: -x_log(y, p) - x_log(1 - y, 1 - p),
    "brier": square,
    "focal": focal,
    "zero-one": lambda p, y, threshold: threshold or mpf(int((p > 0.5) != (y > 0.5) or p == 0.5)),
    "hinge": lambda m: (max(0, 1 - m), 1 + abs(m)),
    "squared-hinge": lambda m: (max(0, 1 - m) ** 2, (1 + abs(m)) ** 2),
    "soft-margin": lambda m: mpmath.log(1 + mpmath.exp(-m)),
    "exponential": lambda m: mpmath.exp(-m),
}


def brier(p: Any, y: Any, scale_by_half: bool | None) -> Any:
    parts = [square(a, b, scale_by_half or None) for a, b in zip(p, y, strict=True)]
    half = mpf(0.5) if scale_by_half else 1
    return tuple(half * mpmath.fsum(part) for part in zip(*parts, strict=True))


def rps(p: Any, y: Any) -> Any:
    steps = [(mpmath.fsum(p[:k]), mpmath.fsum(y[:k])) for k in range(1, len(p))]
    true = mpmath.fsum((a - b) ** 2 for a, b in steps)
    return true, true if max(y) == 1 else mpmath.fsum((a + b) ** 2 for a, b in steps)


def kl(p: Any, y: Any) -> Any:
    terms = [(x_log(b, b), -x_log(b, a)) for a, b in zip(p, y, strict=True)]
    return mpmath.fsum(map(sum, terms)), mpmath.fsum(abs(part) for term in terms for part in term)


def js(p: Any, y: Any) -> Any:
    m = [(a + b) / 2 for a, b in zip(p, y, strict=True)]
    return (kl(m, p)[0] + kl(m, y)[0]) / 2


def focal_of_classes(p: Any, y: Any, gamma: float, alpha: float | None) -> Any:
    terms = (-x_log(b, a) * (1 - a) ** mpf(gamma) for a, b in zip(p, y, strict=True))
    return mpmath.fsum(terms) * (1 if alpha is None else mpf(alpha))


def zero_one(p: Any, y: Any, threshold: None) -> Any:
    own = p[y.index(1)]
    return mpf(int(threshold is not None or sum(a >= own for a in p) > 1))


def multiclass_hinge(s: Any, y: Any) -> Any:
    own = s[y.index(1)]
    others = max(a for a, b in zip(s, y, strict=True) if not b)
    return max(mpf(0), 1 - own + others), 1 + abs(own) + abs(others)


def multi_margin(s: Any, y: Any, p: float, margin: float) -> Any:
    own = s[y.index(1)]
    gaps = [max(0, mpf(margin) - own + a) ** int(p) for a, b in zip(s, y, strict=True) if not b]
    most = [(mpf(margin) + abs(own) + abs(a)) ** int(p) for a in s]
    return mpmath.fsum(gaps) / len(s), mpmath.fsum(most) / len(s)


def cosine(p: Any, y: Any) -> Any:
    length = mpmath.sqrt(mpmath.fdot(p, p) * mpmath.fdot(y, y))
    return 1 - mpmath.fdot(p, y) / length


ROWS: dict[str, Cell] = {
    "ce": lambda p, y: -mpmath.fsum(x_log(b, a) for a, b in zip(p, y, strict=True)),
    "nll": lambda p, y: -mpmath.fsum(x_log(b, a) for a, b in zip(p, y, strict=True)),
    "brier": brier,
    "rps": rps,
    "kl-div": kl,
    "js-div": js,
    "focal": focal_of_classes,
    "zero-one": zero_one,
    "multiclass-hinge": multiclass_hinge,
    "multi-margin": multi_margin,
    "cosine": cosine,
}


def probability(case: Case, x: Any) -> Any:
    """Return the probability of an event."""
    return {PROBS: lambda: x, LOG_PROBS: lambda: mpmath.exp(x)}.get(
        case.form, lambda: 1 / (1 + mpmath.exp(-x))
    )()


def has_formula(case: Case) -> bool:
    """Whether a loss is written down here; one that was just added may not be."""
    return case.loss.name in {*NUMBERS_, *EVENTS, *ROWS}


def true_loss(case: Case, prediction: Floats, label: Any) -> tuple[Any, Any]:
    """Return the true loss of a row and what an error in it is measured against."""
    x = [mpf(float(value)) for value in prediction]
    name, parameters = case.loss.name, case.parameters
    if case.domain.classes and np.ndim(label) == 0:
        label = np.eye(len(x))[label]
    y = [mpf(float(value)) for value in label]
    if case.domain in (NORMAL, NORMAL_BY_DEVIATION, REAL):
        found = NUMBERS_[name](*x, *y, **parameters)
    elif case.domain is MARGIN:
        found = EVENTS[name]((2 * y[0] - 1) * x[0], **parameters)
    elif case.domain is BINARY:
        found = EVENTS[name](probability(case, x[0]), y[0], **parameters)
    else:
        if case.form in {LOGITS, LOG_PROBS}:
            x = [mpmath.exp(value) for value in x]
        if case.form in {LOGITS, SHARES}:
            x = [value / mpmath.fsum(x) for value in x]
        found = ROWS[name](x, y, **parameters)
    return found if isinstance(found, tuple) else (found, abs(found))
