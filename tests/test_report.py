"""``lossctl report``: one page that holds all it shows, the figures of --json, and no surprises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vl_convert
from paste import ROOT
from processes import ENVIRONMENT, Run

from lossctl.distribution import Distribution
from lossctl.scales import Bin

Lossctl = Callable[..., Run]
Write = Callable[[str, str], Path]
Save = Callable[[str, object], Path]
Table = Callable[..., Path]

SAMPLES = ROOT / "sample_data"
VOID = {"meta", "br", "wbr", "link", "img", "input", "hr"}
BASE, WIDE = (str(SAMPLES / "models" / f"{name}.csv") for name in ("base", "wide"))
TRUTH = str(SAMPLES / "customers.csv")


@dataclass
class Page(HTMLParser):
    """A page as a browser reads it: tables by their id, text, and what is in its scripts."""

    text: str
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read it to its end, at which every element is closed."""
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in given.items()]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables[given["id"]] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append(given.get("data-value", ""))
        elif tag == "dl":
            self.tables[given.get("id", "made")] = []
        elif tag == "dd":
            self._rows.append([])
        elif tag == "span" and "dd" in self._open:
            self._rows[-1].append(given.get("data-value", ""))
        elif tag == "script":
            self.scripts.append("")

    @property
    def _rows(self) -> list[list[str]]:
        return next(reversed(self.tables.values()))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["script"]:
            self.scripts[-1] += data
        elif self._open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def shown(self) -> str:
        """All text, with single blanks."""
        return " ".join(" ".join(self.words).split())

    @property
    def specs(self) -> dict[str, Any]:
        """The charts."""
        found: dict[str, Any] = json.loads(self.scripts[0])
        return found

    def numbers(self, key: str) -> list[list[float]]:
        """The numbers of a table, of those rows that have any."""
        rows = ([float(text) for text in row if text] for row in self.tables[key])
        return [row for row in rows if row]


@pytest.fixture(name="report")
def _report(lossctl: Lossctl, tmp_path: Path) -> Callable[..., Page]:
    """Make a page and read it."""

    def made(*arguments: str, code: int = 0) -> Page:
        done = lossctl("report", *arguments, "-o", "report.html")
        assert (done.code, done.out) == (code, ""), done.err
        data = (tmp_path / "report.html").read_bytes()
        assert len(data) < 2_000_000
        return Page(data.decode())

    return made


Report = Callable[..., Page]


@pytest.fixture(name="data")
def _data(lossctl: Lossctl) -> Callable[..., dict[str, Any]]:
    """Return what --json says."""

    def found(*arguments: str) -> dict[str, Any]:
        done = lossctl(*arguments, "--json")
        assert done.code in {0, 3}, done.err
        parsed: dict[str, Any] = json.loads(done.out)
        return parsed

    return found


Json = Callable[..., dict[str, Any]]


def known(*values: float | None) -> list[float]:
    """Return the numbers among some."""
    return [float(value) for value in values if value is not None]


def check_result(page: Page, key: str, expected: Mapping[str, Any]) -> None:
    """Compare all figures of a result's chapter with those of JSON."""
    ends = (expected["ci"]["low"], expected["ci"]["high"])
    facts = [value for row in page.numbers(f"{key}-facts") for value in row]
    best = expected["best_constant"] or {"value": None, "skill": None}
    first = known(expected["value"], expected["stderr"], *ends)
    assert facts[: len(first) + 2] == [*first, expected["n"], expected["denominator"]]
    rest = known(*expected["derived"].values(), best["value"], best["skill"])
    assert facts[len(first) + 2 :][: len(rest)] == rest
    shape = expected["distribution"]
    bars = page.tables[f"{key}-bars-table"][1:]
    drawn = [
        [float(text) for text in row if text]
        for row in bars
        if "" not in row[:2] and row[0] != row[1]
    ]
    rows = expected["n"]
    assert drawn == [
        known(bar["low"], bar["high"], bar["rows"], bar["rows"] / rows, bar["share"])
        for bar in shape["bars"]
        if None not in (bar["low"], bar["high"])
    ]
    assert page.numbers(f"{key}-distribution-table-1")[0] == known(
        shape["least"], *shape["quantiles"].values(), shape["most"]
    )
    for one in shape["costliest"]:
        share = [one["rows"], one["rows"] / rows, one["share"]]
        assert share in page.numbers(f"{key}-curve-table")
    if "calibration" in expected:
        check_calibration(page, key, expected["calibration"])
    if "worst" in expected:
        losses = [row["loss"] for row in expected["worst"]]
        found = [row[-1] for row in page.tables[f"{key}-worst-table-1"][1:]]
        assert found == ["" if loss is None else repr(loss) for loss in losses]
    assert expected["signature"] in "".join(page.words)


