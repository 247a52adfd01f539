"""Sums of row losses by group: as many as there are different groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lossctl.block import Booleans, Counted, Floats, Integers, Scored
from lossctl.summaries.exact_sums import ExactSums, summed
from lossctl.summaries.group_names import GroupNames, coded, united
from lossctl.summaries.moments import less, weighed
from lossctl.values import dataclass, replace

Exponents: TypeAlias = npt.NDArray[np.int16]

MEANS, SUMS = "means", "sums"
_SAFE = (1e-120, 1e120)  # sizes whose squares neither vanish nor overflow, nor do their sums
_STEP = 65_536  # groups
_PENDING = 4096  # groups: fewer are not worth being put together at once


@dataclass(frozen=True, eq=False)
class Residuals:
    """What is left of the losses a of a group around a ratio near its own: u = a − ratio · b.

    ``u`` is Σu and ``uu`` Σu², (G,) each, in units of 2^exponent and 4^exponent: squares of
    ordinary numbers, with 0, neither vanish nor overflow. ``cells`` is what b is in every row, and
    ``rows`` how many there are; where b differs, Σu b, in units like Σu, Σb and Σb² are ``apart``.
    """

    ratio: Floats
    u: Floats
    uu: Floats
    exponent: Exponents
    rows: Integers
    cells: float = 1.0
    apart: tuple[Floats, Floats, Floats] | None = None

    @property
    def consistent(self) -> bool:
        """Whether all is known of as many groups."""
        sums = (self.ratio, self.u, self.uu, self.exponent, *(self.apart or ()))
        return {one.shape for one in sums} == {(len(self.rows),)}

    @classmethod
    def of(
        cls,
        values: Floats,
        cells: Floats | float,
        codes: Integers,
        rows: Integers,
        totals: Floats,
    ) -> Residuals:
        """Return the sums over rows, by the codes of their groups; ``totals`` are Σa, nearly."""
        size = len(rows)
        exponent: Exponents = np.zeros(size, np.int16)
        each = isinstance(cells, np.ndarray)
        b = _by_code(codes, np.asarray(cells), size) if each else np.asarray(rows * cells)
        ratio = _usable(totals / b)
        if isinstance(cells, float) and cells == 1.0:
            rest = values - ratio[codes]
        else:
            rest = less(values, ratio[codes], cells, 0.0)
        if not _safe(np.abs(rest)).all():
            most = np.zeros(size)
            np.maximum.at(most, codes, np.abs(rest))
            exponent = _exponents(most)
            rest = np.ldexp(rest, -exponent[codes])
        u, uu, apart = _by_code(codes, rest, size), _by_code(codes, rest * rest, size), None
        if isinstance(cells, np.ndarray):
            bb = _by_code(codes, cells * cells, size)
            bb[~_safe(np.sqrt(bb)) | ((bb == 0) & (b > 0))] = np.nan
            apart = (_by_code(codes, rest * cells, size), b, bb)
        return cls(ratio, u, uu, exponent, rows, 1.0 if each else float(cells), apart)

    @property
    def products(self) -> tuple[Floats, Floats, Floats]:
        """Σu b, Σb and Σb²."""
        if self.apart is not None:
            return self.apart
        b = self.rows.astype(np.float64) * self.cells
        return self.u * self.cells, b, b * self.cells

    def around(self, ratio: Floats, exponent: Exponents) -> tuple[Floats, Floats, Floats]:
        """Return Σu, Σu² and Σu b around other ratios, in other units."""
        moved, u, uu = self.ratio - ratio, self.u, self.uu
        ub, b, bb = self.products
        if exponent.any() or self.exponent.any():
            down = self.exponent - exponent
            moved = np.ldexp(moved, -exponent)
            u, uu, ub = np.ldexp(u, down), np.ldexp(uu, 2 * down), np.ldexp(ub, down)
        return u + moved * b, uu + moved * (2 * ub + moved * bb), ub + moved * bb

    def take(self, rows: Integers | slice) -> Residuals:
        """Return those of some groups."""
        apart = self.apart
        if apart is not None:
            apart = (apart[0][rows], apart[1][rows], apart[2][rows])
        return Residuals(
            self.ratio[rows],
            self.u[rows],
            self.uu[rows],
            self.exponent[rows],
            self.rows[rows],
            self.cells,
            apart,
        )

    @property
    def root(self) -> Floats:
        """The root of Σ e² around each group's own ratio; NaN where it is beyond float64."""
        ub, b, bb = self.products
        moved = -self.u / b
        squares = np.maximum(self.uu + moved * (2 * ub + moved * bb), 0.0)
        return np.asarray(np.ldexp(np.sqrt(squares), self.exponent))

    @classmethod
    def united(
        cls, parts: Sequence[Residuals], places: Sequence[Integers], rows: Integers
    ) -> Residuals:
        """Return the sums of several lists of groups, which are at these places of one."""
        size = len(rows)
        apart = len({part.cells for part in parts}) > 1 or any(part.apart for part in parts)
        b: Floats = np.zeros(size) if apart else np.asarray(rows * parts[0].cells)
        if apart:
            for part, where in _pieces(parts, places):
                b[where] += part.products[1]
        ratio, most = np.zeros((2, size))
        for part, where in _pieces(parts, places):
            ratio[where] += _usable(part.ratio * (part.products[1] / b[where]))
        for part, where in _pieces(parts, places):
            moved = np.abs(part.ratio - ratio[where]) * np.sqrt(part.products[2])
            own = np.ldexp(np.sqrt(part.uu), part.exponent)
            most[where] = np.fmax(most[where], np.fmax(own, moved))
        exponent = _exponents(most)
        sums = np.zeros((4 if apart else 2, size))
        for part, where in _pieces(parts, places):
            added = (*part.around(ratio[where], exponent[where]), part.products[2])
            for total, values in zip(sums, added, strict=False):
                total[where] += values
        if apart:
            u, uu, ub, bb = sums
            return cls(ratio, u, uu, exponent, rows, 1.0, (ub, b, bb))
        return cls(ratio, sums[0], sums[1], exponent, rows, parts[0].cells)


