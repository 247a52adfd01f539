"""From results to text; the only package that prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from lossctl.render.cells import PRECISION
from lossctl.render.markdown import markdown_rows, markdown_text
from lossctl.render.text import (
    csv_rows,
    csv_text,
    dumped,
    json_text,
    jsonl_text,
    tsv_rows,
    tsv_text,
    value_text,
)
from lossctl.result import Result
from lossctl.values import dataclass

if TYPE_CHECKING:  # the formats' names are asked for without NumPy
    from lossctl.block import Block, RowLosses

_BRIEF = 3  # keys of an entry
_TEXTS = {
    "tsv": tsv_text,
    "csv": csv_text,
    "json": json_text,
    "jsonl": jsonl_text,
    "value": value_text,
}


@dataclass(frozen=True)
class Looks:
    """What a table for people may use: columns of the screen, colour, significant digits."""

    width: int
    color: bool = False
    precision: int = PRECISION


def _format(name: str, stream: TextIO) -> str:
    """Return the format that ``auto`` means."""
    if name != "auto":
        return name
    return "table" if stream.isatty() else "tsv"


def write(results: Sequence[Result], name: str, stream: TextIO, looks: Looks) -> None:
    """Write the results in a format; ``auto`` is a table on a terminal and TSV elsewhere."""
    name = _format(name, stream)
    if name == "table":
        from lossctl.render.table import write_table  # noqa: PLC0415  # Rich, 40 ms

        write_table(results, stream, looks)
    elif name == "markdown":
        stream.write(markdown_text(results, looks.precision))
    else:
        stream.write(_TEXTS[name](results))


def write_entries(
    entries: Sequence[Mapping[str, Any]], name: str, stream: TextIO, looks: Looks
) -> None:
    """Write a list of entries with the same keys, which are text or lists of text.

    What people read has the first few of them, so that it fits a screen.
    """
    name = _format(name, stream)
    if name == "json":
        stream.write(dumped(entries, indent=2, ensure_ascii=False))
    elif name == "jsonl":
        stream.writelines(dumped(entry, ensure_ascii=False) for entry in entries)
    else:
        most = _BRIEF if name in ("table", "markdown") else None
        rows = [list(entries[0])[:most]]
        rows += [list(map(_joined, entry.values()))[:most] for entry in entries]
        _write_cells(rows, name, stream, looks)


def write_entry(entry: Mapping[str, Any], name: str, stream: TextIO, looks: Looks) -> None:
    """Write one entry: a line for each of its keys, or an object."""
    name = _format(name, stream)
    if name in ("json", "jsonl"):
        stream.write(dumped(entry, indent=2 if name == "json" else None, ensure_ascii=False))
        return
    title, *others = ((key, _joined(value)) for key, value in entry.items())
    _write_cells([list(title), *(list(pair) for pair in others if pair[1])], name, stream, looks)


def _write_cells(rows: list[list[str]], name: str, stream: TextIO, looks: Looks) -> None:
    if name == "table":
        from lossctl.render.table import write_cells  # noqa: PLC0415

        write_cells(rows, stream, looks)
    else:
        texts = {"tsv": tsv_rows, "csv": csv_rows, "markdown": markdown_rows}
        stream.write(texts[name](rows))


def _joined(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def row_losses(stream: TextIO) -> Callable[[Block, RowLosses], None]:
    """Return a sink that writes row losses, one row a line, with a column for each kernel."""

    def write_block(_: Block, losses: RowLosses) -> None:
        columns = [map(repr, row.tolist()) for row in losses.values]
        stream.write("".join("\t".join(cells) + "\n" for cells in zip(*columns, strict=True)))

    return write_block


__all__ = ["PRECISION", "Looks", "row_losses", "write", "write_entries", "write_entry"]
