"""The arithmetic of a row, as values: what came of what, in the order in which it was done."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

from lossctl.result import SCHEMA, finite, status_of
from lossctl.values import dataclass

Value: TypeAlias = float | str | tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """A number, a text, or a number for each class or output, and how it came about.

    ``symbol`` is what later steps call it.
    """

    symbol: str
    how: str
    value: Value


@dataclass(frozen=True)
class Total:
    """The sum over all rows that a row is a part of, the rows, and what the value of the loss is.

    ``reduction``: "mean", or "sum" where that is the loss itself.
    """

    sum: float
    rows: int
    value: float
    reduction: str


@dataclass(frozen=True)
class Explanation:
    """How a row came to its loss.

    ``key`` is the name of the key and that of the row, where rows have one. ``formula`` is that of
    the loss. ``names`` are what the classes or outputs are called whose numbers stand in steps,
    ``of`` which of these they are, ``order`` their places, those first that matter most. ``value``
    is the row's loss before the weight of the row, ``remarks`` what is to be said in words.
    """

    loss: str
    formula: str
    row: int
    key: tuple[str, str] | None
    label: str | float | list[Any]
    value: float
    weight: float | None
    total: Total
    steps: tuple[Step, ...]
    of: str = "class"
    names: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def weighted(self) -> float:
        """The loss times the weight of the row; what weighs nothing costs nothing."""
        if self.weight is None:
            return self.value
        return self.value * self.weight if self.weight else 0.0

    @property
    def share(self) -> float | None:
        """The row's part of the total, None where that is not finite, or 0."""
        known = self.total.sum != 0 and math.isfinite(self.total.sum)
        return self.weighted / self.total.sum if known else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in JSON: a number that is not finite is null."""
        return {
            "schema": SCHEMA,
            "loss": self.loss,
            "row": self.row,
            **({} if self.key is None else dict([self.key])),
            "label": self.label,
            "value": finite(self.value),
            "status": status_of(self.value),
            "weight": self.weight,
            "share": finite(self.share),
            "total": {"sum": finite(self.total.sum), "rows": self.total.rows},
            "formula": self.formula,
            "steps": [dict(self._of_step(step)) for step in self.steps],
            "remarks": list(self.remarks),
        }

    def _of_step(self, step: Step) -> Iterator[tuple[str, Any]]:
        """Yield the parts of a step; ``not_finite`` spells the numbers that are null."""
        yield from (("step", step.symbol), ("how", step.how))
        if isinstance(step.value, str):
            yield "value", step.value
            return
        if isinstance(step.value, float):
            yield "value", finite(step.value)
            odd: Any = None if math.isfinite(step.value) else str(step.value)
        else:
            named = dict(zip(self.names, step.value, strict=True))
            yield "values", {name: finite(value) for name, value in named.items()}
            odd = {name: str(value) for name, value in named.items() if not math.isfinite(value)}
        if odd:
            yield "not_finite", odd
