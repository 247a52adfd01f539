"""What the best constant prediction is made of: sums of the labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lossctl.block import Block, Floats, RowLosses
from lossctl.losses.best import MeanOf
from lossctl.losses.registry import Kernel


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
        weight = np.ones((len(label), 1)) if block.weight is None else block.weight[:, np.newaxis]
        off, on = (1 - label) * weight, label * weight
        squares = off * (1 - label) + on * label
        if block.left_out is not None:
            for part in (off, on, squares):
                part[block.left_out] = 0.0
        sums = np.stack([off.sum(axis=0), on.sum(axis=0)], axis=1)
        return Frequencies(self.sums + sums, self.squares + squares.sum(axis=0))

    def __add__(self, other: Frequencies) -> Frequencies:
        """Return the frequencies in both."""
        return Frequencies(self.sums + other.sums, self.squares + other.squares)


@dataclass(frozen=True, eq=False)
class Pivot:
    """What constants near the labels would have cost, one for each of m outputs.

    ``loss`` (m,) is the weighted sum of the losses of the constants, ``moved`` that of how far the
    labels lie from them, seen through the link, ``weight`` that of the weights. From these follows
    the loss of the mean: see ``MeanOf``. ``+`` is commutative, and associative within rounding.
    """

    kernel: Kernel
    best: MeanOf
    constants: tuple[float, ...]
    loss: Floats
    moved: Floats
    weight: Floats

    @classmethod
    def empty(cls, kernel: Kernel, best: MeanOf, constants: tuple[float, ...]) -> Pivot:
        """Return the sums of no rows."""
        nothing = np.zeros(len(constants))
        return cls(kernel, best, constants, nothing, nothing, nothing)

    @np.errstate(all="ignore")  # what is not finite has no best constant
    def add(self, block: Block, _: RowLosses) -> Pivot:
        """Return the sums with a block's added."""
        found = np.zeros((3, len(self.constants)))
        for cell, constant in enumerate(self.constants):
            label = np.ascontiguousarray(block.label[:, cell], dtype=np.float64)
            weight = block.weight
            if block.left_out is not None:
                kept = ~block.left_out[:, cell]
                label, weight = label[kept], None if weight is None else weight[kept]
            losses = self.kernel(np.full(len(label), constant), label)
            moved = self.best.link(label) - self.best.link(np.array(constant))
            if weight is None:
                found[:, cell] = losses.sum(), moved.sum(), len(label)
            else:
                found[:, cell] = (losses * weight).sum(), (moved * weight).sum(), weight.sum()
        return self + replace(self, loss=found[0], moved=found[1], weight=found[2])

    def __add__(self, other: Pivot) -> Pivot:
        """Return the sums of both."""
        return replace(
            self,
            loss=self.loss + other.loss,
            moved=self.moved + other.moved,
            weight=self.weight + other.weight,
        )

    @np.errstate(all="ignore")
    def total(self) -> float:
        """Return the weighted sum of the losses of the best constants."""
        start = np.array(self.constants)
        mean = self.best.inverse(self.best.link(start) + self.moved / self.weight)
        apart = self.kernel(start, mean) - self.kernel(mean, mean)
        return max(0.0, float((self.loss - self.weight * apart).sum()))
