"""``lossctl batch``: many candidates against one truth, ranked, compared, judged."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import ENVIRONMENT, Run, in_terminal, piped

import lossctl as package
from lossctl import api
from lossctl.cli.app import run
from lossctl.cli.terminal import Terminal

Batch = Callable[..., Run]
Lossctl = Callable[..., Run]
Table = Callable[..., Path]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]

LABELS = [0.0, 1.0, 2.0, 3.0]
OFFSETS = {"m1": 1.0, "m2": 0.5, "m10": 2.0}


@pytest.fixture(name="batch")
def _batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Run the verb in this process, in the test's folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Run:
        out, err = io.StringIO(), io.StringIO()
        code = run(["batch", *map(str, words)], Terminal(out, err, {}))
        return Run(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(name="models")
def _models(table: Table) -> None:
    """Write ``y.csv``, and models that are off by a constant."""
    table("y.csv", {"label": LABELS})
    for name, offset in OFFSETS.items():
        table(f"p/{name}.csv", {"pred": [label + offset for label in LABELS]})
        table(f"own/{name}.csv", {"pred": [label + offset for label in LABELS], "label": LABELS})


def rows(run: Run) -> list[dict[str, str]]:
    """Return the table of a run that went well enough to print one."""
    return list(csv.DictReader(io.StringIO(run.out), delimiter="\t"))


def ranks(run: Run) -> list[tuple[str, str, str]]:
    """Return rank, predictions and value of each candidate."""
    return [(row["rank"], row["predictions"], row["value"]) for row in rows(run)]


def shell(folder: Path, command: str, limit: float = 60) -> Run:
    """Run a command of bash's in a folder; ``lossctl`` is the program."""
    program = f'lossctl() {{ {sys.executable} -m lossctl "$@"; }}; set -o pipefail; {command}'
    done = subprocess.run(
        ["bash", "-c", program],  # noqa: S607
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=limit,
    )
    return Run(done.returncode, done.stdout, done.stderr)


RANKED = [("1", "p/m2.csv", "0.25"), ("2", "p/m1.csv", "1"), ("3", "p/m10.csv", "4")]


@pytest.mark.usefixtures("models")
class TestCandidates:
    """Which files are candidates."""

    def test_many_against_one_file_of_labels(self, lossctl: Lossctl) -> None:
        found = lossctl("batch", "mse", *(f"p/{name}.csv" for name in OFFSETS), "--labels", "y.csv")
        assert (found.code, found.err, ranks(found)) == (0, "", RANKED)

    def test_each_with_labels_of_its_own(self, batch: Batch) -> None:
        found = batch("mse", "own/*.csv")
        assert ranks(found) == [(a, b.replace("p/", "own/"), c) for a, b, c in RANKED]
        assert [row["labels"] for row in rows(found)] == ["own/m2.csv", "own/m1.csv", "own/m10.csv"]

    def test_globs_are_in_natural_order_and_overlap_once(self, batch: Batch, table: Table) -> None:
        for name in ("p/m1.csv", "p/m10.csv", "p/m2.csv"):
            table(name, {"pred": LABELS})
        found = batch("mse", "p/m2*", "p/*.csv", "./p/m1.csv", "p//m10.csv", "--labels", "y.csv")
        assert ranks(found) == [(("1"), f"p/{name}.csv", "0") for name in ("m2", "m1", "m10")]

    def test_a_glob_goes_through_all_folders(self, batch: Batch, table: Table) -> None:
        table("runs/a/b/p.csv", {"pred": LABELS})
        table("runs/p.csv", {"pred": LABELS})
        found = batch("mse", "runs/**/p.csv", "--labels", "y.csv")
        assert [name for _, name, _ in ranks(found)] == ["runs/a/b/p.csv", "runs/p.csv"]

    @pytest.mark.parametrize("words", [["p/*.npy"], ["p/m1.csv", "q*"]])
    def test_a_glob_without_a_match_is_an_error(self, words: list[str], batch: Batch) -> None:
        found = batch("mse", *words, "--labels", "y.csv")
        assert (found.code, found.out) == (3, "")
        assert f"error: no file matches '{words[-1]}'\nhint: it is looked for in" in found.err

    @pytest.mark.parametrize(
        ("words", "names"),
        [
            (["runs/a", "runs/b"], ["runs/a", "runs/b"]),
            (["runs/*"], ["runs/a", "runs/b"]),
            (["runs/*/"], ["runs/a/", "runs/b/"]),
            (["runs/a/*"], ["runs/a/part-0.csv", "runs/a/part-1.csv"]),
        ],
    )
    def test_a_directory_is_one(
        self, words: list[str], names: list[str], batch: Batch, table: Table
    ) -> None:
        for folder in "ab":
            for part in range(2):
                table(f"runs/{folder}/part-{part}.csv", {"pred": LABELS[:2], "label": LABELS[:2]})
        table("runs/_old/part-0.csv", {"pred": [1.0], "label": [2.0]})
        assert [name for _, name, _ in ranks(batch("mse", *words))] == names

    def test_a_glob_passes_folders_over_where_there_are_files(
        self, batch: Batch, tmp_path: Path
    ) -> None:
        (tmp_path / "p" / "logs").mkdir()
        assert ranks(batch("mse", "p/*", "--labels", "y.csv")) == RANKED

    @pytest.mark.parametrize(
        "content", ["p/m1.csv\np/m2.csv", "\ufeffp/m1.csv\r\n\r\np/m2.csv\r\n"]
    )
    def test_a_list_of_files(self, content: str, batch: Batch, write: Write) -> None:
        write("list", content)
        found = batch("mse", "p/m10.csv", "--files-from", "list", "--labels", "y.csv")
        assert ranks(found) == RANKED

    @pytest.mark.parametrize("name", ["new\nline.csv", " ", "\x1b[31m.csv", "-x.csv", "é[1].csv"])
    def test_names_of_any_text(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "p" / "m2.csv").rename(tmp_path / name)
        words = ("--files-from", "-", "-0", "--labels", "y.csv", "--input-format", "csv")
        found = piped(tmp_path, f"p/m1.csv\0{name}\0".encode(), "batch", "mse", *words, "--json")
        results = json.loads(found.out)["results"]
        assert (found.code, found.err) == (0, "")
        assert [one["predictions"] for one in results] == [name, "p/m1.csv"]
        found = piped(tmp_path, f"p/m1.csv\0{name}\0".encode(), "batch", "mse", *words)
        assert "\x1b" not in found.out
        assert len(found.out.splitlines()) == 3

    def test_names_that_are_no_unicode(self, tmp_path: Path) -> None:
        name = b"\xff.csv"
        os.rename(tmp_path / "p" / "m2.csv", os.fsencode(tmp_path) + b"/" + name)
        words = ("batch", "mse", "--files-from", "-", "--labels", "y.csv", "--json")
        found = piped(tmp_path, name + b"\nnope-\xff.csv\n", *words)
        assert found.code == 3
        parsed = json.loads(found.out, parse_constant=pytest.fail)
        assert parsed["results"][0]["value"] == 0.25
        assert "nope-\\udcff.csv" in found.err

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("p/m1.csv\0p/m2.csv\0", "the list holds NUL characters, list"),
            ("\n \n", "the list names no files, list"),
            ("", "the list names no files, list"),
        ],
    )
    def test_lists_that_are_none(self, content: str, said: str, batch: Batch, write: Write) -> None:
        write("list", content)
        found = batch("mse", "--files-from", "list", "--labels", "y.csv")
        assert (found.code, found.out, found.err.splitlines()[0]) == (3, "", f"error: {said}")

    @pytest.mark.parametrize(
        "words",
        [
            ["-", "p/m1.csv", "--labels", "y.csv"],
            ["p/m1.csv", "--labels", "y.csv", "--baseline", "-"],
        ],
    )
    def test_one_from_standard_input(self, words: list[str], tmp_path: Path) -> None:
        data = (tmp_path / "p" / "m2.csv").read_bytes()
        found = piped(tmp_path, data, "batch", "mse", *words)
        assert ranks(found) == [("1", "-", "0.25"), ("2", "p/m1.csv", "1")]

    @pytest.mark.parametrize(
        "words",
        [
            ["-", "p/m1.csv", "--labels", "-"],
            ["--files-from", "-", "--labels", "-"],
            ["-", "--labels", "y.csv", "--baseline", "-"],
            ["-", "--labels", "y.csv", "--weights", "-"],
            ["--files-from", "-", "--labels", "y.csv"],
        ],
    )
    def test_standard_input_is_read_once(self, words: list[str], tmp_path: Path) -> None:
        found = piped(tmp_path, b"-\n", "batch", "mse", *words)
        assert (found.code, found.out) == (2, "")
        assert found.err.startswith("error: standard input can be read only once\n")

    def test_the_labels_are_no_candidate(self, batch: Batch) -> None:
        found = batch("mse", "*.csv", "p/m1.csv", "--labels", "./y.csv", "--fail-above", "0.5")
        assert ranks(found) == [("1", "p/m1.csv", "1")]
        assert (found.code, found.err.splitlines()[:2]) == (
            3,
            [
                "error: these are the labels, and no predictions, y.csv",
                "hint: leave it out: a glob may match it",
            ],
        )

    def test_a_candidate_may_hold_the_labels_of_others(self, batch: Batch) -> None:
        words = ("--labels", "own/m1.csv", "--pred-col", "pred", "--label-col", "label")
        assert ranks(batch("mse", "own/m1.csv", "p/m2.csv", *words)) == [
            ("1", "p/m2.csv", "0.25"),
            ("2", "own/m1.csv", "1"),
        ]

    def test_thousands_of_files(self, table: Table, tmp_path: Path) -> None:
        for number in range(600):
            table(f"many/{number}.csv", {"pred": [label + number for label in LABELS]})
        command = "ulimit -n 48; lossctl batch mse 'many/*.csv' --labels y.csv --top 2"
        found = shell(tmp_path, command)
        assert ranks(found) == [("1", "many/0.csv", "0"), ("2", "many/1.csv", "1")]


