"""What a table of a ranking says to people, whatever it is drawn with."""

from __future__ import annotations

from collections.abc import Iterator

from lossctl.render.cells import (
    Grid,
    Name,
    counted,
    counts,
    estimate,
    input_line,
    interval,
    interval_name,
    short,
)
from lossctl.result import Ranking, Result

_DIGITS_OF_P = 3


def standings(ranking: Ranking, precision: int) -> Grid:
    """Return the table of the candidates, best first."""
    results = ranking.results
    if not results:
        return Grid((), ())
    header = ("rank", "predictions", ranking.loss, "std. error", interval_name(results[0]))
    rows = [(*_who(ranking, result), *estimate(result, precision)) for result in results]
    return Grid(header, rows, (0, 1))


def differences(ranking: Ranking, precision: int) -> Grid:
    """Return the table of the differences to the baseline, in the same order."""
    if ranking.baseline is None or not ranking.results:
        return Grid((), ())
    adjusted = any(r.delta is not None and r.delta.p_adjusted is not None for r in ranking.results)
    p = "adjusted p" if adjusted else "p"
    rows = [
        (*_who(ranking, result), *_difference(result, precision, adjusted=adjusted))
        for result in ranking.results
    ]
    header = ("rank", "predictions", "difference", interval_name(ranking.results[0]), p)
    return Grid(header, rows, (0, 1), ("difference to the baseline ", Name(ranking.baseline)))


def _who(ranking: Ranking, result: Result) -> tuple[str, Name]:
    rank = "–" if result.rank is None else str(result.rank)
    return rank, Name(result.predictions, _mark(ranking, result))


def _mark(ranking: Ranking, result: Result) -> str:
    """Return what sets a candidate apart from the others."""
    marks = ["baseline"] if result.predictions == ranking.baseline else []
    if not result.comparable:
        marks.append(counted(result.n, "row"))
    if result.delta is not None and result.delta.n != result.n:
        marks.append(f"{result.delta.n:,} compared")
    return f" ({', '.join(marks)})" if marks else ""


def _difference(result: Result, precision: int, *, adjusted: bool) -> tuple[str, str, str]:
    delta = result.delta
    if delta is None:
        return ("–", "–", "–")
    ends = interval(delta.low, delta.high, precision)
    p = short(delta.p_adjusted if adjusted else delta.p, _DIGITS_OF_P)
    return (short(delta.value, precision), ends, p)


def remarks(ranking: Ranking) -> Iterator[str]:
    """Yield what is to be known of the order: who has no rank, who is not shown."""
    others = sum(not result.comparable for result in ranking.results)
    if others:
        it = "it has" if others == 1 else "they have"
        yield f"{counted(others, 'candidate')} scored other rows than most: {it} no rank"
    if ranking.hidden:
        verb = "is" if ranking.hidden == 1 else "are"
        yield f"{counted(ranking.hidden, 'further candidate')} {verb} not shown"


def notes(ranking: Ranking) -> Iterator[str]:
    """Yield what the candidates have in common, a line each: counts, the labels."""
    alike = _alike(ranking)
    if alike:
        first = alike[0]
        yield counts(first)
        if len({(result.labels, result.columns.label) for result in alike}) == 1:
            yield input_line("labels", first.labels, first.columns.label)


def signature(ranking: Ranking) -> str | None:
    """Return the signature of all that scored the same rows, if they share it."""
    found = {result.signature for result in _alike(ranking)}
    return found.pop() if len(found) == 1 else None


def _alike(ranking: Ranking) -> list[Result]:
    return [result for result in ranking.results if result.comparable]
