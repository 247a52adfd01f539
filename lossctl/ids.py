"""Looking up ids: texts, byte for byte, at the speed of arrays.

An id of up to 7 bytes fits a 64-bit word together with its length, so that equal words are equal
ids. A longer one is hashed, and what is found is compared byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lossctl.texts import Keys

Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
_SHORT = 7
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)
_TOP = np.uint64(56)
_LONG_TAG = np.uint64(0xFF << 56)  # no short id has this length
# Odd constants and shifts whose product is a one-to-one mix of 64 bits (Stafford's variant 13 of
# the finalizer of MurmurHash3).
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class Index:
    """The ids of one side. ``duplicates`` are rows whose id stands in a row before them."""

    keys: Keys
    seed: int
    sorted: Words
    order: Rows
    starts: Rows
    shift: np.uint64
    duplicates: Rows

    @classmethod
    def of(cls, keys: Keys) -> Index:
        """Index some ids."""
        for seed in range(64):
            words = _mixed(_words(keys, seed))
            order = np.argsort(words)
            ordered = words[order]
            again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
            if len(again):  # which of them comes first is asked only now: this sort is slower
                order = np.argsort(words, kind="stable")
            if _same(keys, order[again], keys, order[again - 1]).all():
                break  # else two different ids have one hash: try other hashes
        bits = max(1, len(keys).bit_length())
        shift = np.uint64(64 - bits)
        counts = np.bincount((ordered >> shift).astype(np.int64), minlength=1 << bits)
        starts = np.concatenate([[0], np.cumsum(counts)])
        return cls(keys, seed, ordered, order, starts, shift, np.sort(order[again]))

    def find(self, keys: Keys) -> Rows:
        """Return for each id the row in which it stands here, or −1."""
        words = _mixed(_words(keys, self.seed))
        places = self.starts[(words >> self.shift).astype(np.int64)]
        found = np.full(len(keys), -1, dtype=np.int64)
        pending = np.arange(len(keys))
        while len(pending):
            here, wanted = places[pending], words[pending]
            inside = here < len(self.sorted)
            there = self.sorted[np.minimum(here, len(self.sorted) - 1)]
            hit = inside & (there == wanted)
            found[pending[hit]] = self.order[here[hit]]
            pending = pending[inside & (there < wanted)]
            places[pending] += 1
        rows = np.flatnonzero(found >= 0)
        wrong = rows[~_same(keys, rows, self.keys, found[rows])]
        found[wrong] = -1
        return found


def _mixed(words: Words) -> Words:
    """Spread the words over all 64 bits; different words stay different."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def _view(keys: Keys) -> Words:
    """Return the 8 bytes from each byte on, as words; the last ones are followed by zeros."""
    padded = np.concatenate([keys.data, np.zeros(8, np.uint8)])
    return np.ndarray((len(keys.data) + 1,), "<u8", padded, strides=(1,))


def _words(keys: Keys, seed: int) -> Words:
    """Return a word for each id: itself if it is short, else a hash of it."""
    view, starts, lengths = _view(keys), keys.offsets[:-1], np.diff(keys.offsets)
    words: Words = view[starts] & _MASKS[np.minimum(lengths, _SHORT)]
    words |= np.minimum(lengths, _SHORT).astype(np.uint64) << _TOP
    long = np.flatnonzero(lengths > _SHORT)
    if len(long):
        words[long] = (
            _hashes(view, starts[long].astype(np.int64), lengths[long].astype(np.int64), seed)
            | _LONG_TAG
        )
    return words


def _hashes(view: Words, starts: Rows, lengths: Rows, seed: int) -> Words:
    hashes: Words = _mixed(lengths.astype(np.uint64) + np.uint64(seed << 32))
    for first in range(0, int(lengths.max()), 8):
        more = np.flatnonzero(lengths > first)
        part = view[starts[more] + first] & _MASKS[np.minimum(lengths[more] - first, 8)]
        hashes[more] = _mixed(hashes[more] ^ part) + np.uint64(first)
    return hashes


def _same(left: Keys, rows: Rows, right: Keys, others: Rows) -> npt.NDArray[np.bool_]:
    """Whether pairs of ids whose words are equal are equal themselves."""
    lengths = left.offsets[rows + 1] - left.offsets[rows]
    same = np.asarray(lengths == right.offsets[others + 1] - right.offsets[others])
    check = np.flatnonzero(same & (lengths > _SHORT))
    if len(check):
        mine, theirs = _view(left), _view(right)
        starts, other_starts = left.offsets[rows[check]], right.offsets[others[check]]
        for first in range(0, int(lengths[check].max()), 8):
            mask = _MASKS[np.clip(lengths[check] - first, 0, 8)]
            at, other_at = (
                np.minimum(s + first, len(view) - 1)
                for s, view in ((starts, mine), (other_starts, theirs))
            )
            same[check] &= (mine[at] & mask) == (theirs[other_at] & mask)
    return same
