"""NumPy files: the header is parsed, the data read in blocks, nothing is ever unpickled."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np

from lossctl.errors import DataError
from lossctl.sources.arrays import Array, ArrayTable, Values, as_table, check
from lossctl.sources.files import EMPTY_HINT, NPY_MAGIC, Files
from lossctl.sources.streams import File, part, read_fully, reading
from lossctl.sources.unpacking import DAMAGED
from lossctl.values import dataclass

_HEADER_BYTES = 64 * 1024  # NumPy itself refuses more than 10,000


class Opens(Protocol):
    """A file, or a member of an archive."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def open(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes, unpacked."""

    def seekable(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes as a file in which one can seek."""


@dataclass(frozen=True)
class Stored:
    """The values of an array in a file, from ``offset`` on, row by row or column by column."""

    file: Opens
    fortran: bool
    offset: int

    def blocks(self, array: Array, *, keep: bool) -> Iterator[Values]:
        """Yield (rows, width) blocks in row order, in the stored type."""
        with reading(self.file):
            if self.fortran and len(array.shape) > 1:
                with self.file.seekable(keep=keep) as file:
                    _check_size(array, file.seek(0, os.SEEK_END) - self.offset)
                    yield from self._across(file, array)
                return
            with self._stream(array, keep=keep) as stream:
                for start, rows in array.steps():
                    first, count = start * array.width, rows * array.width
                    yield _next_values(stream, array, first, count).reshape(rows, array.width)
                if not isinstance(stream, io.FileIO):  # whose size was checked
                    rest = sum(map(len, iter(lambda: stream.read(1 << 20), b"")))
                    _check_size(array, _size(array) + rest)

    def _stream(self, array: Array, *, keep: bool) -> BinaryIO:
        """Return the bytes from the first value on that is wanted."""
        if array.span is not None and isinstance(self.file, File):
            row = array.width * array.dtype.itemsize
            start, stop = (self.offset + end * row for end in array.span)
            return part(self.file, start, stop)
        stream = self.file.open(keep=keep)
        read_fully(stream, self.offset)
        return stream

    def reachable(self) -> bool:
        """Whether blocks can start at any row: in files that are not packed."""
        if not isinstance(self.file, File) or not self.file.plain():
            return False
        return self.file.source is None or not self.fortran  # else all of it has to be fetched

    def _across(self, file: BinaryIO, array: Array) -> Iterator[Values]:
        """Yield blocks of an array that lies column by column."""
        for start, rows in array.steps():
            if len(array.row_axes) == 1:
                block = np.empty((array.width, rows), array.dtype)
                for column in range(array.width):
                    first = column * array.rows + start
                    file.seek(self.offset + first * array.dtype.itemsize)
                    block[column] = _next_values(file, array, first, rows)
                yield block.T
            else:
                # Neighbours in a row lie far apart. Mapped anew for each block, so that the pages
                # do not add up.
                mapped = np.memmap(file, array.dtype, "r", self.offset, array.shape, "F")
                index = np.unravel_index(np.arange(start, start + rows), array.row_axes)
                yield np.asarray(mapped[index]).reshape(rows, array.width)


def open_npy(files: Files) -> ArrayTable:
    """Read the headers of the files and check them, each and against each other."""
    return as_table(files.name, [read_header(file) for file in files.files])


def read_header(file: Opens) -> Array:
    """Read what the header of a file says of its array, and check it.

    Raises:
        DataError: it is no array that can be scored, or the file has not the size it announces.

    """
    with reading(file), file.open(keep=True) as stream:
        size = os.fstat(stream.fileno()).st_size if isinstance(stream, io.FileIO) else None
        head = _Head(stream)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy remarks on headers written by Python 2
                version = np.lib.format.read_magic(head)  # refuses versions it does not know
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, fortran, dtype = read(head)
        except DAMAGED:
            raise
        except Exception as error:  # the parser of a damaged header raises whatever it meets
            raise _no_header(file, head) from error
    array = Array(file.name, Stored(file, fortran, head.bytes), dtype, shape)
    check(array)
    if size is not None:
        _check_size(array, size - head.bytes)
    return array


class _Head:
    """What NumPy's parser of headers wants of a file; it remembers how the file starts.

    A header may announce that it has 4 GiB, which the parser would read before it refuses them.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.bytes, self.start = stream, 0, b""

    def read(self, count: int = -1, /) -> bytes:
        if not 0 <= count <= _HEADER_BYTES:
            raise ValueError(f"a header of {count} bytes")
        part = self._stream.read(count)
        self.start = self.start or part
        self.bytes += len(part)
        return part


def _no_header(file: Opens, head: _Head) -> DataError:
    if not head.bytes:
        return DataError("the file is empty", where=file.name, hint=EMPTY_HINT)
    known = head.start.startswith(NPY_MAGIC)
    return DataError(
        "not a NumPy file, or its header is damaged",
        where=file.name,
        hint="copy or write it again" if known else "a text file? then name it .csv, .tsv or .txt",
    )


def _size(array: Array) -> int:
    return array.rows * array.width * array.dtype.itemsize


def _check_size(array: Array, data_bytes: int) -> None:
    expected = _size(array)
    if data_bytes < expected:
        raise DataError(
            f"the file is truncated: {data_bytes:,} bytes of data where its header "
            f"announces {expected:,}, shape {array.shape} of {array.dtype}",
            where=array.name,
            hint="copy or write it again: it was not finished",
        )
    if data_bytes > expected:
        raise DataError(
            f"the file goes on after its array: {data_bytes:,} bytes of data where its header "
            f"announces {expected:,}, shape {array.shape} of {array.dtype}",
            where=array.name,
            hint="several arrays saved into one file? save each into its own",
        )


def _next_values(stream: BinaryIO, array: Array, first: int, count: int) -> Values:
    """Read the next values; ``first`` is how many came before them."""
    values = np.empty(count, array.dtype)
    view = values.view(np.uint8).data
    done = 0
    while done < len(view):
        read = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not read:
            _check_size(array, first * array.dtype.itemsize + done)
        done += read
    return values
