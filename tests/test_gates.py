"""Gates: what passes, what fails, and what cannot be compared."""

from __future__ import annotations

from math import inf, nan

import pytest
from made import delta, result

from lossctl.errors import UsageError
from lossctl.gates import Gates, Verdict
from lossctl.result import Result


def passed(gates: Gates, one: Result) -> bool:
    (verdict,) = gates.verdicts([one], "base.csv")
    return verdict.passed


@pytest.mark.parametrize(
    ("value", "bound", "passes"),
    [
        (0.5, 0.5, True),
        (0.5, 0.49999999, False),
        (0.5, inf, True),
        (0.5, -inf, False),
        (inf, 1e300, False),
        (-inf, 0.0, True),
        (nan, inf, False),
    ],
)
def test_fail_above_is_for_the_loss(value: float, bound: float, passes: bool) -> None:
    assert passed(Gates(fail_above=bound), result(value=value)) is passes


@pytest.mark.parametrize(
    ("high", "bound", "passes"),
    [(0.75, 0.75, True), (0.75, 0.7, False), (None, 10.0, False), (nan, inf, False)],
)
def test_fail_above_ci_is_for_the_upper_end(high: float | None, bound: float, passes: bool) -> None:
    assert passed(Gates(fail_above_ci=bound), result(high=high)) is passes


@pytest.mark.parametrize(
    ("low", "high", "not_surely_worse", "surely_not_worse"),
    [
        (-0.2, -0.1, True, True),
        (-0.2, 0.0, True, True),
        (-0.1, 0.1, True, False),
        (0.0, 0.1, True, False),
        (0.1, 0.2, False, False),
        (inf, inf, False, False),  # infinite beside a finite baseline
        (-inf, -inf, True, True),  # the other way round
        (None, None, False, False),  # a single row, or inf − inf
        (nan, nan, False, False),
    ],
)
def test_gates_on_the_difference(
    low: float | None, high: float | None, not_surely_worse: bool, surely_not_worse: bool
) -> None:
    one = result(delta=delta(low=low, high=high))
    assert passed(Gates(fail_if_worse=0.0), one) is not_surely_worse
    assert passed(Gates(require_not_worse=0.0), one) is surely_not_worse


def test_a_margin_is_allowed() -> None:
    one = result(delta=delta(low=0.1, high=0.2))
    assert passed(Gates(fail_if_worse=0.1), one)
    assert passed(Gates(require_not_worse=0.2), one)
    assert not passed(Gates(require_not_worse=0.1), one)


def test_without_a_difference_it_is_not_compared() -> None:
    (verdict,) = Gates(fail_if_worse=9.0).verdicts([result()], "base.csv")
    assert verdict == Verdict(
        result(), "--fail-if-worse 9", passed=False, why="there is no difference to the baseline"
    )


def test_the_baseline_is_not_compared_with_itself_but_has_to_be_good() -> None:
    results = [result("base.csv"), result("b.csv", delta=delta())]
    gates = Gates(fail_above=0.25, fail_if_worse=0.0, require_not_worse=0.0)
    found = [(v.result.predictions, v.gate, v.passed) for v in gates.verdicts(results, "base.csv")]
    assert found == [
        ("base.csv", "--fail-above 0.25", False),
        ("b.csv", "--fail-above 0.25", False),
        ("b.csv", "--fail-if-worse 0", True),
        ("b.csv", "--require-not-worse 0", True),
    ]


def test_who_scored_other_rows_fails_every_gate() -> None:
    other = result(value=0.0, high=0.0, n=1234, comparable=False, delta=delta())
    gates = Gates(fail_above=1.0, fail_above_ci=1.0, fail_if_worse=1.0, require_not_worse=1.0)
    verdicts = list(gates.verdicts([other], "base.csv"))
    assert len(verdicts) == 4
    assert {(v.passed, v.why) for v in verdicts} == {
        (False, "it scored other rows than most: 1,234")
    }


@pytest.mark.parametrize(
    ("gates", "gate", "why"),
    [
        (Gates(fail_above=0.5), "--fail-above 0.5", "the mse is 0.5000000000000001"),
        (
            Gates(fail_above_ci=0.1234567),
            "--fail-above-ci 0.1234567",
            "the upper end of the mse's interval is 0.75",
        ),
        (Gates(fail_if_worse=0), "--fail-if-worse 0", "the lower end of the difference is -0.375"),
        (
            Gates(require_not_worse=-1e-9),
            "--require-not-worse -1e-09",
            "the upper end of the difference is not known",
        ),
    ],
)
def test_every_digit_counts_in_what_is_said(gates: Gates, gate: str, why: str) -> None:
    one = result(value=0.5000000000000001, delta=delta(high=None))
    (verdict,) = gates.verdicts([one])
    assert (verdict.gate, verdict.why) == (gate, why)


def test_which_gates_there_are() -> None:
    assert not Gates()
    assert list(Gates().verdicts([result()])) == []
    assert Gates(fail_above=0.0)
    assert not Gates(fail_above=0.0, fail_above_ci=0.0).compare
    assert Gates(fail_if_worse=0.0).compare
    assert Gates(require_not_worse=0.0).compare
    with pytest.raises(UsageError, match="--fail-above-ci is a number, not nan"):
        Gates(fail_above_ci=nan)
