"""Where the bars of a histogram end: at edges of its bins, so that no count is estimated."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from lossctl.values import dataclass

END = 1e100  # losses from here on share a bin
_STEPS = (1, 2, 5)
_IN_A_DECADE = ((1, 2, 5), (1, 3), (1,))
_FEW = 0.01  # of the rows: they may be left to an open bar


@dataclass(frozen=True)
class Bin:
    """The ``rows`` with losses from ``low`` to below ``high``, and what they cost in all.

    Of losses below 0 ``low`` is excluded and ``high`` is not.
    """

    low: float
    high: float
    rows: int
    cost: float


def linear(bins: Sequence[Bin], most: int) -> tuple[float, ...]:
    """Return equidistant edges around the bins, for ``most`` bars or fewer.

    Each has two digits, and so cuts no bin.
    """
    low, high = _range(bins)
    if low >= high:
        return (low,)
    from fractions import Fraction  # noqa: PLC0415  # 4 ms

    ends = Fraction(repr(low)), Fraction(repr(high))
    place = math.floor(math.log10(high - low)) - 2
    while True:
        for step in _STEPS:
            width = step * Fraction(10) ** place
            first, last = ends[0] // width, -(-ends[1] // width)
            numbers = [i * step for i in range(first, last + 1)] if last - first <= most else []
            if numbers and all(map(_has_two_digits, numbers)):
                return tuple(_decimal(number, place) for number in numbers)
        place += 1


def logarithmic(bins: Sequence[Bin], most: int) -> tuple[float, ...]:
    """Return edges with equal ratios, or nearly (1, 2, 5), as fine as there are bars for.

    The lowest rows, 1 % at most, may be left to an open bar. No bin is below 0.
    """
    whole = max(bins[0].low, 1 / END)
    low, high = max(_above(bins), whole), min(bins[-1].high, END)
    for digits in _IN_A_DECADE:
        body, every = (_around(digits, 1, start, high) for start in (low, whole))
        if len(body) <= most + 1:
            return every if len(every) <= most + 1 else body
    step = 2
    while len(body := _around((1,), step, low, high)) > most + 1:
        step += 1
    return body


def _range(bins: Sequence[Bin]) -> tuple[float, float]:
    """Return what a linear scale is to span: all, or where most of the rows are.

    Far ends matter where losses are on both sides of 0; else a logarithmic scale shows them.
    """
    low, high = max(bins[0].low, -END), min(bins[-1].high, END)
    first, last = max(_above(bins), -END), min(_below(bins), END)
    return (first, last) if low < 0 and high - low > 4 * (last - first) else (low, high)


def _above(bins: Sequence[Bin]) -> float:
    """Return the lower end of the rows but for the few lowest."""
    return bins[_end(bins)].low


def _below(bins: Sequence[Bin]) -> float:
    """Return the upper end of the rows but for the few highest."""
    return bins[-1 - _end(bins[::-1])].high


def _end(bins: Sequence[Bin]) -> int:
    """Return the first bin up to which there are more than a few rows."""
    seen, few = 0, _FEW * sum(one.rows for one in bins)
    for place, one in enumerate(bins):
        seen += one.rows
        if seen > few:
            return place
    raise AssertionError("bins without rows")


def _has_two_digits(number: int) -> bool:
    """Whether no digit but the first two is other than 0.

    >>> [n for n in (99, 105, 110, 1200, 1210) if _has_two_digits(n)]
    [99, 110, 1200]
    """
    return len(str(abs(number)).rstrip("0")) <= 2


def _around(digits: Sequence[int], step: int, low: float, high: float) -> tuple[float, ...]:
    """Return edges from the last that is not above low to the first that is not below high.

    They are the digits in every decade, or 1 in each of so many.
    """
    places = range(_place(low) // step * step, _place(high) + step + 1, step)
    edges = [_decimal(digit, place) for place in places for digit in digits]
    last = next(i for i, edge in enumerate(edges) if edge >= high)
    return tuple(edges[bisect_right(edges, low) - 1 : last + 1])


def _place(value: float) -> int:
    """Return the place of the first digit of a decimal of two digits: 0 for 1 to 9.9."""
    return int(f"{value:e}".partition("e")[2])


def _decimal(number: int, place: int) -> float:
    return float(f"{number}e{place}")
