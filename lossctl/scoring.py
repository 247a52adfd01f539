"""From what was asked to the answer: the whole story in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lossctl import align, columns, statistics
from lossctl.block import RowLosses
from lossctl.columns import ColumnOptions, Roles
from lossctl.engines import local
from lossctl.engines.partition import Summaries, scored_blocks
from lossctl.errors import DataError, UsageError
from lossctl.known import is_key
from lossctl.labels import LabelOptions
from lossctl.labels import choose as choose_coding
from lossctl.labels.codings import Named, Positions
from lossctl.losses import Loss, parse
from lossctl.losses.domain import LOGITS, NUMBERS, PROBABILITY_SLACK, Domain
from lossctl.losses.registry import MEAN as MEAN_FINISH
from lossctl.losses.registry import ROOT_MEAN, TOTAL
from lossctl.names import listing, quoted, readable, without_prefix
from lossctl.plan import ERROR, PROPAGATE, SKIP, Plan
from lossctl.result import MEAN, NONE, SUM, Columns, Result, Signature
from lossctl.sources import TextOptions, open_table
from lossctl.sources.table import Inputs, Table
from lossctl.summaries.counts import Counts


@dataclass(frozen=True)
class Options:
    """What can be said about a scoring besides the losses and the inputs."""

    form: str | None = None
    reduction: str | None = None
    nan: str = ERROR
    sum_tolerance: float = 1e-3
    level: float = 0.95
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    label: LabelOptions = field(default_factory=LabelOptions)
    text: TextOptions = field(default_factory=TextOptions)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.reduction not in (None, MEAN, SUM, NONE):
            raise UsageError(f"--reduction is mean, sum or none, not '{self.reduction}'")
        if self.nan not in (ERROR, SKIP, PROPAGATE):
            raise UsageError(f"--nan is error, skip or propagate, not '{self.nan}'")
        if not 0 < self.level < 1:
            raise UsageError(f"--level is between 0 and 1, not {self.level:g}")
        if not 0 <= self.sum_tolerance < 1:
            raise UsageError(f"--sum-tol is from 0 to below 1, not {self.sum_tolerance:g}")


def score(loss: str, predictions: str, labels: str | None, options: Options) -> tuple[Result, ...]:
    """Score predictions against labels, for each of the losses that are named.

    Raises:
        UsageError: the options do not go together, whatever the files hold.
        DataError: the files cannot be read, paired or scored.

    """
    losses = parse(loss)
    check_reduction(losses, options.reduction)
    plan = prepare(losses, predictions, labels, options)
    summaries = local.run(plan)
    return tuple(_result(plan, loss, summaries, options) for loss in losses)


def score_rows(
    loss: str,
    predictions: str,
    labels: str | None,
    options: Options,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[RowLosses]:
    """Yield the row losses, block by block: the streamed form of ``--reduction none``.

    ``warn`` is told at the end what a result would list as warnings. Raises as ``score`` does,
    after the rows before the one that is wrong.
    """
    losses = parse(loss)
    check_reduction(losses, options.reduction)
    plan = prepare(losses, predictions, labels, options)
    rows, total = 0, Counts()
    for counts, row_losses in scored_blocks(plan):
        rows += row_losses.values.shape[1]
        total += counts
        yield row_losses
    if rows == 0:
        raise _no_rows(plan, total.skipped)
    for warning in _warnings_of_counts(plan, total):
        warn(warning)


def check_reduction(losses: tuple[Loss, ...], reduction: str | None) -> None:
    """Refuse a reduction that a loss has built in."""
    for loss in losses:
        if reduction in (MEAN, SUM) and loss.finish != MEAN_FINISH:
            raise UsageError(
                f"{loss} has its own reduction", hint="leave --reduction out, or use mse"
            )
        if reduction == NONE and loss.finish == ROOT_MEAN:
            hint = "for the squared errors of the rows: mse --reduction none"
            raise UsageError(f"{loss} has no row losses", hint=hint)


def prepare(
    losses: tuple[Loss, ...], predictions: str, labels: str | None, options: Options
) -> Plan:
    """Open the inputs and make every choice; nothing but their first rows is read."""
    domain = _common_domain(losses)
    form = _form(losses, domain, options.form)
    inputs = align.fit(
        open_table(predictions, options.text),
        open_table(labels, options.text) if labels is not None else None,
    )
    _refuse_two_complete_files(domain, inputs, options.columns)
    roles = columns.choose(domain, inputs, options.columns, options.label.classes)
    coding = choose_coding(domain, inputs, roles, options.label)
    if isinstance(coding, Positions) and form == LOGITS:
        _refuse_unrelated_columns(inputs, roles, options)
    return Plan(losses, form, inputs, roles, coding, options.nan, options.sum_tolerance)


def _common_domain(losses: tuple[Loss, ...]) -> Domain:
    domain = losses[0].domain
    for loss in losses[1:]:
        if loss.domain != domain:
            raise UsageError(
                f"{losses[0]} and {loss} take different predictions or labels",
                hint="score them one by one",
            )
    return domain


def _form(losses: tuple[Loss, ...], domain: Domain, asked: str | None) -> str:
    if asked is None:
        defaults = dict.fromkeys(loss.default_form for loss in losses)
        if len(defaults) > 1:
            named = " and ".join(f"{loss} {loss.default_form}" for loss in losses)
            raise UsageError(
                f"what the predictions hold differs: {named}", hint="say it with --from"
            )
        return losses[0].default_form
    if domain.forms == (NUMBERS,):
        raise UsageError(f"{losses[0]} takes no --from: its predictions are numbers")
    if asked not in domain.forms:
        raise UsageError(f"--from is one of {', '.join(domain.forms)}, not '{asked}'")
    return asked


def _refuse_two_complete_files(domain: Domain, inputs: Inputs, named: ColumnOptions) -> None:
    """Stop where a glob may have matched two files that each hold predictions and labels."""
    tables = (inputs.predictions, inputs.label_table)
    if inputs.labels is None or (named.prediction and named.label):
        return
    if not all(table.header for table in tables):
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


def _names_but_keys(table: Table) -> Iterator[str]:
    return (c.name for c in table.columns if c.name is not None and not is_key(c.name))


def _refuse_unrelated_columns(inputs: Inputs, roles: Roles, options: Options) -> None:
    """Stop where any number column may have slipped in among the logits: nothing would show it."""
    names = roles.prediction_names
    if names is None or options.columns.prediction or options.label.classes:
        return
    if without_prefix(names) == names:
        raise DataError(
            f"are these the classes, in the order of the labels' indices: {listing(names, 20)}?",
            where=inputs.predictions.name,
            hint="say so with --pred-col, or name the classes with --classes",
        )


def _no_rows(plan: Plan, skipped: int) -> DataError:
    if skipped:
        return DataError("no row is left to score: every one has a missing value")
    return DataError("there are no rows", where=plan.inputs.name)


def _result(plan: Plan, loss: Loss, summaries: Summaries, options: Options) -> Result:
    counts, moments = summaries.counts, summaries.moments
    if moments.count == 0:
        raise _no_rows(plan, counts.skipped)
    column, cells = plan.column(loss), len(plan.kernels)
    total = statistics.total(moments, column, options.level)
    if loss.finish == TOTAL or options.reduction == SUM:
        estimate = total
    else:
        estimate = statistics.mean(moments, column, cells, options.level)
        if loss.finish == ROOT_MEAN:
            estimate = statistics.root(estimate)
    summed = loss.finish == TOTAL or options.reduction == SUM
    return Result(
        loss=str(loss),
        value=estimate.value,
        reduction=SUM if summed else MEAN,
        n=moments.count,
        skipped=counts.skipped,
        ignored=0,
        denominator=moments.sums[cells].value,
        sum=total.value,
        stderr=estimate.stderr,
        level=options.level,
        low=estimate.low,
        high=estimate.high,
        predictions=plan.inputs.predictions.name,
        labels=plan.inputs.label_table.name,
        columns=_columns_used(plan),
        signature=str(_signature(plan, loss, moments.count, summed=summed)),
        warnings=_warnings(plan, column, summaries),
    )


def _columns_used(plan: Plan) -> Columns:
    return Columns(
        tuple(readable(column.label) for column in plan.roles.prediction),
        tuple(readable(column.label) for column in plan.roles.label),
        None,
        plan.inputs.predictions.header,
    )


def _signature(plan: Plan, loss: Loss, n: int, *, summed: bool) -> Signature:
    return Signature(
        loss=str(loss),
        form=plan.form,
        norm="check" if plan.domain.classes and plan.form != LOGITS else "none",
        denominator="none" if summed else "n" if plan.cells == 1 else "cells",
        nan=plan.nan,
        n=n,
    )


def _warnings(plan: Plan, column: int, summaries: Summaries) -> tuple[str, ...]:
    total = summaries.moments.sums[column]
    warnings = list(_warnings_of_counts(plan, summaries.counts))
    if total.positive_infinities:
        why = "the true class has probability 0" if plan.domain.unit_labels else "too large"
        warnings.append(
            f"the loss is infinite because of {_rows(total.positive_infinities)}: {why}"
        )
    if total.nans:
        warnings.append(f"the loss is NaN because of {_rows(total.nans)}")
    return tuple(warnings)


def _warnings_of_counts(plan: Plan, counts: Counts) -> Iterator[str]:
    if counts.adjusted:
        yield (
            f"probabilities that miss their range by at most {PROBABILITY_SLACK:g} were counted as "
            f"0 or 1, in {_rows(counts.adjusted)}"
        )
    if isinstance(plan.coding, Named) and plan.coding.is_unused(counts.seen):
        yield f"no label is {quoted(plan.coding.positive)}, the positive one"
    if counts.skipped:
        what = "cells" if plan.cells > 1 else "rows"
        yield f"missing values: {counts.skipped:,} {what} skipped"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"
