"""Run a plan on the workers of a Dask cluster: the same partition function, elsewhere.

The parts are tasks; so are the sums of some of them, and of some of these, up to one. What a worker
held that is gone is computed once more, by Dask. Nothing here depends on how many workers there
are, nor on which of them does what.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial, reduce
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from lossctl.engines.adding import Found, at_fault, found_in, refuse
from lossctl.engines.cores import cores
from lossctl.engines.cutting import ready, sent
from lossctl.engines.local import Tell, watched
from lossctl.engines.partition import Summaries
from lossctl.errors import DataError, MissingError, UsageError
from lossctl.index import index_of
from lossctl.plan import ERROR, Plan
from lossctl.rows import Rows
from lossctl.sources.kept import Kept
from lossctl.sources.originals import files_of
from lossctl.sources.streams import File, Tape
from lossctl.sources.table import CutError, Inputs, Table
from lossctl.values import dataclass, replace
from lossctl.version import __version__

try:
    from dask import config
    from distributed import CancelledError, Client, KilledWorker, LocalCluster, get_worker
    from distributed.comm import CommClosedError
    from distributed.exceptions import WorkerStartTimeoutError
except ImportError as error:
    what = "Dask is not installed, or older than 2025.10"
    raise MissingError(what, hint="pip install --upgrade 'lossctl[dask]'") from error

_HERE = "local"  # instead of an address
_TOGETHER = 8  # of what was found is added by one task
_PATIENCE = 10  # seconds for the scheduler to answer, and for a first worker to be there
_AHEAD = 4  # items for each worker whose results are not asked for yet
_MORE_MEMORY = "if it was for memory: give workers more of it, or fewer threads each"
_OFTEN = 0.5  # seconds between what a worker tells
_ALIKE = "install the same versions: others may give other numbers"
_UNREADABLE = "deserialization of the task graph"
_TALKATIVE = ("asyncio", "distributed", "tornado")
_LIBRARIES = ("lossctl", "numpy", "pyarrow")


def run(plan: Plan, tell: Tell | None = None, rows: Rows | None = None) -> Summaries:
    """Return the summaries of all rows of a plan, whose parts the workers of a cluster read.

    ``tell`` is called with the rows and the bytes of the predictions as they have been read.
    ``rows`` is where the workers write the rows to, a file for each part.

    Raises:
        DataError: the cluster cannot be used, or a row cannot be read, paired or scored: the first
            such row of the input.

    """
    with workers(plan.scheduler or "", plan.jobs) as client:
        check(client, [plan.inputs.predictions, plan.inputs.labels], rows)
        try:
            return _found(client, plan, sent(plan, partial(each, client)), tell, rows)
        except CutError:
            return _found(client, plan, [plan], tell, rows)


@contextmanager
def workers(scheduler: str, jobs: int | None) -> Iterator[Client]:
    """Give a client of a scheduler that has workers; of ``local`` ones so many are started.

    Raises:
        DataError: it is not there, is gone before the work is done, or has no workers.

    """
    with ExitStack() as stack:
        stack.enter_context(_silent())
        address = scheduler or config.get("scheduler-address", None)
        if address is None:
            hint = "--scheduler ADDRESS, or local"
            raise UsageError("which scheduler does --engine dask mean?", hint=hint)
        if address == _HERE:
            address = stack.enter_context(_cluster(jobs or cores()))
        try:
            client = Client(address, timeout=_PATIENCE, set_as_default=False)
            stack.enter_context(client)
            client.wait_for_workers(1, timeout=_PATIENCE)
        except WorkerStartTimeoutError as error:
            hint = "start some: dask worker ADDRESS"
            raise DataError("the scheduler has no workers", where=address, hint=hint) from error
        except (OSError, ValueError) as error:
            hint = "start one with dask scheduler, or let --scheduler local do it"
            raise DataError("no scheduler answers", where=address, hint=hint) from error
        try:
            yield client
        except (CancelledError, CommClosedError) as error:
            hint = "nothing was written; look into its log, and run it again"
            raise DataError("the scheduler is gone", where=address, hint=hint) from error
        except RuntimeError as error:
            if _UNREADABLE not in str(error):
                raise
            hint = "install the same versions of lossctl everywhere, and start it anew"
            what = "the scheduler cannot read what it is sent"
            raise DataError(what, where=address, hint=hint) from error
        except KilledWorker as error:
            several = error.allowed_failures + 1
            workers = "a worker" if several == 1 else f"{several} workers in turn"
            what = f"{workers} died of a part of the input"
            raise DataError(what, where=address, hint=_MORE_MEMORY) from error
        except MemoryError as error:
            raise DataError(
                "a worker has no memory left", where=address, hint=_MORE_MEMORY
            ) from error


@contextmanager
def _cluster(count: int) -> Iterator[str]:
    """Give the address of a cluster on this machine, which ends with this process.

    It is a session of its own: what comes from the keyboard is not for it, and what it says is not
    for the terminal.
    """
    with tempfile.TemporaryDirectory(prefix="lossctl-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(count), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                raise DataError("the workers do not start", hint="try dask scheduler")
            yield address
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _be_cluster(count: int, folder: str) -> None:
    """Be such a cluster, until whoever started it is gone."""
    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=folder,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)  # noqa: T201  # to who started it
        sys.stdin.read()


@contextmanager
def _silent() -> Iterator[None]:
    """Let loggers of Dask be silent: what they say of a cluster, our errors say too."""
    loggers = [
        logger
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger) and name.split(".")[0] in _TALKATIVE
    ]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, before, strict=True):
                logger.disabled = disabled


def check(client: Client, tables: Sequence[Table | None], rows: Rows | None = None) -> None:
    """Refuse a cluster that is not like this process, or does not see what it sees.

    Raises:
        DataError: a worker has other versions, or other files.

    """
    found = client.get_versions(packages=["lossctl", "pyarrow"])
    mine = _compared(found["client"])
    for where, theirs in [("its scheduler", found["scheduler"]), *found["workers"].items()]:
        for name, other in _compared(theirs).items():
            if other != mine[name]:
                has = f"{name} {other}" if other else f"no {name}"
                what = f"the cluster has {has}, and this machine {mine[name]}"
                raise DataError(what, where=where, hint=_ALIKE)
    files = [file for table in tables for file in files_of(table)]
    once = next((file for file in files if isinstance(file.source, Tape)), None)
    if once is not None:
        raise DataError("workers cannot read a pipe", where=once.name, hint="save it to a file")
    # A worker that does not answer is gone, and does no harm.
    answers = client.run(_wrong_with, _seen(files), rows, on_error="return")
    for worker, wrong in answers.items():
        if isinstance(wrong, DataError):
            hint = "workers read and write files themselves, by the names that they have here"
            raise DataError(f"a worker says: {wrong}", where=worker, hint=hint)


def _compared(versions: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the versions that have to be the same everywhere."""
    packages = versions["packages"]
    python = ".".join(str(packages["python"]).split(".")[:2])
    return {"Python": python} | {name: packages.get(name) for name in _LIBRARIES}


