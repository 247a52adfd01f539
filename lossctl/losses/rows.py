"""From terms to row losses: the cells of a row add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossctl.block import Block, Counted, Floats, RowLosses
from lossctl.losses.domain import Domain
from lossctl.losses.terms import Terms


def groups(terms: Sequence[Terms]) -> list[tuple[int, ...]]:
    """Return which terms share a denominator, by their places."""
    found: dict[object, tuple[int, ...]] = {}
    for place, one in enumerate(terms):
        key = (one.class_weight, one.counted, one.cells, one.output)
        found[key] = (*found.get(key, ()), place)
    return list(found.values())


@np.errstate(all="ignore")  # infinity and NaN are results here, counted and reported
def row_losses(block: Block, terms: Sequence[Terms], domain: Domain) -> RowLosses:
    """Return the row losses of a block, by each of the terms.

    Cells that are left out cost nothing and are not counted. NaN among the predictions gives NaN.
    """
    if domain.whole:
        values = np.array([one.of_rows(block.prediction, block.label) for one in terms])
        values = values.reshape(len(terms), -1)
    else:
        values = _of_cells(block, terms)
    counted = tuple(
        Counted(columns, _cells(block, terms[columns[0]], domain), not terms[columns[0]].counted)
        for columns in groups(terms)
    )
    return RowLosses(values, counted)


def _of_cells(block: Block, terms: Sequence[Terms]) -> Floats:
    """Return the sums over the cells of the rows, (J, n).

    They are compensated: the error does not grow with the number of cells.
    """
    n, m = block.prediction.shape
    values = np.empty((len(terms), n))
    lost = np.zeros_like(values) if m > 1 else None
    for cell in range(m):
        prediction = np.ascontiguousarray(block.prediction[:, cell])
        label = np.ascontiguousarray(block.label[:, cell], dtype=np.float64)
        for row, one in enumerate(terms):
            mine = one.output in (None, cell)
            losses = one.of_cells(prediction, label) if mine else np.zeros(n)
            if block.left_out is not None:
                losses[block.left_out[:, cell]] = 0.0
            if cell == 0:
                np.add(losses, 0.0, out=values[row])  # never −0
            elif lost is not None:
                _add(losses, values[row], lost[row])
    if lost is not None:
        np.add(values, lost, out=values, where=np.isfinite(lost))
    return values


def _cells(block: Block, terms: Terms, domain: Domain) -> float | Floats:
    """Return how much the rows count: their cells, or what the classes of these weigh."""
    weight = None
    if terms.class_weight is not None and not terms.counted:
        weight = np.array(terms.class_weight)
    if terms.cells is not None:
        return terms.cells
    if domain.whole:
        if weight is None or block.label.ndim > 1:  # rows of labels count as one, hard or soft
            return 1.0
        return np.asarray(weight[block.label])
    if weight is None:
        if block.left_out is None:
            return float(block.prediction.shape[1]) if terms.output is None else 1.0
        kept = ~block.left_out if terms.output is None else ~block.left_out[:, [terms.output]]
        return np.asarray(np.count_nonzero(kept, axis=1), dtype=np.float64)
    of_label = np.where(block.label == 1, weight[1], np.where(block.label == 0, weight[0], 1.0))
    if block.left_out is not None:
        of_label[block.left_out] = 0.0
    return np.asarray(of_label.sum(axis=1))


def _add(losses: Floats, total: Floats, lost: Floats) -> None:
    """Add losses to a total, and what rounding lost of them to another (Knuth's TwoSum)."""
    new = np.add(total, losses)
    part = np.subtract(new, total)
    lost += (total - (new - part)) + (losses - part)
    total[:] = new
