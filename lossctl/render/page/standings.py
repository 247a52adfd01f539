"""What a page says of several candidates: their order, and how they differ from the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from lossctl.names import printable
from lossctl.render import standings
from lossctl.render.cells import counted, interval_name
from lossctl.render.page.estimates import MOST, drawn, estimates
from lossctl.render.page.parts import Cell, Figure, Section, Table, number, words
from lossctl.result import Ranking, Result
from lossctl.values import replace


def sections(ranking: Ranking) -> Iterator[Section]:
    """Yield the ranking, the differences if there is a baseline, and what could not be scored."""
    yield _ranking(ranking)
    if ranking.baseline is not None and any(one.delta is not None for one in ranking.results):
        yield _differences(ranking, ranking.baseline)
    if ranking.failed:
        rows = [(words(one.predictions), words(one.error)) for one in ranking.failed]
        table = Table("Not scored", ("predictions", "why"), rows)
        yield Section("failed", "Not scored", tables=(table,))


def _ranking(ranking: Ranking) -> Section:
    shown, further = ranking.results[:MOST], len(ranking.results) - MOST
    header = ("rank", "predictions", ranking.loss, "std. error", "from", "to", "rows")
    rows = [
        (
            *_who(ranking, one),
            *(number(value) for value in (one.value, one.stderr, one.low, one.high)),
            number(one.n),
        )
        for one in shown
    ]
    notes = [f"{counted(further, 'further candidate')} in batch --json"] if further > 0 else []
    table = Table("Ranking", header, rows, notes)
    names = _brief([one.predictions for one in shown])
    lines = [*zip(names, shown, strict=True)]
    figure = _opened(estimates("ranking-chart", table, lines, ranking.loss, None))
    says = (f"Best first, with the {_interval(ranking)} of each.", *standings.remarks(ranking))
    return Section("ranking", "Ranking", says, *drawn(figure, table))


def _differences(ranking: Ranking, baseline: str) -> Section:
    compared = [(one, one.delta) for one in ranking.results if one.delta is not None][:MOST]
    adjusted = any(delta.p_adjusted is not None for _, delta in compared)
    names = ("rank", "predictions", "difference", "std. error", "from", "to", "p")
    rows: list[Sequence[Cell]] = [
        (
            *_who(ranking, one),
            *(number(value) for value in (delta.value, delta.stderr, delta.low, delta.high)),
            number(delta.p, 3),
            *([number(delta.p_adjusted, 3)] if adjusted else []),
            number(delta.n),
        )
        for one, delta in compared
    ]
    header = (*names, *(["adjusted p"] if adjusted else []), "rows")
    table = Table("Differences to the baseline", header, rows)
    brief = _brief([one.predictions for one, _ in compared])
    lines = [*zip(brief, [delta for _, delta in compared], strict=True)]
    figure = _opened(estimates("differences-chart", table, lines, "difference", 0.0))
    says = (
        f"Paired, row by row, to the baseline {printable(baseline)}, with the "
        f"{_interval(ranking)}; below 0 is better, p is of the two-sided test."
    )
    return Section("differences", "Differences to the baseline", (says,), *drawn(figure, table))


def _brief(paths: Sequence[str]) -> list[str]:
    """Return paths without the folders that all have in common: a chart has little room.

    >>> _brief(["runs/a/p.csv", "runs/b/p.csv"]), _brief(["runs/a.csv"])
    (['a/p.csv', 'b/p.csv'], ['a.csv'])
    """
    folders = [path.split("/")[:-1] for path in paths]
    same = takewhile(lambda level: len({*level}) == 1, zip(*folders, strict=False))
    shared = sum(1 for _ in same)
    return [path.split("/", shared)[-1] for path in paths]


def _opened(figure: Figure | None) -> Figure | None:
    return None if figure is None else replace(figure, opened=True)


def _who(ranking: Ranking, result: Result) -> tuple[Cell, Cell]:
    rank = Cell("–", number=True) if result.rank is None else number(result.rank)
    mark = " (baseline)" if result.predictions == ranking.baseline else ""
    return rank, Cell(printable(result.predictions) + mark)


def _interval(ranking: Ranking) -> str:
    return interval_name(ranking.results[0])
