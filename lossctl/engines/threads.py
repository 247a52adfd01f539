"""Run the parts of a plan side by side on threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain, islice
from threading import Event
from typing import Any

from lossctl.engines.adding import Found, at_fault, found_in, refuse
from lossctl.engines.cores import cores
from lossctl.engines.cutting import partitions
from lossctl.engines.local import Tell, keep_memory, watched
from lossctl.engines.partition import Summaries
from lossctl.plan import Plan
from lossctl.sources.parts import Each
from lossctl.sources.table import CutError

_AHEAD = 4  # items for each thread that are begun before the first of them is asked for
_FEW_AHEAD = 1  # where what comes of them may be large


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
    ahead = (_FEW_AHEAD if plan.roles.groupings else _AHEAD) * jobs
    stop = Event()
    with threads(jobs, ahead, stop) as each, suppress(CutError):
        parts = partitions(plan, each)
        head = list(islice(parts, 2))
        if len(head) > 1:
            return _added(plan, chain(head, parts), each, stop, tell)
    return None


def _added(
    plan: Plan, parts: Iterable[Plan], each: Each, stop: Event, tell: Tell | None
) -> Summaries:
    """Return the sum of the summaries of the parts; the first thing that is wrong is raised."""

    def unless_stopped(*_: object) -> None:
        if stop.is_set():
            raise _StoppedError

    def work(part: Plan) -> tuple[Plan, Found]:
        return part, found_in(watched(part, tell), unless_stopped)

    total = Found(Summaries.empty(plan))
    for part, found in each(work, parts):
        total = total.then(found)
        if at_fault(plan, total) is not None:
            stop.set()
            refuse(plan, part, total)
    return total.summaries


@contextmanager
def threads(jobs: int, ahead: int, stop: Event) -> Iterator[Each]:
    """Give a ``map`` that works on threads; in the end ``stop`` tells what still works to stop.

    That is waited for, but not if somebody interrupts: it may be waiting for a pipe itself.
    """
    pool = ThreadPoolExecutor(jobs, "lossctl", keep_memory)  # each thread has its own

    def each(work: Any, items: Iterable[Any]) -> Iterator[Any]:
        waiting: deque[Future[Any]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    wait = True
    try:
        yield each
    except (KeyboardInterrupt, GeneratorExit):
        wait = False
        raise
    finally:
        stop.set()
        pool.shutdown(wait=wait, cancel_futures=True)
