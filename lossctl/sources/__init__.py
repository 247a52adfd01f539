"""From paths to typed batches of columns; the only package that opens input files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from lossctl.errors import DataError, UsageError
from lossctl.sources.arrays import ArrayTable
from lossctl.sources.dialect import InputOptions
from lossctl.sources.files import ARROW, JSONL, NPY, NPZ, PARQUET, Files, find
from lossctl.sources.npy import open_npy
from lossctl.sources.streams import STDIN
from lossctl.sources.table import Table
from lossctl.sources.views import View

PREDICTIONS, LABELS = "predictions", "labels"


class Opened(NamedTuple):
    """Predictions, and labels if they are apart; weights; whether all can be read again."""

    tables: tuple[Table, ...]
    weights: Table | None
    again: bool


def open_tables(
    inputs: Sequence[Any],
    options: InputOptions,
    weights: Any = None,
    weight_array: str | None = None,
    sides: tuple[str, ...] = (PREDICTIONS, LABELS),
) -> Opened:
    """Open predictions, labels if they are apart, and weights if they are, each as one table.

    A text is the path of a file or a directory, a glob, or - for standard input; anything else is
    data in memory. All are opened here, since a pipe can be opened only once. Weights may be an
    array of that name in an NPZ file among the inputs. ``sides`` says what the inputs are.

    Raises:
        UsageError: standard input is to be read twice.
        DataError: one cannot be read, is damaged, or its parts do not belong together.

    """
    given = [*inputs] if weights is None else [*inputs, weights]
    names = [value for value in given if isinstance(value, str)]
    if names.count(STDIN) > 1:
        raise UsageError("standard input can be read only once", hint="save one of them to a file")
    found = {name: find(name, options.format) for name in names}
    pipes = [found[name].once for name in names if found[name].once is not None]
    if len(set(pipes)) < len(pipes):
        raise DataError("two inputs are the same stream", where=" and ".join(names))

    def table(value: Any, side: str) -> Table:
        if isinstance(value, ArrayTable | View):  # opened already
            return value
        if not isinstance(value, str):
            return _held(value, side)
        return _open(found[value], side, options)

    tables = [table(value, side) for value, side in zip(inputs, sides, strict=False)]
    alone = len(inputs) == 1 and isinstance(inputs[0], str) and sides[0] == PREDICTIONS
    only = found[inputs[0]] if alone else None
    if only is not None and only.format == NPZ and only.member is None:
        tables.append(_open(only, LABELS, options))
    if weights is not None:
        return Opened(tuple(tables), table(weights, "weights"), not pipes)
    return Opened(tuple(tables), _weights_among(found.values(), weight_array), not pipes)


def open_shared(
    labels: Any, options: InputOptions, weights: Any = None, weight_array: str | None = None
) -> tuple[Table | None, Table | None]:
    """Open labels, if there are any, and weights for several predictions: they are read once.

    Raises:
        UsageError: standard input is to be read twice.
        DataError: they cannot be read.

    """
    from lossctl.sources.kept import kept  # noqa: PLC0415  # for batches

    inputs = [] if labels is None else [labels]
    opened = open_tables(inputs, options, weights, weight_array, (LABELS,))
    found = (*opened.tables, opened.weights) if inputs else (None, opened.weights)
    first, second = (
        one if one is None or isinstance(one, ArrayTable) else kept(one) for one in found
    )
    return first, second


def _weights_among(found: Iterable[Files], array: str | None) -> Table | None:
    archives = [files.files[0] for files in found if array is not None and files.format == NPZ]
    if not archives:
        return None
    from lossctl.sources.npz import members, open_member  # noqa: PLC0415

    holding = [file for file in archives if array in members(file)]
    return open_member(holding[0], array, "weights") if holding else None


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
    from lossctl.sources.text import open_text  # noqa: PLC0415  # 2 ms

    return open_text(files, options)


def _held(value: Any, name: str) -> Table:
    from lossctl.sources.memory import table_of  # noqa: PLC0415  # not for the command line

    return table_of(value, name)


__all__ = ["ArrayTable", "InputOptions", "Table", "open_shared", "open_tables"]
