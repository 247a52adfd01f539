"""A Dask cluster gives what one process gives, bit for bit, whatever happens to its workers."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.fs
import pyarrow.parquet
import pytest
from clusters import Cluster, children, cluster
from distributed import Client
from drawing import CASES
from processes import ENVIRONMENT, Run
from servers import s3_endpoint
from test_contracts import given

from lossctl import DataError, api, batch, score, scoring
from lossctl.engines import cutting, dask
from lossctl.losses.domain import SHARES

ROWS = 6000
# Dask closes some of its sockets when they are collected.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module", name="two")
def _two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run two workers, in a folder in which there is nothing."""
    with cluster(tmp_path_factory.mktemp("workers"), 2) as found:
        yield found


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PART_BYTES", 20_000)


@pytest.fixture(name="files")
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the same rows in several formats."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(8)
    label = (rng.random(ROWS) < 0.3).astype(int)
    prob = np.clip(rng.random(ROWS) * 0.8 + label * 0.15, 0.001, 0.999)
    ids = np.arange(ROWS)
    region = [f"r{i % 7}" for i in range(ROWS)]
    wrong = 1 - np.round(label * 0.8 + 0.1, 3)  # of the other event: there is a warning
    pa.csv.write_csv(pa.table({"label": label, "prob": wrong}), "wrong.csv")
    table = pa.table({"id": ids, "label": label, "prob": prob, "region": region})
    pa.csv.write_csv(table, "all.csv")
    pa.csv.write_csv(table.select(["id", "prob", "region"]), "preds.csv")
    pa.csv.write_csv(table.select(["id", "label"]), "labels.csv")
    order = rng.permutation(ROWS)
    pa.csv.write_csv(table.select(["id", "label"]).take(order), "shuffled.csv")
    pa.csv.write_csv(table.select(["id", "label"]).take(order[5:]), "fewer.csv")
    pa.parquet.write_table(table, "all.parquet", row_group_size=500)
    for folder in ("shards", "packed", "arrow"):
        Path(folder).mkdir()
    for i in range(12):
        part = table.slice(i * 500, 500)
        pa.csv.write_csv(part, f"shards/part-{i}.csv")
        packed = gzip.compress(Path(f"shards/part-{i}.csv").read_bytes())
        Path(f"packed/part-{i}.csv.gz").write_bytes(packed)
        pa.feather.write_feather(part, f"arrow/part-{i}.arrow")
    rows = [{"y": float(y), "p": float(p)} for y, p in zip(label, prob, strict=True)]
    Path("rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    quoted = "".join(f'"a{i}\nb",{y},0.{i % 9 + 1}\n' for i, y in enumerate(label))
    Path("quoted.csv").write_text(f"name,label,prob\n{quoted}")
    logits = rng.normal(size=(ROWS, 4))
    np.save("logits.npy", logits)
    np.save("columns.npy", np.asfortranarray(logits))
    np.save("classes.npy", rng.integers(0, 4, ROWS))
    np.save("weights.npy", rng.random(ROWS))
    np.save("p.npy", prob)
    np.save("y.npy", label)
    return tmp_path


def both(loss: str, *inputs: Any, address: str, **options: Any) -> tuple[Any, Any]:
    """Return results of this process alone, and of a cluster."""
    here = [one.to_dict() for one in api.scores(loss, *inputs, **options, jobs=1)]
    there = api.scores(loss, *inputs, **options, engine="dask", scheduler=address)
    return here, [one.to_dict() for one in there]


def same(mine: Any, theirs: Any, name: str = "") -> None:
    """Compare results: all the same, but for last bits of errors and of best constants."""
    if name == "warnings" and isinstance(mine, list):  # a remark takes another reading
        mine = [text for text in mine if not text.startswith("what others make of")]
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys()
        for key, value in mine.items():
            same(value, theirs[key], key if name != "best_constant" else "constant")
    elif isinstance(mine, list):
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs, strict=True):
            same(a, b, name)
    elif name in {"stderr", "low", "high"} and mine is not None:
        np.testing.assert_allclose(theirs, mine, rtol=1e-12, atol=1e-300)
    elif (
        name == "constant" and mine is not None
    ):  # from sums in floating point, some of labels from 1e-18 to 1e15
        np.testing.assert_allclose(theirs, mine, rtol=1e-6)
    else:
        assert theirs == mine, name


