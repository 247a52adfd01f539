"""CSV and its kin, streamed by pyarrow; the csv module takes over where that refuses a row."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from typing import Any

import numpy as np

from lossctl.block import Floats
from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.sources.dialect import (
    SAMPLE_BYTES,
    Dialect,
    TextOptions,
    sniff,
    to_number,
)
from lossctl.sources.files import Files, unreadable
from lossctl.sources.table import MISSING, Batch, Column, Keys, Names, Request

BLOCK_BYTES = 1024 * 1024
_SLOW_ROWS = 4096


@dataclass(frozen=True)
class TextFile:
    """One file of a table: where its records start and end, and whether it holds quotes."""

    path: str
    start: int
    end: int
    quotes: bool


@dataclass(frozen=True)
class TextTable:
    """One or more text files of the same columns as one table."""

    name: str
    files: tuple[TextFile, ...]
    dialect: Dialect
    block_bytes: int = BLOCK_BYTES
    shape: None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in file order."""
        return self.dialect.columns

    @property
    def header(self) -> bool:
        """Whether the files start with a header."""
        return self.dialect.header

    def read(self, request: Request) -> Iterator[Batch]:
        """Yield the rows of all files in batches of bounded size."""
        for file in self.files:
            yield from _read(file, self.dialect, request, self.block_bytes)

    def place(self, row: int, column: Column | None) -> str:
        """Say in which file, line and column a value stands; lines count from 1."""
        for file in self.files:
            for line, _ in _records(file, self.dialect):
                if row == 0:
                    return _place(file, self.dialect, line, column)
                row -= 1
        raise AssertionError("a row beyond the end")


def open_text(files: Files, options: TextOptions) -> TextTable:
    """Look at the first rows of each file and check the files against each other."""
    first: Dialect | None = None
    longest = 0
    opened = []
    for path in files.paths:
        sample, size = _sample(path)
        if size == 0 and len(files.paths) > 1 and options.header is not True:
            opened.append(
                (path, 0)
            )  # a writer's empty part; refused below if the others have headers
            continue
        dialect = sniff(path, sample, _like(first, options), complete=len(sample) == size)
        if first is None:
            first = dialect
        _check_same_columns(path, dialect, first)
        longest = max(longest, *map(len, sample.splitlines()))
        opened.append((path, dialect.data_offset))
    if first is None:
        raise DataError("the files are empty", where=files.name)
    if first.header and any(offset == 0 for _, offset in opened):
        empty = next(path for path, offset in opened if offset == 0)
        raise DataError("the file is empty: not even a header", where=empty)
    table = tuple(_measured(path, offset, first) for path, offset in opened)
    # A block must hold a record, and cutting it into very few of them would be slow.
    return TextTable(files.name, table, first, max(BLOCK_BYTES, 8 * longest))


def _like(first: Dialect | None, options: TextOptions) -> TextOptions:
    """Shards are read like the first of them."""
    if first is None:
        return options
    return TextOptions(first.header, first.delimiter, first.decimal)


def _check_same_columns(path: str, dialect: Dialect, first: Dialect) -> None:
    names = [column.name for column in dialect.columns]
    expected = [column.name for column in first.columns]
    if names != expected:
        raise DataError(
            f"shards with different columns: {_shown(expected)} before, here {_shown(names)}",
            where=path,
        )


def _shown(names: list[str | None]) -> str:
    if not names or names[0] is None:
        return f"{len(names)} columns"
    return ", ".join(quoted(name) for name in names[:8]) + (", …" if len(names) > 8 else "")


