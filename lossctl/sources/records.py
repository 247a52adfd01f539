"""The careful way through a text file: one record after the other, each with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.numbers import to_number
from lossctl.sources.dialect import Dialect
from lossctl.sources.files import opened, reading
from lossctl.sources.table import Batch, Column, Keys, Names, Request

_BATCH_ROWS = 4096
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class TextFile:
    """One file of a table: where its records start and end, and what quotes it holds.

    ``plain`` quotes open at the start of a cell and close at its end, as writers put them; where
    one does not, a row may be swallowed, and the careful way through the file will say so.
    """

    path: str
    start: int
    end: int
    quotes: bool
    plain: bool = True


def records(file: TextFile, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the physical line on which it starts, counted from 1."""
    with reading(file.path), opened(file.path) as head:
        before = len(head.read(file.start).splitlines())
    with (
        reading(file.path),
        open(file.path, encoding="utf-8", errors="surrogateescape", newline="") as lines,
    ):
        lines.seek(file.start)
        reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
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
            where = place(file, dialect, start + 1, None)
            hint = "a quote that is opened on this line may not be closed"
            raise DataError(f"cannot read the record: {error}", where=where, hint=hint) from error


def place(file: TextFile, dialect: Dialect, line: int, column: Column | None) -> str:
    """Name a line of a file, and a column if one is given."""
    line_of = f"{file.path}, line {line}"
    if column is None:
        return line_of
    if dialect.header:
        return f"{line_of}, column {quoted(column.label)}"
    return f"{line_of}, column {column.position}" if len(dialect.columns) > 1 else line_of


def read_slowly(file: TextFile, dialect: Dialect, request: Request, skip: int) -> Iterator[Batch]:
    """Yield the rows after the first ``skip``, and raise for the first record that is wrong."""
    rows: list[list[str]] = []
    try:
        for line, record in islice(records(file, dialect), skip, None):
            if len(record) != len(dialect.columns):
                raise _ragged(file, dialect, line, record)
            for position in request.numbers:
                if to_number(record[position], dialect.decimal) is None:
                    column = dialect.columns[position]
                    raise _not_a_number(place(file, dialect, line, column), record[position])
            rows.append(record)
            if len(rows) == _BATCH_ROWS:
                yield _from_rows(rows, dialect, request)
                rows = []
    except DataError:
        if rows:
            yield _from_rows(rows, dialect, request)
        raise
    if rows:
        yield _from_rows(rows, dialect, request)


def _ragged(file: TextFile, dialect: Dialect, line: int, record: list[str]) -> DataError:
    hint = "a cell that holds the delimiter is quoted; another delimiter is set with --delimiter"
    if any("\n" in cell for cell in record):
        hint = "a quote that is opened on this line may not be closed"
    expected, found = len(dialect.columns), len(record)
    message = (
        f"{found} {'column' if found == 1 else 'columns'} where the rows before have {expected}"
    )
    return DataError(message, where=place(file, dialect, line, None), hint=hint)


def _not_a_number(where: str, cell: str) -> DataError:
    hint = "missing values are written as nothing, nan, na, n/a, null or none"
    if _THOUSANDS.fullmatch(cell.strip()):
        hint = "numbers have no thousands separators here; a decimal comma is --decimal ,"
    elif to_number(cell, ",") is not None:
        hint = "a decimal comma? --decimal ,"
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