def _pieces(
    parts: Sequence[Residuals], places: Sequence[Integers]
) -> Iterator[tuple[Residuals, Integers]]:
    """Yield the groups of several lists, and where they are, a few at a time.

    What is computed of a million of them at once would take more memory than they do.
    """
    for part, where in zip(parts, places, strict=True):
        for start in range(0, len(where), _STEP):
            rows = slice(start, start + _STEP)
            yield part.take(rows), where[rows]


def _safe(most: Floats) -> Booleans:
    """Tell which sizes can be squared, and added up, and keep all digits; 0 can."""
    return np.asarray((most == 0) | ((most > _SAFE[0]) & (most < _SAFE[1])))


def _exponents(most: Floats) -> Exponents:
    """Return the exponents of units in which numbers of that size can be squared."""
    usual = _safe(most) | ~np.isfinite(most)
    return np.where(usual, 0, np.frexp(most)[1]).astype(np.int16)


def _usable(ratio: Floats) -> Floats:
    return np.where(np.isfinite(ratio), ratio, 0.0)


def _by_code(codes: Integers, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(codes, values, size), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Sums:
    """What is known of some groups: their names, rows, and sums, a column for each of J terms.

    ``cells`` are the sums of what the means divide by, one for each group of terms that share it.
    ``residuals`` are there where errors come from rows, not from clusters: of all terms for means,
    then of all for sums, as far as they are wanted.
    """

    names: GroupNames
    rows: Integers
    totals: tuple[ExactSums, ...]
    cells: tuple[ExactSums, ...]
    residuals: tuple[Residuals, ...] = ()

    @property
    def consistent(self) -> bool:
        """Whether all is known of as many groups, which have rows."""
        sizes = [len(self.names), *(one.size for one in (*self.totals, *self.cells))]
        sizes += [len(one.rows) for one in self.residuals]
        return self.rows.ndim == 1 and {*sizes} == {len(self)} and bool((self.rows > 0).all())

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.rows)

    def take(self, rows: Integers) -> Sums:
        """Return some of the groups."""
        return Sums(
            self.names.take(rows),
            self.rows[rows],
            tuple(one.take(rows) for one in self.totals),
            tuple(one.take(rows) for one in self.cells),
            tuple(one.take(rows) for one in self.residuals),
        )

    def collapsed(self, columns: Sequence[int]) -> Sums:
        """Return the sums by some of the columns only; without residuals."""
        kept = GroupNames.of([self.names.columns[i] for i in columns])
        names, (codes,) = united([kept])
        rows = np.zeros(len(names), np.int64)
        np.add.at(rows, codes, self.rows)
        return Sums(
            names,
            rows,
            tuple(one.collapsed(codes, len(names)) for one in self.totals),
            tuple(one.collapsed(codes, len(names)) for one in self.cells),
        )

    @classmethod
    def of(cls, scored: Scored, spread: Sequence[str]) -> Sums:
        """Return the sums of some rows, with the residuals for ``MEANS``, ``SUMS``, or both."""
        names, codes, rows = coded(scored.groups)
        size = len(names)
        values = scored.losses.values
        if scored.weight is not None:
            values = weighed(values, scored.weight)
        own = {
            column: cells
            for counted in scored.losses.counted
            for cells in [_cells(counted, scored.weight)]
            for column in counted.columns
        }
        most = int(rows.max())
        totals = tuple(ExactSums.of(column, codes, size, most) for column in values)
        return cls(
            names,
            rows,
            totals,
            tuple(_sums_of(own[one.columns[0]], codes, rows) for one in scored.losses.counted),
            tuple(
                Residuals.of(
                    column, own[i] if kind == MEANS else 1.0, codes, rows, totals[i].nearly()
                )
                for kind in spread
                for i, column in enumerate(values)
            ),
        )


