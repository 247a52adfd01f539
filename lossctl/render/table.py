"""The table for people: readable at 60 columns, nothing cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lossctl.names import printable
from lossctl.result import Result


def write_table(results: Sequence[Result], stream: TextIO, *, width: int, color: bool) -> None:
    """Write a row a loss, and below what they have in common."""
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    console.print(_table(results))
    for line in (_counts(results[0]), *_inputs(results[0])):
        console.print(Text(line), soft_wrap=True)
    for result in results:
        console.print(Text(result.signature, style="dim", overflow="fold"))


def _table(results: Sequence[Result]) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("loss", style="bold", overflow="fold")
    table.add_column("value", justify="right", style="bold cyan", overflow="fold")
    table.add_column("std. error", justify="right", overflow="fold")
    table.add_column(f"{100 * results[0].level:g} % interval", justify="right", overflow="fold")
    for result in results:
        interval = (
            f"{_short(result.low)} … {_short(result.high)}" if result.low is not None else "–"
        )
        table.add_row(result.loss, _short(result.value), _short(result.stderr), interval)
    return table


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _counts(result: Result) -> str:
    rows = "row" if result.n == 1 else "rows"
    parts = [f"{result.n:,} {rows}", f"denominator {result.denominator:,.12g}"]
    if result.skipped:
        parts.append(f"{result.skipped:,} skipped")
    return ", ".join(parts)


def _inputs(result: Result) -> tuple[str, str]:
    sides = (
        ("predictions", result.predictions, result.columns.predictions),
        ("labels", result.labels, result.columns.label),
    )
    first, second = (
        f"{side:<12} {printable(name)}{_columns(columns)}" for side, name, columns in sides
    )
    return first, second


def _columns(columns: tuple[str | int, ...]) -> str:
    if columns == (0,):  # an array of one column has nothing to tell
        return ""
    shown = [printable(str(column)) for column in columns]
    if len(shown) > 6:
        shown = [*shown[:3], "…", shown[-1]]
    return f" ({', '.join(shown)})"
