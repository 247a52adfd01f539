"""Tables in parts that can be read side by side: row ranges, row groups, ranges of text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from lossctl.block import Booleans
from lossctl.sources.arrays import ArrayTable
from lossctl.sources.arrow import ArrowTable
from lossctl.sources.chunks import CR, LF, QUOTE, Codes, chunks
from lossctl.sources.streams import File, part, read_fully, reading
from lossctl.sources.table import Reachable, Table
from lossctl.sources.text import TextFile, TextTable
from lossctl.sources.views import View
from lossctl.values import dataclass, replace

if TYPE_CHECKING:
    from lossctl.sources.arrow_files import ParquetPart

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]  # map, on as many threads

T = TypeVar("T")
WINDOW = 4 * 1024 * 1024
_FAR = 64 * 1024 * 1024  # bytes of a window that is counted elsewhere
_FILES = 16  # of a part: each may take a request or two


def reachable(table: Table, each: Each, *, far: bool = False) -> Reachable | None:
    """Return a table as one of which any rows can be read, if that is possible.

    The lines of text are counted for it, which takes a reading of its own: of text that comes from
    elsewhere only where ``each`` works on machines that are ``far``.
    """
    if isinstance(table, ArrayTable):
        return table if all(array.storage.reachable() for array in table.arrays) else None
    if isinstance(table, TextTable):
        near = all(text.file.source is None for text in table.files)
        return _counted(table, each, far=far) if table.plain() and (near or far) else None
    if isinstance(table, ArrowTable):
        return _grouped(table)
    return _beside(table, each, far=far) if isinstance(table, View) else None


def file_parts(table: Table, size: int) -> Iterator[Table]:
    """Cut a table that cannot be read from any row on near every ``size`` bytes.

    Text is cut anywhere: such a part is to be ``ended`` before it is read. What is packed, or
    JSON, or Arrow's, is cut between its files. A part has at most ``_FILES`` of them.
    """
    from lossctl.sources.jsonl import JsonTable  # noqa: PLC0415  # 3 ms

    if isinstance(table, View) and table.other is None:
        for one in file_parts(table.table, size):
            yield replace(table, table=one)
    elif isinstance(table, TextTable):
        pieces = [piece for text in table.files for piece in _pieces(text, size)]
        for texts in _gathered(pieces, size, _bytes_of):
            yield replace(table, files=tuple(texts))
    elif isinstance(table, JsonTable):
        for files in _gathered(table.files, size, File.size):
            yield replace(table, files=tuple(files))
    elif isinstance(table, ArrowTable) and _grouped(table) is None:
        for parts in _gathered(table.parts, size, _bytes_of_part):
            yield replace(table, parts=tuple(parts))


def _pieces(text: TextFile, size: int) -> Iterator[TextFile]:
    """Cut a file every so many bytes, wherever that is in a line; one that is packed is whole."""
    end = text.file.size() if text.file.plain() else 0
    if end - text.start <= size:
        yield text
        return
    for start in range(text.start, end, size):
        yield replace(text, start=start, stop=min(start + size, end), ragged=start > text.start)


def _bytes_of(text: TextFile) -> int:
    """Return how many bytes are read of a file; of one that is packed, of its packed ones."""
    return text.file.size() if text.stop is None else _length(text)


def _bytes_of_part(part_: Any) -> int:
    file = getattr(part_, "file", None)  # data in memory have none
    return int(part_.size if file is None else file.size())


def _gathered(items: Iterable[T], size: int, bytes_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Put neighbours together as long as they are small, and few."""
    some: list[T] = []
    total = 0
    for item in items:
        more = bytes_of(item)
        if some and (total + more > size or len(some) >= _FILES):
            yield some
            some, total = [], 0
        some.append(item)
        total += more
    if some:
        yield some


def ended(table: Table) -> Table:
    """Return a part of text that was cut anywhere, with the lines that start in it."""
    if isinstance(table, View):
        return replace(table, table=ended(table.table))
    if not isinstance(table, TextTable) or all(text.stop is None for text in table.files):
        return table
    files = (_with_whole_lines(text) for text in table.files)
    return replace(table, files=tuple(text for text in files if text.stop is None or _length(text)))


def _with_whole_lines(text: TextFile) -> TextFile:
    if text.stop is None:
        return text
    end = text.file.size()
    start = _line_end(text, text.start - 1, end) if text.ragged else text.start
    stop = _line_end(text, text.stop - 1, end)
    line = text.line if start == text.start and not text.ragged else None
    return TextFile(text.file, start, line, stop)


