"""Parquet, Arrow and Feather files: only the columns that are needed, batch by batch."""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import Any, BinaryIO

from lossctl.errors import DataError
from lossctl.names import first_twice, quoted
from lossctl.sources.arrow import SAMPLE_ROWS, ArrowTable, as_table
from lossctl.sources.files import Files
from lossctl.sources.streams import File, reading
from lossctl.values import dataclass

_BATCH_ROWS = 65_536
_STREAM_END = b"\xff\xff\xff\xff\0\0\0\0"


@dataclass(frozen=True)
class ParquetPart:
    """A Parquet file, read row group by row group; ``span`` is which of its rows, if not all."""

    file: File
    span: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.file.name

    @property
    def first(self) -> int:
        """The number of the first row."""
        return self.span[0] if self.span else 0

    @property
    def size(self) -> int:
        """The bytes of the file; 0 if it comes from elsewhere."""
        return self.file.size() if self.file.plain() else 0

    @contextmanager
    def _opened(self, *, keep: bool) -> Iterator[Any]:
        import pyarrow.parquet as pq  # noqa: PLC0415

        with _readable(self.file), self.file.at_random(keep=keep) as stream:
            yield pq.ParquetFile(_buffered(stream))

    def schema(self) -> Any:
        """Return the names and types of the columns."""
        with self._opened(keep=True) as file:
            return _named(file.schema_arrow)

    def head(self) -> Any:
        """Return the first rows of all columns."""
        with self._opened(keep=True) as file:
            import pyarrow as pa  # noqa: PLC0415

            first = file.iter_batches(SAMPLE_ROWS, use_threads=False)
            return pa.Table.from_batches(list(_first(first)), file.schema_arrow)

    def batches(self, positions: Sequence[int], *, keep: bool) -> Iterator[Any]:
        """Yield record batches of these columns."""
        with self._opened(keep=keep) as file:
            known = file.schema_arrow.names
            names = [known[position] for position in positions]
            groups, skipped, count = self._span_of(file)
            for batch in file.iter_batches(
                _BATCH_ROWS, row_groups=groups, columns=names, use_threads=False
            ):
                rows = batch.slice(skipped, count) if self.span else batch
                skipped = max(0, skipped - batch.num_rows)
                count -= rows.num_rows
                if rows.num_rows:
                    yield rows.select(names)
        self.file.check()

    def _span_of(self, file: Any) -> tuple[list[int], int, int]:
        """Return the row groups that hold the rows, what precedes them there, and their number."""
        groups = file.metadata.num_row_groups
        if self.span is None:
            return list(range(groups)), 0, file.metadata.num_rows
        ends = list(accumulate(file.metadata.row_group(i).num_rows for i in range(groups)))
        begin, end = bisect_right(ends, self.span[0]), bisect_left(ends, self.span[1])
        before = ends[begin - 1] if begin else 0
        return list(range(begin, end + 1)), self.span[0] - before, self.span[1] - self.span[0]

    def groups(self) -> tuple[list[int], int] | None:
        """Return the rows of each group and the bytes of all, if the file can be read anywhere."""
        if not self.file.plain():
            return None
        with self._opened(keep=True) as file:
            found = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        return [one.num_rows for one in found], sum(one.total_byte_size for one in found)


@dataclass(frozen=True)
class ArrowPart:
    """An Arrow file or stream; Feather is another name for the file."""

    file: File
    first: int = 0
    size: int = 0

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.file.name

    @contextmanager
    def _opened(self, *, keep: bool) -> Iterator[tuple[Any, Iterator[Any]]]:
        """Give the schema and the record batches."""
        import pyarrow as pa  # noqa: PLC0415

        with _readable(self.file), self.file.seekable(keep=keep) as stream:
            start = stream.read(6)
            stream.seek(0)
            if start.startswith(b"FEA1"):
                raise _first_version(self.file)
            if start == b"ARROW1":
                file = pa.ipc.open_file(_buffered(stream))
                yield file.schema, map(file.get_batch, range(file.num_record_batches))
            else:
                _refuse_cut_stream(self.file, stream)
                reader = pa.ipc.open_stream(_buffered(stream))
                yield reader.schema, iter(reader)

    def schema(self) -> Any:
        """Return the names and types of the columns."""
        with self._opened(keep=True) as (schema, _):
            return _named(schema)

    def head(self) -> Any:
        """Return the first rows of all columns."""
        import pyarrow as pa  # noqa: PLC0415

        with self._opened(keep=True) as (schema, batches):
            return pa.Table.from_batches(list(map(_checked, _first(batches))), schema)

    def batches(self, positions: Sequence[int], *, keep: bool) -> Iterator[Any]:
        """Yield record batches of these columns."""
        with self._opened(keep=keep) as (_, batches):
            for batch in batches:
                yield _checked(batch.select(list(positions)))


