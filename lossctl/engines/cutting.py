"""Cut a plan into plans for consecutive rows, which can run side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lossctl.plan import Plan
from lossctl.sources.parts import Each, numbered, reachable, text_parts
from lossctl.sources.table import Inputs, Table
from lossctl.summaries.diagnosis import ROWS
from lossctl.values import replace

PART_BYTES = 16 * 1024 * 1024  # of the input: enough to forget what it costs to start a part
_MANY = 4  # parts instead of one, where what comes of each may be as large as the part
# Where a part does not know how many rows precede it, its rows are numbered from here on, until
# the parts before it have been read.
UNNUMBERED = 1 << 62


def partitions(plan: Plan, each: Each) -> Iterator[Plan]:
    """Yield plans for consecutive rows, which together are the plan; itself if it is not cut.

    How the rows are cut does not depend on the number of threads.
    """
    if plan.roles.joined:
        yield plan
        return
    first = 0
    if plan.inputs.labels is None:
        for one in text_parts(plan.inputs.predictions, _part_bytes(plan), ROWS):
            yield _part(plan, [one], first)
            first = UNNUMBERED
    if not first:
        yield from _between_rows(plan, each)


def _between_rows(plan: Plan, each: Each) -> Iterator[Plan]:
    tables = [plan.inputs.predictions, *([plan.inputs.labels] if plan.inputs.labels else [])]
    reached = []
    for table in tables:
        found = reachable(table, each)
        if found is None:
            yield plan
            return
        reached.append(found)
    rows = reached[0].rows
    if any(table.rows != rows for table in reached):
        yield plan  # it will stop, and say more than is known here
        return
    step = max(1, int(_part_bytes(plan) / max(1, *(table.row_bytes for table in reached))))
    ends = max((table.ends for table in reached), key=len)
    for first, last in pairwise([0, *_apart(ends or range(step, rows, step), step, rows), rows]):
        yield _part(plan, [table.between(first, last) for table in reached], first)


def _part_bytes(plan: Plan) -> int:
    return max(1, PART_BYTES // (_MANY if plan.roles.groupings else 1))


def is_head(rows: int) -> bool:
    """Whether so many first rows are enough for what is judged by them; lines may be no rows."""
    return rows >= ROWS


def _apart(ends: Sequence[int], step: int, rows: int) -> Iterator[int]:
    """Yield those of the ends that are far enough apart."""
    last = 0
    for end in ends:
        if end - last >= step and end < rows:
            yield end
            last = end


def _part(plan: Plan, tables: list[Table], first: int) -> Plan:
    return replace(plan, inputs=Inputs(*tables), first=first)


def located(plan: Plan, part: Plan) -> Plan:
    """Return a part that knows the lines of its rows, however long it takes to count them."""
    whole, inputs = plan.inputs, part.inputs
    predictions = numbered(whole.predictions, inputs.predictions)
    if whole.labels is None or inputs.labels is None:
        return replace(part, inputs=Inputs(predictions))
    return replace(part, inputs=Inputs(predictions, numbered(whole.labels, inputs.labels)))
