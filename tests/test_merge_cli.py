"""``--partial`` and ``lossctl merge`` as processes: exit codes, streams, files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import ENVIRONMENT, Run, in_terminal, piped
from shards import assert_same, cut, write_shards

import lossctl as api

Lossctl = Callable[..., Run]
ROWS, SHARDS = 90, 11


@pytest.fixture(name="shards")
def _shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write shards of a table and score them, in this process."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, ROWS)
    columns = {"prob": p, "label": (rng.random(ROWS) < p) * 1, "g": rng.integers(0, 3, ROWS)}
    write_shards(tmp_path, "s", columns, cut(ROWS, SHARDS))
    for i in range(SHARDS):
        file = f"s-{i}.csv"
        api.score("bce", file, pred_col="prob", by="g", worst=2, partial=f"p-{i}.json")
    return tmp_path


SCORE = ("bce", "s-*.csv", "--pred-col", "prob", "--by", "g", "--worst", 2)


@pytest.mark.parametrize(
    "look",
    [
        ["--json"],
        ["--format", "jsonl"],
        ["--format", "table"],
        ["--format", "table", "--precision", "3", "--color", "always"],
        ["--format", "markdown"],
        ["--format", "csv"],
        [],
    ],
    ids=" ".join,
)
def test_a_merge_prints_what_scoring_all_rows_prints(
    look: list[str], shards: Path, lossctl: Lossctl
) -> None:
    assert shards
    whole = lossctl(*SCORE, *look)
    names = [f"p-{i}.json" for i in (3, 10, 1, 0, 2, 9, 8, 4, 5, 7, 6)]
    for given in (names, ["p-*.json"]):
        run = lossctl("merge", *given, *look)
        assert (run.code, run.err) == (0, "")
        number = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
        assert number.sub("#", run.out) == number.sub("#", whole.out)
        np.testing.assert_allclose(
            [*map(float, number.findall(run.out))],
            [*map(float, number.findall(whole.out))],
            rtol=1e-12,
        )
    if look == ["--json"]:
        found, expected = json.loads(run.out), json.loads(whole.out)
        assert_same(found, expected)


def test_scoring_prints_as_usual_and_writes_a_partial(shards: Path, lossctl: Lossctl) -> None:
    plain = lossctl("bce", "s-0.csv", "--pred-col", "prob")
    run = lossctl("bce", "s-0.csv", "--pred-col", "prob", "--partial", "x.json")
    assert run == plain
    assert lossctl("merge", "x.json") == plain
    rows = lossctl("bce", "s-0.csv", "--pred-col", "prob", "--per-row", "-", "--partial", "y.json")
    assert rows.out.startswith("row\tlabel\tloss\n")
    assert lossctl("merge", "y.json") == plain
    both = ("--per-row", "r.csv", "--partial", "z.json", "-o", "out.json")
    assert lossctl("bce", "s-0.csv", "--pred-col", "prob", *both) == Run(0, "", "")
    assert (shards / "z.json").read_bytes() == (shards / "x.json").read_bytes()


def test_values_gates_and_files(shards: Path, lossctl: Lossctl) -> None:
    value = api.score("bce", "s-*.csv", pred_col="prob").value
    assert lossctl("merge", "p-*.json", "--value") == Run(0, f"{value!r}\n", "")
    for gate, code in ((1, 0), (0.1, 1)):
        run = lossctl("merge", "p-*.json", "--fail-above", gate, "-o", "loss.json")
        assert (run.code, run.out) == (code, "")
        assert json.loads((shards / "loss.json").read_text("utf-8"))["value"] == value
    assert run.err.startswith("failed: --fail-above 0.1: s-*.csv: the bce is 0.")
    assert lossctl("merge", "p-*.json", "--fail-above-ci", 0.1, "--value").code == 1
    junit = lossctl("merge", "p-*.json", "--fail-above", 0.1, "--format", "junit")
    assert (junit.code, 'failures="1"' in junit.out) == (1, True)


def test_merging_in_a_tree(shards: Path, lossctl: Lossctl) -> None:
    assert shards
    whole = lossctl("merge", "p-*.json", "--json").out
    assert lossctl("merge", "p-?.json", "--partial", "a.json").code == 0
    assert lossctl("merge", "p-1?.json", "--partial", "b.json").code == 0
    assert lossctl("merge", "b.json", "a.json", "--json").out == whole
    run = lossctl("merge", "a.json", "b.json", "p-10.json")
    assert (run.code, run.out) == (3, "")
    assert run.err == (
        "error: the rows of 's-10.csv' are there twice, b.json and p-10.json\n"
        "hint: leave one out; of different rows that are alike ids tell (--id)\n"
    )


def test_names_from_lists_and_from_standard_input(shards: Path, lossctl: Lossctl) -> None:
    whole = lossctl("merge", "p-*.json")
    names = [f"p-{i}.json" for i in range(1, SHARDS)]
    (shards / "list").write_text("\n".join(names), "utf-8")
    assert lossctl("merge", "p-0.json", "--files-from", "list") == whole
    nul = "\0".join(["p-0.json", *names, ""]).encode()
    assert piped(shards, nul, "merge", "--files-from", "-", "-0") == whole
    one = (shards / "p-0.json").read_bytes()
    assert piped(shards, one, "merge", "-", *names) == whole
    command = f"{sys.executable} -m lossctl merge <(gzip -c p-0.json) {' '.join(names)}"
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=shards,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == whole.out
    assert piped(shards, one, "merge", "-", "--files-from", "-").code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["merge"], 2, "error: no partials are named\nhint: lossctl merge FILE...\n"),
        (["merge", "p-0.json", "-0"], 2, "error: -0 is for the names in --files-from\n"),
        (["merge", "no.json"], 3, "error: there is no such file, no.json\n"),
        (["merge", "*.no"], 3, "error: no file matches '*.no'\n"),
        (["merge", "s-0.csv"], 3, "error: this is no partial, or not all of it, s-0.csv\n"),
        (["merge", "p-0.json", "--partial", "-"], 2, "error: a partial is a file"),
        (["merge", "p-0.json", "--partial", "p-0.json"], 2, "error: 'p-0.json' is read, and"),
        (["merge", "p-0.json", "-o", "x", "--partial", "x"], 2, "error: --partial and -o name"),
        (["merge", "p-0.json", "--partial", "no/x"], 3, "error: cannot write the file"),
        (["merge", "p-0.json", "--precision", "3", "--json"], 2, "error: --precision is for"),
        (["merge", "p-0.json", "--worst", "3"], 2, "error: there is no option --worst"),
        (["bce", "s-0.csv", "--partial", "-"], 2, "error: a partial is a file"),
        (["bce", "s-0.csv", "--partial", "s-0.csv"], 2, "error: 's-0.csv' is read, and would"),
        (
            ["bce", "s-0.csv", "--per-row", "x.csv", "--partial", "x.csv"],
            2,
            "error: --partial and --per-row name the same file\n",
        ),
        (
            ["bce", "s-0.csv", "--pred-col", "prob", "--reduction", "none", "--partial", "x"],
            2,
            "error: --reduction none prints rows, and has no --partial\n",
        ),
        (["batch", "bce", "s-0.csv", "--partial", "x"], 2, "error: there is no option --partial"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_are_one_error_with_its_exit_code(
    arguments: list[str], code: int, error: str, shards: Path, lossctl: Lossctl
) -> None:
    assert shards
    run = lossctl(*arguments)
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith(error)


def test_damaged_files_are_named(shards: Path, lossctl: Lossctl) -> None:
    (shards / "p-4.json").write_bytes((shards / "p-4.json").read_bytes()[:-100])
    run = lossctl("merge", "p-*.json")
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith("error: this is no partial, or not all of it, p-4.json\nhint: ")
    (shards / "p-4.json").write_text('{"kind": "lossctl partial", "schema": 7}', "utf-8")
    run = lossctl("merge", "p-*.json")
    assert (run.code, "upgrade lossctl" in run.err) == (3, True)


def test_a_shard_of_which_nothing_is_scored_has_a_partial(shards: Path, lossctl: Lossctl) -> None:
    (shards / "e.csv").write_text("prob,label\n0.5,9\n", "utf-8")
    (shards / "f.csv").write_text("prob,label\n0.5,1\n0.25,9\n", "utf-8")
    options = ("--ignore-label", 9)
    run = lossctl("bce", "e.csv", *options, "--partial", "e.json")
    assert (run.code, run.err.splitlines()[0]) == (3, "error: every label is ignored, e.csv")
    assert lossctl("bce", "f.csv", *options, "--partial", "f.json").code == 0
    found = json.loads(lossctl("merge", "e.json", "f.json", "--json").out)
    assert (found["n"], found["ignored"]) == (1, 2)


def test_pictures_are_drawn_where_they_were_asked_for(shards: Path, lossctl: Lossctl) -> None:
    for i in range(2):
        run = lossctl("bce", f"s-{i}.csv", "--pred-col", "prob", "--plot", "--partial", f"{i}.json")
        assert run.code == 0
    (shards / "s-2.csv").unlink()
    for i in range(3, SHARDS):
        (shards / f"s-{i}.csv").unlink()
    whole = lossctl("bce", "s-*.csv", "--pred-col", "prob", "--plot")
    assert "distribution of" in whole.out
    assert lossctl("merge", "0.json", "1.json") == whole
    assert lossctl("merge", "0.json", "1.json", "--value").code == 0


def test_a_terminal_shows_a_table(shards: Path) -> None:
    code, shown = in_terminal(shards, "merge", "p-*.json")
    assert code == 0
    assert "std. error" in shown


def test_a_reader_that_stops_reading_is_no_error(shards: Path) -> None:
    command = f"({sys.executable} -m lossctl merge 'p-*.json' --json; echo $? >&2) | head -1"
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=shards,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("{\n", "0\n")


def test_a_thousand_partials_are_added_quickly(tmp_path: Path, lossctl: Lossctl) -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = (rng.random(20_000) < p) * 1.0
    for i, rows in enumerate(cut(20_000, 1000)):
        (tmp_path / f"{i}.json").write_bytes(api.partial("bce", p[rows], y[rows]))
    start = time.monotonic()
    run = lossctl("merge", "*.json", "--value")
    assert float(run.out) == api.score("bce", p, y).value
    assert time.monotonic() - start < 10  # it takes one second; the machine is shared
