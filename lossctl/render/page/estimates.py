"""Values with intervals, a line each: groups, classes, candidates, differences."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl.names import printable
from lossctl.render.page import specs
from lossctl.render.page.parts import Figure, Table, finite
from lossctl.result import Delta, Group, Result
from lossctl.values import replace

MOST = 200  # rows of a table: a page stays below 2 MB
_DRAWN = 50  # lines of a chart


def estimates(
    key: str,
    table: Table,
    lines: Sequence[tuple[str, Group | Result | Delta]],
    axis: str,
    reference: float | None,
) -> Figure | None:
    """Return a chart of the first of several values, with the table; None if none is finite."""
    rows = [
        {
            "name": printable(name) or "(empty)",
            "value": finite(one.value),
            "low": finite(one.low),
            "high": finite(one.high),
            "rows": one.n,
        }
        for name, one in lines[:_DRAWN]
    ]
    if all(row["value"] is None for row in rows):
        return None
    if len(lines) > _DRAWN:
        note = f"the chart has the first {_DRAWN} of these"
        table = replace(table, notes=(*table.notes, note))
    if any(row["value"] is None for row in rows):
        table = replace(table, notes=(*table.notes, "what is not finite is not in the chart"))
    spec = specs.estimates(rows, f"{table.caption}: {axis}", axis, finite(reference))
    return Figure(key, spec, table)


def drawn(figure: Figure | None, table: Table) -> tuple[tuple[Figure, ...], tuple[Table, ...]]:
    """Return the figures and the tables of a section: the table alone where nothing is drawn."""
    return ((), (table,)) if figure is None else ((figure,), ())
