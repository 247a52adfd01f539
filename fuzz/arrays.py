"""NumPy's files: arrays are what NumPy loads, or an error."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import lossctl
from fuzz.target import Choices, answer, is_error, same, target, written
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.table import Request

_TYPES = (
    *("<f8", "<f4", "<f2", "<f16", ">f8", "<i8", "|i1", "<u8", ">u2", "|b1", "<c16", "<U1", "<U0"),
    *("|S2", "|S0", "|O", "<M8[s]", "|V4", "<U300", "=f8", "f", "d", "g", "|S1000000000"),
)
_SHAPES = (
    *("(3,)", "(3, 1)", "(2, 3)", "(0,)", "(3, 0)", "(0, 3)", "()", "(-3,)", "(-1, -3)", "(True,)"),
    *("(3L,)", "(2, 1, 2)", "(1 << 62,)", "(4611686018427387904, 4)", "(1, 99999999999)", "3"),
    *("(3.0,)", "[3]", "(1,) * 40", "(1, 1, 1, 1, 1, 1, 1, 3)", "(2, 4611686018427387904)"),
)


def npy(descr: str, shape: str, data: bytes, *, fortran: str = "False", version: int = 1) -> bytes:
    """Return a file with that header, whatever it says."""
    said = descr if descr.startswith("[") else repr(descr)
    header = f"{{'descr': {said}, 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    size = 10 if version == 1 else 12
    header += b" " * (-(size + len(header) + 1) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def npy_seeds() -> Iterator[bytes]:
    """Yield files as they are written, and headers of every type and shape."""
    for array in (np.arange(3.0), np.eye(2), np.asfortranarray(np.eye(3)), np.array(["a", "bé"])):
        buffer = io.BytesIO()
        np.save(buffer, array)
        yield b"\0" + buffer.getvalue()
    for i in range(len(_TYPES)):
        for j in range(len(_SHAPES)):
            yield bytes([1, i, j, (i + j) % 2, 1 + j % 3, 48]) + bytes(range(48)) + bytes([i % 2])


def _made(choices: Choices) -> bytes:
    descr, shape = choices.one(_TYPES), choices.one(_SHAPES)
    fortran, version = choices.one(("False", "True")), choices.one((1, 2, 3))
    return npy(descr, shape, choices.some(200), fortran=fortran, version=version)


def _rows(path: str) -> Any:
    def read() -> Any:
        table = open_tables([path], InputOptions()).tables[0]
        places = tuple(range(min(4, len(table.columns))))
        if table.columns[0].kind == "text":
            batches = list(table.read(Request(names=places, keys=places[:1])))
            return [[t for b in batches for t in b.names[i].tolist()] for i in places]
        places = tuple(c.position for c in table.columns[:4] if c.kind == "number")
        batches = list(table.read(Request(places, places[:1], places[:1])))
        return np.concatenate([batch.numbers for batch in batches]).T.tolist()

    return answer(read)


def _expected(content: bytes) -> Any:
    """Return what NumPy loads, as rows of columns; None if it does not."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
        array = array.reshape(-1, 1 if array.ndim == 1 else array.shape[-1])[:, :4]
        if array.dtype.kind in "biuf":
            return array.astype(np.float64).T.tolist()
    except Exception:  # noqa: BLE001  # NumPy raises whatever it meets
        return None
    return None


@target(npy_seeds)
def npy_files(data: bytes) -> None:
    """Any header, any data, packed or not."""
    choices = Choices(data)
    content = _made(choices) if choices.below(2) else choices.rest()
    found = _rows(written("f.npy", content))
    expected = _expected(content)
    if not is_error(found) and expected is not None:
        same(expected, found)
    packed = _rows(written("f.npy.gz", gzip.compress(content, 1)))
    assert is_error(packed) == is_error(found), (found, packed)
    if not is_error(found):
        same(found, packed)
    path = written("f.npy", content)
    answer(lambda: lossctl.score("mse", path, path))
    answer(lambda: lossctl.score("ce", path, path, classes="a,b,c"))


def npz_seeds() -> Iterator[bytes]:
    """Yield archives as they are written, raw and in pieces."""
    for save in (np.savez, np.savez_compressed):
        for arrays in (
            {"predictions": np.arange(3.0), "labels": np.arange(3)},
            {"predictions": np.eye(3), "labels": np.arange(3), "id": np.array(["a", "b", "c"])},
            {"x": np.arange(3.0)},
        ):
            buffer = io.BytesIO()
            save(buffer, **arrays)
            yield b"\0" + buffer.getvalue()
    for method in range(5):
        for name in range(8):
            yield bytes([1, method, name, 0, 0, 0, 1, 24]) + bytes(24) + bytes([method, 1])


_MEMBERS = (
    *(
        "predictions.npy",
        "labels.npy",
        "id.npy",
        "../../predictions.npy",
        "/etc/labels.npy",
        ".npy",
    ),
    *("weights.npy", "x", "é.npy", "a\\b.npy"),
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def _archive(choices: Choices) -> bytes:
    buffer = io.BytesIO()
    method = choices.one(_METHODS)
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for i in range(1 + choices.below(3)):
            name = _MEMBERS[i] if choices.below(3) else choices.one(_MEMBERS)
            if name not in archive.namelist():
                archive.writestr(name, _made(choices))
    content = bytearray(buffer.getvalue())
    for _ in range(choices.below(4)):  # bytes of the headers and the data
        place = choices.below(256) + 256 * choices.below(4)
        content[place % len(content)] ^= 1 << choices.below(8)
    return bytes(content)


@target(npz_seeds, longest=1500)
def npz_files(data: bytes) -> None:
    """Any archive, and archives that are damaged: every array has a checksum."""
    choices = Choices(data)
    content = _archive(choices) if choices.below(2) else choices.rest()
    path = written("f.npz", content)
    for name in ("", ":predictions"):
        found = _rows(path + name)
        if not is_error(found):
            try:
                with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                    names = [n for n in archive.files if n != "id"]
                    wanted = "predictions" if "predictions" in names else names[0]
                    array = archive[wanted]
            except (ValueError, TypeError, zipfile.BadZipFile, zlib.error):
                continue  # a shape of (True,) is one row, but not to NumPy in Fortran's order
            if isinstance(array, np.ndarray) and array.dtype.kind in "biuf" and array.ndim:
                array = array.reshape(-1, 1 if array.ndim == 1 else array.shape[-1])[:, :4]
                with np.errstate(all="ignore"):  # of long doubles that are none in float64
                    expected = array.astype(np.float64)
                same(expected.T.tolist(), found)
    answer(lambda: lossctl.score("mse", path))
    answer(lambda: lossctl.score("ce", path, worst=2))
