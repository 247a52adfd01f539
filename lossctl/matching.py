"""Which label column belongs to which prediction column: by name, or by place if none has one."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl.errors import DataError
from lossctl.losses.domain import Domain
from lossctl.names import listing, without_prefix
from lossctl.sources.table import Column, Inputs

Columns = Sequence[Column]


def match(prediction: Columns, label: Columns, classes: Sequence[str] | None) -> list[int] | None:
    """Return where each prediction column's partner is, by names with or without their prefixes.

    ``classes`` names prediction columns that have no names. None unless every column has a partner.
    """
    sides = _names(prediction, classes), _names(label, None)
    for left in _spellings(sides[0]):
        for right in _spellings(sides[1]):
            if len(left) == len(right) == len(set(left)) and set(left) == set(right):
                return [right.index(name) for name in left]
    return None


def _names(columns: Columns, given: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(column.name for column in columns if column.name is not None)
    if not names and given is not None and len(given) == len(columns):
        return tuple(given)
    return names if len(names) == len(columns) else ()


def _spellings(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return (names, without_prefix(names)) if names else ()


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
            f"{_shown(prediction)} against {_shown(label)}",
            where=inputs.name,
            hint="choose with --pred-col and --label-col",
        )
    order = match(prediction, label, classes)
    if order is not None:
        ordered = tuple(label[i] for i in order)
        if not (explicit or domain.classes):
            _refuse_likely_key(inputs, prediction, ordered)
        return ordered
    if explicit:  # both named by the user, pairwise
        return label
    if _names(label, None) and _names(prediction, classes):
        raise not_matching(inputs, prediction, label, classes)
    _refuse_likely_key(inputs, prediction, label)
    return label


def not_matching(
    inputs: Inputs, prediction: Columns, label: Columns, classes: Sequence[str] | None
) -> DataError:
    """Return the error for label columns that do not all have a partner; it lists those."""
    left, right = _names(prediction, classes), _names(label, None)
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
    """Whether the first cells are different whole numbers; under a name, ones that count up."""
    if not all(cell.isdecimal() for cell in column.head):
        return False
    numbers = [int(cell) for cell in column.head]
    if column.name is not None:
        return len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return len(set(numbers)) == len(numbers) > 0


def _shown(columns: Columns) -> str:
    return listing([column.label for column in columns], most=20)
