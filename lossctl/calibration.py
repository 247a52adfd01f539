"""How far predicted probabilities can be taken at their word, as a result holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lossctl.values import dataclass


@dataclass(frozen=True)
class Forecasts:
    """What was predicted with a probability above ``low`` and up to ``high``, and what happened.

    ``weight`` is what the ``rows`` weigh; ``predicted`` and ``happened`` are weighted means, None
    where nothing weighs anything. Of several events a row, each counts as one.
    """

    low: float
    high: float
    rows: int
    weight: float
    predicted: float | None
    happened: float | None

    @property
    def gap(self) -> float:
        """How far they are apart; above 0 where more was predicted than happened."""
        if self.predicted is None or self.happened is None:
            return 0.0
        return self.predicted - self.happened

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        return {
            "low": self.low,
            "high": self.high,
            "rows": self.rows,
            "weight": self.weight,
            "predicted": self.predicted,
            "happened": self.happened,
        }


@dataclass(frozen=True)
class Calibration:
    """A reliability diagram: all bins of equal width from 0 to 1.

    ``of`` is whose probabilities they are: those of the event, or of the predicted classes, which
    happen where the class is the label.
    """

    of: str
    bins: Sequence[Forecasts]

    @property
    def error(self) -> float:
        """The expected calibration error Σ w |predicted − happened| / Σ w over the bins.

        Naeini, Cooper and Hauskrecht, AAAI 2015; Guo, Pleiss, Sun and Weinberger, ICML 2017, eq. 5.
        """
        total = sum(one.weight for one in self.bins)
        return sum(one.weight * abs(one.gap) for one in self.bins) / total if total else 0.0

    @property
    def largest(self) -> float:
        """The maximum calibration error max |predicted − happened| (the same, eq. 4 of Guo's)."""
        return max(abs(one.gap) for one in self.bins)

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        return {
            "of": self.of,
            "ece": self.error,
            "max_error": self.largest,
            "bins": [one.to_dict() for one in self.bins],
        }
