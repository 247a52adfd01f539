"""JSON, in pieces: a result may have more groups than there is room for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from lossctl.render.content import Content
from lossctl.result import SCHEMA, Group, Result
from lossctl.values import replace

if TYPE_CHECKING:
    from lossctl.render.content import Looks

_LINE = json.JSONEncoder(allow_nan=False)
_PRETTY = json.JSONEncoder(allow_nan=False, indent=2)


def write_json(content: Content, stream: TextIO, _: Looks) -> None:
    """Write one object, or for several losses an object with a list of them; strict RFC 8259.

    A group is a line.
    """
    stream.writelines(_object(_document(content)))
    stream.write("\n")


def write_jsonl(content: Content, stream: TextIO, _: Looks) -> None:
    """Write an object a line, strict RFC 8259 each: the results, then what failed."""
    for result in content.results:
        stream.writelines(_object(_fields(content, result), None))
        stream.write("\n")
    stream.writelines(dumped(failure.to_dict()) for failure in content.failed)


def dumped(value: Any, *, indent: int | None = None, ensure_ascii: bool = True) -> str:
    """Return a value as strict JSON, in a line or with an indent."""
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii, allow_nan=False)
    if not text.isascii():  # what could steer a terminal is escaped, as everywhere
        text = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    return text + "\n"


def _document(content: Content) -> dict[str, Any]:
    """Return an object with iterators in it where there may be long lists."""
    ranking, results = content.ranking, content.results
    if ranking is None and len(results) == 1:
        return _fields(content, results[0])
    head = {"schema": SCHEMA} if ranking is None else replace(ranking, results=()).to_dict()
    pieces = (_object(_fields(content, result), "    ") for result in results)
    return {**head, "results": pieces}


def _fields(content: Content, result: Result) -> dict[str, Any]:
    """Return a result likewise."""
    ranked = content.ranking is not None
    if result.groups is None:
        return result.to_dict(ranked=ranked)
    fields = replace(result, groups=()).to_dict(ranked=ranked)
    fields["groups"] = _lines(result.groups, result.level)
    return fields


def _lines(groups: Iterable[Group], level: float) -> Iterator[tuple[str]]:
    return ((_LINE.encode(group.to_dict(level)),) for group in groups)


def _object(fields: Mapping[str, Any], indent: str | None = "") -> Iterator[str]:
    """Yield an object in pieces; an iterator in it is a list, which has the pieces of its items.

    ``indent`` is that of its last line; None puts all in one line.
    """
    inside = None if indent is None else f"{indent}  "
    encoder = _LINE if inside is None else _PRETTY
    mark = "{"
    for key, value in fields.items():
        yield f"{mark}{_start(inside, first=mark == '{')}{_LINE.encode(key)}: "
        if isinstance(value, Iterator):
            yield from _list(value, inside)
        else:
            yield encoder.encode(value).replace("\n", f"\n{inside}")
        mark = ","
    yield _end(indent, "}")


def _list(items: Iterator[Iterable[str]], indent: str | None) -> Iterator[str]:
    inside = None if indent is None else f"{indent}  "
    mark = "["
    for item in items:
        yield mark + _start(inside, first=mark == "[")
        yield from item
        mark = ","
    yield _end(indent, "]") if mark == "," else "[]"


def _start(indent: str | None, *, first: bool) -> str:
    if indent is None:
        return "" if first else " "
    return f"\n{indent}"


def _end(indent: str | None, bracket: str) -> str:
    return bracket if indent is None else f"\n{indent}{bracket}"
