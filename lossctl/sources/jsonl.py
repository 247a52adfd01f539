"""JSON lines: an object a row, whose keys are the columns."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from lossctl.errors import DataError
from lossctl.names import first_twice, quoted
from lossctl.numbers import spelled, to_number
from lossctl.sources.dialect import HEAD_ROWS, SAMPLE_ROWS, UTF8_BOM, kind_of
from lossctl.sources.files import Files
from lossctl.sources.records import names_of, not_a_number
from lossctl.sources.streams import File, reading
from lossctl.sources.table import EMPTY, Batch, Column, Request
from lossctl.texts import Keys
from lossctl.values import dataclass, replace

_BATCH_ROWS = 4096
_BATCH_BYTES = 4 * 1024 * 1024
_LINE_BYTES = 16 * 1024 * 1024  # an object takes up to 25 times as much as its line
_DEEPEST = 500  # levels: a little more can be read, but not be written
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # half of a character, mostly one of two


@dataclass(frozen=True)
class _Lines:
    name: str
    lines: tuple[int, ...]

    def place(self, row: int, column: Column | None) -> str:
        return _place(self.name, self.lines[row], column)


def _place(name: str, line: int, column: Column | None) -> str:
    place = f"{name}, line {line}"
    return place if column is None else f"{place}, column {quoted(column.label)}"


@dataclass(frozen=True)
class JsonTable:
    """One or more files of objects as one table; a key that a row lacks is a missing cell."""

    name: str
    files: tuple[File, ...]
    columns: tuple[Column, ...]
    shape: None = None
    size: int = 0
    header: None = None
    named: bool = True

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known, reading on where the first rows have no value."""
        return tuple(self._settled(c) if c.kind == EMPTY else c for c in columns)

    def _settled(self, column: Column) -> Column:
        for batch in self.read(Request(names=(column.position,)), keep=True):
            if first := next((text for text in batch.names[0].texts if text), None):
                return replace(column, kind=kind_of(first), first=first)
        return column

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in batches of bounded size."""
        for file in self.files:
            for rows in _gathered(_objects(file, keep=keep)):
                wrong: Any = rows.pop() if isinstance(rows[-1], DataError) else None
                stop, fault = self._first_fault(file, rows, request)
                if stop:
                    yield self._batch(file, rows[:stop], request)
                error: DataError | None = fault or wrong
                if error is not None:
                    raise error

    def _first_fault(
        self, file: File, rows: list[Any], request: Request
    ) -> tuple[int, DataError | None]:
        """Return how many rows are right, and what is wrong with the next."""
        for i, (line, row, _) in enumerate(rows):
            for position in request.numbers:
                column = self.columns[position]
                value = row.get(column.name)
                if _number(value) is None:
                    text = value if isinstance(value, str) else json.dumps(value)
                    return i, not_a_number(_place(file.name, line, column), text)
        return len(rows), None

    def _batch(self, file: File, rows: list[Any], request: Request) -> Batch:
        def cells(position: int) -> list[Any]:
            name = self.columns[position].name
            return [row.get(name) for _, row, _ in rows]

        numbers = [[_number(value) for value in cells(position)] for position in request.numbers]
        return Batch(
            np.array(numbers, dtype=np.float64).reshape(len(request.numbers), len(rows)).T,
            tuple(names_of(list(map(_text, cells(position)))) for position in request.names),
            tuple(Keys.of(list(map(_text, cells(position)))) for position in request.keys),
            _Lines(file.name, tuple(line for line, *_ in rows)),
        )


def open_jsonl(files: Files) -> JsonTable:
    """Look at the first rows for the keys.

    Raises:
        DataError: a line is no object, or there is none.

    """
    rows: list[dict[str, Any]] = []
    size = 0
    for file in files.files:
        for found in islice(_objects(file, keep=True), SAMPLE_ROWS - len(rows)):
            if isinstance(found, DataError):
                if rows:
                    break  # it is told in its turn
                raise found
            rows.append(found.value)
            size += found.size
            if size > _LINE_BYTES:
                break
        if size > _LINE_BYTES:
            break
    if not rows:
        raise DataError("there are no rows", where=files.name, hint="an object a line is wanted")
    names = dict.fromkeys(name for row in rows for name in row)
    columns = tuple(_column(i, name, rows) for i, name in enumerate(names))
    return JsonTable(files.name, files.files, columns)


def _column(position: int, name: str, rows: Sequence[dict[str, Any]]) -> Column:
    texts = [_text(row.get(name)).strip() for row in rows]
    first = next((text for text in texts if text), None)
    return Column(position, name, kind_of(first), first, tuple(texts[:HEAD_ROWS]))


class _Object(NamedTuple):
    line: int
    value: dict[str, Any]
    size: int  # bytes of the line


def _gathered(found: Iterator[_Object | DataError]) -> Iterator[list[Any]]:
    """Yield objects in lists, as many as are to be held at a time."""
    rows: list[Any] = []
    size = 0
    for one in found:
        rows.append(one)
        size += 0 if isinstance(one, DataError) else one.size
        if len(rows) == _BATCH_ROWS or size > _BATCH_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _objects(file: File, *, keep: bool) -> Iterator[_Object | DataError]:
    """Yield each object with its line; what is wrong is yielded, too, as the last."""
    with reading(file), _buffered(file.open(keep=keep)) as stream:
        line = 0
        while content := stream.readline(_LINE_BYTES):
            line += 1
            text = content.removeprefix(UTF8_BOM) if line == 1 else content
            if not text.strip():
                continue
            where = f"{file.name}, line {line}"
            if len(content) == _LINE_BYTES:
                what = f"the line is longer than {_LINE_BYTES >> 20} MiB"
                hint = "a row is an object of its own line: jq -c '.[]' makes them of a list"
                yield DataError(what, where=where, hint=hint)
                return
            try:
                value = _value(text)
            except (ValueError, RecursionError) as error:
                yield DataError(f"cannot read the object: {_why(error)}", where=where)
                return
            if not isinstance(value, dict):
                hint = 'a row is an object: {"prediction": 0.5, "label": 1}'
                yield DataError("not an object", where=where, hint=hint)
                return
            yield _Object(line, value, len(content))


def _value(line: bytes) -> Any:
    """Return the value on a line.

    Raises:
        ValueError: it is not JSON in UTF-8, or it may be read in several ways.
        RecursionError: it is nested too deeply.

    """
    text = line.decode()
    value = _DECODER.decode(text)
    if text.count("[") + text.count("{") > _DEEPEST and _is_deep(value):
        raise RecursionError
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _is_deep(value: Any) -> bool:
    """Whether lists and objects are within each other too many times."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class _TwiceError(ValueError):
    """A key stands twice in an object: other readers may take the first."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(first_twice([name for name, _ in pairs]))
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)  # json.loads would make one for each line


def _why(error: Exception) -> str:
    """Say what is wrong with a line."""
    if isinstance(error, _TwiceError):
        return f"the key {quoted(error)} stands twice"
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeEncodeError):
        return "half of a character, an unpaired surrogate, is no text"
    return "it is not JSON in UTF-8" if isinstance(error, UnicodeError) else "a number is too long"


def _buffered(stream: Any) -> io.BufferedReader[Any]:
    return io.BufferedReader(stream, 1 << 20)


def _number(value: Any) -> float | None:
    """Return the value of a cell; NaN where it is missing, None where it is no number."""
    if value is None:
        return np.nan
    if isinstance(value, str):
        return to_number(value)
    if not isinstance(value, bool | int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if value != value else spelled(value)  # noqa: PLR0124  # NaN
    return json.dumps(value)
