"""How numbers are written in text, and how they are written back."""

from __future__ import annotations

import math
import re

# What stands for a missing number in text, in any case. In text columns only the empty cell does.
MISSING = ("", "nan", "na", "n/a", "null", "none")
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
