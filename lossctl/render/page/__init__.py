"""One self-contained page: a result, or a ranking with its best, to look at and to pass on.

Everything is in the file: text, tables, charts as data, and the libraries that draw them. It asks
nothing of a network, and the same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from lossctl.errors import MissingError
from lossctl.names import printable
from lossctl.render.content import Content
from lossctl.render.page.chapter import chapter, made_of
from lossctl.render.page.parts import Chapter, Section
from lossctl.render.page.standings import sections
from lossctl.result import Ranking, Result

try:
    from lossctl.render.page.document import document
except ImportError as error:
    raise MissingError(
        f"a report takes a package that is not installed: {error.name}",
        hint="pip install 'lossctl[report]'",
    ) from error


def write_page(content: Content, command: str, stream: TextIO) -> None:
    """Write a page; ``command`` is what made it."""
    ranking = content.ranking
    chapters = _of_ranking(ranking) if ranking else _of_results(content.results)
    standings: Sequence[Section] = (*sections(ranking),) if ranking else ()
    first = content.results[0]
    loss = ranking.loss if ranking else ", ".join(one.loss for one in content.results)
    what = f"{len(ranking.results)} candidates" if ranking else printable(first.predictions)
    pieces = document(
        title=f"{loss} of {what}",
        command=command,
        standings=standings,
        chapters=tuple(chapters),
        made_of=made_of(first) if ranking is None else _inputs(ranking),
    )
    stream.writelines(pieces)
    stream.write("\n")


def _of_results(results: Sequence[Result]) -> Iterator[Chapter]:
    """Yield a chapter for each loss."""
    for place, one in enumerate(results):
        yield chapter(one, f"r{place}", one.loss, "")


def _of_ranking(ranking: Ranking) -> Iterator[Chapter]:
    """Yield a chapter for the best and, if it is another, one for the baseline."""
    best = ranking.results[0]
    yield chapter(best, "best", printable(best.predictions), "best")
    for one in ranking.results[1:]:
        if one.predictions == ranking.baseline:
            yield chapter(one, "baseline", printable(one.predictions), "baseline")


def _inputs(ranking: Ranking) -> list[tuple[str, str]]:
    """Return what the best and the baseline were made of."""
    shown = [ranking.results[0]]
    shown += [one for one in ranking.results[1:] if one.predictions == ranking.baseline]
    return [*dict.fromkeys(pair for one in shown for pair in made_of(one))]
