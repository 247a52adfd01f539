"""The losses of the catalogue in each domain and form, and inputs drawn from their ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lossctl.block import Block, Floats
from lossctl.losses import LOSSES, Loss, parse
from lossctl.losses.domain import (
    BINARY,
    CLASSES,
    LOG_PROBS,
    LOGS_CLIPPED,
    MARGIN,
    NORMAL,
    NORMAL_BY_DEVIATION,
    PROBS,
    REAL,
    SHARES,
    VECTORS,
    Domain,
)
from lossctl.losses.interval import Interval
from lossctl.losses.rows import row_losses
from lossctl.losses.terms import Terms

# The losses with other parameters than the default ones.
WITH_PARAMETERS = (
    "huber:delta=0.3",
    "smooth-l1:beta=0.25",
    "smooth-l1:beta=0",
    "quantile:alpha=0.9",
    "quantile:alpha=0",
    "mape:eps=0",
    "mape:eps=1",
    "tweedie:power=-1",
    "tweedie:power=-0.25",
    "tweedie:power=0",
    "tweedie:power=1",
    "tweedie:power=1.001",
    "tweedie:power=1.999",
    "tweedie:power=2",
    "tweedie:power=3",
    "tweedie:power=4.5",
    "poisson-nll:full=true",
    "poisson-nll:log-input=false",
    "poisson-nll:log-input=false,full=true,eps=0",
    "gaussian-nll:eps=0.01,full=true",
    "multi-margin:p=2",
    "multi-margin:p=2,margin=0.5",
    "brier:scale-by-half=true",
    "brier:scale-by-half=false",
    "focal:gamma=0",
    "focal:gamma=0.5,alpha=0.25",
)
LOSSES_TO_TEST = tuple(one for name in (*LOSSES, *WITH_PARAMETERS) for one in parse(name))


@dataclass(frozen=True)
class Case:
    """A loss in a domain, from predictions of a form."""

    loss: Loss
    domain: Domain
    form: str

    def __str__(self) -> str:
        kind = {BINARY: "event", CLASSES: "classes"}.get(self.domain, "")
        return "-".join(part for part in (str(self.loss), kind, self.form) if part)

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.loss.parameters)

    @property
    def soft(self) -> bool:
        return self.domain in {BINARY, CLASSES} and self.loss.variant(self.domain).soft

    def __call__(self, prediction: Floats, label: Any) -> Floats:
        """Return the row losses of a block."""
        terms = (Terms(self.loss.kernel(self.domain, self.form)),)
        return row_losses(Block(prediction, label), terms, self.domain).values[0]


CASES = tuple(
    Case(loss, variant.domain, form)
    for loss in LOSSES_TO_TEST
    for variant in loss.variants
    for form in variant.functions
    if form != LOGS_CLIPPED  # Keras's, which the golden values judge
)
every_loss = pytest.mark.parametrize("case", CASES, ids=str)


def within(interval: Interval, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Return numbers of all sizes from a range."""
    size = 10.0 ** rng.uniform(-6, 5, shape)
    if interval.low > -np.inf:
        return interval.low + size
    return size * rng.choice([-1.0, 1.0], shape)


def draw(case: Case, seed: int, n: int, k: int) -> tuple[Floats, Any]:
    """Return predictions and labels that the loss takes, some of them close to each other."""
    rng = np.random.default_rng(seed)
    bounds = case.loss.bounds(case.domain)
    ranges = bounds.prediction
    first = ranges if isinstance(ranges, Interval) else ranges[0]
    if case.domain in {REAL, NORMAL, NORMAL_BY_DEVIATION, VECTORS}:
        k = {NORMAL: 1, NORMAL_BY_DEVIATION: 1, VECTORS: max(k, 2)}.get(case.domain, k)
        label = within(bounds.label, rng, (n, k))
        prediction = within(first, rng, (n, k))
        if case.loss.name == "poisson-nll" and case.parameters["log_input"]:
            prediction = rng.uniform(-200, 200, (n, k))
        near = label * (1 + rng.normal(size=(n, k)) * 10.0 ** rng.uniform(-15, 0, (n, 1)))
        usable = (rng.random((n, 1)) < 0.6) & (near > first.low)
        prediction = np.where(usable, near, prediction)
        if bounds.label.low == 0 and not bounds.label.low_open:
            label[::7] = 0.0
        if not isinstance(ranges, Interval):
            prediction = np.hstack([prediction, within(ranges[1], rng, (n, 1))])
        return prediction, label
    if case.domain is BINARY or case.domain is MARGIN:
        return _event(case, rng, (n, k)), _labels_of_events(case, rng, (n, k))
    k = max(k, 2)
    return _classes(case, rng, (n, k)), rng.integers(0, k, n)


def _event(case: Case, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    if case.form not in {PROBS, LOG_PROBS}:
        return rng.choice([-1, 1], shape) * 10.0 ** rng.uniform(-6, 2.4, shape)
    near = 10.0 ** rng.uniform(-100, 0, shape)
    if case.form == LOG_PROBS:
        return np.where(rng.random(shape) < 0.5, -near, np.log(near))
    return np.where(rng.random(shape) < 0.5, near, 1 - near)


def _labels_of_events(case: Case, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    soft = rng.random(shape)
    return np.where(rng.random(shape) < (0.6 if case.soft else 2), np.round(soft), soft)


def _classes(case: Case, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    n, k = shape
    if case.form not in {PROBS, SHARES, LOG_PROBS}:
        return rng.normal(size=shape) * 10.0 ** rng.uniform(-6, 2, (n, 1))
    prediction = np.maximum(rng.dirichlet(np.full(k, 0.05), n), 1e-100)
    if case.form == SHARES:
        return prediction * 10.0 ** rng.uniform(-3, 3, (n, 1))
    return np.log(prediction) if case.form == LOG_PROBS else prediction


def labels_in_all_forms(case: Case, label: Any, k: int) -> Iterator[Any]:
    """Yield labels as they are and, for classes, as one-hot and as soft rows."""
    yield label
    if case.domain.classes:
        yield np.eye(k)[label]
    if case.domain is CLASSES and case.soft:
        yield np.random.default_rng(0).dirichlet(np.ones(k), len(label))
