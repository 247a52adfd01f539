"""What the best constant prediction is made of: sums of the labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lossctl.block import Block, Floats, RowLosses
from lossctl.losses.best import MeanOf
from lossctl.losses.registry import Kernel

_CACHED = 8192  # labels at a time: their buffers stay in cache


def _cached(
    label: npt.NDArray[Any], block: Block, cell: int
) -> Iterator[tuple[Floats, Floats | None]]:
    """Yield the labels of a cell that count, and their weights, in pieces that stay in cache."""
    weight = block.weight
    if block.left_out is not None:
        kept = ~block.left_out[:, cell]
        label, weight = label[kept], None if weight is None else weight[kept]
    for start in range(0, len(label), _CACHED):
        piece = slice(start, start + _CACHED)
        part = np.ascontiguousarray(label[piece], dtype=np.float64)
        yield part, None if weight is None else weight[piece]


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
            for part, weight in _cached(label[:, cell], block, cell):
                on = part if weight is None else part * weight
                total = len(part) if weight is None else np.add.reduce(weight)
                happened = np.add.reduce(on)
                sums[cell] += total - happened, happened
                squares[cell] += total - 2 * happened + 2 * np.add.reduce(on * part)
        return Frequencies(sums, squares)

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
        for cell in range(len(self.constants)):
            for label, weight in _cached(block.label[:, cell], block, cell):
                found[:, cell] += self._sums(cell, label, weight)
        return self + replace(self, loss=found[0], moved=found[1], weight=found[2])

    def _sums(self, cell: int, label: Floats, weight: Floats | None) -> tuple[float, float, float]:
        """Return what some labels of an output add to its loss, moved and weight."""
        constant = np.array(self.constants[cell])
        losses = self.kernel(np.broadcast_to(constant, label.shape), label)
        moved = self.best.link(label) - self.best.link(constant)
        if weight is None:
            return float(np.add.reduce(losses)), float(np.add.reduce(moved)), float(len(label))
        weighed = (float(np.add.reduce(part * weight)) for part in (losses, moved))
        return (*weighed, float(np.add.reduce(weight)))  # type: ignore[return-value]

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
