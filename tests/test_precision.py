"""Numbers that a close reading found wanting: each was a wrong digit, or a verdict by chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from estimated import mean

from lossctl import statistics
from lossctl.conclusion import conclude
from lossctl.engines import local
from lossctl.errors import DataError
from lossctl.result import Result
from lossctl.scoring import Options, prepare
from lossctl.summaries.moments import Moments
from lossctl.values import replace

Score = Callable[..., Result]
Save = Callable[[str, object], Path]
Table = Callable[..., Path]


def in_blocks(rows: int | None, loss: str, predictions: str, labels: str, **o: object) -> Result:
    """Score files of the test's folder in blocks of so many rows."""
    plan = prepare(loss, predictions, labels, Options(**o))  # type: ignore[arg-type]
    (result,) = conclude(plan, local.run(replace(plan, block_rows=rows)))
    return result


@pytest.mark.parametrize("classes", [4, 8, 12, 17, 40])
@pytest.mark.parametrize("total", [999, 1001, 998, 1002])
def test_whether_a_row_sums_to_one_depends_on_its_values_alone(
    classes: int, total: int, scored: Score, save: Save, table: Table
) -> None:
    rng = np.random.default_rng(classes * total)
    counts = rng.multinomial(total, np.ones(classes) / classes, size=60)
    p, y = counts / 1000, np.zeros(60, dtype=np.int64)
    save("c.npy", np.ascontiguousarray(p))
    save("f.npy", np.asfortranarray(p))
    save("y.npy", y)
    table("t.csv", {f"p_{i}": p[:, i] for i in range(classes)})
    scored("ce", "c.npy", "y.npy", sum_tolerance=0.5)  # in the test's folder from here on
    for predictions in ("c.npy", "f.npy", "t.csv"):
        for rows in (1, 2, 7, None):
            if total in (998, 1002):
                with pytest.raises(DataError, match="the probabilities of the row sum to"):
                    in_blocks(rows, "ce", predictions, "y.npy")
            else:
                assert in_blocks(rows, "ce", predictions, "y.npy").n == 60


@pytest.mark.parametrize("outputs", [2, 10, 100, 1000])
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_rows_of_many_outputs_are_as_accurate_as_those_of_one(
    outputs: int, loss: str, scored: Score, save: Save
) -> None:
    rng = np.random.default_rng(outputs)
    p, y = rng.normal(size=(2, 50, outputs))
    p[0], y[0] = 2.0**-53 * 0.999, 0.0
    p[0, 0] = 1.0
    save("p.npy", p)
    save("y.npy", y)
    scored(loss, "p.npy", "y.npy")
    plan = prepare(loss, "p.npy", "y.npy", Options(reduction="none"))
    found: list[float] = []
    local.run(plan, lambda _, losses: found.extend(losses.values[0].tolist()))
    for value, row, label in zip(found, p.tolist(), y.tolist(), strict=True):
        cells = [Fraction(a) - Fraction(b) for a, b in zip(row, label, strict=True)]
        true = sum(cell**2 if loss == "mse" else abs(cell) for cell in cells)
        assert abs(Fraction(value) - true) <= 4 * Fraction(math.ulp(float(true)))


@pytest.mark.parametrize("value", ["0.1", "0.3", "0.25", repr(1 / 3), "1e100"])
@pytest.mark.parametrize("rows", [None, 1, 2, 3])
def test_equal_cells_have_no_spread_however_many_a_row_has(
    value: str, rows: int | None, scored: Score, table: Table
) -> None:
    cells = [value, value, "", value]
    table("p.csv", {"a": [value] * 4, "b": cells})
    table("y.csv", {"a": [0] * 4, "b": [0] * 4})
    scored("mae", "p.csv", "y.csv", nan="skip")
    result = in_blocks(rows, "mae", "p.csv", "y.csv", nan="skip")
    assert (result.value, result.stderr) == (float(value), 0.0)


@pytest.mark.parametrize("spread", [1e-3, 1e-8, 1e-10, 1e-12])
@pytest.mark.parametrize("cells", [2, 5, 1000])
@pytest.mark.parametrize("scale", [1.0, 1e291, 1e303])
def test_standard_errors_of_ratios_keep_their_digits(
    spread: float, cells: int, scale: float
) -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(1, cells + 1, 999).astype(np.float64)
    values = scale * (counts * (1 + spread * rng.normal(size=999)))
    a, b = ([Fraction(v) for v in column.tolist()] for column in (values, counts))
    ratio = sum(a) / sum(b)
    squares = sum((x - y * ratio) ** 2 for x, y in zip(a, b, strict=True))
    expected = statistics.square_root(squares * Fraction(999, 998) / sum(b) ** 2)
    for step in (1, 7, 100, 999):
        parts = [
            Moments.of(values[np.newaxis, i : i + step], counts[i : i + step])
            for i in range(0, 999, step)
        ]
        found = mean(sum(parts, start=Moments.empty(1)))
        np.testing.assert_allclose([found.stderr], [expected], rtol=1e-12)


def test_deviations_of_both_signs_may_overflow() -> None:
    values = np.array([[-1.7e308, 1.7e308, 1.7e308, 1.7e308]])
    moments = Moments.of(values, 1.0)
    assert mean(moments).value == 0.85e308
    ratio = moments.covariation(0, 0) / (3 * Fraction(1.7e308) ** 2)
    np.testing.assert_allclose([float(ratio)], [1.0], rtol=1e-12)


@pytest.mark.parametrize("size", [1e-153, 1e-100, 1.0])
def test_the_standard_error_of_a_root_is_right_where_squares_are_tiny(
    size: float, scored: Score, save: Save
) -> None:
    rng = np.random.default_rng(1)
    p = size * (1 + 1e-8 * rng.normal(size=2000))
    save("p.npy", p)
    save("y.npy", np.zeros(2000))
    found = scored("rmse", "p.npy", "y.npy").stderr
    squares = [Fraction(v * v) for v in p.tolist()]
    mean = sum(squares) / 2000
    variance = sum((s - mean) ** 2 for s in squares) / (1999 * 2000)
    expected = statistics.square_root(variance / (4 * mean))
    np.testing.assert_allclose([found], [expected], rtol=1e-9)


@pytest.mark.parametrize(
    ("logits", "label", "expected"),
    [
        ([math.inf, 0, 0], [0.5, 0.5, 0], math.inf),
        ([math.inf, 0, 1], [0.9995, 0, 0], 0.0),
        ([math.inf, 0, 1], [1, 0, 0], 0.0),
        ([math.inf, 0, 1], [0, 1, 0], math.inf),
        ([1e308, -1e308], [1 - 1e-9, 1e-9], 2e299),
        ([0, -math.inf], [1, 0], 0.0),
        ([0, -math.inf], [0.5, 0.5], math.inf),
        ([3, 3], [0.25, 0.75], math.log(2)),
    ],
)
def test_soft_rows_meet_infinite_and_huge_logits(
    logits: list[float], label: list[float], expected: float, scored: Score, save: Save
) -> None:
    save("x.npy", np.array([logits]))
    save("s.npy", np.array([label]))
    found = scored("ce", "x.npy", "s.npy", form="logits").value
    np.testing.assert_allclose([found], [expected], rtol=1e-13)


def test_arrays_that_run_backwards_give_the_same_bits() -> None:
    from lossctl import row_losses  # noqa: PLC0415

    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(3), 5000)
    y = rng.dirichlet(np.ones(3), 5000)
    forwards = row_losses("ce", p, y)
    np.testing.assert_array_equal(row_losses("ce", p[::-1], y[::-1])[::-1], forwards)
