"""Inputs that are cut into parts give what they give whole: numbers, worst rows, errors."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lossctl
from lossctl.columns import ColumnOptions
from lossctl.engines import cutting, local
from lossctl.engines.adding import Found, found_in
from lossctl.engines.cores import cores
from lossctl.engines.partition import Summaries
from lossctl.errors import DataError
from lossctl.scoring import Options, prepare
from lossctl.sources import InputOptions, open_tables, parts
from lossctl.sources.table import Request, Table
from lossctl.summaries.diagnosis import Diagnosis
from lossctl.summaries.worst import Worst

ROWS = 997


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut every few rows, and count lines in small windows."""
    monkeypatch.setattr(cutting, "PART_BYTES", 700)
    monkeypatch.setattr(cutting, "ROWS", 50)
    monkeypatch.setattr(parts, "WINDOW", 256)
    monkeypatch.setattr(local, "WORTH_CUTTING", 0)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that is told into how many parts plans were cut."""
    found: list[int] = []
    cut = cutting.partitions

    def watched(*args: Any) -> Any:
        made = list(cut(*args))
        found.append(len(made))
        return iter(made)

    monkeypatch.setattr("lossctl.engines.threads.partitions", watched)
    return found


Made = tuple[str, str | None]


def _text(path: Path, rows: list[str], end: str = "\n", *, last: bool = True) -> str:
    path.write_bytes((end.join(rows) + (end if last else "")).encode())
    return str(path)


def _data() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    prediction = rng.random(ROWS)
    return prediction, (rng.random(ROWS) < prediction).astype(float)


def _rows(*columns: Any) -> list[str]:
    return [",".join(f"{value!r}" for value in row) for row in zip(*columns, strict=True)]


def arrays(folder: Path) -> Made:
    p, y = _data()
    np.save(folder / "p.npy", p)
    np.save(folder / "y.npy", y.astype(np.int8))
    return str(folder / "p.npy"), str(folder / "y.npy")


def shards(folder: Path) -> Made:
    p, y = _data()
    (folder / "p").mkdir()
    for i, part in enumerate(np.array_split(p, [100, 101, 600])):
        np.save(folder / "p" / f"{i}.npy", part)
    np.save(folder / "y.npy", y)
    return str(folder / "p"), str(folder / "y.npy")


def both_in_text(folder: Path) -> Made:
    p, y = _data()
    rows = _rows(p.tolist(), y.astype(int).tolist())
    return _text(folder / "b.csv", ["prob,label", *rows], last=False), None


def text_of_windows(folder: Path) -> Made:
    p, y = _data()
    return _text(folder / "b.csv", ["prob,label", *_rows(p.tolist(), y.tolist())], "\r\n"), None


def texts_in_a_folder(folder: Path) -> Made:
    p, y = _data()
    rows = _rows(p.tolist(), y.tolist())
    (folder / "t").mkdir()
    for i, (start, stop) in enumerate([(0, 3), (3, 400), (400, 401), (401, ROWS)]):
        _text(folder / "t" / f"{i}.csv", ["prob,label", *rows[start:stop]], last=bool(i % 2))
    return str(folder / "t"), None


def two_texts(folder: Path) -> Made:
    p, y = _data()
    return (
        _text(
            folder / "p.csv", ["name,prob", *[f"{i % 7},{v!r}" for i, v in enumerate(p.tolist())]]
        ),
        _text(folder / "y.csv", ["label", *[str(int(v)) for v in y]], "\r\n", last=False),
    )


def text_and_array(folder: Path) -> Made:
    p, y = _data()
    np.save(folder / "y.npy", y)
    return _text(folder / "p.csv", ["prob", *map(repr, p.tolist())]), str(folder / "y.npy")


def row_groups(folder: Path) -> Made:
    p, y = _data()
    table = pa.table({"prob": p, "label": y})
    pq.write_table(table, folder / "b.parquet", row_group_size=90)
    return str(folder / "b.parquet"), None


def row_groups_and_text(folder: Path) -> Made:
    p, y = _data()
    (folder / "p").mkdir()
    for i, (start, stop) in enumerate([(0, 500), (500, ROWS)]):
        table = pa.table({"prob": p[start:stop]})
        pq.write_table(table, folder / "p" / f"{i}.parquet", row_group_size=64)
    return str(folder / "p"), _text(folder / "y.csv", ["label", *map(str, y.tolist())])


CUT = [
    arrays,
    shards,
    both_in_text,
    text_of_windows,
    texts_in_a_folder,
    two_texts,
    text_and_array,
    row_groups,
    row_groups_and_text,
]


def same(one: lossctl.Result, other: lossctl.Result) -> None:
    """Assert that two results say the same."""
    a, b = one.to_dict(), other.to_dict()
    for name in ("stderr", "ci", "best_constant", "derived"):
        np.testing.assert_allclose(_numbers(a.pop(name)), _numbers(b.pop(name)), rtol=1e-12)
    assert a == b


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for one in value.values() for number in _numbers(one)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("options", [{}, {"worst": 5}, {"fingerprint": True}, {"nan": "skip"}])
@pytest.mark.parametrize("make", CUT)
def test_parts_give_what_the_whole_gives(
    make: Callable[[Path], Made], options: Any, tmp_path: Path, counted: list[int]
) -> None:
    inputs = make(tmp_path)
    whole = lossctl.score("bce", *inputs, jobs=1, **options)
    same(lossctl.score("bce", *inputs, jobs=3, **options), whole)
    assert counted[0] > 3


@pytest.mark.parametrize("make", CUT)
def test_weights_of_another_file_are_cut_along(
    make: Callable[[Path], Made], tmp_path: Path, counted: list[int]
) -> None:
    inputs = make(tmp_path)
    weights = np.random.default_rng(1).random(ROWS)
    whole = lossctl.score("bce", *inputs, weights=weights, jobs=1)
    same(lossctl.score("bce", *inputs, weights=weights, jobs=2), whole)
    assert counted[0] > 3


def test_arrays_in_memory_are_cut(counted: list[int]) -> None:
    rng = np.random.default_rng(3)
    logits, labels = rng.standard_normal((ROWS, 4)), rng.integers(0, 4, ROWS)
    results = [lossctl.score("ce", logits, labels, from_="logits", jobs=j) for j in (1, 2)]
    same(*results)
    same(results[0], lossctl.score("ce", np.asfortranarray(logits), labels, from_="logits", jobs=2))
    assert counted[0] > 3


@pytest.mark.parametrize("order", "CF")
def test_rows_of_arrays_of_several_columns_are_cut(
    order: Any, tmp_path: Path, counted: list[int]
) -> None:
    rng = np.random.default_rng(3)
    np.save(tmp_path / "p.npy", np.asarray(rng.standard_normal((ROWS, 3)), order=order))
    np.save(tmp_path / "y.npy", rng.standard_normal((ROWS, 3)))
    inputs = str(tmp_path / "p.npy"), str(tmp_path / "y.npy")
    same(lossctl.score("mse", *inputs, jobs=1), lossctl.score("mse", *inputs, jobs=2))
    assert counted[0] > 3


QUOTED = ["prob,name,label", *['0.5,"a, b",1'] * 300]
LINE_ENDS_IN_QUOTES = ["prob,name,label", *['0.5,"a\nb",1', "0.25,c,0"] * 300]


@pytest.mark.parametrize("lines", [QUOTED, LINE_ENDS_IN_QUOTES], ids=["commas", "line ends"])
def test_quoted_cells_are_cut_between(lines: list[str], tmp_path: Path, counted: list[int]) -> None:
    path = _text(tmp_path / "p.csv", [line.rpartition(",")[0] for line in lines])
    truth = _text(tmp_path / "y.csv", [f'{line.rpartition(",")[2]},"x\n"' for line in lines])
    whole = lossctl.score("bce", path, truth, jobs=1)
    same(lossctl.score("bce", path, truth, jobs=2), whole)
    assert counted[0] > 3


@pytest.mark.parametrize("stray", ['5" pipe', '"a" b', 'x"'])
def test_behind_a_stray_quote_in_both_files_no_row_is_lost(stray: str, tmp_path: Path) -> None:
    """Rows were counted up to the quote, on both sides alike, and those behind it never read."""
    names = [*["a"] * 300, stray, *["b"] * 400]
    path = _text(tmp_path / "p.csv", ["size,prob", *[f"{name},0.25" for name in names]])
    truth = _text(tmp_path / "y.csv", ["size,label", *[f"{name},1" for name in names]])
    if stray.startswith('"'):  # no way to read it
        assert _error(path, truth, jobs=2) == _error(path, truth, jobs=1)
        return
    whole = lossctl.score("bce", path, truth, jobs=1)
    assert whole.n == 701
    same(lossctl.score("bce", path, truth, jobs=2), whole)


WHOLE = {
    "a quoted line end": LINE_ENDS_IN_QUOTES,
    "quotes": QUOTED,
    "a quote far behind": ["prob,name,label", *["0.5,a,1"] * 300, '0.25,"a\n",0', "0.75,b,1"],
    "stray quotes": ["prob,name,label", *['0.5,5",1'] * 300],
    "empty lines": ["prob,name,label", *["0.5,a,1", ""] * 300],
}


@pytest.mark.parametrize("lines", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("worst", [0, 3])
def test_text_that_cannot_be_cut_anywhere_gives_the_same(
    lines: list[str], worst: int, tmp_path: Path
) -> None:
    path = _text(tmp_path / "b.csv", lines)
    whole = lossctl.score("bce", path, worst=worst, jobs=1)
    same(lossctl.score("bce", path, worst=worst, jobs=2), whole)


def test_small_files_make_up_a_first_part_that_is_diagnosed(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for i in range(30):
        _text(tmp_path / "t" / f"{i}.csv", ["x,y", *["a,b"] * 40])
    table = open_tables([str(tmp_path / "t")], InputOptions()).tables[0]
    cut = parts.text_parts(table, 160, 500)
    assert [len(_cells(one)) for one in cut] == [520, *[40] * 17]


@pytest.mark.parametrize("end", ["\r", "\n\r\n"])
def test_other_line_ends_are_read_whole(end: str, tmp_path: Path) -> None:
    p, y = _data()
    path = _text(tmp_path / "b.csv", ["prob,label", *_rows(p.tolist(), y.tolist())], end)
    for worst in (0, 3):
        whole = lossctl.score("bce", path, worst=worst, jobs=1)
        same(lossctl.score("bce", path, worst=worst, jobs=2), whole)


def test_missing_cells_of_one_column_are_rows(tmp_path: Path) -> None:
    labels = ["1", "0", ""] * 200
    path = _text(tmp_path / "p.csv", ["prob", *["0.5"] * 600])
    truth = _text(tmp_path / "y.csv", ["label", *labels, "1"])
    path = _text(tmp_path / "p.csv", ["prob", *["0.5"] * 601])
    whole = lossctl.score("bce", path, truth, nan="skip", jobs=1)
    assert whole.n == 401
    same(lossctl.score("bce", path, truth, nan="skip", jobs=2), whole)


def test_what_is_packed_is_read_whole(tmp_path: Path, counted: list[int]) -> None:
    path, _ = both_in_text(tmp_path)
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(Path(path).read_bytes()))
    same(
        lossctl.score("bce", str(packed), jobs=1),
        lossctl.score("bce", str(packed), jobs=2),
    )
    assert counted == [1]


def _error(*inputs: Any, jobs: int, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        lossctl.score("bce", *inputs, jobs=jobs, **options)
    error = caught.value
    return f"{error.message} | {error.where} | {error.hint}"


@pytest.mark.parametrize("row", [3, 500, 996])
@pytest.mark.parametrize("cell", ["nan", "1.5", "x", "0.5,0.5", '"0.5'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_first_fault_is_told_with_its_line(
    cell: str, row: int, end: str, tmp_path: Path
) -> None:
    p, y = _data()
    rows = _rows(p.tolist(), y.tolist())
    for i in (row, min(row + 200, ROWS - 1)):
        rows[i] = f"{cell if i == row else 'later'},1.0"
    path = _text(tmp_path / "b.csv", ["prob,label", *rows], end)
    told = _error(path, jobs=3)
    assert told == _error(path, jobs=1)
    assert f"line {row + 2}" in told


@pytest.mark.parametrize("weight", ["-1", "1,1"])
def test_faults_in_weights_have_their_lines(weight: str, tmp_path: Path) -> None:
    path, _ = both_in_text(tmp_path)
    weights = ["1"] * ROWS
    weights[900] = weight
    options = {"weights": _text(tmp_path / "w.csv", ["weight", *weights])}
    told = _error(path, jobs=2, **options)
    assert told == _error(path, jobs=1, **options)
    assert "line 902" in told


def test_lines_that_are_no_rows_do_not_spoil_what_is_told_by_the_first_rows(
    tmp_path: Path, counted: list[int]
) -> None:
    labels = [i % 2 for i in range(400)]
    crossed = [0.9 - 0.8 * (y if i < 30 else 1 - y) for i, y in enumerate(labels)]
    rows = [row + "\n" for row in _rows(crossed, labels)]
    path = _text(tmp_path / "b.csv", ["prob,label", *rows])
    whole = lossctl.score("bce", path, jobs=1)
    same(lossctl.score("bce", path, jobs=2), whole)
    assert counted[0] > 3


def _spoilt(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[], object]) -> None:
    """Do something to the input when it has been cut."""
    cut = cutting.partitions

    def spoilt(*args: Any) -> Any:
        made = list(cut(*args))
        spoil()
        return iter(made)

    monkeypatch.setattr("lossctl.engines.threads.partitions", spoilt)


@pytest.mark.parametrize("make", [both_in_text, two_texts, arrays, shards])
def test_a_file_that_becomes_shorter_is_no_result(
    make: Callable[[Path], Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = make(tmp_path)
    last = inputs[1] or inputs[0]
    size = Path(last).stat().st_size
    _spoilt(monkeypatch, lambda: os.truncate(last, size * 2 // 3))
    told = _error(*inputs, jobs=2)
    assert any(what in told for what in ("shorter", "truncated", "changed while"))


def test_a_file_that_goes_away_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = both_in_text(tmp_path)
    _spoilt(monkeypatch, Path(path).unlink)
    assert _error(path, jobs=2).startswith("there is no such file")


@pytest.mark.parametrize("row", [0, 500, 996])
def test_faults_in_arrays_and_pairs_have_their_rows(row: int, tmp_path: Path) -> None:
    p, y = _data()
    p[row] = -3
    np.save(tmp_path / "p.npy", p)
    truth = _text(tmp_path / "y.csv", ["label", *map(str, y.tolist())])
    told = _error(str(tmp_path / "p.npy"), truth, jobs=2)
    assert told == _error(str(tmp_path / "p.npy"), truth, jobs=1)
    assert f"row {row}" in told


@pytest.mark.parametrize(("first", "at"), [(0, 1), (0, 400), (0, 996), (560, 850), (599, 600)])
def test_labels_of_two_codings_are_found_across_parts(first: int, at: int, tmp_path: Path) -> None:
    labels = [1] * ROWS
    labels[first], labels[at] = -1, 0
    path = _text(tmp_path / "b.csv", ["prob,label", *_rows([0.5] * ROWS, labels)])
    told = _error(path, jobs=2)
    assert told == _error(path, jobs=1)
    assert f"line {at + 2}" in told


def test_a_third_name_is_found_across_parts(tmp_path: Path) -> None:
    rows = ["0.5,yes", "0.5,no"] * 300 + ["0.5,maybe"] + ["0.5,yes"] * 100
    path = _text(tmp_path / "b.csv", ["prob,label", *rows])
    told = _error(path, jobs=2, positive="yes")
    assert told == _error(path, jobs=1, positive="yes")
    assert "line 602" in told


def test_inputs_of_other_lengths_say_so(tmp_path: Path) -> None:
    p, y = _data()
    inputs = (
        _text(tmp_path / "p.csv", ["prob", *map(repr, p.tolist())]),
        _text(tmp_path / "y.csv", ["label", *map(repr, y.tolist()[:-1])]),
    )
    assert _error(*inputs, jobs=2) == _error(*inputs, jobs=1)


CELLS = st.text('ab12."\n,', min_size=1, max_size=6)
LINES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=60)


@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans(), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_of_a_text_are_reached(
    lines: list[tuple[str, str]], end: str, last: Any, data: st.DataObject, tmp_path: Path
) -> None:
    folder = Path(mkdtemp(dir=tmp_path))
    cut = data.draw(st.integers(0, len(lines)))
    for i, some in enumerate((lines[:cut], lines[cut:])):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=end).writerows([("x", "y"), *some])
        written = text.getvalue() if last else text.getvalue().removesuffix(end)
        (folder / f"{i}.csv").write_text(written, newline="")
    table = open_tables([str(folder)], InputOptions(header=True)).tables[0]
    reached = parts.reachable(table, map)
    if reached is None:  # empty lines in cells look like empty lines
        assert any("\n\n" in cell for line in lines for cell in line)
        return
    assert reached.rows == len(lines)
    first = data.draw(st.integers(0, len(lines) - 1))
    after = data.draw(st.integers(first + 1, len(lines)))
    assert _cells(reached.between(first, after)) == [row[0] for row in lines[first:after]]


def _cells(table: Table) -> list[str]:
    found = table.read(Request(names=(0,)))
    return [batch.names[0].text(i) for batch in found for i in range(len(batch))]


def test_cores_are_those_that_affinity_and_quotas_leave(tmp_path: Path) -> None:
    own, groups = tmp_path / "own", tmp_path / "groups"
    for folder in ("a/b", "cpu,cpuacct/c"):
        (groups / folder).mkdir(parents=True)
    own.write_text("0::/a/b\n")
    (groups / "a/b/cpu.max").write_text("max 100000\n")
    every = cores(groups, own)
    assert every >= 1
    (groups / "a/cpu.max").write_text("50000 100000\n")
    assert cores(groups, own) == 1
    own.write_text("3:cpu,cpuacct:/c\n1:memory:/c\n")
    assert cores(groups, own) == every
    (groups / "cpu,cpuacct/c/cpu.cfs_quota_us").write_text("90000\n")
    (groups / "cpu,cpuacct/c/cpu.cfs_period_us").write_text("100000\n")
    assert cores(groups, own) == 1
    assert cores(groups, tmp_path / "nowhere") == every


def test_only_the_first_parts_are_diagnosed(tmp_path: Path) -> None:
    """Parts that are sent away do not know which rows they have; behind the head nothing counts."""
    rows = [f"{i % 2},0.{1 + i % 8}" for i in range(ROWS)]
    path = _text(tmp_path / "f.csv", ["label,prob", *rows])
    plan = prepare("bce", path, None, Options())
    found = [found_in(cutting.ready(one)) for one in cutting.sent(plan, map)]
    read, expected = 0, 0
    for part in found:
        diagnosis = part.summaries.get(Diagnosis)
        assert diagnosis is not None
        expected += diagnosis.rows if read < 50 else 0
        read += part.rows[0]
    total = reduce(Found.then, found, Found(Summaries.empty(plan))).summaries
    diagnosis = total.get(Diagnosis)
    assert diagnosis is not None
    assert total.counts.read == read == ROWS
    assert 50 <= diagnosis.rows == expected < ROWS


def test_joined_rows_of_parts_that_are_sent_have_their_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    ids, p = rng.permutation(ROWS), rng.random(ROWS)
    paths = str(tmp_path / "p.parquet"), str(tmp_path / "y.parquet")
    pq.write_table(pa.table({"id": ids, "pred": p}), paths[0], row_group_size=50)
    pq.write_table(pa.table({"id": np.arange(ROWS), "label": np.zeros(ROWS)}), paths[1])
    plan = prepare("mae", *paths, Options(columns=ColumnOptions(id="id"), worst=5))
    found = [found_in(cutting.ready(one)) for one in cutting.sent(plan, map)]
    assert len(found) > 3
    worst = reduce(Found.then, found, Found(Summaries.empty(plan))).summaries.get(Worst)
    assert worst is not None
    assert [row.row for row in worst.rows[0]] == np.argsort(-p)[:5].tolist()
