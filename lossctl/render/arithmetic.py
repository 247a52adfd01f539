"""The arithmetic of rows, as tables of steps for people, and a row a number for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from lossctl.explanation import Explanation, Step
from lossctl.names import printable
from lossctl.numbers import spelled
from lossctl.render.cells import Grid, Name, counted, label_text, short
from lossctl.render.content import Looks

MOST = 20  # classes or outputs that people are shown all of
_FEW = 8  # of more than that
_BETWEEN = 3  # characters between two columns


def grids(found: Explanation, looks: Looks) -> Iterator[Grid]:
    """Yield what a person reads of a row: heading, numbers of classes, then single ones."""
    yield _heading(found, looks.precision)
    shown = sorted(found.order[: _FEW if len(found.order) > MOST else None])
    runs = groupby(found.steps, key=lambda step: isinstance(step.value, tuple))
    for several, steps in runs:
        if several:
            for part in _parts(found, list(steps), shown, looks):
                yield from _of_several(found, part, shown, looks.precision)
        else:
            yield _of_one(found, list(steps), looks.precision)
    if found.remarks:
        yield Grid((), (), notes=found.remarks)


def _heading(found: Explanation, precision: int) -> Grid:
    key = [] if found.key is None else [f", {printable(found.key[0])} ", Name(found.key[1])]
    value = short(found.value, precision)
    title = (f"{found.loss} of row {found.row}", *key, f": {value}")
    return Grid((), (), title=title, notes=(found.formula,))


def _of_several(
    found: Explanation, steps: Sequence[Step], shown: Sequence[int], precision: int
) -> Iterator[Grid]:
    """Yield what the columns are, and the table that has a row for each class or output."""
    pad = max(len(step.symbol) for step in steps)
    yield Grid((), (), notes=[f"{step.symbol:<{pad}}  {step.how}" for step in steps])
    header = (found.of, *(step.symbol for step in steps))
    rows = [(Name(found.names[i]), *(_number(s, i, precision) for s in steps)) for i in shown]
    more = len(found.names) - len(shown)
    notes = [f"and {more:,} more, which the formats for programs have"] if more else []
    yield Grid(header, rows, notes=notes)


def _parts(
    found: Explanation, steps: list[Step], shown: Sequence[int], looks: Looks
) -> Iterator[list[Step]]:
    """Yield as many steps at a time as fit beside each other."""
    names = (found.of, *(printable(found.names[i]) for i in shown))
    room = looks.width - min(12, max(map(len, names)))
    part: list[Step] = []
    used = 0
    for step in steps:
        cells = (step.symbol, *(_number(step, i, looks.precision) for i in shown))
        width = max(map(len, cells)) + _BETWEEN
        if part and used + width > room:
            yield part
            part, used = [], 0
        part.append(step)
        used += width
    yield part


def _number(step: Step, place: int, precision: int) -> str:
    return short(step.value[place], precision) if isinstance(step.value, tuple) else ""


def _of_one(found: Explanation, steps: Sequence[Step], precision: int) -> Grid:
    """Return the table of single numbers; the last of all is followed by its share."""
    rows = [(s.symbol, s.how, _text(s, precision)) for s in steps]
    if steps[-1] is found.steps[-1]:
        of = f"of the total {short(found.total.sum, precision)}"
        share = "–" if found.share is None else f"{100 * found.share:.3g} %"
        rows.append(("share", f"{of} of {counted(found.total.rows, 'row')}", share))
    return Grid(("step", "how", "value"), rows, (0, 1))


def _text(step: Step, precision: int) -> str:
    return short(step.value, precision) if isinstance(step.value, float) else str(step.value)


def rounding(looks: Looks) -> str:
    """Return what is to be known of all the numbers that people are shown."""
    return f"shown with {looks.precision} digits, computed with all of them"


def rows_of(explanations: Sequence[Explanation]) -> Iterator[Sequence[str]]:
    """Yield a header, and a row for each number of each step."""
    key = next((one.key[0] for one in explanations if one.key is not None), None)
    keys = () if key is None else (printable(key),)
    yield ("loss", "row", *keys, "label", "step", "of", "value", "how")
    for one in explanations:
        mine = () if one.key is None else (printable(one.key[1]),)
        start = (one.loss, str(one.row), *mine, label_text(one.label))
        for step in one.steps:
            if not isinstance(step.value, tuple):
                value = step.value if isinstance(step.value, str) else _full(step.value)
                yield (*start, step.symbol, "", value, step.how)
                continue
            for name, number in zip(one.names, step.value, strict=True):
                yield (*start, step.symbol, printable(name), _full(number), step.how)


def _full(value: float) -> str:
    return spelled(value)
