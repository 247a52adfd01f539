"""The meanings of labels: each turns the label columns of a batch into what kernels take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from lossctl.block import Booleans, Fault, Floats, Integers, first_row
from lossctl.names import did_you_mean, listing, natural_key, quoted
from lossctl.numbers import spelled, to_number
from lossctl.sources.table import Batch
from lossctl.texts import Names
from lossctl.values import dataclass, field

_MINUS, _BETWEEN = "-1", "between 0 and 1"


@dataclass(frozen=True)
class Encoded:
    """Labels as numbers, with what could not be understood.

    ``values`` is as in ``Block.label``. ``missing`` marks missing cells, (n, m), or rows, (n,);
    None where it is sure that there are none. ``seen`` is what was met for the first time in this
    batch, with its row: some codings allow either of two kinds of label, and must not meet both in
    one input.
    """

    values: Floats | Integers
    missing: Booleans | None
    fault: Fault | None = None
    seen: Mapping[str, int] = field(default_factory=dict)


class Coding(Protocol):
    """One meaning of labels; frozen and picklable, so that a plan can carry it anywhere."""

    @property
    def as_text(self) -> bool:
        """Whether the label column is read as text."""

    def encode(self, batch: Batch) -> Encoded:
        """Encode the label columns of a batch: its ``numbers``, or its one column of ``names``."""

    def shown(self, batch: Batch) -> tuple[Names | Floats, ...]:
        """Return the labels of a batch as a person is shown them: a column, or several."""

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Return why the labels seen in the whole input do not go together, if they do not."""