INPUTS: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("bce,brier", ("all.csv",), {"worst": 5, "fingerprint": True}),
    ("bce", ("shards",), {"worst": 5, "pred_col": "prob"}),
    ("bce", ("packed",), {"worst": 5, "pred_col": "prob"}),
    ("bce", ("arrow",), {"cluster": "region"}),
    ("bce", ("all.parquet",), {"by": "region", "min_group": 800}),
    ("bce", ("preds.csv", "labels.csv"), {"worst": 3, "by": "region"}),
    ("bce", ("preds.csv", "shuffled.csv"), {"id": "id", "worst": 3, "by": "region"}),
    ("bce", ("preds.csv", "fewer.csv"), {"id": "id", "unmatched": "skip"}),
    ("bce", ("all.parquet", "shuffled.csv"), {"id": "id", "pred_col": "prob"}),
    ("bce", ("wrong.csv",), {"partial": "shard.json"}),
    ("mse,mae", ("rows.jsonl",), {"pred_col": "p", "label_col": "y"}),
    ("bce", ("quoted.csv",), {"pred_col": "prob"}),
    ("bce", ("p.npy", "y.npy"), {"weights": "weights.npy", "convention": "all"}),
    ("ce", ("logits.npy", "classes.npy"), {"from_": "logits", "plot": True, "by": "label"}),
    ("ce", ("columns.npy", "classes.npy"), {"from_": "logits", "class_weight": "balanced"}),
]


