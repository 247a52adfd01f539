"""Tables that are well formed: pandas, polars and scikit-learn have the same numbers."""

from __future__ import annotations

import csv
import io
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn import metrics

import lossctl
from fuzz.target import Choices, changed, target, written
from fuzz.texts import ALWAYS, NEVER
from lossctl.sources import InputOptions, open_tables
from lossctl.sources import text as text_files
from lossctl.sources.table import Request

_TEXTS = (
    "a",
    "b c",
    "é",
    "日本",
    'say "x"',
    "a,b;c|d\te",
    "two\nlines",
    "x\r\ny",
    "0.5",
    "null",
    "-",
)
_MISSING = ("", "nan", "NA", "null", "NaN", "N/A", "None")
_NAMES = ("pred", "label", "x y", "é", 'q"q', "a,b", "n1", "n2")


def seeds() -> Iterator[bytes]:
    """Yield choices at random."""
    rng = np.random.default_rng(0)
    for size in (20, 100, 400):
        for _ in range(20):
            yield rng.bytes(size)


def _float(choices: Choices) -> float:
    kind = choices.below(6)
    if kind == 0:
        value: float = struct.unpack("<d", (choices.some(8) + bytes(8))[:8])[0]
        return value if math.isfinite(value) else 0.0
    if kind == 1:
        return choices.below(256) / (1 + choices.below(256))
    if kind == 2:
        return float(choices.below(256) - 128)
    scale: int = choices.below(256)
    return (1 + choices.below(256)) / 7 * 10.0 ** (scale - 128 if kind == 3 else scale % 8 - 4)


def _spelt(value: float, choices: Choices) -> str:
    return str(choices.one((repr(value), f"{value:.17g}", f"{value:.16E}", f"{value:+.17e}")))


@target(seeds)
def tables(data: bytes) -> None:
    """Numbers and texts of a table are what pandas and polars read."""
    choices = Choices(data)
    delimiter, end = choices.one(",;\t|"), choices.one(("\n", "\r\n"))
    kinds = [choices.below(3) for _ in range(1 + choices.below(5))]
    names = [f"{_NAMES[choices.below(8)]}{i}" for i in range(len(kinds))]
    rows = [[_cell(kind, choices) for kind in kinds] for _ in range(1 + choices.below(24))]
    buffer = io.StringIO()
    quoting = choices.one((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([names, *rows])
    text = buffer.getvalue()
    if len(kinds) == 1 and any(not row[0] for row in rows):
        return  # blank lines mean something else to each of them
    text = text if choices.below(2) else text.removesuffix(end)
    content = (b"\xef\xbb\xbf" if choices.below(2) else b"") + text.encode()
    path = written("f.csv", content)
    numbers = [i for i, kind in enumerate(kinds) if kind]
    texts = [i for i, kind in enumerate(kinds) if not kind]
    options = InputOptions("csv", header=True, delimiter=delimiter)
    expected = _by_pandas(content, delimiter, numbers, texts)
    _equal(expected, _by_polars(content, delimiter, numbers, texts))
    for brief in (ALWAYS, NEVER):
        with changed(text_files, BRIEF=brief):
            (table,) = open_tables([path], options).tables
            assert [c.name for c in table.columns] == [name.strip() for name in names]
            batches = list(table.read(Request(tuple(numbers), tuple(texts))))
        found = (
            np.concatenate([batch.numbers for batch in batches]),
            [[t for b in batches for t in b.names[i].tolist()] for i in range(len(texts))],
        )
        _equal(expected, found)


def _cell(kind: int, choices: Choices) -> str:
    if kind == 0:
        return str(choices.one(_TEXTS))
    if kind == 1 and choices.below(5) == 0:
        return str(choices.one(_MISSING))
    return _spelt(_float(choices), choices)


def _equal(expected: Any, found: Any) -> None:
    assert expected[0].shape == found[0].shape, (expected[0].shape, found[0].shape)
    mine, theirs = (np.where(np.isnan(x[0]), np.nan, x[0]) for x in (expected, found))
    assert mine.tobytes() == theirs.tobytes(), f"{mine}\n{theirs}"
    assert expected[1] == found[1], f"{expected[1]}\n{found[1]}"


def _by_pandas(content: bytes, delimiter: str, numbers: list[int], texts: list[int]) -> Any:
    frame = pd.read_csv(
        io.BytesIO(content),
        sep=delimiter,
        header=0,
        names=range(len(numbers) + len(texts)),
        dtype=dict.fromkeys(numbers, "float64") | dict.fromkeys(texts, "object"),
        na_values={i: list(_MISSING) for i in numbers},
        keep_default_na=False,
        float_precision="round_trip",
        encoding="utf-8-sig",
    )
    return frame[numbers].to_numpy(dtype=float), [frame[i].tolist() for i in texts]


def _by_polars(content: bytes, delimiter: str, numbers: list[int], texts: list[int]) -> Any:
    frame = pl.read_csv(content, separator=delimiter, infer_schema=False)
    columns = [frame.to_series(i) for i in range(frame.width)]
    cells = [
        columns[i].replace(list(_MISSING), [None] * len(_MISSING)).cast(pl.Float64) for i in numbers
    ]
    values = [one.fill_null(math.nan).to_numpy() for one in cells]
    found = np.array(values, dtype=float).reshape(len(numbers), frame.height).T
    return found, [columns[i].to_list() for i in texts]


@target(seeds)
def scores(data: bytes) -> None:
    """Losses are those of scikit-learn, of the numbers as they are written."""
    choices = Choices(data)
    rows = 2 + choices.below(30)
    y = np.array([choices.below(2) for _ in range(rows)], dtype=float)
    if len(set(y.tolist())) < 2:
        y[:2] = 0, 1
    p = np.array([(1 + choices.below(255)) / 257 for _ in range(rows)])
    weight = np.array([1 + choices.below(5) for _ in range(rows)], dtype=float)
    x = np.array([(_float(choices) % 1e6) for _ in range(rows)])
    z = np.array([(_float(choices) % 1e6) for _ in range(rows)])
    for loss, left, right, theirs in (
        ("mse", x, z, metrics.mean_squared_error),
        ("mae", x, z, metrics.mean_absolute_error),
        ("bce", p, y, lambda a, b, **o: metrics.log_loss(a, b, labels=[0, 1], **o)),
        ("brier", p, y, metrics.brier_score_loss),
    ):
        lines = [
            f"{a!r},{b!r},{c!r}\n"
            for a, b, c in zip(*map(np.ndarray.tolist, (left, right, weight)), strict=True)
        ]
        path = written("f.csv", ("pred,label,w\n" + "".join(lines)).encode())
        for name, given in ((None, {}), ("w", {"sample_weight": weight})):
            found = lossctl.score(loss, path, weight_col=name).value
            np.testing.assert_allclose(found, theirs(right, left, **given), rtol=1e-12, atol=1e-300)