@dataclass(frozen=True)
class Plain:
    """Numbers that are scored as they are: (n, m)."""

    as_text: bool = False

    def shown(self, batch: Batch) -> tuple[Names | Floats, ...]:
        """Show the numbers."""
        return tuple(batch.numbers.T)

    def encode(self, batch: Batch) -> Encoded:
        """Pass the numbers on."""
        values = batch.numbers
        missing = np.isnan(values) if np.isnan(values.max(initial=-np.inf)) else None
        return Encoded(values, missing)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class ZeroOne(Plain):
    """0/1 and soft labels as they are, or −1/+1 as 0 and 1; never both."""

    def encode(self, batch: Batch) -> Encoded:
        """Map −1 to 0, and note which of the two codings was met."""
        values = batch.numbers
        seen: dict[str, int] = {}
        if values.size and values.min() >= 0:  # which NaN is not
            between = values != 1
            if between.any():
                seen[_BETWEEN] = first_row(between)
            return Encoded(values, None, seen=seen)
        missing = np.isnan(values)
        minus = values == -1
        if minus.any():
            seen[_MINUS] = first_row(minus)
            values = np.where(minus, 0.0, values)
        between = ~(minus | (batch.numbers == 1) | missing)
        if between.any():
            seen[_BETWEEN] = first_row(between)
        return Encoded(values, missing, seen=seen)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Refuse −1 beside 0 or soft labels."""
        if len(seen) < 2:
            return None
        row = max(seen.values())
        what, hint = "labels of −1 beside labels from 0 to 1", "use 0/1, or −1/+1, not both"
        return Fault(row, "label", None, what, hint)


@dataclass(frozen=True)
class Named:
    """Two names: the positive one is 1, the other 0.

    ``negative`` is None where the other name is learnt from the labels; names that need no option,
    as true and false, are known both, and compared in any case. ``numeric``: the column is one of
    numbers, in which "nan" is missing and 1 is 1.0.
    """

    positive: str
    negative: str | None = None
    numeric: bool = False
    as_text: bool = True

    def shown(self, batch: Batch) -> tuple[Names, ...]:
        """Show the names."""
        return batch.names

    def encode(self, batch: Batch) -> Encoded:
        """Map the names of the batch's distinct texts, then gather."""
        (names,) = batch.names
        texts = [self._canonical(text) for text in names.texts]
        positive = self._canonical(self.positive)
        values = np.array([float(text == positive) for text in texts])[names.codes]
        missing = np.array([text == "" for text in texts], dtype=bool)[names.codes]
        seen: dict[str, int] = {}
        for code, row in zip(*np.unique(names.codes, return_index=True), strict=True):
            if texts[code]:
                seen[texts[code]] = min(int(row), seen.get(texts[code], int(row)))
        return Encoded(values[:, np.newaxis], missing[:, np.newaxis], seen=seen)

    def _canonical(self, text: str) -> str:
        """Spell equal labels alike: 1 and 1.0, True and true; a missing one is ""."""
        text = text.strip()
        if self.negative is not None:
            return text.casefold()
        number = to_number(text) if self.numeric else None
        if number is None:
            return text
        return "" if math.isnan(number) else spelled(number)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Refuse a third name."""
        known = {self._canonical(self.positive), self.negative}
        others = sorted((row, name) for name, row in seen.items() if name not in known)
        if self.negative is not None and others:
            hint = f"the labels are {quoted(self.positive)} and {quoted(self.negative)}"
            return Fault(others[0][0], "label", 0, f"{quoted(others[0][1])} is neither", hint)
        if len(others) < 2:
            return None
        (_, first), (row, second) = others[:2]
        if self.is_unused(seen):
            what = f"no label is called {quoted(self.positive)}: there are {quoted(first)} and "
            near = did_you_mean(self.positive, (first, second))
            hint = near or "--positive names one of the two labels"
            return Fault(row, "label", 0, what + quoted(second), hint)
        what = f"a third label {quoted(second)}, beside {quoted(self.positive)} and {quoted(first)}"
        hint = "bce wants two labels; for more use ce"
        return Fault(row, "label", 0, what, did_you_mean(self.positive, (first, second)) or hint)

    def is_unused(self, seen: Mapping[str, int]) -> bool:
        """Whether the positive name was never met, though the user gave it."""
        return self.negative is None and self._canonical(self.positive) not in seen


@dataclass(frozen=True)
class Positions:
    """Whole numbers that are the positions of the classes, from ``base`` on: gathered, (n,)."""

    classes: int
    base: int = 0
    as_text: bool = False

    def shown(self, batch: Batch) -> tuple[Floats, ...]:
        """Show the numbers."""
        return (batch.numbers[:, 0],)

    def encode(self, batch: Batch) -> Encoded:
        """Check that they are whole and in range."""
        values = batch.numbers[:, 0]
        missing = np.isnan(values)
        top = self.classes - 1 + self.base
        wrong = ~missing & ((np.floor(values) != values) | (values < self.base) | (values > top))
        fault = None
        if wrong.any():
            row = first_row(wrong)
            fault = self._fault(row, float(values[row]), top)
        usable = np.where(missing | wrong, self.base, values)
        return Encoded(usable.astype(np.int64) - self.base, missing, fault)

    def _fault(self, row: int, value: float, top: int) -> Fault:
        what = f"the label {spelled(value)} is not a class: there are {self.base} to {top}"
        hint = "index labels count the prediction columns"
        if value == self.classes and self.base == 0:
            hint = "labels from 1? --label-base 1"
        elif not value.is_integer():
            hint = "index labels are whole numbers"
        return Fault(row, "label", 0, what, hint)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class Numbered:
    """Whole numbers that are the names of the classes, in the order of the columns: (n,)."""

    numbers: tuple[int, ...]
    as_text: bool = False

    def shown(self, batch: Batch) -> tuple[Floats, ...]:
        """Show the numbers."""
        return (batch.numbers[:, 0],)

    def encode(self, batch: Batch) -> Encoded:
        """Look the numbers up among the sorted class names."""
        values = batch.numbers[:, 0]
        missing = np.isnan(values)
        order = np.argsort(self.numbers)
        known = np.array(self.numbers, dtype=np.float64)[order]
        found = np.minimum(np.searchsorted(known, values), len(known) - 1)
        wrong = ~missing & (known[found] != values)
        fault = None
        if wrong.any():
            row = first_row(wrong)
            fault = _unknown_class(row, spelled(float(values[row])), tuple(map(str, self.numbers)))
        return Encoded(order[found].astype(np.int64), missing, fault)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class Classes:
    """Names of the classes, in the order of the columns: (n,).

    ``short`` is the same names without a prefix that they share; both spellings are understood.
    """

    names: tuple[str, ...]
    short: tuple[str, ...] = ()
    as_text: bool = True

    def shown(self, batch: Batch) -> tuple[Names, ...]:
        """Show the names."""
        return batch.names

    def encode(self, batch: Batch) -> Encoded:
        """Map the names of the batch's distinct texts, then gather."""
        (column,) = batch.names
        positions = {name: i for i, name in enumerate(self.short)}
        positions |= {name: i for i, name in enumerate(self.names)}
        texts = [text.strip() for text in column.texts]
        codes = np.array([positions.get(text, -1) for text in texts], dtype=np.int64)[column.codes]
        missing = np.array([text == "" for text in texts], dtype=bool)[column.codes]
        wrong = (codes < 0) & ~missing
        fault = None
        if wrong.any():
            row = first_row(wrong)
            fault = _unknown_class(row, texts[int(column.codes[row])], self.short or self.names)
        return Encoded(np.maximum(codes, 0), missing, fault)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class Rows(Plain):
    """One-hot or soft rows, a column for each class: (n, K)."""

    names: tuple[str, ...] | None = None

    def shown(self, batch: Batch) -> tuple[Names | Floats, ...]:
        """Show the class of the largest label, by its column's name or its position."""
        missing = np.isnan(batch.numbers).any(axis=1)
        classes = batch.numbers.argmax(axis=1)
        if self.names is None:
            return (np.where(missing, np.nan, classes),)
        return (Names(np.where(missing, len(self.names), classes), (*self.names, "")),)

    def encode(self, batch: Batch) -> Encoded:
        """Pass the rows on; a row with a missing cell is missing."""
        return Encoded(batch.numbers, np.asarray(np.isnan(batch.numbers).any(axis=1)))


def _unknown_class(row: int, label: str, names: tuple[str, ...]) -> Fault:
    hint = did_you_mean(label, names)
    if hint is None:
        hint = f"the classes are {listing(sorted(names, key=natural_key))}"
    return Fault(row, "label", 0, f"no class is called {quoted(label)}", hint)
