"""Cut a plan into plans for consecutive rows, which can run side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lossctl.block import UNNUMBERED, UNPLACED
from lossctl.plan import Plan
from lossctl.sources.parts import Each, ended, file_parts, numbered, reachable, text_parts
from lossctl.sources.table import Inputs, Table
from lossctl.summaries.diagnosis import ROWS
from lossctl.values import replace

# Of the input: enough to forget what it costs to start a part. A text is read in chunks of 4 MiB,
# and cut behind the line that is there: nothing shall be left for one chunk more.
PART_BYTES = 16 * 1024 * 1024 - 64 * 1024
_MANY = 4  # parts instead of one, where what comes of each may be as large as the part
_SHARED = 4  # so many workers have as much to do as each other
_MOST = 8192  # parts that are sent away: the more there are, the more there is to keep book of


def partitions(plan: Plan, each: Each) -> Iterator[Plan]:
    """Yield plans for consecutive rows, which together are the plan; itself if it is not cut.

    How the rows are cut does not depend on the number of threads.
    """
    first = 0
    if plan.inputs.labels is None:
        for one in text_parts(plan.inputs.predictions, _part_bytes(plan), ROWS):
            yield _part(plan, [one], first)
            first = UNNUMBERED
    if not first:
        yield from _between_rows(plan, each, _part_bytes(plan))


def sent(plan: Plan, each: Each) -> list[Plan]:
    """Return such plans for machines elsewhere; of a join each has some of the predictions.

    Lines of text are not looked for here: a part ends somewhere in a line, and whoever reads it
    finds where. Rows are counted only where two tables are read in step.
    """
    predictions, labels = plan.inputs.predictions, plan.inputs.labels
    size = max(_part_bytes(plan), plan.inputs.size // _MOST)
    numbers = plan.per_row and plan.roles.shown is None  # which rows that are written go by
    if plan.roles.joined or (labels is None and not numbers):
        found = [Inputs(one, labels) for one in file_parts(predictions, size)]
        if found:
            return [replace(plan, inputs=one, first=UNPLACED, part=True) for one in found]
    return [replace(one, part=True) for one in _between_rows(plan, each, size, far=True)]


def _between_rows(plan: Plan, each: Each, size: int, *, far: bool = False) -> Iterator[Plan]:
    tables, joined = [plan.inputs.predictions], plan.inputs.labels if plan.roles.joined else None
    if plan.inputs.labels is not None and joined is None:
        tables.append(plan.inputs.labels)
    reached = []
    for table in tables:
        found = reachable(table, each, far=far)
        if found is None:
            yield plan
            return
        reached.append(found)
    rows = reached[0].rows
    if any(table.rows != rows for table in reached):
        yield plan  # it will stop, and say more than is known here
        return
    step = max(1, int(size / max(1, *(table.row_bytes for table in reached))))
    ends = max((table.ends for table in reached), key=len)
    cuts = _apart(ends, step, rows) if ends else _evenly(step, rows)
    for first, last in pairwise([0, *cuts, rows]):
        some: list[Table] = [table.between(first, last) for table in reached]
        yield _part(plan, some if joined is None else [*some, joined], first)


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


def _evenly(step: int, rows: int) -> Iterator[int]:
    """Yield where parts of ``step`` rows at most end, the same rows in each, for few to share."""
    count = -(-rows // step)
    if count > 1:
        count += -count % _SHARED
    yield from (rows * part // count for part in range(1, count))


def _part(plan: Plan, tables: list[Table], first: int) -> Plan:
    return replace(plan, inputs=Inputs(*tables), first=first)


def located(plan: Plan, part: Plan) -> Plan:
    """Return a part that knows the lines of its rows, however long it takes to count them."""
    whole, inputs = plan.inputs, part.inputs
    labels = inputs.labels
    if whole.labels is not None and labels is not None and not plan.roles.joined:
        labels = numbered(whole.labels, labels)
    return replace(part, inputs=Inputs(numbered(whole.predictions, inputs.predictions), labels))


def ready(part: Plan) -> Plan:
    """Return a part that was sent as it is read."""
    return replace(part, inputs=Inputs(ended(part.inputs.predictions), part.inputs.labels))