def _opened(path: str) -> FileIO:
    try:
        return FileIO(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _sample(path: str) -> tuple[bytes, int]:
    """Return the first bytes, at least three lines of them, and the size of the file."""
    with _opened(path) as file:
        sample = file.read(SAMPLE_BYTES)
        while sample.count(b"\n") < 3 and (more := file.read(len(sample))):
            sample += more
        return sample, os.fstat(file.fileno()).st_size


def _measured(path: str, start: int, dialect: Dialect) -> TextFile:
    """Find what pyarrow must know: whether there are quotes, and where the last record ends.

    A blank line is a missing cell in a file of one column, but not at the very end. Quotes make
    reading slower, so the file is searched for one, at several GB/s.
    """
    quotes, end, position = False, start, start
    buffer = bytearray(BLOCK_BYTES)
    with _opened(path) as file:
        file.seek(start)
        while count := file.readinto(buffer):
            block = memoryview(buffer)[:count]
            quotes = quotes or buffer.find(b'"', 0, count) >= 0
            filled = len(bytes(block[-4096:]).rstrip(b"\r\n"))
            filled = filled + max(count - 4096, 0) if filled else len(bytes(block).rstrip(b"\r\n"))
            if filled:
                end = position + filled
            position += count
    if len(dialect.columns) > 1:
        end = position
    return TextFile(path, start, end, quotes)


def _read(file: TextFile, dialect: Dialect, request: Request, block_bytes: int) -> Iterator[Batch]:
    """Read with pyarrow as far as it goes; from there on, row by row, to say what is wrong.

    Some cells that pyarrow refuses are fine; the slow reader then simply reads on.
    """
    import pyarrow as pa  # noqa: PLC0415  # 50 ms: not for a command that reads no text

    done = 0
    try:
        for batch in _arrow_batches(file, dialect, request, block_bytes):
            done += batch.num_rows
            if batch.num_rows:
                yield _from_arrow(batch, request)
    except pa.ArrowInvalid:
        yield from _read_slowly(file, dialect, request, skip=done)


def _arrow_batches(
    file: TextFile, dialect: Dialect, request: Request, block_bytes: int
) -> Iterator[Any]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415

    if file.end == file.start:
        return
    positions = [str(column.position) for column in dialect.columns]
    types = {str(position): pa.float64() for position in request.numbers}
    # binary, not string: text that is not UTF-8 must not stop the reading
    types |= {str(position): pa.dictionary(pa.int32(), pa.binary()) for position in request.names}
    types |= {str(position): pa.binary() for position in request.keys}
    with pa.OSFile(file.path) as opened:
        yield from pyarrow.csv.open_csv(
            opened.get_stream(file.start, file.end - file.start),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, block_size=block_bytes, column_names=positions
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if file.quotes else False,
                newlines_in_values=file.quotes,
                ignore_empty_lines=len(positions) > 1,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(types),
                column_types=types,
                null_values=_MISSING_SPELLINGS,
                strings_can_be_null=False,
                check_utf8=False,
                decimal_point=dialect.decimal,
            ),
        )


def _all_cases(word: str) -> list[str]:
    spellings = [""]
    for letter in word:
        spellings = [s + c for s in spellings for c in sorted({letter.lower(), letter.upper()})]
    return spellings


_MISSING_SPELLINGS = [spelling for word in MISSING for spelling in _all_cases(word)]


def _from_arrow(batch: Any, request: Request) -> Batch:
    """Take the values out of Arrow's buffers; its own conversion would import pandas."""
    columns = {name: batch.column(i) for i, name in enumerate(batch.schema.names)}
    numbers = np.empty((len(request.numbers), batch.num_rows))
    for row, position in zip(numbers, request.numbers, strict=True):
        _fill(row, columns[str(position)])
    return Batch(
        numbers.T,
        tuple(_names(columns[str(position)]) for position in request.names),
        tuple(_keys(columns[str(position)]) for position in request.keys),
    )


def _fill(target: Floats, array: Any) -> None:
    span = slice(array.offset, array.offset + len(array))
    validity, values = array.buffers()
    target[:] = np.frombuffer(values, np.float64)[span]
    if array.null_count:
        valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[span]
        target[valid == 0] = np.nan


def _names(array: Any) -> Names:
    indices = array.indices
    codes = np.frombuffer(indices.buffers()[1], np.int32)[indices.offset :][: len(indices)]
    texts = tuple(text.decode("utf-8", "surrogateescape") for text in array.dictionary.to_pylist())
    return Names(codes.astype(np.int64), texts)


