"""Signs that predictions and labels do not mean what they were said to mean."""

from __future__ import annotations

import numpy as np

from lossctl.block import (
    UNNUMBERED,
    UNPLACED,
    Block,
    Floats,
    Integers,
    RowLosses,
    numbers_of,
)
from lossctl.values import dataclass

ROWS = 100_000  # the first ones of the input tell
MOST_CLASSES = 100
_NEAR_ONE = 1e-3
_FEW = 5  # rows that tell nothing


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Counts over the first rows that have one hard label.

    ``confusion`` is (K, K): how often the class of the largest prediction, by row, met the label,
    by column; of a single event it is (2, 2), 1 being the event. ``near_one`` rows hold values in
    [0, 1] that sum to 1. Laws: ``Diagnosis.empty(...) + a`` counts what ``a`` does; ``+`` is
    commutative and associative.
    """

    threshold: float
    confusion: Integers
    rows: int = 0
    near_one: int = 0

    @classmethod
    def empty(cls, classes: int, threshold: float) -> Diagnosis:
        """Return the counts of no rows; an event is predicted above the threshold."""
        return cls(threshold, np.zeros((classes, classes), dtype=np.int64))

    def emptied(self) -> Diagnosis:
        """Return the counts of no rows."""
        return Diagnosis(self.threshold, np.zeros_like(self.confusion))

    def add(self, block: Block, _: RowLosses) -> Diagnosis:
        """Return the counts with a block's added."""
        if not len(block.rows):
            return self
        first = int(block.rows[0])
        start = UNPLACED if UNPLACED <= first < UNNUMBERED else 0
        if first - start >= ROWS:
            return self
        count = int(np.searchsorted(numbers_of(block.rows), start + ROWS))
        prediction, label = block.prediction[:count], block.label[:count]
        guess, truth = self._classes(prediction, label)
        classes = len(self.confusion)
        pairs = np.bincount(guess * classes + truth, minlength=classes**2)
        near_one = 0
        if prediction.shape[1] > 1:
            sums = np.add.reduce(prediction, axis=1)
            near = (prediction.min(axis=1) >= 0) & (np.abs(sums - 1) <= _NEAR_ONE)
            near_one = int(np.count_nonzero(near))
        return self + Diagnosis(
            self.threshold, pairs.reshape(classes, classes), len(prediction), near_one
        )

    def _classes(self, prediction: Floats, label: Floats | Integers) -> tuple[Integers, Integers]:
        """Return the predicted and the true class of the rows that have one of each."""
        if prediction.shape[1] == 1:
            truth = label[:, 0]
            hard = ((truth == 0) | (truth == 1)) & ~np.isnan(prediction[:, 0])
            guess = prediction[hard, 0] > self.threshold
            return guess.astype(np.int64), truth[hard].astype(np.int64)
        hard = ~np.isnan(prediction).any(axis=1)
        if label.ndim == 1:
            return prediction[hard].argmax(axis=1), label[hard].astype(np.int64)
        hard &= (label.max(axis=1) == 1) & (np.count_nonzero(label, axis=1) == 1)
        return prediction[hard].argmax(axis=1), label[hard].argmax(axis=1)

    def __add__(self, other: Diagnosis) -> Diagnosis:
        """Return the counts of both."""
        return Diagnosis(
            self.threshold,
            self.confusion + other.confusion,
            self.rows + other.rows,
            self.near_one + other.near_one,
        )

    @property
    def counted(self) -> int:
        """How many rows have one hard label."""
        return int(self.confusion.sum())

    @property
    def crossed(self) -> bool:
        """Whether two classes are taken for each other more often than not, each of them."""
        if len(self.confusion) != 2:
            return False
        met = self.confusion.sum(axis=0)
        return bool((met >= _FEW).all() and (np.diagonal(self.confusion) < 0.4 * met).all())

    @property
    def accuracy(self) -> float:
        """How often the predicted class is the label."""
        return float(np.trace(self.confusion)) / max(self.counted, 1)

    def best_order(self) -> tuple[tuple[int, ...], float]:
        """Return which label to read each column as for the highest accuracy, and that accuracy.

        The same order comes back where no other can be much better.
        """
        same = tuple(range(len(self.confusion)))
        bound = float(self.confusion.max(axis=1).sum()) / max(self.counted, 1)
        if bound < self.accuracy + 0.05:
            return same, self.accuracy
        order = _assignment(-self.confusion)
        hits = sum(int(self.confusion[column, label]) for column, label in enumerate(order))
        return order, hits / max(self.counted, 1)


def _assignment(cost: Integers) -> tuple[int, ...]:
    """Return the column for each row of a square matrix that makes their sum least.

    The Hungarian algorithm with potentials, O(K³) (Kuhn 1955; Jonker and Volgenant 1987).
    """
    size = len(cost)
    row_potential, potential = np.zeros(size + 1), np.zeros(size + 1)
    row_of, before = np.full(size + 1, -1), np.zeros(size + 1, dtype=np.int64)
    for row in range(size):
        row_of[size], column = row, size
        least, used = np.full(size, np.inf), np.zeros(size + 1, dtype=bool)
        while row_of[column] >= 0:
            used[column] = True
            current = row_of[column]
            reduced = cost[current] - row_potential[current] - potential[:size]
            better = ~used[:size] & (reduced < least)
            least[better] = reduced[better]
            before[:size][better] = column
            free = np.flatnonzero(~used[:size])
            following = int(free[np.argmin(least[free])])
            delta = least[following]
            row_potential[row_of[used]] += delta
            potential[used] -= delta
            least[free] -= delta
            column = following
        while column != size:
            row_of[column], column = row_of[before[column]], before[column]
    order = np.empty(size, dtype=np.int64)
    order[row_of[:size]] = np.arange(size)
    return tuple(int(column) for column in order)
