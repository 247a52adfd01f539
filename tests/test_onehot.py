"""Labels as a matrix: what comes out is what the labels say, and goes back in."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from processes import Run
from sklearn.preprocessing import OneHotEncoder

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
NAMED = "id,label\n" + "".join(f"{i},{name}\n" for i, name in enumerate(["b", "a10", "a2", "b"]))


def frame(text: str) -> pd.DataFrame:
    """Return CSV text as a frame of text."""
    return pd.read_csv(io.StringIO(text), dtype=str)


def test_names_stand_in_natural_order_with_their_keys(lossctl: Lossctl, write: Write) -> None:
    write("y.csv", NAMED)
    run = lossctl("onehot", "y.csv")
    assert (run.code, run.err) == (0, "")
    assert run.out == "id,a2,a10,b\n0,0,0,1\n1,0,1,0\n2,1,0,0\n3,0,0,1\n"


def test_names_are_encoded_as_scikit_learn_does(lossctl: Lossctl, write: Write) -> None:
    rng = np.random.default_rng(0)
    names = np.array(["ant", "bee", "cow", "dog"])[rng.integers(0, 4, 50_000)]
    write("y.csv", "label\n" + "".join(f"{name}\n" for name in names))
    found = frame(lossctl("onehot", "y.csv").out)
    encoder = OneHotEncoder(sparse_output=False)
    expected = encoder.fit_transform(names.reshape(-1, 1))
    assert list(found.columns) == list(encoder.categories_[0])
    np.testing.assert_array_equal(found.to_numpy().astype(float), expected)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "npy", "parquet"])
def test_files_of_each_format(suffix: str, lossctl: Lossctl, write: Write, tmp_path: Path) -> None:
    write("y.csv", NAMED)
    path = tmp_path / f"o.{suffix}"
    run = lossctl("onehot", "y.csv", "-o", path)
    assert (run.code, run.out, run.err) == (0, "", "")
    expected = [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    if suffix == "npy":
        found = np.load(path)
        assert (found.dtype, found.tolist()) == (np.uint8, expected)
        return
    read = {
        "csv": pd.read_csv,
        "tsv": lambda path: pd.read_csv(path, sep="\t"),
        "parquet": pd.read_parquet,
    }[suffix]
    assert list(read(path).columns) == ["id", "a2", "a10", "b"]
    assert read(path)[["a2", "a10", "b"]].to_numpy().tolist() == expected


@pytest.mark.parametrize("base", [0, 1])
def test_indices_have_a_column_for_each_number(base: int, lossctl: Lossctl, save: Save) -> None:
    labels = np.array([0, 3, 1, 3]) + base
    save("y.npy", labels)
    run = lossctl("onehot", "y.npy", "--label-base", base)
    found = frame(run.out)
    assert list(found.columns) == [f"class_{i + base}" for i in range(4)]
    np.testing.assert_array_equal(found.to_numpy().astype(int), np.eye(4)[labels - base])
    named = frame(lossctl("onehot", "y.npy", "--label-base", base, "--classes", "a,b,c,d,e").out)
    assert list(named.columns) == ["a", "b", "c", "d", "e"]


def test_class_names_that_are_numbers(lossctl: Lossctl, save: Save) -> None:
    save("y.npy", np.array([30, 10]))
    assert lossctl("onehot", "y.npy", "--classes", "10,20,30").out == "10,20,30\n0,0,1\n1,0,0\n"


def test_what_comes_out_goes_back_in(lossctl: Lossctl, save: Save, write: Write) -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 12, 300)
    save("x.npy", rng.normal(size=(300, 12)))
    save("y.npy", labels)
    expected = lossctl("ce", "x.npy", "y.npy", "--from", "logits", "--value").out
    for name in ("o.npy", "o.csv", "o.tsv"):
        assert lossctl("onehot", "y.npy", "-o", name).code == 0
        assert lossctl("ce", "x.npy", name, "--from", "logits", "--value").out == expected
    named = [f"k{i}" for i in labels]
    write("named.csv", "label\n" + "".join(f"{name}\n" for name in named))
    rows = "".join(",".join(map(repr, row)) + "\n" for row in rng.random((300, 12)).tolist())
    write("x.csv", ",".join(f"k{i}" for i in range(12)) + "\n" + rows)
    lossctl("onehot", "named.csv", "-o", "o.csv")
    one, two = (
        lossctl("ce", "x.csv", y, "--from", "logits", "--value") for y in ("named.csv", "o.csv")
    )
    assert (one.code, two.code, one.out) == (0, 0, two.out)


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("label\n1\n0.5\n", [], "the label 0.5 is not a class, y.csv, line 3, column 'label'"),
        ("label\n1\n-1\n", [], "the label -1 is not a class: there are 0 to 1, y.csv, line 3"),
        ("label\n1\n\n0\n", [], "the label is missing, y.csv, line 3"),
        ("id,label\n1,a\n2,\n", [], "the label is missing, y.csv, line 3, column 'label'"),
        ("label\na\ncat\n", ["--classes", "a,cta"], "no class is called 'cat', y.csv, line 3"),
        ("a,b\n1,2\n", [], "one column of labels is wanted, y.csv"),
        ("id,label\n1,99999999\n", [], "100,000,000 classes, y.csv"),
        ("label\n", [], "there are no rows, y.csv"),
        ("id,a\n1,x\n", ["--label-col", "z"], "there is no column 'z'"),
        ("id,a\n1,x\n", ["-o", "o.xlsx"], "cannot tell the format of -o"),
        ("id,a\n1,x\n", ["-o", "y.csv"], "'y.csv' is read, and would be overwritten"),
    ],
)
def test_mistakes(
    content: str, arguments: list[str], message: str, lossctl: Lossctl, write: Write
) -> None:
    write("y.csv", content)
    run = lossctl("onehot", "y.csv", *arguments)
    assert run.code == (2 if "-o" in arguments else 3)
    assert message in run.err
    assert len(run.out.splitlines()) <= 2


def test_the_labels_of_an_npz(lossctl: Lossctl, tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", predictions=np.array([5.0, 6.0]), labels=np.array([1, 0]))
    assert lossctl("onehot", "t.npz").out == "class_0,class_1\n0,1\n1,0\n"
