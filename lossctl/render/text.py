"""Tables for programs: full precision, nothing cut off, no colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO, TypeAlias

from lossctl.names import printable
from lossctl.numbers import inert, spelled
from lossctl.render.cells import column_names, label_text
from lossctl.render.content import Content
from lossctl.result import Group, Result

if TYPE_CHECKING:
    from lossctl.render.content import Looks

COLUMNS = (
    *("loss", "value", "stderr", "ci_low", "ci_high", "n", "denominator", "skipped"),
    *("predictions", "labels", "signature"),
)
_OF_DELTA = ("delta", "delta_stderr", "delta_low", "delta_high", "p")
_OF_GROUP = ("value", "stderr", "ci_low", "ci_high", "n", "denominator", "share")

Row: TypeAlias = Sequence[str]


def write_rows(rows: Iterable[Row], stream: TextIO, looks: Looks, delimiter: str) -> None:
    """Write rows of cells; one that holds the delimiter or a quote is quoted."""
    import csv  # noqa: PLC0415  # 1 ms

    if looks.inert:
        rows = (tuple(map(inert, row)) for row in rows)
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)


def write_tsv(content: Content, stream: TextIO, looks: Looks) -> None:
    """Write a header and a row a result; what is not known is an empty cell."""
    _write(content, stream, looks, "\t")


def write_csv(content: Content, stream: TextIO, looks: Looks) -> None:
    """Write the same with commas."""
    _write(content, stream, looks, ",")


def write_values(content: Content, stream: TextIO, _: Looks) -> None:
    """Write the number alone; for several losses, or what has a rank, one a line."""
    ranked = content.ranking is not None
    shown = (result for result in content.results if result.rank is not None or not ranked)
    stream.writelines(f"{result.value!r}\n" for result in shown)


def _write(content: Content, stream: TextIO, looks: Looks, delimiter: str) -> None:
    """Write the results, and what was asked for besides; a blank line stands between tables."""
    write_rows(_results(content), stream, looks, delimiter)
    for table in (_conventions, _worst, _groups):
        header, found = table(content.results)
        if header:
            stream.write("\n")
            rows = _told_apart(header, found, named=content.ranking is not None)
            write_rows(rows, stream, looks, delimiter)


def _told_apart(header: Row, rows: Iterable[tuple[Result, Row]], *, named: bool) -> Iterator[Row]:
    """Yield a table; if there are several candidates, their names are the last column."""
    yield (*header, "predictions") if named else header
    for result, row in rows:
        yield (*row, printable(result.predictions)) if named else row


def _results(content: Content) -> Iterator[Row]:
    if content.ranking is None:
        yield COLUMNS
        yield from map(_row, content.results)
        return
    adjusted = any(r.delta is not None and r.delta.p_adjusted is not None for r in content.results)
    yield ("rank", *COLUMNS, *_OF_DELTA, *(("p_adjusted",) if adjusted else ()))
    for result in content.results:
        rank = "" if result.rank is None else str(result.rank)
        yield (rank, *_row(result), *_delta(result, adjusted=adjusted))


def _row(result: Result) -> Row:
    return (
        result.loss,
        number(result.value),
        number(result.stderr),
        number(result.low),
        number(result.high),
        str(result.n),
        number(result.denominator),
        str(result.skipped),
        printable(result.predictions),
        printable(result.labels),
        result.signature,
    )


def _delta(result: Result, *, adjusted: bool) -> Row:
    delta = result.delta
    if delta is None:
        return ("",) * (len(_OF_DELTA) + adjusted)
    values = (delta.value, delta.stderr, delta.low, delta.high, delta.p)
    return tuple(map(number, (*values, delta.p_adjusted) if adjusted else values))


# A further table: its header, nothing if it was not asked for, and rows beside their results.
_Table: TypeAlias = tuple[Row, Iterable[tuple[Result, Row]]]


def _conventions(results: Sequence[Result]) -> _Table:
    """Return the values by convention, if they were asked for."""
    rows = [
        (
            result,
            (
                result.loss,
                name,
                "" if one is None else number(one.value),
                "" if one is None else one.why,
            ),
        )
        for result in results
        for name, one in (result.conventions or {}).items()
    ]
    return ("loss", "convention", "value", "why") if rows else (), rows


def _worst(results: Sequence[Result]) -> _Table:
    """Return the worst rows, if they were asked for."""
    shown = [(result, row) for result in results for row in result.worst or ()]
    if not shown:
        return (), ()
    key = next(iter(shown[0][1]))
    rows = (
        (
            result,
            (
                result.loss,
                printable(str(row[key])),
                label_text(row["label"]),
                repr(row["loss"]),
            ),
        )
        for result, row in shown
    )
    return ("worst", printable(key), "label", "loss"), rows


def _groups(results: Sequence[Result]) -> _Table:
    """Return the groups, if they were asked for; they are made while they are written."""
    names = next((column_names(one.groups) for one in results if one.groups), ())
    if not names:
        return (), ()
    taken = {"loss", *_OF_GROUP, "predictions"}
    header = ("loss", *apart([printable(name) for name in names], taken), *_OF_GROUP)
    rows = (
        (result, _group(result.loss, group)) for result in results for group in result.groups or ()
    )
    return header, rows


def _group(loss: str, group: Group) -> Row:
    values = (group.value, group.stderr, group.low, group.high)
    return (
        loss,
        *map(printable, group.names.values()),
        *map(number, values),
        str(group.n),
        number(group.denominator),
        number(group.share),
    )


def apart(names: Sequence[str], taken: set[str]) -> list[str]:
    """Return names of columns that are no other column's: one that is taken is group_….

    >>> apart(["region", "n", "group_n"], {"n"})
    ['region', 'group_n', 'group_group_n']
    """
    found: list[str] = []
    for name in names:
        free = name
        while free in taken or free in found:
            free = f"group_{free}"
        found.append(free)
    return found


def number(value: float | None) -> str:
    """Return a number in full precision, inf and nan spelt so; nothing for what is not known."""
    return "" if value is None else spelled(float(value))
