"""From results to text; the only package that prints results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from lossctl.block import RowLosses
from lossctl.render.text import json_text, tsv_text, value_text
from lossctl.result import Result


def write(results: Sequence[Result], name: str, stream: TextIO, *, width: int, color: bool) -> None:
    """Write the results in a format; ``auto`` is a table on a terminal and TSV elsewhere."""
    if name == "auto":
        name = "table" if stream.isatty() else "tsv"
    if name == "table":
        from lossctl.render.table import write_table  # noqa: PLC0415  # Rich, 40 ms

        write_table(results, stream, width=width, color=color)
        return
    text = {"tsv": tsv_text, "json": json_text, "value": value_text}[name](results)
    stream.write(text)


def write_rows(blocks: Iterable[RowLosses], stream: TextIO) -> None:
    """Write row losses, one row a line, with a column for each loss."""
    for losses in blocks:
        columns = [map(repr, row.tolist()) for row in losses.values]
        stream.write("".join("\t".join(cells) + "\n" for cells in zip(*columns, strict=True)))


__all__ = ["write", "write_rows"]
