"""How one loss is scored: its kernel, and what is done to predictions and labels before.

These are ordinary values. Whether a convention or an option chose them, nobody here knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lossctl.block import Floats, Integers
from lossctl.losses.layout import row_sums
from lossctl.losses.registry import Kernel

NO, FIRST, LAST = "no", "first", "last"


@dataclass(frozen=True)
class Terms:
    """What makes the row losses of one column. Equal terms make equal columns.

    Probabilities are moved into [``clip``, 1 − ``clip``]; rows of them are divided by their sum if
    they are to be ``normalized``, before (``first``) or after (``last``) that. No logarithm is
    below ``floor``. ``single``: predictions are rounded to float32 first. Labels y become
    (1 − ``smoothing``) y + ``smoothing``/K. The losses of the classes are multiplied by
    ``class_weight``, those of the event by ``pos_weight``, all by ``scale``. ``linear``: the
    kernel is linear in the label. ``counted``: the mean divides by the number of cells, whatever
    they weigh.
    """

    kernel: Kernel
    linear: bool = False
    clip: float = 0.0
    normalized: str = NO
    floor: float = -math.inf
    single: bool = False
    smoothing: float = 0.0
    class_weight: tuple[float, ...] | None = None
    pos_weight: float = 1.0
    scale: float = 1.0
    counted: bool = False

    @property
    def plain(self) -> bool:
        """Whether the kernel's losses are taken as they are."""
        return self == Terms(self.kernel, self.linear, counted=self.counted)

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
        if self.smoothing:
            label = label * (1 - self.smoothing) + self.smoothing / 2
        losses = self._of_event(prediction, label)
        return losses if self.scale == 1 else losses * self.scale

    def _of_event(self, prediction: Floats, label: Floats) -> Floats:
        """Return the losses of cells whose two answers may weigh differently."""
        off, on = self.class_weight or (1.0, 1.0)
        on *= self.pos_weight
        losses = np.minimum(self.kernel(prediction, label), -self.floor)
        if (off, on) != (1.0, 1.0):
            losses = losses * np.where(label == 1, on, off)
        between = (label != 0) & (label != 1)
        if self.linear and between.any() and (self.floor > -math.inf or (off, on) != (1.0, 1.0)):
            p, y = prediction[between], label[between]
            happened = np.minimum(self.kernel(p, np.ones_like(y)), -self.floor)
            did_not = np.minimum(self.kernel(p, np.zeros_like(y)), -self.floor)
            losses[between] = on * y * happened + off * (1 - y) * did_not
        return losses

    def of_rows(self, prediction: Floats, label: Floats | Integers) -> Floats:
        """Return the losses of rows: (n, m) predictions against what the kernel takes."""
        if self.plain:
            return self.kernel(prediction, label)
        prediction = self.prepared(prediction)
        if self.floor > -math.inf:
            prediction = np.maximum(prediction, math.exp(self.floor))
        losses = self._of_classes(prediction, label)
        return losses if self.scale == 1 else losses * self.scale

    def _of_classes(self, prediction: Floats, label: Floats | Integers) -> Floats:
        if not self.smoothing and self.class_weight is None:
            return self.kernel(prediction, label)
        weight = None if self.class_weight is None else np.array(self.class_weight)
        if label.ndim == 1 and not self.smoothing and weight is not None:
            return np.asarray(self.kernel(prediction, label) * weight[label])
        rows = self.smoothed(label, prediction.shape[1])
        return self.kernel(prediction, rows if weight is None else rows * weight)

    def smoothed(self, label: Floats | Integers, classes: int) -> Floats:
        """Return labels as rows, (n, K), smoothed."""
        if label.ndim == 1:
            rows = np.zeros((len(label), classes))
            np.put_along_axis(rows, label[:, np.newaxis].astype(np.int64), 1.0, axis=1)
        else:
            rows = np.asarray(label, dtype=np.float64)
        return rows * (1 - self.smoothing) + self.smoothing / classes if self.smoothing else rows
