"""Who met whom in a join, where its rows are read in parts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lossctl.block import Booleans
from lossctl.ids import Ids
from lossctl.values import dataclass


@dataclass(frozen=True, eq=False)
class Meetings:
    """Which of the labels have met a prediction, and the ids of predictions that met none.

    ``met`` has a bit for each label. ``twice``: a label was met by two predictions. Laws: ``+`` is
    associative, and commutative but for the order of the strangers.
    """

    labels: int
    met: npt.NDArray[np.uint8]
    strangers: tuple[Ids, ...] = ()
    twice: bool = False

    @classmethod
    def of(cls, met: Booleans, strangers: tuple[Ids, ...]) -> Meetings:
        """Return what was met in a part in which every id stands once."""
        return cls(len(met), np.packbits(met), strangers)

    def __add__(self, other: Meetings) -> Meetings:
        """Return the meetings of both."""
        twice = self.twice or other.twice or bool((self.met & other.met).any())
        strangers = self.strangers + other.strangers
        return Meetings(self.labels, self.met | other.met, strangers, twice)

    @property
    def lonely(self) -> int:
        """How many labels met nobody."""
        return self.labels - int(np.bitwise_count(self.met).sum(dtype=np.int64))
