"""Many candidates against one truth: scored side by side, compared, ranked."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from threading import Event

from lossctl import scoring
from lossctl.block import Block, RowLosses
from lossctl.comparison import Baseline, Paired, Scope, Truth
from lossctl.engines import LOCAL
from lossctl.engines.cores import cores
from lossctl.engines.local import Tell
from lossctl.engines.partition import Sink
from lossctl.errors import DataError, LossctlError, UsageError
from lossctl.labels.weighing import read_once
from lossctl.losses import parse
from lossctl.once import Once
from lossctl.plan import Plan
from lossctl.result import NONE, Failure, Ranking, Result
from lossctl.scoring import Data, Options
from lossctl.sources import open_shared
from lossctl.sources.originals import Stamps, check_stamps, stamps_of
from lossctl.sources.places import is_address, shown
from lossctl.sources.streams import STDIN
from lossctl.values import dataclass, replace

HOLM = "holm"


@dataclass(frozen=True)
class Entry:
    """A candidate that was scored, and what tells the rows it was scored on from others."""

    result: Result
    rows: tuple[int, float, int]


@dataclass(frozen=True)
class Scorer:
    """What is asked of each candidate: ``labels`` are open already, None where each has its own."""

    loss: str
    labels: Data
    options: Options
    tell: Tell | None = None

    def run(self, name: str, data: Data, baseline: Baseline | None, stop: Sink | None) -> Entry:
        """Score a candidate.

        Raises:
            LossctlError: it cannot be scored, or not be compared.

        """
        plan, truth = self._prepared(data)
        scope = Scope()
        paired = None if baseline is None else Paired(plan, truth, baseline)
        seen = truth.told_to(scope) if paired is None else truth.told_to(scope, paired)
        (result,) = scoring.run(plan, seen if stop is None else _both(seen, stop), self.tell)
        delta = None if paired is None else paired.delta()
        return self._entry(name, replace(result, delta=delta), scope)

    def remember(self, name: str, data: Data) -> tuple[Entry, Baseline]:
        """Score the baseline, and keep what others are compared with.

        Raises:
            LossctlError: it cannot be scored.

        """
        plan, truth = self._prepared(data)
        scope, baseline = Scope(), Baseline(plan, truth)
        (result,) = scoring.run(plan, truth.told_to(scope, baseline), self.tell)
        baseline.close()
        return self._entry(name, result, scope), baseline

    def _entry(self, name: str, result: Result, scope: Scope) -> Entry:
        """Return a result by the name of its candidate; so are labels of its own called."""
        labels = name if self.labels is None else result.labels
        result = replace(result, predictions=name, labels=labels)
        return Entry(result, (result.n, result.denominator, scope.sum))

    def _prepared(self, data: Data) -> tuple[Plan, Truth]:
        plan = scoring.prepare(self.loss, data, self.labels, self.options)
        _refuse_labels(plan)
        own = self.labels is None and plan.roles.shown is not None
        truth = Truth(
            plan, shared=self.labels is not None, by_id=self.options.columns.id is not None
        )
        return replace(plan, jobs=1, alternatives=(), told_apart=own), truth


def _refuse_labels(plan: Plan) -> None:
    """Refuse labels that are taken for a candidate, as where a glob matches their file."""
    names = (plan.inputs.predictions.name, plan.inputs.label_table.name)
    columns = (
        {column.position for column in side} for side in (plan.roles.prediction, plan.roles.label)
    )
    if (
        plan.inputs.labels is not None
        and same_file(*names)
        and len({*map(frozenset, columns)}) == 1
    ):
        hint = "leave it out: a glob may match it"
        raise DataError("these are the labels, and no predictions", where=names[0], hint=hint)


def _both(first: Sink, second: Sink) -> Sink:
    def see(block: Block, losses: RowLosses) -> None:
        first(block, losses)
        second(block, losses)

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
    check(loss, options, adjust, compared=baseline is not None)
    scorer = _scorer(loss, labels, options, tell)
    entries: list[Entry] = []
    named = None if baseline is None else baseline[0]
    first = {} if baseline is None else dict([baseline])
    errors: dict[str, LossctlError] = {}
    for name, found in _side_by_side(scorer, {**first, **candidates}, named):
        if isinstance(found, Entry):
            entries.append(found)
        elif fail_fast or name == named or isinstance(found, UsageError):
            raise found
        else:
            errors[name] = found
    if not entries:
        _refuse_bad_labels(scorer, errors)
    order = {name: place for place, name in enumerate(candidates)}
    entries.sort(key=lambda entry: order.get(entry.result.predictions, -1))
    results = _ranked(entries, named)
    if adjust == HOLM:
        results = adjusted(results)
    failed = tuple(Failure(name, str(error), error.hint) for name, error in errors.items())
    return Ranking(str(parse(loss)[0]), tuple(results), failed, named)


def _scorer(loss: str, labels: Data, options: Options, tell: Tell | None) -> Scorer:
    """Open what all share: it is read once, and may be a pipe."""
    array = options.columns.weight
    opened, weights = open_shared(labels, options.input, options.weights, array)
    if options.weights is None and weights is not None:  # an array of that name, beside the labels
        options = replace(options, columns=replace(options.columns, weight=None))
    terms = replace(options.terms, class_weight=read_once(options.terms.class_weight))
    return Scorer(loss, opened, replace(options, weights=weights, terms=terms), tell)


def _refuse_bad_labels(scorer: Scorer, errors: Mapping[str, LossctlError]) -> None:
    """Raise what is wrong with the labels once, where no candidate can be scored for it."""
    first = next(iter(errors.values()), None)
    if first is None or scorer.labels is None or first.where is None:
        return
    ours = f"{first.where}, ".startswith(f"{scorer.labels.name}, ")
    if ours and len({str(error) for error in errors.values()}) == 1:
        raise first


def check(loss: str, options: Options, adjust: str | None, *, compared: bool) -> None:
    """Refuse what cannot be meant, whatever the files hold.

    Raises:
        UsageError: the options do not go together.

    """
    if len(parse(loss)) > 1:
        raise UsageError("a batch is ranked by one loss", hint="one batch for each loss")
    if options.reduction == NONE:
        raise UsageError("--reduction is mean or sum in a batch")
    if options.mergeable:
        hint = "lossctl score writes one for each"
        raise UsageError("a batch writes no partials", hint=hint)
    if adjust not in (None, HOLM):
        raise UsageError(f"--adjust is {HOLM}, not '{adjust}'")
    if adjust is not None and not compared:
        raise UsageError("--adjust is for differences", hint="--baseline FILE")


@dataclass(frozen=True)
class Round:
    """What is done with each candidate, on a thread or elsewhere: the baseline is made there."""

    scorer: Scorer
    baseline: str | None = None
    remembered: Once[tuple[Entry, Baseline]] | None = None
    stop: Sink | None = None

    def __call__(self, item: tuple[str, Data, Stamps]) -> tuple[str, Entry | LossctlError]:
        """Score a candidate, or take the baseline's score; return its name and what came of it."""
        name, data, stamps = item
        try:
            check_stamps(stamps)
            if self.remembered is None:
                return name, self.scorer.run(name, data, None, self.stop)
            first, baseline = self.remembered()
            if name == self.baseline:
                return name, first
            return name, self.scorer.run(name, data, baseline, self.stop)
        except LossctlError as error:
            return name, error
        except OSError as error:  # as where a folder may not be listed
            return name, DataError(error.strerror or str(error), where=name)


