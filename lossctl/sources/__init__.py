"""From paths to typed batches of columns; the only package that opens input files."""

from __future__ import annotations

from collections.abc import Sequence

from lossctl.errors import DataError, UsageError
from lossctl.sources.dialect import InputOptions
from lossctl.sources.files import NPY, Files, find
from lossctl.sources.npy import ArrayTable, open_arrays
from lossctl.sources.streams import STDIN
from lossctl.sources.table import Table
from lossctl.sources.text import open_text


def open_tables(names: Sequence[str], options: InputOptions) -> tuple[Table, ...]:
    """Open each of some inputs, a file, a pipe, a directory or a glob, as one table.

    Raises:
        UsageError: standard input is to be read twice.
        DataError: one cannot be read, is damaged, or its parts do not belong together.

    """
    if names.count(STDIN) > 1:
        raise UsageError("standard input can be read only once", hint="save one of them to a file")
    found = [find(name, options.format) for name in names]
    pipes = [files.once for files in found if files.once is not None]
    if len(set(pipes)) < len(pipes):
        raise DataError("both inputs are the same pipe", where=" and ".join(names))
    return tuple(_open(files, options) for files in found)


def _open(files: Files, options: InputOptions) -> Table:
    return open_arrays(files) if files.format == NPY else open_text(files, options)


__all__ = ["ArrayTable", "InputOptions", "Table", "open_tables"]
