"""What the best constant prediction is made of: sums of the labels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lossctl.block import Block, Floats, RowLosses
from lossctl.losses.best import MeanOf
from lossctl.losses.registry import Kernel
from lossctl.products import dot
from lossctl.values import dataclass, replace


def _counting(label: npt.NDArray[Any], block: Block, cell: int) -> tuple[Floats, Floats | None]:
    """Return the labels of a cell that count, and their weights."""
    weight = block.weight
    if block.left_out is not None:
        kept = ~block.left_out[:, cell]
        label, weight = label[kept], None if weight is None else weight[kept]
    return np.ascontiguousarray(label, dtype=np.float64), weight


@dataclass(frozen=True, eq=False)
class Frequencies:
    """How often each class occurs, weighted: (K,), or (m, 2) for the two answers of m events.

    ``squares`` is Σ y² over the classes. Soft labels count in parts. ``+`` is commutative, and
    associative to within rounding.
    """

    sums: Floats
    squares: Floats

    @classmethod
    def empty(cls, classes: int, events: int | None = None) -> Frequencies:
        """Return the frequencies of no rows, of classes or of events."""
        if events is None:
            return cls(np.zeros(classes), np.zeros(1))
        return cls(np.zeros((events, 2)), np.zeros(events))

    def add(self, block: Block, _: RowLosses) -> Frequencies:
        """Return the frequencies with a block's added."""
        label, weight = block.label, block.weight
        if self.sums.ndim == 2:
            return self._add_events(np.asarray(label, dtype=np.float64), block)
        if label.ndim == 1:
            counts = np.bincount(label.astype(np.int64), weight, len(self.sums))
            return Frequencies(self.sums + counts, self.squares + counts.sum())
        rows = np.asarray(label, dtype=np.float64)
        weighted = rows if weight is None else rows * weight[:, np.newaxis]
        squares = float(np.add.reduce(weighted * rows, axis=None))
        return Frequencies(self.sums + weighted.sum(axis=0), self.squares + squares)

    def _add_events(self, label: Floats, block: Block) -> Frequencies:
        sums, squares = self.sums.copy(), self.squares.copy()
        for cell in range(len(sums)):
            part, weight = _counting(label[:, cell], block, cell)
            on = part if weight is None else part * weight
            total = len(part) if weight is None else np.add.reduce(weight)
            happened = np.add.reduce(on)
            sums[cell] += total - happened, happened
            squares[cell] += total - 2 * happened + 2 * dot(on, part)
        return Frequencies(sums, squares)

    def __add__(self, other: Frequencies) -> Frequencies:
        """Return the frequencies in both."""
        return Frequencies(self.sums + other.sums, self.squares + other.squares)


@dataclass(frozen=True, eq=False)
class Pivot:
    """What a constant near the labels would have cost, for one output.

    The constant is the mean of the first block's labels. ``loss`` is the weighted sum of what it
    costs, ``moved`` that of how far the labels lie from it, seen through the link, ``weight`` that
    of the weights. From these follows the loss of the mean: see ``MeanOf``. ``+`` is commutative,
    and associative, to within rounding.
    """

    kernel: Kernel
    best: MeanOf
    cell: int
    constant: float = math.nan
    loss: float = 0.0
    moved: float = 0.0
    weight: float = 0.0

    @np.errstate(all="ignore")  # what is not finite has no best constant
    def add(self, block: Block, _: RowLosses) -> Pivot:
        """Return the sums with a block's added."""
        label, weight = _counting(block.label[:, self.cell], block, self.cell)
        if self.weight:
            return self.with_labels(label, weight)
        return replace(self, constant=self._near(label, weight)).with_labels(label, weight)

    def _near(self, label: Floats, weight: Floats | None) -> float:
        """Return the mean of labels, or 1: it must be possible as a prediction, too."""
        total = float(np.add.reduce(label if weight is None else label * weight))
        weights = float(len(label) if weight is None else np.add.reduce(weight))
        mean = total / weights if weights else math.nan
        return mean if self._is_possible(np.array([mean])) else 1.0

    def _is_possible(self, mean: Floats) -> bool:
        """Whether a mean, (1,), can be predicted: it has a loss, and another label costs more.

        Not 0 where all other labels cost infinitely much.
        """
        labels = mean, np.abs(mean) + (mean == 0)
        own, other = (float(self.kernel(mean, label)[0]) for label in labels)
        return math.isfinite(own) and (other < math.inf if mean[0] >= 0 else other > own)

    def with_labels(self, label: Floats, weight: Floats | None) -> Pivot:
        """Return the sums with some labels added."""
        constant = np.array(self.constant)
        moved = self.best.link(label) - self.best.link(constant)
        if self.best.squared and weight is None:
            loss = dot(moved, moved)
        else:
            if self.best.squared:
                losses = moved * moved
            else:
                losses = self.kernel(np.broadcast_to(constant, label.shape), label)
            if weight is not None:
                losses, moved = (np.where(weight == 0, 0.0, x * weight) for x in (losses, moved))
            loss = float(np.add.reduce(losses))
        return replace(
            self,
            loss=self.loss + loss,
            moved=self.moved + float(np.add.reduce(moved)),
            weight=self.weight + float(len(label) if weight is None else np.add.reduce(weight)),
        )

    def __add__(self, other: Pivot) -> Pivot:
        """Return the sums of both, around the mean of all labels.

        So what is added has one sign; a constant that is far off, as that of few labels may be,
        costs far more than the mean, and the difference would be lost.
        """
        if not (self.weight and other.weight):
            return self if self.weight else other
        constant = self._joint(other)
        mine, theirs = self.around(constant), other.around(constant)
        return replace(
            mine,
            loss=mine.loss + theirs.loss,
            moved=mine.moved + theirs.moved,
            weight=self.weight + other.weight,
        )

    @np.errstate(all="ignore")
    def _joint(self, other: Pivot) -> float:
        """Return the mean of the labels of both, if it is possible as a prediction."""
        moved = self.moved + other.moved + other.weight * other._from(self.constant)
        mean = self._at(moved / (self.weight + other.weight))
        return float(mean[0]) if self._is_possible(mean) else self.constant

    @np.errstate(all="ignore")
    def around(self, constant: float) -> Pivot:
        """Return the same of another constant.

        What two constants differ in costs is what they do where the label is the mean.
        """
        here, mean = self.moved / self.weight, self.moved / self.weight + self._from(constant)
        if self.best.squared:
            more = mean * mean - here * here
        else:
            label = self._at(here)
            costs = [self.kernel(np.array([c]), label) for c in (constant, self.constant)]
            more = float((costs[0] - costs[1])[0])
        loss = self.loss + self.weight * more
        return replace(self, constant=constant, loss=loss, moved=self.weight * mean)

    @np.errstate(all="ignore")
    def total(self) -> float:
        """Return the weighted sum of the losses of the best constant."""
        if not self.weight:
            return 0.0
        moved = self.moved / self.weight
        if self.best.squared:
            apart = moved * moved
        else:
            mean = self._at(moved)
            apart = float(
                (self.kernel(np.array([self.constant]), mean) - self.kernel(mean, mean))[0]
            )
        return max(self.loss - self.weight * apart, 0.0)  # NaN stays

    def _from(self, constant: float) -> float:
        """Return how far the own constant lies from another, seen through the link."""
        here, there = self.best.link(np.array([self.constant, constant]))
        return float(here - there)

    def _at(self, moved: float) -> Floats:
        """Return what lies so far from the constant, (1,)."""
        return self.best.inverse(self.best.link(np.array([self.constant])) + moved)
