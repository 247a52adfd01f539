"""What ``--plot`` draws below the table: distributions, calibration, groups."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from lossctl.names import printable
from lossctl.render.cells import counted, interval_name, short
from lossctl.render.charts import FULL, LESS, MORE, Chart, Part
from lossctl.result import Group, Result

if TYPE_CHECKING:
    from lossctl.calibration import Calibration, Forecasts
    from lossctl.distribution import Bar, Distribution

_MOST_GROUPS = 40
_DIGITS = 3  # of quantiles
_CERTAIN = {FULL: "cyan", MORE: "cyan", LESS: "blue"}


def charts(results: Sequence[Result], precision: int) -> Iterator[Chart]:
    """Yield the charts of results for which a picture was asked for.

    The predictions of all are the same, and so is their calibration.
    """
    for result in results:
        if result.distribution is not None:
            yield _distribution(result, result.distribution, precision)
    for result in results[:1]:
        if result.calibration is not None and any(one.rows for one in result.calibration.bins):
            yield _calibration(result.calibration)
    for result in results:
        if result.distribution is not None and result.groups:
            yield _groups(result, result.groups)


def _distribution(result: Result, found: Distribution, precision: int) -> Chart:
    """Return a histogram: how many rows have a loss in which range, and what they make of it."""
    bars, total = found.bars(), found.rows
    highest = max(bar.rows for bar in bars)
    known = found.total is not None
    numbers = [
        (f"{bar.rows:,}", _part(bar.rows / total), *([_part(bar.share or 0.0)] * known))
        for bar in bars
    ]
    return Chart(
        f"{result.loss}: distribution of {total:,} row {'loss' if total == 1 else 'losses'}, "
        f"{found.scale()} scale",
        ("row loss", "rows", "of rows", *(["of loss"] * known)),
        ("0", f"{counted(highest, 'row')}"),
        _ranges(bars),
        [[(FULL, bar.rows / highest)] if bar.rows else [] for bar in bars],
        numbers,
        tuple(_figures(found, precision)),
    )


def _part(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def _ranges(bars: Sequence[Bar]) -> list[str]:
    """Return the labels of bars, with the numbers below each other."""
    ends = [(f"{bar.low:g}", f"{bar.high:g}") for bar in bars]
    whole = [bar for bar in bars if math.isfinite(bar.low - bar.high) and bar.low < bar.high]
    first = max((len(f"{bar.low:g}") for bar in whole), default=0)
    found = []
    for bar, (low, high) in zip(bars, ends, strict=True):
        if bar in whole:
            found.append(f"{low:>{first}} … {high}")
        elif bar.low < bar.high:
            found.append(f"below {high}" if bar.low == -math.inf else f"from {low}")
        else:
            found.append(low.rjust(first))
    return found


def _figures(found: Distribution, precision: int) -> Iterator[str]:
    low, median, high = (short(found.quantile(q), _DIGITS) for q in (0.05, 0.5, 0.95))
    largest = f", largest {short(found.most, precision)}" if found.bins else ""
    yield f"median about {median}, 90 % in {low} … {high}{largest}"
    for rows, share in found.costliest():
        few = f"{counted(rows, 'row')} ({_part(rows / found.rows)})"
        yield f"the costliest {few} {'makes' if rows == 1 else 'make'} {_part(share)} of the loss"


def _calibration(found: Calibration) -> Chart:
    """Return a reliability diagram, a line a bin, from the first that holds rows to the last."""
    met = [place for place, one in enumerate(found.bins) if one.rows]
    bins = found.bins[met[0] : met[-1] + 1]
    return Chart(
        f"calibration of the probabilities of {printable(found.of)}, in {len(found.bins)} bins",
        ("probability", "predicted", "happened", "rows"),
        ("0", "1"),
        [f"{one.low:g} … {one.high:g}" for one in bins],
        [_forecasts(one) for one in bins],
        [(_mean(one.predicted), _mean(one.happened), f"{one.rows:,}") for one in bins],
        (
            f"{FULL} happened, {LESS} predicted only, {MORE} happened only",
            f"expected calibration error (ECE) {found.error:.3g}, largest gap {found.largest:.3g}",
        ),
    )


def _forecasts(one: Forecasts) -> list[Part]:
    if one.predicted is None or one.happened is None:
        return []
    both, other = sorted((one.predicted, one.happened))
    return [(FULL, both), (LESS if one.gap > 0 else MORE, other)]


def _mean(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _groups(result: Result, groups: Sequence[Group]) -> Chart:
    """Return the losses of the groups with their intervals, in the order of the table."""
    shown = list(islice(groups, _MOST_GROUPS))
    low, high = _span(shown)
    names = printable(", ".join(shown[0].names))
    further = len(groups) - len(shown)
    legend = f"{FULL}{MORE} the loss, {MORE}{LESS} its interval"
    return Chart(
        f"{result.loss} by {names}, with the {interval_name(result)} of each",
        (names, "value", "rows"),
        (f"{low:.3g}", f"{high:.3g}"),
        [printable(", ".join(group.names.values())) for group in shown],
        [_interval(group, low, high) for group in shown],
        [(short(group.value, 4), f"{group.n:,}") for group in shown],
        (legend, *([f"{counted(further, 'further group')} not drawn"] if further else ())),
        _CERTAIN,
    )


def _span(groups: Sequence[Group]) -> tuple[float, float]:
    """Return the ends of an axis for losses and intervals; it starts at 0 if none is below."""
    ends = [end for one in groups for end in (one.value, one.low, one.high)]
    finite = [end for end in ends if end is not None and math.isfinite(end)]
    low, high = min(0.0, *finite, 0.0), max(0.0, *finite, 0.0)
    return (low, high) if low < high else (low, low + 1)


def _interval(group: Group, low: float, high: float) -> list[Part]:
    if not math.isfinite(group.value):
        return []
    value = (group.value - low) / (high - low)
    if group.low is None or group.high is None:
        return [(FULL, value)]
    ends = [(min(max(end, low), high) - low) / (high - low) for end in (group.low, group.high)]
    return [(FULL, ends[0]), (MORE, value), (LESS, ends[1])]