@pytest.mark.parametrize("folder", ["shards", "packed", "arrow"])
def test_a_table_of_files_is_work_for_several(folder: str, files: Path) -> None:
    size = sum(path.stat().st_size for path in (files / folder).iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "PART_BYTES", size // 4)
        parts = cutting.sent(api.plan_of("bce", folder, pred_col="prob"), map)
    assert 4 <= len(parts) <= 6


@pytest.mark.parametrize(("loss", "inputs", "options"), INPUTS)
def test_every_kind_of_input_is_cut_and_put_together(
    two: Cluster, files: Path, loss: str, inputs: tuple[str, ...], options: dict[str, Any]
) -> None:
    del files
    same(*both(loss, *inputs, address=two.address, **options))


@pytest.fixture(scope="module", params=[1, 4], name="others")
def _others(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with cluster(tmp_path_factory.mktemp("others"), request.param) as found:
        yield found


def _bits(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Score by every loss, here and on a cluster, and compare."""
    monkeypatch.setattr(cutting, "PART_BYTES", 300)
    for case in (one for one in CASES if one.form != SHARES):
        prediction, label, options = given(case)
        here, there = both(str(case.loss), prediction, label, address=address, **options)
        same(here, there)


def test_two_workers_give_the_same_bits_for_every_loss(
    two: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    _bits(two.address, monkeypatch)


def test_so_do_one_and_four(others: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    _bits(others.address, monkeypatch)


def test_so_do_workers_that_are_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    killed: list[int] = []
    done = threading.Event()

    def kill() -> None:
        while not done.wait(2):
            for pid in found.workers()[-1:]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    with cluster(tmp_path_factory.mktemp("killed"), 2) as found:
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            _bits(found.address, monkeypatch)
        finally:
            done.set()
            killer.join()
    assert killed


ERRORS: list[tuple[str, str, str | None, dict[str, Any]]] = [
    ("a bad cell", "bad.csv", None, {}),
    ("a third label", "third.csv", None, {"positive": "yes"}),
    ("ids without partner", "preds.csv", "fewer.csv", {"id": "id"}),
    ("an id twice", "twice.csv", "shuffled.csv", {"id": "id"}),
    ("an unknown id twice", "strange.csv", "shuffled.csv", {"id": "id", "unmatched": "skip"}),
    ("unequal lengths", "preds.csv", "short.csv", {}),
    ("keys that differ", "preds.csv", "shuffled.csv", {}),
    ("a shard with a bad cell", "spoilt", None, {"pred_col": "prob"}),
]


@pytest.mark.parametrize(("_", "predictions", "labels", "options"), ERRORS)
def test_what_is_wrong_is_told_as_one_process_tells_it(
    two: Cluster, files: Path, _: str, predictions: str, labels: str | None, options: dict[str, Any]
) -> None:
    lines = (files / "all.csv").read_text().splitlines()
    bad = [*lines]
    bad[4000] = '3999,1,"x",r0'
    (files / "bad.csv").write_text("\n".join(bad))
    words = {"0": "no", "1": "yes"}
    named = [f"{y},{p}" for _, y, p, _ in (line.split(",") for line in lines)]
    third = [named[0], *(f"{words[line[0]]}{line[1:]}" for line in named[1:])]
    third[5001] = f"maybe,{third[5001].split(',')[1]}"
    (files / "third.csv").write_text("\n".join(third))
    preds = (files / "preds.csv").read_text().splitlines()
    (files / "twice.csv").write_text("\n".join([*preds, preds[17]]))
    strange = ["x9,0.5,r1", "x8,0.5,r1"]
    (files / "strange.csv").write_text("\n".join([preds[0], *strange, *preds[1:], strange[1]]))
    (files / "short.csv").write_text("\n".join((files / "labels.csv").read_text().split("\n")[:-3]))
    (files / "spoilt").mkdir()
    for path in (files / "shards").iterdir():
        text = path.read_text()
        spoilt = text.replace('"r3"', '"r3",9', 1) if path.name == "part-7.csv" else text
        (files / "spoilt" / path.name).write_text(spoilt)
    told = []
    for engine in ({"jobs": 1}, {"engine": "dask", "scheduler": two.address}):
        with pytest.raises(DataError) as caught:
            score("bce", predictions, labels, **options, **engine)
        told.append((str(caught.value), caught.value.hint))
    assert told[0] == told[1]


def test_a_batch_is_scored_side_by_side_against_one_baseline(two: Cluster, files: Path) -> None:
    rng = np.random.default_rng(2)
    p = np.load("p.npy")
    for i in range(5):
        np.save(f"m{i}.npy", np.clip(p + rng.normal(size=ROWS) * 0.03 * i, 0.001, 0.999))
    (files / "m7.npy").write_bytes(b"no array")
    options: dict[str, Any] = {"baseline": "m2.npy", "adjust": "holm"}
    here = batch("bce", ["m*.npy"], "y.npy", **options)
    there = batch("bce", ["m*.npy"], "y.npy", **options, engine="dask", scheduler=two.address)
    same(here.to_dict()["results"], there.to_dict()["results"])
    assert [one.predictions for one in there.failed] == ["m7.npy"]
    with pytest.raises(DataError, match="not a NumPy file"):
        batch("bce", ["m1.npy"], "m7.npy", engine="dask", scheduler=two.address)
    own = batch("mse", ["shards/part-1.csv"], pred_col="prob", engine="dask", scheduler=two.address)
    assert (own.results[0].predictions, own.results[0].labels) == ("shards/part-1.csv",) * 2


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_rows_are_written_as_a_folder_of_files(two: Cluster, files: Path, suffix: str) -> None:
    engine: dict[str, Any] = {"engine": "dask", "scheduler": two.address}
    folder = f"rows{suffix}"
    result = score("bce", "all.csv", per_row=folder, **engine)
    score("bce", "all.csv", per_row=f"whole{suffix}")
    names = sorted(os.listdir(folder))
    assert len(names) > 5
    assert names[0] == f"part-00000{suffix}"
    if suffix == ".csv":
        parts = [(files / folder / name).read_text() for name in names]
        header = parts[0].split("\n", 1)[0] + "\n"
        assert (
            header + "".join(part.removeprefix(header) for part in parts)
            == (files / "whole.csv").read_text()
        )
        again = score("mae", folder, pred_col="loss", label_col="label")
        assert again.n == result.n
    numbered = score("mse", "p.npy", "y.npy", per_row="numbered.csv", **engine)
    last = (files / "numbered.csv" / max(os.listdir("numbered.csv"))).read_text()
    assert last.splitlines()[-1].startswith(f"{numbered.n - 1},")
    with pytest.raises(DataError, match="already"):
        score("bce", "all.csv", per_row=folder, **engine)
    (files / "spoilt.csv").write_text((files / "all.csv").read_text() + "1,1,x,r1\n")
    with pytest.raises(DataError, match="'x'"):
        score("bce", "spoilt.csv", per_row=f"none{suffix}", **engine)
    assert not [name for name in os.listdir() if name.startswith((".lossctl", "none"))]


def test_files_that_change_are_no_result(two: Cluster, files: Path) -> None:
    plan = api.plan_of("bce", "all.csv", engine="dask", scheduler=two.address)
    with (files / "all.csv").open("a") as file:
        file.write("6000,1,0.5,r1\n")
    with pytest.raises(DataError, match="changed") as caught:
        scoring.run(plan)
    assert caught.value.where is not None
    plan = api.plan_of("bce", "shards", pred_col="prob", engine="dask", scheduler=two.address)
    (files / "shards" / "part-3.csv").unlink()
    with pytest.raises(DataError, match="no such f"):
        scoring.run(plan)


def test_workers_of_other_versions_or_without_the_files_are_refused(
    files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "numpy-1.0.dist-info").mkdir()
    (other / "numpy-1.0.dist-info" / "METADATA").write_text("Name: numpy\nVersion: 1.0\n")
    path = os.pathsep.join([str(other), str(Path(__file__).parents[1])])
    with (
        cluster(other, 1, environment={"PYTHONPATH": path}) as found,
        pytest.raises(DataError, match=r"the cluster has numpy 1\.0, and this machine"),
    ):
        score("bce", "all.csv", engine="dask", scheduler=found.address)
    del files


def lossctl(*arguments: str) -> subprocess.Popen[str]:
    """Start the program in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "lossctl", *arguments],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str], data: str | None = None) -> Run:
    """Wait for a process."""
    out, err = process.communicate(data, timeout=60)
    return Run(process.returncode, out, err)


