"""Sums of row losses by the class that was the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from lossctl.block import Block, Floats, Integers, RowLosses, Scored
from lossctl.summaries.groups import Groups
from lossctl.texts import Names
from lossctl.values import dataclass, replace


@dataclass(frozen=True, eq=False)
class PerClass:
    """The sums of the rows of each class, which has one of the ``names``.

    ``groups`` is None as soon as a label is none of them: soft ones are between. ``clustered``: the
    last column of a block's groups is that of the clusters. Laws as those of ``Groups``; what has
    met a soft label stays without sums.
    """

    names: tuple[str, ...]
    groups: Groups | None
    clustered: bool = False

    def add(self, block: Block, losses: RowLosses) -> PerClass:
        """Return the sums with a block's rows added."""
        codes = None if self.groups is None else _classes(block.label)
        if self.groups is None or codes is None:
            return replace(self, groups=None)
        clusters = block.groups[-1:] if self.clustered else ()
        columns = (Names(codes, self.names), *clusters)
        scored = Scored(losses, block.weight, columns, block.rows)
        return replace(self, groups=self.groups.add(scored))

    def __add__(self, other: Any) -> PerClass:
        """Return the sums of both."""
        known = self.groups is not None and other.groups is not None
        return replace(self, groups=self.groups + other.groups if known else None)


def _classes(label: Floats | Integers) -> Integers | None:
    """Return the classes of some rows, None if a label is between several."""
    if label.ndim == 1:
        return label.astype(np.int64)
    hard = ((label == 0) | (label == 1)).all()
    if label.shape[1] == 1:
        return label[:, 0].astype(np.int64) if hard else None
    one_hot = hard and (np.count_nonzero(label, axis=1) == 1).all()
    return label.argmax(axis=1) if one_hot else None
