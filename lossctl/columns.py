"""Which columns hold the predictions, the labels and the keys."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from lossctl.candidates import candidates, check_spread, numeric, predictions, shown, without_keys
from lossctl.errors import DataError, UsageError
from lossctl.known import (
    LABEL_NAMES,
    is_key,
    is_label,
    is_nameless,
    is_prediction,
    without_prefix,
)
from lossctl.losses.domain import Domain
from lossctl.matching import in_prediction_order, names_of, not_matching, partners
from lossctl.names import did_you_mean, listing, quoted
from lossctl.numbers import to_number
from lossctl.sources.table import TEXT, Column, Inputs, Table
from lossctl.sources.views import View
from lossctl.values import dataclass, replace

PREDICTION, LABEL = "prediction", "label"  # the two sides


@dataclass(frozen=True)
class ColumnOptions:
    """The columns that the user names: names, globs, positions and ranges, in a comma list."""

    prediction: str | tuple[str, ...] | None = None
    label: str | tuple[str, ...] | None = None
    id: str | None = None
    weight: str | None = None
    by: tuple[str, ...] = ()
    cluster: str | None = None

    def __post_init__(self) -> None:
        """Refuse names that are empty, as those of shell variables that are not set."""
        for option in ("prediction", "label", "id", "weight", "by", "cluster"):
            given = getattr(self, option)
            several = given if isinstance(given, tuple) else (given,)
            if "" in several or (not several and option != "by"):
                name = {"prediction": "pred-col", "label": "label-col", "weight": "weight-col"}
                raise UsageError(f"--{name.get(option, option)} names no column")


@dataclass(frozen=True)
class Grouping:
    """A column whose values make groups; ``column`` is None where the label itself does."""

    name: str
    side: str
    column: Column | None = None


@dataclass(frozen=True)
class Roles:
    """What the columns of the inputs are. Labels stand in the order of the predictions.

    ``keys`` are those that both inputs have, and that must agree row by row, or the one by which
    rows are ``joined``. ``shown`` is the key by which rows are shown to a person, the first of
    these or one that only one side has. ``weight`` is a column of either side, if there is one.
    Rows that agree in all columns of ``by`` are a group, those that agree in ``cluster`` depend on
    each other.
    """

    prediction: tuple[Column, ...]
    label: tuple[Column, ...]
    keys: tuple[tuple[Column, Column], ...] = ()
    shown: tuple[str, Column] | None = None
    joined: bool = False
    weight: tuple[str, Column] | None = None
    by: tuple[Grouping, ...] = ()
    cluster: Grouping | None = None

    @property
    def groupings(self) -> tuple[Grouping, ...]:
        """All that groups are made of: the columns of ``by``, then the ``cluster``."""
        return self.by if self.cluster is None else (*self.by, self.cluster)

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
    if options.id is not None or options.weight is not None:
        return _with_named(domain, inputs, options, classes)
    paired = _paired_by_name(domain, inputs, options, classes)
    if paired is not None:
        prediction, label = paired
    else:
        label = inputs.label_table.settled(_labels(domain, inputs, options, classes))
        prediction = (
            select(options.prediction, inputs.predictions)
            if options.prediction
            else predictions(domain, inputs, label)
        )
    if inputs.labels is not None and not (options.prediction or options.label):
        _check_not_swapped(inputs, prediction, label)
    both = [column.label for column in prediction if column in label]
    if both and inputs.labels is None:
        hint = "choose others with --pred-col and --label-col"
        what = f"{listing(both)} is both prediction and label"
        raise DataError(what, where=inputs.name, hint=hint)
    if domain.columns is not None:
        _check_mean_and_spread(domain, inputs, prediction, label)
    elif len(prediction) > 1 or len(label) > 1:
        explicit = bool(options.prediction and options.label)
        label = in_prediction_order(domain, inputs, prediction, label, classes, explicit=explicit)
    _check_kinds(domain, inputs, prediction, label)
    keys = _common_keys(inputs, prediction, label)
    shown = (PREDICTION, keys[0][0]) if keys else _own_key(inputs, prediction, label)
    return Roles(prediction, label, keys, shown)


def _check_not_swapped(
    inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> None:
    """Refuse two files of which each has the names of the other."""
    if all(is_label(c.name) for c in prediction) and all(is_prediction(c.name) for c in label):
        names = f"{quoted(prediction[0].label)} is taken for the predictions, "
        names += f"{quoted(label[0].label)} for the labels"
        hint = "predictions come first, labels second; --pred-col and --label-col say otherwise"
        raise DataError(f"the two files seem to be swapped: {names}", where=inputs.name, hint=hint)


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
        choices = [candidates(domain, inputs)]
        if domain.whole:
            choices.append(without_keys(inputs.predictions))
    pool = numeric(inputs.labels) if domain.classes else without_keys(inputs.labels)
    named = {column for column in inputs.labels.columns if is_label(column.name)}
    for prediction in choices:
        found = partners(prediction, pool, classes)
        found = [label for label in found if named <= {*label}]  # else that one is the label
        if len(found) > 1:
            raise DataError(
                "several label columns could belong to the prediction columns: "
                + " or ".join(shown(label) for label in found),
                where=inputs.labels.name,
                hint="say which with --label-col",
            )
        if found:
            return prediction, found[0]
    return None


def select(spec: str | tuple[str, ...], table: Table) -> tuple[Column, ...]:
    """Return the columns that a comma list of names, globs, positions and ranges means.

    Raises:
        DataError: a part of it matches no column, or a column is named twice.

    """
    chosen: list[Column] = []
    parts = [part.strip() for part in spec.split(",")] if isinstance(spec, str) else spec
    for part in parts:
        found = _of_part(part, table)
        if not found:
            names = [column.name for column in table.columns if column.name is not None]
            raise DataError(
                f"there is no column '{part}'",
                where=table.name,
                hint=did_you_mean(part, names) or f"the columns are {shown(table.columns)}",
            )
        chosen += found
    if len(set(chosen)) < len(chosen):
        hint = f"the columns are {shown(table.columns)}"
        raise DataError(f"'{','.join(parts)}' names a column twice", where=table.name, hint=hint)
    return tuple(chosen)


def _of_part(part: str, table: Table) -> list[Column]:
    named = [column for column in table.columns if column.name == part]
    if len(named) > 1:
        raise DataError(
            f"{len(named)} columns are called '{part}'",
            where=table.name,
            hint=by_position("by position:", named, table),
        )
    if named:
        return named
    low, dash, high = part.partition("-")
    if len(part) < 20 and low.isdecimal() and (high.isdecimal() or not dash):
        found = [c for c in table.columns if int(low) <= c.position <= int(high or low)]
        return found if int(low) <= int(high or low) <= table.columns[-1].position else []
    if any(character in part for character in "*?["):
        return [c for c in table.columns if c.name and fnmatch.fnmatchcase(c.name, part)]
    return []


def by_position(option: str, columns: Sequence[Column], table: Table) -> str | None:
    """Return a hint to name columns by position; none if a position is some column's name."""
    positions = [str(column.position) for column in columns]
    if any(column.name in positions for column in table.columns):
        return None
    return f"say which: {option} {', '.join(positions)}"


