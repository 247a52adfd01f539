"""What the own steps of a loss start from, and how they are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from lossctl.block import Floats
from lossctl.explanation import Step
from lossctl.losses.domain import LOG_PROBS, LOGITS
from lossctl.losses.special import sigmoid
from lossctl.values import dataclass


@dataclass(frozen=True)
class Given:
    """A row as the kernel sees it, when all has been done to it that is done before.

    ``prediction`` and ``label`` are (m,) of the cells of a row, or (K,) of its classes; ``cost`` is
    what the kernel makes of them, (m,) or (1,). ``symbol`` is what the prediction is called.
    """

    form: str
    prediction: Floats
    label: Floats
    cost: Floats
    parameters: Mapping[str, Any]
    symbol: str

    @property
    def hard(self) -> bool:
        """Whether the label is one class and no other."""
        return bool(np.count_nonzero(self.label) == 1 and self.label.max() == 1)

    @property
    def place(self) -> int:
        """Which class the label is."""
        return int(self.label.argmax())


Own: TypeAlias = Callable[[Given], Iterator[Step]]


def step(symbol: str, how: str, value: Floats | float | str) -> Step:
    """Return a step; an array of one number is that number, and none is −0."""
    if isinstance(value, str):
        return Step(symbol, how, value)
    numbers = np.atleast_1d(np.asarray(value, np.float64)) + 0.0
    found = tuple(numbers.tolist())
    return Step(symbol, how, found[0] if len(found) == 1 else found)


def symbol_of(form: str, family: str) -> str:
    """Return what predictions of a form are called: x logits, q logarithms, s scores, p others."""
    return {LOGITS: "x", LOG_PROBS: "q"}.get(form, "s" if family == "scores" else "p")


def event(given: Given) -> tuple[Floats, Floats]:
    """Return the probabilities that an event happens and that it does not, with their digits."""
    x = given.prediction
    if given.form == LOGITS:
        return sigmoid(x), sigmoid(-x)
    if given.form == LOG_PROBS:
        return np.exp(x), 0.0 - np.expm1(x)
    return x, 1 - x


def probability_of_event(given: Given) -> Iterator[Step]:
    """Yield p, where the prediction is something else, and 1 − p."""
    p, rest = event(given)
    if given.form == LOGITS:
        yield step("p", "σ(x) = 1/(1 + e^−x)", p)
    elif given.form == LOG_PROBS:
        yield step("p", "e^q", p)
    yield step("1 − p", "that it does not happen", rest)
