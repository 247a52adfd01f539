"""What is written of a batch, of groups and of gates, as readers of each format see it."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from made import Made, delta, group, result
from processes import Run

from lossctl.cli.output import Output, chosen
from lossctl.errors import UsageError
from lossctl.gates import Gates, Verdict
from lossctl.render import Looks, write, write_ranking
from lossctl.render.formats import FORMATS, WITH_GROUPS, WITH_WORST
from lossctl.result import Failure, Group, Ranking, Result
from lossctl.values import replace

EVIL = 'a|b`c"<&>\\\x1b[31m\n\udc80é'
RANKING = Ranking(
    "mse",
    (
        result("a.csv", rank=1, delta=delta()),
        result("base.csv", value=0.75, rank=2),
        result("bad.csv", value=nan, stderr=None, low=None, high=None, delta=delta(value=nan)),
        result("easy.csv", value=0.1, n=90, comparable=False, delta=delta(n=80)),
    ),
    (Failure("broken.csv", "'x' is no number, line 3"),),
    "base.csv",
    2,
)


def written(shown: Result | Ranking, name: str, *verdicts: Verdict, width: int = 80) -> str:
    """Return what is written of a result, or of a ranking."""
    stream = io.StringIO()
    if isinstance(shown, Ranking):
        write_ranking(shown, name, stream, Looks(width), verdicts)
    else:
        write([shown], name, stream, Looks(width), verdicts)
    return stream.getvalue()


def grids(text: str, separator: str) -> list[list[list[str]]]:
    """Return the tables of TSV or CSV, between which there are blank lines."""
    parts = text.split("\n\n")
    return [list(csv.reader(io.StringIO(part), delimiter=separator)) for part in parts]


class TestJson:
    """Objects of a ranking and of groups."""

    def test_a_ranking(self) -> None:
        found = json.loads(written(RANKING, "json"))
        assert found == RANKING.to_dict()
        assert list(found) == ["schema", "loss", "baseline", "hidden", "results", "failed"]
        assert (found["baseline"], found["hidden"]) == ("base.csv", 2)
        assert [one["rank"] for one in found["results"]] == [1, 2, None, None]
        assert found["results"][0]["delta"] == {
            "value": -0.25,
            "status": "ok",
            "stderr": 0.0625,
            "low": -0.375,
            "high": -0.125,
            "p": 0.03125,
            "n": 100,
        }
        assert found["results"][1]["delta"] is None
        assert found["results"][2]["delta"]["status"] == "nan"
        assert found["failed"] == [
            {"predictions": "broken.csv", "error": "'x' is no number, line 3"}
        ]

    def test_a_result_alone_has_no_rank(self) -> None:
        assert {"rank", "delta", "groups", "small_groups"} & result().to_dict().keys() == set()
        assert json.loads(written(result(), "json")) == result().to_dict()

    def test_it_is_laid_out_as_the_library_does(self) -> None:
        assert written(result(), "json") == json.dumps(result().to_dict(), indent=2) + "\n"
        assert written(RANKING, "json") == json.dumps(RANKING.to_dict(), indent=2) + "\n"
        one = result(groups=Made(2))
        assert written(one, "jsonl") == json.dumps(one.to_dict()) + "\n"

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_groups_are_a_line_each(self, count: int) -> None:
        one = result(groups=Made(count), small_groups=4)
        text = written(one, "json")
        assert json.loads(text) == one.to_dict()
        assert text.count('{"group": {"region": "r') == count
        found = json.loads(written(Ranking("mse", (one,)), "json"))["results"][0]
        assert found["groups"] == [made.to_dict(0.95) for made in Made(count)]
        assert found["small_groups"] == 4

    def test_lines_are_the_results_then_what_failed(self) -> None:
        lines = [json.loads(line) for line in written(RANKING, "jsonl").splitlines()]
        assert lines == [*RANKING.to_dict()["results"], *RANKING.to_dict()["failed"]]

    def test_an_empty_ranking(self) -> None:
        found = json.loads(written(Ranking("mse", ()), "json"))
        assert found == {
            "schema": 1,
            "loss": "mse",
            "baseline": None,
            "hidden": 0,
            "results": [],
            "failed": [],
        }


class TestTsvAndCsv:
    """Columns of a ranking and of groups."""

    @pytest.mark.parametrize(("name", "separator"), [("tsv", "\t"), ("csv", ",")])
    def test_a_ranking(self, name: str, separator: str) -> None:
        (rows,) = grids(written(RANKING, name), separator)
        alone = grids(written(result(), name), separator)[0]
        assert rows[0] == [
            "rank",
            *alone[0],
            *("delta", "delta_stderr", "delta_low", "delta_high", "p"),
        ]
        assert rows[1] == ["1", *alone[1], "-0.25", "0.0625", "-0.375", "-0.125", "0.03125"]
        assert rows[2][0] == "2"
        assert rows[2][-5:] == [""] * 5
        assert [row[0] for row in rows[3:]] == ["", ""]
        assert rows[3][2] == "nan"

    def test_the_adjusted_p_follows_if_there_is_one(self) -> None:
        results = (result(rank=1), result("b.csv", rank=2, delta=delta(p_adjusted=0.5)))
        (rows,) = grids(written(Ranking("mse", results), "tsv"), "\t")
        assert rows[0][-2:] == ["p", "p_adjusted"]
        assert [row[-2:] for row in rows[1:]] == [["", ""], ["0.03125", "0.5"]]
        assert len({*map(len, rows)}) == 1

    @pytest.mark.parametrize(("name", "separator"), [("tsv", "\t"), ("csv", ",")])
    def test_groups_are_a_further_table(self, name: str, separator: str) -> None:
        one = result(groups=[group("eu", "1"), group("us, too", "1", share=None, value=inf)])
        _, rows = grids(written(one, name), separator)
        numbers, counted = ["0.125", "0.25", "0.75", "60", "60"], ["n", "denominator", "share"]
        assert rows == [
            ["loss", "region", "fold", "value", "stderr", "ci_low", "ci_high", *counted],
            ["mse", "eu", "1", "0.5", *numbers, "0.6"],
            ["mse", "us, too", "1", "inf", *numbers, ""],
        ]

    def test_in_a_batch_further_tables_say_whose_they_are(self) -> None:
        worst = ({"row": 3, "label": 1.0, "loss": 2.5},)
        results = [result(name, rank=1, groups=[group("eu")], worst=worst) for name in "ab"]
        _, costly, rows = grids(written(Ranking("mse", tuple(results)), "tsv"), "\t")
        assert costly == [
            ["worst", "row", "label", "loss", "predictions"],
            ["mse", "3", "1.0", "2.5", "a"],
            ["mse", "3", "1.0", "2.5", "b"],
        ]
        assert [(row[1], row[-1]) for row in rows] == [
            ("region", "predictions"),
            ("eu", "a"),
            ("eu", "b"),
        ]

    def test_a_column_of_groups_has_a_name_of_its_own(self) -> None:
        made = replace(group(), names={"n": "1", "group_n": "2", "a\tb": "3"})
        _, (header, row) = grids(written(result(groups=[made]), "tsv"), "\t")
        assert header[1:5] == ["group_n", "group_group_n", "a\\tb", "value"]
        assert row[1:4] == ["1", "2", "3"]
        assert len(header) == len({*header}) == len(row)

    def test_without_groups_there_is_no_table(self) -> None:
        assert len(grids(written(result(groups=[], small_groups=2), "csv"), ",")) == 1

    def test_values_are_those_of_what_has_a_rank(self) -> None:
        assert written(RANKING, "value") == "0.5\n0.75\n"


class TestTable:
    """What people see on a terminal."""

    def test_a_ranking_with_a_baseline(self) -> None:
        assert written(RANKING, "table") == (Path(__file__).parent / "ranking.txt").read_text(
            "utf-8"
        )

    @pytest.mark.parametrize("width", [60, 80])
    def test_it_is_no_wider_than_the_screen_and_folds_no_number(self, width: int) -> None:
        path = "experiments/2024-11-05/transformer-large-seed42-lr3e-4/predictions.csv"
        narrow = delta(value=-0.00123456, low=-0.00234567, high=-0.000123456, p=0.000123)
        one = result(path, value=0.402812, stderr=0.00212345, low=0.398712, high=0.406912)
        one = replace(one, rank=1, delta=narrow, groups=[group("europe", n=100_000)])
        ranking = Ranking("mse", (one, result("base.csv", rank=2)), (), "base.csv")
        text = written(ranking, "table", width=width)
        drawn = [line for line in text.splitlines() if set(line) & {"│", "┃", "╇"}]
        assert max(map(len, drawn)) <= width
        for number in ("0.402812", "0.00212345", "-0.00123456", "-0.00234567", "100,000"):
            assert number in text
        cells = [line.split("│")[1].strip() for line in drawn if line.count("│") == 4]
        assert path in "".join(cells)

    def test_the_signature_stands_there_if_all_share_it(self) -> None:
        assert "mse|n:100" in written(RANKING, "table")
        mixed = replace(RANKING, results=(result(), result("b.csv", signature="mse|n:9")))
        assert "mse|n" not in written(mixed, "table")

    def test_labels_are_told_if_all_share_them(self) -> None:
        assert "labels       truth.csv (label)" in written(RANKING, "table")
        mixed = replace(RANKING, results=(result(), result("b.csv", labels="b.csv")))
        assert "labels " not in written(mixed, "table")

    def test_the_adjusted_p_takes_the_place_of_p(self) -> None:
        results = (result("base.csv", rank=1), result(rank=2, delta=delta(p_adjusted=0.0625)))
        text = written(Ranking("mse", results, (), "base.csv"), "table")
        assert "adjusted p" in text
        assert "0.0625" in text
        assert "0.0312" not in text

    def test_without_a_baseline_there_is_one_table(self) -> None:
        text = written(Ranking("mse", (result(rank=1),)), "table")
        assert "difference" not in text
        assert "baseline" not in text

    def test_all_may_have_failed(self) -> None:
        ranking = Ranking("mse", (), (Failure("a\x1b.csv", "no\nrows"),), "base.csv")
        assert written(ranking, "table") == "not scored: a\\x1b.csv: no\\nrows\n"
        assert written(ranking, "markdown") == "- ❌ not scored: `a\\x1b.csv`: `no\\nrows`\n"

    def test_groups(self) -> None:
        text = written(result(groups=[group("eu", "1")], small_groups=3), "table")
        lines = [line.rstrip() for line in text.split("\n\n")[1].splitlines()]
        assert lines == [
            "mse by region, fold",
            "region ┃ fold ┃ value ┃ std. error ┃ 95 % interval ┃  n ┃ share",
            "━━━━━━━╇━━━━━━╇━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━╇━━━━━━",
            "eu     │ 1    │   0.5 │      0.125 │   0.25 … 0.75 │ 60 │  60 %",
            "3 groups of fewer rows are not shown",
        ]

    @pytest.mark.parametrize("name", ["table", "markdown"])
    def test_hidden_groups_are_said_to_be(self, name: str) -> None:
        text = written(result(groups=[], small_groups=1), name)
        assert text.endswith("\n1 group of fewer rows is not shown\n")
        text = written(result(groups=Made(1500)), name)
        assert "r999" in text
        assert "r1000" not in text
        assert text.endswith("500 further groups in the formats for programs only\n")
        assert written(Ranking("mse", (result(groups=Made(1)),)), name).count("a.csv") == 2


class TestMarkdown:
    """What a job's summary shows."""

    def test_a_ranking_with_verdicts(self) -> None:
        verdicts = Gates(fail_above=0.6, fail_if_worse=0.0).verdicts(
            RANKING.results[:2], "base.csv"
        )
        ends, other, difference = "95 % interval", "0.125 | 0.25 … 0.75", "-0.375 … -0.125 | 0.0312"
        assert written(RANKING, "markdown", *verdicts).splitlines() == [
            f"| rank | predictions | mse | std. error | {ends} | difference | {ends} | p |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            "| 1 | `a.csv` | 0.5 | 0.125 | 0.25 … 0.75 | -0.25 | -0.375 … -0.125 | 0.0312 |",
            "| 2 | `base.csv` (baseline) | 0.75 | 0.125 | 0.25 … 0.75 | – | – | – |",
            "| – | `bad.csv` | nan | – | – | nan | -0.375 … -0.125 | 0.0312 |",
            f"| – | `easy.csv` (90 rows, 80 compared) | 0.1 | {other} | -0.25 | {difference} |",
            "",
            "- 1 candidate scored other rows than most: it has no rank",
            "- 2 further candidates are not shown",
            "- ❌ not scored: `broken.csv`: `'x' is no number, line 3`",
            "- `100 rows, denominator 100`",
            "- `labels       truth.csv (label)`",
            "- `mse|n:100`",
            "",
            "- ✅ passed: `a.csv`, `--fail-above 0.6`: the mse is 0.5",
            "- ✅ passed: `a.csv`, `--fail-if-worse 0`: the lower end of the difference is -0.375",
            "- ❌ failed: `base.csv`, `--fail-above 0.6`: the mse is 0.75",
        ]

    def test_groups_are_code_whatever_they_are_called(self) -> None:
        lines = written(result(groups=[group("e|u", "")]), "markdown").splitlines()
        assert lines[-5:] == [
            "mse by `region`, `fold`:",
            "",
            "| `region` | `fold` | value | std. error | 95 % interval | n | share |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
            "| `e\\|u` |  | 0.5 | 0.125 | 0.25 … 0.75 | 60 | 60 % |",
        ]


