"""How the row losses of a scoring are distributed, in bins that are the same for all data.

A bin holds the losses that begin with the same two digits: [0.12, 0.13), [0.13, 0.14), …, as in a
high dynamic range histogram (Tene 2012) with two decimal digits. So nothing has to be known of the
losses beforehand, counts add up exactly, and edges of two digits, as people read them, cut no bin.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from lossctl.block import Block, Booleans, Floats, Integers, RowLosses
from lossctl.summaries.exact_sums import ExactSums, summed
from lossctl.summaries.moments import weighed
from lossctl.values import dataclass, field

SMALL, LARGE = -100, 100  # sizes below 10^-100 share a bin, and so do those from 10^100 on
_SHIFT = 45  # of the 52 bits of a mantissa: 7 are left, in which two digits differ
_ROUNDED = 18  # bits that a loss loses before it is added: 2^17 of 35 bits add up exactly
_AT_ONCE = 1 << 17  # rows


@cache
def _edges() -> Floats:
    """Return the lower edges of the bins of sizes: 1.0e-100, 1.1e-100, …, 9.9e99, 1.0e100."""
    found = [
        digits * 10**place if place >= 0 else digits / 10**-place  # both are rounded once
        for place in range(SMALL - 1, LARGE - 1)
        for digits in range(10, 100)
    ]
    return np.array([*found, 10**LARGE], dtype=np.float64)


@cache
def _table() -> tuple[int, Floats, Integers]:
    """Return what tells the bin of a size from its first bits.

    An entry is for the sizes that share these bits: the bin of the smallest, and the edge from
    which on they are in the next, of which there is at most one: two edges differ by 1/99 or more,
    such sizes by less than 1/128. The first entry is for 0 and all that is below the first edge.
    """
    edges = _edges()
    first, last = (int(one) >> _SHIFT for one in edges[[0, -1]].view(np.int64))
    bits = np.arange(first, last + 3, dtype=np.int64) << _SHIFT
    low, high = bits[:-1].view(np.float64), bits[1:].view(np.float64)
    after = np.searchsorted(edges, low, side="right")
    following = np.append(edges, np.inf)[after]
    edge = np.where(following < high, following, np.inf)
    smallest = np.nextafter(0.0, 1.0)
    return first - 1, np.append(smallest, edge), np.append(0, after + 1)


def codes_of(values: Floats) -> Integers:
    """Return the bins of finite values, (n,): 0 for 0, ±1 below 10^-100, then ±2, ±3, …."""
    first, edge, code = _table()
    size = np.abs(values)
    entry = size.view(np.int64) >> _SHIFT
    entry -= first
    codes = code.take(entry, mode="clip")
    codes += size >= edge.take(entry, mode="clip")
    if values.min(initial=0.0) < 0:
        sign = np.right_shift(values.view(np.int64), 63, out=entry)  # 0, or −1 below 0
        codes ^= sign
        codes -= sign
    return codes


def bounds_of(code: int) -> tuple[float, float]:
    """Return the lower and the upper edge of a bin other than that of 0; sizes include the first.

    >>> bounds_of(int(codes_of(np.array([0.1234]))[0]))
    (0.12, 0.13)
    """
    edges = _edges()
    size = abs(code)
    low = 0.0 if size == 1 else float(edges[size - 2])
    high = float(edges[size - 1]) if size <= len(edges) else np.inf
    return (low, high) if code > 0 else (-high, -low)


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many rows there are in each bin, and what they cost, in one column of row losses.

    ``codes`` are the bins that hold rows, ascending, at most 36,006 of them; ``rows`` and ``costs``
    go with them. A cost is the sum of the losses, times their weights. It is within 2^-36 of the
    true one, because losses that are not weighted are rounded to 35 bits first; it is 0 for sizes
    below 10^-100, and not known from 10^100 on. ``least`` and ``most`` are finite.

    Laws: ``Histogram(…) + a`` is what ``a`` is; ``+`` is commutative and associative, bit for bit.
    """

    column: int
    codes: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    rows: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    costs: ExactSums = field(default_factory=lambda: ExactSums(0))
    least: float = np.inf
    most: float = -np.inf
    nans: int = 0
    infinities: int = 0
    negative_infinities: int = 0

    @property
    def consistent(self) -> bool:
        """Whether all is known of as many bins, and these are some, ascending."""
        sizes = {len(self.codes), len(self.rows), self.costs.size}
        ascending = not len(self.codes) or bool((np.diff(self.codes) > 0).all())
        most = int(np.abs(self.codes).max(initial=0))
        return len(sizes) == 1 and ascending and most <= len(_edges()) + 1

    def add(self, block: Block, losses: RowLosses) -> Histogram:
        """Return the histogram with a block's rows added."""
        values, total = losses.values[self.column], self
        for start in range(0, len(values), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            weight = None if block.weight is None else block.weight[rows]
            total += self._of(values[rows], weight)
        return total

    def _of(self, values: Floats, weight: Floats | None) -> Histogram:
        """Return the histogram of some rows."""
        least, most = float(values.min()), float(values.max())
        if np.isfinite(least) and np.isfinite(most):
            return self._finite(values, weight, least, most)
        finite = np.isfinite(values)
        odd = self._odd(values[~finite])
        if not finite.any():
            return odd
        return odd + self._of(values[finite], None if weight is None else weight[finite])

    def _odd(self, values: Floats) -> Histogram:
        marks = (np.isnan(values), values == np.inf, values == -np.inf)
        nans, most, least = (int(np.count_nonzero(mark)) for mark in marks)
        return Histogram(self.column, nans=nans, infinities=most, negative_infinities=least)

    def _finite(
        self, values: Floats, weight: Floats | None, least: float, most: float
    ) -> Histogram:
        codes = codes_of(values)
        first = int(codes.min())
        codes -= first
        rows = np.bincount(codes)
        met = np.flatnonzero(rows)
        found = met + first
        costs = _costs(values, weight, codes, len(rows), ~_known(found, met, len(rows)))
        return Histogram(self.column, found, rows[met], costs.take(met), least, most)

    def __add__(self, other: Histogram) -> Histogram:
        """Return the histogram of the rows of both."""
        codes = np.union1d(self.codes, other.codes)
        places = [np.searchsorted(codes, one.codes) for one in (self, other)]
        rows = np.zeros(len(codes), np.int64)
        for one, where in zip((self, other), places, strict=True):
            rows[where] += one.rows
        return Histogram(
            self.column,
            codes,
            rows,
            summed([self.costs, other.costs], places, len(codes)),
            min(self.least, other.least),
            max(self.most, other.most),
            self.nans + other.nans,
            self.infinities + other.infinities,
            self.negative_infinities + other.negative_infinities,
        )


def _known(codes: Integers, met: Integers, size: int) -> Booleans:
    """Mark the bins, by their places, of which the costs are summed up."""
    known = np.ones(size, dtype=bool)
    sizes = np.abs(codes)
    known[met[(sizes <= 1) | (sizes > len(_edges()))]] = False
    return known


def _costs(
    values: Floats, weight: Floats | None, codes: Integers, size: int, unknown: Booleans
) -> ExactSums:
    """Return the sums of values by their bins, 0 where they are not known."""
    if weight is not None:
        costs = weighed(values, weight)
        if unknown.any():
            costs = np.where(unknown[codes], 0.0, costs)
        return ExactSums.of(costs, codes, size)
    rounded = values.view(np.int64) + (1 << (_ROUNDED - 1))
    rounded &= -1 << _ROUNDED
    sums = np.bincount(codes, rounded.view(np.float64), size)
    sums[unknown] = 0.0
    return ExactSums.of(np.asarray(sums, np.float64), np.arange(size), size, 1)
