"""The answer: a number, its uncertainty, and all it takes to reproduce it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lossctl.values import dataclass, field
from lossctl.version import __version__

if TYPE_CHECKING:
    from lossctl.calibration import Calibration
    from lossctl.distribution import Distribution

SCHEMA = 1
MEAN, SUM, NONE = "mean", "sum", "none"
CLASS = "label"  # the name of groups that are the classes


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
    convention: str = "exact"
    eps: str = "0"
    smoothing: str = "0"
    class_weight: str | None = None
    pos_weight: str | None = None
    labels: str | None = None
    said: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """Return the one line that is quoted: ``bce|from:probs|conv:exact|…``.

        What is rarely asked for stands there only if it was: what the labels mean, weights of
        classes and of the event, the fingerprint of the labels.
        """
        parts = {
            "from": self.form,
            "conv": self.convention,
            "eps": self.eps,
            "norm": self.norm,
            "weights": self.weights,
            "denom": self.denominator,
            "ignore": self.ignore,
            **self.said,
            "smooth": self.smoothing,
            "classw": self.class_weight,
            "posw": self.pos_weight,
            "nan": self.nan,
            "join": self.join,
            "n": str(self.n),
            "labels": self.labels,
            "lossctl": __version__,
        }
        given = (f"{key}:{value}" for key, value in parts.items() if value is not None)
        return "|".join([self.loss, *given])


@dataclass(frozen=True)
class Columns:
    """Which columns were used, by name or by position."""

    predictions: tuple[str | int, ...]
    label: tuple[str | int, ...]
    id: str | None
    header: bool | None


@dataclass(frozen=True)
class Other:
    """The value by another convention, and in a few words why it differs."""

    value: float
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        return {"value": finite(self.value), "status": status_of(self.value), "why": self.why}


@dataclass(frozen=True)
class Delta:
    """The difference of a loss to the baseline's, on the ``n`` rows that both have scored.

    ``p`` is of the two-sided paired t-test; ``p_adjusted`` is there if it was asked for. None where
    there is none to give. Of an infinite difference both ends of the interval are infinite.
    """

    value: float
    n: int
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        adjusted = {} if self.p_adjusted is None else {"p_adjusted": finite(self.p_adjusted)}
        return {
            "value": finite(self.value),
            "status": status_of(self.value),
            "stderr": finite(self.stderr),
            "low": finite(self.low),
            "high": finite(self.high),
            "p": finite(self.p),
            **adjusted,
            "n": self.n,
        }


@dataclass(frozen=True)
class Group:
    """The loss of the rows of a group: ``names`` says which, by column.

    ``share`` is its part of the total, None where that is not finite, or 0.
    """

    names: Mapping[str, str] = field(hash=False)
    value: float
    n: int
    denominator: float
    sum: float
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None

    def to_dict(self, level: float) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        return {
            "group": dict(self.names),
            "value": finite(self.value),
            "status": status_of(self.value),
            "n": self.n,
            "denominator": self.denominator,
            "sum": finite(self.sum),
            "stderr": finite(self.stderr),
            "ci": {"level": level, "low": finite(self.low), "high": finite(self.high)},
            "share": finite(self.share),
        }


@dataclass(frozen=True)
class Result:
    """One loss of one set of predictions.

    ``value`` is in the units of the loss; ``stderr``, ``low`` and ``high`` are None where they
    cannot be known (a single row, an infinite loss). ``derived`` is the value in other units,
    ``best_constant`` the loss of the best constant prediction and the skill against it. ``clipped``
    is in how many rows what happened has a probability at or below the clip, and their share of
    the total, None where that is infinite. ``conventions`` are the values of other tools, None for
    those that have no such loss. ``unmatched`` is how many rows of predictions
    and of labels had no partner, if they were joined. ``n`` is the number of scored rows. ``worst``
    are the rows that cost most, where they were asked for: ``row`` or the key, ``label``, ``loss``.
    ``distribution`` is how the row losses are distributed, ``calibration`` how far probabilities
    can be taken at their word: what a picture is drawn from, where one was asked for.
    ``groups`` are made when they are asked for, in natural order; ``small_groups`` more are hidden.
    ``classes`` are the same for each class of the labels, where a report asks for them.
    In a batch ``rank`` counts from 1, None for what cannot be ranked: NaN, or a candidate that
    scored other rows than most (then ``comparable`` is False). ``delta`` is the difference to the
    baseline, None for the baseline itself, and where there is none.
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
    derived: Mapping[str, float] = field(default_factory=dict, hash=False)
    best_constant: tuple[float, float] | None = None
    clipped: tuple[int, float | None] | None = None
    conventions: Mapping[str, Other | None] | None = field(default=None, hash=False)
    unmatched: tuple[int, int] | None = None
    worst: tuple[Mapping[str, Any], ...] | None = None
    distribution: Distribution | None = None
    calibration: Calibration | None = None
    groups: Sequence[Group] | None = field(default=None, hash=False)
    small_groups: int = 0
    classes: Sequence[Group] | None = field(default=None, hash=False)
    rank: int | None = None
    comparable: bool = True
    delta: Delta | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Whether the value is a number: ``ok``, ``infinite`` or ``nan``."""
        return status_of(self.value)

    def _conventions(self) -> dict[str, Any]:
        if self.conventions is None:
            return {}
        others = self.conventions.items()
        found = {name: None if one is None else one.to_dict() for name, one in others}
        return {"conventions": found}

    def _groups(self) -> dict[str, Any]:
        if self.groups is None:
            return {}
        groups = [group.to_dict(self.level) for group in self.groups]
        return {"groups": groups, "small_groups": self.small_groups}

    def _classes(self) -> dict[str, Any]:
        found = self.classes
        return {} if found is None else {"classes": [one.to_dict(self.level) for one in found]}

    def _pictures(self) -> dict[str, Any]:
        found = {"distribution": self.distribution, "calibration": self.calibration}
        return {name: one.to_dict() for name, one in found.items() if one is not None}

    def _ranked(self) -> dict[str, Any]:
        return {"rank": self.rank, "delta": None if self.delta is None else self.delta.to_dict()}

    def to_dict(self, *, ranked: bool = False) -> dict[str, Any]:
        """Return the result as it stands in JSON: no number in it is infinite or NaN.

        ``ranked``: with its rank and its difference to the baseline, as in a batch.
        """
        label = self.columns.label
        columns = {
            "predictions": list(self.columns.predictions),
            "label": label[0] if len(label) == 1 else list(label),
            "id": self.columns.id,
            "header": self.columns.header,
        }
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
            "derived": {name: finite(value) for name, value in self.derived.items()},
            "best_constant": _named(("value", "skill"), self.best_constant),
            "clipped": _named(("rows", "share"), self.clipped),
            "predictions": self.predictions,
            "labels": self.labels,
            "columns": columns,
            **self._conventions(),
            **worst,
            **self._pictures(),
            **(self._ranked() if ranked else {}),
            **self._groups(),
            **self._classes(),
            "signature": self.signature,
            "warnings": list(self.warnings),
        }


def _named(
    names: tuple[str, str], values: tuple[float, float | None] | None
) -> dict[str, float | None] | None:
    return None if values is None else dict(zip(names, map(finite, values), strict=True))


def _strict(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _finite_parts(value) for key, value in row.items()}


def _finite_parts(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite_parts(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def status_of(value: float) -> str:
    """Return whether a value is a number: ``ok``, ``infinite`` or ``nan``."""
    if math.isnan(value):
        return "nan"
    return "infinite" if math.isinf(value) else "ok"


def finite(value: float | None) -> float | None:
    """Return the value, or None where JSON has no number for it."""
    return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True)
class Failure:
    """A candidate that could not be scored, why, and what to do about it."""

    predictions: str
    error: str
    hint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        return {"predictions": self.predictions, "error": self.error}


@dataclass(frozen=True)
class Ranking:
    """The results of a batch, best first; what has no rank follows, then what ``failed``.

    ``hidden`` is how many of the ranked are not shown. ``baseline`` is the file that others are
    compared with, None if none was named; it is among the results.
    """

    loss: str
    results: tuple[Result, ...]
    failed: tuple[Failure, ...] = ()
    baseline: str | None = None
    hidden: int = 0

    def top(self, count: int) -> Ranking:
        """Return the ranking with so many of the best; what has no rank, and the baseline, stay."""
        kept = tuple(
            result
            for place, result in enumerate(self.results)
            if place < count or result.rank is None or result.predictions == self.baseline
        )
        hidden = self.hidden + len(self.results) - len(kept)
        return Ranking(self.loss, kept, self.failed, self.baseline, hidden)

    def to_dict(self) -> dict[str, Any]:
        """Return the ranking as it stands in JSON: no number in it is infinite or NaN."""
        return {
            "schema": SCHEMA,
            "loss": self.loss,
            "baseline": self.baseline,
            "hidden": self.hidden,
            "results": [result.to_dict(ranked=True) for result in self.results],
            "failed": [failure.to_dict() for failure in self.failed],
        }