def _side_by_side(
    scorer: Scorer, candidates: Mapping[str, Data], baseline: str | None
) -> Iterator[tuple[str, Entry | LossctlError]]:
    """Score candidates on threads, one each, or on a cluster; yield them in their order."""
    options, stopped = scorer.options, Event()

    def stop(_: Block, __: RowLosses) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt

    if options.engine != LOCAL:
        yield from _elsewhere(scorer, candidates, baseline)
        return
    work = _round(scorer, candidates, baseline, stop)
    items = [(name, data, ()) for name, data in candidates.items()]
    jobs = min(options.jobs or cores(), len(candidates))
    if jobs <= 1:
        yield from map(work, items)
        return
    from lossctl.engines.threads import threads  # noqa: PLC0415  # 10 ms

    with threads(jobs, jobs, stopped) as each:
        yield from each(work, items)


def _elsewhere(
    scorer: Scorer, candidates: Mapping[str, Data], baseline: str | None
) -> Iterator[tuple[str, Entry | LossctlError]]:
    from lossctl.engines import dask  # noqa: PLC0415  # 0.5 s

    options = scorer.options
    with dask.workers(options.scheduler or "", options.jobs) as client:
        dask.check(client, [scorer.labels, options.weights])
        here = replace(options, engine=LOCAL, scheduler=None)
        theirs = replace(scorer, options=here, tell=dask.teller(client, scorer.tell))
        found = {name: _from_anywhere(data) for name, data in candidates.items()}
        items = ((name, data, stamps_of(data)) for name, data in found.items())
        yield from dask.each(client, _round(theirs, found, baseline, None), items)


