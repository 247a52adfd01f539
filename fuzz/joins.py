"""Rows that are joined by their ids are those that a dictionary joins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import lossctl
from fuzz.target import Choices, answer, changed, is_error, target, written
from fuzz.texts import ALWAYS, NEVER
from lossctl import ids
from lossctl.sources import text as text_files

_IDS = (
    *("0", "1", "2", "-1", "007", "7", "7.0", "+7", "-0", "00", "a", "b", "é", " a", "a ", "A"),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "12345678",
        "123456789",
    ),
    *(
        "18446744073709551615",
        "99999999999999999999",
        "nan",
        "None",
        "0x1",
        "1_0",
        "a" * 8,
        "a" * 9,
    ),
    *("a" * 16, "a" * 17, "ab", "ba", "1e5", "100000", "-9223372036854775809", "١"),
)


def seeds() -> Iterator[bytes]:
    """Yield choices at random."""
    rng = np.random.default_rng(1)
    for size in (10, 40, 120, 400):
        for _ in range(15):
            yield rng.bytes(size)


def _side(choices: Choices) -> list[tuple[str, float]]:
    numeric, rows = choices.below(3), []
    for i in range(1 + choices.below(40)):
        near = str(choices.below(48) - 4) if numeric == 0 else choices.one(_IDS)
        rows.append(
            (str(i * 3 + choices.below(3)) if numeric == 2 else near, float(choices.below(64)))
        )
    return rows


@target(seeds)
def join(data: bytes) -> None:
    """Means, counts and errors of a join, both by fast and slow reader, whole or in steps."""
    choices = Choices(data)
    left, right = _side(choices), _side(choices)
    skip = bool(choices.below(2))
    if choices.below(3) == 0:  # the same ids in another order
        right = [
            (key, value) for (key, _), (_, value) in zip(left[::-1], right + left, strict=False)
        ]
    if choices.below(2):
        left, right = (list(dict(rows).items()) for rows in (left, right))
    paths = [
        written(name, (f"id,{column}\n" + "".join(f'"{k}",{v}\n' for k, v in rows)).encode())
        for name, column, rows in (("p.csv", "pred", left), ("y.csv", "label", right))
    ]
    expected = _expected(left, right, skip=skip)
    for brief, step in ((ALWAYS, 16_000), (NEVER, 16_000), (NEVER, 3)):
        with changed(text_files, BRIEF=brief), changed(ids, _STEP=step):
            found = answer(
                lambda: lossctl.score("mse", *paths, id="id", unmatched="skip" if skip else "error")
            )
        if expected is None:
            assert is_error(found), f"joined what cannot be: {found}"
        else:
            assert not is_error(found), found
            assert (found.value, found.n) == expected, (found.value, found.n, expected)


def _expected(left: Any, right: Any, *, skip: bool) -> tuple[float, int] | None:
    predictions, labels = dict(left), dict(right)
    if len(predictions) < len(left) or len(labels) < len(right):
        return None
    if not skip and predictions.keys() != labels.keys():
        return None
    errors = [(p - labels[key]) ** 2 for key, p in left if key in labels]
    return (math.fsum(errors) / len(errors), len(errors)) if errors else None
