"""What a plan wants to be watched besides the moments: the summaries that answer to its results."""

from __future__ import annotations

from collections.abc import Iterator

from lossctl import diagnosis
from lossctl.losses.best import Frequencies as OfFrequencies
from lossctl.losses.best import MeanOf
from lossctl.losses.domain import PROBS
from lossctl.losses.registry import AS_MEAN
from lossctl.plan import Plan
from lossctl.result import NONE
from lossctl.summaries import Summary
from lossctl.summaries.clipped import Clipped
from lossctl.summaries.constants import Frequencies, Pivot
from lossctl.summaries.fingerprint import Fingerprint
from lossctl.summaries.worst import Worst


def summaries(plan: Plan) -> tuple[Summary, ...]:
    """Return the summaries of no rows."""
    return tuple(_wanted(plan))


def _wanted(plan: Plan) -> Iterator[Summary]:
    if plan.worst:
        yield Worst.empty(plan.worst, len(plan.terms))
    found = diagnosis.empty(plan)
    if found is not None:
        yield found
    if plan.fingerprint:
        yield Fingerprint()
    if plan.reduction == NONE:
        return
    yield from _constants(plan)
    for scoring in plan.scorings:
        logs = scoring.loss.variant(plan.domain).logs
        if logs and plan.form == PROBS and scoring.terms.threshold > 0:
            yield Clipped(plan.column(scoring), scoring.terms, plan.domain.classes)


def _constants(plan: Plan) -> Iterator[Summary]:
    """Yield what the best constants are made of."""
    counts = False
    for scoring in plan.scorings:
        best = scoring.loss.variant(plan.domain).best
        if best is None or scoring.loss.finish != AS_MEAN or len(scoring.parts) > 1:
            continue
        if isinstance(best, MeanOf):
            taken = scoring.loss.bounds(plan.domain).prediction
            pivots = (c if isinstance(taken, tuple) or taken.holds(c) else 1.0 for c in plan.pivots)
            yield Pivot.empty(scoring.terms.kernel, best, tuple(pivots))
        counts |= isinstance(best, OfFrequencies)
    if counts and plan.domain.classes:
        yield Frequencies.empty(len(plan.roles.prediction))
    elif counts:
        yield Frequencies.empty(2, len(plan.roles.label))
