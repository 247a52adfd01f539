"""The one partition function: read, pair, admit, score, sum up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from lossctl.admission import admit, without_ignored
from lossctl.align import Pair, in_order
from lossctl.block import Block, Fault, RowLosses, Scored, Waiting, block_rows
from lossctl.columns import PREDICTION
from lossctl.errors import DataError
from lossctl.losses.rows import groups, row_losses
from lossctl.plan import Plan
from lossctl.sources.originals import check_unchanged
from lossctl.summaries import Summary
from lossctl.summaries.counts import Counts
from lossctl.summaries.diagnosis import Diagnosis
from lossctl.summaries.moments import Moments
from lossctl.summaries.worst import Worst
from lossctl.unmatched import Unmatched
from lossctl.values import dataclass, replace
from lossctl.watching import grouped, summaries

if TYPE_CHECKING:
    from lossctl.summaries.groups import Groups
    from lossctl.summaries.meetings import Meetings

AnySummary = TypeVar("AnySummary", bound=Summary)


@dataclass(frozen=True)
class Summaries:
    """All that results are made of. What every result needs has a name, the rest is in a row."""

    counts: Counts
    moments: tuple[Moments, ...]
    groups: Groups | None = None
    others: tuple[Summary, ...] = ()
    meetings: Meetings | None = None

    @classmethod
    def empty(cls, plan: Plan) -> Summaries:
        """Return the summaries of no rows."""
        moments = tuple(Moments.empty(len(columns)) for columns in groups(plan.terms))
        return cls(Counts(), moments, grouped(plan), summaries(plan))

    def watch(self, block: Block, losses: RowLosses) -> Summaries:
        """Return the summaries with a block's rows added to all but the moments and the groups."""
        counts, others = self.counts.add(block, losses), self.others
        return replace(self, counts=counts, others=tuple(one.add(block, losses) for one in others))

    def add(self, scored: Scored) -> Summaries:
        """Return the summaries with row losses added to the moments and the groups."""
        losses = scored.losses
        moments = (
            moments.add(losses.values[list(counted.columns)], counted, scored.weight)
            for moments, counted in zip(self.moments, losses.counted, strict=True)
        )
        groups = None if self.groups is None else self.groups.add(scored)
        return replace(self, moments=tuple(moments), groups=groups)

    def __add__(self, other: Summaries) -> Summaries:
        """Return the summaries of the rows of both."""
        return Summaries(
            self.counts + other.counts,
            tuple(a + b for a, b in zip(self.moments, other.moments, strict=True)),
            self.groups + other.groups if self.groups and other.groups else None,
            tuple(a + b for a, b in zip(self.others, other.others, strict=True)),
            self.meetings + other.meetings
            if self.meetings and other.meetings
            else self.meetings or other.meetings,
        )

    def moved(self, rows: int) -> Summaries:
        """Return the summaries of rows with numbers that are greater by so much."""
        return self.renumbered(lambda row: row + rows)

    def renumbered(self, place: Callable[[int], int]) -> Summaries:
        """Return the summaries of rows with other numbers, in the same order."""
        others = (one.renumbered(place) if isinstance(one, Worst) else one for one in self.others)
        return replace(self, counts=self.counts.renumbered(place), others=tuple(others))

    def undiagnosed(self) -> Summaries:
        """Return the summaries of rows that are not among the first ones of the input."""
        others = (one.emptied() if isinstance(one, Diagnosis) else one for one in self.others)
        return replace(self, others=tuple(others))

    def get(self, kind: type[AnySummary]) -> AnySummary | None:
        """Return the summary of a kind that the plan asked for, if it did."""
        return next(iter(self.all(kind)), None)

    def all(self, kind: type[AnySummary]) -> list[AnySummary]:
        """Return the summaries of a kind."""
        return [found for found in self.others if isinstance(found, kind)]


Sink = Callable[[Block, RowLosses], None]


def summarise(
    plan: Plan, sink: Sink | None = None, seen: Mapping[str, int] | None = None
) -> Summaries:
    """Run a plan over its rows and return their summaries; a sink sees each block as well.

    ``seen``: what kinds of label the rows before had.

    Raises:
        DataError: a row cannot be read, paired or scored.

    """
    total, unmatched = Summaries.empty(plan), Unmatched()
    waiting = Waiting()
    for block, losses in scored_blocks(plan, unmatched, seen or {}):
        total = total.watch(block, losses)
        enough = waiting.add(Scored(losses, block.weight, block.groups, block.rows))
        total = total if enough is None else total.add(enough)
        if sink is not None:
            sink(block, losses)
    rest = waiting.rest()
    total = total if rest is None else total.add(rest)
    counts = replace(
        total.counts,
        unmatched_predictions=unmatched.predictions,
        unmatched_labels=unmatched.labels,
    )
    check_unchanged(plan.inputs)
    return replace(total, counts=counts, meetings=unmatched.meetings)


def scored_blocks(
    plan: Plan, unmatched: Unmatched, seen: Mapping[str, int]
) -> Iterator[tuple[Block, RowLosses]]:
    """Yield each block with its row losses.

    Raises:
        DataError: a row cannot be read, paired or scored; the rows before it were yielded.

    """
    for whole in _pairs(plan, unmatched):
        pair, ignored = without_ignored(plan, whole)
        admitted = admit(plan, pair, seen)
        if admitted.fault is not None:
            if admitted.fault.row > 0:
                block = admit(plan, pair[: admitted.fault.row], seen).block
                yield block, row_losses(block, plan.terms, plan.domain)
            raise _error(plan, pair, admitted.fault)
        seen = admitted.block.seen
        ignored += admitted.block.ignored
        block = replace(admitted.block, read=len(whole), ignored=ignored)
        yield block, row_losses(block, plan.terms, plan.domain)


def _pairs(plan: Plan, unmatched: Unmatched) -> Iterator[Pair]:
    """Yield the rows in pieces that stay in cache."""
    width = max(len(plan.roles.prediction), len(plan.roles.label))
    rows = plan.block_rows or block_rows(width)
    for pair in _aligned(plan, unmatched):
        for start in range(0, len(pair), rows):
            yield pair[start : start + rows]


def _aligned(plan: Plan, unmatched: Unmatched) -> Iterator[Pair]:
    as_text = plan.coding.as_text
    if plan.roles.joined:
        from lossctl.join import by_id  # noqa: PLC0415  # with its index 3 ms

        return by_id(
            plan.inputs,
            plan.roles,
            label_as_text=as_text,
            unmatched=plan.unmatched,
            found=unmatched,
            shown=plan.shows_rows,
            first=plan.first,
            part=plan.part,
        )
    shown, first = plan.shows_rows, plan.first
    return in_order(plan.inputs, plan.roles, label_as_text=as_text, shown=shown, first=first)


def _error(plan: Plan, pair: Pair, fault: Fault) -> DataError:
    """Turn a fault of some rows into an error that says where it is."""
    side, columns = fault.side, plan.roles.label
    if side == "weight" and plan.roles.weight is not None:
        side, columns = plan.roles.weight[0], (plan.roles.weight[1],)
    elif side == PREDICTION:
        columns = plan.roles.prediction
    batch = pair.prediction if side == PREDICTION else pair.label
    column = None if fault.column is None else columns[fault.column]
    return DataError(fault.message, where=batch.place(fault.row, column), hint=fault.hint)
