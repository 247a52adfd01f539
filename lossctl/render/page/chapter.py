"""What a page says of one result, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from lossctl.names import printable
from lossctl.render.cells import at_clip, counted, input_line, interval_name, label_text
from lossctl.render.page import pictures
from lossctl.render.page.estimates import MOST, drawn, estimates
from lossctl.render.page.parts import Cell, Chapter, Fact, Section, Table, number, part, words
from lossctl.result import MEAN, Group, Result


def chapter(result: Result, key: str, title: str, role: str) -> Chapter:
    """Return all that is said of a result."""
    return Chapter(
        key,
        title,
        role,
        tuple(_facts(result)),
        printable(result.signature),
        tuple(map(printable, result.warnings)),
        tuple(_sections(result, key)),
    )


def _facts(result: Result) -> Iterator[Fact]:
    """Yield the value, how sure it is, and what else follows from it."""
    yield Fact(result.loss, (number(result.value),))
    yield Fact("standard error", (number(result.stderr),))
    ends = (result.low,) if result.low is None else (result.low, result.high)
    yield Fact(interval_name(result), tuple(map(number, ends)))
    yield Fact("rows", (number(result.n),))
    yield Fact("denominator", (number(result.denominator, 12),))
    for name, value in result.derived.items():
        yield Fact(name, (number(value),))
    if result.best_constant is not None:
        best, skill = result.best_constant
        yield Fact("best constant", (number(best),))
        yield Fact("skill against it", (number(skill),))
    if result.clipped is not None and result.clipped[0]:
        rows, share = result.clipped
        yield Fact(f"rows {at_clip(result)}", (number(rows),))
        yield from [] if share is None else [Fact("their share", (part(share),))]
    for name, count in (("skipped", result.skipped), ("ignored", result.ignored)):
        if count:
            yield Fact(name, (number(count),))


def _sections(result: Result, key: str) -> Iterator[Section]:
    if result.distribution is not None:
        yield from pictures.distribution(result, result.distribution, key)
    if result.calibration is not None and any(one.rows for one in result.calibration.bins):
        yield pictures.calibration(result.calibration, key)
    if result.classes:
        yield _groups(result, result.classes, f"{key}-classes", "By class")
    if result.groups:
        names = printable(", ".join(result.groups[0].names))
        yield _groups(result, result.groups, f"{key}-groups", f"By {names}")
    if result.worst:
        yield _worst(result, key)
    if result.conventions:
        yield _conventions(result, key)


def _groups(result: Result, groups: Sequence[Group], key: str, title: str) -> Section:
    """Return the groups, as many as a page has room for, with a chart of the first."""
    names = [*groups[0].names]
    header = (*map(printable, names), result.loss, "std. error", "from", "to", "rows", "share")
    shown = list(islice(groups, MOST))
    rows = [
        (
            *map(words, one.names.values()),
            *(number(value) for value in (one.value, one.stderr, one.low, one.high)),
            number(one.n),
            part(one.share),
        )
        for one in shown
    ]
    notes = []
    if len(groups) > len(shown):
        notes.append(f"{counted(len(groups) - len(shown), 'further group')} in --json")
    if result.small_groups and groups is result.groups:
        notes.append(f"{counted(result.small_groups, 'group')} of fewer rows not shown")
    table = Table(title, header, rows, notes)
    lines = [(", ".join(one.names.values()), one) for one in shown]
    says, reference = f"The {interval_name(result)} of each.", None
    if result.reduction == MEAN and result.status == "ok":
        says, reference = f"{says[:-1]}; the dashed line is the loss of all rows.", result.value
    figure = estimates(f"{key}-chart", table, lines, result.loss, reference)
    return Section(key, title, (says,), *drawn(figure, table))


def _worst(result: Result, key: str) -> Section:
    """Return the rows that cost most, with the share of the total that each makes."""
    rows = result.worst or ()
    name, label, loss = rows[0]
    cells: list[Sequence[Cell]] = [
        (_given(row[name]), _given(row[label]), number(row[loss])) for row in rows
    ]
    table = Table("The rows that cost most", (printable(name), label, loss), cells)
    says = (
        f"The {counted(len(rows), 'row')} of the largest loss; lossctl explain shows one in full."
    )
    return Section(f"{key}-worst", "Worst rows", (says,), tables=(table,))


def _given(value: object) -> Cell:
    """Return a cell of what stands in the input: a key, or a label."""
    return number(value) if isinstance(value, int | float) else words(label_text(value))


def _conventions(result: Result, key: str) -> Section:
    """Return the values of other tools."""
    rows = [
        (
            Cell(name),
            Cell("") if one is None else number(one.value),
            Cell("no such loss" if one is None else one.why),
        )
        for name, one in (result.conventions or {}).items()
    ]
    table = Table("The same by convention", ("convention", result.loss, "differs by"), rows)
    return Section(f"{key}-conventions", "Conventions", tables=(table,))


def made_of(result: Result) -> list[tuple[str, str]]:
    """Return what a result was made of, by name."""
    columns = result.columns
    sides = (
        ("predictions", result.predictions, columns.predictions),
        ("labels", result.labels, columns.label),
    )
    return [(side, input_line("", name, used).strip()) for side, name, used in sides]
