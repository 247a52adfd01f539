"""Losses of a predicted distribution of a number: of counts, or a normal one."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from lossctl.block import Floats
from lossctl.losses.domain import NORMAL, NORMAL_BY_DEVIATION, REAL
from lossctl.losses.interval import ANY, NON_NEGATIVE, POSITIVE
from lossctl.losses.registry import Bounds, Name, loss
from lossctl.losses.special import erf

_HALF_LN_2PI = float(np.log(2 * np.pi) / 2)


def _poisson_bounds(*, log_input: bool, **_: object) -> Bounds:
    return Bounds(ANY if log_input else NON_NEGATIVE, NON_NEGATIVE)


@loss(REAL, Name("poisson-nll"), bounds=_poisson_bounds)
def poisson_likelihood(
    prediction: Floats,
    label: Floats,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: Annotated[float, NON_NEGATIVE] = 1e-8,
) -> Floats:
    """Poisson negative log-likelihood e^x − y x of x = ln of the mean, in nats, without ln y!.

    With log-input=false the predictions are the means p, from 0 on: p − y ln(p + eps). Labels are
    counts, or other numbers from 0 on. With full=true Stirling's y ln y − y + ½ ln(2πy) for ln y!
    is added where y > 1, and nothing else. All of this is torch's poisson_nll_loss; Keras's Poisson
    has log-input=false and eps=1e-7. It may be negative.
    """
    if log_input:
        rate, log = np.exp(prediction), prediction
    else:
        rate, log = prediction, np.log(prediction + eps)
    losses = rate - np.where(label == 0, 0.0, label * log)
    if full:
        stirling = label * np.log(label) - label + (_HALF_LN_2PI + np.log(label) / 2)
        losses += np.where(label > 1, stirling, 0.0)
    return losses


@loss(NORMAL, Name("gaussian-nll"), prediction=(ANY, NON_NEGATIVE))
def gaussian_likelihood(
    prediction: Floats,
    label: Floats,
    *,
    eps: Annotated[float, POSITIVE] = 1e-6,
    full: bool = False,
) -> Floats:
    """Gaussian negative log-likelihood ½[ln v + (p − y)²/v] of mean p and variance v, in nats.

    A variance below eps counts as eps, in both terms; one below 0 is refused. full=true adds
    ½ ln 2π. Nix and Weigend, Estimating the mean and variance of the target probability
    distribution (1994); eps is torch's. It may be negative.
    """
    mean, variance, value = _columns(prediction, label)
    variance = np.maximum(variance, eps)
    difference = mean - value
    losses = (np.log(variance) + difference / variance * difference) / 2
    return losses + _HALF_LN_2PI if full else losses


@loss(
    NORMAL_BY_DEVIATION,
    Name("crps", ("continuous-ranked-probability-score",)),
    prediction=(ANY, POSITIVE),
)
def ranked_probability_of_normal(prediction: Floats, label: Floats) -> Floats:
    """Ranked probability score σ·[z(2Φ(z) − 1) + 2φ(z) − 1/√π], z = (y − p)/σ, in units of y.

    Of a normal distribution with mean p and standard deviation σ, above 0. Gneiting and Raftery,
    Strictly Proper Scoring Rules (2007), eq. 21, with the sign of a loss.
    """
    mean, spread, value = _columns(prediction, label)
    distance = np.abs(value - mean)
    z = distance / spread
    density = np.sqrt(2 / np.pi) * np.exp(-0.5 * z * z)
    return np.asarray(distance * erf(z / np.sqrt(2.0)) + spread * (density - 1 / np.sqrt(np.pi)))


def _columns(prediction: Floats, label: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the two columns of the predictions and that of the labels, each in one piece."""
    first, second = (np.ascontiguousarray(prediction[:, column]) for column in (0, 1))
    return first, second, np.asarray(label, dtype=np.float64).reshape(-1)
