"""From what was asked to the answer: the whole story in one place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from lossctl import align, asked, columns, diagnosis, engines, grouping
from lossctl.columns import ColumnOptions, Roles
from lossctl.conclusion import conclude
from lossctl.conventions import ALL, EXACT, Predictions, TermOptions
from lossctl.engines import DASK, LOCAL
from lossctl.engines.local import Tell
from lossctl.engines.partition import Sink, Summaries
from lossctl.errors import DataError, UsageError
from lossctl.known import is_aside, is_key, is_nameless
from lossctl.labels import LabelOptions, check_options
from lossctl.labels import choose as choose_coding
from lossctl.losses import parse
from lossctl.losses.domain import LOGITS, NUMBERS, Domain
from lossctl.losses.terms import NO, Scoring
from lossctl.plan import ERROR, PROPAGATE, SKIP, Plan
from lossctl.result import MEAN, NONE, SUM, Result
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.table import Inputs, Table
from lossctl.sources.views import View
from lossctl.suspicions import (
    refuse_event_beside_classes,
    refuse_headers_of_numbers,
    refuse_two_complete_files,
    refuse_unrelated_columns,
)
from lossctl.values import dataclass, field, replace

Data: TypeAlias = Any  # a path, or whatever lossctl.sources.memory takes
Keep: TypeAlias = Callable[[Summaries], None]


@dataclass(frozen=True)
class Options:
    """What can be said about a scoring besides the losses and the inputs."""

    form: str | None = None
    reduction: str | None = None
    nan: str = ERROR
    unmatched: str = ERROR
    weights: Any = None
    sum_tolerance: float = 1e-3
    level: float = 0.95
    diagnose: str = diagnosis.WARN
    worst: int = 0
    plot: bool = False
    per_class: bool = False
    min_group: int = 1
    per_row: bool = False
    jobs: int | None = None
    engine: str = LOCAL
    scheduler: str | None = None
    fingerprint: bool = False
    mergeable: bool = False
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    label: LabelOptions = field(default_factory=LabelOptions)
    input: InputOptions = field(default_factory=InputOptions)
    terms: TermOptions = field(default_factory=TermOptions)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for option, value, words in (
            ("--reduction", self.reduction or MEAN, (MEAN, SUM, NONE)),
            ("--nan", self.nan, (ERROR, SKIP, PROPAGATE)),
            ("--unmatched", self.unmatched, (ERROR, SKIP)),
            ("--diagnose", self.diagnose, (diagnosis.WARN, diagnosis.ERROR, diagnosis.OFF)),
            ("--engine", self.engine, (LOCAL, DASK)),
        ):
            if value not in words:
                *others, last = words
                raise UsageError(f"{option} is {', '.join(others)} or {last}, not '{value}'")
        for option, what, number, least in (
            ("--worst", "rows", self.worst, 0),
            ("--min-group", "rows", self.min_group, 1),
            ("--jobs", "threads", 1 if self.jobs is None else self.jobs, 1),
        ):
            if number < least:
                raise UsageError(f"{option} is a number of {what}, not {number}")
        if self.mergeable and self.reduction == NONE:
            hint = "shards are merged to a mean or a sum"
            raise UsageError("--reduction none prints rows, and has no --partial", hint=hint)
        if self.unmatched == SKIP and self.columns.id is None:
            hint = "--id COL names the column to join by"
            raise UsageError("--unmatched is for rows that are joined by --id", hint=hint)
        if self.min_group > 1 and not self.columns.by:
            raise UsageError("--min-group is for groups", hint="--by COL makes them")
        if not 0 < self.level < 1:
            share = 1 < self.level < 100
            hint = f"{self.level:g} % is {self.level / 100:g}" if share else "0.95 is usual"
            raise UsageError(f"--level is between 0 and 1, not {self.level:g}", hint=hint)
        if not 0 <= self.sum_tolerance < 1:
            hint = "rows that sum to anything: --normalize"
            raise UsageError(
                f"--sum-tol is from 0 to below 1, not {self.sum_tolerance:g}", hint=hint
            )
        self._check_engine()

    def _check_engine(self) -> None:
        if self.scheduler is not None and self.engine != DASK:
            raise UsageError("--scheduler is for --engine dask", hint="say both, or neither")
        if self.engine != LOCAL and self.reduction == NONE:
            hint = "--per-row writes them to a folder of files"
            raise UsageError("--reduction none prints rows, which are read elsewhere", hint=hint)


def score(loss: str, predictions: Data, labels: Data, options: Options) -> tuple[Result, ...]:
    """Score predictions against labels, for each of the losses that are named.

    Raises:
        UsageError: the options do not go together, whatever the files hold.
        DataError: the files cannot be read, paired or scored.

    """
    return run(prepare(loss, predictions, labels, options))


def run(
    plan: Plan,
    sink: Sink | None = None,
    tell: Tell | None = None,
    keep: Keep | None = None,
) -> tuple[Result, ...]:
    """Do what was planned; a sink sees each block of rows, in their order.

    ``tell`` is called with the rows and the bytes of the predictions as they are read, ``keep``
    with the summaries of all rows, before it is known whether there is a loss of them.

    Raises:
        DataError: the files cannot be read, paired or scored; the sink has seen the rows before.

    """
    summaries = engines.run(plan, sink, tell)
    if keep is not None:
        keep(summaries)
    results = conclude(plan, summaries)
    infinite = any(math.isinf(result.value) for result in results)
    if not (infinite and plan.alternatives) or sink is not None:
        return results
    return _with_alternatives(plan, results)


def _with_alternatives(plan: Plan, results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Return results that say what other conventions make of an infinite loss.

    That takes another reading of the inputs, and they may have changed: it is a remark.
    """
    roles = replace(plan.roles, by=(), cluster=None)
    again = replace(
        plan,
        others=plan.alternatives,
        roles=roles,
        worst=0,
        plot=False,
        per_class=False,
        min_group=1,
        fingerprint=False,
        mergeable=False,
    )
    try:
        found = conclude(again, engines.run(again))
    except DataError:
        return results
    return tuple(map(_with_remark, results, found))


