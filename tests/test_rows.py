"""Rows one by one: the worst of them, and all of them in files and pipes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from processes import Run

import lossctl
from lossctl.block import Block, RowLosses, Shown
from lossctl.summaries.worst import Worst

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
LOSSES = st.lists(
    st.one_of(st.sampled_from([0.0, 1.0, 2.0, math.inf, math.nan]), st.floats(0, 10)), max_size=30
)
SUBMISSION = "id,cat,dog\na1,0.75,0.25\nb2,0.5,0.5\nc3,0.125,0.875\n"
SOLUTION = "id,class\na1,cat\nb2,dog\nc3,cat\n"
EXPECTED = [
    ("a1", "cat", -math.log(0.75)),
    ("b2", "dog", -math.log(0.5)),
    ("c3", "cat", math.log(8)),
]


def worst_of(losses: list[float], limit: int, first: int = 0, before: Worst | None = None) -> Worst:
    """Return the worst of rows whose labels are their numbers, and of those before."""
    values = np.array([losses])
    rows = range(first, first + len(losses))
    shown = Shown(None, (np.array(rows, dtype=np.float64),))
    block = Block(values.T, values.T, rows, shown=shown)
    return (before or Worst.empty(limit, 1)).add(block, RowLosses(values, ()))


def sorted_rows(losses: list[float]) -> list[int]:
    """Return the rows from the largest loss on: NaN first, ties by their number."""
    return sorted(
        range(len(losses)),
        key=lambda i: (not math.isnan(losses[i]), 0 if math.isnan(losses[i]) else -losses[i], i),
    )


@given(LOSSES, st.integers(1, 5))
@example(
    [1.0] * 5 + [5.0, 2.0] + [1.0] * 5, 3
)  # of many that cost the same only some are looked at
@example([math.inf] * 5 + [math.nan] + [math.inf] * 5, 2)
def test_the_worst_are_the_first_of_all_sorted(losses: list[float], limit: int) -> None:
    found = worst_of(losses, limit).rows[0]
    assert [row.row for row in found] == sorted_rows(losses)[:limit]
    assert [row.label for row in found] == [row.row for row in found]


@given(st.lists(LOSSES, max_size=5), st.integers(1, 5))
@example([[5.0, 4.0, 1.0], [2.0]], 3)
@example([[math.nan, 3.0], [5.0]], 2)
@example([[math.nan, math.nan], [math.inf, math.nan], [9.0]], 2)
def test_the_worst_of_blocks_are_the_worst_of_all(blocks: list[list[float]], limit: int) -> None:
    total, first = Worst.empty(limit, 1), 0
    for losses in blocks:
        total = worst_of(losses, limit, first, total)
        first += len(losses)
    assert [row.row for row in total.rows[0]] == sorted_rows([*chain(*blocks)])[:limit]


@given(LOSSES, LOSSES, LOSSES, st.integers(1, 5))
def test_the_worst_of_parts_are_the_worst_of_all(
    one: list[float], two: list[float], three: list[float], limit: int
) -> None:
    a, b = worst_of(one, limit), worst_of(two, limit, len(one))
    c = worst_of(three, limit, len(one) + len(two))
    rows = [row.row for row in ((a + b) + c).rows[0]]
    assert rows == [row.row for row in (a + (b + c)).rows[0]]
    assert rows == [row.row for row in (c + b + a).rows[0]]
    assert rows == sorted_rows(one + two + three)[:limit]
    assert (Worst.empty(limit, 1) + a).rows == a.rows or any(map(math.isnan, one))


@pytest.fixture(name="_contest")
def _files(write: Write) -> None:
    write("p.csv", SUBMISSION)
    write("y.csv", SOLUTION)


@pytest.mark.parametrize("side", ["predictions", "labels"])
def test_the_key_by_which_rows_are_shown_is_that_of_one_side(side: str) -> None:
    """The other side may have fewer columns; of two keys that both have, the first is shown."""
    with_key = pa.table({"a": [5.0, 0.0, 7.0], "row_id": ["x", "y", "z"]})
    other = np.array([0.0, 0.0, 0.0])
    inputs = (with_key, other) if side == "predictions" else (other, with_key)
    columns: Any = {"pred_col": "a"} if side == "predictions" else {"label_col": "a"}
    result = lossctl.score("mae", *inputs, worst=2, **columns)
    assert result.worst is not None
    assert [row["row_id"] for row in result.worst] == ["z", "x"]
    keys = {"id": ["p", "q", "r"], "row_id": ["x", "y", "z"]}
    p, y = pa.table({**keys, "pred": [5.0, 0.0, 7.0]}), pa.table({**keys, "label": other})
    result = lossctl.score("mae", p, y, worst=1)
    assert result.worst is not None
    assert result.worst[0]["id"] == "r"


@pytest.mark.usefixtures("_contest")
class TestWorst:
    """--worst in each format."""

    def test_json(self, lossctl: Lossctl) -> None:
        found = json.loads(lossctl("ce", "p.csv", "y.csv", "--worst", "2", "--json").out)
        assert found["worst"] == [
            {"id": "c3", "label": "cat", "loss": pytest.approx(math.log(8))},
            {"id": "b2", "label": "dog", "loss": pytest.approx(math.log(2))},
        ]
        assert "worst" not in json.loads(lossctl("ce", "p.csv", "y.csv", "--json").out)

    def test_tsv_and_csv_have_a_second_table(self, lossctl: Lossctl) -> None:
        lines = lossctl("ce", "p.csv", "y.csv", "--worst", "1").out.split("\n")
        assert lines[2:4] == ["", "worst\tid\tlabel\tloss"]
        assert lines[4].split("\t")[:3] == ["ce", "c3", "cat"]
        run = lossctl("ce", "p.csv", "y.csv", "--worst", "9", "--format", "csv")
        assert len(run.out.split("\n\n")[1].splitlines()) == 4

    def test_table_and_markdown(self, lossctl: Lossctl) -> None:
        for name in ("table", "markdown"):
            run = lossctl("ce", "p.csv", "y.csv", "--worst", "1", "--format", name)
            assert "ce: the row that cost most" in run.out
            assert "c3" in run.out.split("cost most")[1]

    def test_infinite_losses_are_null_in_json(self, lossctl: Lossctl, write: Write) -> None:
        write("f.csv", "prob,label\n0.5,1\n0,1\n")
        found = json.loads(
            lossctl("bce", "f.csv", "--worst", "1", "--json").out, parse_constant=pytest.fail
        )
        assert found["worst"] == [{"row": 1, "label": 1, "loss": None}]

    def test_several_outputs_have_several_labels(self, lossctl: Lossctl, write: Write) -> None:
        write("p.csv", "a,b\n1,2\n3,4\n")
        write("y.csv", "a,b\n1,2\n0,4.5\n")
        found = json.loads(lossctl("mse", "p.csv", "y.csv", "--worst", "1", "--json").out)
        assert found["worst"] == [{"row": 1, "label": [0, 4.5], "loss": 9.25}]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--worst", "-1"],
            ["--worst", "1", "--value"],
            ["--worst", "1", "--reduction", "none"],
            ["--worst", "1", "--per-row", "-"],
        ],
    )
    def test_mistakes(self, arguments: list[str], lossctl: Lossctl) -> None:
        run = lossctl("ce", "p.csv", "y.csv", *arguments)
        assert (run.code, run.out) == (2, "")


@pytest.mark.usefixtures("_contest")
class TestPerRow:
    """--per-row in each format."""

    @pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "npy"])
    def test_files_hold_key_label_and_loss(
        self, suffix: str, lossctl: Lossctl, tmp_path: Path
    ) -> None:
        path = tmp_path / f"rows.{suffix}"
        run = lossctl("ce", "p.csv", "y.csv", "--per-row", path, "--value")
        assert (run.code, run.err) == (0, "")
        read = {
            "csv": pd.read_csv,
            "tsv": lambda path: pd.read_csv(path, sep="\t"),
            "parquet": pd.read_parquet,
            "npy": lambda path: pd.DataFrame(np.load(path)),
        }[suffix]
        frame = read(path)
        assert list(frame.columns) == ["id", "label", "loss"]
        for found, expected in zip(frame.itertuples(index=False), EXPECTED, strict=True):
            assert (found.id, found.label) == expected[:2]
            assert found.loss == pytest.approx(expected[2], rel=1e-15)
        assert frame.loss.mean() == pytest.approx(float(run.out), rel=1e-15)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["p.csv", path.name, "y.csv"]

    def test_a_pipe_gets_them_instead_of_the_result(self, lossctl: Lossctl) -> None:
        run = lossctl("ce", "p.csv", "y.csv", "--per-row", "-")
        header, *rows = (line.split("\t") for line in run.out.splitlines())
        assert header == ["id", "label", "loss"]
        assert [(key, label, float(loss)) for key, label, loss in rows] == EXPECTED

    def test_rows_before_a_fault_are_printed_and_no_file_is(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("y.csv", SOLUTION.replace("c3,cat", "c3,cow"))
        run = lossctl("ce", "p.csv", "y.csv", "--per-row", "-")
        assert (run.code, len(run.out.splitlines())) == (3, 3)
        write("rows.csv", "kept")
        assert lossctl("ce", "p.csv", "y.csv", "--per-row", "rows.csv").code == 3
        assert (tmp_path / "rows.csv").read_text() == "kept"
        assert len(list(tmp_path.iterdir())) == 3

    def test_several_losses_have_a_column_each(self, lossctl: Lossctl, write: Write) -> None:
        write("f.csv", "pred,label\n1,3\n,1\n2,2.5\n")
        run = lossctl("mse,sse,mae", "f.csv", "--per-row", "-", "--nan", "skip")
        assert run.out == "row\tlabel\tmse\tsse\tmae\n0\t3\t4\t4\t2\n2\t2.5\t0.25\t0.25\t0.5\n"

    def test_labels_are_shown_as_they_stand(self, lossctl: Lossctl, write: Write) -> None:
        write("p.csv", "a,b\n0.5,0.5\n0.25,0.75\n")
        write("n.csv", "b,a\n0,1\n1,0\n")
        assert [
            line.split("\t")[1]
            for line in lossctl("ce", "p.csv", "n.csv", "--per-row", "-").out.splitlines()
        ] == ["label", "a", "b"]
        run = lossctl("bce", "p.csv", "n.csv", "--per-row", "-")
        assert run.out.splitlines()[:2][0] == "row\tlabel_a\tlabel_b\tloss"
        write("s.csv", "prob,label\n0.5,-1\n0.5,1\n")
        run = lossctl("bce", "s.csv", "--per-row", "-")
        assert [line.split("\t")[1] for line in run.out.splitlines()] == ["label", "-1", "1"]

    def test_names_grow_in_arrays(self, lossctl: Lossctl, write: Write, tmp_path: Path) -> None:
        rows = 70_000
        keys = [f"k{i}" if i < rows - 2 else "é" * (8 * i - 8 * rows + 40) for i in range(rows)]
        write("f.csv", "id,pred,label\n" + "".join(f"{key},1,2\n" for key in keys))
        assert lossctl("mse", "f.csv", "--per-row", "rows.npy").code == 0
        found = np.load(tmp_path / "rows.npy")
        assert found["id"].tolist() == keys
        assert set(found["loss"].tolist()) == {1.0}

    def test_bytes_that_are_no_utf8_stay_in_text(self, lossctl: Lossctl, write: Write) -> None:
        path = write("f.csv", b"id,pred,label\n\xff,1,2\n")
        for suffix in ("csv", "npy", "parquet"):
            assert lossctl("mse", path, "--per-row", f"rows.{suffix}").code == 0
        assert b"\xff,2,1\n" in (path.parent / "rows.csv").read_bytes()
        assert np.load(path.parent / "rows.npy")["id"].tolist() == ["\\xff"]

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["--per-row", "rows.xlsx"], 2),
            (["--per-row", "rows"], 2),
            (["--per-row", "no/rows.csv"], 3),
            (["--per-row", "p.csv"], 2),
            (["--per-row", "-", "--json"], 2),
            (["--per-row", "-", "-o", "x.json"], 2),
            (["--per-row", "x.csv", "-o", "x.csv"], 2),
            (["--per-row", "x.csv", "--reduction", "none"], 2),
        ],
    )
    def test_mistakes(self, arguments: list[str], code: int, lossctl: Lossctl) -> None:
        run = lossctl("ce", "p.csv", "y.csv", *arguments)
        assert (run.code, run.out) == (code, "")
        assert run.err.startswith("error: ")
