"""Measure how a cluster on this machine scales, for docs/scale.md; needs some minutes.

Run it as ``.venv/bin/python docs/scaling.py`` with ``tests`` on PYTHONPATH.
"""

from __future__ import annotations

import pickle
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from clusters import cluster

from lossctl import api
from lossctl.engines import cutting, dask, local
from lossctl.engines.adding import Found, found_in
from lossctl.values import replace

ROWS = 6_000_000
ROUNDS = 3  # enough for ratios
MIB = 1024 * 1024


def written(folder: Path) -> str:
    """Write predictions and labels as text; return the path."""
    rng = np.random.default_rng(0)
    path = folder / "rows.csv"
    with path.open("w") as file:
        file.write("id,label,prob\n")
        for first in range(0, ROWS, 100_000):
            label, prob = rng.integers(0, 2, 100_000), rng.random(100_000)
            rows = enumerate(zip(label, prob, strict=True), start=first)
            file.write("".join(f"{i},{y},{p:.6f}\n" for i, (y, p) in rows))
    return str(path)


def seconds(work: Callable[[], Any]) -> float:
    """Return the median time of some rounds, after one that warms up."""
    found = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found[1:])


def of_one_machine(path: str) -> None:
    """Print what threads take."""
    for jobs in (1, 2):
        plan = api.plan_of("bce", path, jobs=jobs)
        print(f"threads {jobs}: {seconds(lambda plan=plan: local.run(plan)):.2f} s")  # type: ignore[misc]


def of_a_cluster(path: str, folder: Path) -> None:
    """Print what one and two workers take, by the size of a part."""
    for count in (1, 2):
        with cluster(folder, count) as found:
            plan = api.plan_of("bce", path, engine="dask", scheduler=found.address)
            for size in (1, 2, 4, 8, 16, 32):
                cutting.PART_BYTES = size * MIB
                parts = len(cutting.sent(plan, map))
                took = seconds(lambda plan=plan: dask.run(plan))  # type: ignore[misc]
                print(f"workers {count}: {parts} parts of {size} MiB: {took:.2f} s")
    cutting.PART_BYTES = 16 * MIB


def of_the_sum(folder: Path) -> None:
    """Print what as many summaries take as the largest input is cut into."""
    label = np.random.default_rng(1).integers(0, 2, 2000)
    prob = np.random.default_rng(2).random(2000)
    every: list[dict[str, Any]] = [{}, {"by": "group"}]
    for options in every:
        data: Any = {"pred": prob, "label": label}
        if options:
            data |= {"group": [f"g{i}" for i in range(2000)]}
        plan = api.plan_of("bce", data, **options)
        found = replace(found_in(plan), first=0)
        many = [replace(found, first=i * 2000) for i in range(8192)]
        size = len(pickle.dumps(found))
        took = seconds(lambda many=many: reduce(Found.then, many))  # type: ignore[misc]
        print(f"{options or 'plain'}: {size:,} bytes each; 8192 are added in {took:.2f} s")
    with cluster(folder, 2) as there, dask.workers(there.address, None) as client:
        given = client.submit(_same, found, pure=False)

        def tree() -> None:
            level = client.map(_given, [given] * 8192, range(8192), pure=False)
            while len(level) > 1:
                several = [level[i : i + 8] for i in range(0, len(level), 8)]
                level = client.map(sum, several, pure=False)
            level[0].result()

        print(f"a tree of 8192 tasks that do nothing, on two workers: {seconds(tree):.2f} s")


def _same(value: Any) -> Any:
    return value


def _given(found: Found, number: int) -> int:
    del found
    return number


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        rows = written(where)
        print(f"{ROWS:,} rows, {Path(rows).stat().st_size:,} bytes")
        of_one_machine(rows)
        of_a_cluster(rows, where)
        of_the_sum(where)