def _cells(counted: Counted, weight: Floats | None) -> Floats | float:
    if weight is None or not counted.weighed:
        return counted.cells
    return np.asarray(counted.cells * weight)


def _sums_of(cells: Floats | float, codes: Integers, rows: Integers) -> ExactSums:
    if isinstance(cells, np.ndarray):
        return ExactSums.of(cells, codes, len(rows))
    return ExactSums.of_constant(cells, rows)  # so many columns, or 1


@dataclass(frozen=True, eq=False)
class Groups:
    """The sums of all groups, in lists that are put together when they have grown.

    ``spread`` says which residuals are wanted. Laws: ``Groups(…) + a == a``, and ``+`` is
    commutative and associative, in what the lists stand for; exactly so for rows and sums, within
    rounding for residuals.
    """

    spread: tuple[str, ...] = ()
    parts: tuple[Sums, ...] = ()

    @np.errstate(all="ignore")  # what is not finite has no error
    def add(self, scored: Scored) -> Groups:
        """Return the groups with some rows added."""
        if not len(scored.losses):
            return self
        return self + replace(self, parts=(Sums.of(scored, self.spread),))

    def __add__(self, other: Groups) -> Groups:
        """Return the groups of both."""
        parts = sorted((*self.parts, *other.parts), key=len, reverse=True)
        if parts and sum(map(len, parts[1:])) > max(len(parts[0]) // 4, _PENDING):
            parts = [_together(parts)]
        return replace(self, parts=tuple(parts))

    @cached_property
    def sums(self) -> Sums:
        """The sums of all groups; there is at least one."""
        return self.parts[0] if len(self.parts) == 1 else _together(self.parts)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is sent elsewhere: the lists, of which ``sums`` can be made again."""
        return {name: value for name, value in self.__dict__.items() if name != "sums"}


@np.errstate(all="ignore")
def _together(parts: Sequence[Sums]) -> Sums:
    names, places = united([part.names for part in parts])
    size = len(names)

    def sums(columns: Sequence[ExactSums]) -> ExactSums:
        return summed(columns, places, size)

    rows = np.zeros(size, np.int64)
    for part, where in zip(parts, places, strict=True):
        rows[where] += part.rows
    return Sums(
        names,
        rows,
        tuple(map(sums, zip(*(part.totals for part in parts), strict=True))),
        tuple(map(sums, zip(*(part.cells for part in parts), strict=True))),
        tuple(
            Residuals.united(columns, places, rows)
            for columns in zip(*(part.residuals for part in parts), strict=True)
        ),
    )