@pytest.mark.usefixtures("models")
class TestRanks:
    """Who is first, and who is not in the race."""

    def test_ties_share_a_rank(self, batch: Batch, table: Table) -> None:
        table("p/m3.csv", {"pred": [label - 1 for label in LABELS]})
        found = batch("mse", "p/*.csv", "--labels", "y.csv")
        assert [(rank, name) for rank, name, _ in ranks(found)] == [
            ("1", "p/m2.csv"),
            ("2", "p/m1.csv"),
            ("2", "p/m3.csv"),
            ("4", "p/m10.csv"),
        ]

    def test_infinite_is_last_and_nan_has_no_rank(self, batch: Batch, table: Table) -> None:
        for name, value in (("inf", "inf"), ("nan", ""), ("good", "2")):
            table(f"own/{name}.csv", {"pred": [value, 1, 2, 3], "label": LABELS})
        names = ("own/nan.csv", "own/inf.csv", "own/good.csv")
        found = batch("mse", *names, "--nan", "propagate", "--fail-above", 99)
        assert ranks(found) == [
            ("1", "own/good.csv", "1"),
            ("2", "own/inf.csv", "inf"),
            ("", "own/nan.csv", "nan"),
        ]
        assert (found.code, found.err.splitlines()[-2:]) == (
            1,
            [
                "failed: --fail-above 99: own/inf.csv: the mse is inf",
                "failed: --fail-above 99: own/nan.csv: the mse is not known",
            ],
        )

    def test_the_best_are_shown_and_all_judged(self, batch: Batch) -> None:
        words = ("p/*.csv", "--labels", "y.csv", "--top", 1, "--fail-above", 2)
        found = batch("mse", *words, "--baseline", "p/m1.csv")
        assert ranks(found) == RANKED[:2]
        assert (found.code, found.err) == (1, "failed: --fail-above 2: p/m10.csv: the mse is 4\n")
        assert json.loads(batch("mse", *words, "--json").out)["hidden"] == 2

    @pytest.mark.parametrize("own", [True, False])
    def test_who_leaves_out_the_hard_rows_does_not_win(
        self, own: bool, batch: Batch, table: Table
    ) -> None:
        labels = {"label": LABELS} if own else {}
        table("easy.csv", {"pred": [0, 1, 2, "nan"], **labels})
        table("full.csv", {"pred": [1, 2, 3, 4], **labels})
        more = [] if own else ["--labels", "y.csv"]
        gates = ("--fail-above", 99, "--fail-if-worse", 99)
        words = ("easy.csv", "--nan", "skip", *more, "--baseline", "full.csv", *gates)
        found = batch("mse", *words)
        assert ranks(found) == [("1", "full.csv", "1"), ("", "easy.csv", "0")]
        assert (found.code, found.err.splitlines()) == (
            1,
            [
                "warning: missing values: 1 row skipped (easy.csv)",
                "failed: --fail-above 99: easy.csv: it scored other rows than most: 3",
                "failed: --fail-if-worse 99: easy.csv: it scored other rows than most: 3",
            ],
        )

    def test_nor_who_lacks_ids(self, batch: Batch, table: Table) -> None:
        table("y.csv", {"id": "abcd", "label": LABELS})
        table("a.csv", {"id": "abc", "pred": LABELS[:3]})
        table("b.csv", {"id": "dcba", "pred": LABELS[::-1]})
        words = ("--labels", "y.csv", "--id", "id", "--unmatched", "skip", "--fail-above", 1)
        found = batch("mse", "a.csv", "b.csv", *words)
        assert ranks(found) == [("1", "b.csv", "0"), ("", "a.csv", "0")]
        assert found.code == 1
        assert found.err.splitlines()[-1] == (
            "failed: --fail-above 1: a.csv: it scored other rows than most: 3"
        )

    @pytest.mark.parametrize("own", [True, False])
    def test_nor_who_leaves_out_other_cells(self, own: bool, batch: Batch, write: Write) -> None:
        labels, more = ("l1,l2", "0,0") if own else ("", "")
        for name, (first, second) in {"a": ("", "2"), "b": ("3", "")}.items():
            cells = [f"{first},1", f"2,{second}", "1,1"]
            lines = (
                ["u,v", *cells]
                if not own
                else [f"u,v,{labels}", *(f"{row},{more}" for row in cells)]
            )
            write(f"{name}.csv", "\n".join(lines))
        write("t.csv", "u,v\n0,0\n0,0\n0,0\n")
        given = ["--label-col", "l1,l2", "--pred-col", "u,v"] if own else ["--labels", "t.csv"]
        found = batch(
            "mse", "a.csv", "b.csv", *given, "--nan", "skip", "--baseline", "b.csv", "--json"
        )
        results = json.loads(found.out)["results"]
        assert [(one["predictions"], one["rank"]) for one in results] == [
            ("b.csv", 1),
            ("a.csv", None),
        ]
        assert results[1]["delta"]["n"] == 1

    def test_nor_who_brings_weights_of_its_own(self, batch: Batch, table: Table) -> None:
        weights = {"a": [1, 1, 1, 3], "b": [1, 1, 1, 3], "c": [3, 1, 1, 1]}
        for name, weight in weights.items():
            table(f"{name}.csv", {"pred": [2, 1, 2, 3], "label": LABELS, "w": weight})
        found = batch("mse", "c.csv", "a.csv", "b.csv", "--weight-col", "w", "--fail-above", 9)
        assert [rank for rank, *_ in ranks(found)] == ["1", "1", ""]
        assert (found.code, rows(found)[2]["predictions"]) == (1, "c.csv")

    @pytest.mark.parametrize("names", [["a", "b", "c"], ["c", "b", "a"]])
    def test_the_rows_of_most_are_the_measure(
        self, names: list[str], batch: Batch, table: Table
    ) -> None:
        columns = {"a": ["nan", 1, 2, 3], "b": ["nan", 2, 3, 4], "c": [0, 1, 2, 3]}
        for name, cells in columns.items():
            table(f"{name}.csv", {"pred": cells})
        words = ("--labels", "y.csv", "--nan", "skip")
        found = batch("mse", *(f"{name}.csv" for name in names), *words)
        assert ranks(found) == [("1", "a.csv", "0"), ("2", "b.csv", "1"), ("", "c.csv", "0")]
        pair = batch("mse", *(f"{name}.csv" for name in names if name != "b"), *words)
        assert ranks(pair) == [("1", "c.csv", "0"), ("", "a.csv", "0")]

    def test_at_a_tie_of_as_many_the_baseline_is_the_measure(
        self, batch: Batch, table: Table
    ) -> None:
        table("a.csv", {"pred": ["nan", 1, 2, 3]})
        table("b.csv", {"pred": [0, 1, 2, "nan"]})
        words = ("a.csv", "b.csv", "--labels", "y.csv", "--nan", "skip")
        assert [name for rank, name, _ in ranks(batch("mse", *words)) if rank] == ["a.csv"]
        found = batch("mse", *words, "--baseline", "b.csv")
        assert [name for rank, name, _ in ranks(found) if rank] == ["b.csv"]

    def test_groups_the_worst_and_fingerprints_are_each_candidates_own(
        self, batch: Batch, table: Table
    ) -> None:
        table("y.csv", {"label": LABELS, "region": ["eu", "us", "\x1b[31m", "eu"]})
        words = ("p/*.csv", "--labels", "y.csv", "--by", "region", "--worst", 1, "--fingerprint")
        found = json.loads(batch("mse", *words, "--json").out)["results"]
        for one, offset in zip(found, (0.5, 1, 2), strict=True):
            assert [(g["group"]["region"], g["value"]) for g in one["groups"]] == [
                ("\x1b[31m", offset**2),
                ("eu", offset**2),
                ("us", offset**2),
            ]
            assert one["worst"] == [{"row": 0, "label": 0, "loss": offset**2}]
        assert len({one["signature"] for one in found}) == 1
        assert "\x1b" not in batch("mse", *words, "--format", "table").out
        found = batch("mse", *words[:3], "--cluster", "region", "--convention", "all", "--json")
        assert [sorted(one["conventions"]) for one in json.loads(found.out)["results"]] == [
            ["exact", "kaggle", "keras", "lightgbm", "sklearn", "torch", "xgboost"]
        ] * 3


