"""Arrow's columns as batches of ours, whatever types they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from lossctl.block import Floats
from lossctl.errors import DataError
from lossctl.sources.table import EMPTY, NUMBER, TEXT, Batch, Column, Request
from lossctl.texts import Keys, Names
from lossctl.values import dataclass, replace

_BATCH_ROWS = 65_536
HEAD_ROWS = 5
SAMPLE_ROWS = 1000


def number_type() -> Any:
    """Return the type in which columns of numbers are taken."""
    import pyarrow as pa  # noqa: PLC0415

    return pa.float64()


def name_type() -> Any:
    """Return the type in which columns of names are taken.

    Binary, not string: text that is not UTF-8 must not stop the reading.
    """
    import pyarrow as pa  # noqa: PLC0415

    return pa.dictionary(pa.int32(), pa.binary())


def key_type() -> Any:
    """Return the type in which columns of keys are taken."""
    import pyarrow as pa  # noqa: PLC0415

    return pa.binary()


def taken(rows: int, columns: dict[int, Any], request: Request) -> Batch:
    """Take the values out of the buffers of arrays that have these types.

    Arrow's own conversion to NumPy would import pandas.
    """
    numbers = np.empty((len(request.numbers), rows))
    for row, position in zip(numbers, request.numbers, strict=True):
        _fill(row, columns[position])
    return Batch(
        numbers.T,
        tuple(_names(columns[position]) for position in request.names),
        tuple(_keys(columns[position]) for position in request.keys),
    )


def _fill(target: Floats, array: Any) -> None:
    span = slice(array.offset, array.offset + len(array))
    validity, values = array.buffers()
    target[:] = _values(values, np.float64, span.stop)[span]
    if array.null_count:
        valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[span]
        target[valid == 0] = np.nan


def _values(buffer: Any, kind: Any, count: int) -> Any:
    """Return the first values of a buffer, which may end in a part of one."""
    return np.frombuffer(buffer, kind, count) if count else np.empty(0, kind)


def _names(array: Any) -> Names:
    indices = array.indices.fill_null(-1) if array.null_count else array.indices
    end = indices.offset + len(indices)
    codes = _values(indices.buffers()[1], np.int32, end)[indices.offset :]
    texts = [_decoded(text) for text in array.dictionary.to_pylist()]
    if array.null_count:  # code −1 is the last text
        texts.append("")
        codes = np.where(codes < 0, len(texts) - 1, codes)
    return Names(codes.astype(np.int64), tuple(texts))


def _decoded(text: bytes | None) -> str:
    return "" if text is None else text.decode("utf-8", "surrogateescape")


def _keys(array: Any) -> Keys:
    if array.type == name_type():  # it is wanted as names, too
        array = array.dictionary_decode()
    if array.null_count:
        array = array.fill_null(b"")
    _, offsets, data = array.buffers()
    return Keys(
        _values(offsets, np.int32, array.offset + len(array) + 1)[array.offset :],
        np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8),
    )


class Part(Protocol):
    """One file of a table, or a table in memory."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    @property
    def first(self) -> int:
        """The number of its first row in the file."""

    @property
    def size(self) -> int:
        """The bytes of the file, if it can be read from any row on; else 0."""

    def batches(self, positions: Sequence[int], *, keep: bool) -> Iterator[Any]:
        """Yield Arrow tables or record batches of these columns, in this order."""