def _labels(
    domain: Domain, inputs: Inputs, options: ColumnOptions, classes: Sequence[str] | None
) -> tuple[Column, ...]:
    table = inputs.label_table
    if options.label:
        return select(options.label, table)
    for name in LABEL_NAMES:
        found = [c for c in table.columns if c.name is not None and c.name.casefold() == name]
        if len(found) == 1:
            if inputs.labels is not None:
                _refuse_one_of_several(domain, inputs, options, classes, found[0])
            return (found[0],)
        if found:
            raise DataError(
                f"{len(found)} columns are called '{name}'",
                where=table.name,
                hint=by_position("--label-col", found[:1], table),
            )
    if inputs.labels is None:
        raise DataError(
            "no column is named like a label",
            where=table.name,
            hint=f"--label-col names one of {shown(table.columns)}; or give a file of labels",
        )
    rest = tuple(c for c in table.columns if not is_key(c.name) and not is_nameless(c.name))
    if len(rest) == 1 or (rest and not table.named):
        return rest
    several = candidates(domain, inputs)
    numbered = _in_number_order(rest)
    if numbered is not None and not inputs.predictions.named and len(several) == len(rest):
        return numbered
    if len(rest) > 1 and len(several) > 1 and (classes or inputs.predictions.named):
        raise not_matching(inputs, several, rest, classes)
    raise DataError(
        "no column is named like a label",
        where=table.name,
        hint=f"--label-col names one or more of {shown(table.columns)}",
    )


