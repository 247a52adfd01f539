"""Where the time of lossctl goes, and how it grows: ``python -m bench.stages``.

The shares are those of a profiler that counts calls, on one thread, so those of cheap work look
larger than they are. Data are those of ``python -m bench.data``.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from lossctl import api, scoring

DATA = Path(__file__).parent / "data"
WORKS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "mse .npy": (("mse", "mse_predictions.npy", "mse_labels.npy"), {}),
    "bce .npy": (("bce", "bce_predictions.npy", "bce_labels.npy"), {}),
    "ce of 10 .npy": (("ce", "ce_logits.npy", "ce_labels.npy"), {"from_": "logits"}),
    "ce of 10 000 .npy": (("ce", "wide_logits.npy", "wide_labels.npy"), {"from_": "logits"}),
    "bce CSV": (("bce", "bce.csv"), {}),
}
# What is done in which function, from the file to the result. Each is called by the last one, or
# follows it; what none of them does is the rest.
STAGES = {
    "reading": ("npy.py", "_next_values"),
    "widening to float64": ("arrays.py", "_batch"),
    "cutting text": ("chunks.py", "chunks"),
    "parsing text": ("arrow_csv.py", "parsed"),
    "checks and labels": ("admission.py", "admit"),
    "row losses": ("rows.py", "row_losses"),
    "exact sum": ("exact_sum.py", "bounded"),
    "standard error": ("moments.py", "_products"),
    "skill, diagnosis": ("partition.py", "watch"),
}
TIMES = 5


def timed(*inputs: Any, **options: Any) -> float:
    """Return the least of some times that a scoring takes, in seconds."""
    found = []
    for _ in range(TIMES):
        plan = api.plan_of(*inputs, **options)
        start = perf_counter()
        scoring.run(plan)
        found.append(perf_counter() - start)
    return min(found)


def shares(*inputs: str, **options: Any) -> Iterator[float]:
    """Yield the share of each stage, and of the rest."""
    plan = api.plan_of(*inputs, jobs=1, **options)
    profiler = cProfile.Profile()
    profiler.runcall(scoring.run, plan)
    found: dict[Any, Any] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in found.values())
    rest = total
    for file, function in STAGES.values():
        spent = sum(
            cumulative
            for (path, _, name), (_, _, _, cumulative, _) in found.items()
            if name == function and Path(path).name == file
        )
        rest -= spent
        yield spent / total
    yield rest / total


def growth() -> Iterator[tuple[str, str, float]]:
    """Yield what grows, how far, and nanoseconds for a value."""
    rng = np.random.default_rng(1)
    for rows in (10_000, 100_000, 1_000_000, 10_000_000):
        values = rng.random((2, rows))
        yield "rows (mse)", f"{rows:,}", timed("mse", *values, jobs=1) / rows * 1e9
    for classes in (2, 10, 16, 17, 100, 1000, 10_000):
        logits = rng.standard_normal((10_000_000 // classes, classes))
        labels = rng.integers(0, classes, len(logits))
        seconds = timed("ce", logits, labels, from_="logits", jobs=1)
        yield "classes (ce from logits)", f"{classes:,}", seconds / logits.size * 1e9
    for files in (1, 10, 100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            for i, part in enumerate(np.array_split(rng.random(4_000_000), files)):
                np.savetxt(Path(folder, f"{i}.csv"), np.c_[part, part], delimiter=",", fmt="%.6f")
            seconds = timed("mse", folder, pred_col="0", label_col="1", header=False, jobs=1)
        yield "files (mse, CSV)", f"{files:,}", seconds / 4_000_000 * 1e9
    for jobs in range(1, 1 + len(os.sched_getaffinity(0))):
        for name, (inputs, options) in WORKS.items():
            yield name, f"{jobs} threads", timed(*inputs, jobs=jobs, **options) * 1e9


def main() -> None:
    """Print both as Markdown."""
    sets = ("mse", "bce", "ce", "wide", "csv")
    subprocess.run([sys.executable, "-m", "bench.data", *sets], check=True)
    os.chdir(DATA)
    print(f"| | s | {' | '.join(STAGES)} | rest |\n| --- |{' ---: |' * (len(STAGES) + 2)}")
    for name, (inputs, options) in WORKS.items():
        seconds = timed(*inputs, jobs=1, **options)
        cells = [f"{share:.0%}" if share >= 0.005 else "" for share in shares(*inputs, **options)]
        print(f"| {name} | {seconds:.3f} | {' | '.join(cells)} |", flush=True)
    print("\n| what | how far | ns a value, or in all |\n| --- | ---: | ---: |")
    for what, far, cost in growth():
        print(f"| {what} | {far} | {cost:,.1f} |", flush=True)


if __name__ == "__main__":
    main()
