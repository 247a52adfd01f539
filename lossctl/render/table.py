"""Rich tables for a terminal; width and colour are decided by whoever calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, TextIO

from rich.box import HEAVY_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lossctl.names import printable
from lossctl.render import cells, standings
from lossctl.render.cells import Grid
from lossctl.render.content import Content
from lossctl.result import Ranking, Result

if TYPE_CHECKING:
    from lossctl.render.content import Looks

_WORDS = 8  # columns of the screen, at least, for a column of words


def write_table(content: Content, stream: TextIO, looks: Looks) -> None:
    """Write a row a result, below what they have in common, and then what was asked besides."""
    console, precision = _console(stream, looks), looks.precision
    if content.ranking is None:
        _results(content.results, console, precision)
    else:
        _ranking(content.ranking, console, precision)
    for grid in cells.further(content.results, precision, named=content.ranking is not None):
        console.print()
        _print(grid, console)
    if any(result.distribution is not None for result in content.results):
        _plots(content.results, console, precision)


def _plots(results: Sequence[Result], console: Console, precision: int) -> None:
    from lossctl.render import charts, plot  # noqa: PLC0415  # few ask for pictures

    blocks = charts.has_blocks(console.file)
    for chart in plot.charts(results, precision):
        console.print()
        for line in charts.lines(chart, console.width, blocks=blocks):
            console.print(Text.assemble(*line), soft_wrap=True)


def _results(results: Sequence[Result], console: Console, precision: int) -> None:
    _print(cells.values(results, precision), console)
    remarks = (line for result in results for line in cells.remarks(result, precision))
    for line in (*remarks, *cells.notes(results[0])):
        console.print(Text(line), soft_wrap=True)
    for result in results:
        console.print(Text(result.signature, style="dim", overflow="fold"))


def _ranking(ranking: Ranking, console: Console, precision: int) -> None:
    """Print values and differences in two tables: they are too wide for one on a screen."""
    _print(standings.standings(ranking, precision), console)
    difference = standings.differences(ranking, precision)
    if difference.header:
        console.print()
        _print(difference, console)
        console.print()
    failed = [
        f"not scored: {printable(one.predictions)}: {printable(one.error)}"
        for one in ranking.failed
    ]
    for line in (*standings.remarks(ranking), *failed, *standings.notes(ranking)):
        console.print(Text(line), soft_wrap=True)
    signature = standings.signature(ranking)
    if signature is not None:
        console.print(Text(signature, style="dim", overflow="fold"))


def write_cells(rows: Sequence[Sequence[str]], stream: TextIO, looks: Looks) -> None:
    """Write a table of text, the first row being its header; what is too wide is folded."""
    header, *body = rows
    _print(Grid(header, body, range(len(header))), _console(stream, looks))


def write_grids(
    sections: Iterable[Iterable[Grid]], note: str, stream: TextIO, looks: Looks
) -> None:
    """Write sections of tables and notes, and a note on all of them."""
    console = _console(stream, looks)
    for section in sections:
        for grid in section:
            _print(grid, console)
            console.print()
    console.print(Text(note, style="dim"), soft_wrap=True)


def _console(stream: TextIO, looks: Looks) -> Console:
    return Console(
        file=stream,
        width=looks.width,
        no_color=not looks.color,
        force_terminal=looks.color,
        color_system="standard" if looks.color else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )


def _print(grid: Grid, console: Console) -> None:
    """Print title, table and notes; the first column of numbers is what one wants to know."""
    if grid.title:
        console.print(Text("".join(grid.title), style="bold"), soft_wrap=True)
    if grid.header:
        console.print(_table(grid, console.width))
    for note in grid.notes:
        console.print(Text(note), soft_wrap=True)


def _table(grid: Grid, width: int) -> Table:
    rows = list(grid.rows)
    space = 0 if _crowded(grid, rows, width) else 1
    table = Table(
        show_edge=False, pad_edge=False, padding=(0, space), header_style="bold", box=HEAVY_HEAD
    )
    told = next((i for i in range(len(grid.header)) if i not in grid.left), None)
    for i, name in enumerate(grid.header):
        style = "bold cyan" if i == told else "" if i else "bold"
        side: Literal["left", "right"] = "left" if i in grid.left else "right"
        table.add_column(Text(name), justify=side, style=style, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _crowded(grid: Grid, rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether numbers would be folded if there was space beside the lines."""
    columns = list(zip(grid.header, *rows, strict=True))
    needed = [
        min(longest, _WORDS) if i in grid.left else longest
        for i, column in enumerate(columns)
        for longest in [max(len(word) for cell in column for word in cell.split() or [""])]
    ]
    return sum(needed) + 3 * (len(columns) - 1) > width
