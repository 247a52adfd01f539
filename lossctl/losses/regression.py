"""Losses of numbers: how far the prediction is from the label."""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats
from lossctl.losses.best import MeanOf
from lossctl.losses.domain import REAL
from lossctl.losses.registry import AS_ROOT_MEAN, AS_TOTAL, Name, loss


@loss(
    REAL,
    Name("mse", ("l2", "mean-squared-error")),
    Name("sse", ("sum-of-squared-errors",), finish=AS_TOTAL),
    Name("rmse", ("root-mean-squared-error",), finish=AS_ROOT_MEAN),
    best=MeanOf(),
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
