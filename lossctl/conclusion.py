"""From summaries to results: which estimate, with what signature and warnings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lossctl import derived, diagnosis
from lossctl.conventions import CONVENTIONS, EXACT, reasons
from lossctl.engines.partition import Summaries
from lossctl.errors import DataError
from lossctl.estimates import clusters_of, estimates
from lossctl.labels.codings import Named
from lossctl.losses.domain import PROBABILITY_SLACK
from lossctl.losses.terms import Scoring
from lossctl.names import quoted, readable
from lossctl.plan import Plan
from lossctl.result import CLASS, MEAN, SUM, Columns, Group, Other, Result
from lossctl.rows import key_name
from lossctl.signing import signature
from lossctl.sources.table import Column
from lossctl.statistics import Estimate
from lossctl.summaries.counts import Counts
from lossctl.summaries.diagnosis import Diagnosis
from lossctl.summaries.exact_sum import ExactSum
from lossctl.summaries.worst import Labels, Worst
from lossctl.values import replace

if TYPE_CHECKING:
    from lossctl.summaries.groups import Sums


def conclude(plan: Plan, summaries: Summaries) -> tuple[Result, ...]:
    """Return the result of each loss of the plan.

    Raises:
        DataError: no row was scored; there is no loss of nothing.

    """
    if summaries.moments[0].count == 0:
        raise no_rows(plan, summaries.counts)
    if any(moments.sums[-1].units == 0 for moments in summaries.moments):
        if plan.roles.weight is None and all(
            one.terms.class_weight is None for one in plan.scorings
        ):
            hint = "leave it out: --pred-col and --label-col name the others"
            what = "an output has no cell left to score"
            raise DataError(what, where=plan.inputs.name, hint=hint)
        hint = "are these the right weights, and not all of their rows left out?"
        raise DataError("all weights are zero", where=plan.inputs.name, hint=hint)
    found = summaries.get(Diagnosis)
    signs = () if found is None else tuple(diagnosis.findings(plan, found))
    if signs and plan.diagnose == diagnosis.ERROR:
        hint = "if it is as it should be: --diagnose warn"
        raise DataError(signs[0], where=plan.inputs.name, hint=hint)
    clusters = clusters_of(plan, summaries)
    return tuple(_result(plan, one, summaries, clusters, signs) for one in plan.scorings)


def no_rows(plan: Plan, counts: Counts) -> DataError:
    """Return the error for an input of which nothing is scored."""
    if counts.skipped:
        what = "no row is left to score: every one has a missing value"
        return DataError(what, where=plan.inputs.name, hint="are these the right columns?")
    if counts.ignored:
        hint = "is that the label to ignore?"
        return DataError("every label is ignored", where=plan.inputs.name, hint=hint)
    if counts.unmatched_predictions:
        hint = "do the files belong together?"
        return DataError("no id stands on both sides", where=plan.inputs.name, hint=hint)
    return DataError("there are no rows", where=plan.inputs.name, hint="a header is not a row")


def _result(
    plan: Plan,
    scoring: Scoring,
    summaries: Summaries,
    clusters: Sums | None,
    signs: tuple[str, ...],
) -> Result:
    loss = scoring.loss
    group, column = plan.place(scoring.terms)
    moments = summaries.moments[group]
    total, estimate = estimates(plan, scoring, summaries, clusters)
    groups, small = _groups(plan, scoring, summaries, total)
    return Result(
        loss=str(loss),
        value=estimate.value,
        reduction=SUM if plan.is_sum(loss) else MEAN,
        n=moments.count,
        skipped=summaries.counts.skipped,
        ignored=summaries.counts.ignored,
        unmatched=(summaries.counts.unmatched_predictions, summaries.counts.unmatched_labels)
        if plan.roles.joined
        else None,
        denominator=moments.sums[-1].value,
        derived=derived.other_units(plan, scoring, estimate.value),
        best_constant=derived.best_constant(
            plan, scoring, summaries, moments.sums[-1].value, estimate.value
        ),
        clipped=derived.clipping(plan, scoring, summaries, moments.sums[column]),
        conventions=_conventions(plan, scoring, summaries, estimate.value),
        sum=total.value,
        stderr=estimate.stderr,
        level=plan.level,
        low=estimate.low,
        high=estimate.high,
        predictions=readable(plan.inputs.predictions.name),
        labels=readable(plan.inputs.label_table.name),
        columns=_columns_used(plan),
        signature=str(signature(plan, scoring, summaries)),
        worst=_worst(plan, summaries, plan.column(scoring)),
        **_pictures(plan, scoring, summaries),
        groups=groups,
        small_groups=small,
        classes=_classes(plan, scoring, summaries, total),
        warnings=(
            *signs,
            *warnings_of(plan, summaries.counts),
            *_warnings_of(plan, scoring, _worst_sum(plan, scoring, summaries), moments.count),
        ),
    )


def _groups(
    plan: Plan, scoring: Scoring, summaries: Summaries, total: Estimate
) -> tuple[Sequence[Group] | None, int]:
    """Return the results of the groups, if they were asked for, and how many are too small."""
    if not plan.roles.by or summaries.groups is None:
        return None, 0
    from lossctl.grouped import grouped  # noqa: PLC0415  # with its summary 3 ms

    names = [one.name for one in plan.roles.by]
    return grouped(plan, scoring, summaries.groups, names, total.value)


def _classes(
    plan: Plan, scoring: Scoring, summaries: Summaries, total: Estimate
) -> Sequence[Group] | None:
    """Return the results of the classes, if they were asked for and labels are such."""
    if not plan.per_class:
        return None
    from lossctl.grouped import grouped  # noqa: PLC0415  # as above
    from lossctl.summaries.per_class import PerClass  # noqa: PLC0415

    found = summaries.get(PerClass)
    if found is None or found.groups is None:
        return None
    every = replace(plan, min_group=1)
    return grouped(every, scoring, found.groups, [CLASS], total.value)[0]


def _pictures(plan: Plan, scoring: Scoring, summaries: Summaries) -> dict[str, Any]:
    """Return what a picture is drawn from, if one was asked for."""
    if not plan.plot:
        return {}
    from lossctl import pictures  # noqa: PLC0415  # with its summaries 3 ms

    return pictures.fields(plan, scoring, summaries.others)


def _columns_used(plan: Plan) -> Columns:
    return Columns(
        tuple(_label(column) for column in plan.roles.prediction),
        tuple(_label(column) for column in plan.roles.label),
        str(_label(plan.roles.keys[0][0])) if plan.roles.joined else None,
        plan.inputs.predictions.header,
    )


def _label(column: Column) -> str | int:
    return column.position if column.name is None else readable(column.name)


def _worst(plan: Plan, summaries: Summaries, kernel: int) -> tuple[dict[str, Any], ...] | None:
    """Return the worst rows as they are shown, by key or by number."""
    worst = summaries.get(Worst)
    if worst is None:
        return None
    name = key_name(plan, ("label", "loss"))
    return tuple(
        {
            name: row.row if row.key is None else readable(row.key),
            "label": _shown_label(row.label),
            "loss": row.loss,
        }
        for row in worst.rows[kernel]
    )


def _shown_label(label: Labels) -> str | float | int | list[Any]:
    """Return a label as it is written: whole numbers without a point."""
    if isinstance(label, tuple):
        return [_shown_label(part) for part in label]
    if isinstance(label, float) and label.is_integer() and abs(label) < 1e15:
        return int(label)
    return readable(label.strip()) if isinstance(label, str) else label


def _conventions(
    plan: Plan, scoring: Scoring, summaries: Summaries, value: float
) -> dict[str, Other | None] | None:
    """Return the values by other conventions, if they were asked for."""
    if not plan.others:
        return None
    found: dict[str, Other | None] = {EXACT: Other(value, "")} | dict.fromkeys(CONVENTIONS)
    weighted = plan.roles.weight is not None
    for other in plan.others:
        if other.loss == scoring.loss:
            estimate = estimates(plan, other, summaries, None)[1]
            why = reasons(other.terms, scoring.terms, weighted=weighted)
            lacking = other.terms.hard and math.isnan(estimate.value) and not math.isnan(value)
            found[other.convention] = None if lacking else Other(estimate.value, why)
    return found


def _worst_sum(plan: Plan, scoring: Scoring, summaries: Summaries) -> ExactSum:
    """Return the sum of the part of a scoring of which something is to be said, if there is one."""
    places = map(plan.place, scoring.parts)
    sums = [summaries.moments[group].sums[column] for group, column in places]
    return next((one for one in sums if not one.finite), sums[0])


def _warnings_of(plan: Plan, scoring: Scoring, total: ExactSum, rows: int) -> Iterator[str]:
    if total.positive_infinities:
        logs = scoring.loss.variant(plan.domain).logs
        why = "the true class has probability 0" if logs else "too large"
        if logs and scoring.terms.smoothing:
            why = "a class has probability 0, and smoothing gives it a share"
        share = f"{100 * total.positive_infinities / rows:.3g} %"
        infinite = _rows(total.positive_infinities)
        yield f"the loss is infinite because of {infinite} ({share}): {why}"
    if total.nans:
        yield f"the loss is NaN because of {_rows(total.nans)}"
    if total.finite and math.isinf(total.value):
        yield "the sum of the row losses is larger than float64 can hold"


def warnings_of(plan: Plan, counts: Counts) -> Iterator[str]:
    """Yield what a person should know of the rows that were read."""
    if counts.adjusted:
        yield (
            f"probabilities that miss their range by at most {PROBABILITY_SLACK:g} were counted as "
            f"0 or 1, in {_rows(counts.adjusted)}"
        )
    if isinstance(plan.coding, Named) and plan.coding.is_unused(counts.seen):
        yield f"no label is {quoted(plan.coding.positive)}, the positive one"
    if counts.unmatched_predictions or counts.unmatched_labels:
        yield (
            f"ids without a partner skipped: {_rows(counts.unmatched_predictions)} of predictions, "
            f"{_rows(counts.unmatched_labels)} of labels"
        )
    if counts.skipped:
        cells = f"{counts.skipped:,} {'cell' if counts.skipped == 1 else 'cells'}"
        yield f"missing values: {cells if plan.cells > 1 else _rows(counts.skipped)} skipped"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"
