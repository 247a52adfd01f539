"""Charts of lines of text: a label, a bar along an axis, and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import IO, TypeAlias

from rich.cells import cell_len, set_cell_size

from lossctl.values import dataclass, field

PIPE_WIDTH = 80  # columns where there is no screen
_WIDEST = 120
_BAR = (8, 60)  # columns
_GAP = "  "
_EIGHTHS = "▏▎▍▌▋▊▉█"

FULL, MORE, LESS = "█", "▒", "░"
Part: TypeAlias = tuple[str, float]
"""A shade and where it ends, as a part of the axis; the parts of a bar follow each other."""
Line: TypeAlias = Sequence[tuple[str, str]]
"""Pieces of text, each with its style."""

_STYLES = {FULL: "cyan", MORE: "yellow", LESS: "red"}
# What stands for it where a stream's encoding has no such characters.
_INSTEAD = {"█": "#", "▒": "+", "░": "-", "…": "..", "–": "-", "−": "-"}
_PLAIN = str.maketrans(dict[str, str | int | None](_INSTEAD))


@dataclass(frozen=True)
class Chart:
    """A title, a line for each label with a bar and numbers, and notes.

    ``axis`` says what is at its two ends. ``header`` is what stands above the labels, then above
    each column of the ``numbers``.
    """

    title: str
    header: Sequence[str]
    axis: tuple[str, str]
    labels: Sequence[str]
    bars: Sequence[Sequence[Part]]
    numbers: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    styles: Mapping[str, str] = field(default_factory=lambda: _STYLES)


def lines(chart: Chart, width: int, *, blocks: bool) -> Iterator[Line]:
    """Yield the lines of a chart, no wider than ``width`` where that is 60 or more."""
    whole = PIPE_WIDTH if width > 1000 else min(width, _WIDEST)
    columns = list(zip(chart.header[1:], *chart.numbers, strict=True))
    sizes = [max(map(cell_len, column)) for column in columns]
    rest = whole - sum(sizes) - len(_GAP) * (len(sizes) + 1)
    longest = max(map(cell_len, (chart.header[0], *chart.labels)))
    least = max(_BAR[0], len(" ".join(chart.axis)))
    label = min(longest, max(rest - least, _BAR[0]))
    bar = min(max(rest - label, least), _BAR[1])
    found: list[Line] = [[(text, "bold")] for text in wrap(chart.title, whole)]
    left, right = chart.axis
    axis = left + right.rjust(bar - cell_len(left))
    found.append(_line(chart.header[0], [(axis, "dim")], chart.header[1:], (label, bar), sizes))
    for name, parts, numbers in zip(chart.labels, chart.bars, chart.numbers, strict=True):
        pieces = [(text, chart.styles[shade]) for shade, text in _bar(parts, bar, blocks=blocks)]
        found.append(_line(name, pieces, numbers, (label, bar), sizes))
    found += [[(text, "")] for note in chart.notes for text in wrap(note, whole)]
    yield from found if blocks else map(_plain, found)


def _line(
    label: str, bar: Line, numbers: Sequence[str], widths: tuple[int, int], sizes: Sequence[int]
) -> Line:
    used = sum(cell_len(text) for text, _ in bar)
    cells = (text.rjust(size) for text, size in zip(numbers, sizes, strict=True))
    rest = " " * (widths[1] - used) + "".join(_GAP + text for text in cells)
    return [(_fitted(label, widths[0]) + _GAP, ""), *bar, (rest.rstrip(), "")]


def _fitted(text: str, width: int) -> str:
    """Return a text on so many columns, shortened if it must be."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1).rstrip() + "…"
    return set_cell_size(text, width)


def _bar(parts: Sequence[Part], width: int, *, blocks: bool) -> Iterator[tuple[str, str]]:
    """Yield the shades of a bar, each with its text; one that is there at all can be seen."""
    if len(parts) == 1 and blocks:
        shade, end = parts[0]
        eighths = max(round(end * width * 8), int(end > 0))
        yield shade, shade * (eighths // 8) + (_EIGHTHS[eighths % 8 - 1] if eighths % 8 else "")
        return
    start = 0
    for shade, end in parts:
        until = max(round(end * width), int(end > 0))
        yield shade, shade * (until - start)
        start = max(start, until)


def _plain(line: Line) -> Line:
    return [(text.translate(_PLAIN), style) for text, style in line]


def has_blocks(stream: IO[str]) -> bool:
    """Whether a stream can take the characters that charts are drawn with."""
    try:
        "".join((*_EIGHTHS, *_INSTEAD)).encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def text_of(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for text, _ in line).rstrip()