class TestJunit:
    """JUnit XML, read by an XML parser."""

    def test_a_ranking_with_gates(self) -> None:
        shown = replace(RANKING, results=RANKING.results[:2])
        verdicts = [*Gates(require_not_worse=-0.2).verdicts(shown.results, "base.csv")]
        root = ET.fromstring(written(shown, "junit", *verdicts))  # noqa: S314  # our own
        (suite,) = root
        counts = {"tests": "3", "failures": "1", "errors": "1"}
        assert (root.tag, root.attrib) == ("testsuites", counts)
        assert suite.attrib == {"name": "lossctl", **counts, "skipped": "0", "time": "0"}
        assert [case_of(case) for case in suite] == [
            ("base.csv mse", "scored", "system-out"),
            ("a.csv mse", "--require-not-worse -0.2", "failure", "system-out"),
            ("broken.csv mse", "scored", "error"),
        ]
        failure, out = suite[1]
        why = "the upper end of the difference is -0.125"
        assert (failure.text, failure.attrib) == (why, {"message": why, "type": "gate"})
        assert out.text == (
            "value 0.5\nstderr 0.125\nci_low 0.25\nci_high 0.75\nn 100\nsignature mse|n:100\n"
        )
        assert suite[2][0].get("message") == "'x' is no number, line 3"

    def test_without_gates_results_pass(self) -> None:
        one = result(value=inf, stderr=None, low=None, high=None)
        (suite,) = ET.fromstring(written(one, "junit"))  # noqa: S314
        assert [case_of(case) for case in suite] == [("a.csv mse", "scored", "system-out")]
        assert suite[0][0].text == "value inf\nn 100\nsignature mse|n:100\n"

    def test_any_text_is_xml(self) -> None:
        every = "".join(map(chr, [*range(0x20), 0x7F, 0x85, 0xD800, 0xFFFE, 0xFFFF, 0x1F600]))
        ranking = Ranking("mse", (result(EVIL + every, rank=1),), (Failure(every, EVIL),))
        (suite,) = ET.fromstring(written(ranking, "junit"))  # noqa: S314
        name = str(suite[0].get("classname"))
        assert name.startswith('a|b`c"<&>\\\\x1b[31m\\n\\udc80é\\x00\\x01')
        assert name.endswith("\\ud800\\ufffe\\uffff\U0001f600 mse")


