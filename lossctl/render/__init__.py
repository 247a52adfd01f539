"""From results to text; the only package that prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from lossctl.render.cells import PRECISION
from lossctl.render.content import Content, Looks
from lossctl.result import Ranking, Result

if TYPE_CHECKING:  # the formats' names are asked for without NumPy
    from lossctl.block import Block, RowLosses
    from lossctl.explanation import Explanation
    from lossctl.gates import Verdict

_BRIEF = 3  # keys of an entry
_DELIMITERS = {"csv": ",", "tsv": "\t"}

Writer: TypeAlias = Callable[[Content, TextIO, Looks], None]


def _format(name: str, stream: TextIO) -> str:
    """Return the format that ``auto`` means."""
    if name != "auto":
        return name
    return "table" if stream.isatty() else "tsv"


def write(
    results: Sequence[Result],
    name: str,
    stream: TextIO,
    looks: Looks,
    verdicts: Sequence[Verdict] = (),
) -> None:
    """Write the results in a format; ``auto`` is a table on a terminal and TSV elsewhere.

    Verdicts are shown by Markdown, JUnit and Prometheus.
    """
    _writer(_format(name, stream))(Content(results, verdicts), stream, looks)


def write_ranking(
    ranking: Ranking,
    name: str,
    stream: TextIO,
    looks: Looks,
    verdicts: Sequence[Verdict] = (),
) -> None:
    """Write the results of a batch, in the order of the ranking; formats as for ``write``."""
    _writer(_format(name, stream))(Content(ranking.results, verdicts, ranking), stream, looks)


def _writer(name: str) -> Writer:
    """Return what writes a format; only that is imported: Rich alone takes 40 ms."""
    if name == "table":
        from lossctl.render.table import write_table  # noqa: PLC0415

        return write_table
    if name == "markdown":
        from lossctl.render.markdown import write_markdown  # noqa: PLC0415

        return write_markdown
    if name in ("json", "jsonl"):
        from lossctl.render import objects  # noqa: PLC0415

        return objects.write_json if name == "json" else objects.write_jsonl
    if name == "junit":
        from lossctl.render.junit import write_junit  # noqa: PLC0415

        return write_junit
    if name == "prometheus":
        from lossctl.render.prometheus import write_prometheus  # noqa: PLC0415

        return write_prometheus
    from lossctl.render import text  # noqa: PLC0415

    return {"tsv": text.write_tsv, "csv": text.write_csv, "value": text.write_values}[name]


def write_entries(
    entries: Sequence[Mapping[str, Any]], name: str, stream: TextIO, looks: Looks
) -> None:
    """Write a list of entries with the same keys, which are text or lists of text.

    What people read has the first few of them, so that it fits a screen.
    """
    name = _format(name, stream)
    if name in ("json", "jsonl"):
        from lossctl.render.objects import dumped  # noqa: PLC0415

        if name == "json":
            stream.write(dumped(entries, indent=2, ensure_ascii=False))
        else:
            stream.writelines(dumped(entry, ensure_ascii=False) for entry in entries)
        return
    most = _BRIEF if name in ("table", "markdown") else None
    rows = [list(entries[0])[:most]]
    rows += [list(map(_joined, entry.values()))[:most] for entry in entries]
    _write_cells(rows, name, stream, looks)


def write_entry(entry: Mapping[str, Any], name: str, stream: TextIO, looks: Looks) -> None:
    """Write one entry: a line for each of its keys, or an object."""
    name = _format(name, stream)
    if name in ("json", "jsonl"):
        from lossctl.render.objects import dumped  # noqa: PLC0415

        stream.write(dumped(entry, indent=2 if name == "json" else None, ensure_ascii=False))
        return
    title, *others = ((key, _joined(value)) for key, value in entry.items())
    _write_cells([list(title), *(list(pair) for pair in others if pair[1])], name, stream, looks)


def write_explanations(
    explanations: Sequence[Explanation], name: str, stream: TextIO, looks: Looks
) -> None:
    """Write how rows came to their losses: tables, a number a line, or a list of objects."""
    name = _format(name, stream)
    if name in ("json", "jsonl"):
        from lossctl.render.objects import dumped  # noqa: PLC0415

        found = [one.to_dict() for one in explanations]
        if name == "json":
            stream.write(dumped(found, indent=2, ensure_ascii=False))
        else:
            stream.writelines(dumped(one, ensure_ascii=False) for one in found)
        return
    from lossctl.render import arithmetic  # noqa: PLC0415

    if name in ("tsv", "csv"):
        from lossctl.render import text  # noqa: PLC0415

        text.write_rows(arithmetic.rows_of(explanations), stream, looks, _DELIMITERS[name])
        return
    sections = (arithmetic.grids(one, looks) for one in explanations)
    note = arithmetic.rounding(looks)
    if name == "table":
        from lossctl.render import table  # noqa: PLC0415

        table.write_grids(sections, note, stream, looks)
    else:
        from lossctl.render import markdown  # noqa: PLC0415

        markdown.write_grids(sections, note, stream)


def _write_cells(rows: list[list[str]], name: str, stream: TextIO, looks: Looks) -> None:
    if name == "table":
        from lossctl.render.table import write_cells  # noqa: PLC0415

        write_cells(rows, stream, looks)
    elif name == "markdown":
        from lossctl.render.markdown import write_rows  # noqa: PLC0415

        write_rows(rows, stream)
    else:
        from lossctl.render import text  # noqa: PLC0415

        text.write_rows(rows, stream, looks, _DELIMITERS[name])


def _joined(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def row_losses(stream: TextIO) -> Callable[[Block, RowLosses], None]:
    """Return a sink that writes row losses, one row a line, with a column for each kernel."""

    def write_block(_: Block, losses: RowLosses) -> None:
        columns = [map(repr, row.tolist()) for row in losses.values]
        stream.write("".join("\t".join(cells) + "\n" for cells in zip(*columns, strict=True)))

    return write_block


__all__ = [
    "PRECISION",
    "Looks",
    "row_losses",
    "write",
    "write_entries",
    "write_entry",
    "write_explanations",
    "write_ranking",
]
