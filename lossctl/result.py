"""The answer: a number, its uncertainty, and all it takes to reproduce it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lossctl.version import __version__

SCHEMA = 1
MEAN, SUM, NONE = "mean", "sum", "none"


@dataclass(frozen=True)
class Signature:
    """What another person needs to reproduce the number, in a fixed order."""

    loss: str
    form: str
    norm: str
    weights: str
    denominator: str
    ignore: str
    nan: str
    join: str
    n: int

    def __str__(self) -> str:
        """Return the one line that is quoted: ``bce|from:probs|conv:exact|…``."""
        parts = {
            "from": self.form,
            "conv": "exact",
            "eps": "0",
            "norm": self.norm,
            "weights": self.weights,
            "denom": self.denominator,
            "ignore": self.ignore,
            "smooth": "0",
            "nan": self.nan,
            "join": self.join,
            "n": str(self.n),
            "lossctl": __version__,
        }
        return "|".join([self.loss, *(f"{key}:{value}" for key, value in parts.items())])


@dataclass(frozen=True)
class Columns:
    """Which columns were used, by name or by position."""

    predictions: tuple[str | int, ...]
    label: tuple[str | int, ...]
    id: str | None
    header: bool | None


@dataclass(frozen=True)
class Result:
    """One loss of one set of predictions.

    ``value`` is in the units of the loss; ``stderr``, ``low`` and ``high`` are None where they
    cannot be known (a single row, an infinite loss). ``unmatched`` is how many rows of predictions
    and of labels had no partner, if they were joined. ``n`` is the number of scored rows. ``worst``
    are the rows that cost most, where they were asked for: ``row`` or the key, ``label``, ``loss``.
    """

    loss: str
    value: float
    reduction: str
    n: int
    skipped: int
    ignored: int
    denominator: float
    sum: float
    stderr: float | None
    level: float
    low: float | None
    high: float | None
    predictions: str
    labels: str
    columns: Columns
    signature: str
    unmatched: tuple[int, int] | None = None
    worst: tuple[Mapping[str, Any], ...] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Whether the value is a number: ``ok``, ``infinite`` or ``nan``."""
        if math.isnan(self.value):
            return "nan"
        return "infinite" if math.isinf(self.value) else "ok"

    def to_dict(self) -> dict[str, Any]:
        """Return the result as it stands in JSON: no number in it is infinite or NaN."""
        columns = asdict(self.columns)
        columns["predictions"] = list(self.columns.predictions)
        columns["label"] = (
            self.columns.label[0] if len(self.columns.label) == 1 else list(self.columns.label)
        )
        worst = {} if self.worst is None else {"worst": [_strict(row) for row in self.worst]}
        joined = {}
        if self.unmatched is not None:
            joined["unmatched"] = dict(zip(("predictions", "labels"), self.unmatched, strict=True))
        return {
            "schema": SCHEMA,
            "loss": self.loss,
            "value": finite(self.value),
            "status": self.status,
            "reduction": self.reduction,
            "n": self.n,
            "skipped": self.skipped,
            "ignored": self.ignored,
            **joined,
            "denominator": self.denominator,
            "sum": finite(self.sum),
            "stderr": finite(self.stderr),
            "ci": {"level": self.level, "low": finite(self.low), "high": finite(self.high)},
            "predictions": self.predictions,
            "labels": self.labels,
            "columns": columns,
            **worst,
            "signature": self.signature,
            "warnings": list(self.warnings),
        }


def _strict(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _finite_parts(value) for key, value in row.items()}


def _finite_parts(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite_parts(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def finite(value: float | None) -> float | None:
    """Return the value, or None where JSON has no number for it."""
    return value if value is not None and math.isfinite(value) else None
