"""One table in every format gives the same bits; damaged files and odd types are no numbers."""

from __future__ import annotations

import bz2
import decimal
import gzip
import json
import lzma
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from processes import ENVIRONMENT, Run

from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.result import Result
from lossctl.sources.arrow import taken
from lossctl.sources.table import Request

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
ROWS = 80_000  # more than a batch of any format
CLASSES = ["ant", "bee", "cow"]


@pytest.fixture(name="frame", scope="module")
def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    share = rng.dirichlet(np.ones(3), ROWS)
    return pd.DataFrame(
        {
            "id": [f"k{i}" for i in range(ROWS)],
            **{f"p_{name}": share[:, i] for i, name in enumerate(CLASSES)},
            "note": [None] * ROWS,
            "label": np.array(CLASSES)[rng.integers(0, 3, ROWS)],
        }
    )


@pytest.fixture(name="folder", scope="module")
def _folder(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the table in every format."""
    folder = tmp_path_factory.mktemp("formats")
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_csv(folder / "t.tsv", index=False, sep="\t")
    plain = (folder / "t.csv").read_bytes()
    (folder / "t.csv.gz").write_bytes(gzip.compress(plain, 1))
    (folder / "t.csv.bz2").write_bytes(bz2.compress(plain, 1))
    (folder / "t.csv.xz").write_bytes(lzma.compress(plain, preset=0))
    (folder / "t.csv.zst").write_bytes(pa.compress(plain, "zstd", asbytes=True))
    frame.to_parquet(folder / "t.parquet", row_group_size=7001)
    frame.assign(label=frame.label.astype("category")).to_parquet(folder / "categories.parquet")
    frame.to_feather(folder / "t.feather")
    table = pa.table(frame)
    with pa.OSFile(str(folder / "t.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as w:
        w.write_table(table, max_chunksize=3001)
    with (
        pa.OSFile(str(folder / "s.arrow"), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as w,
    ):
        w.write_table(table, max_chunksize=3001)
    lines = "".join(json.dumps(row) + "\n" for row in frame.to_dict("records"))
    (folder / "t.jsonl").write_text(lines)
    (folder / "t.jsonl.gz").write_bytes(gzip.compress(lines.encode(), 1))
    (folder / "shards").mkdir()
    for i in range(10):
        frame[i::10].to_parquet(folder / "shards" / f"{i}.parquet")
    codes = frame.label.map(CLASSES.index).to_numpy()
    share = frame[[f"p_{name}" for name in CLASSES]].to_numpy()
    np.savez(folder / "t.npz", predictions=share, labels=codes)
    np.savez_compressed(folder / "c.npz", predictions=np.asfortranarray(share), labels=codes)
    return folder


FILES = [
    *("t.csv", "t.tsv", "t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.csv.zst", "t.parquet"),
    *("categories.parquet", "t.feather", "t.arrow", "s.arrow", "t.jsonl", "t.jsonl.gz", "shards"),
    *("t.npz", "c.npz"),
]


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_bits(
    name: str, folder: Path, frame: pd.DataFrame, scored: Score
) -> None:
    share = frame[[f"p_{name}" for name in CLASSES]].to_numpy()
    losses = -np.log(share[np.arange(ROWS), frame.label.map(CLASSES.index)])
    expected = scored("ce", str(folder / "t.csv"))
    result = scored("ce", str(folder / name))
    np.testing.assert_allclose(result.value, losses.mean(), rtol=1e-13)
    assert (result.value, result.sum, result.n) == (expected.value, expected.sum, ROWS)
    assert result.stderr == pytest.approx(expected.stderr, rel=1e-12)


@pytest.mark.parametrize("name", [name for name in FILES if name != "shards"])
def test_every_format_comes_through_a_pipe(name: str, folder: Path, scored: Score) -> None:
    arguments = ["ce", "-", "--value"]
    if name == "t.jsonl.gz":
        arguments += ["--input-format", "jsonl"]
    with (folder / name).open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "lossctl", *arguments],
            stdin=file,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout) == scored("ce", str(folder / "t.csv")).value


@pytest.mark.parametrize("left", ["t.csv", "t.parquet", "t.jsonl", "t.arrow"])
@pytest.mark.parametrize("right", ["t.tsv", "t.feather", "t.jsonl.gz", "shuffled.parquet"])
def test_formats_are_joined_on_ids(
    left: str, right: str, folder: Path, frame: pd.DataFrame, scored: Score
) -> None:
    if right == "shuffled.parquet" and not (folder / right).exists():
        frame.sample(frac=1, random_state=1)[["label", "id"]].to_parquet(folder / right)
    expected = scored("ce", str(folder / "t.csv"))
    columns = ColumnOptions(id="id", label="label", prediction="p_*")
    result = scored("ce", str(folder / left), str(folder / right), columns=columns)
    assert (result.value, result.sum, result.n) == (expected.value, expected.sum, ROWS)


@pytest.mark.parametrize(
    "type_",
    [
        *(pa.float16(), pa.float32(), pa.int8(), pa.int64(), pa.uint64(), pa.bool_()),
        *(pa.decimal128(20, 4), pa.decimal256(40, 9), pa.dictionary(pa.int8(), pa.float64())),
    ],
    ids=str,
)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_types_are_widened(type_: pa.DataType, suffix: str, scored: Score, tmp_path: Path) -> None:
    values: list[Any] = [1, 0, None, 1]
    if pa.types.is_decimal(type_):
        values = [decimal.Decimal("1.1"), decimal.Decimal("0.3"), None, decimal.Decimal("-2.7")]
    if pa.types.is_boolean(type_):
        values = [True, False, None, True]
    if pa.types.is_float16(type_):
        values = [np.float16(1), np.float16(0), None, np.float16(1)]  # what pyarrow 18 asks for
    array = pa.array(values, pa.float64() if pa.types.is_dictionary(type_) else type_)
    if pa.types.is_dictionary(type_):
        array = array.dictionary_encode().cast(type_)
    table = pa.table({"pred": array, "label": pa.array([0.5, 0.5, 0.5, 0.5])})
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path)
    else:
        pyarrow.feather.write_feather(table, str(path))
    expected = [(float(v) - 0.5) ** 2 for v in values if v is not None]
    result = scored("mse", path.name, nan="skip")
    assert (result.n, result.skipped) == (3, 1)
    np.testing.assert_allclose(result.value, np.mean(expected), rtol=1e-15)
    with pytest.raises(
        DataError, match=rf"the prediction is missing, t.{suffix}, row 2, column 'p"
    ):
        scored("mse", path.name)


@pytest.mark.parametrize(
    "labels",
    [
        pa.array(["yes", "no", "yes"], pa.large_string()),
        pa.array(["yes", "no", "yes"], pa.string_view()),
        pa.array(["yes", "no", "yes"]).dictionary_encode(),
        pa.array([b"yes", b"no", b"yes"]),
        pa.array([True, False, True]),
    ],
    ids=lambda array: str(array.type),
)
def test_text_of_any_kind_is_text(labels: pa.Array, scored: Score, tmp_path: Path) -> None:
    try:
        table = pa.table({"prob": [0.5, 0.25, 0.5], "label": labels})
        pq.write_table(table, tmp_path / "t.parquet")
    except pa.ArrowNotImplementedError as error:  # pyarrow 18 writes no string views
        pytest.skip(str(error))
    found = scored("bce", "t.parquet").value
    np.testing.assert_allclose(found, -np.log([0.5, 0.75, 0.5]).mean(), rtol=1e-15)


def test_buffers_may_end_in_a_part_of_a_value() -> None:
    """As of a file that is damaged: Arrow asks only that there are enough of them."""
    bits = np.array([0.5, 2.0]).tobytes() + b"\x01\x02"
    numbers = pa.Array.from_buffers(pa.float64(), 2, [None, pa.py_buffer(bits)])
    ends = pa.py_buffer(np.array([0, 1, 3], np.int32).tobytes() + b"\x07")
    keys = pa.Array.from_buffers(pa.binary(), 2, [None, ends, pa.py_buffer(b"abc")])
    batch = taken(2, {0: numbers, 1: keys}, Request(numbers=(0,), keys=(1,)))
    np.testing.assert_array_equal(batch.numbers, [[0.5], [2.0]])
    assert [batch.keys[0].text(row) for row in (0, 1)] == ["a", "bc"]
    one = taken(1, {0: numbers[1:]}, Request(numbers=(0,)))
    np.testing.assert_array_equal(one.numbers, [[2.0]])


def test_only_the_needed_columns_are_read(scored: Score, tmp_path: Path) -> None:
    table = pa.table({"pred": [1.0], "label": [2.0], "nested": [{"a": [1, 2]}], "when": [None]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert scored("mse", "t.parquet").value == 1.0
    with pytest.raises(DataError, match="holds text"):
        scored("mse", "t.parquet", columns=ColumnOptions("nested"))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_wide_files_are_no_hang(suffix: str, scored: Score, tmp_path: Path) -> None:
    columns = 10_000
    share = {f"p_{i}": [1 / columns] for i in range(columns)}
    table = pa.table({**share, "label": [1]})
    if suffix == "parquet":
        pq.write_table(table, tmp_path / "t.parquet")
    else:
        pyarrow.feather.write_feather(table, str(tmp_path / "t.arrow"))
    start = time.process_time()
    assert scored("ce", f"t.{suffix}").n == 1
    assert time.process_time() - start < 15  # squared in the columns it was ten times that


@pytest.mark.parametrize(
    "odd",
    [
        pa.array([1, None], pa.timestamp("ns", "UTC")),
        pa.array([1 << 62, 0], pa.timestamp("us")),
        pa.array([b"caf\xe9", b"b"]).view(pa.string()),
        pa.array([b"caf\xe9", b"b"]).view(pa.string()).dictionary_encode(),
        pa.array([1, 2], pa.duration("ns")),
        pa.array([[1], None]),
    ],
    ids=lambda array: str(array.type),
)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_columns_of_any_type_may_stand_beside(
    odd: pa.Array, suffix: str, scored: Score, tmp_path: Path
) -> None:
    table = pa.table({"note": odd, "pred": [1.0, 2.0], "label": [2.0, 4.0]})
    if suffix == "parquet":
        pq.write_table(table, tmp_path / "t.parquet")
    else:
        pyarrow.feather.write_feather(table, str(tmp_path / "t.arrow"))
    assert scored("mse", f"t.{suffix}").value == 2.5


def test_a_stream_cut_between_two_batches_is_an_error(folder: Path, scored: Score) -> None:
    whole = (folder / "s.arrow").read_bytes()
    (folder / "cut.arrow").write_bytes(whole[:-8])
    with pytest.raises(DataError, match="the Arrow stream has no end"):
        scored("ce", str(folder / "cut.arrow"))


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "s.arrow", "t.npz", "c.npz", "t.jsonl"])
@pytest.mark.parametrize("cut", [3, 40, 1000, -1, -20, -5000])
def test_truncated_files_are_errors(
    name: str, cut: int, folder: Path, lossctl: Lossctl, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes((folder / name).read_bytes()[:cut])
    run = lossctl("ce", name, "--value")
    whole = name == "t.jsonl" and cut == -1  # but for the last newline
    assert run.code == (0 if whole else 3)
    assert "Traceback" not in run.err
    assert whole or run.err.startswith("error: ")
    assert whole or not run.out


class TestNpz:
    """Arrays by their names."""

    def test_names_are_found_or_said(self, scored: Score, tmp_path: Path) -> None:
        p, y = np.array([0.5, 0.25]), np.array([1, 0])
        np.savez(tmp_path / "odd.npz", a=p, b=y)
        np.savez(tmp_path / "one.npz", whatever=y)
        np.savez(tmp_path / "both.npz", predictions=p, labels=y)
        np.save(tmp_path / "y.npy", y)
        expected = -np.log([0.5, 0.75]).mean()
        for predictions, labels in (
            ("odd.npz:a", "odd.npz:b"),
            ("odd.npz:a", "one.npz"),
            ("both.npz", None),
            ("both.npz", "one.npz"),
            ("both.npz", "y.npy"),
            ("odd.npz:a", "both.npz"),
        ):
            np.testing.assert_allclose(scored("bce", predictions, labels).value, expected)
        for name, message in (("odd.npz", "which array holds the"), ("odd.npz:c", "no array 'c'")):
            with pytest.raises(DataError, match=message):
                scored("bce", name, "y.npy")

    def test_one_name_for_two_arrays_is_an_error(self, scored: Score, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile says it, too
            for value in (1.0, 2.0):
                with archive.open("predictions.npy", "w", force_zip64=True) as file:
                    np.save(file, np.array([value]))
        np.save(tmp_path / "y.npy", np.zeros(1))
        for name in ("t.npz", "t.npz:predictions"):
            with pytest.raises(DataError, match="two arrays are called 'predictions'"):
                scored("mse", name, "y.npy")

    def test_pickled_arrays_are_refused(self, scored: Score, tmp_path: Path) -> None:
        objects = np.array([{"a": 1}], dtype=object)
        np.savez(tmp_path / "o.npz", predictions=objects, labels=np.array([1]))
        with pytest.raises(DataError, match=r"Python objects.*, o.npz:predictions"):
            scored("mse", "o.npz")


class TestJsonLines:
    """Objects by their keys."""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ('{"pred": 1, "label": 2}\n{"label": 2, "pred": 4, "more": []}\n', [1, 4]),
            ('\ufeff{"pred": 1, "label": 2}\n\n\n{"pred": 4, "label": 2.0}', [1, 4]),
            ('{"pred": "1", "label": 2}\r\n{"pred": "4e0", "label": "2"}\r\n', [1, 4]),
            ('{"pred": 1, "label": 2}\n{"pred": 4, "label": 2, "z": {}}\n', [1, 4]),
        ],
    )
    def test_values(self, content: str, expected: list[float], scored: Score, write: Write) -> None:
        write("t.jsonl", content)
        assert scored("mse", "t.jsonl").sum == sum((v - 2) ** 2 for v in expected)

    def test_missing_values(self, scored: Score, write: Write) -> None:
        write("t.jsonl", '{"pred": null, "label": 2}\n{"label": 2}\n{"pred": NaN, "label": 1}\n')
        with pytest.raises(DataError, match=r"is missing, t.jsonl, line 1, column 'pred'"):
            scored("mse", "t.jsonl")
        write("t.jsonl", '{"pred": 1, "label": 2}\n{"label": 2}\n{"pred": NaN, "label": 1}\n')
        assert scored("mse", "t.jsonl", nan="skip").skipped == 2

    @pytest.mark.parametrize("depth", [400, *range(940, 1010)])
    def test_what_is_nested_is_refused_or_passed_over(
        self, depth: int, scored: Score, write: Write
    ) -> None:
        write("t.jsonl", f'{{"pred":1,"label":2,"more":{"[" * depth}{"]" * depth}}}\n')
        if depth < 500:
            assert scored("mse", "t.jsonl").value == 1.0
        else:
            with pytest.raises(DataError, match=r"it is nested too deeply, t\.jsonl, line 1"):
                scored("mse", "t.jsonl")

    def test_halves_of_characters_in_a_pair_are_one(self, scored: Score, write: Write) -> None:
        pair, one = (json.dumps("\U0001f600", ensure_ascii=a) for a in (True, False))
        write("t.jsonl", f'{{"id":{pair},"pred":1,"label":1}}\n{{"id":"a","pred":2,"label":1}}\n')
        write("y.jsonl", f'{{"id":"a","label":1}}\n{{"id":{one},"label":1}}\n')
        columns = ColumnOptions(id="id", label="label", prediction="pred")
        assert scored("mse", "t.jsonl", "y.jsonl", columns=columns).value == 0.5

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('{"pred": "x", "label": 1}', r"'x' is not a number, t.jsonl, line 2, column 'pred'"),
            ('{"pred": [1], "label": 1}', r"'\[1\]' is not a number, t.jsonl, line 2, column 'p"),
            ('{"pred": 1, "label": 1', r"cannot read the object: .*, t.jsonl, line 2"),
            ("[1, 2]", "not an object, t.jsonl, line 2"),
            ('{"pred": 1, "label": "\udcff"}', "cannot read the object: .*UTF-8, t.jsonl, line 2"),
        ],
    )
    def test_mistakes_are_placed(
        self, line: str, message: str, scored: Score, write: Write
    ) -> None:
        text = '{"pred": 1, "label": 1}\n' + line + "\n"
        write("t.jsonl", text.encode("utf-8", "surrogateescape"))
        with pytest.raises(DataError, match=message):
            scored("mse", "t.jsonl")


def test_the_ids_of_an_npz_file_are_a_key(tmp_path: Path, scored: Score, lossctl: Lossctl) -> None:
    rng = np.random.default_rng(8)
    p, y, order = rng.random(50), rng.integers(0, 2, 50), rng.permutation(50)
    ids = np.array([f"row {i}" for i in range(50)])
    np.savez(tmp_path / "p.npz", predictions=p, id=ids)
    np.savez(tmp_path / "y.npz", labels=y[order], id=ids[order])
    np.savez(tmp_path / "both.npz", predictions=p, labels=y, id=ids)
    np.savez(tmp_path / "bad.npz", labels=y, id=ids[1:])
    value = scored("bce", "both.npz").value
    assert scored("bce", "p.npz", "y.npz", columns=ColumnOptions(id="id")).value == value
    with pytest.raises(DataError, match="the rows do not belong together"):
        scored("bce", "p.npz", "y.npz")
    with pytest.raises(DataError, match=r"the ids, shape \(49,\), do not fit the array"):
        scored("bce", "p.npz", "bad.npz")
    shown = lossctl("bce", "both.npz", "--per-row", "-").out.splitlines()
    assert [line.split("\t")[0] for line in shown] == ["id", *ids]