def case_of(case: ET.Element) -> tuple[str | None, ...]:
    return (case.get("classname"), case.get("name"), *(child.tag for child in case))


Samples = dict[str, dict[tuple[tuple[str, str], ...], str]]


def samples(text: str) -> Samples:
    """Read the text format as it is specified, and refuse what is not in it.

    HELP and TYPE come once and first, a metric's lines together, no sample twice.
    """
    assert text.endswith("\n")
    found: Samples = {}
    helped = typed = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped = line.split(" ")[2]
            assert helped not in found
        elif line.startswith("# TYPE "):
            _, _, typed, kind = line.split(" ")
            assert (typed, kind) == (helped, "gauge")
            found[typed] = {}
        else:
            name, labels, value = sample(line)
            assert name == typed
            assert labels not in found[name]
            found[name][labels] = value
    return found


LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')


def sample(line: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    match = re.fullmatch(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)", line)
    assert match, line
    name, inside, value = match.groups()
    labels, end = [], 0
    while end < len(inside):
        label = LABEL.match(inside, end)
        assert label, line
        assert not label[1].startswith("__")
        labels.append((label[1], re.sub(r"\\(.)", unescaped, label[2])))
        end = label.end()
    assert len(labels) == len(dict(labels))
    assert value in {"NaN", "+Inf", "-Inf"} or re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", value)
    return name, tuple(labels), value


def unescaped(match: re.Match[str]) -> str:
    return {"n": "\n"}.get(match[1], match[1])


class TestPrometheus:
    """The text format, read back by what it says of itself."""

    def test_a_result(self) -> None:
        labels = (("loss", "mse"), ("predictions", "a.csv"))
        assert samples(
            written(result(value=inf, stderr=None, low=-inf, high=nan), "prometheus")
        ) == {
            "lossctl_loss": {labels: "+Inf"},
            "lossctl_loss_ci_low": {labels: "-Inf"},
            "lossctl_loss_ci_high": {labels: "NaN"},
            "lossctl_rows": {labels: "100"},
            "lossctl_denominator": {labels: "100"},
        }

    def test_a_ranking(self) -> None:
        verdicts = Gates(fail_above=0.6).verdicts(RANKING.results[:2])
        found = samples(written(RANKING, "prometheus", *verdicts))
        names = {
            name: {dict(labels)["predictions"]: value for labels, value in metric.items()}
            for name, metric in found.items()
        }
        assert names["lossctl_rank"] == {"a.csv": "1", "base.csv": "2"}
        assert names["lossctl_delta"] == {"a.csv": "-0.25", "bad.csv": "NaN", "easy.csv": "-0.25"}
        assert names["lossctl_delta_rows"]["easy.csv"] == "80"
        assert "lossctl_delta_p_adjusted" not in names
        assert {"_stderr", "_low", "_high", "_p"} <= {
            name.removeprefix("lossctl_delta") for name in names
        }
        assert names["lossctl_candidate_failed"] == {
            **dict.fromkeys(("a.csv", "base.csv", "bad.csv", "easy.csv"), "0"),
            "broken.csv": "1",
        }
        gate = ("gate", "--fail-above 0.6")
        assert found["lossctl_gate_passed"] == {
            (("loss", "mse"), ("predictions", "a.csv"), gate): "1",
            (("loss", "mse"), ("predictions", "base.csv"), gate): "0",
        }

    def test_label_values_keep_line_ends_and_quotes(self) -> None:
        found = samples(written(result(EVIL), "prometheus"))
        ((_, name),) = {labels[1] for labels in found["lossctl_loss"]}
        assert name == 'a|b`c"<&>\\\\x1b[31m\n\\udc80é'

    def test_groups_have_labels_that_may_stand_there(self) -> None:
        columns = ("a b", "a-b", "7", "__x", "loss", "", "é")
        made = replace(group(), names={name: f"{name}!" for name in columns}, stderr=None)
        found = samples(written(result(groups=[made]), "prometheus"))
        ((labels, value),) = found["lossctl_group_loss"].items()
        assert value == "0.5"
        assert labels[2:] == (
            ("a_b", "a b!"),
            ("group_a_b", "a-b!"),
            ("_7", "7!"),
            ("group___x", "__x!"),
            ("group_loss", "loss!"),
            ("group_", "!"),
            ("_", "é!"),
        )
        assert {name for name in found if "group" in name} == {
            f"lossctl_group_{name}"
            for name in ("loss", "loss_ci_low", "loss_ci_high", "rows", "denominator", "share")
        }

    def test_the_same_twice_is_one_sample(self) -> None:
        stream = io.StringIO()
        write([result(), result()], "prometheus", stream, Looks(80))
        assert len(samples(stream.getvalue())["lossctl_loss"]) == 1


@pytest.mark.parametrize("name", ["tsv", "csv", "json", "jsonl", "prometheus", "markdown"])
def test_a_crowd_of_groups_takes_no_memory(name: str) -> None:
    class Nowhere(io.TextIOBase):
        def write(self, _: str) -> int:
            return 0

    write([result(groups=Made(1))], name, Nowhere(), Looks(80))  # type: ignore[arg-type]
    tracemalloc.start()
    write([result(groups=Made(20_000))], name, Nowhere(), Looks(80))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "auto"])
