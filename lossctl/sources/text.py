"""CSV and its kin: one or more files of the same columns as a table, read in bounded memory."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import BinaryIO

from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.numbers import is_missing
from lossctl.sources.chunks import CHUNK_BYTES, Chunk, chunks
from lossctl.sources.dialect import SAMPLE_BYTES, Dialect, InputOptions, kind_of, sniff
from lossctl.sources.files import Files
from lossctl.sources.records import Lines, read_slowly, records
from lossctl.sources.streams import File, following, part, read_fully, reading
from lossctl.sources.table import EMPTY, Batch, Column, CutError, Request
from lossctl.sources.unpacking import check_to_the_end
from lossctl.values import dataclass, replace

_SAMPLE_LIMIT = 64 * 1024 * 1024
BRIEF = 64 * 1024  # bytes of text that are read row by row before pyarrow is even imported


@dataclass(frozen=True)
class TextFile:
    """One file of a table, or what lies between two line ends in it.

    The records start at the byte ``start``, on a line counted from 1. ``stop`` is where a part
    ends, None for a file that is whole. The ``line`` of a part is None until somebody asks: what
    it says of its lines before that is counted from its own start. A part may be ``ragged``: cut
    anywhere, so that its first line is the first that starts in it.
    """

    file: File
    start: int
    line: int | None
    stop: int | None = None
    ragged: bool = False


@dataclass(frozen=True)
class TextTable:
    """One or more text files of the same columns as one table."""

    name: str
    files: tuple[TextFile, ...]
    dialect: Dialect
    chunk_bytes: int = CHUNK_BYTES
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

    @property
    def size(self) -> int:
        """How many bytes the files have; 0 where they must be unpacked or come from elsewhere."""
        return sum(self.file_ends()) if self.plain() else 0

    def plain(self) -> bool:
        """Whether the files lie on this machine as they are."""
        return all(text.file.plain() for text in self.files)

    def file_ends(self) -> list[int]:
        """Return where the files end, which must be ``plain``."""
        return [text.file.size() for text in self.files]

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

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows of all files in batches of bounded size."""
        for text in self.files:
            with reading(text.file), _stream(text, keep=keep) as stream:
                try:
                    yield from _read(self, text, stream, request)
                except DataError:
                    check_to_the_end(stream)
                    raise


def _stream(text: TextFile, *, keep: bool) -> BinaryIO:
    """Return the records of a file as a stream."""
    if text.stop is not None:
        return part(text.file, text.start, text.stop)
    stream = text.file.open(keep=keep)
    read_fully(stream, text.start)
    return stream


@lru_cache(maxsize=16)
def _first_values(table: TextTable, positions: tuple[int, ...]) -> dict[int, str]:
    """Return the first value of columns that begin without one, if there is any in the table."""
    found: dict[int, str] = {}
    with suppress(DataError):  # what is wrong further on is told in its turn
        for batch in table.read(Request(names=positions), keep=True):
            for position, names in zip(positions, batch.names, strict=True):
                values = (text.strip() for text in names.texts if not is_missing(text))
                if position not in found and (value := next(values, None)) is not None:
                    found[position] = value
            if len(found) == len(positions):
                break
    return found


def open_text(files: Files, options: InputOptions) -> TextTable:
    """Look at the first rows of each file and check the files against each other."""
    first: Dialect | None = None
    table: list[TextFile] = []
    empty: list[str] = []
    for file in files.files:
        sample, complete = _sample(file)
        if not sample and len(files.files) > 1:
            empty.append(file.name)  # a writer's empty part; refused below if others have headers
            continue
        dialect = sniff(file.name, sample, _like(first, options), complete=complete)
        if first is None:
            first = dialect
        _check_same_columns(file.name, dialect, first)
        table.append(TextFile(file, dialect.data_offset, dialect.data_line))
    if first is None:
        raise DataError("the files are empty", where=files.name)
    if first.header and empty:
        raise DataError("the file is empty: not even a header", where=empty[0])
    return TextTable(files.name, tuple(table), first)


