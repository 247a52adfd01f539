"""What the labels mean: numbers, 0/1, names of classes, their positions, or rows of columns."""

from __future__ import annotations

from lossctl.columns import Roles
from lossctl.errors import DataError, UsageError
from lossctl.known import without_prefix
from lossctl.labels.codings import (
    Classes,
    Coding,
    Named,
    Numbered,
    Plain,
    Positions,
    Rows,
    ZeroOne,
)
from lossctl.losses.domain import Domain
from lossctl.matching import names_of
from lossctl.names import listing, quoted
from lossctl.numbers import is_missing, to_number, whole_numbers
from lossctl.sources.table import NUMBER, TEXT, Column, Inputs
from lossctl.values import dataclass, replace

# Names that need no option, positive first; asked for, the negative one may be the event as well.
_BOOLEANS = {"true": "1", "false": "0"}
_PAIRS = (("true", "false"), ("yes", "no"))


@dataclass(frozen=True)
class LabelOptions:
    """What the user says about the labels."""

    classes: tuple[str, ...] | None = None
    base: int = 0
    positive: str | None = None
    ignore: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.positive is not None and not self.positive.strip():
            raise UsageError("--positive names no label")
        if self.ignore is not None and not self.ignore.strip():
            raise UsageError("--ignore-label names no label")
        if self.base not in (0, 1):
            raise UsageError(f"--label-base is 0 or 1, not {self.base}")
        if self.classes is not None and (
            len(self.classes) < 2
            or len(set(self.classes)) < len(self.classes)
            or "" in self.classes
        ):
            raise UsageError("--classes wants two or more different names, separated by commas")


def check_options(domain: Domain, options: LabelOptions) -> None:
    """Refuse what the losses have no use for, before any file is opened."""
    if options.positive is not None and not domain.event:
        raise UsageError("--positive names one of two labels, for losses of one event such as bce")
    if not domain.classes and (options.classes is not None or options.base != 0):
        raise UsageError("--classes and --label-base are for losses over classes, such as ce")


def choose(domain: Domain, inputs: Inputs, roles: Roles, options: LabelOptions) -> Coding:
    """Decide what the labels mean, from the first of them and the names of the columns.

    Raises:
        DataError: an option does not apply to the labels, or they are names and no class has one.

    """
    if options.ignore is not None:
        roles = _without_ignored(inputs, roles, domain, options.ignore)
    if options.positive is not None and len(roles.label) > 1:
        raise DataError(
            f"--positive is for one label column, not {len(roles.label)}",
            where=inputs.label_table.name,
        )
    if domain.classes:
        return _class_coding(inputs, roles, options)
    if not domain.event:
        return Plain()
    return _binary_coding(inputs.label_table.name, roles.label[0], options.positive)


def _without_ignored(inputs: Inputs, roles: Roles, domain: Domain, ignore: str) -> Roles:
    """Return the roles with the first label that counts, by which kinds are told.

    Raises:
        DataError: the label to be ignored cannot be one of these.

    """
    where = inputs.label_table.name
    if domain.whole and len(roles.label) > 1:
        hint = "rows of one-hot or soft labels are told by their names, not by a label"
        raise DataError("--ignore-label is for one column of labels", where=where, hint=hint)
    column = roles.label[0]
    if column.kind == NUMBER and is_missing(ignore):
        raise DataError(
            f"{quoted(ignore)} is no label, but a missing one",
            where=where,
            hint="rows without a label are left out with --nan skip",
        )
    if column.kind == NUMBER and to_number(ignore) is None:
        what = f"the labels are numbers, such as {column.first}, and {quoted(ignore)} is none"
        raise DataError(
            what, where=where, hint="--ignore-label is a label as it stands in the file"
        )
    first = next((cell for cell in column.head if cell and cell != ignore), column.first)
    return replace(roles, label=(replace(column, first=first), *roles.label[1:]))


def _binary_coding(where: str, column: Column, positive: str | None) -> Coding:
    if positive is None and column.kind != TEXT:
        return ZeroOne()
    if column.boolean and str(positive).casefold() in _BOOLEANS:
        return Named(_BOOLEANS[str(positive).casefold()], numeric=True)
    first = str(column.first).casefold()
    for names in _PAIRS:
        if first in names and (positive is None or positive.casefold() in names):
            event = names[0] if positive is None else positive.casefold()
            return Named(event, names[1] if event == names[0] else names[0])
    if positive is not None and column.kind == NUMBER and to_number(positive) is None:
        raise DataError(
            f"no label is called {quoted(positive)}: they are numbers, such as {column.first}",
            where=where,
            hint="--positive names one of the two labels as it stands in the file",
        )
    if positive is not None:
        return Named(positive, numeric=column.kind == NUMBER and to_number(positive) is not None)
    raise DataError(
        f"the labels are names, such as {quoted(column.first)}",
        where=where,
        hint="say which one is the event that is predicted: --positive NAME",
    )


def _class_coding(inputs: Inputs, roles: Roles, options: LabelOptions) -> Coding:
    where = inputs.label_table.name
    full = _class_names(inputs.predictions.name, roles, options)
    if len(roles.label) > 1:
        if options.base != 0:
            raise _no_index_labels(where)
        return Rows(names=names_of(roles.label) or full)
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
    truth = _truth_values(full) or _truth_values(short)
    if column.boolean and truth:
        return Numbered(truth)
    if column.kind == NUMBER and not any(map(_looks_numeric, (*full, *short))):
        return Positions(len(full), options.base)
    if options.base != 0:
        raise _no_index_labels(where)
    numbers = whole_numbers(full) or whole_numbers(short)
    if column.kind == NUMBER and numbers:
        return Numbered(numbers)
    if set(full) & set(short) and full != short:  # one text, two classes: the first label decides
        return Classes(full if column.first in full else short)
    return Classes(full, short)


def _truth_values(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return 1 and 0 for classes called true and false, in their order."""
    values = [_BOOLEANS.get(name.casefold()) for name in names]
    return () if None in values else tuple(int(str(value)) for value in values)


def _class_names(where: str, roles: Roles, options: LabelOptions) -> tuple[str, ...] | None:
    """Return the names of the classes in the order of the prediction columns."""
    own, given = roles.prediction_names, options.classes
    if own is not None and len(set(own)) < len(own):
        twice = next(name for name in own if own.count(name) > 1)
        what = f"two prediction columns are called {quoted(twice)}"
        raise DataError(what, where=where, hint="give each a name of its own")
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


def _looks_numeric(name: str) -> bool:
    return to_number(name) is not None and not is_missing(name)


def _no_index_labels(where: str) -> DataError:
    return DataError(
        "--label-base is for index labels, and these labels go by name",
        where=where,
        hint="leave --label-base out",
    )
