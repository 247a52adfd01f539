"""What the labels mean: numbers, 0/1, names of classes, their positions, or rows of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lossctl.block import Booleans, Floats, Integers
from lossctl.columns import Roles
from lossctl.errors import DataError, UsageError
from lossctl.losses.domain import BINARY, Domain, Fault
from lossctl.names import did_you_mean, listing, natural_key, quoted, without_prefix
from lossctl.sources.table import NUMBER, TEXT, Batch, Inputs, Names

_NEGATIVES = {"true": "false", "yes": "no"}  # positive and negative names that need no option
_MINUS, _BETWEEN = "-1", "between 0 and 1"


@dataclass(frozen=True)
class LabelOptions:
    """What the user says about the labels."""

    classes: tuple[str, ...] | None = None
    base: int = 0
    positive: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.base not in (0, 1):
            raise UsageError(f"--label-base is 0 or 1, not {self.base}")
        if self.classes is not None and (
            len(self.classes) < 2
            or len(set(self.classes)) < len(self.classes)
            or "" in self.classes
        ):
            raise UsageError("--classes wants two or more different names, separated by commas")


@dataclass(frozen=True)
class Encoded:
    """Labels as numbers, with what could not be understood.

    ``values`` is as in ``Block.label``. ``missing`` marks missing cells, (n, m), or rows, (n,).
    ``seen`` is what was met for the first time in this batch, with its row: some codings allow
    either of two kinds of label, and must not meet both in one input.
    """

    values: Floats | Integers
    missing: Booleans
    fault: Fault | None = None
    seen: Mapping[str, int] = field(default_factory=dict)


class Coding(Protocol):
    """One meaning of labels; frozen and picklable, so that a plan can carry it anywhere."""

    @property
    def as_text(self) -> bool:
        """Whether the label column is read as text."""

    def encode(self, batch: Batch) -> Encoded:
        """Encode the label columns of a batch: its ``numbers``, or its one column of ``names``."""

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Return why the labels seen in the whole input do not go together, if they do not."""


