"""Two texts that are read in step, and cut where their rows were counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import lossctl
from fuzz.target import Choices, target, written
from fuzz.texts import same_in_three_ways

_NOTES = ("b", "b", "b", "5 in", 'x"y', 'x"', '"q"', '"a\nb"', '"', '""', '"x""y"', "\r", "", " ")
_NUMBERS = ("0.5", "1", "2", "0.25", "1", "2", "", "nan", '"1"', "x", " 1")


def seeds() -> Iterator[bytes]:
    """Yield choices at random."""
    rng = np.random.default_rng(2)
    for size in (20, 60, 200):
        for _ in range(20):
            yield rng.bytes(size)


@target(seeds, longest=512)
def in_step(data: bytes) -> None:
    """Scores and errors are the same row by row, by pyarrow, and in parts on two threads."""
    choices = Choices(data)
    end = choices.one(("\n", "\r\n", "\n", "\r"))
    size, window = 16 + choices.below(240), 64 + choices.below(192)
    nan = choices.one(("skip", "error"))
    left: list[str] = []
    right: list[str] = []
    while choices.more and len(left) < 60:
        note, other = choices.below(64), choices.below(128)
        notes = [_NOTES[i] if i < len(_NOTES) else "b" for i in (note, note if other else 0)]
        values = [_NUMBERS[i] if i < len(_NUMBERS) else "1" for i in (other, choices.below(128))]
        left.append(f"{notes[0]},{values[0]}{end}")
        right.append(f"{notes[1]},{values[1]}{end}")
    paths = [
        written(name, (f"note,{column}{end}" + "".join(rows)).encode())
        for name, column, rows in (("p.csv", "pred", left), ("y.csv", "label", right))
    ]
    same_in_three_ways(lambda jobs: lossctl.score("mse", *paths, jobs=jobs, nan=nan), size, window)
