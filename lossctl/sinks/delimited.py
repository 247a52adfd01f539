"""CSV and TSV, quoted where it is needed; numbers as they read back the same."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import BinaryIO, TextIO

import numpy as np

from lossctl.names import printable
from lossctl.numbers import inert, spelled
from lossctl.sinks import Field, Values


def as_text(stream: BinaryIO) -> io.TextIOWrapper:
    """Return a stream of bytes as one of text; bytes that are no UTF-8 stay as they are."""
    return io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="", write_through=True)


class Delimited:
    """Writes rows to a stream of text; a terminal cannot be steered by them.

    ``inert``: nor will a spreadsheet take a text for a formula.
    """

    def __init__(
        self, stream: TextIO, fields: Sequence[Field], delimiter: str, *, inert: bool = False
    ) -> None:
        """Write the header."""
        self._stream = stream
        self._shown, self._inert = stream.isatty(), inert
        self._delimiter = delimiter
        self._special = re.compile(f'["\\r\\n{re.escape(delimiter)}]')
        self._single = len(fields) == 1  # where an empty line would be passed over
        self._rows([[self._cell(field.name)] for field in fields])

    def write(self, columns: Sequence[Values]) -> None:
        """Write some rows."""
        self._rows([self._cells(column) for column in columns])

    def _rows(self, columns: Sequence[Sequence[str]]) -> None:
        lines = map(self._delimiter.join, zip(*columns, strict=True))
        self._stream.write("".join(f"{line}\n" for line in lines))

    def _cells(self, column: Values) -> list[str]:
        if not isinstance(column, np.ndarray):
            return list(map(self._cell, column.tolist()))
        if column.dtype.kind != "f":
            return list(map(str, column.tolist()))
        with np.errstate(invalid="ignore"):  # of infinity
            whole = np.isfinite(column) & (column % 1 == 0)
        if whole.any():
            return [spelled(value) for value in column.tolist()]
        return list(map(repr, column.tolist()))

    def _cell(self, text: str) -> str:
        """Return a text quoted where it must be; a lone CR ends a line, too."""
        if self._shown:
            text = printable(text)
        if self._inert:
            text = inert(text)
        if text and not self._special.search(text):
            return text
        return '"' + text.replace('"', '""') + '"' if text else '""' if self._single else ""

    def close(self) -> None:
        """Pass on what the stream may still hold."""
        self._stream.flush()
