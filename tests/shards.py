"""Tables in one piece and in shards, scored both ways."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import lossctl
from lossctl.result import Result

EXACT = {"value", "sum", "denominator", "n", "skipped", "ignored", "row", "key", "level"}


def cut(rows: int, shards: int) -> list[slice]:
    """Return consecutive rows for each of the shards, some of them few."""
    rng = random.Random(shards)  # noqa: S311  # nothing secret
    ends = sorted(rng.sample(range(1, rows), shards - 1))
    return [slice(a, b) for a, b in zip([0, *ends], [*ends, rows], strict=True)]


def shuffled(items: Sequence[Any], seed: int = 0) -> list[Any]:
    return random.Random(seed).sample(items, len(items))  # noqa: S311


def write_shards(folder: Path, name: str, columns: Mapping[str, Any], parts: list[slice]) -> None:
    """Write a table as CSV files ``name-0.csv``, ``name-1.csv``, …, each with a header."""
    for place, rows in enumerate(parts):
        lines = [",".join(columns)]
        cells = ([*map(_cell, column[rows])] for column in columns.values())
        lines += map(",".join, zip(*cells, strict=True))
        (folder / f"{name}-{place}.csv").write_text("\n".join(lines) + "\n", "utf-8")


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else repr(float(value))
    return str(value)


def assert_same(found: Any, expected: Any, name: str = "") -> None:
    """Compare results as dictionaries: counts, values and sums bit for bit, errors to 1e-12."""
    if isinstance(expected, dict):
        assert [*found] == [*expected]
        for key in expected:
            assert_same(found[key], expected[key], key if name != "best_constant" else name)
    elif isinstance(expected, list):
        assert len(found) == len(expected), name
        for mine, theirs in zip(found, expected, strict=True):
            assert_same(mine, theirs, name)
    elif isinstance(expected, float) and name not in EXACT:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14, err_msg=name)
    else:
        assert found == expected, name


def as_dicts(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [{**one.to_dict(), "raw": (one.value, one.sum)} for one in results]


def changed(data: bytes, **parts: Any) -> bytes:
    """Return a partial with other parts, and a checksum that says it is as it was written."""
    document = json.loads(data) | parts
    return signed(document)


def signed(document: dict[str, Any]) -> bytes:
    rest = {key: value for key, value in document.items() if key != "checksum"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    document["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(document).encode()


def partials(
    losses: str, prediction: Any, label: Any, parts: list[slice], **options: Any
) -> list[bytes]:
    """Score arrays shard by shard."""
    return [lossctl.partial(losses, prediction[p], label[p], **options) for p in parts]
