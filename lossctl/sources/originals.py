"""Which files an input is read from: they must be there, and stay as they were found."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from lossctl.errors import DataError
from lossctl.sources.arrays import ArrayTable
from lossctl.sources.files import paths_of
from lossctl.sources.places import is_address
from lossctl.sources.streams import File, stamp
from lossctl.sources.table import Inputs, Table
from lossctl.sources.views import View

Stamps: TypeAlias = tuple[tuple[str, tuple[int, int]], ...]
"""Paths, with size and time of the last change."""


def files_of(table: Table | None) -> Iterator[File]:
    """Yield the files that a table is read from; data in memory have none."""
    if isinstance(table, View):
        yield from files_of(table.table)
        yield from files_of(table.other)
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


def stamps_of(data: Any) -> Stamps:
    """Return what tells the files of an input on this machine from what they may become.

    Of what is not there, or is no file, there is nothing to tell.
    """
    if not isinstance(data, str) or is_address(data):
        return ()
    try:
        found = [(path, os.stat(path)) for path in paths_of(data)]
    except (DataError, OSError):
        return ()
    return tuple(
        (os.path.abspath(path), stamp(one)) for path, one in found if stat.S_ISREG(one.st_mode)
    )


def check_stamps(stamps: Stamps) -> None:
    """Refuse files that are other ones here than where they were told.

    Raises:
        DataError: a file is not there, or is another.

    """
    for path, told in stamps:
        File(path, stamp=told).check()


def check_unchanged(inputs: Inputs) -> None:
    """Refuse inputs that are not as they were found.

    Raises:
        DataError: a file was changed since, or is gone.

    """
    for table in (inputs.predictions, inputs.labels):
        for file in files_of(table):
            if file.source is None:  # others are checked by who reads them
                file.check()
