"""JSON lines: what Python's json reads, strictly, or an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import lossctl
from fuzz.target import Choices, answer, is_error, same, target, written
from fuzz.texts import number
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.table import Request

_VALUES = (
    *(b"1", b"-0", b"1e400", b"NaN", b"-Infinity", b"1.5", b'"0.5"', b'"a"', b'"\\ud800"', b"null"),
    *(
        b"true",
        b"[1]",
        b'{"a":1}',
        b'"caf\xe9"',
        b'"\\u0000"',
        b"01",
        b"1_0",
        b'"1,5"',
        b'""',
        b"{}",
    ),
    *(b"[" * 40 + b"]" * 40, b"1" * 50, b'"\xed\xa0\x80"', b"123456789012345678901234567890.5"),
)


def seeds() -> Iterator[bytes]:
    """Yield lines that hold every value somewhere."""
    for value in _VALUES:
        line = (
            b'{"id":"a","pred":'
            + value
            + b',"label":1}\n{"pred":2,"label":'
            + value
            + b',"id":"b"}\n'
        )
        yield b"\0" + line
        yield b'\1{"p_a":0.5,"p_b":0.5,"label":' + value + b"}\n"
    yield b'\0{"pred":1,"label":1,"pred":2}\n'
    yield b'\0\xef\xbb\xbf{"pred":1,"label":1}\r\n\r\n{"pred":1,"label":1}'


def _strict(content: bytes) -> list[dict[str, Any]] | None:
    """Return the objects of the lines; None if one is none, or has a key twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError(pairs)
        return dict(pairs)

    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    try:
        rows = [json.loads(line.decode(), object_pairs_hook=once) for line in lines if line.strip()]
    except (ValueError, RecursionError):
        return None
    return rows if all(isinstance(row, dict) for row in rows) else None


@target(seeds)
def jsonl(data: bytes) -> None:
    """Numbers are those of the objects; a line that is wrong is an error."""
    choices = Choices(data)
    loss = choices.one(("mse", "ce"))
    content = choices.rest()
    path = written("f.jsonl", content)
    opened = answer(lambda: open_tables([path], InputOptions()).tables[0])
    if not is_error(opened) and type(opened).__name__ == "JsonTable":
        for column in opened.columns[:6]:
            place = (column.position,)
            found = answer(lambda: _numbers(opened, Request(place)))
            texts = answer(lambda: _texts(opened, Request((), place, place)))
            rows = _strict(content)
            if not is_error(found):
                assert rows is not None, "a line that is wrong was read"
                values = [row.get(column.name) for row in rows]
                same([_as_number(value) for value in values], found)
            assert is_error(texts) or rows is not None
    more: Any = ({}, {"id": "id", "worst": 2}, {"by": "g"})
    for options in more:
        answer(lambda: lossctl.score(loss, path, **options).to_dict())


def _numbers(table: Any, request: Request) -> list[float]:
    return [value for batch in table.read(request) for value in batch.numbers[:, 0].tolist()]


def _texts(table: Any, request: Request) -> list[str]:
    found = []
    for batch in table.read(request):
        assert batch.names[0].tolist() == batch.keys[0].tolist()
        found += batch.names[0].tolist()
    return found


def _as_number(value: Any) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, str):
        found = number(value)
        assert found is not None, f"{value!r} was read as a number"
        return found
    assert isinstance(value, bool | int | float), f"{value!r} was read as a number"
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else -float("inf")