def _like(first: Dialect | None, options: InputOptions) -> InputOptions:
    """Shards are read like the first of them."""
    if first is None:
        return options
    return replace(options, header=first.header, delimiter=first.delimiter, decimal=first.decimal)


def _check_same_columns(name: str, dialect: Dialect, first: Dialect) -> None:
    names = [column.name for column in dialect.columns]
    expected = [column.name for column in first.columns]
    if names != expected:
        raise DataError(
            f"shards with different columns: {_shown(expected)} before, here {_shown(names)}",
            where=name,
            hint="are they shards of one table? lossctl batch scores each by itself",
        )


def _shown(names: list[str | None]) -> str:
    if not names or names[0] is None:
        return f"{len(names)} columns"
    return ", ".join(quoted(name) for name in names[:8]) + (", …" if len(names) > 8 else "")


def _sample(file: File) -> tuple[bytes, bool]:
    """Return the first bytes, at least three lines of them, and whether there are no more."""
    with reading(file), file.open(keep=True) as stream:
        sample, wanted = read_fully(stream, SAMPLE_BYTES), SAMPLE_BYTES
        while (
            len(sample) == wanted < _SAMPLE_LIMIT
            and max(sample.count(b"\n"), sample.count(b"\r")) < 3
        ):
            sample += read_fully(stream, wanted)
            wanted *= 2
        return sample, len(sample) < wanted or not stream.read(1)


def _read(table: TextTable, text: TextFile, stream: BinaryIO, request: Request) -> Iterator[Batch]:
    """Read with pyarrow, chunk by chunk; what it does not take, or is brief, is read row by row.

    Some cells that pyarrow refuses are fine; the slow reader then simply reads the chunk.
    """
    dialect, size = table.dialect, table.chunk_bytes
    single, start = len(dialect.columns) == 1, text.start
    for chunk in chunks(stream, text.line, dialect.delimiter, keep_blank=single, size=size):
        if not chunk.plain:
            if text.stop is not None:
                raise CutError
            rest = following(chunk.data, stream)
            yield from _slowly(text, rest, chunk, dialect, request)
            return
        brief = len(chunk.data) <= BRIEF and start == text.start and len(table.files) == 1
        if brief or bytes(chunk.data[:3]) == BOM_UTF8:  # which pyarrow leaves out
            start += len(chunk.data)
            yield from _slowly(text, io.BytesIO(chunk.data), chunk, dialect, request)
            continue
        import pyarrow as pa  # noqa: PLC0415  # 50 ms

        from lossctl.sources.arrow_csv import parsed  # noqa: PLC0415

        stored = _Stored(text.file, start, len(chunk.data), chunk.line)
        start += stored.size
        try:
            batch = parsed(chunk, dialect, request)
        except pa.ArrowInvalid:
            yield from _slowly(text, io.BytesIO(chunk.data), chunk, dialect, request)
        else:
            on_disk = text.stop is not None or isinstance(stream, io.FileIO)
            on_disk &= text.file.source is None
            where = Lines(text.file.name, dialect, stored if on_disk else chunk)
            yield replace(batch, where=where, size=stored.size)


@dataclass(frozen=True)
class _Stored:
    """A chunk without its bytes, which are read again if they are asked for.

    Batches may wait, and what tells where they stand must not be larger than they are.
    """

    file: File
    start: int
    size: int
    line: int

    @property
    def data(self) -> bytes:
        """The bytes."""
        with reading(self.file), self.file.seekable() as stream:
            stream.seek(self.start)
            return read_fully(stream, self.size)


def _slowly(
    text: TextFile, stream: BinaryIO, chunk: Chunk, dialect: Dialect, request: Request
) -> Iterator[Batch]:
    found = records(text.file.name, stream, chunk.line, dialect)
    yield from read_slowly(text.file.name, found, dialect, request)
