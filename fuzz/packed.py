"""Compressed texts: what they hold, or an error; never a part of it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

import lossctl
from fuzz.seeds import TEXTS
from fuzz.target import Choices, answer, is_error, same, target, written


def _zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, "zstd", asbytes=True))


_PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, 1, mtime=0),
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": _zstd,
}
_UNPACK: dict[str, Any] = {"gz": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}
_SUFFIXES = tuple(_PACK)


def raw_seeds() -> Iterator[bytes]:
    """Yield packed texts behind a byte that chooses the suffix."""
    for i, pack in enumerate(_PACK.values()):
        for text in TEXTS[:4]:
            yield bytes([i]) + pack(text)
        yield bytes([i]) + pack(TEXTS[0]) + pack(b"3,4\n")


def seeds() -> Iterator[bytes]:
    """Yield texts behind bytes that choose what becomes of them."""
    for i in range(4):
        for damage in range(7):
            yield bytes([i, damage, 9, 40, 3]) + TEXTS[0] + b"3,4\n" * 10


def _score(path: str) -> Any:
    return answer(lambda: _told(lossctl.score("mse", path)))


def _told(result: Any) -> Any:
    return result.value, result.n, result.columns


@target(raw_seeds)
def packed(data: bytes) -> None:
    """Any bytes: if they are scored, the standard library unpacks them to the same."""
    choices = Choices(data)
    suffix = choices.one(_SUFFIXES)
    content = choices.rest()
    found = _score(written(f"f.csv.{suffix}", content))
    if is_error(found):
        return
    kinds = {b"\x1f\x8b": "gz", b"BZ": "bz2", b"\xfd7": "xz"}
    kind = kinds.get(content[:2])
    if kind is not None and not (kind == "bz2" and not content.startswith(b"BZh")):
        try:
            plain = _UNPACK[kind](content)
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            plain = content if kind == "bz2" else b""
        same(found, _score(written("f.csv", plain)))


def _cut(first: bytes, by: int) -> bytes:
    return first[: max(1, len(first) - 1 - by)]


def _flipped(first: bytes, place: int) -> bytes:
    changed = bytearray(first)
    changed[place % len(first)] ^= 1 << place % 8
    return bytes(changed)


@target(seeds)
def frames(data: bytes) -> None:
    """A packed text that is damaged is an error; what is in several frames is all of it."""
    choices = Choices(data)
    kind, damage = choices.one(_SUFFIXES), choices.below(6)
    place, half = choices.below(256), choices.below(64)
    text = choices.rest()
    pack, first = _PACK[kind], _PACK[kind](text)
    name = f"f.csv.{kind}"
    if damage == 0:
        assert is_error(_score(written(name, _cut(first, half))))
    elif damage == 1:
        assert is_error(_score(written(name, first + bytes([1 + place % 255]) * (1 + half))))
    elif damage == 2:
        found = _score(written(name, _flipped(first, place)))
        whole = _score(written(name, first))
        assert is_error(found) or kind == "zst" or found == whole, (found, whole)
    else:
        parts = {
            3: (first,) if kind == "zst" else (first, bytes(4 * half)),  # zeros are padding
            4: (first, pack(text[half:])),
            5: (pack(text[:half]), pack(text[half:])),
        }[damage]
        found = _score(written(name, b"".join(parts)))
        plain = _score(written("f.csv", text + text[half:] if damage == 4 else text))
        assert found.replace(f".{kind}", "") == plain if is_error(found) else found == plain
