"""Losses of numbers: how far the prediction is from the label."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from lossctl.block import Floats
from lossctl.losses.best import MeanOf
from lossctl.losses.domain import REAL
from lossctl.losses.interval import ABOVE_MINUS_ONE, NON_NEGATIVE, POSITIVE, UNIT
from lossctl.losses.registry import AS_ROOT_MEAN, AS_TOTAL, Name, loss

_LN_2 = float(np.log(2.0))


@loss(
    REAL,
    Name("mse", ("l2", "mean-squared-error")),
    Name("sse", ("sum-of-squared-errors",), finish=AS_TOTAL),
    Name("rmse", ("root-mean-squared-error",), finish=AS_ROOT_MEAN),
    best=MeanOf(squared=True),
)
def squared_error(prediction: Floats, label: Floats) -> Floats:
    """Squared error (p − y)², in squared units of the label."""
    difference = np.subtract(prediction, label)
    return np.multiply(difference, difference, out=difference)


@loss(REAL, Name("mae", ("l1", "mean-absolute-error")))
def absolute_error(prediction: Floats, label: Floats) -> Floats:
    """Absolute error |p − y|, in units of the label."""
    difference = np.subtract(prediction, label)
    return np.abs(difference, out=difference)


@loss(REAL, Name("huber"))
def huber(prediction: Floats, label: Floats, *, delta: Annotated[float, POSITIVE] = 1.0) -> Floats:
    """Huber's loss ½d² of d = |p − y| up to delta, then delta·(d − ½delta), in squared units.

    Huber, Robust Estimation of a Location Parameter (1964). delta = 1 is what torch, Keras and
    optax start from; LightGBM's is called alpha and is 0.9.
    """
    size = absolute_error(prediction, label)
    near = np.minimum(size, delta)
    return np.asarray(near * (size - near / 2))


@loss(REAL, Name("smooth-l1"))
def smooth_absolute_error(
    prediction: Floats, label: Floats, *, beta: Annotated[float, NON_NEGATIVE] = 1.0
) -> Floats:
    """Smoothed absolute error ½d²/beta of d = |p − y| up to beta, then d − ½beta, in units of y.

    Girshick, Fast R-CNN (2015), as torch has it: huber:delta=beta divided by beta, and mae where
    beta is 0.
    """
    size = absolute_error(prediction, label)
    if beta == 0:
        return size
    near = np.minimum(size, beta)
    return np.asarray((near / beta) * (size - near / 2))


@loss(REAL, Name("log-cosh", ("logcosh",)))
def log_cosh(prediction: Floats, label: Floats) -> Floats:
    """Logarithm of the hyperbolic cosine ln cosh(p − y): ½d² near 0, |d| − ln 2 far from it.

    As ln(1 + 2 sinh²(½d)) a small loss keeps its digits, as |d| − (ln 2 − ln(1 + e^−2|d|)) a large
    one does not overflow. Keras subtracts ln 2 as a float32.
    """
    size = absolute_error(prediction, label)
    half = np.sinh(np.minimum(size, 5.0) / 2)
    far = size - (_LN_2 - np.log1p(np.exp(-2 * size)))
    return np.where(size < 5, np.log1p(2 * half * half), far)


@loss(REAL, Name("quantile", ("pinball",)))
def quantile_error(
    prediction: Floats, label: Floats, *, alpha: Annotated[float, UNIT] = 0.5
) -> Floats:
    """Quantile (pinball) loss: alpha·(y − p) where p is below y, else (1 − alpha)·(p − y).

    In units of the label; least, on average, for the alpha-quantile: Koenker and Bassett,
    Regression Quantiles (1978). alpha = ½ is half the absolute error.
    """
    size = absolute_error(prediction, label)
    return np.asarray(size * np.where(prediction < label, alpha, 1 - alpha))


@loss(REAL, Name("mape", ("mean-absolute-percentage-error",)))
def relative_error(
    prediction: Floats,
    label: Floats,
    *,
    eps: Annotated[float, NON_NEGATIVE] = 2.220446049250313e-16,
) -> Floats:
    """Relative error |p − y| / max(|y|, eps), a fraction: 1 is 100 %.

    eps is scikit-learn's, 2^−52, whatever the numbers were stored as. Keras has 1e-7 and per cent,
    LightGBM 1, XGBoost none. Where p = y it costs nothing, also with eps = 0 and y = 0.
    """
    size, scale = absolute_error(prediction, label), np.maximum(np.abs(label), eps)
    losses = np.where(size == 0, 0.0, size / scale)
    large = np.isinf(size)  # the difference of two finite numbers may be no float64
    losses[large] = 2 * (absolute_error(prediction[large] / 2, label[large] / 2) / scale[large])
    return losses


@loss(REAL, Name("smape", ("symmetric-mean-absolute-percentage-error",)))
def symmetric_relative_error(prediction: Floats, label: Floats) -> Floats:
    """Symmetric relative error 2|p − y| / (|p| + |y|), a fraction from 0 to 2, with 0/0 = 0.

    Makridakis, Accuracy measures (1993), in the form without ½ below. Others divide by
    |p| + |y| alone, or print per cent: half of this, or 100 times it.
    """
    p, y = prediction / 2, label / 2  # |p| + |y| may be no float64
    small = np.abs(prediction) + np.abs(label) < 1
    p[small], y[small] = prediction[small], label[small]
    total = np.abs(p) + np.abs(y)
    return np.where(total == 0, 0.0, 2 * (absolute_error(p, y) / total))


@loss(
    REAL,
    Name("msle", ("mean-squared-log-error",)),
    Name("rmsle", ("root-mean-squared-log-error",), finish=AS_ROOT_MEAN),
    prediction=ABOVE_MINUS_ONE,
    label=ABOVE_MINUS_ONE,
    best=MeanOf(np.log1p, np.expm1, squared=True),
)
def squared_log_error(prediction: Floats, label: Floats) -> Floats:
    """Squared logarithmic error (ln(1 + p) − ln(1 + y))², for numbers above −1.

    As the logarithm of the larger 1 + x over the smaller, which keeps its digits where they are
    close. scikit-learn refuses numbers up to −1 as well; Keras raises both sides to 1e-7.
    """
    high, low = np.maximum(prediction, label), np.minimum(prediction, label)
    excess = (high - low) / (1 + low)
    distance = np.where(np.isinf(excess), np.log1p(high) - np.log1p(low), np.log1p(excess))
    return distance * distance
