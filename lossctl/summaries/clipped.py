"""The rows that a clip changes: whose true class has a probability at or below it."""

from __future__ import annotations

import numpy as np

from lossctl.block import Block, RowLosses
from lossctl.losses.terms import Terms
from lossctl.summaries.exact_sum import ExactSum
from lossctl.summaries.moments import weighed
from lossctl.values import dataclass, field, replace


@dataclass(frozen=True)
class Clipped:
    """How many such rows there are, and what they cost, weighted, in one column of row losses.

    Laws: ``Clipped(…) + a == a``; ``+`` is commutative and associative.
    """

    column: int
    terms: Terms = field(compare=False)
    classes: bool
    rows: int = 0
    sum: ExactSum = field(default_factory=ExactSum)

    def add(self, block: Block, losses: RowLosses) -> Clipped:
        """Return the counts with a block's added."""
        marks = self.terms.clipped(block.prediction, block.label, classes=self.classes)
        if not marks.any():
            return self
        cost = losses.values[self.column][marks]
        if block.weight is not None:
            cost = weighed(cost, block.weight[marks])
        return self + replace(self, rows=len(cost), sum=ExactSum.of(np.ascontiguousarray(cost)))

    def __add__(self, other: Clipped) -> Clipped:
        """Return the counts of both."""
        return replace(self, rows=self.rows + other.rows, sum=self.sum + other.sum)
