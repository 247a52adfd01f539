"""What is to be written, and how it is to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossctl.render.cells import PRECISION
from lossctl.result import Failure, Ranking, Result
from lossctl.values import dataclass

if TYPE_CHECKING:  # few runs have gates
    from lossctl.gates import Verdict


@dataclass(frozen=True)
class Looks:
    """What a table for people may use: columns of the screen, colour, significant digits.

    ``inert``: no cell of CSV or TSV is to be taken for a formula.
    """

    width: int
    color: bool = False
    precision: int = PRECISION
    inert: bool = False


@dataclass(frozen=True)
class Content:
    """The results of a run, and what gates say of them; those of a batch are a ranking's."""

    results: Sequence[Result]
    verdicts: Sequence[Verdict] = ()
    ranking: Ranking | None = None

    @property
    def failed(self) -> Sequence[Failure]:
        """The candidates that could not be scored."""
        return self.ranking.failed if self.ranking else ()
