"""Arrays as tables: the last axis is the columns, all before it are flattened into rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lossctl.block import Floats, block_rows
from lossctl.errors import DataError
from lossctl.numbers import spelled
from lossctl.sources.table import NUMBER, TEXT, Batch, Column, Request
from lossctl.texts import Keys, Names
from lossctl.values import dataclass, replace

Values = npt.NDArray[np.generic]
HEAD_ROWS = 5
_HEAD_CELLS = 5000
_MAX_WIDTH = 1 << 20  # more columns than any set of classes has: rows and columns are swapped
_MAX_TEXT = 1 << 20  # bytes, each of which every text of an array takes
_MAX_ROW = 1 << 26  # bytes of a row, which is held at once; a packed file has no size to be checked
_NUMBERS, _TEXTS = "biuf", "US"  # dtype kinds


class Storage(Protocol):
    """Where the values of an array are."""

    def blocks(self, array: Array, *, keep: bool) -> Iterator[Values]:
        """Yield (rows, width) blocks of bounded size in row order, in the stored type.

        ``keep``: they will be read again.
        """

    def reachable(self) -> bool:
        """Whether blocks can start at any row without reading those before it."""


@dataclass(frozen=True)
class Array:
    """What is known of one array without its values, and how it is seen as a table.

    An array of one axis, or one that is seen ``flat``, is a single column. ``span`` is which of its
    rows are read, from the first to before the second.
    """

    name: str
    storage: Storage
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    flat: bool = False
    span: tuple[int, int] | None = None

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
        place = f"{self.name}, row {index[0] if len(index) == 1 else index}"
        return f"{place}, column {column.label}" if column is not None and self.width > 1 else place

    @property
    def rows(self) -> int:
        """The number of rows."""
        return math.prod(self.row_axes)

    def steps(self) -> Iterator[tuple[int, int]]:
        """Yield where blocks start, and how many rows they have: of bounded size as float64."""
        step = block_rows(self.width * -(-self.dtype.itemsize // 8))
        first, last = self.span or (0, self.rows)
        for start in range(first, last, step):
            yield start, min(step, last - start)


@dataclass(frozen=True)
class ArrayTable:
    """One or more arrays as one table; shards follow each other along the first axis."""

    name: str
    arrays: tuple[Array, ...]
    columns: tuple[Column, ...]
    header: None = None
    named: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all arrays together."""
        first = self.arrays[0].shape
        return (sum(array.shape[0] for array in self.arrays), *first[1:])

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(array.rows for array in self.arrays)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return int(self.rows * self.row_bytes)

    @property
    def row_bytes(self) -> float:
        """How many bytes a row takes."""
        return self.arrays[0].width * self.arrays[0].dtype.itemsize

    @property
    def ends(self) -> tuple[int, ...]:
        """The rows behind which it is best cut: anywhere."""
        return ()

    def between(self, first: int, last: int) -> ArrayTable:
        """Return the rows from ``first`` to before ``last``."""
        arrays, before = [], 0
        for array in self.arrays:
            span = max(first - before, 0), min(last - before, array.rows)
            if span[0] < span[1]:
                arrays.append(replace(array, span=span))
            before += array.rows
        return replace(self, arrays=tuple(arrays))

    def flattened(self) -> ArrayTable:
        """Return the same arrays with all their axes as rows of one column."""
        arrays = tuple(replace(array, flat=True) for array in self.arrays)
        return ArrayTable(self.name, arrays, self.columns[:1])

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns: the header of an array says what they hold."""
        return tuple(columns)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows of all arrays in blocks of bounded size."""
        for array in self.arrays:
            first = array.span[0] if array.span else 0
            for values in array.storage.blocks(array, keep=keep):
                yield _batch(values, request, array, first)
                first += len(values)


