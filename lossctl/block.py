"""The currency between the stages: some consecutive rows, paired, checked and encoded.

Shapes, here and in the kernels: n rows, m cells of a row that are scored one by one, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Rows ready to be scored.

    ``prediction`` is (n, m) or (n, K), float64. ``label`` is (n, m) float64, or for classes either
    (n,) int64 positions of the class or (n, K) float64 one-hot or soft rows. ``missing`` marks what
    is left out or stays NaN: cells (n, m), rows (n,), or None where nothing is missing.
    """

    prediction: Floats
    label: Floats | Integers
    missing: Booleans | None = None


@dataclass(frozen=True)
class RowLosses:
    """What the kernels made of a block.

    ``values`` is (J, n): the row losses of each of the J kernels. ``cells`` is how many cells of
    each row were scored: one number, or (n,) where it differs from row to row.
    ``skipped`` counts what was left out: cells where rows have several, else rows.
    """

    values: Floats
    cells: int | Floats
    skipped: int = 0
