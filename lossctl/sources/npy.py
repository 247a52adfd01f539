"""NumPy files: the header is parsed, the data read in blocks, nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from lossctl.block import Floats
from lossctl.errors import DataError
from lossctl.numbers import spelled
from lossctl.sources.files import EMPTY_HINT, NPY_MAGIC, Files
from lossctl.sources.streams import File, read_fully, reading
from lossctl.sources.table import NUMBER, TEXT, Batch, Column, Names, Request

BLOCK_BYTES = 512 * 1024
_MAX_WIDTH = 1 << 20  # more columns than any set of classes has: rows and columns are swapped
_NUMBERS, _TEXTS = "biuf", "US"  # dtype kinds


@dataclass(frozen=True)
class Array:
    """What the header of one file says, and how it is seen as a table.

    The last axis is the columns, all before it are flattened into rows; an array of one axis, or
    one that is seen ``flat``, is a single column.
    """

    file: File
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    fortran: bool
    offset: int
    flat: bool = False

    @property
    def row_axes(self) -> tuple[int, ...]:
        """The axes that make the rows."""
        return self.shape if self.flat or len(self.shape) == 1 else self.shape[:-1]

    @property
    def width(self) -> int:
        """The number of columns."""
        return 1 if self.row_axes == self.shape else self.shape[-1]

    def place(self, row: int, column: Column | None) -> str:
        """Say in which row and column a value stands, both counted from 0."""
        index: tuple[int, ...] = (row,)
        if len(self.row_axes) > 1:
            index = tuple(int(i) for i in np.unravel_index(row, self.row_axes))
        place = f"{self.file.name}, row {index[0] if len(index) == 1 else index}"
        return f"{place}, column {column.label}" if column is not None and self.width > 1 else place

    @property
    def rows(self) -> int:
        """The number of rows."""
        return math.prod(self.row_axes)


@dataclass(frozen=True)
class ArrayTable:
    """One or more NPY files as one table; shards follow each other along the first axis."""

    name: str
    arrays: tuple[Array, ...]
    columns: tuple[Column, ...]
    header: None = None
    named: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all files together."""
        first = self.arrays[0].shape
        return (sum(array.shape[0] for array in self.arrays), *first[1:])

    def flattened(self) -> ArrayTable:
        """Return the same arrays with all their axes as rows of one column."""
        arrays = tuple(replace(array, flat=True) for array in self.arrays)
        return ArrayTable(self.name, arrays, self.columns[:1])

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns: the header of an array says what they hold."""
        return tuple(columns)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows of all files in blocks of bounded size."""
        for array in self.arrays:
            with reading(array.file):
                first = 0
                for values in _blocks(array, keep=keep):
                    yield _batch(values, request, array, first)
                    first += len(values)


def open_arrays(files: Files) -> ArrayTable:
    """Read the headers of the files and check them against each other."""
    arrays = tuple(map(_read_header, files.files))
    for array in arrays[1:]:
        if array.shape[1:] != arrays[0].shape[1:] or len(array.shape) != len(arrays[0].shape):
            raise DataError(
                f"shards of different shapes: {arrays[0].shape} in {arrays[0].file.name}, "
                f"{array.shape}",
                where=array.file.name,
            )
        if (array.dtype.kind in _TEXTS) != (arrays[0].dtype.kind in _TEXTS):
            raise DataError("shards of numbers and of text in one table", where=array.file.name)
    if not any(array.rows for array in arrays):
        raise DataError("there are no rows", where=files.name)
    if arrays[0].width > _MAX_WIDTH:
        raise DataError(
            f"an array of {arrays[0].width:,} columns, shape {arrays[0].shape}",
            where=files.name,
            hint="rows come first: transpose it with array.T",
        )
    kind = TEXT if arrays[0].dtype.kind in _TEXTS else NUMBER
    columns = tuple(Column(i, None, kind, cell) for i, cell in enumerate(_first_row(arrays)))
    return ArrayTable(files.name, arrays, columns)


def _read_header(file: File) -> Array:
    magic = _magic(file)
    if not magic:
        raise DataError("the file is empty", where=file.name, hint=EMPTY_HINT)
    with reading(file), file.open(keep=True) as stream:
        size = os.fstat(stream.fileno()).st_size if isinstance(stream, io.FileIO) else None
        head = _Counted(stream)
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
        except Exception as error:  # the parser of a damaged header raises whatever it meets
            raise DataError(
                "not a NumPy file, or its header is damaged",
                where=file.name,
                hint=None if magic == NPY_MAGIC else "a text file? then name it .csv, .tsv or .txt",
            ) from error
    array = Array(file, dtype, shape or (1,), fortran, head.bytes)
    _check(array, scalar=shape == ())
    if size is not None:
        _check_size(array, size - array.offset)
    return array


def _magic(file: File) -> bytes:
    with reading(file), file.open(keep=True) as stream:
        return read_fully(stream, len(NPY_MAGIC))