def test_the_command_line_says_what_is_wrong_with_a_cluster(two: Cluster, files: Path) -> None:
    del files
    on_two = ("--engine", "dask", "--scheduler", two.address)
    done = finished(lossctl("bce", "all.csv", "--value", *on_two))
    assert (done.code, float(done.out), done.err) == (0, score("bce", "all.csv").value, "")
    for arguments, code, message in (
        (("bce", "-", *on_two), 3, "workers cannot read a pipe, standard input"),
        (("batch", "bce", "-", *on_two), 3, "workers cannot read a pipe"),
        (("bce", "all.csv", "--engine", "dask"), 2, "which scheduler"),
        (("bce", "all.csv", "--engine", "spark"), 2, "--engine is local or dask"),
        (("bce", "all.csv", "--scheduler", two.address), 2, "--scheduler is for --engine dask"),
        (("bce", "all.csv", "--per-row", "-", *on_two), 2, "cannot be shown here"),
        (("bce", "all.csv", "--reduction", "none", *on_two), 2, "--reduction none"),
    ):
        done = finished(lossctl(*arguments), "label,prob\n1,0.5\n")
        assert done.code == code, done.err
        assert message in done.err.splitlines()[0]
        assert "Traceback" not in done.err
        assert not done.out


def _large(files: Path) -> None:
    """Write what takes some seconds to read."""
    text = (files / "rows.jsonl").read_text() * 6
    (files / "large").mkdir()
    for i in range(40):
        (files / "large" / f"{i}.jsonl").write_text(text)