def check_calibration(page: Page, key: str, expected: Mapping[str, Any]) -> None:
    """Compare a reliability diagram likewise."""
    assert page.numbers(f"{key}-calibration-table-1") == [[expected["ece"], expected["max_error"]]]
    names = ("low", "high", "rows", "weight", "predicted", "happened")
    found = page.numbers(f"{key}-reliability-table")
    assert [row[:6] for row in found] == [
        known(*(one[name] for name in names)) for one in expected["bins"]
    ]


def check_groups(page: Page, table: str, expected: Sequence[Mapping[str, Any]]) -> None:
    """Compare groups likewise."""
    assert page.numbers(table) == [
        known(
            *(one["value"], one["stderr"], one["ci"]["low"], one["ci"]["high"]),
            *(one["n"], one["share"]),
        )
        for one in expected
    ]


def check_charts(page: Page) -> None:
    """Check that each place for a chart has a specification that Vega-Lite takes."""
    places = [value for _, name, value in page.attributes if name == "data-chart"]
    assert places == [*page.specs]
    for key, spec in page.specs.items():
        assert f"{key}-table" in page.tables
        assert "<svg" in vl_convert.vegalite_to_svg({**spec, "width": 400}, vl_version="6.4")


@pytest.mark.parametrize(
    ("loss", "files", "options"),
    [
        ("mse", ["regression.csv"], []),
        ("rmse", ["regression.csv"], []),
        ("bce", ["sigmoid.csv"], []),
        ("ce", ["submission.csv", "solution.csv"], []),
        ("ce", ["logits.npy", "labels.npy"], ["--from", "logits"]),
        ("ce", ["submission.csv", "solution.csv"], ["--convention", "all"]),
        ("bce", ["models/wide.csv", "customers.csv"], ["--eps", "0.1", "--level", "0.9"]),
        ("zero-one", ["iris.csv"], ["--label-col", "species"]),
    ],
    ids=str,
)
def test_every_figure_is_that_of_json(
    loss: str, files: list[str], options: list[str], report: Report, data: Json
) -> None:
    paths = [str(SAMPLES / name) for name in files]
    labels = ["--labels", *paths[1:]] if paths[1:] else []
    page = report(loss, paths[0], *labels, *options)
    worst = [] if loss == "rmse" else ["--worst", "20"]
    check_result(page, "r0", data(loss, *paths, *options, "--plot", *worst))
    if loss in {"bce", "ce", "zero-one"}:
        groups = data(loss, *paths, *options, "--by", "label")["groups"]
        check_groups(page, "r0-classes-chart-table", groups)
    check_charts(page)


