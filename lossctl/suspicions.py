"""What may be meant in two ways, and is asked about before a number comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lossctl import columns
from lossctl.candidates import candidates
from lossctl.columns import ColumnOptions, Roles
from lossctl.errors import DataError
from lossctl.known import is_key, shared_prefix, without_prefix
from lossctl.losses.domain import Domain
from lossctl.names import listing
from lossctl.numbers import to_number
from lossctl.sources.table import TEXT, Column, Inputs, Table


def refuse_two_complete_files(domain: Domain, inputs: Inputs, named: ColumnOptions) -> None:
    """Stop where a glob may have matched two files that each hold predictions and labels."""
    tables = (inputs.predictions, inputs.label_table)
    if inputs.labels is None or (named.prediction and named.label):
        return
    if not all(table.named for table in tables):
        return
    if len({frozenset(_names_but_keys(table)) for table in tables}) > 1:
        return
    try:
        columns.choose(domain, Inputs(inputs.predictions), named)
    except DataError:
        return
    raise DataError(
        "both files have the same columns, predictions and labels among them",
        where=inputs.name,
        hint="lossctl batch scores each by itself; or say --pred-col and --label-col",
    )


def refuse_headers_of_numbers(inputs: Inputs) -> None:
    """Stop where both files start with the same whole numbers above decimals: years as names."""
    tables = (inputs.predictions, inputs.label_table)
    if inputs.labels is None or any(table.header is not False for table in tables):
        return
    first = [tuple(column.head[:1] for column in table.columns) for table in tables]
    names = [cell for cells in first[0] for cell in cells]
    numbers = [to_number(name) for name in names]
    whole = all(number is not None and number.is_integer() for number in numbers)
    below = [cell for table in tables for c in table.columns for cell in c.head[1:]]
    decimals = any(not (to_number(cell) or 0.0).is_integer() for cell in below)
    if (
        first[0] == first[1]
        and len(names) > 1
        and len({*names}) == len(names)
        and whole
        and decimals
    ):
        raise DataError(
            f"both files start with {listing(names)}: are these names, or a row?",
            where=inputs.name,
            hint="say --header or --no-header",
        )


def _refuse_index(table: Table, columns_: tuple[Column, ...]) -> None:
    """Stop where the first of columns without names counts the rows, as a frame's index does."""
    head, *others = (column.head for column in columns_)
    counts = head == tuple(str(i) for i in range(len(head))) and len(head) > 2
    if counts and any("." in cell for other in others for cell in other):
        raise DataError(
            "column 0 counts the rows: is it an index, or a class?",
            where=table.name,
            hint=f"--pred-col 1-{len(columns_) - 1}, or 0-{len(columns_) - 1}",
        )


def _names_but_keys(table: Table) -> Iterator[str]:
    return (c.name for c in table.columns if c.name is not None and not is_key(c.name))


def refuse_unrelated_columns(
    inputs: Inputs, roles: Roles, named: ColumnOptions, classes: Sequence[str] | None
) -> None:
    """Stop where any number column may have slipped in among the logits: nothing would show it.

    Names that the labels use, or that have a prefix of their own, are a sign of classes.
    """
    names = roles.prediction_names
    if names is None and not named.prediction:
        _refuse_index(inputs.predictions, roles.prediction)
    by_name = len(roles.label) > 1 or roles.label[0].kind == TEXT
    if names is None or by_name or named.prediction or classes:
        return
    if without_prefix(names) == names and any(to_number(name) is None for name in names):
        raise DataError(
            f"are these the classes, in the order of the labels' indices: {listing(names, 20)}?",
            where=inputs.predictions.name,
            hint="say so with --pred-col, or name the classes with --classes",
        )


def refuse_event_beside_classes(
    domain: Domain, inputs: Inputs, roles: Roles, named: ColumnOptions
) -> None:
    """Stop where one prediction column stands beside others that look like those of classes.

    For losses that are defined of one event and of classes.
    """
    if named.prediction is not None:
        return
    taken = roles.label if inputs.labels is None else ()
    others = [c for c in candidates(domain, inputs, taken) if c not in roles.prediction]
    names = [str(column.label) for column in others]
    if len(names) > 1 and shared_prefix(names):
        raise DataError(
            f"is it {roles.prediction[0].label!r}, of one event, or the classes {listing(names)}?",
            where=inputs.predictions.name,
            hint="say which with --pred-col",
        )
