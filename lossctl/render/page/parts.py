"""What a page is made of: cells that keep every digit, tables, figures, sections."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lossctl.names import printable
from lossctl.values import dataclass

DIGITS = 6
_EXACT = 1e15  # whole numbers up to here are shown without a point
UNKNOWN = "–"


@dataclass(frozen=True)
class Cell:
    """A text; of a number also all its digits, as JSON has them."""

    text: str
    exact: str | None = None
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A header and rows below it; ``notes`` follow, a line each."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Figure:
    """A chart as a Vega-Lite specification, and its numbers, which may be ``opened`` to read.

    A ``square`` one does not grow with the page.
    """

    key: str
    spec: Mapping[str, Any]
    table: Table
    square: bool = False
    opened: bool = False


@dataclass(frozen=True)
class Section:
    """A heading, sentences, and what they are about."""

    key: str
    title: str
    says: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Fact:
    """A number with its name, where it stands alone."""

    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Chapter:
    """All that is said of one result."""

    key: str
    title: str
    role: str
    facts: Sequence[Fact]
    signature: str
    warnings: Sequence[str]
    sections: Sequence[Section]


def number(value: float | None, digits: int = DIGITS) -> Cell:
    """Return a cell of a number; below each other they have as many digits."""
    if value is None:
        return Cell(UNKNOWN, number=True)
    if not math.isfinite(value):
        return Cell({math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN"), number=True)
    whole = value == int(value) and abs(value) < _EXACT
    text = f"{value:,.0f}" if whole else f"{value:#.{digits}g}"
    return Cell(_minus(text), repr(value), number=True)


def edge(value: float) -> Cell:
    """Return a cell of the end of a bar, which has few digits."""
    if not math.isfinite(value):
        return number(value)
    return Cell(_minus(f"{value:g}"), repr(value), number=True)


def _minus(text: str) -> str:
    """Return a number with a sign as wide as its digits."""
    return text.replace("-", "−")


def part(value: float | None) -> Cell:
    """Return a cell of a part of 1, as a percentage."""
    if value is None:
        return Cell(UNKNOWN, number=True)
    return Cell(percent(value), repr(value), number=True)


def percent(value: float) -> str:
    """Return a part of 1 as people say it.

    >>> percent(0.4), percent(0.0123), percent(1e-5)
    ('40 %', '1.23 %', '< 0.01 %')
    """
    return "< 0.01 %" if 0 < value < 0.0001 else f"{100 * value:.3g} %"


def words(text: object) -> Cell:
    """Return a cell of text that is not ours."""
    return Cell(printable(str(text)) or "(empty)")


def finite(value: float | None) -> float | None:
    """Return a number as a chart takes it: what is none, it leaves out."""
    return value if value is not None and math.isfinite(value) else None
