"""From kernels to row losses: the cells of a row add up."""

from __future__ import annotations

import numpy as np

from lossctl.block import Block, RowLosses
from lossctl.losses.registry import Kernel


@np.errstate(all="ignore")  # infinity and NaN are results here, counted and reported
def row_losses(block: Block, kernels: tuple[Kernel, ...], *, classes: bool) -> RowLosses:
    """Return the row losses of a block, by each of the kernels.

    Cells that are left out cost nothing and are not counted. NaN among the predictions gives NaN.
    """
    if classes:
        rows = [kernel(block.prediction, block.label) for kernel in kernels]
        return RowLosses(np.array(rows).reshape(len(kernels), -1), 1.0)
    n, m = block.prediction.shape
    values = np.zeros((len(kernels), n))
    for cell in range(m):
        prediction = np.ascontiguousarray(block.prediction[:, cell])
        label = np.ascontiguousarray(block.label[:, cell], dtype=np.float64)
        for total, kernel in zip(values, kernels, strict=True):
            losses = kernel(prediction, label)
            if block.left_out is not None:
                losses[block.left_out[:, cell]] = 0.0
            np.add(total, losses, out=total)
    if block.left_out is None:
        return RowLosses(values, float(m))
    return RowLosses(values, m - np.count_nonzero(block.left_out, axis=1).astype(np.float64))
