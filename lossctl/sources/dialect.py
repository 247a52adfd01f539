"""What kind of text file this is, judged from its first rows: delimiter, header, columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import chain, islice
from typing import TypeAlias

from lossctl.errors import DataError, UsageError
from lossctl.known import is_key, is_label, is_prediction
from lossctl.numbers import is_missing, to_number
from lossctl.sources.files import EMPTY_HINT, FORMATS
from lossctl.sources.table import EMPTY, NUMBER, TEXT, Column
from lossctl.values import dataclass

SAMPLE_BYTES = 256 * 1024
SAMPLE_ROWS = 1000
_MOSTLY_ENOUGH = 64 * 1024  # bytes: lines are mostly short
HEAD_ROWS = 5
_MOST = 1 << 20  # columns, as of arrays
UTF8_BOM = b"\xef\xbb\xbf"
# The default of 128 KiB refuses honest files. The limit is one for the whole process.
csv.field_size_limit(max(csv.field_size_limit(), 64 * 1024 * 1024))
_Split: TypeAlias = Callable[[str], tuple[list[list[str]], list[int]]]  # by a delimiter
_DELIMITERS = "\t;|,"  # in this order: a decimal comma must not split a file of semicolons


@dataclass(frozen=True)
class InputOptions:
    """What the user says about the inputs; None is to be found out.

    ``format`` is for standard input and files whose suffix does not tell it.
    """

    format: str | None = None
    header: bool | None = None
    delimiter: str | None = None
    decimal: str = "."

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.format not in (None, *FORMATS):
            hint = f"the formats are {', '.join(FORMATS)}"
            raise UsageError(f"--input-format is not '{self.format}'", hint=hint)
        if self.decimal not in (".", ","):
            raise UsageError(f"--decimal is '.' or ',', not '{self.decimal}'")
        if self.delimiter is not None and (
            len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n'
        ):
            raise UsageError(f"--delimiter is one ASCII character, not '{self.delimiter}'")
        if self.delimiter == self.decimal:
            raise UsageError("--delimiter and --decimal are the same character")


@dataclass(frozen=True)
class Dialect:
    """How to read a text file: its columns and where its data start, in bytes and in lines."""

    delimiter: str
    decimal: str
    header: bool
    columns: tuple[Column, ...]
    data_offset: int
    data_line: int


def kind_of(cell: str | None, decimal: str = ".") -> str:
    """Return the kind of a column whose first value is this."""
    if cell is None:
        return EMPTY
    return TEXT if to_number(cell, decimal) is None else NUMBER


def sniff(path: str, sample: bytes, options: InputOptions, *, complete: bool) -> Dialect:
    """Judge a file from its first bytes.

    Raises:
        DataError: it is not text, it is empty, or whether it has a header cannot be told.

    """
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in sample:
        hint = "for UTF-16 text: iconv -f UTF-16 -t UTF-8"
        raise DataError("not a text file in UTF-8", where=path, hint=hint)
    start = len(UTF8_BOM) if sample.startswith(UTF8_BOM) else 0
    if sample[:_MOSTLY_ENOUGH].count(b"\n") > 2 * SAMPLE_ROWS:
        sample, complete = sample[:_MOSTLY_ENOUGH], False
    lines = sample[start:].splitlines(keepends=True)
    if not complete and len(lines) > 1:
        lines.pop()  # it may be cut off
    _refuse_endless(path, lines, options.delimiter or _DELIMITERS)
    text = b"".join(lines).decode("utf-8", "surrogateescape")
    split = lru_cache(partial(_records, text))
    delimiter = options.delimiter or _delimiter(path, text, options.decimal, split)
    rows, ends = split(delimiter)
    if not complete and len(rows) > 1 and ends[-1] == len(lines):
        rows, ends = rows[:-1], ends[:-1]  # a quoted field may go on after the sample
    if not rows:
        raise DataError("the file is empty", where=path, hint=EMPTY_HINT)
    header = options.header
    if header is None:
        header = _has_header(path, rows, options.decimal)
    if header:
        _check_header(path, text, delimiter)
    names = [name.strip() for name in rows[0]] if header else None
    body = rows[1:] if header else rows
    columns = tuple(
        _column(position, names, body, options.decimal) for position in range(len(rows[0]))
    )
    skipped = sum(map(len, lines[: ends[0]])) if header else 0
    line = 1 + ends[0] if header else 1
    return Dialect(delimiter, options.decimal, header, columns, start + skipped, line)


def _refuse_endless(path: str, lines: Sequence[bytes], delimiters: str) -> None:
    """Refuse lines of more columns than anybody has: no more of them can be told apart in time."""
    if len(max(lines, key=len, default=b"")) > _MOST:
        for number, line in enumerate(lines, start=1):
            if any(line.count(one.encode()) >= _MOST for one in delimiters):
                where = f"{path}, line {number}"
                raise DataError(f"a line of more than {_MOST:,} columns", where=where)


def _records(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Return the first records that are not blank, and after which line each ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    ends: list[int] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
                ends.append(reader.line_num)
            if len(rows) > SAMPLE_ROWS:
                break
    except csv.Error:  # a field beyond all size: reading will say where
        pass
    return rows, ends


def _check_header(path: str, text: str, delimiter: str) -> None:
    """Refuse a header with a quote that closes nowhere, or far below: it would swallow rows."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        while not next(reader):
            start = 1 + reader.line_num
    except csv.Error as error:
        hint = "a quote that is opened on this line may not be closed"
        where = f"{path}, line {start}"
        raise DataError(f"cannot read the header: {error}", where=where, hint=hint) from error


