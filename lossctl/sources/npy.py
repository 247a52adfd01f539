"""NumPy files: the header is parsed, the data read in blocks, nothing is ever unpickled."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import FileIO

import numpy as np
import numpy.typing as npt

from lossctl.block import Floats
from lossctl.errors import DataError
from lossctl.numbers import spelled
from lossctl.sources.files import EMPTY_HINT, NPY_MAGIC, Files, opened, reading
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

    path: str
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

    def read(self, request: Request) -> Iterator[Batch]:
        """Yield the rows of all files in blocks of bounded size."""
        for array in self.arrays:
            with reading(array.path), opened(array.path) as file:
                for values in _blocks(file, array):
                    yield _batch(values, request)

    def place(self, row: int, column: Column | None) -> str:
        """Say in which file, row and column a value stands, all counted from 0."""
        for array in self.arrays:
            if row < array.rows:
                return _place(array, row, column)
            row -= array.rows
        raise AssertionError("a row beyond the end")


def open_arrays(files: Files) -> ArrayTable:
    """Read the headers of the files and check them against each other."""
    arrays = tuple(_read_header(path) for path in files.paths)
    for array in arrays[1:]:
        if array.shape[1:] != arrays[0].shape[1:] or len(array.shape) != len(arrays[0].shape):
            raise DataError(
                f"shards of different shapes: {arrays[0].shape} in {arrays[0].path}, {array.shape}",
                where=array.path,
            )
        if (array.dtype.kind in _TEXTS) != (arrays[0].dtype.kind in _TEXTS):
            raise DataError("shards of numbers and of text in one table", where=array.path)
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


def _read_header(path: str) -> Array:
    with reading(path), opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise DataError("the file is empty", where=path, hint=EMPTY_HINT)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy remarks on headers written by Python 2
                version = np.lib.format.read_magic(file)  # refuses versions it does not know
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, fortran, dtype = read(file)
        except Exception as error:  # the parser of a damaged header raises whatever it meets
            raise DataError(
                "not a NumPy file, or its header is damaged",
                where=path,
                hint=None if _has_magic(path) else "a text file? then name it .csv, .tsv or .txt",
            ) from error
        array = Array(path, dtype, shape or (1,), fortran, file.tell())
    _check(array, scalar=shape == (), data_bytes=size - array.offset)
    return array


def _has_magic(path: str) -> bool:
    with reading(path), opened(path) as file:
        return file.read(len(NPY_MAGIC)) == NPY_MAGIC


def _check(array: Array, *, scalar: bool, data_bytes: int) -> None:
    if array.dtype.hasobject:
        raise DataError(
            "the array holds Python objects, which are never unpickled",
            where=array.path,
            hint="save numbers or text: np.save(file, array.astype(float)), or astype(str)",
        )
    if array.dtype.kind not in _NUMBERS + _TEXTS:
        raise DataError(
            f"cannot score values of type {array.dtype}",
            where=array.path,
            hint="save an array of numbers, or of text for class names",
        )
    if scalar:
        raise DataError("the array is a single number, without rows", where=array.path)
    expected = math.prod(array.shape) * array.dtype.itemsize
    if data_bytes < expected:
        raise DataError(
            f"the file is truncated: {data_bytes:,} bytes of data where its header "
            f"announces {expected:,}, shape {array.shape} of {array.dtype}",
            where=array.path,
            hint="copy or write it again: it was not finished",
        )
    if data_bytes > expected:
        raise DataError(
            f"the file goes on after its array: {data_bytes:,} bytes of data where its header "
            f"announces {expected:,}, shape {array.shape} of {array.dtype}",
            where=array.path,
            hint="several arrays saved into one file? save each into its own",
        )


def _blocks(file: FileIO, array: Array) -> Iterator[npt.NDArray[np.generic]]:
    """Yield (rows, width) blocks in row order, in the stored type."""
    row_bytes = array.width * array.dtype.itemsize
    step = max(1, BLOCK_BYTES // max(row_bytes, 1))
    for start in range(0, array.rows, step):
        rows = min(step, array.rows - start)
        if not array.fortran or len(array.shape) == 1:
            block = _read_at(file, array, start * array.width, rows * array.width)
            yield block.reshape(rows, array.width)
        elif len(array.row_axes) == 1:
            starts = range(start, start + array.width * array.rows, array.rows)
            yield np.stack([_read_at(file, array, first, rows) for first in starts], axis=1)
        else:
            # Column-major with more axes: neighbours in a row lie far apart. Mapped anew for each
            # block, so that the pages do not add up.
            mapped = np.memmap(array.path, array.dtype, "r", array.offset, array.shape, "F")
            index = np.unravel_index(np.arange(start, start + rows), array.row_axes)
            yield np.asarray(mapped[index]).reshape(rows, array.width)


def _read_at(file: FileIO, array: Array, first: int, count: int) -> npt.NDArray[np.generic]:
    values = np.empty(count, array.dtype)
    view = values.view(np.uint8).data
    file.seek(array.offset + first * array.dtype.itemsize)
    done = 0
    while done < len(view):
        read = file.readinto(view[done:])
        if not read:
            raise DataError("the file became shorter while it was read", where=array.path)
        done += read
    return values


def _batch(values: npt.NDArray[np.generic], request: Request) -> Batch:
    numbers: Floats = np.empty((len(values), 0))
    if request.numbers:
        chosen = values
        if request.numbers != tuple(range(values.shape[1])):
            chosen = values[:, list(request.numbers)]
        numbers = chosen.astype(np.float64, copy=False)
    names = tuple(_names(values[:, column]) for column in request.names)
    return Batch(numbers, names)


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
    with reading(array.path), opened(array.path) as file:
        return tuple(_spell(value) for value in next(_blocks(file, array))[0].tolist())


def _place(array: Array, row: int, column: Column | None) -> str:
    index: tuple[int, ...] = (row,)
    if len(array.row_axes) > 1:
        index = tuple(int(i) for i in np.unravel_index(row, array.row_axes))
    place = f"{array.path}, row {index[0] if len(index) == 1 else index}"
    return f"{place}, column {column.label}" if column is not None and array.width > 1 else place
