"""How one loss is scored: its kernel, and what is done to predictions and labels before.

These are ordinary values. Whether a convention or an option chose them, nobody here knows.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from lossctl.block import Booleans, Floats, Integers
from lossctl.losses.layout import row_sums
from lossctl.losses.registry import Kernel, Loss
from lossctl.values import dataclass, replace

NO, FIRST, LAST, INSIDE = "no", "first", "last", "inside"


def _times(losses: Floats, weight: Floats) -> Floats:
    """Return losses times weights; what weighs nothing costs nothing, were it infinite."""
    return np.where(weight == 0, 0.0, losses * weight)


@dataclass(frozen=True)
class Terms:
    """What makes the row losses of one column. Equal terms make equal columns.

    Predictions, in this order: they are rounded to float32 (``single``); rows of probabilities are
    divided by their sum (``normalized`` ``first``), moved into [``clip``, 1 − ``clip``], or divided
    by their sum now (``last``; ``inside``: the kernel does it). Predictions and labels are at least
    ``least``, logarithms at least ``floor``.

    Labels y become (1 − ``smoothing``) y + ``smoothing``/K. The losses of the classes are
    multiplied by ``class_weight``, those of the event by ``pos_weight``, all by ``scale``.
    ``linear``: the kernel is linear in the label. ``hard``: a label between 0 and 1 has no loss,
    NaN.

    ``counted``: the mean divides by the number of cells, whatever they weigh. A row counts
    ``cells`` of them; None: those that are scored. ``output``: one of several outputs alone.
    """

    kernel: Kernel
    linear: bool = False
    clip: float = 0.0
    normalized: str = NO
    floor: float = -math.inf
    least: float = -math.inf
    single: bool = False
    smoothing: float = 0.0
    class_weight: tuple[float, ...] | None = None
    pos_weight: float = 1.0
    scale: float = 1.0
    hard: bool = False
    counted: bool = False
    cells: float | None = None
    output: int | None = None

    @cached_property
    def plain(self) -> bool:
        """Whether the kernel's losses are taken as they are."""
        normalized = INSIDE if self.normalized == INSIDE else NO
        as_they_are = Terms(self.kernel, self.linear, normalized=normalized)
        return as_they_are == replace(self, counted=False, cells=None, output=None)

    @property
    def threshold(self) -> float:
        """The probability at or below which the true class is clipped."""
        return max(self.clip, math.exp(self.floor))

    def clipped(self, prediction: Floats, label: Floats | Integers, *, classes: bool) -> Booleans:
        """Mark rows, (n,), in which what happened has a probability at or below the threshold.

        ``prediction`` holds probabilities: (n, K) of classes, or (n, m) of events.
        """
        first = self.normalized if self.normalized == FIRST else NO
        p = Terms(self.kernel, normalized=first, single=self.single).prepared(prediction)
        if label.ndim == 1:
            own = np.take_along_axis(p, label[:, np.newaxis].astype(np.int64), axis=1)
            return np.asarray(own[:, 0] <= self.threshold)
        low = (p <= self.threshold) & (label > 0)
        if not classes:
            low |= (1 - p <= self.threshold) & (label < 1)
        return np.asarray(low.any(axis=1))

    def prepared(self, prediction: Floats) -> Floats:
        """Return predictions as the kernel is to see them, (n, K) or cells (n,)."""
        if self.single:
            prediction = prediction.astype(np.float32).astype(np.float64)
        if self.normalized == FIRST:
            prediction = prediction / row_sums(prediction)[:, np.newaxis]
        if self.clip:
            prediction = np.clip(prediction, self.clip, 1 - self.clip)
        if self.normalized == LAST:
            prediction = prediction / row_sums(prediction)[:, np.newaxis]
        return prediction

    def of_cells(self, prediction: Floats, label: Floats) -> Floats:
        """Return the losses of cells: (n,) predictions against (n,) labels."""
        if self.plain:
            return self.kernel(prediction, label)
        prediction = self.prepared(prediction)
        if self.least > -math.inf:
            prediction, label = np.maximum(prediction, self.least), np.maximum(label, self.least)
        losses = self._of_event(prediction, label)
        if self.hard:
            losses[(label != 0) & (label != 1)] = np.nan
        return losses if self.scale == 1 else losses * self.scale

    def _of_event(self, prediction: Floats, label: Floats) -> Floats:
        """Return the losses of cells, with smoothing and what the two answers weigh."""
        smooth = self.smoothing
        if not self.linear:
            target = label * (1 - smooth) + smooth / 2 if smooth else label
            off, on = self.class_weight or (1.0, 1.0)
            return _times(self.kernel(prediction, target), np.where(label == 1, on, off))
        losses = self._weighed(prediction, label)
        if not smooth:
            return losses
        either = [self._weighed(prediction, np.full_like(label, y)) for y in (0.0, 1.0)]
        return (1 - smooth) * losses + smooth / 2 * (either[0] + either[1])

    def _weighed(self, prediction: Floats, label: Floats) -> Floats:
        """Return the losses of cells by a linear kernel, soft ones as the sum of both answers'."""
        off, on = self.class_weight or (1.0, 1.0)
        on *= self.pos_weight
        losses = np.minimum(self.kernel(prediction, label), -self.floor)
        between = (label != 0) & (label != 1)
        if (off, on) != (1.0, 1.0):
            losses = _times(losses, np.where(label == 1, on, off))
        elif self.floor == -math.inf:
            return losses
        if between.any():
            p, y = prediction[between], label[between]
            happened = np.minimum(self.kernel(p, np.ones_like(y)), -self.floor)
            did_not = np.minimum(self.kernel(p, np.zeros_like(y)), -self.floor)
            losses[between] = _times(happened, on * y) + _times(did_not, off * (1 - y))
        return losses

    def of_rows(self, prediction: Floats, label: Floats | Integers) -> Floats:
        """Return the losses of rows: (n, m) predictions against what the kernel takes."""
        if self.plain:
            return self.kernel(prediction, label)
        prediction, smoothed = self.prepared(prediction), self.smoothing > 0
        if self.floor > -math.inf:
            prediction = np.maximum(prediction, math.exp(self.floor))
        if self.least > -math.inf:
            prediction = np.maximum(prediction, self.least)
            label = np.maximum(self.smoothed(label, prediction.shape[1]), self.least)
            smoothed = False  # it has been done
        losses = self._of_classes(prediction, label, smoothed=smoothed)
        if self.hard and label.ndim == 2:
            losses[((label != 0) & (label != 1)).any(axis=1)] = np.nan
        return losses if self.scale == 1 else losses * self.scale

    def _of_classes(
        self, prediction: Floats, label: Floats | Integers, *, smoothed: bool
    ) -> Floats:
        target: Floats | Integers = label
        if smoothed:
            target = self.smoothed(label, prediction.shape[1])
        if self.class_weight is None:
            return self.kernel(prediction, target)
        weight = np.array(self.class_weight)
        if self.linear and target.ndim == 2:
            return self.kernel(prediction, target * weight)
        own = weight[label] if label.ndim == 1 else row_sums(label * weight)
        return _times(self.kernel(prediction, target), own)

    def smoothed(self, label: Floats | Integers, classes: int) -> Floats:
        """Return labels as rows, (n, K), smoothed."""
        if label.ndim == 1:
            rows = np.zeros((len(label), classes))
            np.put_along_axis(rows, label[:, np.newaxis].astype(np.int64), 1.0, axis=1)
        else:
            rows = np.asarray(label, dtype=np.float64)
        return rows * (1 - self.smoothing) + self.smoothing / classes if self.smoothing else rows


@dataclass(frozen=True)
class Scoring:
    """A loss on the terms of one convention; a part for each output if these have values apart."""

    loss: Loss
    convention: str
    parts: tuple[Terms, ...]

    @property
    def terms(self) -> Terms:
        """The terms of all parts, or of the first."""
        return self.parts[0]
