"""How rows with several columns lie in memory, chosen by the number of columns alone.

Then a row's sum has the same bits in any block: NumPy's reductions over the rows of a block give
other bits for other numbers of rows, those along a contiguous row do not.
"""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats

NARROW = 16  # columns: up to here, one contiguous array a column is quicker than one a row


def for_rows(values: Floats) -> Floats:
    """Return (n, k) values contiguous by column if there are few columns, else by row."""
    if values.shape[1] <= NARROW:
        return np.ascontiguousarray(values.T).T
    return np.ascontiguousarray(values)


def row_sums(values: Floats) -> Floats:
    """Return the sums of the rows of (n, k) values, each the same bits in any block."""
    if values.shape[1] > NARROW:
        return np.asarray(np.add.reduce(np.ascontiguousarray(values), axis=1))
    total = values[:, 0].copy()
    for column in range(1, values.shape[1]):
        total += values[:, column]
    return total