@dataclass(frozen=True, eq=False)
class ArrowTable:
    """One or more parts that speak Arrow, with the same columns, as one table."""

    name: str
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    shape: None = None
    header: None = None
    named: bool = True

    @property
    def size(self) -> int:
        """How many bytes the files have; 0 if there are none."""
        return sum(part.size for part in self.parts)

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their first values known, reading on where rows have none."""
        return tuple(
            replace(column, first=self._first_text(column))
            if column.kind == TEXT and column.first is None
            else column
            for column in columns
        )

    def _first_text(self, column: Column) -> str | None:
        for batch in self.read(Request(names=(column.position,)), keep=True):
            texts = (text.strip() for text in batch.names[0].texts)
            if first := next((text for text in texts if text), None):
                return first
        return None

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in batches of bounded size."""
        positions = sorted({*request.numbers, *request.names, *request.keys})
        for part in self.parts:
            first, where = part.first, _Rows(part.name)
            for rows in part.batches(positions, keep=keep):
                for start in range(0, rows.num_rows, _BATCH_ROWS):
                    piece = rows.slice(start, _BATCH_ROWS)
                    columns = {
                        position: self._converted(part, piece.column(i), position, request)
                        for i, position in enumerate(positions)
                    }
                    batch = taken(piece.num_rows, columns, request)
                    yield Batch(batch.numbers, batch.names, batch.keys, where, first)
                    first += piece.num_rows

    def _converted(self, part: Part, column: Any, position: int, request: Request) -> Any:
        import pyarrow as pa  # noqa: PLC0415

        try:
            if position in request.numbers:
                return _whole(_as_numbers(column))
            texts = _whole(_as_text(column).cast(key_type()))
            return texts.dictionary_encode() if position in request.names else texts
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            label = self.columns[position].label
            raise DataError(
                f"cannot score values of type {column.type}",
                where=f"{part.name}, column {label!r}",
                hint="columns hold numbers, or text for class names",
            ) from error


def _whole(column: Any) -> Any:
    """Return a column of a table as one array; one of a record batch is one."""
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column


def _as_numbers(column: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_decimal(column.type):  # Arrow's own way to a float rounds twice
        column = column.cast(pa.string())
    return column.cast(pa.float64(), safe=False)


def _as_text(column: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):  # NaN is no text: nothing is there
        import pyarrow.compute as pc  # noqa: PLC0415

        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column if pa.types.is_binary(column.type) else column.cast(pa.string())


@dataclass(frozen=True)
class _Rows:
    name: str

    def place(self, row: int, column: Column | None) -> str:
        place = f"{self.name}, row {row}"
        return (
            place if column is None or column.name is None else f"{place}, column {column.name!r}"
        )


def as_table(
    name: str, parts: Sequence[Part], schema: Any, head: Any, *, nameless: bool = False
) -> ArrowTable:
    """Return parts of one schema as a table; ``head`` are the first rows of all columns.

    ``nameless``: the first column has no real name.

    Raises:
        DataError: there are no rows or no columns.

    """
    if not head.num_rows or not head.num_columns:
        raise DataError("there are no rows", where=name)
    columns = tuple(
        _column(
            position,
            None if nameless and not position else field.name,
            field.type,
            head.column(position),
        )
        for position, field in enumerate(schema)
    )
    return ArrowTable(name, tuple(parts), columns, named=not nameless)


def _column(position: int, name: str | None, type_: Any, values: Any) -> Column:
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    kind = NUMBER if any(is_one(type_) for is_one in numbers) else TEXT
    values = values.slice(0, SAMPLE_ROWS)
    texts = _texts(values) if kind == TEXT else list(map(_spelled, values.to_pylist()))
    first = next((text for text in texts if text), None)
    if pa.types.is_null(type_):
        kind = EMPTY
    boolean = pa.types.is_boolean(type_)
    narrow = {pa.float16(): "float16", pa.float32(): "float32"}
    stored = narrow.get(type_, "float64")
    return Column(position, name, kind, first, tuple(texts[:HEAD_ROWS]), boolean, stored)


def _texts(column: Any) -> list[str]:
    """Return the values of a column as they are read; of what cannot be read, the type.

    Not by way of Python's own values: there is no such date, it is no UTF-8.
    """
    import pyarrow as pa  # noqa: PLC0415

    try:
        texts = _as_text(column).cast(key_type()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = [str(column.type).encode() if value.is_valid else None for value in column]
    return list(map(_decoded, texts))


def _spelled(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  # NaN
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)