@pytest.mark.usefixtures("models")
class TestFailures:
    """One bad file does not stop the others; what all need does."""

    def test_a_bad_file_is_reported_and_the_others_are_ranked(
        self, lossctl: Lossctl, write: Write
    ) -> None:
        write("p/bad.csv", "pred\n1\nx\n3\n4\n")
        words = ("p/*.csv", "nope.csv", "--labels", "y.csv", "--fail-above", 0)
        found = lossctl("batch", "mse", *words, "--json")
        parsed = json.loads(found.out)
        assert found.code == 3
        assert [one["rank"] for one in parsed["results"]] == [1, 2, 3]
        assert parsed["failed"] == [
            {
                "predictions": "p/bad.csv",
                "error": "'x' is not a number, p/bad.csv, line 3, column 'pred'",
            },
            {"predictions": "nope.csv", "error": "there is no such file, nope.csv"},
        ]
        assert found.err.splitlines()[:3] == [
            "error: 'x' is not a number, p/bad.csv, line 3, column 'pred'",
            "hint: missing values are written as nothing, nan, na, n/a, null or none",
            "error: there is no such file, nope.csv",
        ]
        assert [line.split(":")[0] for line in found.err.splitlines()[4:]] == ["failed"] * 3

    def test_a_hint_is_given_once(self, batch: Batch, write: Write) -> None:
        for name in "ab":
            write(f"{name}.csv", "p\n-3\n1\n")
        found = batch("bce", "a.csv", "b.csv", "--labels", write("t.csv", "y\n1\n0\n"))
        assert found.err.splitlines() == [
            "error: -3.0 is not a probability, a.csv, line 2, column 'p'",
            "hint: these look like logits: --from logits",
            "error: -3.0 is not a probability, b.csv, line 2, column 'p'",
        ]

    def test_all_may_be_bad(self, batch: Batch, write: Write) -> None:
        write("empty.csv", "")
        found = batch("mse", "empty.csv", "nope.csv", "--labels", "y.csv", "--json")
        assert found.code == 3
        assert json.loads(found.out) == {
            "schema": 1,
            "loss": "mse",
            "baseline": None,
            "hidden": 0,
            "results": [],
            "failed": [
                {"predictions": "empty.csv", "error": "the file is empty, empty.csv"},
                {"predictions": "nope.csv", "error": "there is no such file, nope.csv"},
            ],
        }

    def test_the_first_may_stop_all(self, batch: Batch) -> None:
        words = ("p/m1.csv", "nope.csv", "nor.csv", "--labels", "y.csv", "--fail-fast")
        found = batch("mse", *words)
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith("error: there is no such file, nope.csv\nhint: ")
        assert found.err.count("error:") == 1

    def test_the_candidate_is_named_if_the_labels_do_not_fit_it(
        self, batch: Batch, write: Write
    ) -> None:
        write("a.csv", "cat,owl\n0.5,0.5\n")
        write("b.csv", "cat,dog\n0.5,0.5\n")
        found = batch("ce", "a.csv", "b.csv", "--labels", write("t.csv", "label\nowl\n"))
        assert [name for _, name, _ in ranks(found)] == ["a.csv"]
        assert found.err.startswith("error: b.csv: no class is called 'owl', ")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "there is no such file, t.csv"),
            ("", "the file is empty, t.csv"),
            ("label\n0\nx\n2\n3\n", "'x' is not a number, t.csv, line 3, column 'label'"),
            ("label\n0\n1\n\n3\n", "the label is missing, t.csv, line 4, column 'label'"),
        ],
    )
    @pytest.mark.parametrize("names", [["p/m1.csv"], ["p/m1.csv", "p/m2.csv"]])
    def test_bad_labels_are_one_error(
        self, content: str | None, said: str, names: list[str], batch: Batch, write: Write
    ) -> None:
        if content is not None:
            write("t.csv", content.replace("\n\n", '\n""\n'))
        found = batch("mse", *names, "--labels", "t.csv", "--json")
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith(f"error: {said}\nhint: ")
        assert len(found.err.splitlines()) == 2

    def test_one_bad_file_is_not_taken_for_the_labels(self, batch: Batch, table: Table) -> None:
        table("q", {"label": LABELS})
        table("q.csv", {"pred": [1, "x", 2, 3]})
        found = batch("mse", "q.csv", "--labels", "q", "--input-format", "csv", "--json")
        assert (found.code, len(json.loads(found.out)["failed"])) == (3, 1)

    def test_ids_of_labels_that_stand_twice_are_one_error(self, batch: Batch, table: Table) -> None:
        table("t.csv", {"id": "aab", "label": LABELS[:3]})
        for name in ("u.csv", "v.csv"):
            table(name, {"id": "ab", "pred": LABELS[:2]})
        found = batch("mse", "u.csv", "v.csv", "--labels", "t.csv", "--id", "id")
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith("error: an id stands more than once: 'a', t.csv, line 3")
        assert len(found.err.splitlines()) == 2

    def test_labels_of_an_array_are_faulty_like_those_of_a_text(
        self, batch: Batch, save: Save, write: Write
    ) -> None:
        write("t.csv", "label\n0\n1\nnan\n3\n")
        save("t.npy", [0, 1, np.nan, 3])
        found = [
            batch("mse", "p/m1.csv", "p/m2.csv", "--labels", name, *more)
            for name in ("t.csv", "t.npy")
            for more in ([], ["--nan", "skip"])
        ]
        assert [one.code for one in found] == [3, 0, 3, 0]
        assert [one.err.splitlines()[0].split(", t.")[0] for one in found] == [
            "error: the label is missing",
            "warning: missing values: 1 row skipped (p/m2.csv and 1 more)",
        ] * 2
        assert ranks(found[1]) == ranks(found[3])

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["mse"], "no predictions are named"),
            (["mse,mae", "nope*.csv"], "a batch is ranked by one loss"),
            (["msee", "nope*.csv"], "there is no loss called 'msee'"),
            (["mse", "p/m1.csv", "-0"], "-0 is for the names in --files-from"),
            (["mse", "p/m1.csv", "--top", "0"], "--top is a number of files, not 0"),
            (["mse", "p/m1.csv", "--adjust", "holm"], "--adjust is for differences"),
            (
                ["mse", "p/m1.csv", "--adjust", "x", "--baseline", "p/m1.csv"],
                "--adjust is holm, not 'x'",
            ),
            (["mse", "p/m1.csv", "--reduction", "none"], "--reduction is mean or sum in a batch"),
            (["mse", "p/m1.csv", "--per-row", "-"], "there is no option --per-row"),
            (["mse", "p/m1.csv", "--jobs", "0"], "--jobs is a number of threads, not 0"),
            (
                ["mse", "p/m1.csv", "--worst", "1", "--format", "junit"],
                "--worst has no junit format",
            ),
            (["mse", "p/*.csv", "--labels", "y.csv", "-o", "p/m1.csv"], "'p/m1.csv' is read, and"),
        ],
    )
    def test_what_cannot_be_meant(self, words: list[str], said: str, batch: Batch) -> None:
        found = batch(*words)
        assert (found.code, found.out) == (2, "")
        assert found.err.startswith(f"error: {said}")


