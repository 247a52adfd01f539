"""What follows from a result and its summaries: other units, skill, what a clip did."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from lossctl.block import Floats
from lossctl.engines.partition import Summaries
from lossctl.losses.best import Frequencies, MeanOf
from lossctl.losses.registry import AS_MEAN
from lossctl.losses.terms import Scoring, Terms
from lossctl.plan import Plan
from lossctl.result import SUM
from lossctl.summaries.clipped import Clipped
from lossctl.summaries.constants import Frequencies as Counted
from lossctl.summaries.constants import Pivot
from lossctl.summaries.exact_sum import ExactSum


def other_units(plan: Plan, scoring: Scoring, value: float) -> Mapping[str, float]:
    """Return a mean loss in other units: rmse of mse, bits and perplexity of cross-entropies."""
    if plan.reduction == SUM or not math.isfinite(value):
        return {}
    name = scoring.loss.name
    if name == "mse":
        return {"rmse": math.sqrt(value)}
    if name == "bce":
        return {"bits": value / math.log(2)}
    if name in ("ce", "nll"):
        perplexity = math.exp(value) if value < 700 else math.inf
        return {"bits": value / math.log(2), "perplexity": perplexity}
    return {}


@np.errstate(all="ignore")  # what is not finite has no best constant
def best_constant(
    plan: Plan, scoring: Scoring, summaries: Summaries, denominator: float, value: float
) -> tuple[float, float] | None:
    """Return the loss of the best constant prediction, and the skill against it: 1 − loss/best.

    None where there is no simple best constant, or it is as good as can be. The skill of an
    infinite loss is −inf.
    """
    best = scoring.loss.variant(plan.domain).best
    if best is None or scoring.loss.finish != AS_MEAN or len(scoring.parts) > 1:
        return None
    terms = scoring.terms
    if isinstance(best, MeanOf):
        found = {one.cell: one for one in summaries.all(Pivot) if one.kernel == terms.kernel}
        total = sum(one.total() for one in found.values()) if found else math.nan
    else:
        counted = summaries.get(Counted)
        total = math.nan if counted is None else _of_frequencies(terms, best, counted)
    total *= terms.scale
    loss = total if plan.reduction == SUM else total / denominator
    if not (math.isfinite(loss) and loss > 0) or math.isnan(value):
        return None
    return loss, 1 - value / loss


def _of_frequencies(terms: Terms, best: Frequencies, counted: Counted) -> float:
    """Return the weighted sum of the losses of the best constant, for classes or for each event."""
    if terms.smoothing and not terms.linear:
        return math.nan
    total = 0.0
    factor = best.factor(**dict(terms.kernel.parameters))
    hard = terms.class_weight is not None and not terms.linear  # such losses take no others
    for sums, squares in zip(np.atleast_2d(counted.sums), counted.squares, strict=True):
        weighed = _weighed(terms, sums)
        weight = float(weighed.sum())
        if weight > 0:
            mean_square = 1.0 if hard else float(squares) / weight
            total += best.loss(weighed / weight, mean_square) * weight
    return total * factor


def _weighed(terms: Terms, sums: Floats) -> Floats:
    """Return the sums of labels as they count: smoothed, times the weights of their classes."""
    smoothed = sums * (1 - terms.smoothing) + sums.sum() * terms.smoothing / len(sums)
    weights = np.ones(len(sums)) if terms.class_weight is None else np.array(terms.class_weight)
    if terms.pos_weight != 1:
        weights = weights * np.array([1.0, terms.pos_weight])
    return np.asarray(smoothed * weights)


def clipping(
    plan: Plan, scoring: Scoring, summaries: Summaries, total: ExactSum
) -> tuple[int, float | None] | None:
    """Return how many rows have a true class at or below the clip, and their share of the total.

    None for losses that nothing is clipped in; the share is None where it cannot be known.
    """
    if not scoring.loss.variant(plan.domain).logs:
        return None
    column = plan.column(scoring)
    found = [one for one in summaries.all(Clipped) if one.column == column]
    if not found:  # the clip is 0: such rows cost inf, and no others do
        rows = total.positive_infinities
        return rows, None if rows else 0.0
    share = found[0].sum.value / total.value if total.finite and total.units else None
    return found[0].rows, share if found[0].rows else 0.0
