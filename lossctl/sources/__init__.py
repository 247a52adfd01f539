"""From paths to typed batches of columns; the only package that opens input files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lossctl.errors import DataError, UsageError
from lossctl.sources.arrays import ArrayTable
from lossctl.sources.dialect import InputOptions
from lossctl.sources.files import ARROW, JSONL, NPY, NPZ, PARQUET, Files, find
from lossctl.sources.npy import open_npy
from lossctl.sources.streams import STDIN
from lossctl.sources.table import Table
from lossctl.sources.text import open_text


def open_tables(inputs: Sequence[Any], options: InputOptions) -> tuple[Table, ...]:
    """Open each of the inputs as one table: predictions, and labels if they are apart.

    A text is the path of a file or a directory, a glob, or - for standard input; anything else is
    data in memory.

    Raises:
        UsageError: standard input is to be read twice.
        DataError: one cannot be read, is damaged, or its parts do not belong together.

    """
    names = [value for value in inputs if isinstance(value, str)]
    if names.count(STDIN) > 1:
        raise UsageError("standard input can be read only once", hint="save one of them to a file")
    found = {name: find(name, options.format) for name in names}
    pipes = [found[name].once for name in names if found[name].once is not None]
    if len(set(pipes)) < len(pipes):
        raise DataError("both inputs are the same pipe", where=" and ".join(names))
    tables = [
        _open(found[value], side, options) if isinstance(value, str) else _held(value, side)
        for value, side in zip(inputs, ("predictions", "labels"), strict=False)
    ]
    only = found[names[0]] if names and len(inputs) == 1 else None
    if only is not None and only.format == NPZ and only.member is None:
        tables.append(_open(only, "labels", options))
    return tuple(tables)


def npz_array(name: Any, array: str) -> str | None:
    """Return how to ask for an array of an NPZ file, if there is one of that name in the input."""
    if not isinstance(name, str) or name == STDIN:
        return None
    files = find(name)
    if files.format != NPZ:
        return None
    from lossctl.sources.npz import members  # noqa: PLC0415

    path = files.files[0].path
    return f"{path}:{array}" if array in members(files.files[0]) else None


def _open(files: Files, side: str, options: InputOptions) -> Table:
    if files.format == NPY:
        return open_npy(files)
    if files.format == NPZ:
        from lossctl.sources.npz import open_member  # noqa: PLC0415

        return open_member(files.files[0], files.member, side)
    if files.format in (PARQUET, ARROW):
        from lossctl.sources.arrow_files import open_arrow, open_parquet  # noqa: PLC0415

        return open_parquet(files) if files.format == PARQUET else open_arrow(files)
    if files.format == JSONL:
        from lossctl.sources.jsonl import open_jsonl  # noqa: PLC0415

        return open_jsonl(files)
    return open_text(files, options)


def _held(value: Any, name: str) -> Table:
    from lossctl.sources.memory import table_of  # noqa: PLC0415  # not for the command line

    return table_of(value, name)


__all__ = ["ArrayTable", "InputOptions", "Table", "npz_array", "open_tables"]
