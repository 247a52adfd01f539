"""NPY files whose number of rows is known at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from lossctl.errors import DataError
from lossctl.names import readable
from lossctl.sinks import TEXT, Field, Values

_MAGIC = b"\x93NUMPY"
_HEADER_BYTES = 128  # of a matrix; records with many fields need more
_COPY_BYTES = 1 << 20


class Matrix:
    """Columns of one type as an array (rows, columns)."""

    def __init__(self, stream: BinaryIO, fields: Sequence[Field]) -> None:
        """Leave room for the header."""
        self._file = _Array(stream, np.dtype(fields[0].type), (len(fields),))

    def write(self, columns: Sequence[Values]) -> None:
        """Write some rows."""
        self._file.write(np.stack([np.asarray(column) for column in columns], axis=1))

    def close(self) -> None:
        """Write the header."""
        self._file.close()


class Records:
    """Columns of several types as an array (rows,) with named fields.

    A text field is as wide as its longest text. While that is not known, a wider text makes the
    rows so far be written again, twice as wide.
    """

    def __init__(self, stream: BinaryIO, fields: Sequence[Field]) -> None:
        """Leave room for the header."""
        self._fields = tuple(fields)
        self._widths = {field.name: 8 for field in fields if field.type == TEXT}
        self._file = _Array(stream, self._dtype(), ())

    def _dtype(self) -> np.dtype[np.void]:
        return np.dtype(
            [
                (field.name, f"<U{self._widths[field.name]}" if field.type == TEXT else field.type)
                for field in self._fields
            ]
        )

    def write(self, columns: Sequence[Values]) -> None:
        """Write some rows."""
        arrays = [
            column
            if isinstance(column, np.ndarray)
            else np.array([readable(text) for text in column.tolist()], str)
            for column in columns
        ]
        wider = False
        for field, array in zip(self._fields, arrays, strict=True):
            while field.type == TEXT and array.dtype.itemsize // 4 > self._widths[field.name]:
                self._widths[field.name] *= 2
                wider = True
        if wider:
            self._file.retype(self._dtype())
        rows = np.empty(len(arrays[0]), self._file.dtype)
        for field, array in zip(self._fields, arrays, strict=True):
            rows[field.name] = array
        self._file.write(rows)

    def close(self) -> None:
        """Write the header."""
        self._file.close()


class _Array:
    def __init__(
        self, stream: BinaryIO, dtype: np.dtype[np.generic], shape: tuple[int, ...]
    ) -> None:
        if not stream.seekable():
            hint = "its header says how many rows there are: write it to a file"
            raise DataError("an .npy file cannot be written to a pipe", hint=hint)
        self._stream, self.dtype, self._shape, self._rows = stream, dtype, shape, 0
        self._offset = len(self._header(10**18))
        stream.seek(self._offset)

    def _header(self, rows: int) -> bytes:
        """Return a header whose length does not depend on the number of rows (NEP 1)."""
        fields = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (rows, *self._shape),
        }
        text = repr(fields).encode("utf-8")
        version, size_bytes = (b"\x01\x00", 2) if text.isascii() else (b"\x03\x00", 4)
        before = len(_MAGIC) + len(version) + size_bytes
        room = before + len(text) + len(str(10**18)) - len(str(rows)) + 1
        length = max(_HEADER_BYTES, -(-room // 64) * 64) - before
        return (
            _MAGIC
            + version
            + length.to_bytes(size_bytes, "little")
            + text.ljust(length - 1)
            + b"\n"
        )

    def write(self, values: npt.NDArray[np.generic]) -> None:
        self._stream.write(np.ascontiguousarray(values, self.dtype).tobytes())
        self._rows += len(values)

    def retype(self, dtype: np.dtype[np.void]) -> None:
        """Write the rows so far again, the last ones first: each is wider than it was."""
        old, old_offset, self.dtype = self.dtype, self._offset, dtype
        self._offset = len(self._header(10**18))
        step = max(1, _COPY_BYTES // dtype.itemsize)
        for start in reversed(range(0, self._rows, step)):
            count = min(step, self._rows - start)
            self._stream.seek(old_offset + start * old.itemsize)
            rows = np.frombuffer(self._stream.read(count * old.itemsize), old).astype(dtype)
            self._stream.seek(self._offset + start * dtype.itemsize)
            self._stream.write(rows.tobytes())
        self._stream.seek(self._offset + self._rows * dtype.itemsize)

    def close(self) -> None:
        self._stream.seek(0)
        self._stream.write(self._header(self._rows))
        self._stream.flush()
