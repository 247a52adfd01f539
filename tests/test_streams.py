"""Pipes and compressed files: the same bits as files, or an error that says what is wrong."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from processes import ENVIRONMENT, Run, piped

from lossctl.errors import DataError
from lossctl.result import Result

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "zst": lambda data: bytes(pa.compress(data, "zstd", asbytes=True)),
    "xz": lzma.compress,
}
ROWS = 60_000  # more than a block


@pytest.fixture(name="content", scope="module")
def _content() -> bytes:
    rng = np.random.default_rng(3)
    rows = zip(rng.random(ROWS).tolist(), rng.integers(0, 2, ROWS).tolist(), strict=True)
    return b"prob,label\n" + b"".join(b"%r,%d\n" % row for row in rows)


@pytest.fixture(name="value")
def _value(content: bytes, scored: Score, write: Write) -> float:
    write("plain.csv", content)
    return scored("bce", "plain.csv").value


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_compressed_text_gives_the_same_bits(
    kind: str, content: bytes, value: float, scored: Score, write: Write
) -> None:
    pack = COMPRESSORS[kind]
    half = content.index(b"\n", len(content) // 2) + 1
    write(f"one.csv.{kind}", pack(content))
    write(f"two.csv.{kind}", pack(content[:half]) + pack(content[half:]))
    write("misnamed.csv", pack(content))
    write(f"unpacked.csv.{kind}", content)
    for name in (f"one.csv.{kind}", f"two.csv.{kind}", "misnamed.csv", f"unpacked.csv.{kind}"):
        assert scored("bce", name).value == value


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *((kind, damage) for kind in COMPRESSORS for damage in ("cut", "garbage", "second cut")),
        *((kind, "flipped") for kind in COMPRESSORS if kind != "zst"),  # it has no checksum here
    ],
)
def test_damaged_files_are_no_short_files(
    kind: str, damage: str, content: bytes, scored: Score, write: Write
) -> None:
    packed = COMPRESSORS[kind](content)
    middle = len(packed) // 2
    damaged = {
        "cut": packed[:-9],
        "garbage": packed + b"garbage after the end",
        "second cut": packed + packed[:40],
        "flipped": packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1 :],
    }[damage]
    write(f"f.csv.{kind}", damaged)
    with pytest.raises(DataError) as caught:
        scored("bce", f"f.csv.{kind}")
    if damage != "flipped":  # then the text may be wrong before the checksum is met
        assert "the compressed data are damaged or end too early" in str(caught.value)


@pytest.mark.parametrize("kind", ["plain", *COMPRESSORS])
def test_standard_input_gives_the_same_bits(
    kind: str, content: bytes, value: float, tmp_path: Path
) -> None:
    data = COMPRESSORS[kind](content) if kind != "plain" else content
    run = piped(tmp_path, data, "bce", "-", "--value")
    assert (run.code, run.out, run.err) == (0, f"{value!r}\n", "")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("axes", [(30_000, 4), (300, 100, 4)])
def test_arrays_on_standard_input(
    order: str, axes: tuple[int, ...], scored: Score, save: Save, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    logits = np.array(rng.normal(size=axes), order=order)  # type: ignore[call-overload]
    data = save("x.npy", logits).read_bytes()
    save("y.npy", rng.integers(0, 4, axes[:-1]))
    expected = scored("ce", "x.npy", "y.npy", form="logits").value
    run = piped(tmp_path, data, "ce", "-", "y.npy", "--from", "logits", "--value")
    assert (run.code, run.out) == (0, f"{expected!r}\n")
    (tmp_path / "x.npy.gz").write_bytes(gzip.compress(data, 1))
    assert scored("ce", "x.npy.gz", "y.npy", form="logits").value == expected
    for cut, message in ((data[:-8], "is truncated"), (data + b"12345678", "goes on after")):
        run = piped(tmp_path, cut, "ce", "-", "y.npy", "--from", "logits", "--value")
        assert (run.code, run.out) == (3, "")
        assert message in run.err
        assert "standard input" in run.err


def test_labels_on_standard_input(content: bytes, value: float, tmp_path: Path) -> None:
    labels = b"\n".join(line.split(b",")[1] for line in content.splitlines())
    (tmp_path / "p.csv").write_bytes(
        b"\n".join(line.split(b",")[0] for line in content.splitlines())
    )
    run = piped(tmp_path, labels, "bce", "p.csv", "-", "--value")
    assert (run.code, run.out) == (0, f"{value!r}\n")


def test_named_pipes_are_read_once(content: bytes, value: float, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(content)
    command = f"{sys.executable} -m lossctl bce <(cut -d, -f1 f.csv) <(cut -d, -f2 f.csv) --value"
    done = subprocess.run(
        ["bash", "-c", command],  # noqa: S607
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{value!r}\n", "")


def test_a_pipe_whose_first_values_come_late_is_kept_until_they_are_known(tmp_path: Path) -> None:
    late = b"pred,label\n" + b",1\n" * 300_000 + b"0.5,1\n"
    run = piped(tmp_path, late, "mse", "-", "--nan", "skip", "--value")
    assert (run.code, run.out) == (0, "0.25\n")


def test_lines_of_faults_are_known_in_a_pipe(content: bytes, tmp_path: Path) -> None:
    for bad, column in ((b"oops,1", "prob"), (b"0.5,7", "label"), (b"0.5,1,1", None)):
        run = piped(tmp_path, content + bad + b"\n0.5,1\n", "bce", "-")
        assert (run.code, run.out) == (3, "")
        where = f"standard input, line {ROWS + 2}"
        assert (f"{where}, column '{column}'" if column else where) in run.err


def test_the_format_of_a_pipe(tmp_path: Path, write: Write) -> None:
    data = b"pred\tlabel\n0.5\t1\n"
    assert piped(tmp_path, data, "mse", "-", "--input-format", "tsv", "--value").out == "0.25\n"
    run = piped(tmp_path, data, "mse", "-", "--input-format", "npy")
    assert (run.code, "not a NumPy file" in run.err) == (3, True)
    run = piped(tmp_path, data, "mse", "-", "--input-format", "xlsx")
    assert (run.code, "--input-format is not 'xlsx'" in run.err) == (2, True)
    write("odd.dat", data)
    run = piped(tmp_path, b"", "mse", "odd.dat")
    assert (run.code, "--input-format" in run.err) == (3, True)
    run = piped(tmp_path, b"", "mse", "odd.dat", "--input-format", "csv", "--value")
    assert (run.code, run.out) == (0, "0.25\n")


def test_what_cannot_be_read_twice(tmp_path: Path) -> None:
    assert piped(tmp_path, b"", "mse", "-", "-").code == 2
    run = piped(tmp_path, b"1\n2\n", "mse", "-", "/dev/stdin")
    assert (run.code, "two inputs are the same stream" in run.err) == (3, True)
    run = piped(tmp_path, b"", "mse", "-")
    assert (run.code, "the file is empty, standard input" in run.err) == (3, True)


def test_standard_input_is_read_only_when_it_is_asked_for(tmp_path: Path, write: Write) -> None:
    write("f.csv", "pred,label\n1,2\n")
    read, held = os.pipe()  # nobody will ever write to it
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lossctl", "mse", "f.csv", "--value"],
            stdin=read,
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(read)
        os.close(held)
    assert (done.returncode, done.stdout) == (0, "1.0\n")
