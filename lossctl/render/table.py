"""Rich tables for a terminal; width and colour are decided by whoever calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.box import HEAVY_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lossctl.render import cells
from lossctl.result import Result

if TYPE_CHECKING:
    from lossctl.render import Looks


def write_table(results: Sequence[Result], stream: TextIO, looks: Looks) -> None:
    """Write a row a loss, and below what they have in common."""
    console = _console(stream, looks)
    console.print(_table(cells.header(results), [cells.row(r, looks.precision) for r in results]))
    remarks = (line for result in results for line in cells.remarks(result, looks.precision))
    for line in (*remarks, *cells.notes(results[0])):
        console.print(Text(line), soft_wrap=True)
    for result in results:
        console.print(Text(result.signature, style="dim", overflow="fold"))
    if results[0].conventions:
        console.print()
        console.print(_table(*cells.conventions(results, looks.precision), words=True))
    for result in results:
        if result.worst:
            console.print(Text(f"\n{cells.worst_title(result)}", style="bold"))
            console.print(_table(*cells.worst(result, looks.precision)))


def write_cells(rows: Sequence[Sequence[str]], stream: TextIO, looks: Looks) -> None:
    """Write a table of text, the first row being its header; what is too wide is folded."""
    header, *body = rows
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=HEAVY_HEAD)
    for i, name in enumerate(header):
        table.add_column(Text(name), style="" if i else "bold", overflow="fold")
    for row in body:
        table.add_row(*map(Text, row))
    _console(stream, looks).print(table)


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


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: bool = False) -> Table:
    """Return a table; its first column is what it is about, the second what one wants to know.

    ``words``: the last column is text.
    """
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=HEAVY_HEAD)
    styles = ("bold", "bold cyan", *("",) * (len(header) - 2))
    for i, (name, style) in enumerate(zip(header, styles, strict=True)):
        left = not i or (words and i == len(header) - 1)
        table.add_column(
            Text(name), justify="left" if left else "right", style=style, overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table
