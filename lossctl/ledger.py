"""What is remembered of the rows of one scoring, to be compared with others row by row."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lossctl.block import Integers
from lossctl.sources.streams import storing

Records = npt.NDArray[Any]
# The weighted loss of a row, a word that tells how it counts, and one that tells its label (and
# id) from others; 0 is a row that was not scored.
RECORD = np.dtype([("loss", np.float64), ("counting", np.uint64), ("truth", np.uint64)])


class Store(Protocol):
    """Records by the numbers of their rows."""

    def write(self, rows: Integers, records: Records) -> None:
        """Keep the records of some rows."""

    def read(self, rows: Integers) -> Records:
        """Return the records of some rows, zeros where there are none; from several threads."""


class OnDisk:
    """A file that nobody else sees, for rows that come in order: of any number."""

    def __init__(self) -> None:
        """Open it."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as this
        weakref.finalize(self, self._file.close)

    def write(self, rows: Integers, records: Records) -> None:
        """Keep the records of some rows, whose numbers grow."""
        if not len(rows):
            return
        first, last = int(rows[0]), int(rows[-1])
        span = np.zeros(last - first + 1, RECORD)
        span[rows - first] = records
        with storing():
            self._file.seek(first * RECORD.itemsize)
            self._file.write(span.data)
            self._file.flush()

    def read(self, rows: Integers) -> Records:
        """Return the records of some rows, whose numbers grow."""
        if not len(rows):
            return np.zeros(0, RECORD)
        first, last = int(rows[0]), int(rows[-1])
        span = np.zeros(last - first + 1, RECORD)
        target, place = span.view(np.uint8).data, first * RECORD.itemsize
        while len(target) and (count := os.preadv(self._file.fileno(), [target], place)):
            target, place = target[count:], place + count
        return np.asarray(span[rows - first])


class InMemory:
    """An array, for rows in any order, which somebody holds in memory already."""

    def __init__(self) -> None:
        """Start without any."""
        self._records = np.zeros(0, RECORD)

    def write(self, rows: Integers, records: Records) -> None:
        """Keep the records of some rows."""
        end = int(rows.max(initial=-1)) + 1
        if end > len(self._records):
            more = np.zeros(max(end, 2 * len(self._records)) - len(self._records), RECORD)
            self._records = np.concatenate([self._records, more])
        self._records[rows] = records

    def read(self, rows: Integers) -> Records:
        """Return the records of some rows."""
        found = np.zeros(len(rows), RECORD)
        known = (rows >= 0) & (rows < len(self._records))
        found[known] = self._records[rows[known]]
        return found
