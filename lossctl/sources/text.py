"""CSV and its kin: one or more files of the same columns as a table, read in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.numbers import is_missing
from lossctl.sources.arrow_csv import batches
from lossctl.sources.dialect import SAMPLE_BYTES, Dialect, TextOptions, kind_of, sniff
from lossctl.sources.files import Files, opened, reading
from lossctl.sources.quotes import Quotes
from lossctl.sources.records import TextFile, place, read_slowly, records
from lossctl.sources.table import EMPTY, Batch, Column, Request

BLOCK_BYTES = 1024 * 1024
_SAMPLE_LIMIT = 64 * BLOCK_BYTES


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

    @property
    def named(self) -> bool:
        """Whether all columns have names."""
        return self.dialect.header

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known, reading on where the first rows have no value."""
        empty = tuple(column.position for column in columns if column.kind == EMPTY)
        first = _first_values(self, empty) if empty else {}
        return tuple(
            replace(column, kind=kind_of(value, self.dialect.decimal), first=value)
            if (value := first.get(column.position)) is not None
            else column
            for column in columns
        )

    def read(self, request: Request) -> Iterator[Batch]:
        """Yield the rows of all files in batches of bounded size."""
        for file in self.files:
            yield from _read(file, self.dialect, request, self.block_bytes)

    def place(self, row: int, column: Column | None) -> str:
        """Say in which file, line and column a value stands; lines count from 1."""
        for file in self.files:
            for line, _ in records(file, self.dialect):
                if row == 0:
                    return place(file, self.dialect, line, column)
                row -= 1
        raise AssertionError("a row beyond the end")


@lru_cache(maxsize=16)
def _first_values(table: TextTable, positions: tuple[int, ...]) -> dict[int, str]:
    """Return the first value of columns that begin without one, if there is any in the table."""
    found: dict[int, str] = {}
    with suppress(DataError):  # what is wrong further on is told in its turn
        for batch in table.read(Request(names=positions)):
            for position, names in zip(positions, batch.names, strict=True):
                values = (text.strip() for text in names.texts if not is_missing(text))
                if position not in found and (value := next(values, None)) is not None:
                    found[position] = value
            if len(found) == len(positions):
                break
    return found


def open_text(files: Files, options: TextOptions) -> TextTable:
    """Look at the first rows of each file and check the files against each other."""
    first: Dialect | None = None
    longest = 0
    starts: list[tuple[str, int]] = []
    for path in files.paths:
        sample, size = _sample(path)
        if size == 0 and len(files.paths) > 1:
            starts.append((path, 0))  # a writer's empty part; refused below if others have headers
            continue
        dialect = sniff(path, sample, _like(first, options), complete=len(sample) == size)
        if first is None:
            first = dialect
        _check_same_columns(path, dialect, first)
        longest = max(longest, *map(len, sample.splitlines()))
        starts.append((path, dialect.data_offset))
    if first is None:
        raise DataError("the files are empty", where=files.name)
    empty = [path for path, start in starts if start == 0]
    if first.header and empty:
        raise DataError("the file is empty: not even a header", where=empty[0])
    table = tuple(_measured(path, start, first) for path, start in starts)
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


def _sample(path: str) -> tuple[bytes, int]:
    """Return the first bytes, at least three lines of them, and the size of the file."""
    with reading(path), opened(path) as file:
        sample = file.read(SAMPLE_BYTES)
        while (
            max(sample.count(b"\n"), sample.count(b"\r")) < 3
            and len(sample) < _SAMPLE_LIMIT
            and (more := file.read(len(sample)))
        ):
            sample += more
        return sample, os.fstat(file.fileno()).st_size


def _measured(path: str, start: int, dialect: Dialect) -> TextFile:
    """Find what pyarrow must know: what quotes there are, and where the last record ends.

    A blank line is a missing cell in a file of one column, but not at the very end. Quotes make
    reading slower, so the file is searched for one, at several GB/s.
    """
    quotes, end, position = Quotes(dialect.delimiter), start, start
    buffer = bytearray(BLOCK_BYTES)
    with reading(path), opened(path) as file:
        file.seek(start)
        while count := file.readinto(buffer):
            block = buffer if count == len(buffer) else buffer[:count]
            quotes.see(block)
            filled = count if block[-1] not in b"\r\n" else len(block.rstrip(b"\r\n"))
            if filled:
                end = position + filled
            position += count
    quotes.see(b"\n")
    if len(dialect.columns) > 1:
        end = position
    return TextFile(path, start, end, quotes.found, quotes.plain)


def _read(file: TextFile, dialect: Dialect, request: Request, block_bytes: int) -> Iterator[Batch]:
    """Read with pyarrow as far as it goes; from there on, row by row, to say what is wrong.

    Some cells that pyarrow refuses are fine; the slow reader then simply reads on.
    """
    import pyarrow as pa  # noqa: PLC0415  # 50 ms: not for a command that reads no text

    done = 0
    if not file.plain:
        yield from read_slowly(file, dialect, request, skip=0)
        return
    try:
        with reading(file.path):
            for batch in batches(file, dialect, request, block_bytes):
                done += len(batch)
                yield batch
    except pa.ArrowInvalid:
        yield from read_slowly(file, dialect, request, skip=done)
