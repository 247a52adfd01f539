"""Which columns hold the predictions, the labels and the keys."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

from lossctl.errors import DataError
from lossctl.known import (
    LABEL_NAMES,
    is_aside,
    is_key,
    is_label,
    is_nameless,
    is_prediction,
)
from lossctl.losses.domain import BINARY, Domain
from lossctl.matching import in_prediction_order, match, not_matching
from lossctl.names import did_you_mean, listing, shared_prefix
from lossctl.sources.dialect import to_number
from lossctl.sources.table import NUMBER, TEXT, Column, Inputs, Table


@dataclass(frozen=True)
class ColumnOptions:
    """The columns that the user names: comma lists of names, globs, positions and ranges."""

    prediction: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Roles:
    """What the columns of the inputs are. Labels stand in the order of the predictions."""

    prediction: tuple[Column, ...]
    label: tuple[Column, ...]
    keys: tuple[tuple[Column, Column], ...] = ()

    @property
    def prediction_names(self) -> tuple[str, ...] | None:
        """The names of the prediction columns, if they have names."""
        names = [column.name for column in self.prediction]
        return None if None in names else tuple(map(str, names))


def choose(
    domain: Domain,
    inputs: Inputs,
    options: ColumnOptions,
    classes: Sequence[str] | None = None,
) -> Roles:
    """Decide from names, kinds and options; what cannot be decided is an error that lists them.

    ``classes`` names prediction columns that have no names of their own.

    Raises:
        DataError: a named column is not there, or several could be meant.

    """
    paired = _paired_by_name(domain, inputs, options, classes)
    if paired is not None:
        prediction, label = paired
    else:
        label = inputs.label_table.settled(_labels(domain, inputs, options, classes))
        prediction = _predictions(domain, inputs, options, label)
    both = [column.label for column in prediction if column in label]
    if both and inputs.labels is None:
        raise DataError(f"{listing(both)} is both prediction and label", where=inputs.name)
    if len(prediction) > 1 or len(label) > 1:
        explicit = bool(options.prediction and options.label)
        label = in_prediction_order(domain, inputs, prediction, label, classes, explicit=explicit)
    _check_kinds(domain, inputs, prediction, label)
    return Roles(prediction, label, _common_keys(inputs, prediction, label))


def _paired_by_name(
    domain: Domain, inputs: Inputs, options: ColumnOptions, classes: Sequence[str] | None
) -> tuple[tuple[Column, ...], tuple[Column, ...]] | None:
    """Return prediction and label columns if each of several has a namesake on the other side.

    That says more than a name such as "true" or "y", which may be a class or an output.
    """
    if inputs.labels is None or options.label:
        return None
    if options.prediction:
        choices = [select(options.prediction, inputs.predictions)]
    else:
        table = inputs.predictions
        choices = [_candidates(domain, table), _without_keys(domain, table)]
    numbers = _without_keys(domain, inputs.labels)
    for prediction in choices:
        for label in (numbers, _with_keys(inputs.labels) if domain.classes else ()):
            order = match(prediction, label, classes)
            if len(prediction) > 1 and order is not None:
                return prediction, tuple(label[i] for i in order)
    return None


def select(spec: str, table: Table) -> tuple[Column, ...]:
    """Return the columns that a comma list of names, globs, positions and ranges means.

    Raises:
        DataError: a part of it matches no column, or a column is named twice.

    """
    chosen: list[Column] = []
    for part in (part.strip() for part in spec.split(",")):
        found = _matching(part, table)
        if not found:
            names = [column.name for column in table.columns if column.name is not None]
            raise DataError(
                f"there is no column '{part}'",
                where=table.name,
                hint=did_you_mean(part, names) or f"the columns are {_shown(table.columns)}",
            )
        chosen += found
    if len(set(chosen)) < len(chosen):
        raise DataError(f"'{spec}' names a column twice", where=table.name)
    return tuple(chosen)


def _matching(part: str, table: Table) -> list[Column]:
    named = [column for column in table.columns if column.name == part]
    if len(named) > 1:
        raise DataError(
            f"{len(named)} columns are called '{part}'",
            where=table.name,
            hint=f"say which by position: {', '.join(str(c.position) for c in named)}",
        )
    if named:
        return named
    low, dash, high = part.partition("-")
    if low.isdecimal() and (high.isdecimal() or not dash):
        fits = int(low) <= int(high or low) < len(table.columns)
        return list(table.columns[int(low) : int(high or low) + 1]) if fits else []
    if any(character in part for character in "*?["):
        return [c for c in table.columns if c.name and fnmatch.fnmatchcase(c.name, part)]
    return []


def _shown(columns: Sequence[Column]) -> str:
    return listing([column.label for column in columns], most=20)


def _labels(
    domain: Domain, inputs: Inputs, options: ColumnOptions, classes: Sequence[str] | None
) -> tuple[Column, ...]:
    table = inputs.label_table
    if options.label:
        return select(options.label, table)
    for name in LABEL_NAMES:
        found = [c for c in table.columns if c.name is not None and c.name.casefold() == name]
        if len(found) == 1:
            return (found[0],)
        if found:
            raise DataError(
                f"{len(found)} columns are called '{name}'",
                where=table.name,
                hint=f"say which: --label-col {found[0].position}",
            )
    if inputs.labels is None:
        raise DataError(
            "no column is named like a label",
            where=table.name,
            hint=f"--label-col names one of {_shown(table.columns)}; or give a LABELS file",
        )
    rest = tuple(c for c in table.columns if not is_key(c.name) and not is_nameless(c.name))
    if len(rest) == 1 or (rest and table.header is not True):
        return rest
    candidates = _candidates(domain, inputs.predictions)
    if len(rest) > 1 and len(candidates) > 1 and (classes or inputs.predictions.header):
        raise not_matching(inputs, candidates, rest, classes)
    raise DataError(
        "no column is named like a label",
        where=table.name,
        hint=f"--label-col names one or more of {_shown(table.columns)}",
    )


def _predictions(
    domain: Domain, inputs: Inputs, options: ColumnOptions, label: tuple[Column, ...]
) -> tuple[Column, ...]:
    table = inputs.predictions
    if options.prediction:
        return select(options.prediction, table)
    taken = label if inputs.labels is None else ()
    candidates = _candidates(domain, table, taken)
    if not candidates:
        commas = any(c.first and to_number(c.first, ",") is not None for c in table.columns)
        hint = f"--pred-col names one of {_shown(table.columns)}"
        raise DataError(
            "no column of numbers is left for the predictions",
            where=table.name,
            hint="a decimal comma? --decimal ," if commas and table.header is not None else hint,
        )
    if domain.classes:
        _refuse_class_named_like_label(table, candidates, taken)
    if domain.classes or len(label) > 1 or len(candidates) == 1:
        return candidates
    named = tuple(column for column in candidates if is_prediction(column.name))
    if len(named) == 1:
        return named
    several = named or candidates
    hint = "say which with --pred-col"
    if domain is BINARY and len(several) == 2:
        hint = (
            "two columns are often the two classes: for the probability of the second "
            f"--pred-col {several[1].label}, or score both with ce"
        )
    raise DataError(
        f"{len(several)} columns could be the prediction: {_shown(several)}",
        where=table.name,
        hint=hint,
    )


def _candidates(domain: Domain, table: Table, taken: Sequence[Column] = ()) -> tuple[Column, ...]:
    """Return the columns that may be predictions; named like a label only if no other is left.

    Among classes a prefix that the others share says more than a name: ``p_id`` is Indonesian.
    """
    numeric = [column for column in _with_keys(table) if column not in taken]
    plain = [c for c in numeric if not _is_key(domain, c) and not is_aside(c.name)]
    chosen = [c for c in plain if not is_label(c.name)] or plain
    names = [column.name for column in chosen if column.name is not None]
    prefix = shared_prefix(names) if domain.classes and len(names) == len(chosen) else ""
    if prefix:
        chosen = [c for c in numeric if c.name is not None and c.name.startswith(prefix)]
    return tuple(c for c in table.settled(chosen) if c.kind != TEXT)


def _with_keys(table: Table) -> tuple[Column, ...]:
    return tuple(c for c in table.columns if c.kind != TEXT and not is_nameless(c.name))


def _without_keys(domain: Domain, table: Table) -> tuple[Column, ...]:
    return tuple(column for column in _with_keys(table) if not _is_key(domain, column))


def _is_key(domain: Domain, column: Column) -> bool:
    """Whether a column identifies rows, by its name; of decimals it may name a class."""
    first = column.first or ""
    decimal = column.kind == NUMBER and "." in first and not first.endswith(".0")
    return is_key(column.name) and not (domain.classes and decimal)


def _refuse_class_named_like_label(
    table: Table, candidates: Sequence[Column], taken: Sequence[Column]
) -> None:
    """Stop where a column may be a class called "gold", or labels that are not wanted here."""
    names = [column.name for column in candidates if column.name is not None]
    used = (*candidates, *taken)
    left = [c for c in _with_keys(table) if is_label(c.name) and c not in used]
    if left and names and not shared_prefix(names):
        raise DataError(
            f"is {left[0].label!r} one of the classes, like {listing(names)}?",
            where=table.name,
            hint="--pred-col names the columns of the classes",
        )


def _check_kinds(
    domain: Domain, inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> None:
    if domain.classes and len(prediction) == 1:
        raise DataError(
            f"one prediction column, {prediction[0].label!r}, is no prediction over classes",
            where=inputs.predictions.name,
            hint="for the probability of one event use bce",
        )
    if inputs.predictions.shape is not None and prediction[0].kind == TEXT:
        raise DataError("the predictions are text", where=inputs.predictions.name)
    text = [column for column in label if column.kind == TEXT]
    if text and (len(label) > 1 or not domain.unit_labels):
        raise DataError(
            f"the label column {text[0].label!r} holds text, such as '{text[0].first}'",
            where=inputs.label_table.name,
            hint="this loss wants numbers; choose with --label-col",
        )


def _common_keys(
    inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> tuple[tuple[Column, Column], ...]:
    """Return the key columns that both inputs have, and that must therefore agree."""
    if inputs.labels is None:
        return ()
    theirs = {
        c.name.casefold(): c
        for c in inputs.labels.columns
        if c.name is not None and is_key(c.name) and c not in label
    }
    return tuple(
        (c, theirs[c.name.casefold()])
        for c in inputs.predictions.columns
        if c.name is not None
        and is_key(c.name)
        and c.name.casefold() in theirs
        and c not in prediction
    )
