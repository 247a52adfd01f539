"""Which label column belongs to which prediction column: by name, or by place if none has one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lossctl.candidates import shown
from lossctl.errors import DataError
from lossctl.known import PREFIX_ENDS, without_prefix
from lossctl.losses.domain import Domain
from lossctl.names import listing
from lossctl.numbers import to_number
from lossctl.sources.table import Column, Inputs

Columns = Sequence[Column]


def names_of(columns: Columns, given: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the names of columns, the given ones if they have none, nothing if some lack one."""
    names = tuple(column.name for column in columns if column.name is not None)
    if not names and given is not None and len(given) == len(columns):
        return tuple(given)
    return names if len(names) == len(columns) else ()


def partners(
    prediction: Columns, pool: Columns, classes: Sequence[str] | None
) -> list[tuple[Column, ...]]:
    """Return each prediction column's namesake among others, in the predictions' order.

    Names count with or without the prefix that a side has; ``classes`` names prediction columns
    that have no names. Empty unless every one of several has a partner; more than one where others
    have several prefixes that fit.
    """
    names = names_of(prediction, classes)
    by_name = {column.name: column for column in pool}
    if len(names) < 2 or len(set(names)) < len(names) or len(by_name) < len(pool):
        return []
    for wanted in (names, without_prefix(names)):
        for prefixes in ([""], _prefixes(by_name, wanted[0])):
            fitting = [[by_name.get(prefix + name) for name in wanted] for prefix in prefixes]
            whole = [tuple(c for c in found if c is not None) for found in fitting]
            whole = [found for found in whole if len(found) == len(wanted)]
            if whole:
                return list(dict.fromkeys(whole))
    return []


def _prefixes(names: Iterable[str | None], ending: str) -> list[str]:
    return [
        name[: len(name) - len(ending)]
        for name in names
        if name is not None and name.endswith(ending) and name[: -len(ending)][-1:] in PREFIX_ENDS
    ]


def in_prediction_order(  # noqa: PLR0913  # all of it is the question
    domain: Domain,
    inputs: Inputs,
    prediction: Columns,
    label: tuple[Column, ...],
    classes: Sequence[str] | None,
    *,
    explicit: bool,
) -> tuple[Column, ...]:
    """Return the label columns in the order of the predictions they belong to.

    Raises:
        DataError: their numbers differ, or their names match only in part.

    """
    if len(label) == 1 and domain.classes:
        return label
    if len(label) != len(prediction):
        raise DataError(
            f"{len(prediction)} prediction columns against {len(label)} label columns: "
            f"{shown(prediction)} against {shown(label)}",
            where=inputs.name,
            hint="choose with --pred-col and --label-col"
            + ("; predictions come first, labels second" if len(prediction) < len(label) else ""),
        )
    ordered = partners(prediction, label, classes)
    if len(ordered) == 1:
        if not (explicit or domain.classes):
            _refuse_likely_key(inputs, prediction, ordered[0])
        return ordered[0]
    if explicit:  # both named by the user, pairwise
        return label
    if names_of(label) and names_of(prediction, classes):
        raise not_matching(inputs, prediction, label, classes)
    if not domain.classes:
        _refuse_likely_key(inputs, prediction, label)
    return label


def not_matching(
    inputs: Inputs, prediction: Columns, label: Columns, classes: Sequence[str] | None
) -> DataError:
    """Return the error for label columns that do not all have a partner; it lists those."""
    left, right = names_of(prediction, classes), names_of(label)
    common = {a for a in (*left, *without_prefix(left)) if a in {*right, *without_prefix(right)}}
    alone = [
        f"{side} without a partner: {listing(names, 20)}"
        for side, names in (
            ("predictions", [n for n in left if not n.endswith(tuple(common))]),
            ("labels", [n for n in right if not n.endswith(tuple(common))]),
        )
        if names
    ]
    return DataError(
        "cannot tell which label column belongs to which prediction column; " + ", ".join(alone),
        where=inputs.name,
        hint="name both in the same order: --pred-col a,b --label-col c,d",
    )


def _refuse_likely_key(inputs: Inputs, prediction: Columns, label: Columns) -> None:
    """Stop before an id or a year is scored as an output: it would cost 0 and look good."""
    for left, right in zip(prediction, label, strict=True):
        if left.head == right.head and _looks_like_key(left):
            raise DataError(
                f"the columns {left.label!r} and {right.label!r} start alike: are they ids?",
                where=inputs.name,
                hint="say which columns to score, with --pred-col and --label-col",
            )


def _looks_like_key(column: Column) -> bool:
    """Whether the first cells are different whole numbers, or a time that goes on."""
    numbers = [to_number(cell) for cell in column.head]
    values = [number for number in numbers if number is not None and math.isfinite(number)]
    if len(values) < len(numbers) or not values:
        return False
    steps = [second - first for first, second in pairwise(values)]
    if all(value.is_integer() for value in values):
        if column.name is None:
            return len(set(values)) == len(values) > 1
        if steps and all(step == 1 for step in steps):
            return True
    return len(steps) > 1 and min(steps) > 0
