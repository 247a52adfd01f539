"""Parquet files, a row group for each million rows or so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from lossctl.names import readable
from lossctl.sinks import TEXT, Field, Values
from lossctl.texts import Keys

_GROUP_ROWS = 1 << 20


class Parquet:
    """Writes rows to a Parquet file; text is UTF-8, other bytes are escaped."""

    def __init__(self, stream: BinaryIO, fields: Sequence[Field]) -> None:
        """Write the start of the file."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415

        types = [
            pa.string() if field.type == TEXT else pa.from_numpy_dtype(np.dtype(field.type))
            for field in fields
        ]
        names = [field.name for field in fields]
        self._schema = pa.schema(list(zip(names, types, strict=True)))
        self._writer = pyarrow.parquet.ParquetWriter(stream, self._schema)
        self._parts: list[Any] = []
        self._rows = 0

    def write(self, columns: Sequence[Values]) -> None:
        """Keep some rows, and write them when there are enough for a row group."""
        import pyarrow as pa  # noqa: PLC0415

        arrays = [_as_arrow(column) for column in columns]
        self._parts.append(pa.record_batch(arrays, schema=self._schema))
        self._rows += len(columns[0])
        if self._rows >= _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415

        if self._parts:
            table = pa.Table.from_batches(self._parts)
            self._writer.write_table(table, row_group_size=self._rows)
        self._parts, self._rows = [], 0

    def abandon(self) -> None:
        """Let go of a file that will not be there: else pyarrow would try to end it."""
        self._writer.is_open = False

    def close(self) -> None:
        """Write the last rows and the end of the file."""
        self._flush()
        self._writer.close()


def _as_arrow(column: Values) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(column, np.ndarray):
        return pa.array(np.ascontiguousarray(column))
    if isinstance(column, Keys):
        texts = column.tolist()
        return pa.array([readable(text) for text in texts], pa.string())
    names = pa.array([readable(text) for text in column.texts], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(column.codes), names).dictionary_decode()