def _in_number_order(columns: Sequence[Column]) -> tuple[Column, ...] | None:
    """Return columns in the order of their numbers, if they are called 0 to K−1, prefix or not."""
    names = without_prefix(names_of(columns)) if len(columns) > 1 else ()
    by_number = dict(zip(names, columns, strict=True)) if names else {}
    found = [by_number.get(str(i)) for i in range(len(columns))]
    return tuple(c for c in found if c is not None) if names and None not in found else None


def _refuse_one_of_several(
    domain: Domain,
    inputs: Inputs,
    options: ColumnOptions,
    classes: Sequence[str] | None,
    label: Column,
) -> None:
    """Stop where the column named like a label may be one of several: a class, or an output."""
    if options.prediction:
        prediction = select(options.prediction, inputs.predictions)
    else:
        prediction = candidates(domain, inputs)
    names = names_of(prediction, classes)
    theirs = {str(c.label) for c in without_keys(inputs.label_table) if c != label}
    if domain.classes:
        wanted = {*names, *without_prefix(names)}
        if label.name in wanted and theirs & wanted:
            raise not_matching(inputs, prediction, without_keys(inputs.label_table), classes)
        if not names and len(theirs) + 1 == len(prediction) and _is_one_hot(inputs.label_table):
            raise DataError(
                f"is {label.label!r} the label, or one of the classes {listing(sorted(theirs))}?",
                where=inputs.label_table.name,
                hint="--label-col names the label column, or all of them; --classes the classes",
            )
        return
    crossed = theirs & {*names}
    if crossed and label.name in {c.name for c in without_keys(inputs.predictions)}:
        raise DataError(
            f"both files have the columns {listing(sorted({*crossed, str(label.label)}))}",
            where=inputs.name,
            hint="say which are meant, with --pred-col and --label-col",
        )


def _is_one_hot(table: Table) -> bool:
    """Whether the first rows are one-hot over all columns but keys."""
    heads = [column.head for column in without_keys(table)]
    rows = list(zip(*heads, strict=False))
    return bool(rows) and all(sorted({*row}) == ["0", "1"] and row.count("1") == 1 for row in rows)