def _delimiter(path: str, text: str, decimal: str, split: _Split) -> str:
    """Return the delimiter that splits every sampled row alike; else the one that splits most."""
    likely, alike = ";" if decimal == "," else ",", 0.0
    for delimiter in _DELIMITERS.replace(decimal, ""):
        if delimiter not in text:
            continue
        rows, _ = split(delimiter)
        widths = [len(row) for row in rows]
        if widths and max(widths) > 1:
            commonest = max(widths.count(width) for width in set(widths) - {1})
            if commonest == len(widths):
                return delimiter
            if commonest / len(widths) > max(alike, 0.5):
                likely, alike = delimiter, commonest / len(widths)
    if alike:
        return likely
    return " " if _split_by_spaces(path, text, decimal) else likely


def _split_by_spaces(path: str, text: str, decimal: str) -> bool:
    """Whether spaces separate numbers, as ``np.savetxt`` writes them; names may hold spaces."""
    lines = islice(io.StringIO(text, newline=""), SAMPLE_ROWS)
    rows = [line.strip("\r\n") for line in lines]
    cells = [row.split() for row in rows if row.strip()]
    if not cells or len(cells[0]) < 2 or any(len(row) != len(cells[0]) for row in cells):
        return False
    body = cells[1:] or cells
    if any(to_number(cell, decimal) is None for row in body for cell in row):
        return False
    if any(row.split(" ") != row.split() for row in rows if row.strip()):
        raise DataError(
            "the columns are separated by runs of spaces",
            where=path,
            hint="make them single: sed 's/^ *//; s/ *$//' FILE | tr -s ' '",
        )
    return True


def _has_header(path: str, rows: Sequence[list[str]], decimal: str) -> bool:
    first, rest = rows[0], rows[1:]
    numbers = [to_number(cell, decimal) for cell in first]
    if all(number is not None for number in numbers):
        if _is_frame_header(first, rest):
            return True
        if _counts_up(first) and _any_decimal(rest, decimal):
            raise _undecided(path, "its first row may be a frame's default header or data")
        return False
    decimals = any(_is_decimal(cell, decimal) for cell in first)
    if not decimals and any(_names_its_column(cell, i, rest) for i, cell in enumerate(first)):
        return True
    if not decimals and any(
        number is None and _is_name(first[i]) and _all_numbers(i, rest, decimal)
        for i, number in enumerate(numbers)
    ):
        return True
    counting = [cell for cell, number in zip(first, numbers, strict=True) if number is not None]
    if len(counting) > 2 and _counts_up(counting) and _any_decimal(rest, decimal):
        raise _undecided(path, "its first row may name classes 0, 1, 2, …, or be data")
    if any(number is not None and number == number for number in numbers):  # noqa: PLR0124
        return False  # a row with a number in it, above no column of numbers, is data
    if all(len(row) == 1 and " " in row[0].strip() for row in rows[:HEAD_ROWS]):
        raise DataError("the columns are separated by spaces", where=path, hint="--delimiter ' '")
    raise _undecided(path, "all its columns are text")


def _undecided(path: str, why: str) -> DataError:
    return DataError(
        f"cannot tell whether the file has a header: {why}",
        where=path,
        hint="say --header or --no-header",
    )


def _counts_up(first: Sequence[str]) -> bool:
    """Whether a row is 0, 1, 2, …, perhaps after an empty cell: a frame's columns by default."""
    cells = [cell.strip() for cell in first]
    return (cells[1:] if cells[0] == "" else cells) == [
        str(i) for i in range(len(cells) - (cells[0] == ""))
    ]


def _is_frame_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether a frame's default columns stand above its default index: both count from 0."""
    index = [row[0].strip() for row in rest]
    return (
        len(first) > 1
        and first[0].strip() == ""
        and _counts_up(first)
        and index == [str(i) for i in range(len(index))]
        and len(index) > 0
    )


def _is_name(cell: str) -> bool:
    """Whether a cell could name a column; a "?" or "-" stands for a value."""
    return any(character.isalnum() for character in cell)


def _is_decimal(cell: str, decimal: str) -> bool:
    number = to_number(cell, decimal)
    return number is not None and number == number and not cell.strip().lstrip("+-").isdigit()  # noqa: PLR0124


def _any_decimal(rows: Sequence[Sequence[str]], decimal: str) -> bool:
    return any(_is_decimal(cell, decimal) for row in rows for cell in row)


def _names_its_column(cell: str, position: int, rest: Sequence[Sequence[str]]) -> bool:
    """Whether a cell is a name we know and not a value of its column (a class called "true")."""
    name = cell.strip()
    if not (is_label(name) or is_prediction(name) or is_key(name)):
        return False
    name = name.casefold()
    below = {row[position].strip().casefold() for row in rest if position < len(row)}
    return name not in below and not (name == "true" and below <= {"false", ""})


def _all_numbers(position: int, rest: Sequence[Sequence[str]], decimal: str) -> bool:
    """Whether a column holds numbers only, and at least one that is not missing."""
    cells = [to_number(row[position], decimal) for row in rest if position < len(row)]
    return None not in cells and any(cell == cell for cell in cells)  # noqa: PLR0124  # not NaN


def _column(
    position: int, names: Sequence[str] | None, body: Sequence[Sequence[str]], decimal: str
) -> Column:
    name = names[position] if names else None
    cells = (row[position].strip() for row in body if position < len(row))
    head = tuple(islice(cells, HEAD_ROWS))
    first = next((cell for cell in chain(head, cells) if not is_missing(cell)), None)
    return Column(position, name, kind_of(first, decimal), first, head)