def _seen(files: Sequence[File]) -> tuple[File, ...]:
    """Return what workers have to see: all files of a disk, and one of each place elsewhere."""
    elsewhere = {file.path.rpartition("/")[0]: file for file in files if file.source is not None}
    return (*(file for file in files if file.source is None), *elsewhere.values())


def _wrong_with(files: Sequence[File], rows: Rows | None) -> DataError | None:
    """Return what is wrong with files here, on a worker: each is to be what the client saw."""
    if rows is not None and not os.path.isdir(rows.folder):
        return DataError("there is no such folder", where=os.path.dirname(rows.folder))
    for file in files:
        try:
            file.check()
        except DataError as error:
            return error
    return None


def each(client: Client, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Do some work on the workers, and yield what comes of each item, in their order.

    What does the work is sent to a worker once, and may keep there what it needs for each item.
    """
    ahead = _AHEAD * max(1, sum(client.nthreads().values()))
    given = client.submit(_same, work, pure=False)
    waiting: deque[Any] = deque()
    for item in items:
        waiting.append(client.submit(_done, given, item, pure=False))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _same(value: Any) -> Any:
    """Give a value to all tasks that need it: where it is lost, this is done again."""
    return value


def _done(work: Callable[[Any], Any], item: Any) -> Any:
    return work(item)


class _Teller:
    """Tells, on a worker, how far its reading is: now and then, for the scheduler's sake."""

    def __init__(self, topic: str) -> None:
        self._topic, self._lock = topic, Lock()
        self._read, self._last = [0, 0], 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        return _Teller, (self._topic,)

    def __call__(self, rows: int, size: int) -> None:
        with self._lock:
            read, now = [self._read[0] + rows, self._read[1] + size], monotonic()
            late = now > self._last + _OFTEN
            self._read, self._last = ([0, 0], now) if late else (read, self._last)
        if late:
            with suppress(ValueError):  # a thread that knows of no worker
                get_worker().log_event(self._topic, read)


def teller(client: Client, tell: Tell | None) -> Tell | None:
    """Return what workers call as ``tell`` is to be called here."""
    if tell is None:
        return None
    topic = f"lossctl-{uuid4()}"
    client.subscribe_topic(topic, lambda event: tell(*event[1]))
    return _Teller(topic)


@dataclass(frozen=True)
class _Work:
    """What is done with each part of a plan; labels that are joined are held by each worker."""

    plan: Plan
    labels: Table | None
    tell: Tell | None
    rows: Rows | None
    versions: tuple[str, str] = (__version__, np.__version__)

    @classmethod
    def of(cls, plan: Plan, tell: Tell | None, rows: Rows | None) -> _Work:
        """Take what parts of a plan need not bring along."""
        labels = Kept(plan.inputs.labels) if plan.roles.joined and plan.inputs.labels else None
        nothing: Any = None
        return cls(replace(plan, inputs=nothing, scheduler=None), labels, tell, rows)

    def own(self, part: Plan, number: int) -> _Own:
        """Return what is of one part alone."""
        labels = None if self.labels is not None else part.inputs.labels
        return _Own(part.inputs.predictions, labels, part.first, part.part, number)

    def __call__(self, own: _Own) -> Found:
        """Return what is found in a part.

        Raises:
            DataError: this worker came later, and is of other versions.

        """
        if self.versions != (__version__, np.__version__):
            where = get_worker().address
            raise DataError("the cluster has a worker of other versions", where=where, hint=_ALIKE)
        inputs = Inputs(own.predictions, self.labels or own.labels)
        part = ready(replace(self.plan, inputs=inputs, first=own.first, part=own.part))
        with nullcontext() if self.rows is None else self.rows.of(part, own.number) as see:
            return found_in(watched(part, self.tell), see)


class _Own(NamedTuple):
    predictions: Table
    labels: Table | None
    first: int
    part: bool
    number: int


def _found(
    client: Client, plan: Plan, parts: Sequence[Plan], tell: Tell | None, rows: Rows | None
) -> Summaries:
    kept = None if rows is None else rows.apart()
    work = _Work.of(plan, teller(client, tell), kept)
    owns = [work.own(part, number) for number, part in enumerate(parts)]
    given = client.submit(_same, work, pure=False)
    level = client.map(_done, [given] * len(owns), owns, pure=False)
    while len(level) > 1:
        several = [level[i : i + _TOGETHER] for i in range(0, len(level), _TOGETHER)]
        level = client.map(_together, several, pure=False)
    found: Found = level[0].result()
    if len(parts) == 1 and found.wrong is not None:
        raise found.wrong
    index = at_fault(plan, found)
    if index is not None and not plan.roles.joined:
        refuse(plan, parts[index], found)
    summaries = _with_meetings(plan, found.summaries.moved(-found.first)) if index is None else None
    if summaries is None:  # which ids are wrong is known to who reads all of them
        return _found(client, plan, [replace(plan, part=False)], tell, rows)
    if kept is not None:
        kept.settle()
    return summaries


def _with_meetings(plan: Plan, summaries: Summaries) -> Summaries | None:
    """Return the summaries of a join of all parts; None if an id is not as it should be."""
    met = summaries.meetings
    if met is None:
        return summaries
    strangers = [ids for ids in met.strangers if len(ids)]
    twice = met.twice or bool(strangers and len(index_of(strangers).duplicates))
    alone = summaries.counts.unmatched_predictions or met.lonely
    if twice or (alone and plan.unmatched == ERROR):
        return None
    counts = replace(summaries.counts, unmatched_labels=met.lonely)
    return replace(summaries, counts=counts, meetings=None)


def _together(found: Sequence[Found]) -> Found:
    return reduce(Found.then, found)


if __name__ == "__main__":
    _be_cluster(int(sys.argv[1]), sys.argv[2])
