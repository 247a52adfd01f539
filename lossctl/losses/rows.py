"""From kernels to row losses: the cells of a row add up."""

from __future__ import annotations

import numpy as np

from lossctl.block import Block, Floats, RowLosses
from lossctl.losses.registry import Kernel


@np.errstate(all="ignore")  # infinity and NaN are results here, counted and reported
def row_losses(block: Block, kernels: tuple[Kernel, ...], *, classes: bool) -> RowLosses:
    """Return the row losses of a block, by each of the kernels.

    Cells that are left out cost nothing and are not counted. NaN among the predictions gives NaN.
    The sum over the cells of a row is compensated: its error does not grow with their number.
    """
    if classes:
        rows = [kernel(block.prediction, block.label) for kernel in kernels]
        return RowLosses(np.array(rows).reshape(len(kernels), -1), 1.0)
    n, m = block.prediction.shape
    values = np.empty((len(kernels), n))
    lost = np.zeros_like(values) if m > 1 else None
    for cell in range(m):
        prediction = np.ascontiguousarray(block.prediction[:, cell])
        label = np.ascontiguousarray(block.label[:, cell], dtype=np.float64)
        for row, kernel in enumerate(kernels):
            losses = kernel(prediction, label)
            if block.left_out is not None:
                losses[block.left_out[:, cell]] = 0.0
            if cell == 0:
                np.add(losses, 0.0, out=values[row])  # never −0
            elif lost is not None:
                _add(losses, values[row], lost[row])
    if lost is not None:
        np.add(values, lost, out=values, where=np.isfinite(lost))
    if block.left_out is None:
        return RowLosses(values, float(m))
    return RowLosses(values, m - np.count_nonzero(block.left_out, axis=1).astype(np.float64))


def _add(losses: Floats, total: Floats, lost: Floats) -> None:
    """Add losses to a total, and what rounding lost of them to another (Knuth's TwoSum)."""
    new = np.add(total, losses)
    part = np.subtract(new, total)
    lost += (total - (new - part)) + (losses - part)
    total[:] = new
