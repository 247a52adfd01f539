"""How often what was predicted with some probability happened."""

from __future__ import annotations

import numpy as np

from lossctl.block import Block, Floats, Integers, RowLosses
from lossctl.losses.domain import LOG_PROBS, LOGITS
from lossctl.losses.layout import for_rows, row_sums
from lossctl.losses.special import sigmoid
from lossctl.summaries.exact_sums import ExactSums, summed
from lossctl.values import dataclass, field, replace

BINS = 10


def _nothing() -> ExactSums:
    return ExactSums(BINS)


@dataclass(frozen=True, eq=False)
class Reliability:
    """What a reliability diagram shows, in ten bins (0, 0.1], (0.1, 0.2], …; 0 is in the first.

    Of an event each scored cell has a place, by the probability of the event. Of classes a row has
    one, by the probability of the class that is predicted, the largest one (the first of equal
    ones), and what happened is whether that is the label. A label between 0 and 1 counts by its
    value. ``form`` is what the predictions hold; ``whole``: rows of
    probabilities are divided by their sum. What is NaN is left out, and nothing is clipped.

    Per bin there are the ``rows``, their ``weights``, and the weighted sums of what was
    ``predicted`` and what ``happened``, exactly. Laws: ``Reliability(…) + a`` is what ``a`` is;
    ``+`` is commutative and associative, bit for bit.
    """

    form: str
    classes: bool
    whole: bool = False
    rows: Integers = field(default_factory=lambda: np.zeros(BINS, np.int64))
    weights: ExactSums = field(default_factory=_nothing)
    predicted: ExactSums = field(default_factory=_nothing)
    happened: ExactSums = field(default_factory=_nothing)

    @property
    def consistent(self) -> bool:
        """Whether all is known of each bin."""
        sums = (self.weights, self.predicted, self.happened)
        return {len(self.rows), *(one.size for one in sums)} == {BINS}

    def add(self, block: Block, _: RowLosses) -> Reliability:
        """Return the counts with a block's added."""
        with np.errstate(all="ignore"):  # ∞ − ∞ is NaN, and left out
            p, y = self._of_classes(block) if self.classes else self._of_cells(block)
        weight = block.weight
        if weight is not None and len(weight) < len(p):  # several cells a row
            weight = np.repeat(weight, len(p) // len(weight))
        kept = ~(np.isnan(p) | np.isnan(y))
        if block.left_out is not None:
            kept &= ~block.left_out.ravel()
        if not kept.all():
            p, y = p[kept], y[kept]
            weight = None if weight is None else weight[kept]
        return self + self._of(p, y, weight)

    def _of_cells(self, block: Block) -> tuple[Floats, Floats]:
        """Return the probabilities of the event and whether it happened, cell by cell."""
        p = block.prediction.ravel()
        if self.form == LOGITS:
            p = sigmoid(p)
        elif self.form == LOG_PROBS:
            p = np.exp(p)
        return p, np.asarray(block.label, np.float64).ravel()

    def _of_classes(self, block: Block) -> tuple[Floats, Floats]:
        """Return the probabilities of the predicted classes and whether they are the labels."""
        x, label = block.prediction, block.label
        guess = x.argmax(axis=1)
        place = guess[:, np.newaxis]
        p = np.take_along_axis(x, place, axis=1)[:, 0]
        if self.form == LOGITS:
            p = 1 / row_sums(np.exp(for_rows(x - p[:, np.newaxis])))
        elif self.form == LOG_PROBS:
            p = np.exp(p)
        elif self.whole:
            p /= row_sums(x)
        if label.ndim == 1:
            return p, np.asarray(guess == label, np.float64)
        return p, np.asarray(np.take_along_axis(label, place, axis=1)[:, 0], np.float64)

    def _of(self, p: Floats, y: Floats, weight: Floats | None) -> Reliability:
        """Return the counts of some probabilities and what happened."""
        codes = codes_of(p)
        rows = np.bincount(codes, minlength=BINS)
        weights = ExactSums.of_constant(1.0, rows)
        if weight is not None:
            weights, p, y = ExactSums.of(weight, codes, BINS), p * weight, y * weight
        return replace(
            self,
            rows=rows,
            weights=weights,
            predicted=ExactSums.of(p, codes, BINS),
            happened=ExactSums.of(y, codes, BINS),
        )

    def __add__(self, other: Reliability) -> Reliability:
        """Return the counts of both."""
        return replace(
            self,
            rows=self.rows + other.rows,
            weights=summed([self.weights, other.weights]),
            predicted=summed([self.predicted, other.predicted]),
            happened=summed([self.happened, other.happened]),
        )


def codes_of(p: Floats) -> Integers:
    """Return the bins of probabilities: which of the edges 0.1, 0.2, …, 0.9 are below them.

    10 p is exact where p is the float64 next to an edge, so it is never rounded below it.
    """
    codes = (p * BINS).astype(np.int64)
    codes -= p <= (np.arange(BINS + 1) / BINS).take(codes)
    return np.clip(codes, 0, BINS - 1, out=codes)