def test_formats_show_what_they_are_said_to(name: str) -> None:
    one = result(groups=[group("europa")], worst=({"row": 3, "label": "cat", "loss": 2.5},))
    for shown in (one, Ranking("mse", (replace(one, rank=1),))):
        text = written(shown, name)
        assert ("europa" in text) == (name in WITH_GROUPS)
        assert ("cat" in text) == (name in WITH_WORST)


@pytest.mark.parametrize(
    ("path", "expected"), [("r.xml", "junit"), ("r.PROM", "prometheus"), ("r.txt", "tsv")]
)
def test_suffixes(path: str, expected: str) -> None:
    assert chosen(None, path, json=False, value=False) == expected


@pytest.mark.parametrize("name", ["junit", "prometheus"])
def test_what_formats_of_results_are_not_for(name: str, lossctl: Callable[..., Run]) -> None:
    with pytest.raises(UsageError, match=f"--worst has no {name} format"):
        Output(name).check_rows(reduction=None, per_row=None, worst=3, by=(), convention="exact")
    with pytest.raises(UsageError, match="keeps every digit"):
        Output(name, precision=3)
    for command in (["losses"], ["losses", "mse"]):
        run = lossctl(*command, "--format", name)
        assert (run.code, run.out) == (2, "")
        assert f"a list has no {name} format" in run.err


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in WITH_GROUPS])
def test_groups_are_not_dropped_in_silence(name: str, lossctl: Callable[..., Run]) -> None:
    for command in (["mse", "f.csv"], ["batch", "mse", "f.csv"]):
        run = lossctl(*command, "--by", "g", "--format", name)
        assert (run.code, run.out) == (2, "")
        assert f"error: --by has no {name} format\nhint: it has table, tsv" in run.err
    for other in WITH_GROUPS:
        Output(other).check_rows(
            reduction=None, per_row=None, worst=0, by=["g"], convention="exact"
        )


