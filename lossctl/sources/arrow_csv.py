"""The quick way through a text file: pyarrow parses, the values are taken out of its buffers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lossctl.block import Floats
from lossctl.numbers import MISSING
from lossctl.sources.chunks import Chunk
from lossctl.sources.dialect import Dialect
from lossctl.sources.table import Batch, Keys, Names, Request


def parsed(chunk: Chunk, dialect: Dialect, request: Request) -> Batch:
    """Return the rows of a chunk; pyarrow's error if there is anything in it that it refuses."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415

    parse, convert = _options(dialect, request, quotes=chunk.quotes)
    positions = [str(column.position) for column in dialect.columns]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(chunk.data),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, block_size=len(chunk.data) + 1, column_names=positions
        ),
        parse_options=parse,
        convert_options=convert,
    )
    return _from_arrow(table, request)


@lru_cache(maxsize=8)
def _options(dialect: Dialect, request: Request, *, quotes: bool) -> tuple[Any, Any]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415

    types = {str(position): pa.float64() for position in request.numbers}
    # binary, not string: text that is not UTF-8 must not stop the reading
    types |= {str(position): pa.dictionary(pa.int32(), pa.binary()) for position in request.names}
    types |= {str(position): pa.binary() for position in request.keys}
    parse = pyarrow.csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char='"' if quotes else False,
        newlines_in_values=quotes,
        ignore_empty_lines=len(dialect.columns) > 1,
    )
    convert = pyarrow.csv.ConvertOptions(
        include_columns=list(types),
        column_types=types,
        null_values=_MISSING_SPELLINGS,
        strings_can_be_null=False,
        check_utf8=False,
        decimal_point=dialect.decimal,
    )
    return parse, convert


def _all_cases(word: str) -> list[str]:
    """Return a word in every case: pyarrow compares missing values letter by letter."""
    spellings = [""]
    for letter in word:
        spellings = [s + c for s in spellings for c in sorted({letter.lower(), letter.upper()})]
    return spellings


_MISSING_SPELLINGS = [spelling for word in MISSING for spelling in _all_cases(word)]


def _from_arrow(table: Any, request: Request) -> Batch:
    """Take the values out of Arrow's buffers; its own conversion would import pandas."""
    columns = {name: table.column(i).combine_chunks() for i, name in enumerate(table.schema.names)}
    numbers = np.empty((len(request.numbers), table.num_rows))
    for row, position in zip(numbers, request.numbers, strict=True):
        _fill(row, columns[str(position)])
    return Batch(
        numbers.T,
        tuple(_names(columns[str(position)]) for position in request.names),
        tuple(_keys(columns[str(position)]) for position in request.keys),
    )


def _fill(target: Floats, array: Any) -> None:
    span = slice(array.offset, array.offset + len(array))
    validity, values = array.buffers()
    target[:] = np.frombuffer(values, np.float64)[span]
    if array.null_count:
        valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[span]
        target[valid == 0] = np.nan


def _names(array: Any) -> Names:
    indices = array.indices
    codes = np.frombuffer(indices.buffers()[1], np.int32)[indices.offset :][: len(indices)]
    texts = tuple(text.decode("utf-8", "surrogateescape") for text in array.dictionary.to_pylist())
    return Names(codes.astype(np.int64), texts)


def _keys(array: Any) -> Keys:
    _, offsets, data = array.buffers()
    return Keys(
        np.frombuffer(offsets, np.int32)[array.offset :][: len(array) + 1],
        np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8),
    )
