"""The quick way through a text file: pyarrow parses a chunk at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lossctl.numbers import MISSING
from lossctl.sources.arrow import key_type, name_type, number_type, taken
from lossctl.sources.chunks import Chunk
from lossctl.sources.dialect import Dialect
from lossctl.sources.table import Batch, Request


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
    columns = {
        int(name): table.column(i).combine_chunks() for i, name in enumerate(table.schema.names)
    }
    return taken(table.num_rows, columns, request)


@lru_cache(maxsize=8)
def _options(dialect: Dialect, request: Request, *, quotes: bool) -> tuple[Any, Any]:
    import pyarrow.csv  # noqa: PLC0415

    types = {str(position): number_type() for position in request.numbers}
    types |= {str(position): key_type() for position in request.keys}
    types |= {str(position): name_type() for position in request.names}
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
