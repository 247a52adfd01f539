"""What is to be said of a row in words: why its loss is infinite, or NaN, and what others say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from lossctl.block import Block, Booleans
from lossctl.explaining.given import Given
from lossctl.explaining.picking import Picked
from lossctl.losses.domain import LOG_PROBS, LOGITS
from lossctl.losses.rows import row_losses
from lossctl.losses.terms import Scoring
from lossctl.names import listing
from lossctl.plan import Plan


def remarks(
    picked: Picked, given: Given, names: Sequence[str], others: Sequence[Scoring]
) -> Iterator[str]:
    """Yield what is to be said; ``others`` are scorings by other conventions."""
    block, value = picked.block, picked.value
    if block.left_out is not None and block.left_out.any():
        marked = [name for name, mark in zip(names, block.left_out[0], strict=True) if mark]
        yield f"{listing(marked)} is left out and costs nothing: missing, or to be ignored"
    if math.isinf(value):
        yield f"the loss is infinite: {_why_infinite(picked, given, names)}"
    if math.isnan(value):
        yield f"the loss is NaN: {_why_nan(picked)}"
    found = [one for one in others if one.loss == picked.scoring.loss]
    if found:
        yield from _by_others(picked.plan, block, found)


def _by_others(plan: Plan, block: Block, others: Sequence[Scoring]) -> Iterator[str]:
    losses = row_losses(block, [one.terms for one in others], plan.domain).values[:, 0]
    said = [
        f"{one.convention} {loss:.6g}"
        for one, loss in zip(others, losses.tolist(), strict=True)
        if math.isfinite(loss) and len(one.parts) == 1
    ]
    if said:
        yield f"the row by other conventions: {', '.join(said)} (--convention NAME)"


def _why_infinite(picked: Picked, given: Given, names: Sequence[str]) -> str:
    plan, scoring, block = picked.plan, picked.scoring, picked.block
    if scoring.loss.variant(plan.domain).logs:
        impossible = _impossible(plan, scoring, given)
        if impossible.any() and plan.domain.classes:
            which = [name for name, mark in zip(names, impossible, strict=True) if mark]
            own = "what smoothing adds" if scoring.terms.smoothing else "the label"
            return f"{listing(which)} of {own} has probability 0, and −ln 0 is infinite"
        if impossible.any():
            return "what happened has probability 0, and −ln 0 is infinite"
    if not (np.isfinite(block.prediction).all() and np.isfinite(block.label).all()):
        return "the prediction or the label is"
    return "it is larger than float64 can hold"


def _impossible(plan: Plan, scoring: Scoring, given: Given) -> Booleans:
    """Mark classes, or cells, in which a part of the label has probability 0."""
    x, y = given.prediction, given.label
    lowest = -np.inf if given.form in {LOGITS, LOG_PROBS} else 0.0
    highest = {LOGITS: np.inf, LOG_PROBS: 0.0}.get(given.form, 1.0)
    if plan.domain.classes:
        beaten = given.form == LOGITS and np.isposinf(x).any()
        zero = (x < np.inf) if beaten else (x == lowest)
        return np.asarray(zero & (y > 0))
    soft = scoring.terms.smoothing > 0
    return np.asarray(((x == lowest) & (soft | (y > 0))) | ((x == highest) & (soft | (y < 1))))


def _why_nan(picked: Picked) -> str:
    block = picked.block
    if np.isnan(block.prediction).any() or np.isnan(np.asarray(block.label, np.float64)).any():
        return "a value is missing"
    if not (np.isfinite(block.prediction).all() and np.isfinite(block.label).all()):
        return "from infinite numbers there is no definite value, such as ∞ − ∞"
    return "it is not defined for these numbers"
