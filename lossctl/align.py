"""The right row meets the right label: both inputs in step, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from lossctl.block import Floats, Integers, numbers_of
from lossctl.columns import LABEL, PREDICTION, Roles
from lossctl.errors import DataError
from lossctl.names import quoted, readable
from lossctl.sources import ArrayTable
from lossctl.sources.table import Batch, Column, Inputs, Request, Table
from lossctl.sources.views import in_step
from lossctl.texts import Names
from lossctl.values import dataclass, replace

_SIDES = (PREDICTION, LABEL)


@dataclass(frozen=True)
class Pair:
    """The same rows of both inputs; ``rows`` are their numbers in the predictions, growing.

    ``groups`` are the columns that were asked for to make groups, but for the label itself. Rows
    that were joined have the numbers of their ``partners`` among the labels.
    """

    rows: range | Integers
    prediction: Batch
    label: Batch
    weight: Floats | None = None
    groups: tuple[Names, ...] = ()
    partners: Integers | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.prediction)

    def __getitem__(self, rows: slice) -> Pair:
        """Return some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Pair(
            self.rows[rows],
            self.prediction[rows],
            self.label[rows],
            weight,
            tuple(names[rows] for names in self.groups),
            None if self.partners is None else self.partners[rows],
        )

    def take(self, rows: Integers) -> Pair:
        """Return the rows of these places."""
        weight = None if self.weight is None else self.weight[rows]
        return Pair(
            numbers_of(self.rows)[rows],
            self.prediction.take(rows),
            self.label.take(rows),
            weight,
            tuple(names.take(rows) for names in self.groups),
            None if self.partners is None else self.partners[rows],
        )

    def index(self, row: int) -> int:
        """Return which of the rows has this number."""
        return int(np.searchsorted(numbers_of(self.rows), row))


def fit(predictions: Table, labels: Table | None = None) -> Inputs:
    """Return both inputs with the labels seen so that their rows are the predictions' rows.

    Arrays of more axes: the labels have the predictions' leading axes, with or without columns.

    Raises:
        DataError: the shapes do not fit; the message shows both.

    """
    if labels is None:
        return Inputs(predictions, labels)
    if isinstance(labels, ArrayTable) and labels.shape == (predictions.shape or ())[:-1]:
        return Inputs(predictions, labels.flattened())
    mine, theirs = _row_axes(predictions), _row_axes(labels)
    if len(mine or ()) > 1 or len(theirs or ()) > 1:
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


def requests(roles: Roles, *, label_as_text: bool, shown: bool) -> tuple[Request, Request]:
    """Return what is read of the predictions and of the labels.

    ``shown``: with the key by which rows are shown, the first of its side's keys. A column of
    weights comes last among the numbers of its side, what makes groups last among the names.
    """
    positions = tuple(column.position for column in roles.label)
    numbers, names = ((), positions) if label_as_text else (positions, ())
    mine, theirs = (tuple(key[i].position for key in roles.keys) for i in (0, 1))
    if roles.shown is not None and shown:
        side, key = roles.shown[0], (roles.shown[1].position,)
        mine, theirs = (
            mine or (key if side == PREDICTION else ()),
            theirs or (key if side == LABEL else ()),
        )
    weight = {} if roles.weight is None else {roles.weight[0]: (roles.weight[1].position,)}
    own = tuple(column.position for column in roles.prediction)
    groups = {side: tuple(c.position for _, c in _of_side(roles, side)) for side in _SIDES}
    return (
        Request((*own, *weight.get(PREDICTION, ())), groups[PREDICTION], mine),
        Request((*numbers, *weight.get(LABEL, ())), (*names, *groups[LABEL]), theirs),
    )


def _of_side(roles: Roles, side: str) -> list[tuple[int, Column]]:
    """Return the columns of a side that make groups, each with its place among all of them."""
    columns = [one for one in roles.groupings if one.column is not None]
    return [(i, one.column) for i, one in enumerate(columns) if one.side == side and one.column]


def paired(roles: Roles, rows: range | Integers, prediction: Batch, label: Batch) -> Pair:
    """Return rows of both sides as a pair, with weights and groups taken off their batches."""
    pair = Pair(rows, prediction, label)
    if roles.groupings:
        pair = _with_groups(roles, pair)
    if roles.weight is None:
        return pair
    batch = pair.prediction if roles.weight[0] == PREDICTION else pair.label
    weight, rest = batch.numbers[:, -1], replace(batch, numbers=batch.numbers[:, :-1])
    if batch is pair.prediction:
        return replace(pair, prediction=rest, weight=weight)
    return replace(pair, label=rest, weight=weight)


def _with_groups(roles: Roles, pair: Pair) -> Pair:
    found: dict[int, Names] = {}
    sides = []
    for side, batch in ((PREDICTION, pair.prediction), (LABEL, pair.label)):
        places = [place for place, _ in _of_side(roles, side)]
        names = len(batch.names) - len(places)
        found |= dict(zip(places, batch.names[names:], strict=True))
        sides.append(replace(batch, names=batch.names[:names]))
    groups = tuple(found[place] for place in sorted(found))
    return replace(pair, prediction=sides[0], label=sides[1], groups=groups)


def in_order(
    inputs: Inputs, roles: Roles, *, label_as_text: bool, shown: bool = False, first: int = 0
) -> Iterator[Pair]:
    """Yield the rows of predictions and labels in pairs, both in file order, numbered from first.

    Raises:
        DataError: the keys of a row differ, or one input is longer than the other.

    """
    of_predictions, of_labels = requests(roles, label_as_text=label_as_text, shown=shown)
    start = first
    for prediction, label in _both(inputs, of_predictions, of_labels):
        pair = paired(roles, range(start, start + len(label)), prediction, label)
        difference = _first_difference(pair) if roles.keys else None
        if difference is None:
            yield pair
        else:
            row, key = difference
            if row:  # the rows before it come first: one of them may be wrong as well
                yield pair[:row]
            raise _different_keys(roles, pair, row, key)
        start += len(label)


def _both(
    inputs: Inputs, of_predictions: Request, of_labels: Request
) -> Iterator[tuple[Batch, Batch]]:
    """Yield the same rows of both sides, which may be columns of one table."""
    if inputs.labels is not None:
        yield from in_step(
            inputs.predictions.read(of_predictions),
            inputs.labels.read(of_labels),
            partial(_unequal_lengths, inputs),
        )
        return
    split, mine = len(of_predictions.numbers), len(of_predictions.keys)
    named = len(of_predictions.names)
    together = Request(
        (*of_predictions.numbers, *of_labels.numbers),
        (*of_predictions.names, *of_labels.names),
        (*of_predictions.keys, *of_labels.keys),
    )
    for batch in inputs.predictions.read(together):
        numbers, names, keys = batch.numbers, batch.names, batch.keys
        yield (
            replace(batch, numbers=numbers[:, :split], names=names[:named], keys=keys[:mine]),
            replace(batch, numbers=numbers[:, split:], names=names[named:], keys=keys[mine:]),
        )


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