def _check_mean_and_spread(
    domain: Domain, inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> None:
    if len(prediction) != domain.columns or len(label) != 1:
        raise DataError(
            f"{len(prediction)} prediction and {len(label)} label columns, where the mean, its "
            "spread and one label are wanted",
            where=inputs.name,
            hint="--pred-col MEAN,SPREAD and --label-col COL",
        )
    check_spread(domain, inputs.predictions, prediction[1])


def _check_kinds(
    domain: Domain, inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> None:
    if domain.whole and not domain.classes and domain.columns is None and len(prediction) == 1:
        raise DataError(
            f"one prediction column, {prediction[0].label!r}, is no vector",
            where=inputs.predictions.name,
            hint="cosine compares the directions of rows of several numbers",
        )
    if domain.classes and len(prediction) == 1:
        raise DataError(
            f"one prediction column, {prediction[0].label!r}, is no prediction over classes",
            where=inputs.predictions.name,
            hint="for the probability of one event use bce",
        )
    words = [column for column in prediction if column.kind == TEXT]
    if words:
        raise DataError(
            f"the column {words[0].label!r} holds text, such as {quoted(words[0].first)}",
            where=inputs.predictions.name,
            hint=_hint_for_text(words[0]),
        )
    text = [column for column in label if column.kind == TEXT]
    if text and (len(label) > 1 or not domain.unit_labels):
        raise DataError(
            f"the label column {text[0].label!r} holds text, such as {quoted(text[0].first)}",
            where=inputs.label_table.name,
            hint="this loss wants numbers; choose with --label-col",
        )


def _with_named(
    domain: Domain, inputs: Inputs, options: ColumnOptions, classes: Sequence[str] | None
) -> Roles:
    """Choose among the columns that are neither id nor weight; two inputs are joined by the id."""
    tables = [inputs.predictions] + ([] if inputs.labels is None else [inputs.labels])
    ids = [] if options.id is None else [_id_column(options.id, table) for table in tables]
    weight = _weight_column(options.weight, inputs)
    hidden: list[tuple[Column, ...]] = [(column,) for column in ids] or [()] * len(tables)
    if weight is not None:
        place = 0 if weight[0] == PREDICTION or inputs.labels is None else 1
        if weight[1] in hidden[place]:
            label = repr(weight[1].label)
            raise DataError(f"{label} is both weight and id", where=tables[place].name)
        hidden[place] = (*hidden[place], weight[1])
    rest = Inputs(*map(View, tables, hidden))
    roles = choose(domain, rest, replace(options, id=None, weight=None), classes)
    roles = replace(roles, weight=weight)
    if not ids:
        return roles
    roles = replace(roles, shown=(PREDICTION, ids[0]))
    return roles if len(ids) == 1 else replace(roles, keys=((ids[0], ids[1]),), joined=True)


def _weight_column(asked: str | None, inputs: Inputs) -> tuple[str, Column] | None:
    """Return the column of weights: on the labels' side, else beside the predictions."""
    if asked is None:
        return None
    sides = ((LABEL, inputs.label_table), (PREDICTION, inputs.predictions))
    named = [(s, t) for s, t in sides if any(column.name == asked for column in t.columns)]
    side, table = (named or sides)[0]
    found = select((asked,), table)
    if len(found) > 1:
        what = f"--weight-col is one column, not {shown(found)}"
        raise DataError(what, where=table.name, hint="name one of them")
    if found[0].kind == TEXT:
        raise DataError(
            f"the weights in {found[0].label!r} are text, such as {quoted(found[0].first)}",
            where=table.name,
            hint="weights are numbers",
        )
    return side, found[0]


def _id_column(asked: str, table: Table) -> Column:
    """Return the column of ids: by its name, in any case if need be, or by its position."""
    if not any(column.name == asked for column in table.columns):
        folded = [c for c in table.columns if c.name and c.name.casefold() == asked.casefold()]
        if len(folded) == 1:
            return folded[0]
    found = select((asked,), table)
    if len(found) > 1:
        what = f"--id is one column, not {shown(found)}"
        raise DataError(what, where=table.name, hint="name the one that tells the rows apart")
    return found[0]


def _own_key(
    inputs: Inputs, prediction: Sequence[Column], label: Sequence[Column]
) -> tuple[str, Column] | None:
    """Return the first key column of either side, the predictions' first."""
    for side, table in ((PREDICTION, inputs.predictions), (LABEL, inputs.label_table)):
        for column in table.columns:
            if is_key(column.name) and column not in (*prediction, *label):
                return side, column
    return None


def _hint_for_text(column: Column) -> str:
    if column.first and to_number(column.first, ",") is not None:
        return "a decimal comma? --decimal ,"
    return "predictions are numbers; choose with --pred-col"


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
