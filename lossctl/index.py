"""Looking up ids among others: where each stands, and which stand twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lossctl.ids import Ids, Rows, Words, mixed
from lossctl.values import dataclass

Places = npt.NDArray[np.signedinteger[Any]]
_DENSE = 4  # an array over all numbers between the least and the greatest may be so sparse


class Index(Protocol):
    """The ids of one side."""

    @property
    def duplicates(self) -> Rows:
        """The rows whose id stands in a row before them."""

    def find(self, ids: Ids) -> Rows:
        """Return for each id the row in which it first stands here, or −1."""

    def text(self, row: int) -> str:
        """Return the id of a row that is no duplicate."""


def index_of(parts: Sequence[Ids]) -> Index:
    """Index the ids of several columns, one after the other; there is at least one id."""
    if all(part.texts is None for part in parts):
        numbers = [part.words.view(np.int64) for part in parts if len(part)]
        low, high = min(int(n.min()) for n in numbers), max(int(n.max()) for n in numbers)
        if high - low < _DENSE * sum(map(len, parts)):
            return Direct.of(parts, low, high)
    return Sorted.of(Ids.joined(parts))


@dataclass(frozen=True, eq=False)
class Direct:
    """Numbers close to each other: the row of number i stands in place i, less the least."""

    low: np.uint64
    rows: Places
    duplicates: Rows

    @classmethod
    def of(cls, parts: Sequence[Ids], low: int, high: int) -> Direct:
        """Index the numbers from ``low`` to ``high``; to put them together first takes too long."""
        least, end = np.int64(low).view(np.uint64), sum(map(len, parts))
        rows: Places = np.full(high - low + 1, -1, _row_type(end))
        for part in reversed(parts):
            places, start = (part.words - least).view(np.int64), end - len(part)
            rows[places[::-1]] = np.arange(start, end)[::-1]  # the last of equal ones stays
            end = start
        again = np.empty(0, dtype=np.int64)
        if np.count_nonzero(rows >= 0) < sum(map(len, parts)):
            places = (Ids.joined(parts).words - least).view(np.int64)
            again = np.flatnonzero(rows[places] != np.arange(len(places)))
        return cls(least, rows, again)

    def text(self, row: int) -> str:
        """Return the id that first stands in a row; they are looked through for it."""
        return str(int(self.low.astype(np.int64)) + int(np.flatnonzero(self.rows == row)[0]))

    def find(self, ids: Ids) -> Rows:
        """Return for each id the row in which it first stands here, or −1."""
        places = ids.words - self.low  # what is less than the least comes out beyond the greatest
        known = places < len(self.rows)
        if ids.texts is not None:
            known &= ids.texts.lengths == 0
        if known.all():
            return self.rows[places.view(np.int64)].astype(np.int64)
        found = np.full(len(ids), -1, dtype=np.int64)
        found[known] = self.rows[places[known].view(np.int64)]
        return found


@dataclass(frozen=True, eq=False)
class Sorted:
    """Any ids: the upper bits of their mixed words, each with its row in the lower bits, sorted.

    Ids of the same upper ``bits`` are together in a bucket, which starts at ``starts``. Two ids
    may have the same upper bits, and two texts even the same word: what is found is compared.
    """

    ids: Ids
    bits: np.uint64
    entries: Words
    starts: Places
    duplicates: Rows

    @classmethod
    def of(cls, ids: Ids) -> Sorted:
        """Index some ids."""
        bits = np.uint64(len(ids).bit_length())
        entries = mixed(ids.words) >> bits << bits
        entries |= np.arange(len(ids), dtype=np.uint64)
        entries.sort()
        buckets = (entries >> (np.uint64(64) - bits)).view(np.int64)
        starts: Places = np.zeros((1 << int(bits)) + 1, _row_type(len(ids)))
        np.cumsum(np.bincount(buckets, minlength=len(starts) - 1), out=starts[1:])
        return cls(ids, bits, entries, starts, _duplicates(ids, entries, bits))

    def find(self, ids: Ids) -> Rows:
        """Return for each id the row in which it first stands here, or −1."""
        words = mixed(ids.words)
        buckets = (words >> (np.uint64(64) - self.bits)).view(np.int64)
        places, ends = self.starts[buckets], self.starts[buckets + 1]
        found = np.full(len(ids), -1, dtype=np.int64)
        wanted = np.flatnonzero(places < ends)
        places, ends, words = places[wanted], ends[wanted], words[wanted]
        while len(wanted):
            entries = self.entries[places]
            alike = np.flatnonzero((entries ^ words) >> self.bits == 0)
            here, rows = wanted[alike], _rows(entries[alike], self.bits)
            same = ids.same(here, self.ids, rows)
            found[here[same]] = rows[same]
            places += 1
            left = np.flatnonzero((found[wanted] < 0) & (places < ends))
            wanted, places, ends, words = wanted[left], places[left], ends[left], words[left]
        return found

    def text(self, row: int) -> str:
        """Return the id of a row."""
        return self.ids.text(row)


def _row_type(rows: int) -> Any:
    return np.int32 if rows < 2**31 else np.int64


def _rows(entries: Words, bits: np.uint64) -> Rows:
    return (entries & ((np.uint64(1) << bits) - np.uint64(1))).view(np.int64)


def _duplicates(ids: Ids, entries: Words, bits: np.uint64) -> Rows:
    """Return the rows whose id stands before; equal ids are neighbours, in the order of rows."""
    alike = np.flatnonzero((entries[1:] ^ entries[:-1]) >> bits == 0)
    first, second = _rows(entries[alike], bits), _rows(entries[alike + 1], bits)
    if ids.same(first, ids, second).all():
        return np.sort(second)
    seen: set[str] = set()  # others may stand between equal ones: these few are looked at singly
    again = []
    for row in np.union1d(first, second).tolist():
        text = ids.text(row)
        again += [row] if text in seen else []
        seen.add(text)
    return np.array(again, dtype=np.int64)


def duplicates(ids: Ids) -> Rows:
    """Return the rows whose id stands in a row before them, quickly where there are none."""
    run = np.sort(ids.words)
    if (run[1:] != run[:-1]).all():
        return np.empty(0, dtype=np.int64)
    return index_of([ids]).duplicates


class Strangers:
    """Ids that come in batches and must be different.

    Their words are kept in sorted runs, each at least as long as all after it, so that each word
    is sorted in only a few times. Only where two are equal the ids themselves are looked at.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._parts: list[Ids] = []
        self._runs: list[Words] = []

    @property
    def parts(self) -> tuple[Ids, ...]:
        """All that were taken."""
        return tuple(self._parts)

    def add(self, ids: Ids) -> Rows:
        """Take more ids; return the rows of them whose id was there before."""
        run = np.sort(ids.words)
        suspicious = bool((run[1:] == run[:-1]).any()) or any(_meet(run, r) for r in self._runs)
        before = sum(map(len, self._parts))
        self._parts.append(ids)
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2]) <= len(self._runs[-1]):
            self._runs[-2:] = [np.sort(np.concatenate(self._runs[-2:]))]
        if not suspicious:
            return np.empty(0, dtype=np.int64)
        again = index_of(self._parts).duplicates
        return again[again >= before] - before


def _meet(run: Words, longer: Words) -> bool:
    """Tell whether two sorted columns have a word in common."""
    places = np.minimum(np.searchsorted(longer, run), len(longer) - 1)
    return bool((longer[places] == run).any())
