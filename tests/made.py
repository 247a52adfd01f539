"""Results, differences and groups as a run would make them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from lossctl.result import Columns, Delta, Group, Result
from lossctl.values import replace

RESULT = Result(
    loss="mse",
    value=0.5,
    reduction="mean",
    n=100,
    skipped=0,
    ignored=0,
    denominator=100.0,
    sum=50.0,
    stderr=0.125,
    level=0.95,
    low=0.25,
    high=0.75,
    predictions="a.csv",
    labels="truth.csv",
    columns=Columns(("pred",), ("label",), None, header=True),
    signature="mse|n:100",
)
DELTA = Delta(-0.25, 100, 0.0625, -0.375, -0.125, 0.03125)
GROUP = Group({"region": "eu"}, 0.5, 60, 60.0, 30.0, 0.125, 0.25, 0.75, 0.6)


def result(predictions: str = "a.csv", **changes: Any) -> Result:
    """Return a result of some predictions."""
    return replace(RESULT, predictions=predictions, **changes)


def delta(**changes: Any) -> Delta:
    """Return a difference."""
    return replace(DELTA, **changes)


def group(*names: str, **changes: Any) -> Group:
    """Return a group by ``region``, or by ``region`` and ``fold``."""
    return replace(GROUP, names=dict(zip(("region", "fold"), names, strict=False)), **changes)


class Made(Sequence[Group]):
    """So many groups, each made when it is asked for."""

    def __init__(self, count: int) -> None:
        """Make none."""
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Group: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Group]: ...
    def __getitem__(self, index: int | slice) -> Group | Sequence[Group]:
        if isinstance(index, slice):
            raise TypeError("no slices")
        if not 0 <= index < self._count:
            raise IndexError(index)
        return group(f"r{index}", value=index / 7)

    def __iter__(self) -> Iterator[Group]:
        return (self[i] for i in range(self._count))
