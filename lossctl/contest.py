"""Many candidates against one truth: scored side by side, compared, ranked."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event

from lossctl import scoring
from lossctl.block import Block, RowLosses
from lossctl.comparison import Baseline, Paired, Scope, Truth
from lossctl.engines.cores import cores
from lossctl.engines.local import Tell
from lossctl.engines.partition import Sink
from lossctl.errors import LossctlError, UsageError
from lossctl.losses import parse
from lossctl.plan import Plan
from lossctl.result import NONE, Failure, Ranking, Result
from lossctl.scoring import Data, Options
from lossctl.sources import open_labels
from lossctl.values import dataclass, replace

HOLM = "holm"


@dataclass(frozen=True)
class Entry:
    """A candidate that was scored, and what tells the rows it was scored on from others."""

    result: Result
    rows: tuple[int, float, int]


@dataclass(frozen=True)
class Job:
    """What is asked of each candidate: ``labels`` are open already, None where each has its own."""

    loss: str
    labels: Data
    options: Options
    tell: Tell | None = None

    def run(
        self, name: str, data: Data, baseline: Baseline | None, stop: Callable[[], None]
    ) -> Entry:
        """Score a candidate.

        Raises:
            LossctlError: it cannot be scored, or not be compared.

        """
        plan, truth = self._prepared(data)
        scope = Scope(truth)
        paired = None if baseline is None else Paired(plan, truth, baseline)
        (result,) = scoring.run(plan, _all(scope, paired, stop), self.tell)
        delta = None if paired is None else paired.delta()
        return Entry(
            replace(result, predictions=name, delta=delta),
            (result.n, result.denominator, scope.sum),
        )

    def remember(self, name: str, data: Data) -> tuple[Entry, Baseline]:
        """Score the baseline, and keep what others are compared with.

        Raises:
            LossctlError: it cannot be scored.

        """
        plan, truth = self._prepared(data)
        scope, baseline = Scope(truth), Baseline(plan, truth)
        (result,) = scoring.run(plan, _all(scope, baseline), self.tell)
        baseline.close()
        result = replace(result, predictions=name)
        return Entry(result, (result.n, result.denominator, scope.sum)), baseline

    def _prepared(self, data: Data) -> tuple[Plan, Truth]:
        plan = scoring.prepare(self.loss, data, self.labels, self.options)
        own = self.labels is None and plan.roles.shown is not None
        truth = Truth(
            plan, shared=self.labels is not None, by_id=self.options.columns.id is not None
        )
        return replace(plan, jobs=1, alternatives=(), told_apart=own), truth


def _all(*watchers: Sink | Callable[[], None] | None) -> Sink:
    sinks = [one for one in watchers if one is not None]

    def see(block: Block, losses: RowLosses) -> None:
        for sink in sinks:
            sink(block, losses)  # type: ignore[call-arg]

    return see


def contest(  # noqa: PLR0913
    loss: str,
    candidates: Mapping[str, Data],
    labels: Data,
    options: Options,
    *,
    baseline: tuple[str, Data] | None = None,
    adjust: str | None = None,
    fail_fast: bool = False,
    tell: Tell | None = None,
) -> Ranking:
    """Score candidates, by their names, and rank them; all are compared with the baseline.

    Raises:
        UsageError: the options do not go together.
        DataError: the labels or the baseline cannot be read; a candidate cannot, and ``fail_fast``.

    """
    _check(loss, options, adjust, compared=baseline is not None)
    opened = None if labels is None else open_labels(labels, options.input)
    job = Job(loss, opened, options, tell)
    entries: list[Entry] = []
    base = None
    if baseline is not None:
        first, base = job.remember(*baseline)
        entries.append(first)
    rest = {name: data for name, data in candidates.items() if not baseline or name != baseline[0]}
    failed = []
    for name, found in _side_by_side(job, rest, base):
        if isinstance(found, Entry):
            entries.append(found)
        elif fail_fast or isinstance(found, UsageError):
            raise found
        else:
            failed.append(Failure(name, str(found)))
    order = {name: place for place, name in enumerate(candidates)}
    entries.sort(key=lambda entry: order.get(entry.result.predictions, -1))
    results = _ranked(entries)
    if adjust == HOLM:
        results = adjusted(results)
    named = None if baseline is None else baseline[0]
    return Ranking(str(parse(loss)[0]), tuple(results), tuple(failed), named)


def _check(loss: str, options: Options, adjust: str | None, *, compared: bool) -> None:
    if len(parse(loss)) > 1:
        raise UsageError("a batch is ranked by one loss", hint="one batch for each loss")
    if options.reduction == NONE:
        raise UsageError("--reduction is mean or sum in a batch")
    if adjust not in (None, HOLM):
        raise UsageError(f"--adjust is {HOLM}, not '{adjust}'")
    if adjust is not None and not compared:
        raise UsageError("--adjust is for differences", hint="--baseline FILE")


def _side_by_side(
    job: Job, candidates: Mapping[str, Data], baseline: Baseline | None
) -> Iterator[tuple[str, Entry | LossctlError]]:
    """Score candidates on threads, one each; yield them in their order."""
    stopped = Event()

    def stop(*_: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt

    def work(item: tuple[str, Data]) -> tuple[str, Entry | LossctlError]:
        try:
            return item[0], job.run(*item, baseline, stop)
        except LossctlError as error:
            return item[0], error

    jobs = min(job.options.jobs or cores(), len(candidates))
    if jobs <= 1:
        yield from map(work, candidates.items())
        return
    from lossctl.engines.threads import threads  # noqa: PLC0415  # 10 ms

    with threads(jobs, jobs, stopped) as each:
        yield from each(work, candidates.items())


def _ranked(entries: Sequence[Entry]) -> list[Result]:
    """Return the results, best first, with ranks for those that were scored on the same rows."""
    counts = Counter(entry.rows for entry in entries)
    most = max(counts, key=lambda rows: (counts[rows], rows[0], rows[1]), default=None)
    marked = [replace(entry.result, comparable=entry.rows == most) for entry in entries]
    fit = [one for one in marked if one.comparable and not math.isnan(one.value)]
    fit.sort(key=lambda one: one.value)
    first: dict[float, int] = {}
    for place, one in enumerate(fit, start=1):
        first.setdefault(one.value, place)
    ranked = [replace(one, rank=first[one.value]) for one in fit]
    rest = [one for one in marked if not one.comparable or math.isnan(one.value)]
    rest.sort(key=lambda one: (not one.comparable, math.isnan(one.value), one.value))
    return [*ranked, *rest]


def adjusted(results: Sequence[Result]) -> list[Result]:
    """Return results whose p is adjusted for their number, by Holm's step-down method (1979)."""
    known = [one.delta.p for one in results if one.delta is not None and one.delta.p is not None]
    found: dict[float, float] = {}
    most = 0.0
    for place, p in enumerate(sorted(known)):
        most = max(most, min(1.0, (len(known) - place) * p))
        found.setdefault(p, most)
    return [
        replace(one, delta=replace(one.delta, p_adjusted=found[one.delta.p]))
        if one.delta is not None and one.delta.p is not None
        else one
        for one in results
    ]


def same_file(one: str, other: str) -> bool:
    """Whether two names are of one file."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def named(name: str, candidates: Sequence[str]) -> str:
    """Return what a baseline is called among the candidates, if it is one of them."""
    return next((one for one in candidates if same_file(one, name)), name)


def refuse_two_streams(names: Sequence[str | None]) -> None:
    """Refuse to read standard input for several things.

    Raises:
        UsageError: more than one name is ``-``.

    """
    if [*names].count("-") > 1:
        raise UsageError("standard input can be read only once", hint="save one of them to a file")
