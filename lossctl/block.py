"""The currency between the stages: some rows, paired, checked and encoded.

Shapes, here and in the kernels: n rows, m cells of a row that are scored one by one, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lossctl.texts import Keys, Names
from lossctl.values import dataclass, field, replace

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]


# Rows of a part that does not know how many precede it are numbered from here on, until the parts
# before it have been read: behind the first rows of the input for sure, or perhaps among them.
UNNUMBERED, UNPLACED = 1 << 62, 1 << 61

_CACHED = 2 * 1024 * 1024  # bytes of a block: with the buffers of a kernel they stay in cache
_MOST = 131_072  # rows of a block
_FEW = 32  # rows: with fewer, NumPy's calls take longer than their arithmetic
_WIDE = 4 * 1024 * 1024  # bytes that so few rows may take
_ENOUGH_ROWS = 16_384  # to be summed up


def block_rows(width: int) -> int:
    """Return how many rows of so many numbers are worked on at a time."""
    row = 8 * max(width, 1)
    return max(1, min(_MOST, max(_CACHED // row, min(_FEW, _WIDE // row))))


@dataclass(frozen=True)
class Shown:
    """How rows are shown to a person: by their keys, or by number if None, with their labels.

    Labels are as they stand in the input, one column or one for each output.
    """

    keys: Keys | None
    labels: tuple[Names | Floats, ...]

    def take(self, rows: Integers) -> Shown:
        """Return the rows of these numbers."""
        return Shown(
            None if self.keys is None else self.keys.take(rows),
            tuple(
                column[rows] if isinstance(column, np.ndarray) else column.take(rows)
                for column in self.labels
            ),
        )


@dataclass(frozen=True)
class Block:
    """Rows ready to be scored.

    ``prediction`` is (n, m) or (n, K), float64. ``label`` is (n, m) float64, or for classes either
    (n,) int64 positions of the class or (n, K) float64 one-hot or soft rows. ``weight`` is (n,), or
    None where all rows weigh the same. ``left_out`` marks
    cells, (n, m), that cost nothing and are not counted; None where there are none. ``rows`` are
    the rows' numbers in the whole input, ``partners`` those of the labels they were joined with.
    ``read`` is how many were read for these. The rest was
    found on the way: missing cells, or rows, that were skipped; rows with a value that was moved
    to its bound; labels, or rows, that were ignored; labels met for the first time.
    ``shown`` is there where rows are to be told apart. ``groups`` are the columns that say which
    group, and which cluster, a row belongs to.
    """

    prediction: Floats
    label: Floats | Integers
    rows: Sequence[int] | Integers = ()
    weight: Floats | None = None
    left_out: Booleans | None = None
    read: int = 0
    skipped: int = 0
    adjusted: int = 0
    ignored: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)
    shown: Shown | None = None
    groups: tuple[Names, ...] = ()
    partners: Integers | None = None


@dataclass(frozen=True)
class Counted:
    """What the means of some columns of row losses divide by.

    ``cells`` is how many cells of each row were scored, or what their classes weigh: one number,
    or (n,) where it differs from row to row. ``weighed``: times the weight of the row.
    """

    columns: tuple[int, ...]
    cells: float | Floats
    weighed: bool = True


@dataclass(frozen=True)
class RowLosses:
    """What the kernels made of a block.

    ``values`` is (J, n): the row losses, a row of them for each of J terms. Those with the same
    denominator are ``counted`` together.
    """

    values: Floats
    counted: tuple[Counted, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.values.shape[1])

    @classmethod
    def joined(cls, parts: Sequence[RowLosses]) -> RowLosses:
        """Return the row losses of blocks of the same terms, one after the other."""
        if len(parts) == 1:
            return parts[0]
        counted = []
        for same in zip(*(part.counted for part in parts), strict=True):
            cells = [one.cells for one in same]
            if any(isinstance(one, np.ndarray) for one in cells) or len(set(cells)) > 1:
                rows = zip(cells, map(len, parts), strict=True)
                together = np.concatenate([np.broadcast_to(one, n) for one, n in rows])
                counted.append(replace(same[0], cells=together))
            else:
                counted.append(same[0])
        return cls(np.concatenate([part.values for part in parts], axis=1), tuple(counted))


@dataclass(frozen=True)
class Scored:
    """Rows as they are summed up: losses, weights if rows differ in weight, groups, numbers."""

    losses: RowLosses
    weight: Floats | None = None
    groups: tuple[Names, ...] = ()
    rows: Sequence[int] | Integers = ()

    @classmethod
    def joined(cls, parts: Sequence[Scored]) -> Scored:
        """Return the rows of several, one after the other."""
        if len(parts) == 1:
            return parts[0]
        weights = [part.weight for part in parts if part.weight is not None]
        return cls(
            RowLosses.joined([part.losses for part in parts]),
            np.concatenate(weights) if weights else None,
            tuple(map(Names.joined, zip(*(part.groups for part in parts), strict=True))),
            np.concatenate([numbers_of(part.rows) for part in parts]),
        )


class Waiting:
    """Rows of small blocks, that are to be summed up together: it takes as long for few."""

    def __init__(self) -> None:
        """Start with none."""
        self._rows = 0
        self._parts: list[Scored] = []

    def add(self, scored: Scored) -> Scored | None:
        """Let rows wait; return all that do if they are enough."""
        self._parts.append(scored)
        self._rows += len(scored.losses)
        return None if self._rows < _ENOUGH_ROWS else self.rest()

    def rest(self) -> Scored | None:
        """Return all that wait, None if there are none, and let nothing wait any more."""
        parts, self._parts, self._rows = self._parts, [], 0
        return Scored.joined(parts) if parts else None


@dataclass(frozen=True)
class Fault:
    """The first value of some rows that cannot be scored: its row, side, column, and why."""

    row: int
    side: str  # "prediction" or "label"
    column: int | None  # within the side; None is the whole row
    message: str
    hint: str | None = None


def numbers_of(rows: Sequence[int] | Integers) -> Integers:
    """Return the numbers of rows as an array; NumPy itself takes a range number by number."""
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop, rows.step)
    return np.asarray(rows, dtype=np.int64)


def first_row(marks: Booleans) -> int:
    """Return the first row with a mark; there is one."""
    return int(np.argmax(marks if marks.ndim == 1 else marks.any(axis=1)))
