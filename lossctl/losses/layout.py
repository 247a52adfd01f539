"""How rows with several columns lie in memory, chosen by the number of columns alone.

Then a row's sum has the same bits in any block: NumPy's reductions over the rows of a block give
other bits for other numbers of rows, those along a contiguous row do not.
"""

from __future__ import annotations

import numpy as np

from lossctl.block import Floats, Integers

NARROW = 16  # columns: up to here, one contiguous array a column is quicker than one a row


def for_rows(values: Floats) -> Floats:
    """Return (n, k) values contiguous by column if there are few columns, else by row."""
    if values.shape[1] <= NARROW:
        return np.ascontiguousarray(values.T).T
    return np.ascontiguousarray(values)


def less_own(values: Floats, own: Floats) -> Floats:
    """Return (n, k) values less a number for each row, (n,), as ``for_rows`` lays them out."""
    if values.shape[1] <= NARROW:
        return np.subtract(values.T, own, order="C").T
    return np.subtract(np.ascontiguousarray(values), own[:, np.newaxis])


def own_cells(values: Floats, column: Integers) -> tuple[Floats, Integers]:
    """Return contiguous (n, k) values as (n·k,) in their place, and where a cell of each row is."""
    rows, columns = values.shape
    if values.flags.c_contiguous:
        return values.reshape(-1), np.arange(0, rows * columns, columns) + column
    return values.T.reshape(-1), column * rows + np.arange(rows)


def row_sums(values: Floats) -> Floats:
    """Return the sums of the rows of (n, k) values, each the same bits in any block."""
    if values.shape[1] > NARROW:
        return np.asarray(np.add.reduce(np.ascontiguousarray(values), axis=1))
    total = values[:, 0].copy()
    for column in range(1, values.shape[1]):
        total += values[:, column]
    return total
