"""Formats for programs: full precision, nothing cut off, no colour."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from lossctl.names import printable
from lossctl.numbers import spelled
from lossctl.render import cells
from lossctl.result import SCHEMA, Result

COLUMNS = (
    *("loss", "value", "stderr", "ci_low", "ci_high", "n", "denominator", "skipped"),
    *("predictions", "labels", "signature"),
)


def tsv_rows(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells that hold no tabs."""
    return "".join("\t".join(row) + "\n" for row in rows)


def csv_rows(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells; one that holds a comma or a quote is quoted."""
    import csv  # noqa: PLC0415  # 1 ms with json below, and one of them is needed at most

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def tsv_text(results: Sequence[Result]) -> str:
    """Return a header and a row a result; what is not known is an empty cell."""
    return "\n".join(map(tsv_rows, _tables(results)))


def csv_text(results: Sequence[Result]) -> str:
    """Return the same with commas; a cell that holds one is quoted."""
    return "\n".join(map(csv_rows, _tables(results)))


def _tables(results: Sequence[Result]) -> list[list[tuple[str, ...]]]:
    """Return the results, and what was asked for besides; a blank line stands between tables."""
    return [[COLUMNS, *map(_row, results)], *_conventions(results), *_worst(results)]


def _conventions(results: Sequence[Result]) -> list[list[tuple[str, ...]]]:
    """Return the table of the values by convention, if they were asked for."""
    rows = [
        (
            result.loss,
            name,
            "" if one is None else number(one.value),
            "" if one is None else one.why,
        )
        for result in results
        for name, one in (result.conventions or {}).items()
    ]
    return [[("loss", "convention", "value", "why"), *rows]] if rows else []


def _worst(results: Sequence[Result]) -> list[list[tuple[str, ...]]]:
    """Return the table of the worst rows, if they were asked for; it follows a blank line."""
    shown = [result for result in results if result.worst]
    if not shown:
        return []
    (key, *_), _ = cells.worst(shown[0], 17)
    rows = [
        (result.loss, printable(str(row[key])), cells.label_text(row["label"]), repr(row["loss"]))
        for result in shown
        for row in result.worst or ()
    ]
    return [[("worst", key, "label", "loss"), *rows]]


def _row(result: Result) -> tuple[str, ...]:
    return (
        result.loss,
        number(result.value),
        number(result.stderr),
        number(result.low),
        number(result.high),
        str(result.n),
        number(result.denominator),
        str(result.skipped),
        printable(result.predictions),
        printable(result.labels),
        result.signature,
    )


def number(value: float | None) -> str:
    """Return a number in full precision, inf and nan spelt so; nothing for what is not known."""
    return "" if value is None else spelled(value)


def json_text(results: Sequence[Result]) -> str:
    """Return one object, or for several losses an object with a list of them; strict RFC 8259."""
    objects = [result.to_dict() for result in results]
    document = objects[0] if len(objects) == 1 else {"schema": SCHEMA, "results": objects}
    return dumped(document, indent=2)


def jsonl_text(results: Sequence[Result]) -> str:
    """Return an object a line, strict RFC 8259 each."""
    return "".join(dumped(result.to_dict()) for result in results)


def dumped(value: Any, *, indent: int | None = None, ensure_ascii: bool = True) -> str:
    """Return a value as strict JSON, in a line or with an indent."""
    import json  # noqa: PLC0415  # as above

    return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii, allow_nan=False) + "\n"


def value_text(results: Sequence[Result]) -> str:
    """Return the number alone; for several losses one a line."""
    return "".join(f"{result.value!r}\n" for result in results)
