"""Losses of vectors: the direction of a row."""

from __future__ import annotations

import numpy as np

from lossctl.block import Booleans, Floats
from lossctl.losses.domain import VECTORS
from lossctl.losses.layout import for_rows, row_sums
from lossctl.losses.registry import Bounds, Name, loss

_HALVES = 2.0**27 + 1  # splits a float64 into two of 26 bits (Veltkamp)


def _has_no_direction(prediction: Floats, label: Floats) -> Booleans:
    return np.asarray(~(prediction.any(axis=1) & label.any(axis=1)))


@loss(
    VECTORS,
    Name("cosine", ("cosine-distance",)),
    bounds=Bounds(refused=_has_no_direction, why="has no value where a vector is zero"),
)
def cosine_distance(prediction: Floats, label: Floats) -> Floats:
    """Cosine distance 1 − cos of the angle between the vectors p and y of a row, from 0 to 2.

    Below a right angle it is sin²/(1 + cos), which keeps its digits for the smallest angles and is
    0 for parallel vectors. A vector of zeros has no direction and is refused; torch gives 1 for it,
    Keras 0. Keras's CosineSimilarity is −cos.
    """
    p, y = _scaled(prediction), _scaled(label)
    long, wide = np.sqrt(row_sums(p * p)), np.sqrt(row_sums(y * y))
    cosine = row_sums(p * y) / (long * wide)
    sine = row_sums(_across(p, y, p / long[:, np.newaxis]) ** 2) / wide**2
    return np.asarray(np.where(cosine > 0, sine / (1 + cosine), 1 - cosine))


def _across(p: Floats, y: Floats, direction: Floats) -> Floats:
    """Return the part of y that is at right angles to p.

    What p accounts for is taken off twice: first so that nothing is left in p's largest column,
    which is where all digits that cancel do, and they do so exactly.
    """
    largest = np.abs(p).argmax(axis=1)[:, np.newaxis]
    own, other = (np.take_along_axis(vectors, largest, axis=1) for vectors in (p, y))
    rest = _difference_of_products(y, own, p, other) / own
    return np.asarray(rest - row_sums(rest * direction)[:, np.newaxis] * direction)


def _scaled(vectors: Floats) -> Floats:
    """Return the vectors with their largest number between ½ and 1: a power of two changes none."""
    _, exponent = np.frexp(np.abs(vectors).max(axis=1))
    return for_rows(np.ldexp(vectors, -exponent[:, np.newaxis]))


def _difference_of_products(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """Return a·b − c·d, with its digits also where the products are close (Dekker 1971)."""
    first, second = a * b, c * d
    return (first - second) + (_lost(a, b, first) - _lost(c, d, second))


def _lost(a: Floats, b: Floats, product: Floats) -> Floats:
    """Return what rounding took from a product, exactly."""
    high, upper = a * _HALVES, b * _HALVES
    high, upper = high - (high - a), upper - (upper - b)
    low, lower = a - high, b - upper
    return low * lower - (((product - high * upper) - low * upper) - high * lower)
