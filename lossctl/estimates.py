"""From summaries to estimates: of everything, and by cluster."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossctl import statistics
from lossctl.engines.partition import Summaries
from lossctl.losses.registry import AS_ROOT_MEAN
from lossctl.losses.terms import Scoring, Terms
from lossctl.plan import Plan
from lossctl.statistics import Estimate, Spread

if TYPE_CHECKING:
    from lossctl.summaries.groups import Sums


def clusters_of(plan: Plan, summaries: Summaries) -> Sums | None:
    """Return the sums of the clusters, if they were asked for, whatever groups they were met in."""
    if plan.roles.cluster is None or summaries.groups is None:
        return None
    sums = summaries.groups.sums
    return sums.collapsed([len(plan.roles.by)]) if plan.roles.by else sums


def estimates(
    plan: Plan, scoring: Scoring, summaries: Summaries, clusters: Sums | None
) -> tuple[Estimate, Estimate]:
    """Return the sum of a scoring's row losses, and what becomes of it."""
    found = [_of_part(plan, scoring, part, summaries, clusters) for part in scoring.parts]
    if len(found) == 1:
        return found[0]
    total = Estimate(math.fsum(total.value for total, _ in found))
    mean = math.fsum(estimate.value for _, estimate in found) / len(found)
    return total, Estimate(mean)


def _of_part(
    plan: Plan, scoring: Scoring, part: Terms, summaries: Summaries, clusters: Sums | None
) -> tuple[Estimate, Estimate]:
    group, column = plan.place(part)
    moments = summaries.moments[group]
    total = moments.sums[column]
    if plan.is_sum(scoring.loss):
        spread = (
            statistics.of_sum(moments, column)
            if clusters is None
            else statistics.of_cluster_sums(
                clusters.totals[plan.terms.index(part)].units(), total.units, len(clusters)
            )
        )
        estimate = statistics.total(total, spread, plan.level)
        return estimate, estimate
    spread = of_mean(plan, part, summaries, clusters)
    estimate = statistics.mean(total, moments.sums[-1], spread, plan.level)
    if scoring.loss.finish == AS_ROOT_MEAN:
        estimate = statistics.root(estimate)
    return Estimate(total.value), estimate


def of_mean(plan: Plan, part: Terms, summaries: Summaries, clusters: Sums | None) -> Spread | None:
    """Return the spread of a mean loss, over rows or over clusters."""
    group, column = plan.place(part)
    moments = summaries.moments[group]
    if clusters is None:
        gradient = [float(i == column) for i in range(column + 1)]
        return statistics.of_ratios(moments, gradient, len(moments.sums) - 1)
    totals, cells = clusters.totals[plan.terms.index(part)], clusters.cells[group]
    total, divisor = moments.sums[column].units, moments.sums[-1].units
    columns = [(totals.units(), total)]
    return statistics.of_clusters(columns, [1.0], cells.units(), divisor, len(clusters))
