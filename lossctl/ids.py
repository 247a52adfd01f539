"""Ids as 64-bit words, which arrays compare and look up at their own speed.

Ids are text: 7, 007 and 7.0 are three. But most are whole numbers as everybody writes them, and
such a text and its value tell each other: the value is then the word, and the text is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lossctl.texts import BYTES, Keys
from lossctl.values import dataclass

Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
Places = npt.NDArray[np.integer[Any]]
_STEP = 16_000  # rows: their words are few enough not to be mapped anew each time
# Odd constants and shifts whose product is a one-to-one mix of 64 bits (Stafford's variant 13 of
# the finalizer of MurmurHash3).
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

_MINUS, _BYTE = np.uint64(ord("-")), np.uint64(0xFF)
_MAX_DIGITS = 19  # so many fit a word, and hold all of int64
_POWERS = np.array([10**n for n in range(9)], dtype=np.uint64)
# The smallest number of so many digits: what is less has leading zeros. Of none there is none.
_SMALLEST = np.array([2**64 - 1, 0, *(10**n for n in range(1, _MAX_DIGITS))], dtype=np.uint64)
_LARGEST = np.uint64(2**63 - 1)
_ZEROS = np.uint64(int.from_bytes(b"00000000", "little"))
_TO_HIGH = np.uint64(0x7676767676767676)  # takes a byte above 9 to its highest bit
_HIGH = np.uint64(0x8080808080808080)


@dataclass(frozen=True, eq=False)
class Ids:
    """A column of ids. ``texts`` are those that are no numbers, "" for numbers; None: all are."""

    words: Words
    texts: Keys | None

    @property
    def consistent(self) -> bool:
        """Whether there is a word for each text."""
        return self.texts is None or len(self.texts) == len(self)

    @classmethod
    def of(cls, keys: Keys) -> Ids:
        """Return ids as they stand in a file; none is empty."""
        words, whole = _whole_numbers(keys)
        if whole.all():
            return cls(words, None)
        others = np.flatnonzero(~whole)
        texts = keys if len(others) == len(keys) else keys.only(~whole)
        words[others] = _hashes(texts, others)
        return cls(words, texts)

    @classmethod
    def joined(cls, parts: Sequence[Ids]) -> Ids:
        """Return the rows of several columns, one after the other."""
        words = np.concatenate([part.words for part in parts])
        if all(part.texts is None for part in parts):
            return cls(words, None)
        return cls(words, Keys.joined([part.texts or Keys.blank(len(part)) for part in parts]))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.words)

    def take(self, rows: Rows) -> Ids:
        """Return the rows of these numbers, in their order."""
        return Ids(self.words[rows], None if self.texts is None else self.texts.take(rows))

    def text(self, row: int) -> str:
        """Return the id of a row as it stands in the file."""
        text = "" if self.texts is None else self.texts.text(row)
        return text or str(self.words[row].astype(np.int64))

    def same(self, rows: Rows, other: Ids, others: Rows) -> Marks:
        """Tell which pairs of ids, these and those of another column, are equal."""
        same = np.asarray(self.words[rows] == other.words[others])
        if self.texts is not None or other.texts is not None:
            check = np.flatnonzero(same)
            texts = other.texts or Keys.blank(len(other))
            mine = self.texts or Keys.blank(len(self))
            same[check] = mine.same(rows[check], texts, others[check])
        return same


def mixed(words: Words) -> Words:
    """Spread words over all 64 bits; different words stay different."""
    words = words ^ (words >> np.uint64(30))
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
    return words


def _whole_numbers(keys: Keys) -> tuple[Words, Marks]:
    """Return the values of ids that are spelt as Python spells an int64, and tell which these are.

    The steps are small, so that what is in between stays in cache, and in memory that is there.
    """
    starts, lengths = keys.starts, keys.lengths
    values, whole = np.empty(len(keys), np.uint64), np.empty(len(keys), np.bool_)
    for first in range(0, len(keys), _STEP):
        rows = slice(first, first + _STEP)
        values[rows], whole[rows] = _numbers_among(keys.words, starts[rows], lengths[rows])
    return values, whole


def _numbers_among(cells: Words, starts: Places, lengths: Places) -> tuple[Words, Marks]:
    """Do it for cells that start at these places and are so long; eight digits at a time."""
    first = cells[starts]
    negative = (first & _BYTE) == _MINUS
    if negative.any():
        starts, lengths = starts + negative, lengths - negative
        first = cells[starts]
    whole = lengths <= _MAX_DIGITS
    lengths = np.minimum(lengths, _MAX_DIGITS)
    values = np.zeros(len(starts), dtype=np.uint64)
    for before in range(0, int(lengths.max()), 8):
        here = np.clip(lengths - before, 0, 8)
        digits = (cells[starts + before] if before else first) ^ _ZEROS
        digits <<= (64 - 8 * here).astype(np.uint64)  # by 64 if there are none: 0
        whole &= ((digits + _TO_HIGH) | digits) & _HIGH == 0
        if before:
            values *= _POWERS.take(here)
        values += _value(digits)
    whole &= (values >= _SMALLEST.take(lengths)) & (values <= _LARGEST + negative)
    if negative.any():
        whole &= (values > 0) | ~negative
        np.negative(values, out=values, where=negative)
    return values, whole


def _value(digits: Words) -> Words:
    """Return the number that eight digits make, a byte each, the lowest byte first.

    Neighbours are put together: eight digits to four numbers of two, to two of four, to one.
    """
    for factor, shift, mask in (
        (10 << 8 | 1, 8, 0x00FF00FF00FF00FF),
        (100 << 16 | 1, 16, 0x0000FFFF0000FFFF),
        (10_000 << 32 | 1, 32, 0x00000000FFFFFFFF),
    ):
        digits = digits * np.uint64(factor)
        digits >>= np.uint64(shift)
        digits &= np.uint64(mask)
    return digits


def _hashes(keys: Keys, rows: Rows) -> Words:
    """Return a word for each text of some rows: equal texts have equal words."""
    view, starts, lengths = keys.words, keys.starts[rows], keys.lengths[rows]
    hashes = mixed(lengths.astype(np.uint64))
    for first in range(0, int(lengths.max(initial=0)), 8):
        more = np.flatnonzero(lengths > first)
        part = view[starts[more] + first] & BYTES[np.minimum(lengths[more] - first, 8)]
        hashes[more] = mixed(hashes[more] ^ part) + np.uint64(first)
    return hashes