def as_table(name: str, arrays: Sequence[Array]) -> ArrayTable:
    """Return arrays, each checked, as one table.

    Raises:
        DataError: they have no rows, or do not belong together.

    """
    for array in arrays[1:]:
        if array.shape[1:] != arrays[0].shape[1:] or len(array.shape) != len(arrays[0].shape):
            raise DataError(
                f"shards of different shapes: {arrays[0].shape} in {arrays[0].name}, {array.shape}",
                where=array.name,
            )
        if (array.dtype.kind in _TEXTS) != (arrays[0].dtype.kind in _TEXTS):
            raise DataError("shards of numbers and of text in one table", where=array.name)
    if not any(array.rows for array in arrays):
        raise DataError("there are no rows", where=name)
    if not arrays[0].width:
        raise DataError(f"there are no columns: the shape is {arrays[0].shape}", where=name)
    if arrays[0].width > _MAX_WIDTH:
        raise DataError(
            f"an array of {arrays[0].width:,} columns, shape {arrays[0].shape}",
            where=name,
            hint="rows come first: transpose it with array.T",
        )
    for array in arrays:
        if array.width * array.dtype.itemsize > _MAX_ROW:
            size = array.width * array.dtype.itemsize
            raise DataError(f"an array of {size:,} bytes a row", where=array.name)
    kind = TEXT if arrays[0].dtype.kind in _TEXTS else NUMBER
    boolean = arrays[0].dtype.kind == "b"
    heads = zip(*_first_rows(arrays), strict=True)
    types = {array.dtype.name for array in arrays}
    stored = types.pop() if len(types) == 1 and types <= {"float16", "float32"} else "float64"
    columns = tuple(
        Column(i, None, kind, head[0], head, boolean, stored) for i, head in enumerate(heads)
    )
    return ArrayTable(name, tuple(arrays), columns)


def check(array: Array) -> None:
    """Refuse an array that has no rows of numbers or text.

    Raises:
        DataError: its type or its shape.

    """
    if array.dtype.hasobject:
        raise DataError(
            "the array holds Python objects, which are never unpickled",
            where=array.name,
            hint="save numbers or text: np.save(file, array.astype(float)), or astype(str)",
        )
    if array.dtype.kind not in _NUMBERS + _TEXTS:
        raise DataError(
            f"cannot score values of type {array.dtype}",
            where=array.name,
            hint="save an array of numbers, or of text for class names",
        )
    if array.dtype.itemsize > _MAX_TEXT:
        raise DataError(
            f"an array of texts of {array.dtype.itemsize:,} bytes each",
            where=array.name,
            hint="labels and ids are short: save them apart from longer texts",
        )
    if any(axis < 0 for axis in array.shape):
        raise DataError(
            f"the header announces an impossible shape {array.shape}",
            where=array.name,
            hint="copy or write it again",
        )
    if array.dtype.itemsize == 0:
        raise DataError(
            "the texts of the array have no characters",
            where=array.name,
            hint="save them again, with astype(str)",
        )
    if array.shape == ():
        raise DataError("the array is a single number, without rows", where=array.name)


def _batch(values: npt.NDArray[np.generic], request: Request, array: Array, first: int) -> Batch:
    numbers: Floats = np.empty((len(values), 0))
    if request.numbers:
        chosen = values
        if request.numbers != tuple(range(values.shape[1])):
            chosen = values[:, list(request.numbers)]
        with np.errstate(over="ignore", invalid="ignore"):  # of long doubles, and of odd NaN
            numbers = chosen.astype(np.float64, copy=False)
    names = tuple(_names(values[:, column], array) for column in request.names)
    keys = tuple(_keys(values[:, column], array) for column in request.keys)
    return Batch(numbers, names, keys, where=array, first=first, size=values.nbytes)


def _names(values: npt.NDArray[np.generic], array: Array) -> Names:
    """Code a column by its distinct values; numbers are spelt as an integer where they are one."""
    distinct, codes = np.unique(values, return_inverse=True)
    return Names(codes.astype(np.int64).reshape(-1), tuple(_spelled(distinct, array)))


def _keys(values: npt.NDArray[np.generic], array: Array) -> Keys:
    return Keys.of(_spelled(values, array))


def _spelled(values: npt.NDArray[np.generic], array: Array) -> list[str]:
    """Return the texts of a column.

    Raises:
        DataError: they are no Unicode.

    """
    try:
        return [_spell(value) for value in values.tolist()]
    except (ValueError, SystemError) as error:  # which one depends on the version of Python
        what, hint = "its texts are no Unicode", "copy or write it again"
        raise DataError(what, where=array.name, hint=hint) from error


def _spell(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, bool | float | np.floating):
        return "" if math.isnan(value) else spelled(float(value))
    text = str(value)
    return text if text.isascii() else _with_escapes(text)


def _with_escapes(text: str) -> str:
    """Return a text with halves of characters as the bytes that are no UTF-8 which they are."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    return text


def _first_rows(arrays: Sequence[Array]) -> list[list[str]]:
    array = next(array for array in arrays if array.rows)
    count = max(1, min(HEAD_ROWS, _HEAD_CELLS // array.width))
    rows = next(array.storage.blocks(array, keep=True))[:count]
    return [_spelled(row, array) for row in rows]
