"""Which sink a path asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from lossctl.errors import UsageError
from lossctl.names import quoted
from lossctl.sinks import SUFFIXES, Field, Sink
from lossctl.sinks.delimited import Delimited, as_text
from lossctl.sinks.whole import written_whole

MakeSink = Callable[[Sequence[Field]], Sink]


def suffix_of(option: str, path: str) -> str:
    """Return the suffix of an output file.

    Raises:
        UsageError: there is no such format.

    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"cannot tell the format of {option} from the suffix {quoted(suffix)}",
            hint=f"the formats are {', '.join(SUFFIXES)}",
        )
    return suffix


@contextmanager
def opened(
    option: str, path: str, *, matrix: bool = False, inert: bool = False
) -> Iterator[MakeSink]:
    """Give what makes the sink of a file, which is whole at the end or not there.

    ``matrix``: an .npy holds an array of all columns, which have one type, not named fields.
    ``inert``: no text in CSV or TSV is to be taken for a formula.

    Raises:
        UsageError: there is no such format.
        DataError: the file cannot be written.

    """
    suffix = suffix_of(option, path)
    with written_whole(path) as stream:
        if suffix == ".npy":
            from lossctl.sinks.npy import Matrix, Records  # noqa: PLC0415

            yield partial(Matrix if matrix else Records, stream)
        elif suffix == ".parquet":
            from lossctl.sinks.parquet import Parquet  # noqa: PLC0415

            made: list[Parquet] = []

            def make(fields: Sequence[Field]) -> Sink:
                made.append(Parquet(stream, fields))
                return made[-1]

            try:
                yield make
            except BaseException:
                for sink in made:
                    sink.abandon()
                raise
        else:
            text = as_text(stream)
            delimiter = "\t" if suffix == ".tsv" else ","
            yield partial(Delimited, text, delimiter=delimiter, inert=inert)
            text.flush()
            text.detach()