def _keys(array: Any) -> Keys:
    _, offsets, data = array.buffers()
    return Keys(
        np.frombuffer(offsets, np.int32)[array.offset :][: len(array) + 1],
        np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8),
    )


def _records(file: TextFile, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the physical line on which it starts, counted from 1."""
    with _opened(file.path) as opened:
        head = opened.read(file.start)
    before = len(head.splitlines())
    with open(file.path, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        lines.seek(file.start)
        reader = csv.reader(lines, delimiter=dialect.delimiter)
        start = before
        blank: list[int] = []
        try:
            for record in reader:
                if record:
                    yield from ((line, [""]) for line in blank)
                    blank = []
                    yield start + 1, record
                elif len(dialect.columns) == 1:  # a missing cell, unless the file ends here
                    blank.append(start + 1)
                start = before + reader.line_num
        except csv.Error as error:
            where = _place(file, dialect, start + 1, None)
            hint = "a quote that is opened on this line may not be closed"
            raise DataError(f"cannot read the record: {error}", where=where, hint=hint) from error


def _place(file: TextFile, dialect: Dialect, line: int, column: Column | None) -> str:
    place = f"{file.path}, line {line}"
    if column is None:
        return place
    return (
        f"{place}, column {quoted(column.label)}"
        if dialect.header
        else (f"{place}, column {column.position}" if len(dialect.columns) > 1 else place)
    )


def _read_slowly(file: TextFile, dialect: Dialect, request: Request, skip: int) -> Iterator[Batch]:
    """Yield what pyarrow did not, up to the first record that is wrong, and raise for that one."""
    rows: list[list[str]] = []
    try:
        for line, record in islice(_records(file, dialect), skip, None):
            if len(record) != len(dialect.columns):
                raise _ragged(file, dialect, line, record)
            for position in request.numbers:
                if to_number(record[position], dialect.decimal) is None:
                    column = dialect.columns[position]
                    raise _not_a_number(_place(file, dialect, line, column), record[position])
            rows.append(record)
            if len(rows) == _SLOW_ROWS:
                yield _from_rows(rows, dialect, request)
                rows = []
    except DataError:
        if rows:
            yield _from_rows(rows, dialect, request)
        raise
    if rows:
        yield _from_rows(rows, dialect, request)


def _ragged(file: TextFile, dialect: Dialect, line: int, record: list[str]) -> DataError:
    hint = None
    if any("\n" in cell for cell in record):
        hint = "a quote that is opened on this line may not be closed"
    expected, found = len(dialect.columns), len(record)
    message = (
        f"{found} {'column' if found == 1 else 'columns'} where the rows before have {expected}"
    )
    return DataError(message, where=_place(file, dialect, line, None), hint=hint)


def _not_a_number(where: str, cell: str) -> DataError:
    hint = None
    if to_number(cell, ",") is not None:
        hint = "a decimal comma? --decimal ,"
    elif "," in cell and to_number(cell.replace(",", "")) is not None:
        hint = "numbers are read without thousands separators"
    return DataError(f"{quoted(cell)} is not a number", where=where, hint=hint)


def _from_rows(rows: list[list[str]], dialect: Dialect, request: Request) -> Batch:
    numbers = [
        [to_number(row[position], dialect.decimal) for position in request.numbers] for row in rows
    ]
    return Batch(
        np.array(numbers, dtype=np.float64).reshape(len(rows), len(request.numbers)),
        tuple(_names_of([row[position] for row in rows]) for position in request.names),
        tuple(_keys_of([row[position] for row in rows]) for position in request.keys),
    )


def _names_of(cells: list[str]) -> Names:
    texts = {text: code for code, text in enumerate(dict.fromkeys(cells))}
    return Names(np.array([texts[cell] for cell in cells], dtype=np.int64), tuple(texts))


def _keys_of(cells: list[str]) -> Keys:
    encoded = [cell.encode("utf-8", "surrogateescape") for cell in cells]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return Keys(offsets, np.frombuffer(b"".join(encoded), np.uint8))
