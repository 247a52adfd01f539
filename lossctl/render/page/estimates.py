"""Values with intervals, a line each: groups, classes, candidates, differences."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl.names import printable
from lossctl.render.cells import counted
from lossctl.render.page import specs
from lossctl.render.page.parts import Figure, Table, finite
from lossctl.result import Delta, Group, Result
from lossctl.values import replace

_MOST = 50  # lines of a chart


def estimates(
    key: str,
    table: Table,
    lines: Sequence[tuple[str, Group | Result | Delta]],
    axis: str,
    reference: float | None,
) -> Figure:
    """Return a chart of the first of several values, with the table of all."""
    rows = [
        {
            "name": printable(name) or "(empty)",
            "value": finite(one.value),
            "low": finite(one.low),
            "high": finite(one.high),
            "rows": one.n,
        }
        for name, one in lines[:_MOST]
    ]
    if len(lines) > _MOST:
        note = f"the chart has the first {_MOST}, the table {counted(len(lines), 'line')}"
        table = replace(table, notes=(*table.notes, note))
    spec = specs.estimates(rows, f"{table.caption}: {axis}", axis, finite(reference))
    return Figure(key, spec, table)