@pytest.mark.usefixtures("models")
class TestBaseline:
    """What others are compared with."""

    def test_it_may_be_spelt_otherwise(self, batch: Batch, tmp_path: Path) -> None:
        (tmp_path / "best.csv").symlink_to("p/m1.csv")
        for name in ("p/m1.csv", "./p/../p/m1.csv", str(tmp_path / "p" / "m1.csv"), "best.csv"):
            found = batch("mse", "p/*.csv", "--labels", "y.csv", "--baseline", name, "--json")
            parsed = json.loads(found.out)
            assert (found.code, found.err, parsed["baseline"]) == (0, "", "p/m1.csv")
            assert [one["delta"] and one["delta"]["value"] for one in parsed["results"]] == [
                -0.75,
                None,
                3.0,
            ]

    def test_it_need_not_be_a_candidate(self, batch: Batch, table: Table) -> None:
        table("old.csv", {"pred": [label + 3 for label in LABELS]})
        words = ("p/*.csv", "--labels", "y.csv", "--baseline", "old.csv")
        found = batch("mse", *words, "--fail-above", 5, "--fail-if-worse", 0)
        assert (found.code, found.err) == (0, "")
        assert ranks(found) == [*RANKED, ("4", "old.csv", "9")]
        assert [row["delta"] for row in rows(found)] == ["-8.75", "-8", "-5", ""]

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("nope.csv", "there is no such file, nope.csv"),
            ("bad.csv", "'x' is not a number, bad.csv, line 3, column 'pred'"),
        ],
    )
    def test_one_that_cannot_be_read(
        self, name: str, said: str, lossctl: Lossctl, write: Write
    ) -> None:
        write("bad.csv", "pred\n1\nx\n2\n3\n")
        words = ("p/*.csv", "bad.csv", "--labels", "y.csv", "--fail-if-worse", 0)
        found = lossctl("batch", "mse", *words, "--baseline", name)
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith(f"error: {said}\n")

    def test_labels_of_its_own_must_be_the_same(self, batch: Batch, table: Table) -> None:
        table("own/other.csv", {"pred": LABELS, "label": [0, 1, 2, 4]})
        found = batch("mse", "own/*.csv", "--baseline", "own/m1.csv")
        assert found.code == 3
        assert found.err.startswith(
            "error: row 3 has another label, or id, than in the baseline, own/other.csv\nhint: "
        )

    def test_a_missing_prediction_is_no_other_label(self, batch: Batch, table: Table) -> None:
        table("own/m1.csv", {"pred": ["", 1, 2, 3], "label": LABELS})
        words = ("own/*.csv", "--baseline", "own/m2.csv", "--nan", "propagate")
        gate = "--require-not-worse 99"
        found = batch("mse", *words, *gate.split())
        assert ranks(found)[-1] == ("", "own/m1.csv", "nan")
        assert (found.code, found.err.splitlines()[-1]) == (
            1,
            f"failed: {gate}: own/m1.csv: the upper end of the difference is not known",
        )

    def test_p_is_adjusted(self, batch: Batch, table: Table) -> None:
        for name, last in (("a", 9), ("b", 5), ("c", 3.5)):
            table(f"{name}.csv", {"pred": [0, 1, 2, last]})
        words = ("a.csv", "b.csv", "c.csv", "--labels", "y.csv", "--baseline", "c.csv")
        found = rows(batch("mse", *words, "--adjust", "holm"))
        smaller, larger = sorted(float(row["p"]) for row in found if row["p"])
        adjusted = sorted(float(row["p_adjusted"]) for row in found if row["p"])
        assert adjusted == [min(1.0, 2 * smaller), max(2 * smaller, larger)]


