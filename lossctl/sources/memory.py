"""Arrays, lists, frames, series and Arrow tables as tables: what Python callers have at hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lossctl.errors import DataError
from lossctl.known import is_key
from lossctl.sources import arrow
from lossctl.sources.arrays import Array, ArrayTable, Values, as_table, check
from lossctl.sources.table import Table
from lossctl.values import dataclass

_ARROW = ("__arrow_c_stream__", "__arrow_c_array__")  # how frames and series of any library speak


@dataclass(frozen=True, eq=False)
class Held:
    """The values of an array in memory."""

    values: Values

    def blocks(self, array: Array, *, keep: bool) -> Iterator[Values]:  # noqa: ARG002
        """Yield (rows, width) blocks in row order, in the stored type."""
        rows = self.values.reshape(array.rows, array.width)
        for start, count in array.steps():
            block = rows[start : start + count]
            # NumPy's loops round otherwise on arrays that run backwards
            yield np.ascontiguousarray(block) if min(block.strides) < 0 else block

    def reachable(self) -> bool:
        """Whether blocks can start at any row: they can."""
        return True


@dataclass(frozen=True, eq=False)
class HeldTable:
    """An Arrow table in memory."""

    name: str
    table: Any
    first: int = 0
    size: int = 0

    def batches(self, positions: Sequence[int], *, keep: bool) -> Iterator[Any]:  # noqa: ARG002
        """Yield it, with these columns."""
        yield self.table.select(list(positions))


def table_of(value: Any, name: str) -> Table:
    """Return a value of a Python caller as a table; ``name`` is what messages call it.

    Frames and Arrow tables have named columns. An array's last axis is its columns, unless it has
    one axis only; a tensor is taken as an array.

    Raises:
        DataError: it cannot be read as a table of numbers or text.

    """
    if isinstance(value, Mapping) or any(hasattr(value, how) for how in _ARROW):
        return _arrow_table(value, name)
    return _array_table(value, name)


def _arrow_table(value: Any, name: str) -> Table:
    import pyarrow as pa  # noqa: PLC0415

    try:
        if isinstance(value, Mapping):
            return _held_table(name, pa.table(dict(value)))
        if hasattr(value, "iloc"):  # a frame or series of pandas
            return _pandas_table(value, name)
        if hasattr(value, "columns"):  # a frame
            return _held_table(name, pa.table(value))
        label = getattr(value, "name", None)  # of a series
        if hasattr(value, "__arrow_c_array__"):
            table = pa.table({str(label): pa.array(value)})
        else:
            table = pa.table({str(label): pa.chunked_array(value)})
        return _held_table(name, table, nameless=label is None)
    except DataError:
        raise
    except (pa.ArrowException, ValueError, TypeError) as error:
        hint = "each column holds numbers, or text for class names"
        raise DataError(f"cannot be read as a table: {error}", where=name, hint=hint) from error


def _pandas_table(value: Any, name: str) -> Table:
    """Return a frame or a series; an index that says something is a key, whatever it is called."""
    import pyarrow as pa  # noqa: PLC0415

    series = not hasattr(value, "columns")
    frame = value.to_frame() if series else value
    table = pa.Table.from_pandas(frame, preserve_index=False)
    index = frame.index
    if type(index).__name__ != "RangeIndex" or index.start != 0 or index.step != 1:
        for level in range(index.nlevels):
            own = index.names[level]
            label = str(own) if is_key(None if own is None else str(own)) else ""
            if not label or label in table.column_names:
                label = f"__index_level_{level}__"
            table = table.append_column(label, pa.array(index.get_level_values(level)))
    return _held_table(name, table, nameless=series and value.name is None)


def _held_table(name: str, table: Any, *, nameless: bool = False) -> Table:
    head = table.slice(0, arrow.SAMPLE_ROWS)
    return arrow.as_table(name, [HeldTable(name, table)], table.schema, head, nameless=nameless)


def _array_table(value: Any, name: str) -> ArrayTable:
    values = _array(value, name)
    array = Array(name, Held(values), values.dtype, values.shape)
    check(array)
    return as_table(name, [array])


def _array(value: Any, name: str) -> Values:
    try:
        if isinstance(value, np.ma.MaskedArray):
            return np.ma.filled(value.astype(np.float64), np.nan)
        values = np.asarray(value)
        if values.dtype.kind in "US" and not isinstance(value, np.ndarray):
            values = np.asarray(value, dtype=object)  # where a missing value is no text
        if values.dtype.kind == "O":
            values = _of_objects(values)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        hint = "numbers or text, in an array or a list; a tensor: .detach().cpu().numpy()"
        raise DataError(f"cannot be read as an array: {error}", where=name, hint=hint) from error
    return values


def _of_objects(values: Values) -> Values:
    """Return texts as text, and anything else as numbers; None and NaN are missing in either."""
    flat = [None if _is_missing(item) else item for item in values.ravel().tolist()]
    if any(isinstance(item, str) for item in flat):
        if not all(item is None or isinstance(item, str) for item in flat):
            raise TypeError("it holds text beside other values")
        return np.array([item or "" for item in flat]).reshape(values.shape)
    return np.array(flat, dtype=np.float64).reshape(values.shape)


def _is_missing(item: object) -> bool:
    if item is None or type(item).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(item, float) and math.isnan(item)
