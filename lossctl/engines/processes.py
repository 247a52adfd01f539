"""Run the parts of a plan of arrays side by side in processes, which are forked for it.

Threads hand over the interpreter's lock at every call of NumPy, forty times a block, which takes
as long as cheap losses themselves. Processes share nothing but the pages that were there before.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise

from lossctl.engines.cores import cores
from lossctl.engines.cutting import partitions
from lossctl.engines.local import Tell, watched
from lossctl.engines.partition import Summaries, summarise
from lossctl.plan import Plan
from lossctl.sources import ArrayTable

_HEAD = struct.Struct("<qq")  # rows and bytes that were read, or
_DONE = -1  # instead of rows: so many bytes follow, the summaries
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def in_processes(plan: Plan, tell: Tell | None) -> Summaries | None:
    """Return the summaries of all rows of a plan; None if it cannot be cut, or nobody is to help.

    A process that comes to nothing, whatever the reason, has its rows read once more: here.

    Raises:
        DataError: a row cannot be read, paired or scored: the first such row of the input.

    """
    jobs = plan.jobs or cores()
    if jobs == 1 or not _may_fork(plan):
        return None
    parts = list(partitions(plan, map))
    jobs = min(jobs, len(parts))
    if jobs == 1:
        return None
    ends = [len(parts) * job // jobs for job in range(jobs + 1)]
    own, *others = [parts[a:b] for a, b in pairwise(ends)]
    with _helpers(plan, others, tell) as helpers:
        total = _added(own, Summaries.empty(plan), tell)
        for helper, share in zip(helpers, others, strict=True):
            found = helper.summaries()
            if found is None or plan.coding.conflict((total + found).counts.seen) is not None:
                total = _added(share, total, None)  # raises what is wrong, in its place
            else:
                total += found
    return total


def _may_fork(plan: Plan) -> bool:
    """Whether nothing is there that a copy of this process would be without: threads, above all."""
    inputs = plan.inputs
    tables = [inputs.predictions] + ([] if inputs.labels is None else [inputs.labels])
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and "pyarrow" not in sys.modules
        and all(isinstance(table, ArrayTable) for table in tables)
    )


def _added(parts: Sequence[Plan], total: Summaries, tell: Tell | None) -> Summaries:
    for part in parts:
        total += summarise(watched(part, tell), seen=total.counts.seen)
    return total


@contextmanager
def _helpers(
    plan: Plan, shares: Sequence[Sequence[Plan]], tell: Tell | None
) -> Iterator[list[_Helper]]:
    """Give a process for each share of the parts; in the end none is left."""
    helpers: list[_Helper] = []
    try:
        for share in shares:
            with _undisturbed():
                helpers.append(_Helper(plan, share, tell is not None))
        for helper in helpers:  # no thread is there while there is something to fork
            helper.listen(tell)
        yield helpers
    finally:
        for helper in helpers:
            helper.end()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait: nobody would know of a process that was forked but is not noted yet.

    It never hears them itself, and is ended by who forked it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Helper:
    """A process at work on a share, and what is heard of it."""

    def __init__(self, plan: Plan, share: Sequence[Plan], told: bool) -> None:  # noqa: FBT001
        """Fork it; it tells how far it is if somebody wants to be ``told``."""
        self._ear, mouth = os.pipe()
        self._found: bytes | None = None
        self._listener: threading.Thread | None = None
        self._process = os.fork()
        if not self._process:
            _work(plan, share, mouth, told=told)
        os.close(mouth)

    def listen(self, tell: Tell | None) -> None:
        """Hear what it says, from now on."""
        self._listener = threading.Thread(target=self._hear, args=(tell,), daemon=True)
        self._listener.start()

    def _hear(self, tell: Tell | None) -> None:
        with open(self._ear, "rb") as stream:
            while len(head := stream.read(_HEAD.size)) == _HEAD.size:
                rows, size = _HEAD.unpack(head)
                if rows == _DONE:
                    found = stream.read(size)
                    self._found = found if len(found) == size else None
                elif tell is not None:
                    tell(rows, size)

    def summaries(self) -> Summaries | None:
        """Wait for what it found; None if there is nothing."""
        if self._listener is not None:
            self._listener.join()
        found: Summaries | None = None if self._found is None else pickle.loads(self._found)  # noqa: S301  # our own
        return found

    def end(self) -> None:
        """Let there be no such process."""
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)


def _work(plan: Plan, share: Sequence[Plan], mouth: int, *, told: bool) -> None:
    """Be the process: work, say what was found, and end without what Python does at its end."""
    try:
        with open(mouth, "wb") as stream:

            def tell(rows: int, size: int) -> None:
                stream.write(_HEAD.pack(rows, size))
                stream.flush()

            found = pickle.dumps(
                _added(share, Summaries.empty(plan), tell if told else None),
                pickle.HIGHEST_PROTOCOL,
            )
            stream.write(_HEAD.pack(_DONE, len(found)) + found)
    finally:  # whatever happens: what is wrong is found again, and told, where it can be
        os._exit(0)