def text_parts(table: Table, size: int, first_rows: int) -> Iterator[Table]:
    """Cut a table of text at line ends near every ``size`` bytes; nothing if it cannot be cut.

    The first part has at least ``first_rows`` lines, or is all. A line end may be one in a quoted
    cell: whoever reads the part before it raises CutError.
    """
    if isinstance(table, View) and table.other is None:
        for one in text_parts(table.table, size, first_rows):
            yield replace(table, table=one)
    if not isinstance(table, TextTable) or not table.plain():
        return
    files: list[TextFile] = []
    head = True
    for text, end in zip(table.files, table.file_ends(), strict=True):
        start = text.start
        while start < end:
            wanted = start + size - sum(map(_length, files))
            if head:
                place, first_rows = _after_lines(text, start, end, first_rows)
                wanted = max(wanted, place)
            stop = end if wanted >= end else _line_end(text, wanted, end)
            files.append(TextFile(text.file, start, None, stop))
            if sum(map(_length, files)) >= size and (first_rows <= 0 or not head):
                yield replace(table, files=tuple(files))
                files, head = [], False
            start = stop
    if files:
        yield replace(table, files=tuple(files))


def numbered(whole: Table, part_: Table) -> Table:
    """Return a part with its lines counted from the start of its files, for messages."""
    if isinstance(whole, View) and isinstance(part_, View):
        other = None
        if whole.other is not None and part_.other is not None:
            other = numbered(whole.other, part_.other)
        return replace(part_, table=numbered(whole.table, part_.table), other=other)
    if not isinstance(whole, TextTable) or not isinstance(part_, TextTable):
        return part_
    starts = {text.file: text for text in whole.files}
    files = []
    for text in part_.files:
        if text.stop is None:
            files.append(text)
            continue
        first = starts[text.file]
        with part(text.file, first.start, text.start) as before:
            found = chunks(before, None, whole.dialect.delimiter, keep_blank=False)
            lines = sum(chunk.lines for chunk in found)
        files.append(replace(text, line=(first.line or 1) + lines))
    return replace(part_, files=tuple(files))


def _length(text: TextFile) -> int:
    return (text.stop or 0) - text.start