def _with_remark(result: Result, again: Result) -> Result:
    others = (again.conventions or {}).items()
    said = [f"{name} {one.value:.6g}" for name, one in others if one and math.isfinite(one.value)]
    remark = f"what others make of {result.loss}: {', '.join(said)} (--convention NAME)"
    known = math.isinf(result.value) and said
    return replace(result, warnings=(*result.warnings, remark)) if known else result


def prepare(loss: str, predictions: Data, labels: Data, options: Options) -> Plan:
    """Open the inputs and make every choice; no more is read than that takes.

    Raises:
        UsageError: the options do not go together.
        DataError: the files cannot be read, or do not hold what was asked for.

    """
    losses = parse(loss)
    rows = options.reduction == NONE or options.per_row or options.worst > 0
    asked.check_reduction(losses, options.reduction, rows=rows)
    domains = asked.common_domains(losses)
    if len(domains) == 1:  # what is wrong whatever the files hold
        form = asked.form_of(losses, domains[0], options.form)
        check_options(domains[0], options.label)
    tables, weights, again = open_tables(
        [predictions] if labels is None else [predictions, labels],
        options.input,
        options.weights,
        options.columns.weight,
    )
    inputs = align.fit(*tables) if options.columns.id is None else Inputs(*tables)
    weighed = None if weights is None else _with_weights(inputs, weights, options)
    named = options.columns if weighed is None else replace(options.columns, weight=None)
    domain = _domain(domains, inputs, named, options.label)
    form = asked.form_of(losses, domain, options.form)
    check_options(domain, options.label)
    refuse_two_complete_files(domain, inputs, options.columns)
    if options.input.header is None:
        refuse_headers_of_numbers(inputs)
    roles = grouping.choose(domain, inputs, named, options.label.classes)
    coding = choose_coding(domain, inputs, roles, options.label)
    if domain.classes and form in (LOGITS, NUMBERS):
        refuse_unrelated_columns(inputs, roles, options.columns, options.label.classes)
    if weighed is not None and weighed.added is not None:
        inputs = Inputs(weighed, inputs.labels)
        roles = replace(roles, weight=(columns.PREDICTION, weighed.added))
    asked.refuse_other_meanings(losses, domain, len(roles.prediction))
    predicted = _predictions(domain, form, roles)
    printed = options.reduction == NONE
    own, others = asked.scorings(losses, predicted, options.terms, rows=printed)
    here = again and options.engine == LOCAL  # another reading elsewhere costs too much
    infinite = domain.unit_labels and options.terms.convention == EXACT and here
    plan = Plan(
        scorings=own,
        others=others if options.terms.convention == ALL else (),
        alternatives=others if infinite else (),
        fingerprint=options.fingerprint,
        mergeable=options.mergeable,
        told_apart=options.mergeable,
        domain=domain,
        form=form,
        inputs=inputs,
        weights="file" if weighed is not None else "column" if roles.weight else "none",
        roles=roles,
        coding=coding,
        ignore=None if options.label.ignore is None else options.label.ignore.strip(),
        said=_said(options.label),
        nan=options.nan,
        unmatched=options.unmatched,
        sum_tolerance=None if _normalized(own) else options.sum_tolerance,
        reduction=options.reduction,
        level=options.level,
        diagnose=options.diagnose,
        worst=options.worst,
        plot=options.plot,
        per_class=options.per_class,
        min_group=options.min_group,
        per_row=options.per_row,
        jobs=options.jobs,
        scheduler=None if options.engine == LOCAL else options.scheduler or "",
    )
    return asked.with_class_weights(plan, options.terms)


