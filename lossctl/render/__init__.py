"""From results to text; the only package that prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from lossctl.render.cells import PRECISION
from lossctl.render.markdown import markdown_text
from lossctl.render.text import csv_text, json_text, jsonl_text, tsv_text, value_text
from lossctl.result import Result

if TYPE_CHECKING:  # the formats' names are asked for without NumPy
    from lossctl.block import Block, RowLosses

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


def write(results: Sequence[Result], name: str, stream: TextIO, looks: Looks) -> None:
    """Write the results in a format; ``auto`` is a table on a terminal and TSV elsewhere."""
    if name == "auto":
        name = "table" if stream.isatty() else "tsv"
    if name == "table":
        from lossctl.render.table import write_table  # noqa: PLC0415  # Rich, 40 ms

        write_table(results, stream, looks)
    elif name == "markdown":
        stream.write(markdown_text(results, looks.precision))
    else:
        stream.write(_TEXTS[name](results))


def row_losses(stream: TextIO) -> Callable[[Block, RowLosses], None]:
    """Return a sink that writes row losses, one row a line, with a column for each kernel."""

    def write_block(_: Block, losses: RowLosses) -> None:
        columns = [map(repr, row.tolist()) for row in losses.values]
        stream.write("".join("\t".join(cells) + "\n" for cells in zip(*columns, strict=True)))

    return write_block


__all__ = ["PRECISION", "Looks", "row_losses", "write"]
