"""Which label column belongs to which prediction column: by name, or by place if none has one."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl.errors import DataError
from lossctl.losses.domain import Domain
from lossctl.names import listing, without_prefix
from lossctl.sources.table import Column, Inputs


def in_prediction_order(
    domain: Domain,
    inputs: Inputs,
    prediction: Sequence[Column],
    label: tuple[Column, ...],
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
    order = match(prediction, label, inputs)
    if order is not None:
        return tuple(label[i] for i in order)
    if explicit:  # both named by the user, pairwise
        return label
    if any(column.name is not None for column in label) and inputs.predictions.header:
        raise DataError(
            "cannot tell which label column belongs to which prediction column: "
            f"{_shown(label)} against {_shown(prediction)}",
            where=inputs.name,
            hint="name both in the same order: --pred-col a,b --label-col c,d",
        )
    _refuse_likely_key(inputs, prediction, label)
    return label


def match(
    prediction: Sequence[Column], label: Sequence[Column], inputs: Inputs
) -> tuple[int, ...] | None:
    """Return where each prediction column's partner is, by names with or without their prefixes.

    None if no name matches; if only some do, that is an error.
    """
    wanted = [column.name for column in prediction if column.name is not None]
    found = [column.name for column in label if column.name is not None]
    if len(wanted) < len(prediction) or len(found) < len(label):
        return None
    common: set[str] = set()
    for left in (wanted, list(without_prefix(wanted))):
        for right in (found, list(without_prefix(found))):
            same = set(left) & set(right)
            if len(same) == len(left) == len(right):
                return tuple(right.index(name) for name in left)
            common |= same
    if not common:
        return None
    alone = [
        f"{side} without a partner: {listing(names)}"
        for side, names in (
            ("predictions", [n for n in wanted if not n.endswith(tuple(common))]),
            ("labels", [n for n in found if not n.endswith(tuple(common))]),
        )
        if names
    ]
    raise DataError(
        "the label columns match the prediction columns only in part: " + ", ".join(alone),
        where=inputs.name,
        hint="choose with --pred-col and --label-col",
    )


def _refuse_likely_key(
    inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> None:
    """Stop before an id without a name is scored as an output: it would cost 0 and look good."""
    if inputs.predictions.header is None or inputs.label_table.header is None:
        return
    for left, right in zip(prediction, label, strict=True):
        if left.first is not None and left.first == right.first and left.first.isdecimal():
            raise DataError(
                f"column {left.position} starts with {left.first} on both sides: is it an id?",
                where=inputs.name,
                hint="say which columns to score: --pred-col 1 --label-col 1",
            )


def _shown(columns: Sequence[Column]) -> str:
    return listing([column.label for column in columns], most=20)
