"""Print outcomes as a table, and give them as what is written as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from bench.outcome import Outcome


def unit(outcome: Outcome) -> str:
    """Return the unit of a case's figure, bar and aim."""
    return "×" if outcome.case.against else " MiB"


def number(figure: float | None, suffix: str = "") -> str:
    """Return three digits of a figure.

    >>> number(0.72345, "×"), number(45.2, " MiB"), number(None)
    ('0.723×', '45.2 MiB', '')
    """
    if figure is None:
        return ""
    return f"{figure:.{sum(figure < power for power in (1, 10, 100))}f}{suffix}"


def row(outcome: Outcome) -> list[str]:
    """Return the row of a case: its programs line by line, and what is told of it as a whole."""
    case = outcome.case
    lines = [
        (
            each.name,
            *map(number, (each.seconds, each.user, each.system, each.peak)),
            number(each.ratio, "×"),
        )
        for each in outcome.figures
    ]
    return [
        f"[bold]{case.name}[/]\n{case.work}",
        *("\n".join(column) for column in (zip(*lines, strict=True) if lines else [""] * 6)),
        *(number(each, unit(outcome)) for each in (outcome.figure, case.bar, case.aim)),
        outcome.verdict or "–",
    ]


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the table, then notes and errors."""
    # Rich would count as the peak of all that runs before; see measure.py.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(show_lines=True)
    table.add_column("case", min_width=24)
    table.add_column("program", no_wrap=True)
    for name in ("time, s", "user", "system", "peak, MiB", "lossctl / it", "figure", "bar", "aim"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reached")
    for outcome in outcomes:
        table.add_row(*row(outcome))
    console.print(table)
    for outcome in outcomes:
        for note in (*outcome.notes, *(f"error: {error}" for error in outcome.errors)):
            console.print(note, markup=False)


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON has it."""
    case = outcome.case
    return {
        "case": case.name,
        "work": case.work,
        "measure": case.measure.name.lower(),
        "against": list(case.against),
        "unit": unit(outcome).strip(),
        "figure": outcome.figure,
        "bar": case.bar,
        "aim": case.aim,
        "reached": outcome.verdict,
        "programs": [
            {
                "name": each.name,
                "seconds": each.seconds,
                "user": each.user,
                "system": each.system,
                "peak_mib": each.peak,
                "value": each.value,
                "ratio": each.ratio,
            }
            for each in outcome.figures
        ],
        "notes": list(outcome.notes),
    }