def test_several_files_are_ranked_and_compared(report: Report, data: Json) -> None:
    options = ["--labels", TRUTH, "--baseline", BASE, "--by", "region", "--adjust", "holm"]
    page = report("bce", BASE, WIDE, *options)
    found = data("batch", "bce", BASE, WIDE, *options, "--worst", "20")
    best, base = found["results"]
    assert page.numbers("ranking-chart-table") == [
        known(
            *(one["rank"], one["value"], one["stderr"]),
            *(one["ci"]["low"], one["ci"]["high"], one["n"]),
        )
        for one in (best, base)
    ]
    delta = best["delta"]
    names = ("value", "stderr", "low", "high", "p", "p_adjusted", "n")
    assert page.numbers("differences-chart-table") == [[1, *(delta[name] for name in names)]]
    for key, one, path in (("best", best, WIDE), ("baseline", base, BASE)):
        pictures = data("bce", path, TRUTH, "--plot")
        check_result(page, key, {**pictures, **one})
        check_groups(page, f"{key}-groups-chart-table", one["groups"])
        check_groups(
            page, f"{key}-classes-chart-table", data("bce", path, TRUTH, "--by", "label")["groups"]
        )
    check_charts(page)


def test_several_losses_of_one_file_have_a_chapter_each(report: Report, data: Json) -> None:
    page = report("mse,mae", str(SAMPLES / "regression.csv"))
    results = data("mse,mae", str(SAMPLES / "regression.csv"), "--plot", "--worst", "20")
    for place, one in enumerate(results["results"]):
        check_result(page, f"r{place}", one)


def test_the_page_asks_nothing_of_a_network(report: Report) -> None:
    page = report("bce", str(SAMPLES / "sigmoid.csv"))
    links = {value for _, name, value in page.attributes if name in {"src", "href", "action"}}
    assert all(link.startswith("#") for link in links)
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {link[1:] for link in links} <= ids
    assert {"link", "img", "iframe", "object", "base"}.isdisjoint(page.tags)
    assert "url(" not in page.text.split("</style>")[0]
    assert not re.search(r"https?://", page.text.split('id="specs"')[0])
    policy = next(v for t, n, v in page.attributes if (t, n) == ("meta", "content") and "src" in v)
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'sha256-" in policy