class TestPython:
    """The same from Python."""

    def test_a_baseline_is_a_name(self) -> None:
        models = {"a": [1.0, 2.0], "b": [1.0, 3.0]}
        found = api.batch("mse", models, [1.0, 2.0], baseline="a")
        assert [(one.predictions, one.rank) for one in found.results] == [("a", 1), ("b", 2)]
        with pytest.raises(package.UsageError, match="a baseline is a path, or the name"):
            api.batch("mse", models, [1.0, 2.0], baseline=[1.0, 2.0])

    def test_secrets_of_addresses_are_not_shown(self) -> None:
        names = [f"http://127.0.0.1:1/p.csv?sig={secret}" for secret in ("s3cr3t", "t0k3n")]
        found = api.batch("mse", names, [1.0])
        shown = "http://127.0.0.1:1/p.csv?sig=…"
        assert [one.predictions for one in found.failed] == [shown, f"{shown} (2)"]
        assert "s3cr3t" not in str(found)

    def test_labels_in_memory_are_called_labels(self) -> None:
        with pytest.raises(package.DataError, match="the label is missing, labels, row 1"):
            api.batch("mse", {"a": [1.0, 2.0], "b": [3.0, 4.0]}, [1.0, float("nan")])


BITS = ("value", "sum", "denominator", "n", "stderr", "ci", "derived", "best_constant", "clipped")