def test_the_program_writes_them(
    lossctl: Callable[..., Run], write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write("f.csv", "pred,label\n1,2\n2,2.5\n4,4\n")
    assert lossctl("mse,mae", "f.csv", "-o", "r.xml").code == 0
    (suite,) = ET.parse(tmp_path / "r.xml").getroot()  # noqa: S314
    assert [case.get("classname") for case in suite] == ["f.csv mse", "f.csv mae"]
    assert lossctl("mse,mae", "f.csv", "-o", "r.prom").code == 0
    found = samples((tmp_path / "r.prom").read_text())
    assert [*found["lossctl_loss"].values()] == ["0.4166666666666667", "0.5"]


def strict(value: Any) -> None:
    json.dumps(value, allow_nan=False)


def test_no_number_of_a_ranking_is_infinite() -> None:
    worst = delta(value=inf, stderr=nan, low=inf, high=inf, p=nan, p_adjusted=nan)
    infinite = Group({"g": "1"}, inf, 1, 1.0, inf, nan, None, inf, nan)
    one = result(value=inf, sum=inf, rank=1, delta=worst, groups=[infinite])
    strict(Ranking("mse", (one,)).to_dict())
    assert json.loads(written(Ranking("mse", (one,)), "json"))["results"][0] == (
        one.to_dict(ranked=True)
    )
