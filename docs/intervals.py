"""How often 95 % intervals of lossctl hold the truth, by simulation: the table of uncertainty.md.

Losses are drawn of which the mean is known, and given to lossctl as a user would: each repetition
is a group of one table, or a batch of two models. ``python docs/intervals.py 10000`` prints the
table, of so many repetitions; it takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import lossctl

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], dict[str, Any]]
_ROWS = 2_000_000  # of a table, about
_LARGEST = 50  # rows of a cluster
BY_CLUSTER = {"cluster": "cluster"}


@dataclass(frozen=True)
class Case:
    """What is drawn, (repetitions, n) of each column, and the true mean.

    Where there is a column ``other``, it holds the predictions of a second model, and the interval
    is that of the difference.
    """

    name: str
    draw: Draw
    truth: float
    loss: str = "mae"
    sizes: tuple[int, ...] = (30, 100, 1000)
    options: dict[str, Any] = field(default_factory=dict)


def coverage(case: Case, n: int, repetitions: int, seed: int = 0) -> float:
    """Return the share of the intervals that hold the truth."""
    rng = np.random.default_rng(seed)
    held: list[bool] = []
    while len(held) < repetitions:
        rows = n * _LARGEST if case.options is BY_CLUSTER else n
        count = max(1, min(repetitions - len(held), _ROWS // rows))
        columns = case.draw(rng, count, n)
        intervals = _differences(case, columns) if "other" in columns else _means(case, columns)
        held += [bool(low <= case.truth <= high) for low, high in intervals]
    return float(np.mean(held))


def _means(case: Case, columns: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """Yield the intervals of all repetitions, which are groups of one table."""
    shape = columns["pred"].shape
    repetition = np.broadcast_to(np.arange(len(columns["pred"]))[:, np.newaxis], shape)
    kept = columns.pop("kept", np.ones(shape, dtype=bool))
    columns = {"label": np.zeros(shape), **columns, "repetition": repetition}
    table = pa.table({name: values[kept] for name, values in columns.items()})
    result = lossctl.score(
        case.loss, table, by="repetition", pred_col="pred", diagnose="off", **case.options
    )
    for group in result.groups or ():
        if group.low is not None and group.high is not None:
            yield group.low, group.high


def _differences(case: Case, columns: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """Yield the intervals of the differences, of which each is a batch of two models."""
    label = columns.get("label", np.zeros(columns["pred"].shape))
    for own, base, truth in zip(columns["pred"], columns["other"], label, strict=True):
        models = {"own": own, "base": base}
        ranking = lossctl.batch(case.loss, models, truth, baseline="base", jobs=1)
        for one in ranking.results:
            if one.delta is not None and one.delta.low is not None and one.delta.high is not None:
                yield one.delta.low, one.delta.high


def _normal(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    return {"pred": 100 + rng.standard_normal((count, n))}


def _weighted(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    return {**_normal(rng, count, n), "weight": rng.gamma(2.0, 1.0, (count, n))}


def _errors(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    return {"pred": rng.standard_normal((count, n))}


def _exponential(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    return {"pred": rng.exponential(1.0, (count, n))}


def _log_normal(sigma: float) -> Draw:
    return lambda rng, count, n: {"pred": rng.lognormal(0.0, sigma, (count, n))}


def _student(degrees: float) -> Draw:
    return lambda rng, count, n: {"pred": rng.standard_t(degrees, (count, n))}


def _calibrated(spread: float) -> Draw:
    def draw(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
        p = _logistic(spread * rng.standard_normal((count, n)))
        return {"pred": p, "label": (rng.random((count, n)) < p).astype(float)}

    return draw


def _two_regressions(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    """Errors of two models that go together, of variances 1 and 1.21."""
    first, second = rng.standard_normal((2, count, n))
    return {"pred": first, "other": 1.1 * (0.8 * first + 0.6 * second)}


def _two_shifted(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    first, second = rng.standard_normal((2, count, n))
    return {"pred": 100 + first, "other": 100 + 0.8 * first + 0.6 * second}


def _two_classifiers(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    """A calibrated model, and the same twice as sure."""
    drawn = _calibrated(1.5)(rng, count, n)
    logits = np.log(drawn["pred"]) - np.log1p(-drawn["pred"])
    return {**drawn, "other": _logistic(2 * logits)}


def _clusters(skewed: float, *, unequal: bool) -> Draw:
    """So many clusters, of 10 rows, or of 1 to 50; a cluster's losses go together."""

    def draw(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
        rows = _LARGEST if unequal else 10
        size = np.clip(rng.lognormal(1.8, 1.0, (count, n)), 1, _LARGEST).astype(int)
        effect, own = rng.standard_normal((count, n, 1)), rng.standard_normal((count, n, rows))
        losses = 100 + effect + own
        if skewed:
            losses = np.exp(skewed * (effect + own) / np.sqrt(2))
        kept = np.arange(rows) < (size[..., np.newaxis] if unequal else rows)
        cluster = np.broadcast_to(np.arange(n)[:, np.newaxis], (count, n, rows))
        return {"pred": losses, "cluster": cluster, "kept": np.broadcast_to(kept, losses.shape)}

    def flat(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
        return {name: v.reshape(count, -1) for name, v in draw(rng, count, n).items()}

    return flat


def _logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@cache
def _over_normal(function: Callable[[Floats], Floats]) -> float:
    """Return the mean of a function of a standard normal number, by the trapezoidal rule."""
    z = np.linspace(-12, 12, 200_001)
    density = np.exp(-z * z / 2)
    return float((function(z) * density).sum() / density.sum())


def _bce_of(spread: float) -> float:
    """Return the mean bce of a calibrated model: its mean entropy."""

    def entropy(z: Floats) -> Floats:
        p = _logistic(spread * z)
        return np.asarray(
            p * np.log1p(np.exp(-spread * z)) + (1 - p) * np.log1p(np.exp(spread * z))
        )

    return _over_normal(entropy)


def _gap_of_classifiers(z: Floats) -> Floats:
    x = 1.5 * z
    p = _logistic(x)
    mine = p * np.log1p(np.exp(-x)) + (1 - p) * np.log1p(np.exp(x))
    other = p * np.log1p(np.exp(-2 * x)) + (1 - p) * np.log1p(np.exp(2 * x))
    return np.asarray(mine - other)


CASES = (
    Case("normal losses", _normal, 100.0, sizes=(5, 30, 100, 1000)),
    Case("normal losses, gamma weights", _weighted, 100.0, options={"weight_col": "weight"}),
    Case("mse of normal errors", _errors, 1.0, "mse"),
    Case("rmse of normal errors", _errors, 1.0, "rmse"),
    Case("exponential losses", _exponential, 1.0),
    Case("log-normal losses, σ = 1", _log_normal(1.0), float(np.exp(0.5))),
    Case("log-normal losses, σ = 2", _log_normal(2.0), float(np.exp(2.0))),
    Case("mse of errors of Student's t, 5 degrees", _student(5.0), 5 / 3, "mse"),
    Case("mse of errors of Student's t, 3 degrees", _student(3.0), 3.0, "mse"),
    Case("bce of a calibrated model", _calibrated(1.5), _bce_of(1.5), "bce"),
    Case("bce of a calibrated, very sure model", _calibrated(5.0), _bce_of(5.0), "bce"),
    Case("difference of normal losses", _two_shifted, 0.0),
    Case("difference of two mse", _two_regressions, 1 - 1.21, "mse"),
    Case("difference of two rmse", _two_regressions, 1 - 1.1, "rmse"),
    Case(
        "difference of two bce, one too sure",
        _two_classifiers,
        _over_normal(_gap_of_classifiers),
        "bce",
    ),
    Case(
        "clusters of 10, normal losses",
        _clusters(0, unequal=False),
        100.0,
        sizes=(10, 30, 100),
        options=BY_CLUSTER,
    ),
    Case(
        "clusters of 1 to 50, normal losses",
        _clusters(0, unequal=True),
        100.0,
        sizes=(10, 30, 100),
        options=BY_CLUSTER,
    ),
    Case(
        "clusters of 1 to 50, log-normal losses, σ = 1",
        _clusters(1, unequal=True),
        float(np.exp(0.5)),
        sizes=(10, 30, 100),
        options=BY_CLUSTER,
    ),
)


def main() -> None:
    """Print the table, in per cent."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    sizes = sorted({n for case in CASES for n in case.sizes})
    print("| losses |", " | ".join(map(str, sizes)), "|")
    print("|---|" + "---:|" * len(sizes))
    for case in CASES:
        shares = {n: f"{100 * coverage(case, n, repetitions):.1f}" for n in case.sizes}
        cells = " | ".join(shares.get(n, "") for n in sizes)
        print(f"| {case.name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
