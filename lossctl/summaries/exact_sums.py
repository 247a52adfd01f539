"""The exact sums of many groups of float64 numbers at once, each rounded once at the end.

As in ``exact_sum``, in other units: the sum of a group is Σ limbᵢ · 2^(32 i), with a 64-bit limb
for each i that was met. ``summed`` is commutative and associative in what the limbs stand for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lossctl.block import Booleans, Floats, Integers
from lossctl.summaries.exact_sum import UNIT_BITS, ExactSum, largest
from lossctl.values import dataclass, field

_BITS = 32
_LOWEST = -34  # 2^(32·−34) divides every float64
_HIGHEST = 30  # above 2^(32·31) a rounding constant would overflow
_ROWS = 1 << 20  # so many integers of 32 bits add up exactly in a float64
_MOST_BITS = 51  # of an integer, or a rounding constant would not round to the last of them
_HUGE = math.ldexp(1.0, _BITS * (_HIGHEST + 1))
_NORMAL = -31  # 2^(32·−31) is an ordinary float64, and so are those that it divides
_EXACT = 1 << 53  # whole numbers below it are float64
_CARRIED = 4  # limbs above those of one number
_FULL = 1 << 62  # of a limb: carried on before it overflows
_STEP = 10_000  # groups: of so many Python's own numbers are made at a time
_KINDS = ("nan", "inf", "-inf")


@dataclass(frozen=True, eq=False)
class ExactSums:
    """The sums of ``size`` groups; ``odd`` counts NaN and infinities where there are any."""

    size: int
    limbs: Mapping[int, Integers] = field(default_factory=dict)
    odd: Mapping[str, Integers] = field(default_factory=dict)

    @property
    def consistent(self) -> bool:
        """Whether limbs and counts are of each group, and limbs may be sums of float64."""
        shapes = {one.shape for one in (*self.limbs.values(), *self.odd.values())}
        low, high = min(self.limbs, default=0), max(self.limbs, default=0)
        inside = low >= _LOWEST and high <= _HIGHEST + _CARRIED
        return inside and shapes <= {(self.size,)} and {*self.odd} <= {*_KINDS}

    @classmethod
    def of(cls, values: Floats, codes: Integers, size: int, most: int = _ROWS) -> ExactSums:
        """Return the sums of values, (n,), by the codes of their groups, (n,), from 0 to size.

        ``most`` is how many values a group has at most.
        """
        total = cls(size)
        for start in range(0, len(values), _ROWS):
            piece = slice(start, start + _ROWS)
            bits = min(52 - (min(most, _ROWS) - 1).bit_length(), _MOST_BITS)
            total = summed([total, cls._of(values[piece], codes[piece], size, bits)])
        return total

    @classmethod
    def _of(cls, values: Floats, codes: Integers, size: int, bits: int) -> ExactSums:
        bound = largest(values)
        if bound < _HUGE:
            return cls(size, _limbs(values, bound, codes, size, bits))
        ordinary = np.abs(values) < _HUGE
        rest = cls._of(values[ordinary], codes[ordinary], size, bits)
        huge, where = values[~ordinary], codes[~ordinary]
        odd = {}
        marks = (np.isnan(huge), huge == np.inf, huge == -np.inf)
        for kind, mark in zip(_KINDS, marks, strict=True):
            if mark.any():
                odd[kind] = np.bincount(where[mark], minlength=size)
        finite = np.isfinite(huge)
        return summed([rest, cls(size, _of_huge(huge[finite], where[finite], size), odd)])

    @classmethod
    def of_constant(cls, value: float, counts: Integers) -> ExactSums:
        """Return the sums of one number, so often in each group: a whole one below 2^31."""
        return cls(len(counts), {0: counts * int(value)})

    def collapsed(self, codes: Integers, size: int) -> ExactSums:
        """Return the sums of groups of these groups, by their codes."""
        limbs: dict[int, Integers] = {}
        for i, limb in _carried(self.limbs).items():
            limbs[i] = np.zeros(size, np.int64)
            np.add.at(limbs[i], codes, limb)
        odd = {}
        for kind, count in self.odd.items():
            odd[kind] = np.zeros(size, np.int64)
            np.add.at(odd[kind], codes, count)
        return ExactSums(size, limbs, odd)

    def take(self, rows: Integers) -> ExactSums:
        """Return the sums of some groups."""
        return ExactSums(
            len(rows),
            {i: limb[rows] for i, limb in self.limbs.items()},
            {kind: count[rows] for kind, count in self.odd.items()},
        )

    def __iter__(self) -> Iterator[ExactSum]:
        """Yield the sum of each group."""
        units = self.units()
        if not self.odd:
            yield from map(ExactSum, units)
            return
        nothing = np.zeros(self.size, np.int64)
        counts = (self.odd.get(kind, nothing).tolist() for kind in _KINDS)
        yield from map(ExactSum, units, *counts)

    def nearly(self) -> Floats:
        """Return the finite sums within rounding, (size,), quickly."""
        total = np.zeros(self.size)
        for i in sorted(self.limbs):
            total += np.ldexp(self.limbs[i].astype(np.float64), _BITS * i)
        return total

    def values(self) -> Floats:
        """Return the sums as the nearest float64 each, (size,)."""
        if self.odd or any(i >= _HIGHEST for i in self.limbs):
            return np.array([one.value for one in self])
        found, right = self._of_two()
        rest, unit = np.flatnonzero(~right), 1 << UNIT_BITS
        found[rest] = [units / unit for units in self.take(rest).units()]
        return found

    def _of_two(self) -> tuple[Floats, Booleans]:
        """Return the sums of the two highest limbs, and tell where they are the sums rounded once.

        That is where each is exact in floating point, and what is below is 0.
        """
        found, right = np.zeros(self.size), np.ones(self.size, np.bool_)
        below = sorted(self.limbs)[:-2]
        for i, limb in self.limbs.items():
            if i in below or i < _NORMAL:
                right &= limb == 0
            else:
                right &= np.abs(limb) < _EXACT
                found += np.ldexp(limb.astype(np.float64), _BITS * i)
        return found, right

    def units(self) -> Iterator[int]:
        """Yield what is finite of each sum, in units of ``ExactSum``."""
        if not self.limbs:
            yield from (0,) * self.size
            return
        low, *others = sorted(self.limbs)
        shifts = [_BITS * (i - low) for i in others]
        base = _BITS * low + UNIT_BITS
        for start in range(0, self.size, _STEP):
            rows = slice(start, start + _STEP)
            columns = [self.limbs[i][rows].tolist() for i in (low, *others)]
            for first, *more in zip(*columns, strict=True):
                total = first + sum(limb << shift for limb, shift in zip(more, shifts, strict=True))
                yield total << base if base >= 0 else total >> -base  # whole: nothing is lost


def summed(
    parts: Sequence[ExactSums], places: Sequence[Integers] | None = None, size: int | None = None
) -> ExactSums:
    """Return sums of the same groups added up, or of those that are at these places of ``size``."""
    where: Sequence[Any] = places or [slice(None)] * len(parts)
    size = parts[0].size if size is None else size
    limbs = [part.limbs for part in parts]
    if sum(max(map(_largest, one.values()), default=0) for one in limbs) > _FULL:
        limbs = list(map(_carried, limbs))
    return ExactSums(
        size, _added(limbs, where, size), _added([part.odd for part in parts], where, size)
    )


def _added(
    parts: Sequence[Mapping[Any, Integers]], where: Sequence[Any], size: int
) -> dict[Any, Integers]:
    found: dict[Any, Integers] = {}
    for part, rows in zip(parts, where, strict=True):
        for key, values in part.items():
            if key not in found:
                found[key] = np.zeros(size, np.int64)
            found[key][rows] += values
    return found


def _limbs(
    values: Floats, bound: float, codes: Integers, size: int, bits: int
) -> dict[int, Integers]:
    """Return the limbs of sums of values of that size at most.

    For each limb the values are rounded to whole numbers of 2^(32 i), by adding and taking off a
    constant of which that is the last bit. Numbers of so many ``bits`` add up exactly in floating
    point; what the rounding leaves is exact as well, and goes to the limbs below. After two of them
    little is left of few values.
    """
    limbs: dict[int, Integers] = {}
    while bound > 0:
        i = max(-((bits - math.frexp(bound)[1]) // _BITS), _LOWEST)
        high = values
        if i > _LOWEST:
            constant = math.ldexp(1.5, 52 + _BITS * i)
            high = values + constant
            high -= constant
        sums = np.bincount(codes, high, size)
        limbs[i] = np.ldexp(sums, -_BITS * i).astype(np.int64)
        values = np.subtract(values, high, out=None if high is values else high)
        bound = largest(values)
        if len(limbs) > 1 and bound > 0:
            left = np.flatnonzero(values)
            values, codes = values[left], codes[left]
    return limbs


def _of_huge(values: Floats, codes: Integers, size: int) -> dict[int, Integers]:
    """Return the limbs of values beyond what can be rounded, one by one."""
    limbs: dict[int, Integers] = {}
    for value, code in zip(values.tolist(), codes.tolist(), strict=True):
        whole, sign = abs(int(value)), 1 if value > 0 else -1
        for i in range(-(-whole.bit_length() // _BITS)):
            part = (whole >> (_BITS * i)) & ((1 << _BITS) - 1)
            limbs.setdefault(i, np.zeros(size, np.int64))[code] += sign * part
    return limbs


def _largest(limb: Integers) -> int:
    return max(int(limb.max()), -int(limb.min())) if len(limb) else 0


def _carried(limbs: Mapping[int, Integers]) -> dict[int, Integers]:
    """Return the same sums with limbs of little more than 32 bits, but the highest."""
    found: dict[int, Integers] = {}
    carry: Integers | None = None
    for i in range(min(limbs, default=0), max(limbs, default=-1) + 2):
        limb = limbs.get(i)
        if limb is None and carry is None:
            continue
        total = (0 if limb is None else limb) + (0 if carry is None else carry)
        carry = (np.asarray(total) + (1 << (_BITS - 1))) >> _BITS
        found[i] = np.asarray(total) - (carry << _BITS)
        if not carry.any():
            carry = None
    return found
