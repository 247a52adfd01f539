"""Columns of text as arrays: names, of which few are different, and keys, of which most are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lossctl.numbers import spelled
from lossctl.values import dataclass

BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)  # the first n of a word
_MARGIN = 24
_STEP = 65_536  # rows


@dataclass(frozen=True)
class Names:
    """A text column as codes into the distinct texts of this batch; "" is a missing cell."""

    codes: npt.NDArray[np.int64]
    texts: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def __getitem__(self, rows: slice) -> Names:
        """Return some of the rows."""
        return Names(self.codes[rows], self.texts)

    def take(self, rows: npt.NDArray[np.int64]) -> Names:
        """Return the rows of these numbers, in their order."""
        return Names(self.codes[rows], self.texts)

    @classmethod
    def joined(cls, parts: Sequence[Names]) -> Names:
        """Return the rows of several columns, one after the other."""
        if all(part.texts is parts[0].texts for part in parts):  # of one batch
            return cls(np.concatenate([part.codes for part in parts]), parts[0].texts)
        texts: dict[str, int] = {}
        codes = []
        for part in parts:
            own = [texts.setdefault(text, len(texts)) for text in part.texts]
            codes.append(np.array(own, dtype=np.int64)[part.codes])
        return cls(np.concatenate(codes), tuple(texts))

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> Names:
        """Return numbers as they are spelled, "" for NaN."""
        distinct, codes = np.unique(values, return_inverse=True)
        texts = ["" if value != value else spelled(value) for value in distinct.tolist()]  # noqa: PLR0124
        return cls(codes.astype(np.int64).reshape(-1), tuple(texts))

    def text(self, row: int) -> str:
        """Return the text of a row."""
        return self.texts[int(self.codes[row])]

    def tolist(self) -> list[str]:
        """Return the texts of all rows."""
        return [self.texts[code] for code in self.codes.tolist()]


@dataclass(frozen=True)
class Keys:
    """A text column as it stands in the file: row i is ``data[offsets[i]:offsets[i + 1]]``."""

    offsets: npt.NDArray[np.integer[Any]]
    data: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Keys:
        """Return a column of these texts."""
        encoded = [text.encode("utf-8", "surrogateescape") for text in texts]
        return cls(_offsets([*map(len, encoded)]), np.frombuffer(b"".join(encoded), np.uint8))

    @classmethod
    def blank(cls, rows: int) -> Keys:
        """Return a column of so many empty cells."""
        return cls(np.broadcast_to(np.int64(0), rows + 1), np.empty(0, np.uint8))

    @classmethod
    def joined(cls, parts: Sequence[Keys]) -> Keys:
        """Return the rows of several columns, one after the other."""
        offsets = _offsets(np.concatenate([part.lengths for part in parts]))
        room = np.zeros(_MARGIN, np.uint8)  # or ``words`` would copy it all
        return cls(offsets, np.concatenate([*(part.bytes(0, len(part)) for part in parts), room]))

    @property
    def consistent(self) -> bool:
        """Whether each row lies in the data, behind the row before."""
        ends = self.offsets
        inside = len(ends) > 0 and ends[0] >= 0 and ends[-1] <= len(self.data)
        return bool(inside and (np.diff(ends) >= 0).all())

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    def __getitem__(self, rows: slice) -> Keys:
        """Return some of the rows."""
        start, stop, _ = rows.indices(len(self))
        return Keys(self.offsets[start : stop + 1], self.data)

    @property
    def starts(self) -> npt.NDArray[np.integer[Any]]:
        """Where the bytes of each row start."""
        return self.offsets[:-1]

    @property
    def lengths(self) -> npt.NDArray[np.integer[Any]]:
        """How many bytes each row has."""
        return np.diff(self.offsets)

    @cached_property
    def words(self) -> npt.NDArray[np.uint64]:
        """The eight bytes from each byte on, as a word: the first byte is the lowest.

        Beyond the last row anything may stand; 16 bytes beyond any start is still inside.
        """
        data, end = self.data, int(self.offsets[-1])
        if len(data) < end + _MARGIN:
            data = np.concatenate([data[:end], np.zeros(_MARGIN, np.uint8)])
        return np.ndarray((end + _MARGIN - 7,), "<u8", data, strides=(1,))

    def take(self, rows: npt.NDArray[np.int64]) -> Keys:
        """Return the rows of these numbers, in their order."""
        steps = range(0, max(len(rows), 1), _STEP)
        parts = [self._bytes_of(rows[start : start + _STEP]) for start in steps]
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        return Keys(_offsets(lengths), parts[0] if len(parts) == 1 else np.concatenate(parts))

    def _bytes_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return the bytes of some rows; a number for each is needed on the way."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        offsets = _offsets(lengths)
        places = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        return np.asarray(self.data[places])

    def only(self, kept: npt.NDArray[np.bool_]) -> Keys:
        """Return the rows with those that are not kept emptied."""
        inside = np.repeat(kept, self.lengths)
        return Keys(_offsets(self.lengths * kept), self.bytes(0, len(self))[inside])

    def same(
        self, rows: npt.NDArray[np.int64], other: Keys, others: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Tell which pairs of rows, of this column and of another, are equal byte for byte."""
        starts, other_starts = self.offsets[rows], other.offsets[others]
        lengths = self.offsets[rows + 1] - starts
        same = np.asarray(lengths == other.offsets[others + 1] - other_starts)
        for first in range(0, int(lengths.max(initial=0)), 8):
            check = np.flatnonzero(same & (lengths > first))
            unlike = self.words[starts[check] + first] ^ other.words[other_starts[check] + first]
            same[check] = unlike & BYTES[np.minimum(lengths[check] - first, 8)] == 0
        return same

    def text(self, row: int) -> str:
        """Return the key of a row; bytes that are no UTF-8 come as surrogates."""
        return self.bytes(row, row + 1).tobytes().decode("utf-8", "surrogateescape")

    def tolist(self) -> list[str]:
        """Return the keys of all rows."""
        first = int(self.offsets[0]) if len(self.offsets) else 0
        data = self.bytes(0, len(self)).tobytes()
        ends = (self.offsets - first).tolist()
        return [
            data[start:stop].decode("utf-8", "surrogateescape") for start, stop in pairwise(ends)
        ]

    def bytes(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Return the bytes of some rows, one after the other."""
        return self.data[self.offsets[start] : self.offsets[stop]]

    def first_difference(self, other: Keys) -> int | None:
        """Return the first row in which two columns of the same length differ, byte for byte."""
        lengths_agree = np.array_equal(np.diff(self.offsets), np.diff(other.offsets))
        if lengths_agree and np.array_equal(self.bytes(0, len(self)), other.bytes(0, len(other))):
            return None
        return next(
            i
            for i in range(len(self))
            if not np.array_equal(self.bytes(i, i + 1), other.bytes(i, i + 1))
        )


def _offsets(lengths: npt.ArrayLike) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
