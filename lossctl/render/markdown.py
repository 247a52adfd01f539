"""A Markdown table, for notes and job summaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from lossctl.names import printable
from lossctl.render import cells, standings
from lossctl.render.cells import Grid, Name
from lossctl.render.content import Content
from lossctl.result import Ranking, Result

if TYPE_CHECKING:
    from lossctl.gates import Verdict
    from lossctl.render.content import Looks


def write_rows(rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    """Write a table of text; the first row is its header."""
    header, *body = rows
    _write(_table(Grid(header, body, range(len(header)))), stream)


def write_grids(sections: Iterable[Iterable[Grid]], note: str, stream: TextIO) -> None:
    """Write sections of tables and notes, and a note on all of them."""
    for section in sections:
        for grid in section:
            title = "".join(map(_cell, grid.title))
            _write([f"**{title}**", ""] if title else (), stream)
            _write(_table(grid), stream)
            _write(
                [*([""] if grid.header and grid.notes else ()), *map(_bullet, grid.notes)], stream
            )
            _write([""], stream)
    _write([note], stream)


def _bullet(note: str) -> str:
    return f"- {_code(note)}"


def write_markdown(content: Content, stream: TextIO, looks: Looks) -> None:
    """Write the table, what the results have in common, and their signatures; then the rest."""
    results, ranking, precision = content.results, content.ranking, looks.precision
    named = ranking is not None
    _write(_ranking(ranking, precision) if ranking else _results(results, precision), stream)
    if content.verdicts:
        _write(["", *(_verdict(one, named=named) for one in content.verdicts)], stream)
    for grid in cells.further(results, precision, named=named):
        title = "".join(map(_cell, grid.title))
        _write(["", *([f"{title}:", ""] if title else ())], stream)
        _write(_table(grid), stream)
        notes = list(grid.notes)
        _write(["", *notes] if notes and grid.header else notes, stream)
    if any(result.distribution is not None for result in results):
        _write(_plots(results, precision), stream)


def _plots(results: Sequence[Result], precision: int) -> Iterator[str]:
    """Yield pictures as blocks of text, which no name in them ends."""
    from lossctl.render import charts, plot  # noqa: PLC0415  # few ask for pictures

    for chart in plot.charts(results, precision):
        shown = [
            charts.text_of(line) for line in charts.lines(chart, charts.PIPE_WIDTH, blocks=True)
        ]
        fence = "`" * (1 + max(2, *(len(ticks) for ticks in re.findall("`+", "".join(shown))), 2))
        yield from ("", f"{fence}text", *shown, fence)


def _write(lines: Iterable[str], stream: TextIO) -> None:
    stream.writelines(f"{line}\n" for line in lines)


def _results(results: Sequence[Result], precision: int) -> Iterator[str]:
    yield from _table(cells.values(results, precision))
    yield ""
    yield from (f"- {line}" for result in results for line in cells.remarks(result, precision))
    yield from (f"- {_code(note)}" for note in cells.notes(results[0]))
    yield from (f"- {_code(result.signature)}" for result in results)


def _ranking(ranking: Ranking, precision: int) -> Iterator[str]:
    grid, other = standings.standings(ranking, precision), standings.differences(ranking, precision)
    if other.header:  # rank and predictions stand there already
        rows = [(*row, *delta[2:]) for row, delta in zip(grid.rows, other.rows, strict=True)]
        grid = Grid((*grid.header, *other.header[2:]), rows, grid.left)
    if grid.header:
        yield from _table(grid)
        yield ""
    yield from (f"- {line}" for line in standings.remarks(ranking))
    for failure in ranking.failed:
        yield f"- ❌ not scored: {_code(failure.predictions)}: {_code(failure.error)}"
    yield from (f"- {_code(note)}" for note in standings.notes(ranking))
    signature = standings.signature(ranking)
    yield from [] if signature is None else [f"- {_code(signature)}"]


def _verdict(verdict: Verdict, *, named: bool) -> str:
    word = "✅ passed" if verdict.passed else "❌ failed"
    whose = f"{_code(verdict.result.predictions)}, " if named else ""
    return f"- {word}: {whose}{_code(verdict.gate)}: {verdict.why}"


def _table(grid: Grid) -> Iterator[str]:
    if grid.header:
        yield _line(grid.header)
        yield _line(["---" if i in grid.left else "---:" for i in range(len(grid.header))])
        yield from map(_line, grid.rows)


def _line(parts: Sequence[str]) -> str:
    escaped = (_cell(part).replace("|", "\\|") for part in parts)
    return f"| {' | '.join(escaped)} |"


def _cell(text: str) -> str:
    return _code(text.name) + text.mark if isinstance(text, Name) else text


def _code(text: str) -> str:
    """Return text as code, whatever it holds: names are not to be taken for Markdown."""
    if not text:
        return ""
    text = printable(text)
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{room}{text}{room}{ticks}"
