"""Tables that are written row by row, as they come: CSV, TSV, NPY and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lossctl.texts import Keys, Names
from lossctl.values import dataclass

Values = Names | Keys | npt.NDArray[np.generic]
TEXT = "text"


@dataclass(frozen=True)
class Field:
    """A column to be written: its name, and "text" or the NumPy type of its numbers."""

    name: str
    type: str


class Sink(Protocol):
    """What takes the rows of a table, part by part; the parts' columns have the fields' types."""

    def write(self, columns: Sequence[Values]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Write what comes last; only if all went well."""


SUFFIXES = (".csv", ".tsv", ".npy", ".parquet")
__all__ = ["SUFFIXES", "TEXT", "Field", "Sink", "Values"]
