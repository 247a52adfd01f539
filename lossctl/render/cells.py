"""What a table for people says, whatever it is drawn with."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl.names import printable
from lossctl.result import Result

PRECISION = 6


def header(results: Sequence[Result]) -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("loss", "value", "std. error", f"{100 * results[0].level:g} % interval")


def row(result: Result, precision: int) -> tuple[str, ...]:
    """Return the cells of a result, with as many significant digits."""
    low, high = _short(result.low, precision), _short(result.high, precision)
    interval = f"{low} … {high}" if result.low is not None else "–"
    value = _short(result.value, precision)
    return (result.loss, value, _short(result.stderr, precision), interval)


def _short(value: float | None, precision: int) -> str:
    return "–" if value is None else f"{value:.{precision}g}"


def notes(result: Result) -> tuple[str, ...]:
    """Return what the results of one run have in common: counts and inputs, a line each."""
    return (_counts(result), *_inputs(result))


def remarks(result: Result, precision: int) -> tuple[str, ...]:
    """Return what follows from the value, a line each: other units, skill, what a clip did."""
    parts = [f"{name} {_short(value, precision)}" for name, value in result.derived.items()]
    if result.best_constant is not None:
        best, skill = result.best_constant
        parts.append(f"best constant {_short(best, precision)}, skill {_short(skill, precision)}")
    lines = [f"{result.loss}: {'; '.join(parts)}"] if parts else []
    if result.clipped is not None and result.clipped[0]:
        rows, share = result.clipped
        of_total = "" if share is None else f", {100 * share:.3g} % of the total"
        counted = "row" if rows == 1 else "rows"
        lines.append(f"{result.loss}: {rows:,} {counted} at or below the clip{of_total}")
    return tuple(lines)


def conventions(
    results: Sequence[Result], precision: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return header and rows of the values by convention, a column for each loss, and why."""
    shown = [result for result in results if result.conventions]
    names = shown[0].conventions or {}
    rows = []
    for name in names:
        found = [(result.conventions or {})[name] for result in shown]
        values = ("" if one is None else _short(one.value, precision) for one in found)
        why = dict.fromkeys(one.why for one in found if one is not None)
        rows.append((name, *values, "; ".join(text for text in why if text)))
    return ("convention", *(result.loss for result in shown), "differs by"), rows


def worst_title(result: Result) -> str:
    """Return what stands above the worst rows."""
    count = len(result.worst or ())
    return f"{result.loss}: the {'row' if count == 1 else f'{count} rows'} that cost most"


def worst(result: Result, precision: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return header and rows of the worst rows: key or number, loss, label."""
    rows = result.worst or ()
    key, label, loss = rows[0] if rows else ("row", "label", "loss")
    return (
        (printable(key), loss, label),
        [
            (printable(str(row[key])), _short(row[loss], precision), label_text(row[label]))
            for row in rows
        ],
    )


def label_text(label: object) -> str:
    """Return a label as text, several with commas between them."""
    return printable(", ".join(map(str, label)) if isinstance(label, list) else str(label))


def _counts(result: Result) -> str:
    rows = "row" if result.n == 1 else "rows"
    parts = [f"{result.n:,} {rows}", f"denominator {result.denominator:,.12g}"]
    if result.ignored:
        parts.append(f"{result.ignored:,} ignored")
    if result.skipped:
        parts.append(f"{result.skipped:,} skipped")
    return ", ".join(parts)


def _inputs(result: Result) -> tuple[str, str]:
    sides = (
        ("predictions", result.predictions, result.columns.predictions),
        ("labels", result.labels, result.columns.label),
    )
    first, second = (
        f"{side:<12} {printable(name)}{_columns(columns)}" for side, name, columns in sides
    )
    return first, second


def _columns(columns: tuple[str | int, ...]) -> str:
    if columns == (0,):  # an array of one column has nothing to tell
        return ""
    shown = [printable(str(column)) for column in columns]
    if len(shown) > 6:
        shown = [*shown[:3], "…", shown[-1]]
    return f" ({', '.join(shown)})"