@dataclass(frozen=True)
class Plain:
    """Numbers that are scored as they are: (n, m)."""

    as_text: bool = False

    def encode(self, batch: Batch) -> Encoded:
        """Pass the numbers on."""
        return Encoded(batch.numbers, np.isnan(batch.numbers))

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class ZeroOne(Plain):
    """0/1 and soft labels as they are, or −1/+1 as 0 and 1; never both."""

    def encode(self, batch: Batch) -> Encoded:
        """Map −1 to 0, and note which of the two codings was met."""
        values = batch.numbers
        missing = np.isnan(values)
        seen: dict[str, int] = {}
        minus = values == -1
        if minus.any():
            seen[_MINUS] = _first_row(minus)
            values = np.where(minus, 0.0, values)
        between = ~(minus | (batch.numbers == 1) | missing)
        if between.any():
            seen[_BETWEEN] = _first_row(between)
        return Encoded(values, missing, seen=seen)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Refuse −1 beside 0 or soft labels."""
        if len(seen) < 2:
            return None
        row = max(seen.values())
        return Fault(
            row,
            "label",
            None,
            "labels of −1 beside labels from 0 to 1",
            "use 0/1, or −1/+1, not both",
        )


@dataclass(frozen=True)
class Named:
    """Two names: the positive one is 1, the other 0; which other is learnt from the labels."""

    positive: str
    negative: str | None = None
    fold: bool = False  # compare in any case
    as_text: bool = True

    def encode(self, batch: Batch) -> Encoded:
        """Map the names of the batch's distinct texts, then gather."""
        names = _names(batch)
        texts = [text.strip() for text in names.texts]
        if self.fold:
            texts = [text.casefold() for text in texts]
        values = np.array([float(text == self.positive) for text in texts])[names.codes]
        missing = np.array([text == "" for text in texts], dtype=bool)[names.codes]
        rows: dict[str, int] = {}
        for code, row in zip(*np.unique(names.codes, return_index=True), strict=True):
            text = texts[code]
            if text not in ("", self.positive, self.negative):
                rows[text] = min(int(row), rows.get(text, int(row)))
        fault = None
        if self.negative is not None and rows:
            other = min(rows, key=rows.__getitem__)
            hint = f"labels here are {quoted(self.positive)} and {quoted(self.negative)}"
            fault = Fault(rows[other], "label", 0, f"{quoted(other)} is neither", hint)
        return Encoded(values[:, np.newaxis], missing[:, np.newaxis], fault, rows)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Refuse a third name."""
        if len(seen) < 2:
            return None
        first, second = sorted(seen, key=seen.__getitem__)[:2]
        return Fault(
            seen[second],
            "label",
            0,
            f"a third label {quoted(second)}, beside {quoted(self.positive)} and {quoted(first)}",
            did_you_mean(self.positive, (first, second)) or "bce wants two labels; for more use ce",
        )


@dataclass(frozen=True)
class Positions:
    """Whole numbers that are the positions of the classes, from ``base`` on: gathered, (n,)."""

    classes: int
    base: int = 0
    as_text: bool = False

    def encode(self, batch: Batch) -> Encoded:
        """Check that they are whole and in range."""
        values = batch.numbers[:, 0]
        missing = np.isnan(values)
        top = self.classes - 1 + self.base
        wrong = ~missing & ((values % 1 != 0) | (values < self.base) | (values > top))
        fault = None
        if wrong.any():
            row = _first_row(wrong)
            fault = self._fault(row, float(values[row]), top)
        usable = np.where(missing | wrong, self.base, values)
        return Encoded(usable.astype(np.int64) - self.base, missing, fault)

    def _fault(self, row: int, value: float, top: int) -> Fault:
        what = f"the label {value:g} is not a class: there are {self.base} to {top}"
        hint = None
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
            row = _first_row(wrong)
            fault = _unknown_class(row, f"{values[row]:g}", tuple(map(str, self.numbers)))
        return Encoded(order[found].astype(np.int64), missing, fault)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class Classes:
    """Names of the classes, in the order of the columns: (n,)."""

    names: tuple[str, ...]
    as_text: bool = True

    def encode(self, batch: Batch) -> Encoded:
        """Map the names of the batch's distinct texts, then gather."""
        column = _names(batch)
        positions = {name: i for i, name in enumerate(self.names)}
        texts = [text.strip() for text in column.texts]
        codes = np.array([positions.get(text, -1) for text in texts], dtype=np.int64)[column.codes]
        missing = np.array([text == "" for text in texts], dtype=bool)[column.codes]
        wrong = (codes < 0) & ~missing
        fault = None
        if wrong.any():
            row = _first_row(wrong)
            fault = _unknown_class(row, texts[int(column.codes[row])], self.names)
        return Encoded(np.maximum(codes, 0), missing, fault)

    def conflict(self, seen: Mapping[str, int]) -> Fault | None:
        """Accept anything."""


@dataclass(frozen=True)
class Rows(Plain):
    """One-hot or soft rows, a column for each class: (n, K)."""

    def encode(self, batch: Batch) -> Encoded:
        """Pass the rows on; a row with a missing cell is missing."""
        return Encoded(batch.numbers, np.asarray(np.isnan(batch.numbers).any(axis=1)))


def choose(domain: Domain, inputs: Inputs, roles: Roles, options: LabelOptions) -> Coding:
    """Decide what the labels mean, from the first of them and the names of the columns.

    Raises:
        UsageError: an option does not apply to the loss.
        DataError: an option does not apply to the labels, or they are names and no class has one.

    """
    if options.positive is not None and (domain is not BINARY or len(roles.label) > 1):
        raise UsageError("--positive names one of the two labels of a single column, for bce")
    if not domain.classes and (options.classes is not None or options.base != 0):
        raise UsageError("--classes and --label-base are for losses over classes, such as ce")
    where = inputs.label_table.name
    if domain.classes:
        return _class_coding(where, roles, options)
    return _binary_coding(where, roles, options) if domain is BINARY else Plain()


