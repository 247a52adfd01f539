"""Which groups there are: each is a text in each of some columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lossctl.block import Integers
from lossctl.errors import DataError
from lossctl.ids import Ids, Words, mixed
from lossctl.names import listing
from lossctl.texts import Keys, Names
from lossctl.values import dataclass

_STEP = 65_536  # names
_SPARSE = 4  # codes: more of them than so many for each row are sorted, not counted
_LARGEST = 1 << 62  # code: larger ones do not fit an int64

_EMPTY = "\0"  # an empty cell: ids are not empty, and its word would be that of 0


@dataclass(frozen=True, eq=False)
class GroupNames:
    """The names of different groups, column by column, in the order of a word for each."""

    columns: tuple[Ids, ...]
    words: Words

    @property
    def consistent(self) -> bool:
        """Whether there is a name for each group, and at least one group."""
        return len(self) > 0 and {len(ids) for ids in self.columns} == {len(self)}

    @classmethod
    def of(cls, columns: Sequence[Ids]) -> GroupNames:
        """Return names, in any order, as one that has not been ``united`` yet."""
        words = columns[0].words
        for ids in columns[1:]:
            words = mixed(mixed(words) + ids.words)
        return cls(tuple(columns), words)

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.words)

    def take(self, rows: Integers) -> GroupNames:
        """Return some of them."""
        return GroupNames(tuple(ids.take(rows) for ids in self.columns), self.words[rows])

    def texts(self, column: int) -> Iterator[str]:
        """Yield the names in one of the columns."""
        ids = self.columns[column]
        if ids.texts is None:
            return map(str, ids.words.view(np.int64).tolist())
        texts = map(ids.text, range(len(self)))
        return ("" if text == _EMPTY else text for text in texts)


def coded(columns: Sequence[Names]) -> tuple[GroupNames, Integers, Integers]:
    """Return the groups that occur in some rows, each row's place among them, and their rows.

    Blanks around a name do not count.

    Raises:
        DataError: two names cannot be told apart.

    """
    codes, possible = columns[0].codes, len(columns[0].texts)
    for column in columns[1:]:
        if possible * len(column.texts) > _LARGEST:
            different, codes = np.unique(codes, return_inverse=True)
            possible = len(different)
        codes = codes * len(column.texts) + column.codes
        possible *= len(column.texts)
    if possible <= max(_SPARSE * len(codes), 1024):
        counts, some = np.bincount(codes, minlength=possible), np.zeros(possible, np.int64)
        some[codes] = np.arange(len(codes))
        where = np.flatnonzero(counts)
        some, counts = some[where], counts[where]
    else:
        _, some, codes, counts = np.unique(
            codes, return_index=True, return_inverse=True, return_counts=True
        )
        possible, where = len(some), np.arange(len(some))
    parts = []
    for column in columns:
        texts = [column.texts[i].strip() or _EMPTY for i in column.codes[some].tolist()]
        parts.append(Ids.of(Keys.of(texts)))
    groups, (order,) = united([GroupNames.of(parts)])
    rows, places = np.zeros(len(groups), np.int64), np.zeros(possible, np.int64)
    np.add.at(rows, order, counts)
    places[where] = order
    return groups, places[codes], rows


def united(parts: Sequence[GroupNames]) -> tuple[GroupNames, list[Integers]]:
    """Return the different groups of several lists, and for each list where its groups are.

    Raises:
        DataError: two names have the same word, as can happen to one in 10^19 pairs.

    """
    words = np.concatenate([part.words for part in parts])
    distinct, first, places = np.unique(words, return_index=True, return_inverse=True)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    where = [np.asarray(rows) for rows in np.split(places, ends)]
    if all(len(part.columns) == 1 and part.columns[0].texts is None for part in parts):
        return GroupNames((Ids(distinct, None),), distinct), where  # the words are the names
    columns = tuple(map(Ids.joined, zip(*(part.columns for part in parts), strict=True)))
    if len(distinct) < len(words):
        _check_alike(columns, first[places])
    return GroupNames(tuple(ids.take(first) for ids in columns), distinct), where


def _check_alike(columns: Sequence[Ids], first: Integers) -> None:
    """Check that names with the same word are equal to the first of them, some at a time."""
    for start in range(0, len(first), _STEP):
        theirs = first[start : start + _STEP]
        rows = np.arange(start, start + len(theirs))
        for ids in columns:
            same = ids.same(rows, ids, theirs)
            if not same.all():
                row = int(np.flatnonzero(~same)[0])
                pair = [ids.text(start + row), ids.text(int(theirs[row]))]
                raise DataError(f"the groups {listing(pair)} have the same 64-bit hash")
