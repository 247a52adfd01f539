"""Gates: may a pipeline go on? What cannot be compared does not pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lossctl.errors import UsageError
from lossctl.numbers import spelled
from lossctl.result import Result
from lossctl.values import dataclass


@dataclass(frozen=True)
class Verdict:
    """What a gate says of a result: ``gate`` as it was asked for, ``why`` in words."""

    result: Result
    gate: str
    passed: bool
    why: str


@dataclass(frozen=True)
class Gates:
    """Bounds that results must keep; None where nothing was asked.

    ``fail_above`` is for the loss, ``fail_above_ci`` for the upper end of its interval. The others
    are for the difference to the baseline: its lower end must not be above ``fail_if_worse``, its
    upper end must not be above ``require_not_worse``.
    """

    fail_above: float | None = None
    fail_above_ci: float | None = None
    fail_if_worse: float | None = None
    require_not_worse: float | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing."""
        for name, bound in self._given():
            if math.isnan(bound):
                raise UsageError(f"{name} is a number, not nan")

    def __bool__(self) -> bool:
        """Whether any was asked for."""
        return bool(self._given())

    @property
    def compare(self) -> bool:
        """Whether one of them needs a baseline."""
        return self.fail_if_worse is not None or self.require_not_worse is not None

    def _given(self) -> list[tuple[str, float]]:
        bounds = {
            "--fail-above": self.fail_above,
            "--fail-above-ci": self.fail_above_ci,
            "--fail-if-worse": self.fail_if_worse,
            "--require-not-worse": self.require_not_worse,
        }
        return [(name, bound) for name, bound in bounds.items() if bound is not None]

    def verdicts(self, results: Sequence[Result], baseline: str | None = None) -> Iterator[Verdict]:
        """Yield what each gate says of each result; the baseline is not compared with itself."""
        for result in results:
            for name, bound in self._given():
                of_difference = name in ("--fail-if-worse", "--require-not-worse")
                if of_difference and result.predictions == baseline:
                    continue
                passed, why = _judged(result, name, bound)
                yield Verdict(result, f"{name} {spelled(float(bound))}", passed, why)


def _judged(result: Result, name: str, bound: float) -> tuple[bool, str]:
    """Return whether a result passes a gate, and why or why not."""
    if not result.comparable:
        return False, f"it scored other rows than most: {result.n:,}"
    if name == "--fail-above":
        return _below(f"the {result.loss} is", result.value, bound)
    if name == "--fail-above-ci":
        return _below(f"the upper end of the {result.loss}'s interval is", result.high, bound)
    delta = result.delta
    if delta is None:
        return False, "there is no difference to the baseline"
    if name == "--fail-if-worse":
        return _below("the lower end of the difference is", delta.low, bound)
    return _below("the upper end of the difference is", delta.high, bound)


def _below(what: str, value: float | None, bound: float) -> tuple[bool, str]:
    if value is None or math.isnan(value):
        return False, f"{what} not known"
    return value <= bound, f"{what} {spelled(float(value))}"
