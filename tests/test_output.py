"""Where results go: formats, files that are whole or not there, digits, silence."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import ENVIRONMENT, Run

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _data(write: Write) -> None:
    write("f.csv", "pred,label\n1,2\n2,2.5\n4,4\n")
    write("warned.csv", "prob,label\n0.5,1\n1.0000001,1\n")


class TestFormats:
    """The formats beside table, TSV and JSON."""

    def test_csv_and_tsv_hold_the_same_cells(self, lossctl: Lossctl, write: Write) -> None:
        write("a,b.csv", "pred,label\n1,2\n")
        found = list(csv.reader(io.StringIO(lossctl("mse", "a,b.csv", "--format", "csv").out)))
        lines = lossctl("mse", "a,b.csv", "--format", "tsv").out.splitlines()
        assert found == [line.split("\t") for line in lines]
        assert found[1][8] == "a,b.csv"

    def test_json_lines_are_an_object_each(self, lossctl: Lossctl) -> None:
        lines = lossctl("mse,mae", "f.csv", "--format", "jsonl").out.splitlines()
        several = json.loads(lossctl("mse,mae", "f.csv", "--json").out)
        assert [json.loads(line) for line in lines] == several["results"]

    def test_markdown_is_a_table_whatever_names_hold(self, lossctl: Lossctl, write: Write) -> None:
        write("a|b`c.csv", "pred,label\n1,2\n")
        lines = lossctl("mse", "a|b`c.csv", "--format", "markdown").out.splitlines()
        assert lines[0].split(" | ") == ["| loss", "value", "std. error", "95 % interval |"]
        assert lines[2].startswith("| mse | 1 | – | – |")
        assert "- ``predictions  a|b`c.csv (pred)``" in lines

    @pytest.mark.parametrize("format_", ["table", "markdown"])
    def test_precision_is_for_people(self, format_: str, lossctl: Lossctl) -> None:
        run = lossctl("mse", "f.csv", "--format", format_, "--precision", "3")
        assert "0.417" in run.out
        assert "0.4167" not in run.out
        assert "0.41666666666666669" in (
            lossctl("mse", "f.csv", "--format", format_, "--precision", "17").out
        )

    @pytest.mark.parametrize(
        "arguments", [["--precision", "0"], ["--precision", "18"], ["--precision", "3", "--json"]]
    )
    def test_precision_has_bounds(self, arguments: list[str], lossctl: Lossctl) -> None:
        run = lossctl("mse", "f.csv", *arguments)
        assert (run.code, run.out) == (2, "")

    def test_quiet_leaves_errors(self, lossctl: Lossctl) -> None:
        assert "warning: " in lossctl("bce", "warned.csv").err
        assert lossctl("bce", "warned.csv", "-q").err == ""
        assert "error: " in lossctl("bce", "missing.csv", "-q").err


class TestFiles:
    """-o writes what standard output would get, whole or not at all."""

    @pytest.mark.parametrize(
        ("name", "format_"),
        [
            ("r.csv", "csv"),
            ("r.json", "json"),
            ("r.jsonl", "jsonl"),
            ("r.md", "markdown"),
            ("r.tsv", "tsv"),
            ("r", "tsv"),
        ],
    )
    def test_the_suffix_is_the_format(
        self, name: str, format_: str, lossctl: Lossctl, tmp_path: Path
    ) -> None:
        run = lossctl("mse,mae", "f.csv", "-o", name)
        assert (run.code, run.out, run.err) == (0, "", "")
        expected = lossctl("mse,mae", "f.csv", "--format", format_).out
        assert (tmp_path / name).read_text() == expected
        assert lossctl("mse,mae", "f.csv", "-o", name, "--value").code == 0
        assert (tmp_path / name).read_text() == lossctl("mse,mae", "f.csv", "--value").out

    def test_row_losses_go_to_a_file_as_well(self, lossctl: Lossctl, tmp_path: Path) -> None:
        assert lossctl("mae", "f.csv", "--reduction", "none", "-o", "r.txt").out == ""
        assert (tmp_path / "r.txt").read_text() == "1.0\n0.5\n0.0\n"

    def test_a_file_keeps_its_rights_and_a_link_stays_one(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("real.json", "{}").chmod(0o640)
        (tmp_path / "r.json").symlink_to("real.json")
        assert lossctl("mse", "f.csv", "-o", "r.json").code == 0
        assert (tmp_path / "r.json").is_symlink()
        assert stat.S_IMODE((tmp_path / "real.json").stat().st_mode) == 0o640
        assert json.loads((tmp_path / "real.json").read_text())["loss"] == "mse"

    def test_after_an_error_the_old_file_is_whole(
        self, lossctl: Lossctl, write: Write, tmp_path: Path
    ) -> None:
        write("r.json", "old")
        write("bad.csv", "pred,label\n1,2\nx,2\n")
        assert lossctl("mse", "bad.csv", "-o", "r.json").code == 3
        assert lossctl("mse", "bad.csv", "-o", "r.txt", "--reduction", "none").code == 3
        assert (tmp_path / "r.json").read_text() == "old"
        assert not (tmp_path / "r.txt").exists()
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]

    @pytest.mark.parametrize(
        ("path", "code", "error", "hint"),
        [
            ("no/r.json", 3, "cannot write the file: No such file", "there is no folder no"),
            (".", 3, "cannot write the file: ", "name a file in it"),
            ("f.csv", 2, "'f.csv' is read, and would be overwritten", None),
            ("/dev/full", 3, "No space left on device", None),
        ],
    )
    def test_what_cannot_be_written(
        self, path: str, code: int, error: str, hint: str | None, lossctl: Lossctl, tmp_path: Path
    ) -> None:
        run = lossctl("mse", "f.csv", "-o", path)
        assert (run.code, run.out) == (code, "")
        assert error in run.err
        assert hint is None or hint in run.err
        assert (tmp_path / "f.csv").read_text().startswith("pred")

    def test_a_pipe_is_written_as_it_is(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with subprocess.Popen(
            [sys.executable, "-m", "lossctl", "mse", "f.csv", "--value", "-o", "pipe"],
            cwd=tmp_path,
            env=ENVIRONMENT,
        ) as process:
            assert (tmp_path / "pipe").read_text() == "0.4166666666666667\n"
        assert process.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_told_to_end_it_leaves_nothing_behind(number: int, code: int, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.csv")
    with subprocess.Popen(
        [sys.executable, "-m", "lossctl", "mse", "in.csv", "--per-row", "rows.csv"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
    ) as process:
        with (tmp_path / "in.csv").open("w") as pipe:
            pipe.write("pred,label\n" + "1,2\n" * 500_000)
            pipe.flush()
            for _ in range(600):
                if any(path.name.startswith(".lossctl-") for path in tmp_path.iterdir()):
                    break
                time.sleep(0.05)
            process.send_signal(number)
            assert process.wait(60) == code
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "in.csv", "warned.csv"]


def test_the_sample_data_is_what_its_script_makes(tmp_path: Path) -> None:
    script = ROOT / "sample_data" / "make.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, env=ENVIRONMENT)
    made = sorted(path for path in tmp_path.iterdir() if path.suffix == ".npy" or "_" in path.name)
    assert len(made) >= 6
    for path in made:
        assert path.read_bytes() == (script.parent / path.name).read_bytes()


def test_losses_are_listed(lossctl: Lossctl) -> None:
    found = json.loads(lossctl("losses", "--json").out)
    assert {"bce", "ce", "nll", "mse", "sse", "rmse", "mae"} <= {entry["loss"] for entry in found}
    one = json.loads(lossctl("losses", "log-loss", "--json").out)
    assert (one["loss"], one["from"]) == ("bce", ["probs", "logits", "log-probs"])
    assert lossctl("losses", "log-los").err.splitlines()[1] == "hint: did you mean 'log-loss'?"
    assert lossctl("losses").out.splitlines()[0].split("\t")[:3] == ["loss", "of", "row loss"]
    assert lossctl("losses", "--format", "value").code == 2
