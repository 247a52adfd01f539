"""From what was asked to the answer: the whole story in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from lossctl import align, columns, diagnosis
from lossctl.columns import ColumnOptions, Roles
from lossctl.conclusion import conclude
from lossctl.engines import local
from lossctl.engines.partition import Sink
from lossctl.errors import DataError, UsageError
from lossctl.known import is_aside, is_key, is_nameless, without_prefix
from lossctl.labels import LabelOptions, check_options
from lossctl.labels import choose as choose_coding
from lossctl.losses import Loss, parse
from lossctl.losses.domain import LOGITS, NUMBERS, Domain
from lossctl.losses.registry import AS_MEAN, AS_ROOT_MEAN, AS_TOTAL
from lossctl.losses.terms import Terms
from lossctl.names import listing
from lossctl.numbers import to_number
from lossctl.plan import ERROR, PROPAGATE, SKIP, Plan, Scoring
from lossctl.result import MEAN, NONE, SUM, Result
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.table import TEXT, Column, Inputs, Table
from lossctl.sources.views import View

Data: TypeAlias = Any  # a path, or whatever lossctl.sources.memory takes


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
    per_row: bool = False
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    label: LabelOptions = field(default_factory=LabelOptions)
    input: InputOptions = field(default_factory=InputOptions)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.reduction not in (None, MEAN, SUM, NONE):
            raise UsageError(f"--reduction is mean, sum or none, not '{self.reduction}'")
        if self.nan not in (ERROR, SKIP, PROPAGATE):
            raise UsageError(f"--nan is error, skip or propagate, not '{self.nan}'")
        if self.unmatched not in (ERROR, SKIP):
            raise UsageError(f"--unmatched is error or skip, not '{self.unmatched}'")
        if self.unmatched == SKIP and self.columns.id is None:
            raise UsageError("--unmatched is for rows that are joined by --id")
        kinds = (diagnosis.WARN, diagnosis.ERROR, diagnosis.OFF)
        if self.diagnose not in kinds:
            raise UsageError(f"--diagnose is warn, error or off, not '{self.diagnose}'")
        if not 0 < self.level < 1:
            raise UsageError(f"--level is between 0 and 1, not {self.level:g}")
        if self.worst < 0:
            raise UsageError(f"--worst is a number of rows, not {self.worst}")
        if not 0 <= self.sum_tolerance < 1:
            raise UsageError(f"--sum-tol is from 0 to below 1, not {self.sum_tolerance:g}")


def score(loss: str, predictions: Data, labels: Data, options: Options) -> tuple[Result, ...]:
    """Score predictions against labels, for each of the losses that are named.

    Raises:
        UsageError: the options do not go together, whatever the files hold.
        DataError: the files cannot be read, paired or scored.

    """
    return run(prepare(loss, predictions, labels, options))


def run(plan: Plan, sink: Sink | None = None) -> tuple[Result, ...]:
    """Do what was planned; a sink sees each block of rows, in their order.

    Raises:
        DataError: the files cannot be read, paired or scored; the sink has seen the rows before.

    """
    return conclude(plan, local.run(plan, sink))


def prepare(loss: str, predictions: Data, labels: Data, options: Options) -> Plan:
    """Open the inputs and make every choice; no more is read than that takes.

    Raises:
        UsageError: the options do not go together.
        DataError: the files cannot be read, or do not hold what was asked for.

    """
    losses = parse(loss)
    _check_reduction(losses, options)
    domains = _common_domains(losses)
    if len(domains) == 1:  # what is wrong whatever the files hold
        _form(losses, domains[0], options.form)
        check_options(domains[0], options.label)
    tables, weights = open_tables(
        [predictions] if labels is None else [predictions, labels],
        options.input,
        options.weights,
        options.columns.weight,
    )
    inputs = align.fit(*tables) if options.columns.id is None else Inputs(*tables)
    weighed = None if weights is None else _with_weights(inputs, weights, options)
    domain = _domain(domains, inputs, options)
    form = _form(losses, domain, options.form)
    check_options(domain, options.label)
    _refuse_two_complete_files(domain, inputs, options.columns)
    if options.input.header is None:
        _refuse_headers_of_numbers(inputs)
    named = options.columns if weighed is None else replace(options.columns, weight=None)
    roles = columns.choose(domain, inputs, named, options.label.classes)
    coding = choose_coding(domain, inputs, roles, options.label)
    if domain.classes and form in (LOGITS, NUMBERS):
        _refuse_unrelated_columns(inputs, roles, options)
    if weighed is not None and weighed.added is not None:
        inputs = Inputs(weighed, inputs.labels)
        roles = replace(roles, weight=(columns.PREDICTION, weighed.added))
    return Plan(
        scorings=tuple(map(partial(_scoring, domain, form), losses)),
        domain=domain,
        form=form,
        inputs=inputs,
        weights="file" if weighed is not None else "column" if roles.weight else "none",
        roles=roles,
        coding=coding,
        ignore=None if options.label.ignore is None else options.label.ignore.strip(),
        nan=options.nan,
        unmatched=options.unmatched,
        sum_tolerance=options.sum_tolerance,
        reduction=options.reduction,
        level=options.level,
        diagnose=options.diagnose,
        worst=options.worst,
        per_row=options.per_row,
    )


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


def _check_reduction(losses: tuple[Loss, ...], options: Options) -> None:
    """Refuse a reduction that a loss has built in."""
    reduction = options.reduction
    rows = reduction == NONE or options.per_row or options.worst
    for loss in losses:
        if reduction in (MEAN, SUM) and loss.finish != AS_MEAN:
            what = "a sum" if loss.finish == AS_TOTAL else "the root of a mean"
            raise UsageError(f"{loss} is always {what}", hint="leave --reduction out, or use mse")
        if rows and loss.finish == AS_ROOT_MEAN:
            hint = "for the squared errors of the rows: mse"
            raise UsageError(f"{loss} has no row losses", hint=hint)


def _scoring(domain: Domain, form: str, loss: Loss) -> Scoring:
    terms = Terms(loss.kernel(domain, form), loss.variant(domain).linear)
    return Scoring(loss, terms, "exact")


def _common_domains(losses: tuple[Loss, ...]) -> tuple[Domain, ...]:
    """Return the domains in which all the losses are defined."""
    domains = [variant.domain for variant in losses[0].variants]
    for loss in losses[1:]:
        theirs = [variant.domain for variant in loss.variants]
        domains = [domain for domain in domains if domain in theirs]
        if not domains:
            raise UsageError(
                f"{losses[0]} and {loss} take different predictions or labels",
                hint="score them one by one",
            )
    return tuple(domains)


def _domain(domains: tuple[Domain, ...], inputs: Inputs, options: Options) -> Domain:
    """Return the domain that the inputs belong to: one prediction column, or one for each class."""
    if len(domains) == 1:
        return domains[0]
    one, classes = sorted(domains, key=lambda domain: domain.classes)
    if options.label.classes is not None or options.label.base != 0:
        return classes
    try:
        roles = columns.choose(one, inputs, options.columns)
    except DataError:
        return classes
    return one if len(roles.prediction) == 1 else classes


def _form(losses: tuple[Loss, ...], domain: Domain, asked: str | None) -> str:
    if asked is None:
        forms = [loss.variant(domain).default_form for loss in losses]
        if len({*forms}) > 1:
            pairs = zip(losses, forms, strict=True)
            named = " and ".join(f"{loss} {form}" for loss, form in pairs)
            raise UsageError(
                f"what the predictions hold differs: {named}", hint="say it with --from"
            )
        return forms[0]
    if domain.forms == (NUMBERS,):
        raise UsageError(f"{losses[0]} takes no --from: its predictions are numbers")
    if asked not in domain.forms:
        raise UsageError(f"--from is one of {', '.join(domain.forms)}, not '{asked}'")
    for loss in losses:
        known = loss.variant(domain).functions
        if asked not in known:
            raise UsageError(f"{loss} is not defined from {asked}", hint=f"from {', '.join(known)}")
    return asked


def _refuse_two_complete_files(domain: Domain, inputs: Inputs, named: ColumnOptions) -> None:
    """Stop where a glob may have matched two files that each hold predictions and labels."""
    tables = (inputs.predictions, inputs.label_table)
    if inputs.labels is None or (named.prediction and named.label):
        return
    if not all(table.named for table in tables):
        return
    if len({frozenset(_names_but_keys(table)) for table in tables}) > 1:
        return
    try:
        columns.choose(domain, Inputs(inputs.predictions), named)
    except DataError:
        return
    raise DataError(
        "both files have the same columns, predictions and labels among them",
        where=inputs.name,
        hint="score them one by one, or say --pred-col and --label-col",
    )


def _refuse_headers_of_numbers(inputs: Inputs) -> None:
    """Stop where both files start with the same whole numbers above decimals: years as names."""
    tables = (inputs.predictions, inputs.label_table)
    if inputs.labels is None or any(table.header is not False for table in tables):
        return
    first = [tuple(column.head[:1] for column in table.columns) for table in tables]
    names = [cell for cells in first[0] for cell in cells]
    numbers = [to_number(name) for name in names]
    whole = all(number is not None and number.is_integer() for number in numbers)
    below = [cell for table in tables for c in table.columns for cell in c.head[1:]]
    decimals = any(not (to_number(cell) or 0.0).is_integer() for cell in below)
    if (
        first[0] == first[1]
        and len(names) > 1
        and len({*names}) == len(names)
        and whole
        and decimals
    ):
        raise DataError(
            f"both files start with {listing(names)}: are these names, or a row?",
            where=inputs.name,
            hint="say --header or --no-header",
        )


def _refuse_index(table: Table, columns_: tuple[Column, ...]) -> None:
    """Stop where the first of columns without names counts the rows, as a frame's index does."""
    head, *others = (column.head for column in columns_)
    counts = head == tuple(str(i) for i in range(len(head))) and len(head) > 2
    if counts and any("." in cell for other in others for cell in other):
        raise DataError(
            "column 0 counts the rows: is it an index, or a class?",
            where=table.name,
            hint=f"--pred-col 1-{len(columns_) - 1}, or 0-{len(columns_) - 1}",
        )


def _names_but_keys(table: Table) -> Iterator[str]:
    return (c.name for c in table.columns if c.name is not None and not is_key(c.name))


def _refuse_unrelated_columns(inputs: Inputs, roles: Roles, options: Options) -> None:
    """Stop where any number column may have slipped in among the logits: nothing would show it.

    Names that the labels use, or that have a prefix of their own, are a sign of classes.
    """
    names = roles.prediction_names
    if names is None and not options.columns.prediction:
        _refuse_index(inputs.predictions, roles.prediction)
    by_name = len(roles.label) > 1 or roles.label[0].kind == TEXT
    if names is None or by_name or options.columns.prediction or options.label.classes:
        return
    if without_prefix(names) == names and any(to_number(name) is None for name in names):
        raise DataError(
            f"are these the classes, in the order of the labels' indices: {listing(names, 20)}?",
            where=inputs.predictions.name,
            hint="say so with --pred-col, or name the classes with --classes",
        )