def _line_end(text: TextFile, place: int, end: int) -> int:
    """Return the place behind the first line end from some place on."""
    while place < end:
        stop = min(place + WINDOW // 64, end)
        found = _bytes(text, place, stop).find(b"\n")
        if found >= 0:
            return place + found + 1
        place = stop
    return end


def _after_lines(text: TextFile, start: int, end: int, lines: int) -> tuple[int, int]:
    """Return a place with so many lines before it, or the end, and how many are wanting."""
    with part(text.file, start, end) as stream:
        while lines > 0 and (data := read_fully(stream, WINDOW)):
            lines -= data.count(b"\n")
            start += len(data)
    return start, lines


@dataclass(frozen=True)
class _Window:
    """Some bytes of a file.

    ``rows`` is how many rows of the table end up to the end of it, ``inside`` whether it starts in
    a quoted cell.
    """

    text: TextFile
    start: int
    stop: int
    last: bool
    rows: int = 0
    inside: bool = False


@dataclass(frozen=True, eq=False)
class _Counted(TextTable):
    """A table of text the rows of which are counted in windows."""

    windows: tuple[_Window, ...] = ()
    ends: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.windows[-1].rows

    @property
    def row_bytes(self) -> float:
        """About how many bytes a row takes."""
        return sum(one.stop - one.start for one in self.windows) / self.rows

    def between(self, first: int, last: int) -> TextTable:
        """Return the rows from ``first`` to before ``last``."""
        begin, end = (
            bisect_left(self.windows, row, key=lambda one: one.rows) for row in (first, last)
        )
        files: list[TextFile] = []
        for window in range(begin, end + 1):
            one, before = self.windows[window], self.windows[window - 1].rows if window else 0
            start = _after_rows(one, first - before) if window == begin else one.start
            stop = _after_rows(one, last - before) if window == end else one.stop
            if files and files[-1].file == one.text.file:
                files[-1] = replace(files[-1], stop=stop)
            else:
                files.append(TextFile(one.text.file, start, None, stop))
        kept = tuple(text for text in files if _length(text))
        return TextTable(self.name, kept, self.dialect, self.chunk_bytes)


def _counted(table: TextTable, each: Each, *, far: bool) -> _Counted | None:
    """Count the rows of a table of text; None where a line end is not always that of a row."""
    size = _FAR if far else WINDOW
    windows = [
        _Window(text, start, min(start + size, end), start + size >= end)
        for text, end in zip(table.files, table.file_ends(), strict=True)
        for start in range(text.start, end, size)
    ]
    rows, inside = 0, False
    for i, found in enumerate(each(_ends_in, windows)):
        if found is None:
            return None
        outside, quoted, odd = found
        inside = inside and windows[i].start > windows[i].text.start
        rows += quoted if inside else outside
        windows[i] = replace(windows[i], rows=rows, inside=inside)
        inside ^= odd
        if inside and windows[i].last:  # a quote that closes nowhere: rows behind it end nowhere
            return None
    if not rows:
        return None
    whole = (table.name, table.files, table.dialect, table.chunk_bytes)
    return _Counted(*whole, windows=tuple(windows))


def _ends_in(window: _Window) -> tuple[int, int, bool] | None:
    """Count the rows that end in a window, if it starts outside of a quoted cell, or in one.

    And tell whether the number of quotes is odd. None where there are empty lines, or a CR that
    does not belong to a line end.
    """
    before = min(2, window.start - window.text.start)
    codes = np.frombuffer(_bytes(window.text, window.start - before, window.stop), np.uint8)
    if not before and codes[0] in (LF, CR):
        return None
    ends = codes == LF
    if (ends[1:] & ends[:-1]).any():
        return None
    returns = codes == CR
    if returns.any():
        alone = returns[:-1] & ~ends[1:]
        empty = ends[:-2] & returns[1:-1]
        if alone.any() or empty.any() or (window.last and returns[-1]):
            return None
    open_end = bool(window.last and not ends[-1])
    lines, inside = int(np.count_nonzero(ends[before:])), _inside(codes[before:])
    if inside is None:
        return lines + open_end, open_end, False
    quoted = int(np.count_nonzero(ends[before:] & inside))
    return lines - quoted + open_end, quoted + open_end, bool(inside[-1])


def _inside(codes: Codes) -> Booleans | None:
    """Mark what lies behind an odd number of quotes; None where there are no quotes."""
    quotes = codes == QUOTE
    return (np.cumsum(quotes, dtype=np.uint8) & 1).astype(bool) if quotes.any() else None


def _after_rows(window: _Window, rows: int) -> int:
    """Return where so many of the rows in a window end."""
    if rows == 0:
        return window.start
    codes = np.frombuffer(_bytes(window.text, window.start, window.stop), np.uint8)
    ends, inside = codes == LF, _inside(codes)
    if inside is not None:
        ends &= inside if window.inside else ~inside
    places = np.flatnonzero(ends)
    return window.start + int(places[rows - 1]) + 1 if rows <= len(places) else window.stop


def _bytes(text: TextFile, start: int, stop: int) -> bytes:
    with reading(text.file), part(text.file, start, stop) as stream:
        return read_fully(stream, stop - start)


@dataclass(frozen=True, eq=False)
class _Grouped(ArrowTable):
    """A table of Parquet files; ``ends`` are the rows up to the end of each row group."""

    ends: tuple[int, ...] = ()
    file_rows: tuple[int, ...] = ()
    row_bytes: float = 0

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.ends[-1]

    def between(self, first: int, last: int) -> ArrowTable:
        """Return the rows from ``first`` to before ``last``."""
        parts, before = [], 0
        for file, rows in zip(self.parts, self.file_rows, strict=True):
            span = max(first - before, 0), min(last - before, rows)
            if span[0] < span[1]:
                parts.append(replace(cast("ParquetPart", file), span=span))
            before += rows
        return ArrowTable(self.name, tuple(parts), self.columns, named=self.named)


def _grouped(table: ArrowTable) -> _Grouped | None:
    from lossctl.sources.arrow_files import ParquetPart  # noqa: PLC0415  # not for text

    found = [one.groups() if isinstance(one, ParquetPart) else None for one in table.parts]
    known = [one for one in found if one is not None]
    groups = [rows for one, _ in known for rows in one if rows]
    if len(known) < len(found) or not groups:
        return None
    return _Grouped(
        table.name,
        table.parts,
        table.columns,
        named=table.named,
        ends=tuple(accumulate(groups)),
        file_rows=tuple(sum(one) for one, _ in known),
        row_bytes=sum(size for _, size in known) / sum(groups),
    )


@dataclass(frozen=True, eq=False)
class _Beside(View):
    """A table with another beside it, both of which can be read from any row on."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return cast("Reachable", self.table).rows

    @property
    def row_bytes(self) -> float:
        """About how many bytes a row takes."""
        return cast("Reachable", self.table).row_bytes

    @property
    def ends(self) -> Sequence[int]:
        """The rows behind which it is best cut."""
        return cast("Reachable", self.table).ends

    def between(self, first: int, last: int) -> View:
        """Return the rows from ``first`` to before ``last``."""
        own = cast("Reachable", self.table).between(first, last)
        other = None
        if self.other is not None:
            other = cast("Reachable", self.other).between(first, last)
        return View(own, self.hidden, other, self.column, self.listed)


def _beside(view: View, each: Each, *, far: bool) -> _Beside | None:
    own = reachable(view.table, each, far=far)
    other = None if view.other is None else reachable(view.other, each, far=far)
    if own is None or (view.other is not None and (other is None or other.rows != own.rows)):
        return None
    return _Beside(own, view.hidden, other, view.column, view.listed)