SLOW = ("mse", "large", "--pred-col", "p", "--label-col", "y", "--engine", "dask", "--scheduler")


def test_a_scheduler_that_goes_away_is_an_error(
    files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _large(files)
    with cluster(tmp_path_factory.mktemp("gone"), 1) as found:
        process = lossctl(*SLOW, found.address, "-o", "out.json")
        time.sleep(2)
        os.killpg(found.processes[0].pid, signal.SIGKILL)
        done = finished(process)
    assert (done.code, done.err.splitlines()[0]) == (
        3,
        f"error: the scheduler is gone, {found.address}",
    )
    assert not (files / "out.json").exists()


@pytest.mark.parametrize("when", [0.6, 3.0])
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_work_leaves_no_process(
    files: Path, when: float, sign: signal.Signals, code: int
) -> None:
    _large(files)
    process = lossctl(*SLOW, "local")
    time.sleep(when)
    started = [*children(process.pid)]
    os.killpg(process.pid, sign)
    done = finished(process)
    assert (done.code, done.out, done.err) == (code, "", "")
    started += [*children(*started)]
    end = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in started) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def test_a_part_that_kills_its_workers_is_an_error(
    files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _large(files)
    done = threading.Event()

    def kill() -> None:  # as the system does where there is no memory left
        while not done.wait(0.2):
            for pid in found.workers():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster(tmp_path_factory.mktemp("small"), 1, environment=once) as found:
        process = lossctl(*SLOW, found.address)
        with Client(found.address, set_as_default=False) as client:
            while not any(client.processing().values()):  # else there is nothing to die of yet
                time.sleep(0.05)
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            ended = finished(process)
        finally:
            done.set()
            killer.join()
    assert ended.code == 3
    first, second = ended.err.splitlines()
    assert first == f"error: a worker died of a part of the input, {found.address}"
    assert "memory" in second


def test_where_nobody_answers_there_is_an_error(
    files: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    del files
    monkeypatch.setattr(dask, "_PATIENCE", 1)
    with pytest.raises(DataError, match="no scheduler answers"):
        score("bce", "all.csv", engine="dask", scheduler="tcp://127.0.0.1:9")
    with (
        cluster(tmp_path_factory.mktemp("none"), 0) as found,
        pytest.raises(DataError, match="the scheduler has no workers"),
    ):
        score("bce", "all.csv", engine="dask", scheduler=found.address)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_objects_of_a_store_are_one_table(
    monkeypatch: pytest.MonkeyPatch, files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    with s3_endpoint() as endpoint:
        environment = {**keys, "AWS_ENDPOINT_URL": endpoint}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        system = pyarrow.fs.S3FileSystem(
            endpoint_override=endpoint, allow_bucket_creation=True, region="us-east-1"
        )
        system.create_dir("bucket")
        names = ["preds.csv", "labels.csv", "shuffled.csv", "p.npy", "y.npy", "all.parquet"]
        names += [
            f"{folder}/{name}" for folder in ("shards", "packed") for name in os.listdir(folder)
        ]
        for name in names:
            with system.open_output_stream(f"bucket/{name}", compression=None) as stream:
                stream.write((files / name).read_bytes())
        with cluster(tmp_path_factory.mktemp("s3"), 2, environment=environment) as found:
            for inputs, options in (
                (["shards"], {"pred_col": "prob", "worst": 3}),
                (["packed"], {"pred_col": "prob"}),
                (["preds.csv", "labels.csv"], {"by": "region"}),
                (["preds.csv", "shuffled.csv"], {"id": "id"}),
                (["all.parquet"], {}),
                (["p.npy", "y.npy"], {}),
            ):
                (here,), _ = both("bce", *inputs, address=found.address, **options)
                away = [f"s3://bucket/{name}" for name in inputs]
                (mine,), (theirs,) = both("bce", *away, address=found.address, **options)
                same(mine, theirs)
                assert theirs["value"] == here["value"]
