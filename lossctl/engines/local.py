"""Run a plan in this process, its parts side by side on threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

import numpy as np

from lossctl.engines.cores import cores
from lossctl.engines.partition import Sink, Summaries, summarise
from lossctl.engines.partitions import located, partitions
from lossctl.errors import DataError
from lossctl.plan import Plan
from lossctl.sources.parts import Each
from lossctl.sources.table import CutInsideError, Inputs
from lossctl.sources.views import Watched
from lossctl.values import replace

_LARGE = 32 * 1024 * 1024 - 4096  # the most that counts


Tell = Callable[[int, int], None]


class _StoppedError(Exception):
    """Nobody wants the result any more."""


def run(plan: Plan, sink: Sink | None = None, tell: Tell | None = None) -> Summaries:
    """Return the summaries of all rows of a plan; a sink sees the blocks in their order.

    ``tell`` is called with the rows and the bytes of the predictions as they are read, from several
    threads.

    Raises:
        DataError: a row cannot be read, paired or scored: the first such row of the input.

    """
    jobs = plan.jobs or cores()
    _keep_memory()
    if sink is None and jobs > 1:
        with _threads(jobs) as (each, stop), suppress(CutInsideError):
            parts = partitions(plan, each)
            if len(parts) > 1:
                return _added(plan, parts, each, stop, tell)
    return summarise(_watched(plan, tell), sink)


def _watched(plan: Plan, tell: Tell | None) -> Plan:
    if tell is None:
        return plan
    predictions = Watched(plan.inputs.predictions, tell=tell)
    return replace(plan, inputs=Inputs(predictions, plan.inputs.labels))


def _keep_memory() -> None:
    """Let freed blocks be used again.

    The allocator of glibc gives those of more than 128 KiB back to the system, and the pages of
    each new one cost more than most kernels, until a larger one has been freed (man 3 mallopt,
    M_MMAP_THRESHOLD). Where it does otherwise this does nothing: no page is touched.
    """
    np.empty(_LARGE, np.uint8)


def _added(plan: Plan, parts: list[Plan], each: Each, stop: Event, tell: Tell | None) -> Summaries:
    """Return the sum of the summaries of the parts; the first thing that is wrong is raised."""

    def unless_stopped(*_: object) -> None:
        if stop.is_set():
            raise _StoppedError

    def work(part: Plan) -> Summaries:
        return summarise(_watched(part, tell), unless_stopped)

    total = Summaries.empty(plan)
    found = each(work, parts)
    for part in parts:
        seen = total.counts.seen
        try:
            total += next(found)
        except DataError as error:
            stop.set()
            _raise_again(plan, part, seen)
            raise error from None
        if plan.coding.conflict(total.counts.seen) is not None:
            stop.set()
            _raise_again(plan, part, seen)
    return total


def _raise_again(plan: Plan, part: Plan, seen: Mapping[str, int]) -> None:
    """Run a part again that is wrong, now with what the parts before it tell."""
    summarise(located(plan, part), seen=seen)


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
