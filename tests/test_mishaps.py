"""What a fourth hostile reading found in pipes, outputs and the Python API."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from processes import ENVIRONMENT, Run

import lossctl as package

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
SLOW_WRITER = """
import os, subprocess, sys, time
read, write = os.pipe()
os.set_blocking(read, False)
process = subprocess.Popen([sys.executable, "-m", "lossctl", "mse", "-", "--value"], stdin=read)
os.close(read)
for part in (b"pred,label\\n1,1\\n", b"1,100\\n"):
    time.sleep(1)
    os.write(write, part)
os.close(write)
sys.exit(process.wait())
"""


def test_a_pipe_that_does_not_block_is_read_to_its_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SLOW_WRITER],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "4900.5\n", "")


class TestIndexes:
    """An index of pandas is a key, whatever it is called; never a label, a class or an output."""

    @pytest.mark.parametrize("name", ["y", "class", "year", "p", None])
    def test_of_a_series(self, name: str | None) -> None:
        index = pd.Index([5, 7, 12], name=name)
        for series in ("price", None):
            labels = pd.Series([1.0, 2, 3], name=series, index=index)
            assert package.score("mse", [1, 2, 3], labels).value == 0.0
            assert package.score("mse", labels, [1, 2, 3]).value == 0.0

    @pytest.mark.parametrize(
        "index",
        [
            pd.Index([0.5, 0.7, 0.9], name="t"),
            pd.MultiIndex.from_tuples([(1, 2), (1, 3), (2, 1)], names=["a", "b"]),
            pd.date_range("2026-01-01", periods=3),
        ],
    )
    def test_of_a_frame(self, index: pd.Index) -> None:
        frame = pd.DataFrame({"cat": [2.0, 0, 1], "dog": [0.0, 1, 1]})
        labels = ["cat", "dog", "dog"]
        expected = package.score("ce", frame, labels, from_="logits").value
        indexed = frame.set_index(index)
        assert package.score("ce", indexed, labels, from_="logits").value == expected
        both = package.score("mse", indexed, indexed + 1)
        assert (both.value, both.denominator) == (1.0, 6.0)

    @pytest.mark.parametrize("name", ["k", "user_id", None])
    def test_they_must_agree(self, name: str | None) -> None:
        series = pd.Series([1.0, 2, 3], index=pd.Index([1, 2, 3], name=name))
        with pytest.raises(package.DataError, match="the rows do not belong together"):
            package.score("mse", series[::-1], series)


class TestPython:
    """Values and options of other types than one thinks of."""

    @pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA])
    def test_what_is_missing_is_no_name(self, missing: object) -> None:
        for labels in (["good", missing], np.array(["good", missing], dtype=object)):
            with pytest.raises(package.DataError, match="the label is missing, labels, row 1"):
                package.score("bce", [0.9, 0.2], labels, positive="good")

    def test_decimals_are_the_nearest_floats(self) -> None:
        numbers = [Decimal(i) / 10**6 for i in range(0, 10**6, 97)]
        table = pa.table({"pred": pa.array(numbers), "label": np.zeros(len(numbers))})
        assert package.row_losses("mae", table).tolist() == [float(n) for n in numbers]

    @pytest.mark.parametrize(
        "options",
        [{"worst": 1.5}, {"worst": "1"}, {"level": "0.9"}, {"label_base": True}, {"per_row": "x"}],
    )
    def test_options_of_another_type_are_mistakes(self, options: dict[str, Any]) -> None:
        with pytest.raises(package.UsageError):
            package.row_losses("mse", [1], [1], **options)

    def test_numbers_of_numpy_are_numbers(self) -> None:
        frame = pd.DataFrame({"a": [1.0], "b": [2.0], "y": [1.0]})
        assert package.score("mse", frame, pred_col=np.int64(1)).value == 1.0  # type: ignore[arg-type]
        with pytest.raises(package.DataError, match="cannot be read as an array"):
            package.score("mse", [10**400, 1], [1, 2])
        with pytest.raises(package.UsageError, match="a loss is text"):
            package.score(1, [1], [1])  # type: ignore[arg-type]


class TestOutputs:
    """Nothing is overwritten, lost or spoilt."""

    @pytest.mark.parametrize("name", ["part-*.csv", "."])
    @pytest.mark.parametrize("option", ["-o", "--per-row"])
    def test_shards_are_not_overwritten(
        self, name: str, option: str, lossctl: Lossctl, write: Write
    ) -> None:
        content = "pred,label\n1,1\n"
        paths = [write(f"part-{i}.csv", content) for i in range(2)]
        run = lossctl("mse", name, option, "./part-1.csv")
        assert (run.code, "would be overwritten" in run.err) == (2, True)
        assert [path.read_text() for path in paths] == [content] * 2
        with pytest.raises(package.UsageError, match="would be overwritten"):
            package.score("mse", str(paths[0]), per_row=paths[0])

    def test_one_file_by_two_names(self, lossctl: Lossctl, write: Write) -> None:
        write("f.csv", "pred,label\n1,1\n")
        assert lossctl("mse", "f.csv", "-o", "x.csv", "--per-row", "./x.csv").code == 2

    def test_a_reader_of_a_file_that_leaves_is_told(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("f.csv", "pred,label\n" + "1,2\n" * 200_000)
        os.mkfifo(tmp_path / "out.csv")
        with subprocess.Popen(["head", "-1", tmp_path / "out.csv"], stdout=subprocess.DEVNULL):  # noqa: S607
            run = lossctl("mse", "f.csv", "--per-row", "out.csv", "--value")
        assert (run.code, "cannot write the file: Broken pipe" in run.err) == (3, True)

    @pytest.mark.parametrize("key", ["a\rb", 'a"b', "a,b", "a\nb", "", " a "])
    def test_keys_of_any_text_read_back(
        self, key: str, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        quoted = key.replace('"', '""')
        write("f.csv", f'id,pred,label\n"{quoted}",1,2\n'.encode())
        assert lossctl("mse", "f.csv", "--per-row", "rows.csv", "--value").code == 0
        with (tmp_path / "rows.csv").open(newline="") as file:
            assert list(csv.reader(file)) == [["id", "label", "loss"], [key, "2", "1"]]

    def test_keys_called_like_other_columns(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("p.csv", "loss,pred\n1,1\n2,2\n")
        write("y.csv", "loss,label\n2,3\n1,1\n")
        arguments = ("mse", "p.csv", "y.csv", "--id", "loss")
        found = json.loads(lossctl(*arguments, "--worst", "1", "--json").out)
        assert found["worst"] == [{"loss_id": "2", "label": 3, "loss": 1.0}]
        for name in ("table", "tsv", "markdown"):
            assert lossctl(*arguments, "--worst", "1", "--format", name).code == 0
        assert lossctl(*arguments, "--per-row", "rows.npy").code == 0
        assert np.load(tmp_path / "rows.npy").dtype.names == ("loss_id", "label", "loss")
        write("n.csv", "7,0.5,1\n8,0.25,3\n")
        run = lossctl(
            *("mse", "n.csv", "--id", "0", "--pred-col", "1", "--label-col", "2", "--per-row", "-")
        )
        assert run.out.splitlines()[:2] == ["id\tlabel\tloss", "7\t1\t0.25"]

    def test_missing_labels_among_the_worst_are_null(self, lossctl: Lossctl, write: Write) -> None:
        write("p.csv", "a,b\n1,2\n3,4\n")
        write("y.csv", "a,b\n1,\n2,4\n")
        run = lossctl("mse", "p.csv", "y.csv", "--nan", "skip", "--worst", "2", "--json")
        found = json.loads(run.out, parse_constant=pytest.fail)
        assert [row["label"] for row in found["worst"]] == [[2, 4], [1, None]]

    def test_one_hot_labels_are_shown_by_their_own_names(
        self, lossctl: Lossctl, write: Write
    ) -> None:
        write("p.csv", "p_cat,p_dog\n0.5,0.5\n0.25,0.75\n")
        write("y.csv", "dog,cat\n1,0\n,\n")
        run = lossctl("ce", "p.csv", "y.csv", "--nan", "propagate", "--per-row", "-")
        assert [line.split("\t")[1] for line in run.out.splitlines()] == ["label", "dog", ""]

    def test_no_noise_when_parquet_is_given_up(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("f.csv", "pred,label\n1,2\nx,3\n")
        run = lossctl("mse", "f.csv", "--per-row", "rows.parquet")
        assert (run.code, len(run.err.splitlines())) == (3, 2)
        assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]

    def test_a_root_has_no_rows(self, lossctl: Lossctl, write: Write) -> None:
        write("f.csv", "pred,label\n1,2\n")
        for arguments in (["--worst", "1"], ["--per-row", "-"], ["--reduction", "none"]):
            run = lossctl("rmse", "f.csv", *arguments)
            assert (run.code, "rmse has no row losses" in run.err) == (2, True)


def test_skippable_frames_and_texts_that_start_like_bzip2(lossctl: Lossctl, write: Write) -> None:
    packed = bytes(pa.compress(b"pred,label\n1,2\n", "zstd", asbytes=True))
    write("p.csv.zst", b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + packed)
    assert lossctl("mse", "p.csv.zst", "--value").out == "1.0\n"
    write("t.csv", "BZh_score,label\n1,2\n")
    assert lossctl("mse", "t.csv", "--value").out == "1.0\n"


@pytest.mark.parametrize("name", ["PAR1", "FEA1", "ARROW1", "PAR1_score", "FEA1 x", "PAR1é"])
def test_texts_that_start_like_files_of_arrow(name: str, write: Write) -> None:
    path = write("t.csv", f"{name},pred,label\na,1,2\n")
    assert package.score("mse", str(path)).value == 1.0


def test_a_path_with_a_nul() -> None:
    with pytest.raises(package.DataError, match="a path holds no NUL characters"):
        package.score("mse", "a\0b.csv")


def test_wide_text_is_no_hang(lossctl: Lossctl, write: Write, save: Save) -> None:
    columns = 30_000
    header = ",".join(f"p_{i}" for i in range(columns))
    row = ",".join([repr(1 / columns)] * columns)
    write("p.csv", f"{header}\n{row}\n{row}\n")
    save("y.npy", np.array([1, 2]))
    assert lossctl("ce", "p.csv", "y.npy", "--value").code == 0


class TestWeights:
    """Weights are opened with the other inputs: a pipe is opened once, and never by two."""

    ROWS = "pred,label,w\n" + "".join(f"{i % 7},{i % 5},{i % 3 + 1}\n" for i in range(100_000))

    def test_a_named_pipe_loses_no_bytes_to_a_search_for_weights(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("f.csv", self.ROWS)
        expected = lossctl("mse", "f.csv", "--weight-col", "w", "--value").out
        program = f"{sys.executable} -m lossctl"
        for command in (
            f"{program} mse <(cat f.csv) --weight-col w --value",
            f"cat f.csv | {program} mse - --weight-col w --value",
            f"{program} mse f.csv --weights <(cut -d, -f3 f.csv) --value",
            f"cut -d, -f3 f.csv | {program} mse f.csv --weights - --value",
        ):
            done = subprocess.run(
                ["bash", "-c", command],  # noqa: S607
                cwd=tmp_path,
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

    def test_standard_input_is_not_shared(self, lossctl: Lossctl, write: Write) -> None:
        run = lossctl("mse", "-", "--weights", "-")
        assert (run.code, "standard input can be read only once" in run.err) == (2, True)
        write("f.csv", "pred,label\n1,2\n")
        write("w.csv", "weight\n1\n")
        for option in ("-o", "--per-row"):
            run = lossctl("mse", "f.csv", "--weights", "w.csv", option, "w.csv")
            assert (run.code, "would be overwritten" in run.err) == (2, True)