def _said(label: LabelOptions) -> tuple[tuple[str, str], ...]:
    """Return what was said of the labels, as far as another might have said otherwise."""
    parts = {
        "positive": label.positive,
        "base": str(label.base) if label.base else None,
        "classes": ",".join(label.classes) if label.classes else None,
    }
    return tuple((name, text) for name, text in parts.items() if text is not None)


def _predictions(domain: Domain, form: str, roles: Roles) -> Predictions:
    widest = max(column.stored for column in roles.prediction)  # float16 < float32 < float64
    return Predictions(domain, form, widest, len(roles.prediction))


def _normalized(scorings: tuple[Scoring, ...]) -> bool:
    """Whether no scoring minds what the rows sum to."""
    return all(one.terms.normalized != NO for one in scorings)


def _with_weights(inputs: Inputs, table: Table, options: Options) -> View:
    """Return the predictions with a column of weights from a table of its own beside them."""
    own = [c for c in table.columns if not is_key(c.name) and not is_nameless(c.name)]
    found = own if len(own) == 1 else [c for c in own if is_aside(c.name)]
    if options.weights is not None and options.columns.weight is not None:
        found = [*columns.select((options.columns.weight,), table)]
    if len(found) != 1:
        hint = "--weight-col COL"
        raise DataError("one column of weights is wanted", where=table.name, hint=hint)
    return View(inputs.predictions, other=table, column=found[0])


def _domain(
    domains: tuple[Domain, ...], inputs: Inputs, named: ColumnOptions, label: LabelOptions
) -> Domain:
    """Return the domain that the inputs belong to: one prediction column, or one for each class."""
    if len(domains) == 1:
        return domains[0]
    one, classes = sorted(domains, key=lambda domain: domain.classes)
    if label.classes is not None or label.base != 0:
        return classes
    try:
        roles = grouping.choose(one, inputs, named, label.classes)
    except DataError:
        return classes
    if len(roles.prediction) > 1:
        return classes
    refuse_event_beside_classes(one, inputs, roles, named)
    return one
