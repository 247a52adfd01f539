"""Which files an input is read from: they must be there, and stay as they were found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lossctl.sources.arrays import ArrayTable
from lossctl.sources.streams import File
from lossctl.sources.table import Inputs, Table
from lossctl.sources.views import View


def files_of(inputs: Inputs) -> Iterator[File]:
    """Yield the files of all tables; data in memory have none."""
    for table in (inputs.predictions, inputs.labels):
        yield from _of_table(table)


def _of_table(table: Table | None) -> Iterator[File]:
    if isinstance(table, View):
        yield from _of_table(table.table)
        yield from _of_table(table.other)
    elif isinstance(table, ArrayTable):
        yield from filter(None, map(_of, (array.storage for array in table.arrays)))
    else:
        parts: Iterable[Any] = getattr(table, "files", ()) or getattr(table, "parts", ())
        yield from filter(None, map(_of, parts))


def _of(part: Any) -> File | None:
    """Return the file of a part, which may be that of an archive."""
    while part is not None and not isinstance(part, File):
        part = getattr(part, "file", None)
    return part


def check_unchanged(inputs: Inputs) -> None:
    """Refuse inputs that are not as they were found.

    Raises:
        DataError: a file was changed since, or is gone.

    """
    for file in files_of(inputs):
        file.check()
