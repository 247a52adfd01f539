"""Labels of classes: positions, one-hot rows, and soft rows."""

from __future__ import annotations

import numpy as np

from lossctl.block import Booleans, Floats, Integers
from lossctl.losses.layout import for_rows, own_cells
from lossctl.losses.registry import Function


def scored(
    of_class: Function, of_soft_row: Function, prediction: Floats, label: Floats | Integers
) -> Floats:
    """Score positions by the one function; of label rows, the one-hot ones like positions."""
    if label.ndim == 1:
        return of_class(prediction, label)
    hard = _one_hot_rows(label)
    if hard.all():
        return of_class(prediction, label.argmax(axis=1))
    losses = np.empty(len(label))
    losses[hard] = of_class(prediction[hard], label[hard].argmax(axis=1))
    losses[~hard] = of_soft_row(prediction[~hard], label[~hard])
    return losses


def positions(label: Floats | Integers) -> Integers:
    """Return the positions of the classes, (n,), of positions or one-hot rows."""
    return np.asarray(label if label.ndim == 1 else label.argmax(axis=1), dtype=np.int64)


def rows(label: Floats | Integers, classes: int) -> Floats:
    """Return labels as rows, (n, K)."""
    if label.ndim > 1:
        return for_rows(np.asarray(label, dtype=np.float64))
    found = for_rows(np.zeros((len(label), classes)))
    np.put_along_axis(found, positions(label)[:, np.newaxis], 1.0, axis=1)
    return found


def gather(prediction: Floats, label: Integers) -> Floats:
    """Return the predictions for the classes at some positions, (n,)."""
    if not prediction.flags.forc:
        return np.take_along_axis(prediction, label[:, np.newaxis], axis=1)[:, 0]
    values, places = own_cells(prediction, label)
    return values[places]


def _one_hot_rows(label: Floats | Integers) -> Booleans:
    ones = np.count_nonzero(label == 1, axis=1)
    zeros = np.count_nonzero(label == 0, axis=1)
    return np.asarray((ones == 1) & (zeros == label.shape[1] - 1))
