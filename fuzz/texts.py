"""Text files: all ways through the reader agree, with each other and with the csv module."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import lossctl
from fuzz.seeds import TEXTS
from fuzz.target import Choices, answer, changed, is_error, same, target, written
from lossctl.engines import cutting, local
from lossctl.sources import InputOptions, open_tables, parts
from lossctl.sources import text as text_files
from lossctl.sources.table import CutError, Request, Table
from lossctl.sources.text import TextTable
from lossctl.values import replace

ALWAYS, NEVER = 1 << 60, 0  # until how many bytes text is read row by row
_KINDS = 8  # columns of which more than one is of a kind
_DELIMITERS = (None, ",", "\t", ";", "|", " ", ":")
_NUMBER = re.compile(
    r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE
)
_MISSING = re.compile(r"|na|n/a|null|none|[+-]?nan(\(\w*\))?", re.IGNORECASE)


# UTF-16, archives, arrays, Arrow's streams, what is packed: told by their first bytes, as no text.
_OTHERS = (
    *(b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"\x93NUMPY", b"\xff\xff\xff\xff", b"\x1f\x8b"),
    *(b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", *(bytes([c]) + b"\x2a\x4d\x18" for c in range(0x50, 0x60))),
    *(b"BZh%d" % level for level in range(1, 10)),
)

_ARROW = re.compile(rb"(PAR1|ARROW1|FEA1)([\0-\x08\x0b\x0c\x0e-\x1f]|\Z)")


def seeds() -> Iterator[bytes]:
    """Yield texts behind bytes that choose how they are read."""
    for i, text in enumerate(TEXTS):
        yield bytes([i % 3, 0, 0]) + text
        yield bytes([1, 1, 0]) + text


def _options(choices: Choices) -> InputOptions:
    header, delimiter = choices.one((None, True, False)), choices.one(_DELIMITERS)
    decimal = choices.one((".", ".", ".", ","))
    return InputOptions("csv", header, None if delimiter == decimal else delimiter, decimal)


def request_of(table: Table) -> Request:
    """Return a request for all columns: as numbers, names, keys, in turn."""
    places = range(len(table.columns[:_KINDS]))
    if len(places) == 1:
        kind = table.columns[0].kind
        return Request((0,)) if kind != "text" else Request((), (0,), (0,))
    return Request(tuple(places[::3]), tuple(places[1::3]), tuple(places[2::3]))


def rows_of(tables: Iterator[Any], request: Request) -> list[Any]:
    """Return all rows with their places, and the error that ends them."""
    found: list[Any] = []

    def read() -> None:
        for table in tables:
            for batch in table.read(request):
                columns = [list(map(repr, column)) for column in batch.numbers.T.tolist()]
                columns += [names.tolist() for names in (*batch.names, *batch.keys)]
                places = [batch.place(i, table.columns[0]) for i in range(len(batch))]
                found.extend(zip(*columns, places, strict=True))

    said = answer(read)
    return [*found, said] if is_error(said) else found


def _cut(table: TextTable, size: int) -> Iterator[Table]:
    """Cut a table as threads do that read both sides from one file."""
    if len(table.columns) == 1:  # of two sides one is a column at least
        yield table
        return
    for part in parts.text_parts(table, size, 1):
        yield parts.numbered(table, part)


def _anywhere(table: TextTable, size: int) -> Iterator[Table]:
    """Cut a table as it is cut for machines elsewhere: in a line."""
    if len(table.columns) == 1:
        yield table
        return
    for part in parts.file_parts(table, size):
        yield parts.numbered(table, parts.ended(part))


def _between(table: TextTable, step: int) -> Iterator[Table]:
    """Cut a table at counted rows."""
    whole = parts.reachable(table, map)
    if whole is None:
        yield table
        return
    for first in range(0, whole.rows, step):
        yield parts.numbered(table, whole.between(first, min(first + step, whole.rows)))


@target(seeds)
def text(data: bytes) -> None:
    """Row by row, by pyarrow, in small chunks, cut into parts: the same rows, the same error."""
    choices = Choices(data)
    options, size = _options(choices), 1 + choices.below(64)
    path = written("f.csv", choices.rest())
    opened = answer(lambda: open_tables([path], options).tables[0])
    if is_error(opened):
        return
    request = request_of(opened)
    with changed(text_files, BRIEF=ALWAYS):
        expected = rows_of(iter([opened]), request)
    with changed(text_files, BRIEF=NEVER):
        same(expected, rows_of(iter([opened]), request))
        same(expected, rows_of(iter([replace(opened, chunk_bytes=size)]), request))
    with changed(parts, WINDOW=max(64, size)):
        cut = (_cut(opened, size), _anywhere(opened, size), _between(opened, 1 + size % 5))
        for found in cut:
            with suppress(CutError):  # then it is read whole
                same(expected, rows_of(found, request))


@target(seeds)
def parts_of_a_score(data: bytes) -> None:
    """A score is the same row by row, by pyarrow, and cut into parts on two threads."""
    choices = Choices(data)
    options, size = _options(choices), 16 + choices.below(256)
    loss = choices.one(("mse", "bce", "ce", "mae"))
    path = written("f.csv", choices.rest())
    given: Any = {
        "header": options.header,
        "delimiter": options.delimiter,
        "decimal": options.decimal,
        "nan": choices.one(("error", "skip", "propagate")),
    }

    same_in_three_ways(lambda jobs: lossctl.score(loss, path, jobs=jobs, **given), size, 64)


def same_in_three_ways(score: Callable[[int], Any], size: int, window: int) -> None:
    """Compare scores row by row, by pyarrow, and in parts of some bytes on two threads."""

    def scored(jobs: int) -> Any:
        return answer(lambda: _told(score(jobs)))

    with changed(text_files, BRIEF=ALWAYS):
        expected = scored(1)
    with changed(text_files, BRIEF=NEVER):
        same(expected, scored(1))
        with (
            changed(local, WORTH_CUTTING=0),
            changed(cutting, PART_BYTES=size, ROWS=2),
            changed(parts, WINDOW=window),
        ):
            same(expected, scored(2))


def _told(result: Any) -> Any:
    return (result.value, result.sum, result.n, result.skipped, result.denominator, result.columns)


@target(seeds)
def inference(data: bytes) -> None:
    """What is found out of a file gives the same when it is said."""
    choices = Choices(data)
    loss = choices.one(("mse", "bce", "ce", "brier", "poisson"))
    content = choices.rest()
    path = written("f.csv", content)
    found = answer(lambda: lossctl.score(loss, path))
    if is_error(found):
        return
    table: Any = open_tables([path], InputOptions()).tables[0]
    told = answer(
        lambda: lossctl.score(
            loss,
            path,
            header=found.columns.header,
            delimiter=table.dialect.delimiter,
            pred_col=_positions(table, found.columns.predictions),
            label_col=_positions(table, found.columns.label),
        )
    )
    same(_told(found), told if is_error(told) else _told(told))


def _positions(table: Any, labels: Any) -> list[int]:
    return [next(c.position for c in table.columns if c.label == label) for label in labels]


@target(seeds)
def oracle(data: bytes) -> None:
    """The csv module and float read the same rows, as far as they are told.

    Where lossctl differs by its contract: digits are ASCII, without underscores; a blank line is no
    row among several columns, and a missing cell of one column but not at the end; a number column
    has spellings of "missing"; a NUL, or the BOM of UTF-16, is no text; quotes are strict.
    """
    choices = Choices(data)
    header, delimiter = choices.one((False, True, True)), choices.one((",", ",", "\t", ";"))
    content = choices.rest()
    path = written("f.csv", content)
    found = answer(lambda: _read(path, InputOptions(None, header, delimiter)))
    expected = _expected(content, delimiter, header=header)
    if expected is None or is_error(found):
        assert expected is None, f"lossctl refuses what is fine: {found}"
        assert is_error(found), f"lossctl reads what is not: {found}"
    else:
        same(expected, found)


def _read(path: str, options: InputOptions) -> list[list[float]]:
    (table,) = open_tables([path], options).tables
    request = Request(tuple(range(len(table.columns))))
    return [row for batch in table.read(request) for row in batch.numbers.tolist()]


def _expected(content: bytes, delimiter: str, *, header: bool) -> list[list[float]] | None:
    """Return the rows as numbers; None if they are not a table of numbers in UTF-8."""
    if content.startswith(_OTHERS) or _ARROW.match(content) or b"\0" in content:
        return None
    decoded = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    first = _first_record(decoded, delimiter)
    if first is None:
        return None
    names, body = first
    records = csv.reader(
        io.StringIO(body if header else decoded, newline=""), delimiter=delimiter, strict=True
    )
    try:
        rows = list(records)
    except csv.Error:
        return None
    if len(names) > 1:
        rows = [row for row in rows if row]
    else:
        while rows and not rows[-1]:
            rows.pop()
        rows = [row or [""] for row in rows]
    if any(len(row) != len(names) for row in rows):
        return None
    numbers = [[number(cell) for cell in row] for row in rows]
    return None if any(None in row for row in numbers) else numbers  # type: ignore[return-value]


def _first_record(decoded: str, delimiter: str) -> tuple[list[str], str] | None:
    """Return the first record that is not blank, and what follows it."""
    lines = io.StringIO(decoded, newline="").readlines()
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    with suppress(csv.Error):
        for record in reader:
            if record:
                return record, "".join(lines[reader.line_num :])
    return None


def number(cell: str) -> float | None:
    """Return the value of a cell by the contract; NaN if it is missing, None if it is none."""
    cell = cell.strip()
    if _MISSING.fullmatch(cell):
        return math.nan
    return float(cell) if _NUMBER.fullmatch(cell) else None
