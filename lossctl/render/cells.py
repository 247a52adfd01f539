"""What a table for people says, whatever it is drawn with."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from lossctl.names import printable
from lossctl.result import Group, Result
from lossctl.values import dataclass

if TYPE_CHECKING:
    from typing import Self

PRECISION = 6
MOST_GROUPS = 1000  # that people are shown; formats for programs have all


class Name(str):
    """Text that is not ours, such as a path or a label; a ``mark`` of ours may follow it."""

    __slots__ = ("mark", "name")
    name: str
    mark: str

    def __new__(cls, name: object, mark: str = "") -> Self:
        """Escape what could steer a terminal."""
        shown = printable(str(name))
        made = super().__new__(cls, shown + mark)
        made.name, made.mark = shown, mark
        return made


@dataclass(frozen=True)
class Grid:
    """A table: the columns that hold words are ``left``; the title is in parts.

    ``notes`` follow it, a line each. Without a header there is no table.
    """

    header: Sequence[str]
    rows: Iterable[Sequence[str]]
    left: Container[int] = (0,)
    title: Sequence[str] = ()
    notes: Sequence[str] = ()


def values(results: Sequence[Result], precision: int) -> Grid:
    """Return the table of the results, with as many significant digits."""
    header = ("loss", "value", "std. error", interval_name(results[0]))
    return Grid(header, [(result.loss, *estimate(result, precision)) for result in results])


def interval_name(result: Result) -> str:
    """Return what stands above the intervals."""
    return f"{100 * result.level:g} % interval"


def estimate(one: Result | Group, precision: int) -> tuple[str, str, str]:
    """Return a value, its standard error and its interval."""
    value, error = short(one.value, precision), short(one.stderr, precision)
    return (value, error, interval(one.low, one.high, precision))


def interval(low: float | None, high: float | None, precision: int) -> str:
    """Return an interval, if it is known."""
    return "–" if low is None else f"{short(low, precision)} … {short(high, precision)}"


def short(value: float | None, precision: int) -> str:
    """Return a number with so many significant digits, if it is known."""
    return "–" if value is None else f"{value:.{precision}g}"


def notes(result: Result) -> tuple[str, ...]:
    """Return what the results of one run have in common: counts and inputs, a line each."""
    columns = result.columns
    predictions = input_line("predictions", result.predictions, columns.predictions)
    return (counts(result), predictions, input_line("labels", result.labels, columns.label))


def remarks(result: Result, precision: int) -> tuple[str, ...]:
    """Return what follows from the value, a line each: other units, skill, what a clip did."""
    parts = [f"{name} {short(value, precision)}" for name, value in result.derived.items()]
    if result.best_constant is not None:
        best, skill = result.best_constant
        parts.append(f"best constant {short(best, precision)}, skill {short(skill, precision)}")
    lines = [f"{result.loss}: {'; '.join(parts)}"] if parts else []
    if result.clipped is not None and result.clipped[0]:
        rows, share = result.clipped
        of_total = "" if share is None else f", {_percent(share)} of the total"
        lines.append(f"{result.loss}: {counted(rows, 'row')} {at_clip(result)}{of_total}")
    return tuple(lines)


def at_clip(result: Result) -> str:
    """Return what rows are called that a clip moves, or would: there is none unasked."""
    exact = "|conv:exact|eps:0|" in result.signature
    return "where the true class has probability 0" if exact else "at or below the clip"


def further(results: Sequence[Result], precision: int, *, named: bool = False) -> Iterator[Grid]:
    """Yield the tables of what was asked for besides: conventions, worst rows, groups.

    ``named``: results are told apart by their predictions.
    """
    if results and results[0].conventions:
        yield _conventions(results, precision, named=named)
    for result in results:
        if result.worst:
            yield _worst(result, precision, named=named)
    for result in results:
        if result.groups is not None:
            yield _groups(result, result.groups, precision, named=named)


def _conventions(results: Sequence[Result], precision: int, *, named: bool) -> Grid:
    """Return the values by convention, a column for each result, and why they differ."""
    shown = [result for result in results if result.conventions]
    names = shown[0].conventions or {}
    rows = []
    for name in names:
        found = [(result.conventions or {})[name] for result in shown]
        numbers = ("" if one is None else short(one.value, precision) for one in found)
        why = dict.fromkeys(one.why for one in found if one is not None)
        rows.append((name, *numbers, "; ".join(text for text in why if text)))
    columns = [Name(one.predictions) if named else one.loss for one in shown]
    return Grid(("convention", *columns, "differs by"), rows, (0, len(columns) + 1))


def _worst(result: Result, precision: int, *, named: bool) -> Grid:
    """Return the worst rows: key or number, loss, label."""
    rows = result.worst or ()
    key, label, loss = rows[0]
    count = "row" if len(rows) == 1 else f"{len(rows)} rows"
    return Grid(
        (Name(key), loss, label),
        [
            (Name(row[key]), short(row[loss], precision), Name(label_text(row[label])))
            for row in rows
        ],
        title=(f"{result.loss}: the {count} that cost most", *_of(result, named=named)),
    )


def _groups(result: Result, groups: Sequence[Group], precision: int, *, named: bool) -> Grid:
    """Return the groups: what they are called, their value, how many rows and how much."""
    notes = _hidden(result.small_groups, len(groups) - MOST_GROUPS)
    names = column_names(groups)
    by = [part for name in names for part in (", ", Name(name))][1:]
    header = (*map(Name, names), "value", "std. error", interval_name(result), "n", "share")
    return Grid(
        header if names else (),
        (_group(group, precision) for group in islice(groups, MOST_GROUPS)),
        range(len(names)),
        (f"{result.loss} by ", *(by or ["group"]), *_of(result, named=named)),
        notes,
    )


def _group(group: Group, precision: int) -> tuple[str, ...]:
    share = "–" if group.share is None else _percent(group.share)
    names = map(Name, group.names.values())
    return (*names, *estimate(group, precision), f"{group.n:,}", share)


def column_names(groups: Sequence[Group]) -> tuple[str, ...]:
    """Return the names of the columns that groups were made by."""
    return tuple(groups[0].names) if groups else ()


def _hidden(small: int, more: int) -> list[str]:
    lines = []
    if more > 0:
        lines.append(f"{counted(more, 'further group')} in the formats for programs only")
    if small:
        verb = "is" if small == 1 else "are"
        lines.append(f"{counted(small, 'group')} of fewer rows {verb} not shown")
    return lines


def _of(result: Result, *, named: bool) -> tuple[str, ...]:
    return (" in ", Name(result.predictions)) if named else ()


def label_text(label: object) -> str:
    """Return a label as text, several with commas between them."""
    return printable(", ".join(map(str, label)) if isinstance(label, list) else str(label))


def counted(count: int, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def counts(result: Result) -> str:
    """Return how many rows there are, in a line."""
    parts = [counted(result.n, "row"), f"denominator {result.denominator:,.12g}"]
    if result.ignored:
        parts.append(f"{result.ignored:,} ignored")
    if result.skipped:
        parts.append(f"{result.skipped:,} skipped")
    return ", ".join(parts)


def input_line(side: str, name: str, columns: tuple[str | int, ...] = (0,)) -> str:
    """Return what an input is and which of its columns are used, in a line."""
    return f"{side:<12} {printable(name)}{_columns(columns)}"


def _columns(columns: tuple[str | int, ...]) -> str:
    if columns == (0,):  # an array of one column has nothing to tell
        return ""
    shown = [printable(str(column)) for column in columns]
    if len(shown) > 6:
        shown = [*shown[:3], "…", shown[-1]]
    return f" ({', '.join(shown)})"
