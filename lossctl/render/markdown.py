"""A Markdown table, for notes and job summaries."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lossctl.render import cells
from lossctl.result import Result


def markdown_rows(rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text; the first row is its header."""
    header, *body = rows
    return "\n".join(map(_line, [header, ["---"] * len(header), *body])) + "\n"


def markdown_text(results: Sequence[Result], precision: int) -> str:
    """Return the table, what the results have in common, and their signatures."""
    header = cells.header(results)
    lines = [
        _line(header),
        _line(["---"] + ["---:"] * (len(header) - 1)),
        *(_line(cells.row(result, precision)) for result in results),
        "",
        *(f"- {line}" for result in results for line in cells.remarks(result, precision)),
        *(f"- {_code(note)}" for note in cells.notes(results[0])),
        *(f"- {_code(result.signature)}" for result in results),
        *(_conventions(results, precision) if results[0].conventions else ()),
        *(line for result in results if result.worst for line in _worst(result, precision)),
    ]
    return "\n".join(lines) + "\n"


def _conventions(results: Sequence[Result], precision: int) -> list[str]:
    header, rows = cells.conventions(results, precision)
    rule = ["---"] + ["---:"] * (len(header) - 2) + ["---"]
    return ["", _line(header), _line(rule), *map(_line, rows)]


def _worst(result: Result, precision: int) -> list[str]:
    (key, *others), rows = cells.worst(result, precision)
    return [
        "",
        f"{cells.worst_title(result)}:",
        "",
        _line([_code(key), *others]),
        _line(["---"] + ["---:"] * len(others)),
        *(_line([_code(first), *rest[:-1], _code(rest[-1])]) for first, *rest in rows),
    ]


def _line(parts: Sequence[str]) -> str:
    escaped = (part.replace("|", "\\|") for part in parts)
    return f"| {' | '.join(escaped)} |"


def _code(text: str) -> str:
    """Return text as code, whatever it holds: names are not to be taken for Markdown."""
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{room}{text}{room}{ticks}"
