"""The careful way through a text file: one record after the other, each with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO, Protocol

import numpy as np

from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.numbers import to_number
from lossctl.sources.dialect import Dialect
from lossctl.sources.table import Batch, Column, Request, Where
from lossctl.texts import Keys, Names
from lossctl.values import dataclass

_BATCH_ROWS = 4096
_BATCH_CHARACTERS = 4 * 1024 * 1024
RECORD = 32 * 1024 * 1024  # characters: of what is longer no more is held
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


class Records(Protocol):
    """Whole records, with the physical line on which the first one starts."""

    @property
    def data(self) -> bytes | memoryview:
        """The records."""

    @property
    def line(self) -> int:
        """The line, counted from 1."""


@dataclass(frozen=True)
class Lines:
    """Where the rows of a chunk stand; looked for only when somebody asks."""

    name: str
    dialect: Dialect
    chunk: Records

    def place(self, row: int, column: Column | None) -> str:
        """Name the line of a row, and a column if one is given."""
        found = records(self.name, io.BytesIO(self.chunk.data), self.chunk.line, self.dialect)
        line, _ = next(islice(found, row, None))
        return place(self.name, self.dialect, line, column)


@dataclass(frozen=True)
class KnownLines:
    """Where rows stand whose lines were counted on the way."""

    name: str
    dialect: Dialect
    lines: tuple[int, ...]

    def place(self, row: int, column: Column | None) -> str:
        """Name the line of a row, and a column if one is given."""
        return place(self.name, self.dialect, self.lines[row], column)


def place(name: str, dialect: Dialect, line: int, column: Column | None) -> str:
    """Name a line of a file, and a column if one is given."""
    line_of = f"{name}, line {line}"
    if column is None:
        return line_of
    if dialect.header:
        return f"{line_of}, column {quoted(column.label)}"
    return f"{line_of}, column {column.position}" if len(dialect.columns) > 1 else line_of


def records(
    name: str, stream: BinaryIO, line: int, dialect: Dialect
) -> Iterator[tuple[int, list[str]]]:
    """Yield each record of a stream that starts on that line, with the physical line of its own."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
    held = 0

    def lines() -> Iterator[str]:
        nonlocal held
        while part := text.readline(RECORD):
            held += len(part)
            if held >= RECORD:
                raise csv.Error(f"it is longer than {RECORD >> 20} MiB")
            yield part

    reader = csv.reader(lines(), delimiter=dialect.delimiter, strict=True)
    start = line
    blank: list[int] = []
    try:
        for record in reader:
            held = 0
            if record:
                yield from ((number, [""]) for number in blank)
                blank = []
                yield start, record
            elif len(dialect.columns) == 1:  # a missing cell, unless the file ends here
                blank.append(start)
            start = line + reader.line_num
    except csv.Error as error:
        where = place(name, dialect, start, None)
        hint = "a quote that is opened on this line may not be closed"
        raise DataError(f"cannot read the record: {error}", where=where, hint=hint) from error


def read_slowly(
    name: str, found: Iterable[tuple[int, list[str]]], dialect: Dialect, request: Request
) -> Iterator[Batch]:
    """Yield rows from their records, and raise for the first record that is wrong."""
    rows: list[list[str]] = []
    lines: list[int] = []
    size = 0

    def batch() -> Batch:
        made = _from_rows(rows, dialect, request, KnownLines(name, dialect, tuple(lines)))
        rows.clear()
        lines.clear()
        return made

    try:
        for line, record in found:
            if len(record) != len(dialect.columns):
                raise _ragged(name, dialect, line, record)
            for position in request.numbers:
                if to_number(record[position], dialect.decimal) is None:
                    column = dialect.columns[position]
                    raise not_a_number(place(name, dialect, line, column), record[position])
            rows.append(record)
            lines.append(line)
            size += sum(map(len, record))
            if len(rows) == _BATCH_ROWS or size > _BATCH_CHARACTERS:
                yield batch()
                size = 0
    except DataError:
        if rows:
            yield batch()
        raise
    if rows:
        yield batch()


def _ragged(name: str, dialect: Dialect, line: int, record: list[str]) -> DataError:
    hint = "a cell that holds the delimiter is quoted; another delimiter is set with --delimiter"
    if any("\n" in cell for cell in record):
        hint = "a quote that is opened on this line may not be closed"
    expected, found = len(dialect.columns), len(record)
    message = (
        f"{found} {'column' if found == 1 else 'columns'} where the rows before have {expected}"
    )
    return DataError(message, where=place(name, dialect, line, None), hint=hint)


def not_a_number(where: str, cell: str) -> DataError:
    """Return the error for a cell that is no number, with a hint why."""
    hint = "missing values are written as nothing, nan, na, n/a, null or none"
    if _THOUSANDS.fullmatch(cell.strip()):
        hint = "numbers have no thousands separators here"
    elif to_number(cell, ",") is not None:
        hint = "a decimal comma? --decimal ,"
    return DataError(f"{quoted(cell)} is not a number", where=where, hint=hint)


def _from_rows(rows: list[list[str]], dialect: Dialect, request: Request, where: Where) -> Batch:
    numbers = [
        [to_number(row[position], dialect.decimal) for position in request.numbers] for row in rows
    ]
    return Batch(
        np.array(numbers, dtype=np.float64).reshape(len(rows), len(request.numbers)),
        tuple(names_of([row[position] for row in rows]) for position in request.names),
        tuple(Keys.of([row[position] for row in rows]) for position in request.keys),
        where,
    )


def names_of(cells: list[str]) -> Names:
    """Return texts as codes into the different ones."""
    texts = {text: code for code, text in enumerate(dict.fromkeys(cells))}
    return Names(np.array([texts[cell] for cell in cells], dtype=np.int64), tuple(texts))
