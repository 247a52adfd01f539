"""Run the parts of a plan side by side on threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

from lossctl.engines.cores import cores
from lossctl.engines.local import Tell, watched
from lossctl.engines.partition import Summaries, summarise
from lossctl.engines.partitions import UNNUMBERED, is_head, located, partitions
from lossctl.errors import DataError
from lossctl.plan import Plan
from lossctl.sources.parts import Each
from lossctl.sources.table import CutError


class _StoppedError(Exception):
    """Nobody wants the result any more."""


def in_parts(plan: Plan, tell: Tell | None) -> Summaries | None:
    """Return the summaries of all rows of a plan; None if it cannot be cut, or nobody is to help.

    Raises:
        DataError: a row cannot be read, paired or scored: the first such row of the input.

    """
    jobs = plan.jobs or cores()
    if jobs == 1:
        return None
    with _threads(jobs) as (each, stop), suppress(CutError):
        parts = partitions(plan, each)
        if len(parts) > 1:
            return _added(plan, parts, each, stop, tell)
    return None


def _added(plan: Plan, parts: list[Plan], each: Each, stop: Event, tell: Tell | None) -> Summaries:
    """Return the sum of the summaries of the parts; the first thing that is wrong is raised."""

    def unless_stopped(*_: object) -> None:
        if stop.is_set():
            raise _StoppedError

    def work(part: Plan) -> Summaries:
        return summarise(watched(part, tell), unless_stopped)

    total = Summaries.empty(plan)
    found = each(work, parts)
    for part in parts:
        seen = total.counts.seen
        try:
            one = next(found)
        except DataError as error:
            stop.set()
            _raise_again(plan, part, seen)
            raise _changed(plan) from error
        if part.first == UNNUMBERED:
            if not is_head(total.counts.read):
                raise CutError
            one = one.moved(total.counts.read - UNNUMBERED)
        total += one
        if plan.coding.conflict(total.counts.seen) is not None:
            stop.set()
            _raise_again(plan, part, seen)
            raise _changed(plan)
    return total


def _raise_again(plan: Plan, part: Plan, seen: Mapping[str, int]) -> None:
    """Run a part again that is wrong, now with what the parts before it tell."""
    summarise(located(plan, part), seen=seen)


def _changed(plan: Plan) -> DataError:
    hint = "score a copy, or wait until it is written"
    return DataError("the input changes while it is read", where=plan.inputs.name, hint=hint)


@contextmanager
def _threads(jobs: int) -> Iterator[tuple[Each, Event]]:
    """Give a ``map`` that works on threads, and an event that tells the work to stop."""
    stop = Event()
    with ThreadPoolExecutor(jobs, "lossctl") as pool:

        def each(work: Any, items: Iterable[Any]) -> Iterator[Any]:
            futures = [pool.submit(work, item) for item in items]
            return (future.result() for future in futures)

        try:
            yield each, stop
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
