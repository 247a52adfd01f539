"""What tells labels (and ids) from others, whatever their order.

A row is hashed to 128 bits; the hashes are added. Equal sums of as many rows mean equal labels, for
all that chance can do; it is no defence against somebody who wants two sets to agree.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lossctl.block import Block, Floats, RowLosses
from lossctl.numbers import spelled, to_number
from lossctl.texts import Keys, Names

Words = npt.NDArray[np.uint64]
_LANES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
# Stafford's variant 13 of the finalizer of MurmurHash3: a one-to-one mix of 64 bits.
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Fingerprint:
    """Sums of the hashes of rows, modulo 2^64 each. ``+`` is commutative and associative."""

    sums: tuple[int, int] = (0, 0)

    def add(self, block: Block, _: RowLosses) -> Fingerprint:
        """Return the fingerprint with a block's rows added."""
        if block.shown is None:
            raise AssertionError("rows that have a fingerprint must carry their labels")
        return self + Fingerprint(tuple(self._sum(block, lane) for lane in _LANES))  # type: ignore[arg-type]

    def _sum(self, block: Block, lane: np.uint64) -> int:
        shown = block.shown
        assert shown is not None  # noqa: S101
        words = np.full(len(block.prediction), lane)
        labels: Sequence[Names | Floats] = shown.labels
        if block.label.ndim == 2 and len(labels) < block.label.shape[1]:  # rows of classes
            labels = list(np.asarray(block.label, dtype=np.float64).T)
        columns = [*labels, *([] if shown.keys is None else [shown.keys])]
        for column in columns:
            words = _mixed((words * np.uint64(3)) ^ _hashes(column, lane))
        return int(np.add.reduce(words, dtype=np.uint64))

    def __add__(self, other: Fingerprint) -> Fingerprint:
        """Return the fingerprint of the rows of both."""
        (a, b), (c, d) = self.sums, other.sums
        return Fingerprint(((a + c) & _MASK, (b + d) & _MASK))

    def __str__(self) -> str:
        """Return the 32 digits."""
        return "".join(f"{part:016x}" for part in self.sums)


def _mixed(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def _hashes(column: Names | Floats | Keys, lane: np.uint64) -> Words:
    """Return a hash of each cell: of the text, or of the number, of which −0 is 0."""
    if isinstance(column, Names):
        return np.array([_of_text(text, lane) for text in column.texts], np.uint64)[column.codes]
    if isinstance(column, Keys):
        return np.array([_of_text(text, lane) for text in column.tolist()], np.uint64)
    return _mixed((np.asarray(column, dtype=np.float64) + 0.0).view(np.uint64) + lane)


def _of_text(text: str, lane: np.uint64) -> int:
    """Return the hash of a text; of one that is how a number is spelled, the number's."""
    text = text.strip()
    number = to_number(text)
    if number is not None and math.isfinite(number) and spelled(number) == text:
        return int(_hashes(np.array([number]), lane)[0])
    data = text.encode("utf-8", "surrogateescape")
    key = int(lane).to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=key).digest(), "little")
