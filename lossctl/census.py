"""How often each class occurs: one reading of the labels alone."""

from __future__ import annotations

import numpy as np

from lossctl.admission import with_cells_ignored, without_ignored
from lossctl.align import Pair
from lossctl.block import Floats, Integers
from lossctl.errors import DataError
from lossctl.plan import Plan
from lossctl.sources.table import Request
from lossctl.summaries.exact_sum import ExactSum, units_of


def label_counts(plan: Plan) -> Floats:
    """Return how many labels there are of each class, (K,); of one event (2,), 1 being the event.

    Labels that are ignored or missing are not counted; soft ones count in parts. The labels are
    kept for the reading to come, where they are a pipe.

    Raises:
        DataError: a label is not valid.

    """
    classes = len(plan.roles.prediction) if plan.domain.classes else 2
    counts = [ExactSum()] * classes
    positions = tuple(column.position for column in plan.roles.label)
    request = Request(names=positions) if plan.coding.as_text else Request(positions)
    row = 0
    for batch in plan.inputs.label_table.read(request, keep=True):
        pair, _ = without_ignored(plan, Pair(range(row, row + len(batch)), batch, batch))
        pair, _ = with_cells_ignored(plan, pair)
        encoded = plan.coding.encode(pair.label)
        if encoded.fault is not None:
            where = pair.label.place(encoded.fault.row, plan.roles.label[0])
            raise DataError(encoded.fault.message, where=where, hint=encoded.fault.hint)
        missing, values = encoded.missing, encoded.values
        if missing is not None:
            values = values[~missing] if missing.ndim == 1 else np.where(missing, np.nan, values)
        found = _counted(values, classes, of_classes=plan.domain.classes)
        counts = [a + b for a, b in zip(counts, found, strict=True)]
        row += len(batch)
    return np.array([count.value for count in counts])


def _counted(labels: Floats | Integers, classes: int, *, of_classes: bool) -> list[ExactSum]:
    """Count positions (n,), rows of classes (n, K), or cells (n, m) of an event."""
    if labels.ndim == 1:
        return [
            ExactSum(units_of(count)) for count in np.bincount(labels, minlength=classes).tolist()
        ]
    there = np.where(np.isnan(labels), 0.0, labels)
    if of_classes:
        return [ExactSum.of(np.ascontiguousarray(column)) for column in there.T]
    happened = ExactSum.of(there.reshape(-1))
    cells = int(np.count_nonzero(~np.isnan(labels)))
    return [ExactSum(units_of(cells) - happened.units), happened]