class _Counted:
    """What NumPy's parser of headers wants of a file, and how many bytes it took."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.bytes = stream, 0

    def read(self, count: int = -1, /) -> bytes:
        part = self._stream.read(count)
        self.bytes += len(part)
        return part


def _check(array: Array, *, scalar: bool) -> None:
    if array.dtype.hasobject:
        raise DataError(
            "the array holds Python objects, which are never unpickled",
            where=array.file.name,
            hint="save numbers or text: np.save(file, array.astype(float)), or astype(str)",
        )
    if array.dtype.kind not in _NUMBERS + _TEXTS:
        raise DataError(
            f"cannot score values of type {array.dtype}",
            where=array.file.name,
            hint="save an array of numbers, or of text for class names",
        )
    if scalar:
        raise DataError("the array is a single number, without rows", where=array.file.name)


def _check_size(array: Array, data_bytes: int) -> None:
    expected = array.rows * array.width * array.dtype.itemsize
    if data_bytes < expected:
        raise DataError(
            f"the file is truncated: {data_bytes:,} bytes of data where its header "
            f"announces {expected:,}, shape {array.shape} of {array.dtype}",
            where=array.file.name,
            hint="copy or write it again: it was not finished",
        )
    if data_bytes > expected:
        raise DataError(
            f"the file goes on after its array: {data_bytes:,} bytes of data where its header "
            f"announces {expected:,}, shape {array.shape} of {array.dtype}",
            where=array.file.name,
            hint="several arrays saved into one file? save each into its own",
        )


def _blocks(array: Array, *, keep: bool) -> Iterator[npt.NDArray[np.generic]]:
    """Yield (rows, width) blocks in row order, in the stored type."""
    if array.fortran and len(array.shape) > 1:
        with _seekable(array, keep=keep) as file:
            yield from _across(file, array)
        return
    with array.file.open(keep=keep) as stream:
        read_fully(stream, array.offset)
        for start, rows in _steps(array):
            values = _next_values(stream, array, start * array.width, rows * array.width)
            yield values.reshape(rows, array.width)
        if array.file.tape is not None or not isinstance(stream, io.FileIO):
            size = array.rows * array.width * array.dtype.itemsize
            _check_size(array, size + sum(map(len, iter(lambda: stream.read(BLOCK_BYTES), b""))))


def _steps(array: Array) -> Iterator[tuple[int, int]]:
    """Yield where blocks of bounded size start, and how many rows they have."""
    step = max(1, BLOCK_BYTES // max(array.width * array.dtype.itemsize, 1))
    for start in range(0, array.rows, step):
        yield start, min(step, array.rows - start)


def _across(file: BinaryIO, array: Array) -> Iterator[npt.NDArray[np.generic]]:
    """Yield blocks of an array that lies column by column."""
    for start, rows in _steps(array):
        if len(array.row_axes) == 1:
            block = np.empty((array.width, rows), array.dtype)
            for column in range(array.width):
                first = column * array.rows + start
                file.seek(array.offset + first * array.dtype.itemsize)
                block[column] = _next_values(file, array, first, rows)
            yield block.T
        else:
            # Neighbours in a row lie far apart. Mapped anew for each block, so that the pages do
            # not add up.
            mapped = np.memmap(file, array.dtype, "r", array.offset, array.shape, "F")
            index = np.unravel_index(np.arange(start, start + rows), array.row_axes)
            yield np.asarray(mapped[index]).reshape(rows, array.width)


def _seekable(array: Array, *, keep: bool) -> BinaryIO:
    """Return the file as one in which one can seek: what comes once is copied to disk."""
    stream = array.file.open(keep=keep)
    if isinstance(stream, io.FileIO):
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # its reader closes it
    with stream:
        shutil.copyfileobj(stream, copy)
    copy.flush()
    _check_size(array, copy.tell() - array.offset)
    return cast("BinaryIO", copy)


def _next_values(stream: BinaryIO, array: Array, first: int, count: int) -> npt.NDArray[np.generic]:
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


def _batch(values: npt.NDArray[np.generic], request: Request, array: Array, first: int) -> Batch:
    numbers: Floats = np.empty((len(values), 0))
    if request.numbers:
        chosen = values
        if request.numbers != tuple(range(values.shape[1])):
            chosen = values[:, list(request.numbers)]
        numbers = chosen.astype(np.float64, copy=False)
    names = tuple(_names(values[:, column]) for column in request.names)
    return Batch(numbers, names, where=array, first=first)


def _names(values: npt.NDArray[np.generic]) -> Names:
    """Code a column by its distinct values; numbers are spelt as an integer where they are one."""
    distinct, codes = np.unique(values, return_inverse=True)
    return Names(codes.astype(np.int64).reshape(-1), tuple(map(_spell, distinct.tolist())))


def _spell(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, bool | float | np.floating):
        return "" if math.isnan(value) else spelled(float(value))
    return str(value)


def _first_row(arrays: tuple[Array, ...]) -> tuple[str, ...]:
    array = next(array for array in arrays if array.rows)
    with reading(array.file):
        return tuple(_spell(value) for value in next(_blocks(array, keep=True))[0].tolist())