def _from_anywhere(data: Data) -> Data:
    """Return data as they are called in whatever folder a worker has."""
    if data == STDIN:
        raise DataError("workers cannot read a pipe", where=data, hint="save it to a file")
    return os.path.abspath(data) if isinstance(data, str) and not is_address(data) else data


def _round(
    scorer: Scorer, candidates: Mapping[str, Data], baseline: str | None, stop: Sink | None
) -> Round:
    if baseline is None:
        return Round(scorer, stop=stop)
    make = partial(scorer.remember, baseline, candidates[baseline])
    return Round(scorer, baseline, Once(make), stop)


def _ranked(entries: Sequence[Entry], baseline: str | None) -> list[Result]:
    """Return the results, best first, with ranks for those that were scored on the same rows.

    Those are the rows of most; at a tie the larger set, the baseline's, the first. What is NaN has
    no rank whatever it was scored on.
    """
    numbers = [entry for entry in entries if not math.isnan(entry.result.value)]
    counts = Counter(entry.rows for entry in numbers or entries)
    theirs = [entry.rows for entry in entries if entry.result.predictions == baseline]
    most = max(counts, key=lambda rows: (counts[rows], *rows[:2], rows in theirs), default=None)
    marked = [
        replace(entry.result, comparable=entry.rows == most or math.isnan(entry.result.value))
        for entry in entries
    ]
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
    if one == other:
        return True
    apart = any(name == STDIN or is_address(name) for name in (one, other))
    return not apart and os.path.realpath(one) == os.path.realpath(other)


def shown_names(paths: Sequence[str]) -> dict[str, str]:
    """Return paths by the names that may stand in results; each has one of its own."""
    found: dict[str, str] = {}
    for path in paths:
        found[_other(shown(path), found)] = path
    return found


def _other(name: str, taken: Mapping[str, Data]) -> str:
    """Return a name, or another if it is taken: addresses are shown without their secrets."""
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name} ({count})"
    return free


def named(baseline: str, candidates: Mapping[str, Data]) -> tuple[str, Data]:
    """Return name and data of a baseline: those of a candidate, if it is one of them."""
    if baseline in candidates:
        return baseline, candidates[baseline]
    for name, data in candidates.items():
        if isinstance(data, str) and same_file(data, baseline):
            return name, data
    return _other(shown(baseline), candidates), baseline


def refuse_baseline_alone(candidates: Sequence[str], baseline: str | None) -> None:
    """Refuse a comparison in which there is nothing to compare: it would pass every gate.

    Raises:
        DataError: the baseline is the only candidate.

    """
    if baseline is not None and all(same_file(one, baseline) for one in candidates):
        hint = "name what is to be compared with it"
        raise DataError("the baseline is the only candidate", where=baseline, hint=hint)


def refuse_two_streams(names: Sequence[str | None]) -> None:
    """Refuse to read standard input for several things.

    Raises:
        UsageError: more than one name is ``-``.

    """
    if [*names].count("-") > 1:
        raise UsageError("standard input can be read only once", hint="save one of them to a file")
