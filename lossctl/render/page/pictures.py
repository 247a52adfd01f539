"""The pictures of a result: how row losses are distributed, who makes the loss, calibration."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lossctl.distribution import LOGARITHMIC
from lossctl.names import printable
from lossctl.render.cells import counted
from lossctl.render.page import specs
from lossctl.render.page.parts import Cell, Figure, Section, Table, edge, number, part, percent
from lossctl.result import Result

if TYPE_CHECKING:
    from lossctl.calibration import Calibration
    from lossctl.distribution import Bar, Distribution

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ROWS, _LOSS = "of the rows", "of the loss"
_ACTUAL, _EVEN = "as it is", "if every row cost the same"


def distribution(result: Result, found: Distribution, key: str) -> Iterator[Section]:
    """Yield how the row losses are distributed, and who makes the loss, where that is known."""
    yield _ranges(found, key)
    curve = list(found.concentration())
    if len(curve) > 1:
        yield _concentration(result, found, curve, key)


def _ranges(found: Distribution, key: str) -> Section:
    bars, total, known = found.bars(), found.rows, found.total is not None
    rows = [
        (
            *(edge(end) for end in (bar.low, bar.high)),
            number(bar.rows),
            part(bar.rows / total),
            part(bar.share),
        )
        for bar in bars
    ]
    header = ("from", "to below", "rows", _ROWS, _LOSS)
    notes = ("One value in both columns: exactly that loss.",)
    table = Table("Distribution of the row losses", header, rows, notes)
    values = [
        {"range": _range(bar), "of": of, "share": share, "rows": bar.rows}
        for bar in bars
        for of, share in ((_ROWS, bar.rows / total), (_LOSS, bar.share))
        if share is not None
    ]
    parts = (_ROWS, _LOSS) if known else (_ROWS,)
    says = [f"{counted(total, 'row')}. {_scale(found)}"]
    if not known and (found.bins or len(bars) > 1):
        says.append("Shares of the loss mean nothing: some row losses are below 0 or not finite.")
    figure = Figure(f"{key}-bars", specs.distribution(values, parts), table)
    return Section(
        f"{key}-distribution",
        "Distribution of the row losses",
        says,
        (figure,),
        (_quantiles(found),),
    )


def _scale(found: Distribution) -> str:
    """Return which scale the bars have, and why."""
    if found.scale() == LOGARITHMIC:
        return (
            "The scale is logarithmic: on a linear one more than half of the rows that cost "
            "something would stand in the first bar."
        )
    return "The scale is linear."


def _range(bar: Bar) -> str:
    if bar.low == bar.high or math.isnan(bar.low):
        return edge(bar.low).text
    if math.isinf(bar.low) or math.isinf(bar.high):
        low, high = edge(bar.low).text, edge(bar.high).text
        return f"below {high}" if bar.low == -math.inf else f"from {low}"
    return f"{edge(bar.low).text} … {edge(bar.high).text}"


def _quantiles(found: Distribution) -> Table:
    """Return the quantiles, to a tenth of their bin, between the least and the largest loss."""
    cells: list[tuple[str, Cell]] = [("least", number(found.least))]
    cells += [(f"{100 * q:g} %", number(found.quantile(q), 3)) for q in _QUANTILES]
    cells += [("largest", number(found.most))]
    notes = ("Least and largest are of the finite losses; quantiles are off by a tenth at most.",)
    return Table("Quantiles", [name for name, _ in cells], [[cell for _, cell in cells]], notes)


def _concentration(
    result: Result, found: Distribution, curve: list[tuple[int, float]], key: str
) -> Section:
    """Return how much of the loss the costliest rows make."""
    rows = [(number(n), part(n / found.rows), part(share)) for n, share in curve]
    table = Table("Share of the loss by the costliest rows", ("rows", _ROWS, _LOSS), rows)
    values = [
        {"rows": n, "part": n / found.rows, "share": share, "of": of}
        for of, shares in ((_ACTUAL, curve), (_EVEN, [(n, n / found.rows) for n, _ in curve]))
        for n, share in shares
    ]
    says = [
        f"The costliest {counted(n, 'row')} ({percent(n / found.rows)}) "
        f"{'makes' if n == 1 else 'make'} {percent(share)} of the {result.loss}."
        for n, share in found.costliest()
    ]
    spec = specs.concentration(values, (_ACTUAL, _EVEN))
    figure = Figure(f"{key}-curve", spec, table)
    return Section(f"{key}-concentration", "Who makes the loss", says, (figure,))


def calibration(found: Calibration, key: str) -> Section:
    """Return a reliability diagram, with the errors that it comes to."""
    header = ("above", "up to", "rows", "weight", "predicted", "happened", "gap")
    rows = [
        (
            *(edge(end) for end in (one.low, one.high)),
            number(one.rows),
            number(one.weight),
            *(number(mean, 4) for mean in (one.predicted, one.happened)),
            number(one.gap if one.rows else None, 3),
        )
        for one in found.bins
    ]
    of = printable(found.of)
    table = Table(f"Calibration of the probabilities of {of}", header, rows)
    values = [
        {
            "range": f"{one.low:g} … {one.high:g}",
            "predicted": one.predicted,
            "happened": one.happened,
            "rows": one.rows,
        }
        for one in found.bins
        if one.predicted is not None
    ]
    errors = Table(
        "Calibration error",
        ("expected (ECE)", "largest gap"),
        [(number(found.error, 4), number(found.largest, 4))],
    )
    says = (
        f"How far the probabilities of {of} can be taken at their word: on the dashed line "
        "as often as predicted, below it less often, above it more often."
    )
    figure = Figure(f"{key}-reliability", specs.reliability(values), table, square=True)
    return Section(f"{key}-calibration", "Calibration", (says,), (figure,), (errors,))
