"""What comes of the parts of a plan, and how it is put together, in their order."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import NoReturn

from lossctl.block import UNNUMBERED
from lossctl.engines.cutting import is_head, located, ready
from lossctl.engines.partition import Sink, Summaries, summarise
from lossctl.errors import DataError
from lossctl.plan import Plan
from lossctl.sources.table import CutError
from lossctl.values import dataclass


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in consecutive parts: their summaries, and how many rows each of them has.

    Their rows are numbered from ``first``. ``wrong`` is what was wrong with the part behind them.
    Law: ``then`` is associative.
    """

    summaries: Summaries
    first: int = 0
    rows: tuple[int, ...] = ()
    wrong: DataError | None = None

    def then(self, other: Found) -> Found:
        """Return what was found in these parts and in those behind them.

        Raises:
            CutError: the first part is so short that one behind it should have been judged as well.

        """
        if self.wrong is not None:
            return self
        before, theirs = self.summaries.counts.read, other.summaries
        if other.first == UNNUMBERED and self.first == 0 and not is_head(before):
            raise CutError
        if other.first != self.first + before:
            theirs = theirs.moved(self.first + before - other.first)
        if is_head(before):
            theirs = theirs.undiagnosed()
        rows = (*self.rows, *other.rows)
        return Found(self.summaries + theirs, self.first, rows, other.wrong)


def found_in(part: Plan, see: Sink | None = None) -> Found:
    """Return what is found in one part: an error, too, is something that is found."""
    try:
        summaries = summarise(part, see)
    except DataError as error:
        return Found(Summaries.empty(part), part.first, wrong=error)
    return Found(summaries, part.first, (summaries.counts.read,))


def at_fault(plan: Plan, found: Found) -> int | None:
    """Return which part has the first row that is wrong, if there is one.

    That may be one the label of which does not go with those before.
    """
    conflict = plan.coding.conflict(found.summaries.counts.seen)
    if conflict is not None:
        return bisect_right([*accumulate(found.rows)], conflict.row - found.first)
    return None if found.wrong is None else len(found.rows)


def refuse(plan: Plan, part: Plan, found: Found) -> NoReturn:
    """Read the part at fault once more, to know the places that it did not know.

    Raises:
        DataError: what is wrong with it.

    """
    before = found.first + sum(found.rows[: at_fault(plan, found)])
    seen = {kind: row for kind, row in found.summaries.counts.seen.items() if row < before}
    summarise(located(plan, ready(part)), seen=seen)
    hint = "score a copy, or wait until it is written"
    raise DataError("the input changes while it is read", where=plan.inputs.name, hint=hint)