def made(folder: Path, classes: int = 3, count: int = 500) -> None:
    """Write logits of several axes, tables of probabilities and labels in all formats."""
    random = np.random.default_rng(7)
    labels = random.integers(0, classes, (count // 5, 5))
    for number in range(3):
        logits = random.normal(size=(*labels.shape, classes))
        np.save(folder / f"l{number}.npy", logits)
        probs = 1 / (1 + np.exp(-logits[..., 0].ravel()))
        lines = "".join(f"{p!r},{w}\n" for p, w in zip(probs.tolist(), labels.flat, strict=True))
        (folder / f"p{number}.csv").write_text(f"p,w\n{lines}")
    np.save(folder / "y.npy", labels)
    flat = (labels.ravel() > 0).astype(int)
    text = [str(int(label)) for label in flat]
    (folder / "t.csv").write_text("label\n" + "\n".join(text) + "\n")
    (folder / "t.jsonl").write_text("".join(f'{{"label": {label}}}\n' for label in text))
    np.save(folder / "t.npy", flat)
    np.savez(folder / "t.npz", labels=flat, weights=labels.ravel() + 1.0)
    pq.write_table(pa.table({"label": flat}), folder / "t.parquet")
    (folder / "w.csv").write_text("w\n" + "\n".join(map(str, labels.ravel() + 1)) + "\n")
    (folder / "c.csv").write_text("name,weight\n0,1\n1,2.5\n")


def same_bits(batch: Batch, loss: str, names: Sequence[str], words: Sequence[str]) -> None:
    """Check that each candidate has the numbers it has alone, on any number of threads."""
    alone: dict[str, Any] = {}
    given = dict(zip(words[::2], words[1::2], strict=True))
    labels = given.pop("--labels")
    for name in names:
        out, err = io.StringIO(), io.StringIO()
        more = [word for pair in given.items() for word in pair]
        assert run([loss, name, labels, *more, "--json"], Terminal(out, err, {})) == 0
        found = json.loads(out.getvalue())
        alone[name] = {key: found[key] for key in (*BITS, "signature", "columns", "labels")}
    for jobs in (1, 2, 5):
        found = json.loads(batch(loss, *names, *words, "--jobs", jobs, "--json").out)
        assert found["failed"] == []
        assert {
            one["predictions"]: {key: one[key] for key in alone[one["predictions"]]}
            for one in found["results"]
        } == alone


class TestNumbers:
    """They are those of each file alone, to the bit."""

    @pytest.mark.parametrize("labels", ["t.csv", "t.npy", "t.npz", "t.parquet", "t.jsonl"])
    @pytest.mark.parametrize(
        "more",
        [
            [],
            ["--weights", "w.csv"],
            ["--weight-col", "w"],
            ["--class-weight", "balanced"],
            ["--class-weight", "c.csv"],
            ["--label-smoothing", "0.1"],
        ],
    )
    def test_of_labels_in_any_format(
        self, labels: str, more: list[str], batch: Batch, tmp_path: Path
    ) -> None:
        made(tmp_path)
        same_bits(batch, "bce", ["p0.csv", "p1.csv", "p2.csv"], ["--labels", labels, *more])

    def test_of_arrays_of_more_axes(self, batch: Batch, tmp_path: Path) -> None:
        made(tmp_path)
        same_bits(
            batch, "ce", ["l0.npy", "l1.npy", "l2.npy"], ["--labels", "y.npy", "--from", "logits"]
        )

    def test_of_weights_beside_the_labels(self, batch: Batch, tmp_path: Path) -> None:
        made(tmp_path)
        words = ["--labels", "t.npz", "--weight-col", "weights"]
        for name in ("p0", "p1"):
            np.save(tmp_path / f"{name}.npy", np.full(500, 0.25))
        same_bits(batch, "bce", ["p0.npy", "p1.npy"], words)

    def test_of_classes_that_stand_otherwise_in_each_file(
        self, batch: Batch, write: Write, table: Table
    ) -> None:
        write("t.csv", "label\ncat\ndog\nowl\ncat\n")
        columns = {"cat": [0.7, 0.2, 0.1, 0.5], "dog": [0.2, 0.5, 0.1, 0.25]}
        columns["owl"] = [0.1, 0.3, 0.8, 0.25]
        table("a.csv", dict(columns))
        table("b.csv", {name: columns[name] for name in ("owl", "cat", "dog")})
        table("c.csv", {f"p_{name}": columns[name] for name in ("dog", "owl", "cat")})
        names = ["a.csv", "b.csv", "c.csv"]
        for more in ([], ["--class-weight", "balanced"], ["--class-weight", "cat=2,owl=3"]):
            same_bits(batch, "ce", names, ["--labels", "t.csv", *more])
            found = batch("ce", *names, "--labels", "t.csv", *more)
            assert {rank for rank, *_ in ranks(found)} == {"1"}

    @pytest.mark.parametrize(
        "options",
        [
            "--labels <(cat t.csv)",
            "--labels <(cat t.csv) --class-weight balanced",
            "--labels t.csv --weights <(cat w.csv)",
            "--labels t.csv --class-weight <(cat c.csv)",
            "--labels <(cat t.csv) --weights <(cat w.csv) --baseline p1.csv",
        ],
    )
    def test_of_a_pipe_that_all_share(self, options: str, tmp_path: Path) -> None:
        made(tmp_path)
        plain = options.replace("<(cat ", "").replace(")", "")
        piped, files = (
            shell(tmp_path, f"lossctl batch bce 'p*.csv' {words} --jobs 3 | cut -f 1-8,10")
            for words in (options, plain)
        )
        assert (piped.code, piped.err, piped.out) == (0, "", files.out)
        assert len(files.out.splitlines()) == 4

    def test_of_labels_from_a_pipe_that_start_with_nothing(
        self, tmp_path: Path, write: Write, table: Table
    ) -> None:
        write("t.csv", "id,label\n" + "".join(f"{i},\n" for i in range(5000)) + "x,1\ny,3\n")
        for number in range(6):
            ids = [*range(5000), "x", "y"]
            table(f"p{number}.csv", {"id": ids, "pred": [number] * len(ids)})
        for more in ("", "--id id"):
            command = "lossctl batch mse 'p*.csv' --labels <(cat t.csv) --nan skip --jobs 4"
            found = shell(tmp_path, f"{command} {more}")
            assert [(found.code, value) for *_, value in ranks(found)] == [
                (0, value) for value in ("1", "2", "2", "5", "5", "10")
            ]


GATES = [
    ("a", "a b", "--fail-above 9.75", "", 0),
    ("a", "a b", "--fail-above 7.5", "b: the mse is 9.75", 1),
    ("a", "a nan", "--fail-above inf", "nan: the mse is not known", 1),
    ("a", "a inf", "--fail-above 1e+308", "inf: the mse is inf", 1),
    ("a", "a b", "--fail-above-ci 27", "", 0),
    ("a", "a b", "--fail-above-ci 26", "b: the upper end of the mse's interval is 26.758", 1),
    ("one", "one two", "--fail-above-ci inf", "one: the upper end of the mse's interval is not", 1),
    ("a", "a b", "--fail-if-worse 0", "", 0),
    ("a", "a far", "--fail-if-worse 0", "far: the lower end of the difference is ", 1),
    ("a", "a far", "--fail-if-worse 1e+06", "", 0),
    ("a", "a inf", "--fail-if-worse 1e+308", "inf: the lower end of the difference is inf", 1),
    ("inf", "inf other", "--fail-if-worse inf", "other: the lower end of the difference is not", 1),
    ("inf", "inf a", "--fail-if-worse -5", "", 0),
    ("nan", "nan a", "--fail-if-worse inf", "a: the lower end of the difference is not known", 1),
    ("a", "a b", "--require-not-worse 10", "", 0),
    ("a", "a b", "--require-not-worse 0", "b: the upper end of the difference is 9.410", 1),
    ("one", "one two", "--require-not-worse inf", "two: the upper end of the difference is not", 1),
    ("a", "a same", "--require-not-worse 0", "", 0),
]


class TestGates:
    """What a pipeline acts on."""

    @pytest.fixture(autouse=True)
    def _files(self, table: Table) -> None:
        predictions: dict[str, list[object]] = {
            "a": [1, 2, 3, 4],
            "same": [1, 2, 3, 4],
            "b": [1, 2, 3, 5],
            "far": [101, 102, 103, 104],
            "inf": [1, "inf", 3, 4],
            "other": ["inf", 2, 3, 4],
            "nan": [1, "", 3, 4],
            "one": [1],
            "two": [2],
        }
        for name, cells in predictions.items():
            table(f"{name}", {"pred": cells, "label": [0] * len(cells)})

    @pytest.mark.parametrize(("baseline", "names", "gate", "why", "code"), GATES)
    def test_of_a_batch(
        self, baseline: str, names: str, gate: str, why: str, code: int, batch: Batch
    ) -> None:
        more = ["--baseline", baseline] if "worse" in gate else []
        words = [*names.split(), *gate.split(), *more, "--nan", "propagate"]
        found = batch("mse", *words, "--input-format", "csv", "-q")
        assert (found.code, len(rows(found))) == (code, len(names.split()))
        assert found.err.startswith(f"failed: {gate}: {why}" if why else "")
        assert bool(found.err) is bool(why)

    def test_through_the_process(self, lossctl: Lossctl) -> None:
        words = ("a", "b", "far", "--input-format", "csv", "--baseline", "a")
        more = ("--fail-above-ci", 1e9, "--fail-if-worse", 0, "--require-not-worse", 9.5)
        found = lossctl("batch", "mse", *words, "--fail-above", 9, *more)
        assert found.code == 1
        assert [line.rsplit(" ", 1)[0] for line in found.err.splitlines()] == [
            "failed: --fail-above 9: b: the mse is",
            "failed: --fail-above 9: far: the mse is",
            "failed: --fail-if-worse 0: far: the lower end of the difference is",
            "failed: --require-not-worse 9.5: far: the upper end of the difference is",
        ]
        assert lossctl("batch", "mse", *words, "--require-not-worse", 1e9).code == 0

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (["--fail-above", "7"], 1, "failed: --fail-above 7: a: the mse is 7.5"),
            (["--fail-above", "7.5"], 0, ""),
            (["--fail-above-ci", "4"], 1, None),
            (["--fail-above", "nan"], 2, "error: --fail-above is a number, not nan"),
            (["--fail-above", "x"], 2, None),
            (
                ["--fail-above", "1", "--reduction", "none"],
                2,
                "error: --reduction none prints rows, and no result that a gate could judge",
            ),
            (["--fail-if-worse", "1"], 2, "error: there is no option --fail-if-worse"),
        ],
    )
    def test_of_score(
        self, words: list[str], code: int, said: str | None, lossctl: Lossctl
    ) -> None:
        found = lossctl("mse,mae", "a", "--input-format", "csv", *words)
        assert (found.code, bool(found.out)) == (code, code < 2)
        assert said is None or found.err.split("\n")[0] == said

    @pytest.mark.parametrize("gate", ["--fail-if-worse", "--require-not-worse"])
    def test_those_of_differences_need_a_baseline(self, gate: str, lossctl: Lossctl) -> None:
        found = lossctl("batch", "mse", "nope*.csv", gate, "0")
        assert (found.code, found.out) == (2, "")
        assert found.err.endswith("differences to a baseline\nhint: say to what: --baseline FILE\n")

    def test_a_comparison_of_the_baseline_with_itself_is_none(self, batch: Batch) -> None:
        words = ("a", "--input-format", "csv", "--baseline", "./a")
        found = batch("mse", *words, "--require-not-worse", -1)
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith("error: the baseline is the only candidate, ./a\nhint: ")
        assert batch("mse", *words, "--fail-above", 8).code == 0

    def test_a_bad_file_beats_a_gate(self, batch: Batch) -> None:
        found = batch("mse", "a", "nope", "--input-format", "csv", "--fail-above", 1)
        assert (found.code, found.err.splitlines()[-1]) == (
            3,
            "failed: --fail-above 1: a: the mse is 7.5",
        )


