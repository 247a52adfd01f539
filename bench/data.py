"""Make the data of the benchmarks: seeded, in blocks, only what is missing or of another size.

Run it as ``python -m bench.data SET ...``; the files are in ``bench/data``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.lib.format import open_memmap
from pyarrow import csv

FOLDER = Path(__file__).parent / "data"
MADE = FOLDER / "made.json"
BLOCK = 500_000

SMALL_ROWS = 50
ARRAY_ROWS = 20_000_000
CLASS_ROWS, CLASSES = 2_000_000, 10
WIDE_ROWS, WIDE_CLASSES = 20_000, 10_000
CSV_ROWS = 5_000_000
FIRST_ID = 1_000_000
SEGMENTS, USERS = 100, 1_000_000
BATCH_FILES, BATCH_ROWS = 200, 100_000

Rng = np.random.Generator


def blocks(rows: int, size: int = BLOCK) -> Iterator[slice]:
    """Yield the slices of at most ``size`` that make up ``rows``."""
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def pairs(rng: Rng, rows: int) -> tuple[Any, Any]:
    """Return probabilities strictly between 0 and 1, and events drawn with them."""
    probability = 1 / (1 + np.exp(-2 * rng.normal(size=rows)))
    return probability, (rng.random(rows) < probability).astype(np.int8)


def array(name: str, shape: tuple[int, ...], dtype: str) -> Any:
    """Return a new .npy file as an array to be filled."""
    return open_memmap(FOLDER / name, mode="w+", dtype=dtype, shape=shape)


def table(name: str, rows: int, columns: Callable[[slice], dict[str, Any]]) -> None:
    """Write a CSV file, block by block."""
    with (FOLDER / name).open("wb") as file:
        for each in blocks(rows):
            block = pa.table(columns(each))
            options = csv.WriteOptions(
                include_header=each.start == 0, quoting_style="none", quoting_header="none"
            )
            csv.write_csv(block, file, options)


def numbers(rng: Rng, prefix: str, rows: int) -> None:
    """Write numbers and predictions of them, float64."""
    prediction = array(f"{prefix}_predictions.npy", (rows,), "<f8")
    label = array(f"{prefix}_labels.npy", (rows,), "<f8")
    for each in blocks(rows):
        label[each] = rng.normal(10, 3, each.stop - each.start)
        prediction[each] = label[each] + rng.normal(0, 0.5, each.stop - each.start)


def small(rng: Rng) -> None:
    """Write 50 rows: numbers as .npy, probabilities as CSV."""
    numbers(rng, "small", SMALL_ROWS)
    probability, event = pairs(rng, SMALL_ROWS)
    table("small.csv", SMALL_ROWS, lambda _: {"prob": probability, "label": event})


def mse(rng: Rng) -> None:
    """Write 2 × 20 M numbers."""
    numbers(rng, "mse", ARRAY_ROWS)


def bce(rng: Rng) -> None:
    """Write 20 M probabilities and events."""
    prediction = array("bce_predictions.npy", (ARRAY_ROWS,), "<f8")
    label = array("bce_labels.npy", (ARRAY_ROWS,), "|i1")
    for each in blocks(ARRAY_ROWS):
        prediction[each], label[each] = pairs(rng, each.stop - each.start)


def logits(rng: Rng, prefix: str, shape: tuple[int, int], dtype: str) -> None:
    """Write logits, and labels of which most have a large one."""
    rows, classes = shape
    prediction = array(f"{prefix}_logits.npy", shape, dtype)
    label = array(f"{prefix}_labels.npy", (rows,), "<i8")
    for each in blocks(rows, max(1, BLOCK * CLASSES // classes)):
        count = each.stop - each.start
        block = rng.standard_normal((count, classes), dtype=np.float32).astype(dtype)
        label[each] = rng.integers(0, classes, count)
        block[np.arange(count), label[each]] += 2
        prediction[each] = block


def ce(rng: Rng) -> None:
    """Write 2 M × 10 logits in float64."""
    logits(rng, "ce", (CLASS_ROWS, CLASSES), "<f8")


def wide(rng: Rng) -> None:
    """Write 20 k × 10 000 logits in float32."""
    logits(rng, "wide", (WIDE_ROWS, WIDE_CLASSES), "<f4")


def csv_bce(rng: Rng) -> None:
    """Write 5 M rows of an id, a probability, an event and two more columns of numbers."""

    def columns(rows: slice) -> dict[str, Any]:
        count = rows.stop - rows.start
        probability, event = pairs(rng, count)
        return {
            "id": np.arange(rows.start, rows.stop) + FIRST_ID,
            "prob": probability,
            "label": event,
            "x1": rng.normal(size=count),
            "x2": rng.normal(size=count),
        }

    table("bce.csv", CSV_ROWS, columns)


def join(rng: Rng) -> None:
    """Write 5 M ids with a probability, and the same ids in another order with an event."""
    probability, event = pairs(rng, CSV_ROWS)
    key = np.arange(CSV_ROWS) + FIRST_ID
    table(
        "join_predictions.csv", CSV_ROWS, lambda rows: {"id": key[rows], "prob": probability[rows]}
    )
    order = rng.permutation(CSV_ROWS)
    table(
        "join_labels.csv",
        CSV_ROWS,
        lambda rows: {"id": key[order[rows]], "label": event[order[rows]]},
    )


def grouped(rng: Rng) -> None:
    """Write 5 M rows of a probability and an event, in one of 100 segments, of one of 1 M users."""
    names = np.array([f"segment-{number}" for number in range(SEGMENTS)])

    def columns(rows: slice) -> dict[str, Any]:
        count = rows.stop - rows.start
        probability, event = pairs(rng, count)
        return {
            "user": rng.integers(0, USERS, count),
            "segment": names[rng.integers(0, SEGMENTS, count)],
            "prob": probability,
            "label": event,
        }

    table("grouped.csv", CSV_ROWS, columns)


def batch(rng: Rng) -> None:
    """Write 200 files of 100 k probabilities, and the events they are of."""
    (FOLDER / "batch").mkdir(exist_ok=True)
    key = np.arange(BATCH_ROWS) + FIRST_ID
    score = rng.normal(size=BATCH_ROWS)
    event = (rng.random(BATCH_ROWS) < 1 / (1 + np.exp(-2 * score))).astype(np.int8)
    table("batch_labels.csv", BATCH_ROWS, lambda rows: {"id": key[rows], "label": event[rows]})
    for number in range(BATCH_FILES):
        noisy = score + rng.normal(0, 0.1 + 0.01 * number, BATCH_ROWS)
        probability = 1 / (1 + np.exp(-2 * noisy))
        table(f"batch/{number}.csv", BATCH_ROWS, partial(_cut, {"id": key, "prob": probability}))


def _cut(columns: dict[str, Any], rows: slice) -> dict[str, Any]:
    return {name: column[rows] for name, column in columns.items()}


def tenfold(_: Rng) -> None:
    """Link ten times the rows: folders in which a file stands ten times."""
    for name in ("bce_predictions.npy", "bce_labels.npy", "bce.csv"):
        stem, suffix = name.split(".")
        folder = FOLDER / f"{stem}_10x"
        folder.mkdir(exist_ok=True)
        for number in range(10):
            link = folder / f"{number}.{suffix}"
            link.unlink(missing_ok=True)
            link.symlink_to(f"../{name}")


# Each set's files, with the number of rows that they should have.
SETS: dict[str, tuple[Callable[[Rng], None], int, tuple[str, ...]]] = {
    "small": (small, SMALL_ROWS, ("small_predictions.npy", "small_labels.npy", "small.csv")),
    "mse": (mse, ARRAY_ROWS, ("mse_predictions.npy", "mse_labels.npy")),
    "bce": (bce, ARRAY_ROWS, ("bce_predictions.npy", "bce_labels.npy")),
    "ce": (ce, CLASS_ROWS, ("ce_logits.npy", "ce_labels.npy")),
    "wide": (wide, WIDE_ROWS, ("wide_logits.npy", "wide_labels.npy")),
    "csv": (csv_bce, CSV_ROWS, ("bce.csv",)),
    "join": (join, CSV_ROWS, ("join_predictions.csv", "join_labels.csv")),
    "grouped": (grouped, CSV_ROWS, ("grouped.csv",)),
    "batch": (batch, BATCH_ROWS, ("batch_labels.csv", f"batch/{BATCH_FILES - 1}.csv")),
    "tenfold": (tenfold, 10, ("bce_predictions_10x/9.npy", "bce_labels_10x/9.npy")),
}


def state(name: str) -> list[int]:
    """Return the rows that a set should have and the bytes that its files have."""
    _, rows, files = SETS[name]
    return [
        rows,
        *((FOLDER / file).stat().st_size if (FOLDER / file).exists() else 0 for file in files),
    ]


def main(names: list[str]) -> None:
    """Make the sets of these names that are not there."""
    FOLDER.mkdir(exist_ok=True)
    made = json.loads(MADE.read_text("utf-8")) if MADE.exists() else {}
    for name in names:
        if made.get(name) != state(name):
            print(f"making the data: {name}", file=sys.stderr)
            SETS[name][0](np.random.default_rng(0))
            made[name] = state(name)
            MADE.write_text(json.dumps(made), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
