"""Weights: the right one for each row, wherever it stands, and the definitions of the spec."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from processes import Run
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

import lossctl as package
from lossctl import statistics
from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.result import Result

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
Table = Callable[..., Path]
ROWS = 70_000


def test_where_weights_stand_does_not_matter(
    scored: Score, table: Table, save: Save, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    p, y = rng.random(ROWS), rng.integers(0, 2, ROWS)
    w = np.where(rng.random(ROWS) < 0.1, 0.0, rng.exponential(size=ROWS))
    expected = log_loss(y, p, sample_weight=w)
    ids = [f"r{i}" for i in range(ROWS)]
    order = rng.permutation(ROWS)
    table("all.csv", {"id": ids, "prob": p, "label": y, "weight": w})
    table("p.csv", {"id": ids, "prob": p})
    table("pw.csv", {"id": ids, "prob": p, "w": w})
    table("y.csv", {"id": ids, "label": y})
    table("yw.csv", {"id": ids, "label": y, "w": w})
    table("s.csv", {"w": w[order], "id": [ids[i] for i in order], "label": y[order]})
    table("w.csv", {"id": ids, "weight": w})
    save("p.npy", p)
    save("y.npy", y)
    save("w.npy", w)
    np.savez(tmp_path / "t.npz", predictions=p, labels=y, weights=w)
    named, joined = ColumnOptions(weight="w"), ColumnOptions(weight="w", id="id")
    values = {
        scored("bce", "all.csv", columns=ColumnOptions(weight="weight")),
        scored("bce", "p.csv", "yw.csv", columns=named),
        scored("bce", "pw.csv", "y.csv", columns=named),
        scored("bce", "p.csv", "s.csv", columns=joined),
        scored("bce", "p.csv", "y.csv", weights="w.csv"),
        scored("bce", "p.csv", "y.csv", weights="w.npy"),
        scored("bce", "p.npy", "y.npy", weights="w.csv"),
        scored("bce", "p.npy", "y.npy", weights="w.npy"),
        scored("bce", "t.npz", columns=ColumnOptions(weight="weights")),
        package.score("bce", p, y, weights=w),
        package.score("bce", pd.DataFrame({"p": p, "u": w}), y, weight_col="u"),
    }
    assert len({(result.value, result.sum, result.denominator) for result in values}) == 1
    (first, *_) = values
    np.testing.assert_allclose(first.value, expected, rtol=1e-13)
    assert first.n == ROWS
    assert "|denom:weights|" in first.signature
    assert {s.split("|")[5] for s in (r.signature for r in values)} == {
        *("weights:column:w", "weights:column:weight", "weights:column:u"),
        "weights:file",
    }
    unweighted = scored("bce", "all.csv")
    np.testing.assert_allclose(unweighted.value, log_loss(y, p), rtol=1e-13)


def test_weights_beside_shuffled_predictions_follow_them(scored: Score, table: Table) -> None:
    table("p.csv", {"id": ["b", "a"], "pred": [1, 2]})
    table("y.csv", {"id": ["a", "b"], "label": [2, 3]})
    table("w.csv", {"weight": [10, 1]})
    result = scored("mse", "p.csv", "y.csv", columns=ColumnOptions(id="id"), weights="w.csv")
    assert (result.sum, result.denominator) == (40.0, 11.0)


@pytest.mark.parametrize("cells", [1, 3])
@pytest.mark.parametrize("nan", ["error", "skip"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_values_and_errors_follow_the_definitions(
    cells: int, nan: str, reduction: str, scored: Score, save: Save
) -> None:
    rng = np.random.default_rng(cells)
    p, y, w = rng.normal(size=(300, cells)), np.zeros((300, cells)), rng.exponential(size=300)
    if nan == "skip":
        p[rng.random(p.shape) < 0.2] = np.nan
    save("p.npy", p)
    save("y.npy", y)
    save("w.npy", w)
    result = scored("mse", "p.npy", "y.npy", weights="w.npy", nan=nan, reduction=reduction)
    kept = ~np.isnan(p).all(axis=1)
    a = [Fraction(float(v)) for v in (np.nansum(p**2, axis=1) * w)[kept]]
    b = [Fraction(float(v)) for v in ((~np.isnan(p)).sum(axis=1) * w)[kept]]
    n, total, weight = len(a), sum(a), sum(b)
    mean = Fraction(total) / weight
    if reduction == "mean":
        squares = sum((x - z * mean) ** 2 for x, z in zip(a, b, strict=True)) / weight**2
    else:
        squares = sum((x - Fraction(total) / n) ** 2 for x in a)
    expected = statistics.square_root(Fraction(squares) * Fraction(n, n - 1))
    np.testing.assert_allclose([result.stderr], [expected], rtol=1e-9)
    np.testing.assert_allclose(result.value, float(mean if reduction == "mean" else total))


def test_the_standard_error_is_right_far_from_zero(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(7)
    p, w = 1e8 + rng.normal(size=2000), rng.exponential(size=2000)
    save("p.npy", p)
    save("y.npy", np.zeros(2000))
    save("w.npy", w)
    a = [Fraction(float(v)) for v in p * w]
    b = [Fraction(float(v)) for v in w]
    mean = Fraction(sum(a)) / sum(b)
    squares = sum((x - z * mean) ** 2 for x, z in zip(a, b, strict=True)) / sum(b) ** 2
    expected = statistics.square_root(Fraction(squares) * Fraction(2000, 1999))
    found = scored("mae", "p.npy", "y.npy", weights="w.npy").stderr
    np.testing.assert_allclose([found], [expected], rtol=1e-9)


def test_against_scikit_learn(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(3)
    p, y, w = rng.normal(size=(200, 2)), rng.normal(size=(200, 2)), rng.random(200)
    save("p.npy", p)
    save("y.npy", y)
    save("w.npy", w)
    for loss, function in (("mse", mean_squared_error), ("mae", mean_absolute_error)):
        expected = function(y, p, sample_weight=w)
        found = scored(loss, "p.npy", "y.npy", weights="w.npy").value
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    share, label = rng.dirichlet(np.ones(4), 200), rng.integers(0, 4, 200)
    save("p.npy", share)
    save("y.npy", label)
    expected = log_loss(label, share, sample_weight=w, labels=range(4))
    np.testing.assert_allclose(scored("ce", "p.npy", "y.npy", weights="w.npy").value, expected)


def test_what_weighs_nothing_costs_nothing(scored: Score, write: Write) -> None:
    write("f.csv", "prob,label,w\n0,1,0\n0.5,1,2\n")
    result = scored("bce", "f.csv", columns=ColumnOptions(weight="w"))
    np.testing.assert_allclose(result.value, np.log(2), rtol=1e-15)
    assert (result.n, result.denominator) == (2, 2.0)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("1\n-1\n1\n", "-1.0 is no weight, f.csv, line 3, column 'w'"),
        ("1\n1\ninf\n", "inf is no weight, f.csv, line 4, column 'w'"),
        ("\n1\n1\n", "the weight is missing, f.csv, line 2, column 'w'"),
        ("0\n0\n0\n", "all weights are zero, f.csv"),
        ("a\nb\nc\n", "the weights in 'w' are text, such as 'a', f.csv"),
    ],
)
def test_weights_that_are_none(weights: str, message: str, scored: Score, write: Write) -> None:
    rows = [f"0.5,1,{w}" for w in weights.removesuffix("\n").split("\n")]
    write("f.csv", "prob,label,w\n" + "\n".join(rows) + "\n")
    for nan in ("error", "skip"):
        with pytest.raises(DataError, match=message):
            scored("bce", "f.csv", columns=ColumnOptions(weight="w"), nan=nan)


def test_one_column_is_not_both_weight_and_id(scored: Score, write: Write) -> None:
    write("f.csv", "prob,label,w\n0.5,1,1\n0.25,0,2\n")
    with pytest.raises(DataError, match=r"'w' is both weight and id, f\.csv"):
        scored("bce", "f.csv", columns=ColumnOptions(id="w", weight="w"), worst=1)
    write("y.csv", "w,label\n1,1\n2,0\n")
    write("p.csv", "w,prob\n1,0.5\n2,0.25\n")
    with pytest.raises(DataError, match=r"'w' is both weight and id, y\.csv"):
        scored("bce", "p.csv", "y.csv", columns=ColumnOptions(id="w", weight="w"))


def test_mistakes(lossctl: Lossctl, write: Write, save: Save) -> None:
    write("f.csv", "prob,label,w\n0.5,1,1\n0.5,0,1\n")
    save("w.npy", [1.0, 2.0, 3.0])
    run = lossctl("bce", "f.csv", "--weights", "w.npy")
    assert (run.code, "2 rows and 3 weights, f.csv and w.npy" in run.err) == (3, True)
    save("w.npy", [1.0, -2.0])
    run = lossctl("bce", "f.csv", "--weights", "w.npy")
    assert (run.code, "-2.0 is no weight, w.npy, row 1" in run.err) == (3, True)
    run = lossctl("bce", "f.csv", "--weight-col", "v")
    assert (run.code, "there is no column 'v', f.csv" in run.err) == (3, True)
    write("two.csv", "a,b\n1,2\n1,2\n")
    run = lossctl("bce", "f.csv", "--weights", "two.csv")
    assert (run.code, "one column of weights is wanted, two.csv" in run.err) == (3, True)
    assert lossctl("bce", "f.csv", "--weights", "two.csv", "--weight-col", "b").code == 0
