"""CSV and TSV, quoted where it is needed; numbers as they read back the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO, TextIO

import numpy as np

from lossctl.names import printable
from lossctl.numbers import spelled
from lossctl.sinks import Field, Values


def as_text(stream: BinaryIO) -> io.TextIOWrapper:
    """Return a stream of bytes as one of text; bytes that are no UTF-8 stay as they are."""
    return io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="", write_through=True)


class Delimited:
    """Writes rows to a stream of text; ``shown`` escapes what could steer a terminal."""

    def __init__(
        self, stream: TextIO, fields: Sequence[Field], delimiter: str, *, shown: bool = False
    ) -> None:
        """Write the header."""
        self._stream = stream
        self._shown = shown
        self._delimiter = delimiter
        self._rows([[self._cell(field.name)] for field in fields])

    def write(self, columns: Sequence[Values]) -> None:
        """Write some rows."""
        self._rows([self._cells(column) for column in columns])

    def _rows(self, columns: Sequence[Sequence[str]]) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator="\n")
        writer.writerows(zip(*columns, strict=True))
        self._stream.write(text.getvalue())

    def _cells(self, column: Values) -> list[str]:
        if not isinstance(column, np.ndarray):
            texts = column.tolist()
            return [printable(text) for text in texts] if self._shown else texts
        if column.dtype.kind != "f":
            return list(map(str, column.tolist()))
        whole = np.isfinite(column) & (column % 1 == 0)
        if whole.any():
            return [spelled(value) for value in column.tolist()]
        return list(map(repr, column.tolist()))

    def _cell(self, text: str) -> str:
        return printable(text) if self._shown else text

    def close(self) -> None:
        """Pass on what the stream may still hold."""
        self._stream.flush()
