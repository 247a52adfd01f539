"""What a plan wants to be watched besides the moments: the summaries that answer to its results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lossctl import diagnosis
from lossctl.known import without_prefix
from lossctl.labels.weighing import as_labelled, spellings
from lossctl.losses.best import Frequencies as OfFrequencies
from lossctl.losses.best import MeanOf
from lossctl.losses.domain import PROBS
from lossctl.losses.registry import AS_MEAN
from lossctl.plan import Plan
from lossctl.result import NONE
from lossctl.summaries import Summary
from lossctl.summaries.clipped import Clipped
from lossctl.summaries.constants import Frequencies, Pivot
from lossctl.summaries.fingerprint import Fingerprint, Identity
from lossctl.summaries.worst import Worst

if TYPE_CHECKING:
    from lossctl.summaries.groups import Groups

_MOST_CLASSES = 50  # whose losses are told apart without being asked for


def summaries(plan: Plan) -> tuple[Summary, ...]:
    """Return the summaries of no rows."""
    return tuple(_wanted(plan))


def grouped(plan: Plan) -> Groups | None:
    """Return the sums of no groups, if groups or clusters were asked for."""
    if not plan.roles.by and plan.roles.cluster is None:
        return None
    return _no_groups(plan)


def _no_groups(plan: Plan) -> Groups:
    from lossctl.summaries.groups import MEANS, SUMS, Groups  # noqa: PLC0415  # 3 ms

    if plan.roles.cluster is not None:
        return Groups()
    sums = {SUMS if plan.is_sum(loss) else MEANS for loss in plan.losses}
    return Groups(tuple(sorted(sums)))


def _wanted(plan: Plan) -> Iterator[Summary]:
    if plan.worst:
        yield Worst.empty(plan.worst, len(plan.terms))
    found = diagnosis.empty(plan)
    if found is not None:
        yield found
    if plan.fingerprint:
        yield Fingerprint(names(plan))
    if plan.mergeable:
        yield Identity(Fingerprint(names(plan)))
    if plan.reduction == NONE:
        return
    yield from _constants(plan)
    if plan.plot:
        from lossctl import pictures  # noqa: PLC0415  # with its summaries 3 ms

        yield from pictures.wanted(plan)
    if plan.per_class:
        yield from _per_class(plan)
    for scoring in plan.scorings:
        logs = scoring.loss.variant(plan.domain).logs
        acts = scoring.terms.threshold > 0 or scoring.terms.smoothing > 0
        if logs and plan.form == PROBS and acts:
            yield Clipped(plan.column(scoring), scoring.terms, plan.domain.classes)


def _per_class(plan: Plan) -> Iterator[Summary]:
    """Yield the sums of the classes, if labels are such, and not too many."""
    from lossctl.summaries.per_class import PerClass  # noqa: PLC0415  # with its sums 3 ms

    one_event = plan.domain.event and len(plan.roles.label) == 1
    if (plan.domain.classes and len(plan.roles.prediction) <= _MOST_CLASSES) or one_event:
        called = as_labelled(plan.roles, plan.coding) or _classes(plan)
        yield PerClass(called, _no_groups(plan), plan.roles.cluster is not None)


def names(plan: Plan) -> tuple[str, ...]:
    """Return what classes or outputs are called, whatever order or spelling they stand in."""
    if plan.domain.classes:
        return _classes(plan)
    if len(plan.roles.label) == 1:
        return ("",)
    names = plan.roles.prediction_names
    return without_prefix(names) if names else tuple(map(str, range(len(plan.roles.label))))


def shown_names(plan: Plan) -> tuple[str, ...]:
    """Return what they are called where they are shown: classes as the labels call them."""
    return as_labelled(plan.roles, plan.coding) or names(plan)


def _classes(plan: Plan) -> tuple[str, ...]:
    return tuple(names[0] for names in spellings(plan.domain, plan.roles, plan.coding))


def _constants(plan: Plan) -> Iterator[Summary]:
    """Yield what the best constants are made of."""
    counts = False
    for scoring in plan.scorings:
        best = scoring.loss.variant(plan.domain).best
        if best is None or scoring.loss.finish != AS_MEAN or len(scoring.parts) > 1:
            continue
        if isinstance(best, MeanOf):
            for cell in range(len(plan.roles.label)):
                yield Pivot(scoring.terms.kernel, best, cell)
        counts |= isinstance(best, OfFrequencies)
    if counts and plan.domain.classes:
        yield Frequencies.empty(len(plan.roles.prediction))
    elif counts:
        yield Frequencies.empty(2, len(plan.roles.label))
