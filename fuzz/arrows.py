"""Parquet and Arrow files whose bytes are anything."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import lossctl
from fuzz.target import answer, target, written
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.table import Request


def _frames() -> Iterator[Any]:
    numbers = {"pred": [1.0, 2.0, None], "label": [1, 2, 3]}
    yield pa.table(numbers)
    yield pa.table(
        {**numbers, "id": ["a", "b", "c"], "g": pa.array(["x", "y", "x"]).dictionary_encode()}
    )
    yield pa.table({"p_a": [0.5, 0.25], "p_b": [0.5, 0.75], "label": ["a", "b"]})
    yield pa.table(
        {
            "pred": pa.array([1, 2], pa.float16() if hasattr(pa, "float16") else pa.float32()),
            "label": [Decimal("1.5"), Decimal("2.5")],
            "t": pa.array([1, 2], pa.timestamp("ns", "UTC")),
            "d": pa.array([1, 2], pa.date64()),
            "l": [[1], [2, 3]],
            "s": [{"a": 1}, {"a": 2}],
            "b": [True, None],
            "n": pa.nulls(2),
            "v": pa.array(["long enough for a view of its own", "b"], pa.string_view()),
            "u": pa.array([1, 2], pa.duration("s")),
        }
    )


def parquet_seeds() -> Iterator[bytes]:
    """Yield small files of several kinds."""
    for i, frame in enumerate(_frames()):
        for options in (
            {},
            {"use_dictionary": False, "compression": "none"},
            {"row_group_size": 1},
        ):
            buffer = io.BytesIO()
            chosen = frame.drop_columns(["v"]) if i == 3 else frame
            chosen = chosen.drop_columns(["u"]) if i == 3 else chosen
            pq.write_table(chosen, buffer, **options)
            yield buffer.getvalue()


def arrow_seeds() -> Iterator[bytes]:
    """Yield small files and streams."""
    for frame in _frames():
        for make in (pa.ipc.new_file, pa.ipc.new_stream):
            for codec in (None, "lz4"):
                buffer = io.BytesIO()
                options = pa.ipc.IpcWriteOptions(compression=codec)
                with make(buffer, frame.schema, options=options) as writer:
                    writer.write_table(frame, max_chunksize=2)
                yield buffer.getvalue()
    yield b"FEA1\0\0\0\0"


def _read(path: str) -> None:
    tables = answer(lambda: open_tables([path], InputOptions()).tables)
    for table in tables if isinstance(tables, tuple) else ():
        for column in table.columns[:12]:
            place = (column.position,)
            for request in (Request(place), Request((), place), Request((), (), place)):
                answer(lambda: _touched(table, request))


def _touched(table: Any, request: Request) -> None:
    for batch in table.read(request):
        assert batch.numbers.shape == (len(batch), len(request.numbers))
        for names in batch.names:
            assert len(names.tolist()) == len(batch)
        for keys in batch.keys:
            assert len(keys.tolist()) == len(batch)


@target(parquet_seeds, longest=8192)
def parquet(data: bytes) -> None:
    """Any bytes as Parquet: a score, or an error."""
    _check(written("f.parquet", data))


@target(arrow_seeds, longest=8192)
def arrow(data: bytes) -> None:
    """Any bytes as an Arrow file, or a stream: a score, or an error."""
    _check(written("f.arrow", data))


def _check(path: str) -> None:
    _read(path)
    answer(lambda: lossctl.score("mse", path, worst=1))
    answer(lambda: lossctl.score("ce", path))
    answer(lambda: lossctl.score("mse", path, by="g", id="id"))
