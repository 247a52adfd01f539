"""Disks that are full, readers that leave, files that change, signals: a code, and no rubbish."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import ENVIRONMENT as MEASURED
from processes import Run

from lossctl import api, scoring
from lossctl.engines import local
from lossctl.errors import DataError
from lossctl.sources import stores, streams

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
# Coverage writes a file of its own, and where no disk is left it says so.
ENVIRONMENT = {name: value for name, value in MEASURED.items() if "COVERAGE" not in name}
PROGRAM = (sys.executable, "-m", "lossctl")
ROWS = 20_000


@pytest.fixture(name="content", scope="module")
def _content() -> str:
    rng = np.random.default_rng(2)
    rows = zip(rng.random(ROWS).tolist(), rng.integers(0, 2, ROWS).tolist(), strict=True)
    return "prob,label\n" + "".join(f"{p!r},{y}\n" for p, y in rows)


@pytest.fixture(autouse=True)
def _data(write: Write, content: str) -> None:
    write("f.csv", content)


def left(folder: Path) -> list[str]:
    """Return the temporary files in a folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def limited(size: int) -> Callable[[], None]:
    """Return what lets a process write no file of more bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run(folder: Path, *arguments: str, **options: Any) -> Run:
    """Run the program with options of a process."""
    usual = {"cwd": folder, "env": ENVIRONMENT, "capture_output": True, "timeout": 60}
    settings: dict[str, Any] = usual | options
    done = subprocess.run([*PROGRAM, *arguments], check=False, **settings)
    return Run(done.returncode, *((one or b"").decode() for one in (done.stdout, done.stderr)))


WRITTEN = (
    *(("bce", "f.csv", "--value", "--per-row", f"out{suffix}") for suffix in (".csv", ".npy")),
    ("bce", "f.csv", "--per-row", "out.parquet"),
    ("bce", "f.csv", "--reduction", "none", "-o", "out.tsv"),
    *(("onehot", "f.csv", "-o", f"out{suffix}") for suffix in (".csv", ".npy", ".parquet")),
    ("report", "bce", "f.csv", "-o", "out.html"),
)


class TestOutputs:
    """What was there stays, whatever goes wrong; what is not whole is not there."""

    @pytest.mark.parametrize("arguments", WRITTEN, ids=" ".join)
    def test_a_full_disk(self, arguments: Sequence[str], tmp_path: Path) -> None:
        out = tmp_path / arguments[-1]
        out.write_text("old")
        found = run(tmp_path, *arguments, preexec_fn=limited(4096))
        assert (found.code, found.out) == (3, "")
        assert found.err == f"error: cannot write the file: File too large, {out.name}\n"
        assert (out.read_text(), left(tmp_path)) == ("old", [])

    def test_a_disk_that_is_really_full(self, lossctl: Lossctl, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("only root may mount")
        try:
            (disk / "rows.csv").write_text("old")
            full = lossctl("bce", "f.csv", "--per-row", "disk/rows.csv")
            assert (full.code, full.out) == (3, "")
            assert full.err == (
                "error: cannot write the file: No space left on device, disk/rows.csv\n"
            )
            assert ((disk / "rows.csv").read_text(), left(disk)) == ("old", [])
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # noqa: S607
            unwritable = lossctl("bce", "f.csv", "-o", "disk/r.json")
            assert (unwritable.code, unwritable.out) == (3, "")
            assert "cannot write the file: Read-only file system" in unwritable.err
        finally:
            subprocess.run(["umount", disk], check=True)  # noqa: S607

    @pytest.mark.parametrize(
        "arguments", [("--per-row", "-"), ("--reduction", "none"), ("--json",)]
    )
    def test_a_full_standard_output(self, arguments: Sequence[str], tmp_path: Path) -> None:
        for unbuffered in ("", "1"):  # then Python itself writes a part, and forgets the rest
            with (tmp_path / "out").open("wb") as out:
                found = run(
                    tmp_path,
                    *("bce", "f.csv", *arguments),
                    env=ENVIRONMENT | {"PYTHONUNBUFFERED": unbuffered},
                    preexec_fn=limited(16),
                    capture_output=False,
                    stdout=out,
                    stderr=subprocess.PIPE,
                )
            assert (found.code, found.err) == (3, "error: File too large, standard output\n")

    def test_a_folder_that_vanishes(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "in.csv")
        (tmp_path / "out").mkdir()
        arguments = ("mse", "in.csv", "--per-row", "out/rows.csv")
        with subprocess.Popen(
            [*PROGRAM, *arguments], cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
        ) as process:
            with (tmp_path / "in.csv").open("w") as pipe:
                pipe.write("pred,label\n" + "1,2\n" * 500_000)
                pipe.flush()
                while not left(tmp_path / "out"):
                    time.sleep(0.01)
                shutil.rmtree(tmp_path / "out")
            _, said = process.communicate(timeout=30)
        assert process.returncode == 3
        assert said.splitlines() == [
            "error: cannot write the file: No such file or directory, out/rows.csv",
            "hint: there is no folder out",
        ]

    def test_a_copy_that_does_not_fit(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "f.npz", predictions=np.arange(9e4), labels=np.arange(9e4))
        data = (tmp_path / "f.npz").read_bytes()
        found = run(tmp_path, "mse", "-", input=data, preexec_fn=limited(4096))
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith("error: cannot keep a copy of what is read: File too large, /")
        assert "hint: TMPDIR names another folder" in found.err

    def test_temporary_files_are_the_users_alone(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "in.csv")
        with subprocess.Popen(
            [*PROGRAM, "mse", "in.csv", "--per-row", "rows.csv"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        ) as process:
            with (tmp_path / "in.csv").open("w") as pipe:
                pipe.write("pred,label\n" + "1,2\n" * 500_000)
                pipe.flush()
                while not left(tmp_path):
                    time.sleep(0.01)
                mode = (tmp_path / left(tmp_path)[0]).stat().st_mode
            process.wait(30)
        assert oct(mode)[-3:] == "600"
        assert left(tmp_path) == []


class TestStandardStreams:
    """Standard streams may be closed, before the program starts or while it works."""

    @pytest.mark.parametrize(
        ("closed", "arguments", "code", "said"),
        [
            ([1], ["bce", "f.csv"], 3, "error: Bad file descriptor, standard output\n"),
            ([1], ["--help"], 3, "error: Bad file descriptor, standard output\n"),
            ([1], ["bce", "f.csv", "-o", "out.json"], 0, ""),
            ([2], ["bce", "none.csv"], 3, ""),
            ([0, 1, 2], ["bce", "f.csv", "-o", "out.json"], 0, ""),
            ([0], ["bce", "f.csv", "--value"], 0, ""),
            (
                [0],
                ["bce", "-"],
                3,
                "error: cannot read the file: Bad file descriptor, standard input\n",
            ),
        ],
    )
    def test_closed_before(
        self, closed: list[int], arguments: list[str], code: int, said: str, tmp_path: Path
    ) -> None:
        found = run(tmp_path, *arguments, preexec_fn=lambda: [*map(os.close, closed)])
        assert (found.code, found.err) == (code, said)
        if "-o" in arguments:
            assert (tmp_path / "out.json").read_text().startswith('{\n  "schema"')

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["bce", "f.csv"], 0),
            (["bce", "f.csv", "--per-row", "-"], 0),
            (["bce", "f.csv", "--fail-above", "0.1"], 1),
            (["batch", "bce", "f.csv", "none.csv"], 3),
        ],
    )
    def test_a_reader_that_left(self, arguments: list[str], code: int, tmp_path: Path) -> None:
        read, write = os.pipe()
        os.close(read)
        found = run(
            tmp_path, *arguments, stdout=write, stderr=subprocess.PIPE, capture_output=False
        )
        os.close(write)
        assert (found.code, "Broken pipe" in found.err) == (code, False)
        assert bool(found.err) == (code != 0)

    def test_nobody_listens_to_errors(self, tmp_path: Path) -> None:
        read, write = os.pipe()
        os.close(read)
        found = run(tmp_path, *("bce", "none.csv"), stderr=write, capture_output=False)
        os.close(write)
        assert found.code == 3


def save(path: Path, prob: np.ndarray, label: np.ndarray) -> None:
    """Write a table in the format of a path."""
    table = pa.table({"prob": prob, "label": label})
    if path.suffix == ".csv":
        rows = zip(prob.tolist(), label.tolist(), strict=True)
        path.write_text("prob,label\n" + "".join(f"{p!r},{y:g}\n" for p, y in rows))
    elif path.suffix == ".jsonl":
        rows = zip(prob.tolist(), label.tolist(), strict=True)
        path.write_text("".join(f'{{"prob":{p!r},"label":{y:g}}}\n' for p, y in rows))
    elif path.suffix == ".npy":
        np.save(path, np.column_stack([prob, label]))
    elif path.suffix == ".npz":
        np.savez(path, predictions=prob, labels=label)
    elif path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=5000)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, 5000)


SUFFIXES = (".csv", ".npy", ".npz", ".parquet", ".arrow", ".jsonl")


@pytest.fixture(name="tables", scope="module")
def _tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(1)
    for name in ("t", "other"):
        prob, label = rng.random(40_000), rng.integers(0, 2, 40_000).astype(float)
        for suffix in SUFFIXES:
            save(folder / f"{name}{suffix}", prob, label)
    return folder


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"0.5,1\n")


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-400, os.SEEK_END)
        file.write(b"7")


CHANGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "grown": _append,
    "overwritten": _overwrite,
    "replaced": lambda path: path.with_stem("other").replace(path),
    "deleted": Path.unlink,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("suffix", "jobs"),
    [*((suffix, 1) for suffix in SUFFIXES), *((cut, 2) for cut in (".csv", ".npy", ".parquet"))],
)
def test_a_file_that_changes_while_it_is_read_is_no_result(
    suffix: str,
    jobs: int,
    change: str,
    tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "WORTH_CUTTING", 0)
    path = tmp_path / f"t{suffix}"
    for one in (path, path.with_stem("other")):
        shutil.copy(tables / one.name, one)
    columns = {"pred_col": "0", "label_col": "1"} if suffix == ".npy" else {}
    plan = api.plan_of("bce", path, jobs=jobs, **columns)  # type: ignore[arg-type]
    changed = threading.Event()

    def tell(rows: int, _: int) -> None:
        if rows and not changed.is_set():
            changed.set()
            CHANGES[change](path)

    with pytest.raises(DataError) as caught:
        scoring.run(plan, None, tell)
    assert str(path) in str(caught.value)
    assert changed.is_set()


class TestSignals:
    """Whenever it is told to end it does, quietly, and takes its temporary files along."""

    @pytest.fixture(name="pipe")
    def _pipe(self, tmp_path: Path) -> Iterator[Path]:
        os.mkfifo(tmp_path / "in.csv")
        stop = threading.Event()

        def feed() -> None:
            """Write slowly, to whoever reads, without an end."""
            while not stop.is_set():
                with suppress(OSError):
                    handle = os.open(tmp_path / "in.csv", os.O_WRONLY | os.O_NONBLOCK)
                    try:
                        os.write(handle, b"pred,label\n")
                        while not stop.wait(0.005):
                            os.write(handle, b"1,2\n" * 200)
                    finally:
                        os.close(handle)
                stop.wait(0.005)

        thread = threading.Thread(target=feed)
        thread.start()
        yield tmp_path / "in.csv"
        stop.set()
        thread.join()

    @pytest.mark.parametrize(
        ("arguments", "until"),
        [
            (["mse", "in.csv", "--per-row", "out.csv"], 0.7),  # imports, then a pipe
            (["bce", "f.csv", "--per-row", "out.csv"], 0.4),  # reads, computes, writes
            (["bce", "x.csv", "y.csv", "--id", "id", "--per-row", "out.csv"], 0.7),
        ],
    )
    @pytest.mark.parametrize(
        ("numbers", "code"),
        [
            ([signal.SIGTERM], 143),
            ([signal.SIGHUP, signal.SIGHUP], 143),
            ([signal.SIGINT, signal.SIGINT], 130),
        ],
    )
    def test_at_any_time(
        self,
        arguments: list[str],
        until: float,
        numbers: list[signal.Signals],
        code: int,
        content: str,
        pipe: Path,
        write: Write,
    ) -> None:
        folder = pipe.parent
        rows = [f"{i},{row}" for i, row in enumerate(content.splitlines()[1:])]
        write("x.csv", "id,prob\n" + "\n".join(row.rpartition(",")[0] for row in rows))
        write("y.csv", "id,label\n" + "\n".join(f"{i},{i % 2}" for i in reversed(range(len(rows)))))
        out = write("out.csv", "old")
        for delay in np.linspace(0.08, until, 7)[numbers[0] % 3 :: 3]:  # before, Python starts
            with subprocess.Popen(
                [*PROGRAM, *arguments],
                cwd=folder,
                env=ENVIRONMENT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            ) as process:
                time.sleep(delay)
                for number in numbers:
                    process.send_signal(number)
                _, said = process.communicate(timeout=20)
            ended = process.returncode
            assert left(folder) == []
            assert out.read_text() == "old" or len(out.read_text().splitlines()) == ROWS + 1
            out.write_text("old")
            if ended not in {-numbers[0], 0, 1}:  # Python had not started, or all was done
                assert (ended, said) == (code, b"")

    def test_an_ignored_hangup_stays_ignored(self, pipe: Path) -> None:
        with subprocess.Popen(
            ["nohup", *PROGRAM, "mse", "in.csv"],  # noqa: S607
            cwd=pipe.parent,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            time.sleep(0.5)
            process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.3)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 143


def test_memory_that_is_not_there_is_no_bug_of_ours(tmp_path: Path) -> None:
    schema = pa.schema([("pred", pa.float64()), ("label", pa.float64())])
    zeros = pa.array(np.zeros(30_000_000))
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(tmp_path / "f.arrow", schema, options=options) as writer:
        writer.write_batch(pa.record_batch([zeros, zeros], schema=schema))
    limit = 600 * 2**20
    found = run(
        tmp_path,
        *("mse", "f.arrow"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert (found.code, found.out) == (3, "")
    assert found.err.startswith("error: there is not enough memory")


def test_a_silent_store_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "TIMEOUT", 0.5)
    monkeypatch.setattr(stores, "_TRIES", 1)
    stores._s3.cache_clear()  # noqa: SLF001
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "5ecret")
        start = time.monotonic()
        with pytest.raises(DataError, match="cannot read from the store"):
            streams.open_file("s3://bucket/t.csv")
        assert time.monotonic() - start < 10
    stores._s3.cache_clear()  # noqa: SLF001
