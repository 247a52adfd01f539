"""Sums of products in one pass over the numbers, on one thread."""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats

_STEP = 8192  # numbers: of 10,000 OpenBLAS wakes its threads, which then wait for more at full load


def dot(a: Floats, b: Floats) -> float:
    """Return Σ a b of (n,) arrays, within rounding: a quarter of the time of their product."""
    whole = len(a) // _STEP * _STEP
    steps = np.vecdot(a[:whole].reshape(-1, _STEP), b[:whole].reshape(-1, _STEP))
    return float(np.add.reduce(steps) + np.vecdot(a[whole:], b[whole:]))
