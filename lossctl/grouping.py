"""Which columns say what group, and what cluster, a row belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl import columns
from lossctl.candidates import shown
from lossctl.columns import LABEL, PREDICTION, ColumnOptions, Grouping, Roles, select
from lossctl.errors import DataError, UsageError
from lossctl.known import is_key, is_label, is_prediction
from lossctl.losses.domain import Domain
from lossctl.names import did_you_mean
from lossctl.sources.table import Column, Inputs, Table
from lossctl.sources.views import View
from lossctl.values import replace

ITSELF = "label"  # --by label: the label, whatever its column is called

_ANOTHER = "groups are made of what else is known of a row, such as a region"


def choose(
    domain: Domain, inputs: Inputs, options: ColumnOptions, classes: Sequence[str] | None = None
) -> Roles:
    """Decide what the columns are, as ``columns.choose`` does, among those that make no groups.

    Raises:
        DataError: a named column is not there, has another job, or several could be meant.

    """
    if not options.by and options.cluster is None:
        return columns.choose(domain, inputs, options, classes)
    by = tuple(_found(name, "--by", inputs) for name in options.by)
    cluster = None if options.cluster is None else _found(options.cluster, "--cluster", inputs)
    if len({(one.side, one.column) for one in by}) < len(by):
        raise UsageError("--by names a column twice")
    both = by if cluster is None else (*by, cluster)
    roles = _others(domain, inputs, options, classes, both)
    by = tuple(_checked(domain, inputs, roles, one) for one in by)
    cluster = None if cluster is None else _checked(domain, inputs, roles, cluster)
    return replace(roles, by=by, cluster=cluster)


def _found(asked: str, option: str, inputs: Inputs) -> Grouping:
    """Return the column of that name: on the labels' side, else beside the predictions."""
    sides = ((LABEL, inputs.label_table), (PREDICTION, inputs.predictions))
    named = [(s, t) for s, t in sides if any(column.name == asked for column in t.columns)]
    if not named and asked == ITSELF:
        return Grouping(ITSELF, LABEL)
    if not named and not asked.isdecimal():
        known = [c.name for _, table in sides for c in table.columns if c.name is not None]
        raise DataError(
            f"there is no column '{asked}'",
            where=inputs.name,
            hint=did_you_mean(asked, known) or f"the columns are {_columns(inputs)}",
        )
    side, table = (named or sides)[0]
    if named and asked == ITSELF and side == PREDICTION and inputs.labels is not None:
        raise DataError(
            f"{option} {asked} may mean the label, or the column '{asked}' beside the predictions",
            where=inputs.name,
            hint="the label has a name, or a position, in its own file",
        )
    found = select((asked,), table)
    if len(found) > 1:
        hint = "one for each --by" if option == "--by" else "name one of them"
        raise DataError(f"{option} is one column, not {shown(found)}", where=table.name, hint=hint)
    return Grouping(str(found[0].label), side, found[0])


def _columns(inputs: Inputs) -> str:
    tables = [inputs.predictions] + ([] if inputs.labels is None else [inputs.labels])
    return " and ".join(shown(table.columns) for table in tables)


def _others(
    domain: Domain,
    inputs: Inputs,
    options: ColumnOptions,
    classes: Sequence[str] | None,
    groupings: Sequence[Grouping],
) -> Roles:
    """Choose among the columns that make no groups, unless that leaves no label."""
    options = replace(options, by=(), cluster=None)
    mine, theirs = (_hidden(side, inputs, options, groupings) for side in (PREDICTION, LABEL))
    try:
        return columns.choose(domain, _without(inputs, mine, theirs), options, classes)
    except DataError:
        if inputs.labels is None or not theirs:
            raise
        try:  # the only other column of the labels may be the label
            roles = columns.choose(domain, _without(inputs, mine, ()), options, classes)
        except DataError:
            roles = None
        if roles is None or not {*theirs} & {*roles.label}:
            raise
        return roles


def _without(inputs: Inputs, mine: tuple[Column, ...], theirs: tuple[Column, ...]) -> Inputs:
    predictions = View(inputs.predictions, mine) if mine else inputs.predictions
    if inputs.labels is None:
        return Inputs(predictions)
    return Inputs(predictions, View(inputs.labels, theirs) if theirs else inputs.labels)


def _hidden(
    side: str, inputs: Inputs, options: ColumnOptions, groupings: Sequence[Grouping]
) -> tuple[Column, ...]:
    """Return the columns of a side that make groups, or are named like one of the other side.

    Not those that may have another job as well: labels, and keys, which must agree; nor what is
    named as the prediction, so that it is known for one.
    """
    table = inputs.predictions if side == PREDICTION else inputs.label_table
    asked: tuple[Column, ...] = ()
    if side == LABEL and options.label:
        asked = select(options.label, table)
    if table is inputs.predictions:
        named = tuple(c for c in table.columns if is_prediction(c.name))
        asked += select(options.prediction, table) if options.prediction else named
    found = [
        column
        for one in groupings
        for column in table.columns
        if one.column is not None
        and (column == one.column if side == one.side else _namesakes(column, one.column))
        and not (is_key(column.name) or is_label(column.name) or column in asked)
        and column.name not in {options.id, options.weight}
    ]
    return tuple(dict.fromkeys(found))


def _namesakes(column: Column, other: Column) -> bool:
    return column.name is not None and column.name == other.name


def _checked(domain: Domain, inputs: Inputs, roles: Roles, one: Grouping) -> Grouping:
    """Return a grouping that is known to be free, or to be the label."""
    apart = inputs.labels is not None
    label = one.column is None or (one.column in roles.label and (one.side == LABEL or not apart))
    if label:
        if len(roles.label) > 1 and not domain.classes:
            raise DataError(
                f"there are {len(roles.label)} label columns, and groups are made by one",
                where=inputs.label_table.name,
                hint="--label-col chooses one; or group by another column",
            )
        return replace(one, side=LABEL, column=None)
    mine: Table = inputs.predictions if one.side == PREDICTION else inputs.label_table
    if one.column in roles.prediction and (one.side == PREDICTION or not apart):
        what = f"{one.name!r} is the prediction, and makes no groups"
        raise DataError(what, where=mine.name, hint=_ANOTHER)
    if roles.weight is not None and one.column == roles.weight[1] and one.side == roles.weight[0]:
        what = f"{one.name!r} is the weight, and makes no groups"
        raise DataError(what, where=mine.name, hint=_ANOTHER)
    return one