def test_the_same_input_gives_the_same_bytes(lossctl: Lossctl, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        arguments = ("ce", str(SAMPLES / "submission.csv"), "--labels")
        assert lossctl("report", *arguments, str(SAMPLES / "solution.csv"), "-o", name).code == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_standard_output_is_a_place_too(lossctl: Lossctl, report: Report) -> None:
    page = report("mse", str(SAMPLES / "regression.csv"))
    done = lossctl("report", "mse", str(SAMPLES / "regression.csv"), "-o", "-")
    assert done.out == page.text


def test_nothing_in_the_data_is_markup(report: Report, table: Table) -> None:
    evil = "</script><script>alert(1)</script><!--"
    names = [f"<img src=x onerror=alert({k})>" for k in range(2)]
    table(
        "<b>&amp.csv",
        {
            names[0]: [0.5, 0.25, 0.75],
            names[1]: [0.5, 0.75, 0.25],
            "label": [names[0], names[1], names[0]],
            "id": [f"<i>{k}" for k in range(3)],
            "<u>group": [evil, "\u2028b", evil],
        },
    )
    page = report("ce", "<b>&amp.csv", "--by", "<u>group", "--pred-col", ",".join(names))
    assert len(page.scripts) == 3
    assert {"b", "i", "u", "img"}.isdisjoint(page.tags)
    for text in ("<b>&amp.csv", "<i>2", "<u>group", evil, names[0]):
        assert text in "".join(page.words)
    assert page.specs["r0-groups-chart"]["data"]["values"][0]["name"] in {evil, r"\u2028b"}
    assert not set(page.scripts[0]) & set("<>&\u2028\u2029")
    check_charts(page)


def test_an_infinite_loss_is_shown_as_such(report: Report, table: Table, data: Json) -> None:
    table("f.csv", {"prob": [0.5, 0.0, 0.25], "label": [1, 1, 0]})
    page = report("bce", "f.csv")
    check_result(page, "r0", data("bce", "f.csv", "--plot", "--worst", "3"))
    assert "∞" in page.shown
    assert "the loss is infinite because of 1 row (33.3 %)" in page.shown
    assert "what others make of bce" in page.shown
    assert "r0-curve" not in page.specs
    assert [*page.specs] == ["r0-bars", "r0-reliability", "r0-classes-chart"]
    check_charts(page)


def test_one_row_has_no_error_and_makes_all_of_the_loss(
    report: Report, table: Table, data: Json
) -> None:
    table("f.csv", {"pred": [1.5], "label": [1]})
    page = report("mse", "f.csv")
    check_result(page, "r0", data("mse", "f.csv", "--plot", "--worst", "1"))
    assert "–" in page.shown
    check_charts(page)


def test_nothing_but_zeros_can_be_drawn(report: Report, table: Table) -> None:
    table("f.csv", {"pred": [1, 2], "label": [1, 2]})
    check_charts(report("mse", "f.csv"))


def test_many_labels_a_row_have_no_classes(report: Report, save: Save, data: Json) -> None:
    random = np.random.default_rng(3)
    save("p.npy", random.uniform(0.1, 0.9, (40, 3)))
    save("y.npy", random.integers(0, 2, (40, 3)))
    page = report("bce", "p.npy", "--labels", "y.npy")
    check_result(page, "r0", data("bce", "p.npy", "y.npy", "--plot", "--worst", "20"))
    assert "r0-classes" not in page.text
    check_charts(page)


def test_soft_labels_and_many_classes_have_no_table_of_classes(report: Report, save: Save) -> None:
    save("p.npy", np.array([0.5, 0.25, 0.5]))
    save("y.npy", np.array([0.0, 0.25, 1.0]))
    assert "By class" not in report("bce", "p.npy", "--labels", "y.npy").shown
    save("p.npy", np.full((60, 60), 1 / 60))
    save("y.npy", np.arange(60))
    assert "By class" not in report("ce", "p.npy", "--labels", "y.npy").shown


@pytest.mark.parametrize("names", [("p_cat", "p_dog"), ("cat", "dog")])
def test_classes_are_called_as_the_labels_call_them(
    names: tuple[str, ...], report: Report, table: Table
) -> None:
    columns = {"p_cat": [0.25, 0.5, 0.75], "p_dog": [0.75, 0.5, 0.25]}
    table("f.csv", {**columns, "label": ["", *names], "id": [1, 2, 3]})
    page = report("ce", "f.csv", "--nan", "skip", "--by", "label")
    drawn = [
        [one["name"] for one in page.specs[f"r0-{chart}-chart"]["data"]["values"]]
        for chart in ("groups", "classes")
    ]
    assert drawn == [[*names], [*names]]


def test_weights_and_clusters_act_on_classes_too(report: Report, table: Table, data: Json) -> None:
    random = np.random.default_rng(5)
    columns = {
        "prob": random.uniform(0.1, 0.9, 60),
        "label": random.integers(0, 2, 60),
        "weight": random.uniform(0.5, 2.0, 60),
        "who": random.integers(0, 9, 60),
    }
    table("f.csv", columns)
    options = ["--weight-col", "weight", "--cluster", "who"]
    page = report("bce", "f.csv", *options)
    check_groups(
        page, "r0-classes-chart-table", data("bce", "f.csv", *options, "--by", "label")["groups"]
    )


def test_very_many_groups_leave_the_page_small(report: Report, table: Table) -> None:
    columns = {"pred": range(3000), "label": [0] * 3000, "who": range(3000)}
    page = report("mae", "f.csv" if table("f.csv", columns) else "", "--by", "who")
    assert len(page.numbers("r0-groups-chart-table")) == 200
    assert len(page.specs["r0-groups-chart"]["data"]["values"]) == 50
    assert "2,800 further groups in --json" in page.shown


def test_what_cannot_be_scored_is_on_the_page(report: Report, table: Table) -> None:
    table("good.csv", {"pred": [1, 2], "label": [1, 3]})
    table("bad.csv", {"pred": ["x", "y"], "label": [1, 3]})
    page = report("mse", "good.csv", "bad.csv", code=3)
    assert "Not scored" in page.shown


def test_no_page_is_written_where_nothing_can_be_scored(
    lossctl: Lossctl, tmp_path: Path, write: Write
) -> None:
    for name in ("a.csv", "b.csv"):
        write(name, "pred,label\nx,1\n")
    assert lossctl("report", "mse", "a.csv", "b.csv", "-o", "report.html").code == 3
    assert not (tmp_path / "report.html").exists()


def test_the_command_says_what_was_asked_and_no_secret(
    report: Report, write: Write, tmp_path: Path
) -> None:
    write("my file.csv", "pred,label\n1,2\n2,2\n")
    page = report("mse", "my file.csv", "--level", "0.9", "--header", "--by", "label")
    assert "lossctl report mse 'my file.csv' --header --level 0.9 --by label" in page.shown
    assert "report.html" not in page.shown
    assert str(tmp_path) not in page.shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mse", "f.csv"], "missing option '-o' / '--output'"),
        (["mse", "-o", "r.html"], "no predictions are named"),
        (["mse", "f.csv", "-o", "f.csv"], "'f.csv' is read, and would be overwritten"),
        (["mse", "f.csv", "-o", "r.html", "--adjust", "holm"], "--adjust is for differences"),
        (["mse", "f.csv", "-o", "r.html", "--reduction", "none"], "--reduction is mean or sum"),
        (["mse,mae", "f.csv", "g.csv", "-o", "r.html"], "a batch is ranked by one loss"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: list[str], said: str, lossctl: Lossctl, table: Table, tmp_path: Path
) -> None:
    for name in ("f.csv", "g.csv"):
        table(name, {"pred": [1, 2], "label": [1, 3]})
    done = lossctl("report", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("package", ["jinja2", "vl_convert"])
def test_a_missing_package_is_named_before_anything_is_read(package: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from lossctl.cli.app import run\n"
        "sys.exit(run(['report', 'mse', 'no.csv', '-o', 'r.html']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert package in done.stderr
    assert "pip install 'lossctl[report]'" in done.stderr


def test_the_curve_of_the_costliest_ends_at_all_rows() -> None:
    shape = Distribution((Bin(0.1, 0.11, 50, 5.0), Bin(2.0, 2.1, 50, 100.0)), least=0.1, most=2.0)
    curve = [*shape.concentration()]
    assert curve[-1] == (100, 1.0)
    assert dict(shape.costliest()).items() <= dict(curve).items()
    assert [*curve] == sorted(curve)


def test_many_candidates_leave_the_page_small(report: Report, table: Table) -> None:
    for k in range(210):
        table(f"model-{k}.csv", {"pred": [1.0 + k, 2.0, 3.5], "label": [1, 2, 3]})
    page = report("mse", "model-*.csv", "--baseline", "model-7.csv")
    assert len(page.numbers("ranking-chart-table")) == 200
    assert "10 further candidates in batch --json" in page.shown


def test_a_name_that_is_no_text_can_be_shown(
    lossctl: Lossctl, write: Write, tmp_path: Path
) -> None:
    name = b"\xff\x1b.csv".decode("utf-8", "surrogateescape")
    write(name, "pred,label\n1,2\n2,2\n")
    assert lossctl("report", "mse", name, "-o", "r.html").code == 0
    text = (tmp_path / "r.html").read_text("utf-8")
    assert r"\xff\x1b.csv" in text
    assert "\x1b" not in text.split("<script")[0]


def test_what_is_nowhere_finite_is_a_table_alone(report: Report, table: Table) -> None:
    table("f.csv", {"prob": [0.0, 1.0, 0.5], "label": [1, 0, 1]})
    page = report("bce", "f.csv")
    assert "r0-classes-chart" not in page.specs
    assert len(page.tables["r0-classes-table-1"]) == 3
    check_charts(page)
