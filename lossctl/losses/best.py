"""The best constant prediction, for losses that have a simple one; skill is measured against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lossctl.block import Floats
from lossctl.values import dataclass


def _one(**_: object) -> float:
    return 1.0


def _same(values: Floats) -> Floats:
    return values


@dataclass(frozen=True)
class MeanOf:
    """The best constant is the mean of the labels, seen through ``link`` and back.

    The loss is then a Bregman divergence of label and prediction (Banerjee et al. 2005), so that
    the mean loss of any constant c is that of the mean m, plus the loss of c where the label is m.
    ``squared``: it is the square of the difference as the link shows it.
    """

    link: Callable[[Floats], Floats] = _same
    inverse: Callable[[Floats], Floats] = _same
    squared: bool = False


@dataclass(frozen=True)
class Frequencies:
    """The best constant is made of the frequencies of the classes.

    ``loss`` is its mean loss, from the frequencies, (K,), and the mean of Σ y² over the classes;
    times the ``factor`` that the loss's parameters make.
    """

    loss: Callable[[Floats, float], float]
    factor: Callable[..., float] = _one


Best: TypeAlias = MeanOf | Frequencies


def entropy(frequencies: Floats, _: float) -> float:
    """Return −Σ f ln f."""
    some = frequencies[frequencies > 0]
    return 0.0 - float(np.sum(some * np.log(some)))


def gini(frequencies: Floats, squares: float) -> float:
    """Return the mean of Σ (y − f)² over the classes."""
    return max(0.0, squares - float(np.sum(frequencies**2)))


def half_gini(frequencies: Floats, squares: float) -> float:
    """Return the mean of (y − f)² of one of two classes."""
    return gini(frequencies, squares) / 2


def all_but_mode(frequencies: Floats, _: float) -> float:
    """Return the share of all classes but the most frequent one."""
    return 1.0 - float(frequencies.max())