FORMATS = ["table", "tsv", "csv", "json", "jsonl", "markdown", "junit", "prometheus", "value"]


@pytest.mark.usefixtures("models")
class TestOutput:
    """What is written, and where."""

    @pytest.mark.parametrize("name", FORMATS)
    def test_every_format(self, name: str, batch: Batch, tmp_path: Path) -> None:
        words = ("mse", "p/*.csv", "--labels", "y.csv", "--baseline", "p/m1.csv")
        gate = ("--fail-above", 3, "--format", name)
        found = batch(*words, *gate)
        assert (found.code, found.err) == (
            1,
            "failed: --fail-above 3: p/m10.csv: the mse is 4\n",
        )
        assert batch(*words, *gate, "-o", "out").code == 1
        assert (tmp_path / "out").read_text() == found.out
        if name == "value":
            assert found.out == "0.25\n1\n4\n".replace("1\n4", "1.0\n4.0")
        elif name == "junit":
            assert ET.fromstring(found.out).attrib["failures"] == "1"  # noqa: S314  # our own
        else:
            assert found.out.count("p/m10.csv") >= 1

    def test_json_is_as_the_contract_has_it(self, batch: Batch) -> None:
        words = ("mse", "p/*.csv", "--labels", "y.csv", "--baseline", "p/m1.csv")
        found = json.loads(batch(*words, "--json").out, parse_constant=pytest.fail)
        assert (found["schema"], found["loss"], found["baseline"]) == (1, "mse", "p/m1.csv")
        alone = io.StringIO()
        assert run(["mse", "p/m2.csv", "y.csv", "--json"], Terminal(alone, alone, {})) == 0
        first = found["results"][0]
        delta = {"value": -0.75, "status": "ok", "stderr": 0.0, "low": -0.75, "high": -0.75}
        assert first == {
            **json.loads(alone.getvalue()),
            "rank": 1,
            "delta": {**delta, "p": 0.0, "n": 4},
        }
        lines = batch(*words, "--format", "jsonl").out.splitlines()
        assert [json.loads(line) for line in lines] == found["results"]

    def test_quiet_says_no_warnings(self, batch: Batch, table: Table) -> None:
        table("p/m1.csv", {"pred": [1, "nan", 2, 3]})
        words = ("mse", "p/*.csv", "nope.csv", "--labels", "y.csv", "--nan", "skip")
        assert batch(*words).err.count("warning:") == 1
        found = batch(*words, "-q")
        assert [line.split(":")[0] for line in found.err.splitlines()] == ["error", "hint"]

    def test_a_closed_pipe_is_quiet(self, tmp_path: Path) -> None:
        found = shell(tmp_path, "lossctl batch mse 'p/*.csv' --labels y.csv | head -1 | cut -c 1-4")
        assert (found.code, found.out, found.err) == (0, "rank\n", "")

    def test_names_cannot_steer_a_terminal(self, batch: Batch, write: Write) -> None:
        name = "e\x1b[31m\n.csv"
        write(name, "pred\n1\n2\n3\n4\n")
        words = (name, "nope\x07.csv", "--labels", "y.csv", "--nan", "skip", "--fail-above", 0)
        for format_ in ("table", "tsv", "markdown"):
            found = batch("mse", *words, "--format", format_)
            shown = found.out + found.err
            assert not {c for c in shown if c != "\n" and not c.isprintable()} - {"\t"}
            assert "failed: --fail-above 0: e\\x1b[31m\\n.csv: the mse is 1" in found.err

    def test_a_terminal_shows_a_table_and_no_trace_of_progress(
        self, tmp_path: Path, write: Write
    ) -> None:
        write("p/slow.csv", "pred\n" + "1\n" * 4)
        os.mkfifo(tmp_path / "slow")
        command = (
            "(cat p/slow.csv; sleep 1.5) > slow & lossctl batch mse slow p/m1.csv --labels y.csv"
        )
        code, shown = in_terminal(tmp_path, columns=80, command=("/bin/sh", "-c", command))
        assert (code, "rows/s" in shown) == (0, True)
        assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1
        last = shown.rindex("\x1b[2K")
        assert "rows/s" not in shown[last:]
        assert "slow" in shown[last:]
        assert "│ p/m1.csv" in shown[last:].replace("  ", " ")
        found = shell(tmp_path, f"{command} >/dev/null")
        assert (found.code, found.err) == (0, "")


