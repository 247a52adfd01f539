"""Pure functions from predictions and labels to row losses, and their catalogue.

A family is a file; importing it fills the registry.
"""

from lossctl.losses import (
    binary,
    brier,
    categorical,
    deviance,
    divergence,
    focal,
    likelihood,
    margin,
    regression,
    vectors,
    zero_one,
)
from lossctl.losses.registry import LOSSES, Loss, parse

__all__ = [
    "LOSSES",
    "Loss",
    "binary",
    "brier",
    "categorical",
    "deviance",
    "divergence",
    "focal",
    "likelihood",
    "margin",
    "parse",
    "regression",
    "vectors",
    "zero_one",
]
