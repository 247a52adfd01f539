"""Labels as a matrix: a column for each class, 1 where the row is of that class, else 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lossctl.columns import select
from lossctl.errors import DataError
from lossctl.known import LABEL_NAMES, is_key, is_nameless
from lossctl.labels import LabelOptions
from lossctl.labels.codings import Classes, Coding, Numbered, Positions
from lossctl.names import listing, natural_key, readable
from lossctl.numbers import spelled, whole_numbers
from lossctl.sinks import TEXT, Field, Sink
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.table import TEXT as TEXT_KIND
from lossctl.sources.table import Batch, Column, Request, Table
from lossctl.values import dataclass, field

_MOST_CLASSES = 1 << 16
_BLOCK_CELLS = 1 << 20
_INDEX_PREFIX = "class_"  # a header 0,1,2 above zeros and ones could be taken for a row


@dataclass(frozen=True)
class Options:
    """Which column holds the labels, what they mean, and how the file is read."""

    column: str | None = None
    label: LabelOptions = field(default_factory=LabelOptions)
    input: InputOptions = field(default_factory=InputOptions)


def onehot(
    labels: str, options: Options, make: Callable[[Sequence[Field]], Sink], *, keys: bool
) -> None:
    """Write the labels of an input as one-hot rows to a sink, in bounded memory.

    ``keys``: with the column that identifies the rows first, if there is one. Where the classes are
    not given they are looked for in a first pass: the names in natural order, or 0 to the largest
    index.

    Raises:
        DataError: the labels cannot be read, or are no classes.

    """
    tables = open_tables([labels], options.input).tables
    table = tables[-1]  # an NPZ file has its labels after its predictions
    (column,) = table.settled([_label_column(table, options.column)])
    coding, names = _classes(table, column, options.label)
    key = next((c for c in table.columns if is_key(c.name) and c != column), None) if keys else None
    first = [] if key is None else [Field(readable(str(key.name)), TEXT)]
    fields = [*first, *(Field(readable(name), "uint8") for name in names)]
    sink = None
    for batch in table.read(_request(column, coding.as_text, key)):
        for part in _parts(batch, len(names)):
            ones = _positions(coding, part, column)[:, np.newaxis] == np.arange(len(names))
            sink = sink or make(fields)  # a fault in the first rows leaves no header behind
            sink.write([*part.keys, *ones.astype(np.uint8).T])
    if sink is None:
        raise DataError("there are no rows", where=table.name, hint="a header is not a row")
    sink.close()


def _label_column(table: Table, asked: str | None) -> Column:
    found = list(select(asked, table)) if asked is not None else []
    for name in () if found else LABEL_NAMES:
        found = [c for c in table.columns if c.name is not None and c.name.casefold() == name]
        if found:
            break
    if not found:
        found = [c for c in table.columns if not is_key(c.name) and not is_nameless(c.name)]
    if len(found) != 1:
        names = listing([column.label for column in found or table.columns], 20)
        hint = f"--label-col names one of {names}"
        raise DataError("one column of labels is wanted", where=table.name, hint=hint)
    return found[0]


def _classes(table: Table, column: Column, options: LabelOptions) -> tuple[Coding, tuple[str, ...]]:
    """Return what the labels mean, and the names of the classes."""
    given = options.classes
    if column.kind == TEXT_KIND:
        names = given or _names(table, column)
        return Classes(names), names
    if given is not None:
        numbers = whole_numbers(given)
        if numbers:
            return Numbered(numbers), given
        return Positions(len(given), options.base), given
    count = _largest(table, column) + 1 - options.base
    _check_count(table, count)
    names = tuple(f"{_INDEX_PREFIX}{i + options.base}" for i in range(count))
    return Positions(count, options.base), names


def _names(table: Table, column: Column) -> tuple[str, ...]:
    names: set[str] = set()
    for batch in table.read(_request(column, as_text=True), keep=True):
        names |= {text.strip() for text in batch.names[0].texts}
        _check_count(table, len(names))
    return tuple(sorted(names - {""}, key=natural_key))


def _largest(table: Table, column: Column) -> int:
    largest = 0.0
    for batch in table.read(_request(column, as_text=False), keep=True):
        values = batch.numbers[np.isfinite(batch.numbers)]
        if (values % 1 != 0).any():
            row = int(np.argmax(np.isfinite(batch.numbers[:, 0]) & (batch.numbers[:, 0] % 1 != 0)))
            raise DataError(
                f"the label {spelled(float(batch.numbers[row, 0]))} is not a class",
                where=batch.place(row, column),
                hint="index labels are whole numbers; --classes names classes",
            )
        largest = max(largest, float(values.max(initial=0)))
    return int(largest)


def _check_count(table: Table, count: int) -> None:
    if count > _MOST_CLASSES:
        raise DataError(
            f"{count:,} classes",
            where=table.name,
            hint="is that the column of labels? --label-col; --classes names the classes",
        )


def _request(column: Column, as_text: bool, key: Column | None = None) -> Request:  # noqa: FBT001
    own = (column.position,)
    keys = () if key is None else (key.position,)
    return Request((), own, keys) if as_text else Request(own, (), keys)


def _parts(batch: Batch, classes: int) -> Iterator[Batch]:
    step = max(1, _BLOCK_CELLS // max(classes, 1))
    for start in range(0, len(batch), step):
        yield batch[start : start + step]


@np.errstate(invalid="ignore")
def _positions(coding: Coding, batch: Batch, column: Column) -> np.ndarray:
    encoded = coding.encode(batch)
    faults = [] if encoded.fault is None else [(encoded.fault.row, encoded.fault.message)]
    if encoded.missing is not None and encoded.missing.any():
        faults.append((int(encoded.missing.argmax()), "the label is missing"))
    if faults:
        row, message = min(faults)
        hint = encoded.fault.hint if encoded.fault is not None else None
        raise DataError(message, where=batch.place(row, column), hint=hint)
    return encoded.values
