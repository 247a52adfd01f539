"""What tells labels (and ids) from others, whatever their order.

A row is hashed to 128 bits; the hashes are added. Equal sums of as many rows mean equal labels, for
all that chance can do; it is no defence against somebody who wants two sets to agree.
"""

from __future__ import annotations

import math

import numpy as np

from lossctl.block import Block, Floats, RowLosses
from lossctl.ids import Ids, Words, mixed
from lossctl.numbers import spelled, to_number
from lossctl.texts import Keys
from lossctl.values import dataclass

_LANES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)  # odd: different numbers stay different
_MASK = (1 << 64) - 1
_BLANK = ord(" ")


@dataclass(frozen=True)
class Fingerprint:
    """Sums of the hashes of rows, modulo 2^64 each. ``+`` is commutative and associative.

    A label is what it means: the ``names`` of its class, or its number; that of a row of several
    columns does not depend on the order of their names.
    """

    names: tuple[str, ...]
    sums: tuple[int, int] = (0, 0)

    def add(self, block: Block, _: RowLosses) -> Fingerprint:
        """Return the fingerprint with a block's rows added."""
        first, second = (_sum(self.of_rows(block, lane)) for lane in _LANES)
        return self + Fingerprint(self.names, (first, second))

    def of_rows(self, block: Block, lane: np.uint64) -> Words:
        """Return a word for each row: of its label, and of its id if it has one."""
        words = mixed(self.of_labels(block, lane) + lane)
        if block.shown is not None and block.shown.keys is not None:
            words = mixed(words ^ mixed(_of_keys(block.shown.keys) + lane))
        return words

    def of_labels(self, block: Block, lane: np.uint64 = _LANES[0]) -> Words:
        """Return a word for each row's label."""
        names = np.array([_of_text(name, lane) for name in self.names], np.uint64)
        if block.label.ndim == 1:
            return names[block.label.astype(np.int64)]
        label = np.asarray(block.label, dtype=np.float64)
        words = np.zeros(len(label), np.uint64)
        one = _numbers(np.ones(1), lane)
        for column, name in zip(label.T, names, strict=True):  # a row of one 1 is the class's name
            cells = mixed((_numbers(column, lane) - one) * _SPREAD) + name
            words += np.where((column == 0) & (len(names) > 1), np.uint64(0), cells)
        return words

    def __add__(self, other: Fingerprint) -> Fingerprint:
        """Return the fingerprint of the rows of both."""
        (a, b), (c, d) = self.sums, other.sums
        return Fingerprint(self.names, ((a + c) & _MASK, (b + d) & _MASK))

    def __str__(self) -> str:
        """Return the 32 digits."""
        return "".join(f"{part:016x}" for part in self.sums)


@dataclass(frozen=True)
class Identity:
    """The fingerprint of labels, and beside it the same of whole rows, with their predictions.

    ``+`` is commutative and associative.
    """

    labels: Fingerprint
    sums: tuple[int, int] = (0, 0)

    def add(self, block: Block, _: RowLosses) -> Identity:
        """Return the identity with a block's rows added."""
        bits = np.ascontiguousarray(block.prediction).view(np.uint64)
        predictions = np.bitwise_xor.reduce(bits, axis=1)
        labels = [self.labels.of_rows(block, lane) for lane in _LANES]
        (a, c), (b, d) = (
            (_sum(words), _sum(mixed(words ^ mixed(predictions + lane))))
            for words, lane in zip(labels, _LANES, strict=True)
        )
        return self + Identity(Fingerprint(self.labels.names, (a, b)), (c, d))

    def __add__(self, other: Identity) -> Identity:
        """Return the identity of the rows of both."""
        (a, b), (c, d) = self.sums, other.sums
        return Identity(self.labels + other.labels, ((a + c) & _MASK, (b + d) & _MASK))


def _sum(words: Words) -> int:
    return int(np.add.reduce(words, dtype=np.uint64))


def _numbers(values: Floats, lane: np.uint64) -> Words:
    """Return a hash of each number, of which −0 is 0."""
    return mixed((values + 0.0).view(np.uint64) + lane)


def _of_keys(keys: Keys) -> Words:
    """Return a word for each key, without blanks around it: its value, or a hash of its text."""
    starts, ends = keys.offsets[:-1], keys.offsets[1:]
    some = np.flatnonzero(ends > starts)
    edges = np.concatenate([keys.data[starts[some]], keys.data[ends[some] - 1]])
    if edges.min(initial=_BLANK + 1) <= _BLANK:
        keys = Keys.of([text.strip() for text in keys.tolist()])
    return Ids.of(keys).words


def _of_text(text: str, lane: np.uint64) -> int:
    """Return the hash of a text; of one that is how a number is spelled, the number's."""
    text = text.strip()
    number = to_number(text)
    if number is not None and math.isfinite(number) and spelled(number) == text:
        return int(_numbers(np.array([number]), lane)[0])
    import hashlib  # noqa: PLC0415  # 3 ms, and few ask for a fingerprint

    data = text.encode("utf-8", "surrogateescape")
    key = int(lane).to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=key).digest(), "little")