def _binary_coding(where: str, roles: Roles, options: LabelOptions) -> Coding:
    column = roles.label[0]
    if options.positive is not None:
        return Named(options.positive)
    if column.kind != TEXT:
        return ZeroOne()
    first = str(column.first)
    for positive, negative in _NEGATIVES.items():
        if first.casefold() in (positive, negative):
            return Named(positive, negative, fold=True)
    raise DataError(
        f"the labels are names, such as {quoted(first)}",
        where=where,
        hint="say which one is the event that is predicted: --positive NAME",
    )


def _class_coding(where: str, roles: Roles, options: LabelOptions) -> Coding:
    full = _class_names(where, roles, options)
    if len(roles.label) > 1:
        if options.base != 0:
            raise _no_index_labels(where)
        return Rows()
    column = roles.label[0]
    if full is None:
        if column.kind == TEXT:
            raise DataError(
                f"the labels are names, such as {quoted(column.first)}, and the columns have none",
                where=where,
                hint="name the classes in the order of the columns: --classes a,b,c",
            )
        return Positions(len(roles.prediction), options.base)
    short = without_prefix(full)
    names = short if column.first not in full and _fits(column.first, short) else full
    numbers = [_whole_number(name) for name in names]
    if column.kind == NUMBER and not any(map(_looks_numeric, (*full, *short))):
        return Positions(len(names), options.base)
    if options.base != 0:
        raise _no_index_labels(where)
    if column.kind == NUMBER and None not in numbers:
        return Numbered(tuple(number for number in numbers if number is not None))
    return Classes(names)


def _class_names(where: str, roles: Roles, options: LabelOptions) -> tuple[str, ...] | None:
    """Return the names of the classes in the order of the prediction columns."""
    own, given = roles.prediction_names, options.classes
    if own is not None and len(set(own)) < len(own):
        twice = next(name for name in own if own.count(name) > 1)
        raise DataError(f"two prediction columns are called {quoted(twice)}", where=where)
    if given is None:
        return own
    if len(given) != len(roles.prediction):
        raise DataError(
            f"--classes names {len(given)} classes, and there are "
            f"{len(roles.prediction)} prediction columns",
            where=where,
            hint="one name for each column, in the order of the columns",
        )
    for names in (own, own and without_prefix(own)):
        if names is not None and set(names) & set(given) and names != given:
            raise DataError(
                f"--classes says {listing(given)}, the columns are called {listing(names)}",
                where=where,
                hint="leave --classes out where the columns have names",
            )
    return given


def _fits(first: str | None, names: tuple[str, ...]) -> bool:
    """Whether the first label is one of the names, or all of them are numbers as it is."""
    return first in names or all(_whole_number(name) is not None for name in names)


def _whole_number(name: str) -> int | None:
    """Return a name's number if the name is just how the number is written; "007" is a name."""
    try:
        return int(name) if str(int(name)) == name else None
    except ValueError:
        return None


def _looks_numeric(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return name.casefold() not in ("nan", "inf", "infinity")


def _no_index_labels(where: str) -> DataError:
    return DataError(
        "--label-base is for index labels, and these labels go by name",
        where=where,
        hint="leave --label-base out",
    )


def _unknown_class(row: int, label: str, names: tuple[str, ...]) -> Fault:
    hint = did_you_mean(label, names)
    if hint is None:
        hint = f"the classes are {listing(sorted(names, key=natural_key))}"
    return Fault(row, "label", 0, f"no class is called {quoted(label)}", hint)


def _names(batch: Batch) -> Names:
    (names,) = batch.names
    return names


def _first_row(marks: Booleans) -> int:
    rows = marks if marks.ndim == 1 else marks.any(axis=1)
    return int(rows.argmax())
