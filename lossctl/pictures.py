"""What results are drawn from: summaries to watch for it, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lossctl.calibration import Calibration, Forecasts
from lossctl.distribution import Distribution
from lossctl.labels.codings import Named
from lossctl.losses.domain import PROBS
from lossctl.losses.terms import Scoring
from lossctl.names import quoted, readable
from lossctl.plan import Plan
from lossctl.scales import Bin
from lossctl.summaries import Summary
from lossctl.summaries.calibration import BINS, Reliability
from lossctl.summaries.histogram import Histogram, bounds_of


def wanted(plan: Plan) -> Iterator[Summary]:
    """Yield the summaries of no rows: a histogram for each column of row losses, and calibration.

    Calibration is for predictions that are probabilities, or say which they are.
    """
    for column in dict.fromkeys(map(plan.column, plan.scorings)):
        yield Histogram(column)
    if plan.domain.unit_labels and PROBS in plan.domain.forms:
        whole = plan.domain.classes and plan.sum_tolerance is None
        yield Reliability(plan.form, plan.domain.classes, whole)


def fields(plan: Plan, scoring: Scoring, found: Sequence[Summary]) -> dict[str, Any]:
    """Return the fields of a scoring's result that a picture is drawn from."""
    column = plan.column(scoring)
    made: dict[str, Any] = {}
    for one in found:
        if isinstance(one, Histogram) and one.column == column:
            made["distribution"] = distribution(one)
        elif isinstance(one, Reliability):
            made["calibration"] = calibration(plan, one)
    return made


def distribution(one: Histogram) -> Distribution:
    """Return how row losses are distributed."""
    counted = zip(one.codes.tolist(), one.rows.tolist(), one.costs.values().tolist(), strict=True)
    rows = {code: (count, cost) for code, count, cost in counted}
    zeros = rows.pop(0, (0, 0.0))[0]
    return Distribution(
        bins=tuple(Bin(*bounds_of(code), *each) for code, each in rows.items()),
        zeros=zeros,
        nans=one.nans,
        infinities=one.infinities,
        negative_infinities=one.negative_infinities,
        least=one.least,
        most=one.most,
    )


def calibration(plan: Plan, found: Reliability) -> Calibration:
    """Return a reliability diagram."""
    sums = (found.weights, found.predicted, found.happened)
    columns = zip(found.rows.tolist(), *(one.values().tolist() for one in sums), strict=True)
    return Calibration(
        _whose(plan),
        tuple(
            Forecasts(
                place / BINS,
                (place + 1) / BINS,
                rows,
                weight,
                predicted / weight if weight else None,
                happened / weight if weight else None,
            )
            for place, (rows, weight, predicted, happened) in enumerate(columns)
        ),
    )


def _whose(plan: Plan) -> str:
    """Return whose probabilities they are, in words."""
    if plan.domain.classes:
        return "the predicted classes"
    if len(plan.roles.label) > 1:
        return f"{len(plan.roles.label)} events"
    if isinstance(plan.coding, Named):
        return quoted(readable(plan.coding.positive))
    return "the event"
