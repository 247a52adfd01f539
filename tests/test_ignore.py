"""Ignored labels come out before anything else is looked at, and are counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import Run

from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.labels import LabelOptions
from lossctl.result import Result

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]


def ignoring(label: str) -> LabelOptions:
    """Return the options that ignore a label."""
    return LabelOptions(ignore=label)


def test_padding_as_torch_writes_it(scored: Score, save: Save) -> None:
    """F.cross_entropy(x, y, ignore_index=-100) is the mean over the rows that are left."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70_000, 5)), rng.integers(0, 5, 70_000)
    drop = rng.random(70_000) < 0.3
    save("x.npy", np.where(drop[:, np.newaxis], np.nan, x))
    save("y.npy", np.where(drop, -100, y))
    save("xs.npy", x[~drop])
    save("ys.npy", y[~drop])
    result = scored("ce", "x.npy", "y.npy", form="logits", label=ignoring("-100"))
    expected = scored("ce", "xs.npy", "ys.npy", form="logits")
    assert (result.value, result.sum, result.n) == (expected.value, expected.sum, expected.n)
    assert result.stderr == pytest.approx(expected.stderr, rel=1e-12)
    assert (result.ignored, result.skipped) == (drop.sum(), 0)
    assert "|ignore:-100|" in result.signature


@pytest.mark.parametrize(
    ("loss", "content", "ignore", "value", "ignored"),
    [
        ("ce", "a,b,label\n9,9,255\n0.5,0.5,0\nx,x,255\n0.25,0.75,1\n", "255", [0.5, 0.75], 2),
        ("ce", "a,b,label\n0.5,0.5,void\n0.5,0.5,a\n0.25,0.75,b\n", "void", [0.5, 0.75], 1),
        ("bce", "prob,label\n0.5,unsure\n0.5,yes\n0.25,no\n", "unsure", [0.5, 0.75], 1),
        ("bce", "prob,label\n7,-1\n0.5,1\n0.25,0\n", "-1", [0.5, 0.75], 1),
        ("bce", "prob,label\n,2\n0.5,1\n0.25,0\n", "2.0", [0.5, 0.75], 1),
    ],
)
def test_what_is_ignored_is_not_checked(
    loss: str,
    content: str,
    ignore: str,
    value: list[float],
    ignored: int,
    scored: Score,
    write: Write,
) -> None:
    write("f.csv", content.replace("x,x", "9,9"))
    result = scored(loss, "f.csv", label=ignoring(ignore))
    np.testing.assert_allclose(result.value, -np.log(value).mean())
    assert (result.n, result.ignored, result.skipped) == (2, ignored, 0)


@pytest.mark.parametrize("nan", ["error", "skip", "propagate"])
def test_cells_of_several_outputs_are_ignored_one_by_one(
    nan: str, scored: Score, write: Write
) -> None:
    write("p.csv", "a,b\n1,\n2,5\n,8\n3,3\n")
    write("y.csv", "a,b\n0,-999\n0,5\n-999,-999\n-999,1\n")
    result = scored("mse", "p.csv", "y.csv", label=ignoring("-999"), nan=nan)
    assert (result.sum, result.denominator, result.n) == (1 + 4 + 0 + 4, 4.0, 3)
    assert (result.ignored, result.skipped) == (4, 0)
    write("p.csv", "a,b\n1,\n2,\n,8\n3,3\n")
    if nan == "skip":
        result = scored("mse", "p.csv", "y.csv", label=ignoring("-999"), nan=nan)
        assert (result.sum, result.denominator, result.ignored, result.skipped) == (9, 3.0, 4, 1)
    elif nan == "error":
        with pytest.raises(DataError, match=r"is missing, p.csv, line 3, column 'b'"):
            scored("mse", "p.csv", "y.csv", label=ignoring("-999"))


def test_rows_keep_their_numbers_and_faults_their_places(
    lossctl: Lossctl, scored: Score, write: Write
) -> None:
    write("f.csv", "pred,label,w\n1,-1,1\n2,4,1\n3,-1,-5\n4,5,2\n")
    run = lossctl("mse", "f.csv", "--ignore-label", "-1", "--per-row", "-", "--pred-col", "pred")
    assert run.out == "row\tlabel\tloss\n1\t4\t4\n3\t5\t1\n"
    columns = ColumnOptions(weight="w")
    assert scored("mse", "f.csv", label=ignoring("-1"), columns=columns).value == 2.0
    write("f.csv", "prob,label\n0.5,-1\n0.5,1\n0.5,-1\n0.5,7\n")
    with pytest.raises(DataError, match=r"line 5, column 'label'"):
        scored("bce", "f.csv", label=ignoring("-1"))


@pytest.mark.parametrize(
    ("content", "ignore", "message"),
    [
        ("prob,label\n0.5,1\n0.5,1\n", "1", "every label is ignored, f.csv"),
        ("prob,label\n0.5,1\n", "null", "'null' is no label, but a missing one"),
        ("prob,label\n0.5,1\n", "nan", "'nan' is no label, but a missing one"),
        ("prob,label\n0.5,1\n", "void", "the labels are numbers, such as 1, and 'void' is none"),
    ],
)
def test_mistakes(content: str, ignore: str, message: str, scored: Score, write: Write) -> None:
    write("f.csv", content)
    with pytest.raises(DataError, match=message):
        scored("bce", "f.csv", label=ignoring(ignore))
    write("p.csv", "a,b\n0.5,0.5\n")
    write("y.csv", "a,b\n1,0\n")
    with pytest.raises(DataError, match="--ignore-label is for one column of labels"):
        scored("ce", "p.csv", "y.csv", label=ignoring("1"))
