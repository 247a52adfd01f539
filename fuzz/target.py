"""What a target is: a property of any bytes, and bytes to start from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from lossctl.errors import LossctlError

Check = Callable[[bytes], None]


class Target(NamedTuple):
    """A check that raises for bytes that are read wrongly, and the bytes it starts from."""

    check: Check
    seeds: Callable[[], Iterable[bytes]]
    longest: int = 2048


TARGETS: dict[str, Target] = {}


def target(
    seeds: Callable[[], Iterable[bytes]], *, longest: int = 2048
) -> Callable[[Check], Check]:
    """Declare a check as the target of its name."""

    def register(check: Check) -> Check:
        TARGETS[check.__name__.replace("_", "-")] = Target(check, seeds, longest)
        return check

    return register


def answer(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the text of an error of ours; anything else is a finding."""
    try:
        return call()
    except LossctlError as error:
        for part in (error.message, error.where, error.hint):
            assert part is None or isinstance(part, str)
        return f"{type(error).__name__}: {error} ({error.hint})"


def is_error(found: Any) -> bool:
    """Whether an answer is an error of ours."""
    return isinstance(found, str)


def same(*answers: Any) -> None:
    """Raise if answers differ; NaN is NaN."""
    shown = [repr(one) for one in answers]
    for other in shown[1:]:
        assert other == shown[0], f"\n{shown[0]}\n{other}"


FOLDER = tempfile.mkdtemp(prefix="lossctl-fuzz-")


def written(name: str, content: bytes) -> str:
    """Write a file that the next one of its name takes the place of."""
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


@contextmanager
def changed(module: Any, **values: Any) -> Iterator[None]:
    """Set variables of a module for a while."""
    before = {name: getattr(module, name) for name in values}
    for name, value in values.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


class Choices:
    """Bytes as a row of choices; when they are used up, it is always the first."""

    def __init__(self, data: bytes) -> None:
        """Start with the first byte."""
        self._data, self._place = data, 0

    def below(self, count: int) -> int:
        """Return a number from 0 to below ``count``, which is at most 256."""
        self._place += 1
        return self._data[self._place - 1] % count if self._place <= len(self._data) else 0

    def one(self, values: Any) -> Any:
        """Return one of some values."""
        return values[self.below(len(values))]

    def some(self, most: int) -> bytes:
        """Return some bytes: the first one says how many."""
        count = self.below(most + 1)
        self._place += count
        return self._data[self._place - count : self._place]

    def rest(self) -> bytes:
        """Return what is left."""
        found, self._place = self._data[self._place :], len(self._data)
        return found

    @property
    def more(self) -> bool:
        """Whether there is any left."""
        return self._place < len(self._data)
