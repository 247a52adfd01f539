"""What the signs say: sentences with a figure, for who may have mixed something up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossctl.labels.codings import Positions
from lossctl.losses.domain import BINARY, LOG_PROBS, LOGITS, PROBS
from lossctl.names import quoted, readable
from lossctl.plan import Plan
from lossctl.summaries.diagnosis import MOST_CLASSES, Diagnosis

WARN, ERROR, OFF = "warn", "error", "off"
_THRESHOLDS = {PROBS: 0.5, LOGITS: 0.0, LOG_PROBS: float(np.log(0.5))}
_MUCH = 0.25  # accuracy
_SHOWN = 6  # classes in a message


def empty(plan: Plan) -> Diagnosis | None:
    """Return the diagnosis of no rows, or None where there is nothing to diagnose."""
    columns = len(plan.roles.prediction)
    if plan.diagnose == OFF or columns > MOST_CLASSES:
        return None
    if plan.domain.classes:
        return Diagnosis.empty(columns, 0.0)
    if plan.domain == BINARY and columns == 1:
        return Diagnosis.empty(2, _THRESHOLDS[plan.form])
    return None


def findings(plan: Plan, found: Diagnosis) -> Iterator[str]:
    """Yield what looks like something else than it was said to be."""
    if plan.domain.classes and plan.form == LOGITS and 1 < found.rows == found.near_one:
        yield (
            f"the predictions look like probabilities, not logits: in each of {found.rows:,} rows "
            "they sum to 1; --from probs?"
        )
    met = found.confusion.sum(axis=0)
    by_position = isinstance(plan.coding, Positions) and plan.coding.base == 0
    if by_position and len(met) > 2 and met[0] == 0 and (met[1:] > 0).all():
        yield (
            f"no label is 0, and each from 1 to {len(met) - 1} occurs in {found.counted:,} rows: "
            "do they count from 1? --label-base 1"
        )
    if len(met) == 2:
        if found.crossed:
            yield _of_two(plan, found)
    elif found.counted >= max(20, 5 * len(met)):
        yield from _of_many(plan, found)


def _of_two(plan: Plan, found: Diagnosis) -> str:
    before, after = found.accuracy, 1 - found.accuracy
    what = "the columns of the two classes may be swapped"
    if not plan.domain.classes:
        what = "the probability may be that of the other label (--positive names the right one)"
    return f"{what}: the accuracy is {before:.3g}, and would be {after:.3g}"


def _of_many(plan: Plan, found: Diagnosis) -> Iterator[str]:
    order, after = found.best_order()
    if after < found.accuracy + _MUCH or after < 0.5:
        return
    names = plan.roles.prediction_names or tuple(map(str, range(len(order))))
    moved = [(names[i], names[label]) for i, label in enumerate(order) if i != label]
    shown = ", ".join(f"{quoted(readable(a))} as {quoted(readable(b))}" for a, b in moved[:_SHOWN])
    more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
    yield (
        f"the class columns may be in another order: the accuracy is {found.accuracy:.3g}, and "
        f"would be {after:.3g} with {shown}{more}"
    )
