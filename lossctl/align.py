"""The right row meets the right label: both inputs in step, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lossctl.block import Integers
from lossctl.columns import LABEL, PREDICTION, Roles
from lossctl.errors import DataError
from lossctl.names import quoted, readable
from lossctl.sources import ArrayTable
from lossctl.sources.table import Batch, Inputs, Request, Table


@dataclass(frozen=True)
class Pair:
    """The same rows of both inputs; ``rows`` are their numbers in the predictions, growing."""

    rows: range | Integers
    prediction: Batch
    label: Batch

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.prediction)

    def __getitem__(self, rows: slice) -> Pair:
        """Return some of the rows."""
        return Pair(self.rows[rows], self.prediction[rows], self.label[rows])

    def index(self, row: int) -> int:
        """Return which of the rows has this number."""
        return int(np.searchsorted(np.asarray(self.rows), row))


def fit(predictions: Table, labels: Table | None = None) -> Inputs:
    """Return both inputs with the labels seen so that their rows are the predictions' rows.

    Arrays of more axes: the labels have the predictions' leading axes, with or without columns.

    Raises:
        DataError: the shapes do not fit; the message shows both.

    """
    if labels is None or (predictions.shape is None and labels.shape is None):
        return Inputs(predictions, labels)
    if isinstance(labels, ArrayTable) and labels.shape == (predictions.shape or ())[:-1]:
        return Inputs(predictions, labels.flattened())
    mine, theirs = _row_axes(predictions), _row_axes(labels)
    if len(mine or (0,)) > 1 or len(theirs or (0,)) > 1:
        if mine != theirs:
            raise _unfit_shapes(predictions, labels)
    elif mine is not None and theirs is not None and mine != theirs:
        raise _unequal_lengths(Inputs(predictions, labels), mine[0], theirs[0])
    return Inputs(predictions, labels)


def _row_axes(table: Table) -> tuple[int, ...] | None:
    if table.shape is None or len(table.shape) == 1:
        return table.shape
    return table.shape[:-1]


def _unfit_shapes(predictions: Table, labels: Table) -> DataError:
    return DataError(
        f"the shapes do not fit: predictions {predictions.shape or 'of a text file'}, "
        f"labels {labels.shape or 'of a text file'}",
        where=f"{predictions.name} and {labels.name}",
        hint="the labels have the predictions' axes, or all but the last, the classes",
    )


def _unequal_lengths(inputs: Inputs, rows: int, others: int) -> DataError:
    hint = "rows are paired in order, so both must have the same number"
    text = any(table.header is not None for table in (inputs.predictions, inputs.label_table))
    if text and abs(rows - others) == 1:
        hint += "; is a header taken for a row, or a row for one? --header, --no-header"
    return DataError(
        f"{rows:,} rows of predictions and {others:,} of labels", where=inputs.name, hint=hint
    )


def in_order(
    inputs: Inputs, roles: Roles, *, label_as_text: bool, shown: bool = False
) -> Iterator[Pair]:
    """Yield the rows of predictions and labels in pairs, both in file order.

    ``shown``: with the key by which rows are shown, the first of its side's keys.

    Raises:
        DataError: the keys of a row differ, or one input is longer than the other.

    """
    positions = tuple(column.position for column in roles.label)
    numbers, names = ((), positions) if label_as_text else (positions, ())
    side, own = (roles.shown[0], (roles.shown[1].position,)) if roles.shown and shown else ("", ())
    if inputs.labels is None:
        yield from _of_one_table(inputs.predictions, roles, Request(numbers, names, own))
        return
    mine, theirs = (tuple(key[i].position for key in roles.keys) for i in (0, 1))
    of_predictions = Request(
        tuple(column.position for column in roles.prediction),
        keys=mine or (own if side == PREDICTION else ()),
    )
    of_labels = Request(numbers, names, theirs or (own if side == LABEL else ()))
    for pair in _in_step(inputs, of_predictions, of_labels):
        difference = _first_difference(pair) if roles.keys else None
        if difference is None:
            yield pair
        else:
            row, key = difference
            if row:  # the rows before it come first: one of them may be wrong as well
                yield pair[:row]
            raise _different_keys(roles, pair, row, key)


def _of_one_table(table: Table, roles: Roles, of_label: Request) -> Iterator[Pair]:
    own = tuple(column.position for column in roles.prediction)
    start, split = 0, len(own)
    for batch in table.read(replace(of_label, numbers=(*own, *of_label.numbers))):
        label = replace(batch, numbers=batch.numbers[:, split:])
        rows = range(start, start + len(batch))
        yield Pair(rows, replace(batch, numbers=batch.numbers[:, :split], names=()), label)
        start += len(batch)


def _in_step(inputs: Inputs, of_predictions: Request, of_labels: Request) -> Iterator[Pair]:
    """Cut two streams of batches at each other's ends, so that both sides have the same rows."""
    left = inputs.predictions.read(of_predictions)
    right = inputs.label_table.read(of_labels)
    rows = 0
    mine, theirs = next(left, None), next(right, None)
    while mine is not None and theirs is not None:
        step = min(len(mine), len(theirs))
        yield Pair(range(rows, rows + step), mine[:step], theirs[:step])
        rows += step
        mine = mine[step:] if step < len(mine) else next(left, None)
        theirs = theirs[step:] if step < len(theirs) else next(right, None)
    if mine is not None or theirs is not None:
        more = sum(map(len, left)) + (len(mine) if mine is not None else 0)
        others = sum(map(len, right)) + (len(theirs) if theirs is not None else 0)
        raise _unequal_lengths(inputs, rows + more, rows + others)


def _first_difference(pair: Pair) -> tuple[int, int] | None:
    """Return the first row in which a pair of keys differs, and which pair."""
    found = [
        (row, i)
        for i, (left, right) in enumerate(zip(pair.prediction.keys, pair.label.keys, strict=True))
        if (row := left.first_difference(right)) is not None
    ]
    return min(found, default=None)


def _different_keys(roles: Roles, pair: Pair, row: int, key: int) -> DataError:
    mine, theirs = (readable(batch.keys[key].text(row)) for batch in (pair.prediction, pair.label))
    left, _ = roles.keys[key]
    return DataError(
        f"the rows do not belong together: {left.label} is {quoted(mine)} here and "
        f"{quoted(theirs)} in {pair.label.place(row, None)}",
        where=pair.prediction.place(row, None),
        hint=f"join them by it: --id {left.label}",
    )
