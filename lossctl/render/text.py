"""Formats for programs: full precision, nothing cut off, no colour."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lossctl.names import printable
from lossctl.numbers import spelled
from lossctl.result import SCHEMA, Result

COLUMNS = (
    *("loss", "value", "stderr", "ci_low", "ci_high", "n", "denominator", "skipped"),
    *("predictions", "labels", "signature"),
)


def tsv_text(results: Sequence[Result]) -> str:
    """Return a header and a row a result; what is not known is an empty cell."""
    return "".join("\t".join(row) + "\n" for row in (COLUMNS, *map(_row, results)))


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
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def value_text(results: Sequence[Result]) -> str:
    """Return the number alone; for several losses one a line."""
    return "".join(f"{result.value!r}\n" for result in results)
