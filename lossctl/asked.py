"""Which losses were asked for, whether they go together, and on which terms they are scored."""

from __future__ import annotations

from lossctl.census import label_counts
from lossctl.conventions import (
    ALL,
    EXACT,
    Predictions,
    TermOptions,
    check_options,
    conventions_of,
    scoring_of,
)
from lossctl.errors import UsageError
from lossctl.labels.weighing import BALANCED, balanced, class_weights
from lossctl.losses import Loss
from lossctl.losses.domain import NUMBERS, Domain
from lossctl.losses.registry import AS_MEAN, AS_ROOT_MEAN, AS_TOTAL
from lossctl.losses.terms import Scoring
from lossctl.plan import Plan
from lossctl.result import MEAN, SUM
from lossctl.values import replace


def check_reduction(losses: tuple[Loss, ...], reduction: str | None, *, rows: bool) -> None:
    """Refuse a reduction that a loss has built in; ``rows``: those of rows are wanted.

    Raises:
        UsageError: a loss has no such value.

    """
    for loss in losses:
        if reduction in (MEAN, SUM) and loss.finish != AS_MEAN:
            what = "a sum" if loss.finish == AS_TOTAL else "the root of a mean"
            raise UsageError(f"{loss} is always {what}", hint="leave --reduction out, or use mse")
        if rows and loss.finish == AS_ROOT_MEAN:
            hint = "for the squared errors of the rows: mse"
            raise UsageError(f"{loss} has no row losses", hint=hint)


def common_domains(losses: tuple[Loss, ...]) -> tuple[Domain, ...]:
    """Return the domains in which all the losses are defined.

    Raises:
        UsageError: there is none.

    """
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


def refuse_other_meanings(losses: tuple[Loss, ...], domain: Domain, columns: int) -> None:
    """Refuse to score several events by a loss that, alone, would take them for classes.

    Raises:
        UsageError: there is such a loss among them.

    """
    if domain.classes or columns == 1:
        return
    for loss in losses:
        if any(variant.domain.classes for variant in loss.variants):
            others = ", ".join(str(other) for other in losses if other != loss)
            raise UsageError(
                f"{loss} of {columns} columns is one of classes, and {others} is not",
                hint="score them one by one",
            )


def form_of(losses: tuple[Loss, ...], domain: Domain, asked: str | None) -> str:
    """Return what the predictions hold: what was said, or what the losses take by default.

    Raises:
        UsageError: a loss is not defined from it, or the defaults differ.

    """
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
        what = f"{losses[0]} takes no --from: its predictions are numbers"
        raise UsageError(what, hint="leave --from out")
    if asked not in domain.forms:
        raise UsageError(f"--from is one of {', '.join(domain.forms)}, not '{asked}'")
    for loss in losses:
        known = loss.variant(domain).functions
        if asked not in known:
            raise UsageError(f"{loss} is not defined from {asked}", hint="leave --from out")
    return asked


def scorings(
    losses: tuple[Loss, ...], predictions: Predictions, options: TermOptions, *, rows: bool
) -> tuple[tuple[Scoring, ...], tuple[Scoring, ...]]:
    """Return the scorings of the losses, and those by all other conventions that have them.

    ``rows``: the losses of the rows are printed.

    Raises:
        UsageError: an option does nothing to a loss, or the tool has no such loss.

    """
    if options.convention == ALL and rows:
        hint = "ask for one convention"
        raise UsageError("row losses are by one convention, not by all", hint=hint)
    for loss in losses:
        check_options(loss, predictions, options)
    convention = EXACT if options.convention == ALL else options.convention
    own = tuple(scoring_of(loss, convention, predictions, options) for loss in losses)
    others = (
        scoring_of(loss, tool, predictions, options)
        for loss in losses
        for tool in conventions_of(loss, predictions)
    )
    return own, tuple(others)


def with_class_weights(plan: Plan, options: TermOptions) -> Plan:
    """Return a plan in which classes weigh what they are to weigh.

    Raises:
        UsageError: what was given are no weights.
        DataError: there is no such class, or labels cannot be read.

    """
    given = options.class_weight
    if given is None:
        return plan
    if isinstance(given, str) and given == BALANCED:
        weights = balanced(label_counts(plan))
    else:
        weights = class_weights(given, plan.domain, plan.roles, plan.coding)
    return with_weights(plan, weights)


def with_weights(plan: Plan, weights: tuple[float, ...]) -> Plan:
    """Return a plan in which the classes have these weights, in their order."""

    def weigh(scoring: Scoring) -> Scoring:
        return replace(
            scoring, parts=tuple(replace(part, class_weight=weights) for part in scoring.parts)
        )

    return replace(
        plan,
        scorings=tuple(map(weigh, plan.scorings)),
        others=tuple(map(weigh, plan.others)),
        alternatives=tuple(map(weigh, plan.alternatives)),
    )
