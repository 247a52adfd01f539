"""Deviances: twice the log-likelihood that a prediction of the mean lacks to that of the label."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from lossctl.block import Floats
from lossctl.losses.best import MeanOf
from lossctl.losses.domain import REAL
from lossctl.losses.interval import INSIDE_UNIT, NON_NEGATIVE, POSITIVE, Interval
from lossctl.losses.registry import Bounds, Name, loss
from lossctl.losses.regression import squared_error
from lossctl.losses.special import log_ratio

_POWERS = Interval(without=INSIDE_UNIT)
_TERMS = 26


@loss(
    REAL,
    Name("poisson", ("poisson-deviance",)),
    prediction=POSITIVE,
    label=NON_NEGATIVE,
    best=MeanOf(),
)
def poisson_deviance(prediction: Floats, label: Floats) -> Floats:
    """Poisson deviance 2·(y ln(y/p) − y + p), with 0·ln 0 = 0; for counts, p above 0.

    In units of the label. McCullagh and Nelder, Generalized Linear Models (1989), 2.3.
    """
    return _deviance(prediction, label, 1.0)


@loss(
    REAL,
    Name("gamma", ("gamma-deviance",)),
    prediction=POSITIVE,
    label=POSITIVE,
    best=MeanOf(),
)
def gamma_deviance(prediction: Floats, label: Floats) -> Floats:
    """Gamma deviance 2·(ln(p/y) + y/p − 1), for numbers above 0; it has no unit.

    McCullagh and Nelder, Generalized Linear Models (1989), 2.3.
    """
    return _deviance(prediction, label, 2.0)


def _tweedie_bounds(*, power: float) -> Bounds:
    """Return what a power takes, as in scikit-learn."""
    if power == 0:
        return Bounds()
    if power < 0:
        return Bounds(POSITIVE)
    return Bounds(POSITIVE, NON_NEGATIVE if power < 2 else POSITIVE)


@loss(
    REAL,
    Name("tweedie", ("tweedie-deviance",)),
    bounds=_tweedie_bounds,
    best=MeanOf(),
)
def tweedie_deviance(
    prediction: Floats, label: Floats, *, power: Annotated[float, _POWERS] = 1.5
) -> Floats:
    """Tweedie deviance 2·[y^(2−k)/((1−k)(2−k)) − y p^(1−k)/(1−k) + p^(2−k)/(2−k)], k = power.

    power 0 is the squared error, 1 the Poisson deviance, 2 that of gamma; between 0 and 1 there is
    none. p is above 0 but for power 0; y from 0 on for powers from 1, above 0 from 2 on, and of any
    sign below 0, where y^(2−k) is 0 for negative y. Jørgensen, The Theory of Dispersion Models
    (1997). scikit-learn's power is 0 if none is given; 1.5, ours, is between counts and amounts, as
    XGBoost's and LightGBM's objectives have it.
    """
    return squared_error(prediction, label) if power == 0 else _deviance(prediction, label, power)


def _deviance(prediction: Floats, label: Floats, power: float) -> Floats:
    """Return the deviance of a power but 0, to its last digits where prediction and label meet.

    It is 2 ∫ (y − u) u^−k du from p to y. Next to p the integrand is a power series.
    """
    half = np.full_like(label, np.nan)
    relative = (label - prediction) / prediction
    near = np.abs(relative) * (1 + abs(power)) <= 0.5
    half[near] = prediction[near] ** (2 - power) * _series(relative[near], power)
    apart = ~near & (label > 0)
    half[apart] = _apart(prediction[apart], label[apart], power)
    none = label <= 0
    if none.any():
        p, y = prediction[none], label[none]
        slope = 0.0 if power == 1 else p ** (1 - power) / (1 - power)
        half[none] = p ** (2 - power) / (2 - power) - np.where(y == 0, 0.0, y * slope)
    infinite = np.isinf(label) != np.isinf(prediction)
    half[infinite & (np.isinf(label) | (power <= 2))] = np.inf
    wrong = (~np.isfinite(half) | (half < 0)) & (label >= 0)
    wrong &= np.isfinite(prediction) & np.isfinite(label)
    if wrong.any():
        half[wrong] = _wide(prediction[wrong], label[wrong], power)
    return 2 * half


def _wide(prediction: Floats, label: Floats, power: float) -> Floats:
    """Return half the deviance where powers overflow or vanish, with exponents of 15 bits.

    Where the machine has no such numbers, this is done in float64 again.
    """
    p, y = (values.astype(np.longdouble) for values in (prediction, label))
    one, two = np.longdouble(1) - power, np.longdouble(2) - power
    t = (y - p) / p
    near = np.abs(t) * (1 + abs(power)) <= 0.5
    if power == 1:
        apart = np.where(y == 0, 0, y * np.log(y / p)) - y + p
    elif power == 2:
        apart = np.log(p / y) + t
    else:
        apart = y**two / (one * two) - y * p**one / one + p**two / two
    return np.asarray(np.maximum(np.where(near, p**two * _series(t, power), apart), 0), np.float64)


def _series(t: npt.NDArray[Any], power: float) -> npt.NDArray[Any]:
    """Return ∫ (t − v) (1 + v)^−k dv from 0 to t, small beside 1/(1 + |k|): Σ C(−k, j) t^j/… t²."""
    total, term = np.full_like(t, 0.5), np.ones_like(t)
    for j in range(1, _TERMS):
        term = term * t * ((1 - power - j) / j)
        total += term / ((j + 1) * (j + 2))
    return np.asarray(total * t * t)


def _apart(p: Floats, y: Floats, power: float) -> Floats:
    """Return y·L(1 − k) − L(2 − k) with L(a) = (y^a − p^a)/a, which is ln(y/p) where a = 0."""
    log = log_ratio(y, p)
    return y * _difference(y, p, log, 1 - power) - _difference(y, p, log, 2 - power)


def _difference(y: Floats, p: Floats, log: Floats, a: float) -> Floats:
    if a == 0:
        return log
    close = np.abs(a * log) < 1
    return np.asarray(np.where(close, p**a * np.expm1(a * log), y**a - p**a) / a)
