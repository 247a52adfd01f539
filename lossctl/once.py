"""What is made when somebody first asks for it, and kept for all who ask later."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

from lossctl.errors import LossctlError

T = TypeVar("T")


class Once(Generic[T]):
    """Makes a value once in each process: sent elsewhere, it is made there anew."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Take what makes it."""
        self._make, self._lock = make, Lock()
        self._made: list[T | LossctlError] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return Once, (self._make,)

    def __call__(self) -> T:
        """Return the value; whoever asks while it is made waits.

        Raises:
            LossctlError: it cannot be made: the first time, and always.

        """
        with self._lock:
            if not self._made:
                try:
                    self._made.append(self._make())
                except LossctlError as error:
                    self._made.append(error)
            (found,) = self._made
        if isinstance(found, LossctlError):
            raise found
        return found