def open_parquet(files: Files) -> ArrowTable:
    """Open Parquet files of the same columns as one table."""
    return _open(files, [ParquetPart(file) for file in files.files])


def open_arrow(files: Files) -> ArrowTable:
    """Open Arrow or Feather files of the same columns as one table."""
    return _open(files, [ArrowPart(file) for file in files.files])


def _open(files: Files, parts: Sequence[ParquetPart | ArrowPart]) -> ArrowTable:
    schema = parts[0].schema()
    for part in parts[1:]:
        names = part.schema().names
        if names != schema.names:
            raise DataError(
                f"shards with different columns: {_shown(schema.names)} before, "
                f"here {_shown(names)}",
                where=part.name,
                hint="are they shards of one table? lossctl batch scores each by itself",
            )
    twice = first_twice(schema.names)
    if twice is not None:
        raise DataError(f"two columns are called {quoted(twice)}", where=parts[0].name)
    heads = (part.head() for part in parts)
    head = next((head for head in heads if head.num_rows), None)
    if head is None:
        raise DataError("there are no rows", where=files.name)
    return as_table(files.name, parts, schema, head)


def _refuse_cut_stream(file: File, stream: BinaryIO) -> None:
    """Refuse a stream without its end mark: it may be cut off between two batches."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - len(_STREAM_END)))
    if stream.read() != _STREAM_END:
        raise DataError(
            "the Arrow stream has no end", where=file.name, hint="copy or write it again"
        )
    stream.seek(0)


def _first_version(file: File) -> DataError:
    """Return the error for Feather's first version: Arrow trusts its offsets, wherever they point.

    A damaged file would end the process, or give numbers of something else.
    """
    return DataError(
        "Feather of version 1, which cannot be read safely",
        where=file.name,
        hint="write it again: write_feather(read_table(FILE), FILE), both of pyarrow.feather",
    )


def _first(batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches up to the first one with rows."""
    for batch in batches:
        yield batch
        if batch.num_rows:
            return


def _named(schema: Any) -> Any:
    """Return a schema whose names can be read; where they are no UTF-8, that is told here."""
    assert all(isinstance(name, str) for name in schema.names)  # noqa: S101
    return schema


def _checked(batch: Any) -> Any:
    """Return a batch of Arrow's own format whose parts fit together: its reader takes any."""
    for column in batch.columns:
        _as_bytes(column).validate(full=True)
    return batch


def _as_bytes(column: Any) -> Any:
    """Return a column with its texts as bytes: they may be no UTF-8."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_dictionary(column.type):
        texts = _as_bytes(column.dictionary)
        return pa.DictionaryArray.from_arrays(column.indices, texts, safe=False)
    for text, as_bytes in (
        (pa.string(), pa.binary()),
        (pa.large_string(), pa.large_binary()),
        (pa.string_view(), pa.binary_view()),
    ):
        if column.type == text:
            return column.view(as_bytes)
    return column


def _buffered(stream: Any) -> Any:
    """Return a file for pyarrow: by its path where it has one, which is quicker."""
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(stream, pa.NativeFile):
        return stream
    if isinstance(stream, io.FileIO) and isinstance(stream.name, str):
        return pa.OSFile(stream.name)
    return pa.PythonFile(stream, mode="r")


@contextmanager
def _readable(file: File) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into an error that names the file."""
    import pyarrow as pa  # noqa: PLC0415

    with reading(file):
        try:
            yield
        except MemoryError as error:  # pyarrow's own is one
            what = "there is not enough memory for what the file announces"
            raise DataError(what, where=file.name) from error
        except (pa.ArrowException, UnicodeDecodeError, OverflowError) as error:
            raise _unreadable(file, error) from error
        except OSError as error:
            if error.errno is not None:  # from the system, not from a decoder
                raise
            raise _unreadable(file, error) from error


def _unreadable(file: File, error: Exception) -> DataError:
    what = str(error).partition("\n")[0].rstrip(".")
    hint = "copy or write it again"
    return DataError(f"cannot read the file: {what}", where=file.name, hint=hint)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names[:8]) + (", …" if len(names) > 8 else "")
