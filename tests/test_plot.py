"""``--plot`` draws what the summaries say, on any screen, and costs nothing unless it is asked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from made import Made, group, result
from paste import ROOT
from processes import Run, in_terminal
from rich.cells import cell_len

from lossctl import score
from lossctl.calibration import Calibration, Forecasts
from lossctl.distribution import Distribution
from lossctl.render import Looks, write
from lossctl.result import Result
from lossctl.scales import Bin
from lossctl.scoring import Options, prepare
from lossctl.summaries.calibration import Reliability
from lossctl.summaries.histogram import Histogram
from lossctl.watching import summaries

Lossctl = Callable[..., Run]
Write = Callable[[str, str], Path]
Table = Callable[..., Path]

SHAPE = Distribution(
    (Bin(0.1, 0.11, 6, 0.65), Bin(0.2, 0.21, 3, 0.6), Bin(0.3, 0.31, 1, 0.3)),
    least=0.1,
    most=0.3,
)
EVENTS = Calibration(
    "the event",
    tuple(
        Forecasts(k / 10, (k + 1) / 10, n, float(n), p, y)
        for k, (n, p, y) in enumerate(
            [(0, None, None)] * 4
            + [(8, 0.45, 0.25), (0, None, None), (2, 0.625, 1.0)]
            + [(0, None, None)] * 3
        )
    ),
)


def shown(one: Result, width: int = 60, **looks: bool) -> list[str]:
    """Return the lines of the pictures of a result."""
    stream = StringIO()
    write([one], "table", stream, Looks(width, **looks))
    return stream.getvalue().split("\n\n", 1)[1].splitlines()


def test_a_distribution_is_bars_with_numbers() -> None:
    lines = shown(result(distribution=SHAPE))
    assert lines[0] == "mse: distribution of 10 row losses, logarithmic scale"
    assert lines[1].split() == ["row", "loss", "0", "6", "rows", "rows", "of", "rows", "of", "loss"]
    assert lines[2].split()[:3] == ["0.1", "…", "0.2"]
    assert lines[2].split()[-5:] == ["6", "60.0", "%", "41.9", "%"]
    bars = [line.count("█") for line in lines[2:] if "█" in line]
    np.testing.assert_allclose(bars[1] / bars[0], 4 / 6, atol=0.05)
    assert lines[-2] == "median about 0.107, 90 % in 0.101 … 0.3, largest 0.3"
    assert lines[-1] == "the costliest 1 row (10.0 %) makes 19.4 % of the loss"


def test_a_reliability_diagram_shows_gaps_and_its_error() -> None:
    lines = shown(result(distribution=Distribution((), zeros=10), calibration=EVENTS))
    start = lines.index("calibration of the probabilities of the event, in 10 bins")
    few, none, many = lines[start + 2 : start + 5]
    assert few.startswith("0.4 … 0.5")
    assert 0 < few.count("░") < few.count("█")
    assert many.count("▒") > 0 == many.count("░")
    assert few.split()[-3:] == ["0.450", "0.250", "8"]
    assert none.split()[-3:] == ["–", "–", "0"]
    # 0.8 · |0.45 − 0.25| + 0.2 · |0.625 − 1|
    assert lines[-1] == "expected calibration error (ECE) 0.235, largest gap 0.375"


def test_groups_are_bars_with_intervals() -> None:
    groups = (
        group("north", value=0.5, low=0.25, high=0.75),
        group("south", value=1.0, low=None, high=None),
        group("far\x1b[31m", value=math.inf, low=None, high=None),
    )
    lines = shown(result(distribution=Distribution((), zeros=1), groups=groups), 100)
    start = lines.index("mse by region, with the 95 % interval of each")
    north, south, far = lines[start + 2 : start + 5]
    width = south.count("█")
    assert (north.count("█"), north.count("▒"), north.count("░")) == (width / 4,) * 3
    assert far.split() == ["far\\x1b[31m", "inf", "60"]
    assert south.split()[-2:] == ["1", "60"]


def test_many_groups_are_cut_off_and_it_is_said() -> None:
    lines = shown(result(distribution=Distribution((), zeros=1), groups=Made(1_000_000)), 100)
    assert lines[-1] == "999,960 further groups not drawn"


@pytest.mark.parametrize("low", [-2.0, -0.5])
def test_losses_below_0_have_an_axis(low: float) -> None:
    groups = (group("a", value=low / 2, low=low, high=0.0),)
    lines = shown(result(distribution=Distribution((), zeros=1), groups=groups))
    assert lines[-3].split()[1:3] == [f"{low:g}", "0"]


def test_pictures_without_blocks_are_drawn_with_ascii() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, "ascii", errors="backslashreplace")
    write([result(distribution=SHAPE, calibration=EVENTS)], "table", stream, Looks(60))
    stream.flush()
    text = raw.getvalue().decode().split("distribution of", 1)[1]
    assert "##" in text
    assert "--" in text
    assert "++" in text
    assert "\\u" not in text


@pytest.mark.parametrize("width", range(60, 201, 10))
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    groups = [group("日本" * 40, value=1e-9, low=-1e9), group("b", value=123456.789, n=10**9)]
    one = result(distribution=SHAPE, calibration=EVENTS, groups=groups, loss="huber:delta=0.123")
    start = "distribution of"
    text = start + "\n".join(shown(one, width)).split(start, 1)[1]
    assert max(map(cell_len, text.splitlines())) <= width
    colored = "\n".join(shown(one, width, color=True)).split(start, 1)[1]
    assert "\x1b[36m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", start + colored) == text


DATA = [
    "bce sample_data/sigmoid.csv",
    "mse,mae sample_data/regression.csv",
    "ce sample_data/logits.npy sample_data/labels.npy --from logits",
    "ce sample_data/submission.csv sample_data/solution.csv",
    "ce sample_data/iris.csv --label-col species --by label",
    "bce sample_data/models/wide.csv sample_data/customers.csv --by region",
]


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("line", DATA)
def test_sample_data_fit_a_terminal(line: str, columns: int) -> None:
    code, text = in_terminal(ROOT, *line.split(), "--plot", columns=columns)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    pictures = plain[plain.index(": distribution of") :]
    assert code == 0
    assert "\x1b[36m" in text
    assert max(map(len, pictures.splitlines())) <= columns
    _, other = in_terminal(
        ROOT, *line.split(), "--plot", columns=columns, environment={"NO_COLOR": "1"}
    )
    assert other == plain


def test_json_has_the_numbers_of_the_pictures(lossctl: Lossctl, table: Table) -> None:
    rng = np.random.default_rng(0)
    p = rng.random(200)
    table("f.csv", {"prob": [*p, 0.0], "label": [*(rng.random(200) < p).astype(int), 1]})
    plain = json.loads(lossctl("bce,brier", "f.csv", "--json").out)["results"]
    found = json.loads(lossctl("bce,brier", "f.csv", "--json", "--plot").out)["results"]
    for before, after in zip(plain, found, strict=True):
        pictures = {name: after.pop(name) for name in ("distribution", "calibration")}
        assert after == before
        shape = pictures["distribution"]
        apart = shape["zero"] + shape["infinite"] + shape["negative_infinite"] + shape["nan"]
        assert sum(bar["rows"] for bar in shape["bars"]) + apart == 201
        assert sum(one["rows"] for one in pictures["calibration"]["bins"]) == 201
    assert shape["infinite"] == 0
    assert pictures["calibration"]["of"] == "the event"


def test_markdown_has_them_as_blocks_of_text(lossctl: Lossctl, write: Write) -> None:
    write("f.csv", "g,prob,label\n```,0.5,1\n```,0.25,0\nb,0.5,1\n")
    text = lossctl("bce", "f.csv", "--by", "g", "--plot", "--format", "markdown").out
    assert text.count("\n```text\n") == 2
    assert text.count("\n````text\n") == 1
    assert "█" in text


def test_it_means_a_table_where_nothing_else_is_asked_for(
    lossctl: Lossctl, write: Write, tmp_path: Path
) -> None:
    write("f.csv", "prediction,label\n1,2\n3,5\n")
    piped = lossctl("mse", "f.csv", "--plot").out
    assert piped == lossctl("mse", "f.csv", "--plot", "--format", "table").out
    assert "distribution of 2 row losses" in piped
    lossctl("mse", "f.csv", "--plot", "-o", "f.txt")
    assert (tmp_path / "f.txt").read_text() == piped


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--format tsv", "--plot has no tsv format"),
        ("--value", "--plot has no value format"),
        ("-o x.csv", "--plot has no csv format"),
        ("-o x.tsv", "--plot has no tsv format"),
        ("--format junit", "--plot has no junit format"),
        ("--reduction none", "--reduction none takes the place of the result, and of its --plot"),
        ("--per-row -", "--per-row - takes the place of the result, and of its --plot"),
    ],
)
def test_where_there_is_no_room_for_pictures(options: str, message: str, lossctl: Lossctl) -> None:
    done = lossctl("mse", "f.csv", "--plot", *options.split())
    assert done.code == 2
    assert message in done.err


def test_nothing_is_watched_unless_it_is_asked_for(write: Write) -> None:
    path = str(write("f.csv", "prob,label\n0.5,1\n"))
    for plot in (False, True):
        found = summaries(prepare("bce,brier", path, None, Options(plot=plot)))
        watched = [one for one in found if isinstance(one, Histogram | Reliability)]
        assert len(watched) == 3 * plot
    assert score("bce", path).distribution is None
    assert score("bce", path, plot=True).distribution is not None
