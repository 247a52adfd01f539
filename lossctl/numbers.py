"""How numbers are written in text, and how they are written back."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# What stands for a missing number in text, in any case. In text columns only the empty cell does.
_FORMULA = "=+-@\t\r\n＝＋－＠"  # the last four as Japanese keyboards write them
MISSING = ("", "nan", "na", "n/a", "null", "none")
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0+)?")
_EXACT = 2**53  # whole numbers below are exact as float64, and no other is rounded to them
_NAN = re.compile(r"[+-]?nan(\(\w*\))?")  # with a payload, as C libraries print it


def is_missing(cell: str) -> bool:
    """Whether a cell of a number column is missing."""
    folded = cell.strip().casefold()
    return folded in MISSING or _NAN.fullmatch(folded) is not None


def to_number(cell: str, decimal: str = ".") -> float | None:
    """Return the value of a cell; NaN where it is missing, None where it is no number."""
    cell = cell.strip()
    if is_missing(cell):
        return math.nan
    if "_" in cell or not cell.isascii():  # Python takes 1_000 and ١ for numbers
        return None
    if decimal != ".":
        cell = cell.replace(".", "?").replace(decimal, ".")  # a point is then no part of a number
    try:
        return float(cell)
    except ValueError:
        return None


def spelled(value: float) -> str:
    """Return the shortest text that reads back as the same number; whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def whole_numbers(names: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers that the names are, if all are whole; "007" is a name."""
    found = [_WHOLE.fullmatch(name) for name in names]
    numbers = tuple(int(match[1]) for match in found if match is not None and len(match[1]) < 18)
    exact = len(numbers) == len(names) == len(set(numbers))
    return numbers if exact and all(abs(number) < _EXACT for number in numbers) else ()


def inert(text: str) -> str:
    """Return a text with ' before it if a spreadsheet would take it for a formula.

    >>> [inert(text) for text in ("=1+1", "@cmd", "-0.5", "cat")]
    ["'=1+1", "'@cmd", '-0.5', 'cat']
    """
    return f"'{text}" if text[:1] in _FORMULA and text and to_number(text) is None else text
