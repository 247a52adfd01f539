"""Which columns may hold the predictions, where nobody says it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lossctl.errors import DataError
from lossctl.known import (
    is_aside,
    is_class_prefix,
    is_deviation,
    is_key,
    is_label,
    is_logarithm,
    is_nameless,
    is_prediction,
    is_variance,
    shared_prefix,
    without_prefix,
)
from lossctl.losses.domain import VARIANCE, Domain
from lossctl.names import listing
from lossctl.numbers import is_missing, to_number
from lossctl.sources.table import EMPTY, TEXT, Column, Inputs, Table

_EVENTS = ("yes", "true", "1", "pos", "positive")  # what the positive class is called


def predictions(domain: Domain, inputs: Inputs, label: Sequence[Column]) -> tuple[Column, ...]:
    """Return the prediction columns for some label columns.

    Raises:
        DataError: there is none, or several could be meant.

    """
    table = inputs.predictions
    taken = label if inputs.labels is None else ()
    if domain.columns is not None:
        return _mean_and_spread(table, candidates(domain, inputs, taken))
    if not domain.classes and len(label) == 1:
        meant = [c for c in table.columns if is_prediction(c.name) and c not in taken]
        if len(meant) == 1:  # also where it holds no numbers: then that is the mistake
            return tuple(meant)
    found = candidates(domain, inputs, taken)
    if not found:
        commas = any(c.first and "," in c.first and to_number(c.first, ",") for c in table.columns)
        hint = f"--pred-col names one of {shown(table.columns)}"
        raise DataError(
            "no column of numbers is left for the predictions",
            where=table.name,
            hint="a decimal comma? --decimal ," if commas else hint,
        )
    if domain.classes:
        _refuse_class_named_like_label(table, found, taken)
    if domain.classes or len(label) > 1 or len(found) == 1:
        return found
    named = tuple(column for column in found if is_prediction(column.name))
    if len(named) == 1:
        return named
    several = named or found
    raise DataError(
        f"{len(several)} columns could be the prediction: {shown(several)}",
        where=table.name,
        hint=_hint_for_two_classes(several)
        if domain.event and len(several) == 2
        else "say which with --pred-col",
    )


def _mean_and_spread(table: Table, found: Sequence[Column]) -> tuple[Column, ...]:
    """Return the column of the mean and that of its spread, which is told by its name.

    Where the columns have names, one of them must say that it is a spread.
    """
    hint = "say which, in this order: --pred-col MEAN,SPREAD"
    if len(found) != 2:
        raise DataError(
            f"two columns are wanted, the mean and its spread, and there are {len(found)}: "
            f"{shown(found) or 'none'}",
            where=table.name,
            hint=hint,
        )
    first, second = found
    if table.named and _is_spread(first) == _is_spread(second):
        what = f"which is the mean and which its spread, {shown(found)}?"
        raise DataError(what, where=table.name, hint=hint)
    return (second, first) if _is_spread(first) else (first, second)


def check_spread(domain: Domain, table: Table, spread: Column) -> None:
    """Refuse a variance where a standard deviation is wanted, and the other way round.

    Raises:
        DataError: the column's name says so.

    """
    other = is_deviation if domain.spread == VARIANCE else is_variance
    if other(spread.name) or is_logarithm(spread.name):
        raise DataError(
            f"the column {spread.label!r} is no {domain.spread}, by its name",
            where=table.name,
            hint="gaussian-nll takes the mean and its variance, crps its standard deviation",
        )


def _is_spread(column: Column) -> bool:
    return is_variance(column.name) or is_deviation(column.name)


def _hint_for_two_classes(columns: Sequence[Column]) -> str:
    names = without_prefix([str(column.label) for column in columns])
    if names[0].casefold() == names[1].casefold():
        positions = " or ".join(f"--pred-col {column.position}" for column in columns)
        return f"say which: {positions}"
    events = [c for c, name in zip(columns, names, strict=True) if name.casefold() in _EVENTS]
    event = (events or [columns[1]])[0].label
    return f"two classes? for the probability of one --pred-col {event}, or score both with ce"


def candidates(domain: Domain, inputs: Inputs, taken: Sequence[Column] = ()) -> tuple[Column, ...]:
    """Return the columns that may be predictions; named like a label only if no other is left."""
    table = inputs.predictions
    others = {column.position for column in taken}
    columns = [column for column in table.settled(numeric(table)) if column.kind != TEXT]
    columns = [column for column in columns if column.position not in others]
    plain = [c for c in columns if not is_key(c.name) and not is_aside(c.name)]
    chosen = [c for c in plain if not is_label(c.name)] or plain
    chosen = [c for c in chosen if c.kind != EMPTY] or chosen  # notes that nobody wrote
    if domain.classes:
        known = {column.position for column in chosen}
        chosen = [c for c in columns if c.position in known or _is_class(c, chosen, inputs)]
        chosen = _with_unreadable(table, chosen, others)
    return tuple(chosen)


def _with_unreadable(table: Table, chosen: list[Column], taken: set[int]) -> list[Column]:
    """Add columns named like the classes that do not begin with a number.

    They are told as mistakes then: without them a class would be lost.
    """
    prefix = shared_prefix([column.name for column in chosen if column.name is not None])
    known = {column.position for column in chosen} | taken
    more = [
        column
        for column in table.columns
        if prefix
        and column.position not in known
        and column.name is not None
        and column.name.startswith(prefix)
        and not is_label(column.name)
        and not is_key(column.name)
    ]
    return sorted([*chosen, *more], key=lambda column: column.position)


def _is_class(column: Column, others: Sequence[Column], inputs: Inputs) -> bool:
    """Whether a column that is named like a key is a class like others: ``p_id`` is Indonesian.

    Raises:
        DataError: it may be either.

    """
    theirs = () if inputs.labels is None else inputs.labels.columns
    shared = any(
        c.name is not None and c.name.casefold() == str(column.name).casefold() for c in theirs
    )
    if not is_key(column.name) or shared or is_nameless(column.name):
        return False
    prefix = shared_prefix([str(c.name) for c in (column, *others)]) if others else ""
    if is_class_prefix(prefix):
        return True
    if prefix or not _holds_whole_numbers(column):
        raise DataError(
            f"is {column.label!r} a key, or one of the classes like {shown(others)}?",
            where=inputs.predictions.name,
            hint="--pred-col names the columns of the classes",
        )
    return False


def _holds_whole_numbers(column: Column) -> bool:
    cells = [cell for cell in (column.first, *column.head) if cell and not is_missing(cell)]
    numbers = [to_number(cell, "," if "," in cell else ".") for cell in cells]
    return all(n is not None and math.isfinite(n) and n.is_integer() for n in numbers)


def numeric(table: Table) -> tuple[Column, ...]:
    """Return the columns of numbers that have a name, or need none."""
    return tuple(c for c in table.columns if c.kind != TEXT and not is_nameless(c.name))


def without_keys(table: Table) -> tuple[Column, ...]:
    """Return the columns of numbers that identify no rows."""
    return tuple(column for column in numeric(table) if not is_key(column.name))


def _refuse_class_named_like_label(
    table: Table, found: Sequence[Column], taken: Sequence[Column]
) -> None:
    """Stop where a column may be a class called "gold", or labels that are not wanted here."""
    names = [column.name for column in found if column.name is not None]
    left = [c for c in numeric(table) if is_label(c.name) and c not in (*found, *taken)]
    if left and names and not shared_prefix(names):
        raise DataError(
            f"is {left[0].label!r} one of the classes, like {listing(names)}?",
            where=table.name,
            hint="--pred-col names the columns of the classes",
        )


def shown(columns: Sequence[Column]) -> str:
    """Return what columns are called, for messages."""
    return listing([column.label for column in columns], most=20)
