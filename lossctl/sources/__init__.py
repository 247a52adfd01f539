"""From paths to typed batches of columns; the only package that opens input files."""

from __future__ import annotations

from lossctl.sources.dialect import TextOptions
from lossctl.sources.files import NPY, find
from lossctl.sources.npy import ArrayTable, open_arrays
from lossctl.sources.table import Table
from lossctl.sources.text import open_text


def open_table(name: str, options: TextOptions) -> Table:
    """Open a file, a directory or a glob as one table.

    Raises:
        DataError: it cannot be read, is damaged, or its parts do not belong together.

    """
    files = find(name)
    return open_arrays(files) if files.format == NPY else open_text(files, options)


__all__ = ["ArrayTable", "Table", "TextOptions", "open_table"]