WAITING = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
hold = os.open("slow", os.O_RDWR)
os.write(hold, b"pred\\n0.5\\n")
words = ["batch", "mse", "slow", "p/m1.csv", "p/m2.csv", "--labels", "y.csv", *sys.argv[2:]]
process = subprocess.Popen([sys.executable, "-m", "lossctl", *words], start_new_session=True)
time.sleep(1)
assert process.poll() is None
process.send_signal(int(sys.argv[1]))
try:
    code = process.wait(5)
except subprocess.TimeoutExpired:
    process.kill()
    code = -1
sys.exit(code)
"""


@pytest.mark.usefixtures("models")
class TestInterruption:
    """It ends at once, whatever its threads wait for."""

    @pytest.mark.parametrize("jobs", ["1", "3"])
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_by_a_signal(
        self, number: signal.Signals, code: int, jobs: str, tmp_path: Path
    ) -> None:
        os.mkfifo(tmp_path / "slow")
        (tmp_path / "out.json").write_text("old")
        done = subprocess.run(
            [sys.executable, "-c", WAITING, str(int(number)), "-o", "out.json", "--jobs", jobs],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
        assert (tmp_path / "out.json").read_text() == "old"
        assert {path.name for path in tmp_path.iterdir()} == {
            *("own", "p", "slow", "y.csv", "out.json")
        }


PEAK = """
import resource, sys
from lossctl.cli.app import run
assert run(["batch", "mse", *sys.argv[1:]]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    values = np.random.default_rng(3).random(300_000)
    np.save(tmp_path / "y.npy", values)
    for number in range(60):
        path = tmp_path / f"p{number}.npy"
        if number:
            os.link(tmp_path / "p0.npy", path)
        else:
            np.save(path, values + 1)

    def peak(pattern: str) -> int:
        words = (pattern, "--labels", "y.npy", "--baseline", "p0.npy", "--jobs", "2")
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *words],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stdout.count("\n") == len(list(tmp_path.glob(pattern))) + 1
        return int(done.stderr)

    assert peak("p*.npy") < peak("p[0-5].npy") * 1.25
