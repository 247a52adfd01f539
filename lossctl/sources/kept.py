"""A table that is read once and held in memory, for those who read it many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any, cast

import numpy as np

from lossctl.block import Floats
from lossctl.errors import DataError
from lossctl.once import Once
from lossctl.sources.table import Batch, Column, Request, Table, small
from lossctl.sources.views import View
from lossctl.values import dataclass, field, replace

LIMIT = 512 * 1024 * 1024  # bytes of a file: more is read again, as often as it takes


@dataclass(frozen=True, eq=False)
class Kept(View):
    """A table whose rows stay in memory, for each request that was made.

    What is made of them ``once`` stays as well.
    """

    _made: dict[Any, Once[Any]] = field(default_factory=dict, kw_only=True, repr=False)
    _lock: Any = field(default_factory=Lock, kw_only=True, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Hold nothing where it arrives: it is read there, once."""
        return Kept, (self.table,)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:
        """Yield the rows in order."""
        del keep  # others may want other columns
        held, error = self.once(request, lambda: _held(self.table.read(request, keep=True)))
        for batch in held:
            yield replace(batch, numbers=batch.numbers.astype(np.float64, copy=False))
        if error is not None:
            raise error

    def settled(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns with their kinds known."""
        found: tuple[Column, ...] = self.once(tuple(columns), lambda: self.table.settled(columns))
        return found

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made for a key, or make it; others wait.

        Raises:
            DataError: it cannot be made: the first time, and always.

        """
        with self._lock:
            found = self._made.setdefault(key, Once(make))
        return found()


def kept(table: Table) -> Table:
    """Return a table that is held if it is small enough, or can be read only once."""
    return Kept(table) if table.size <= LIMIT else table


def _held(batches: Iterator[Batch]) -> tuple[list[Batch], DataError | None]:
    """Return batches as small as may be, and what is wrong behind them."""
    held: list[Batch] = []
    try:
        held.extend(
            replace(batch, numbers=cast("Floats", small(batch.numbers))) for batch in batches
        )
    except DataError as error:
        return held, error
    return held, None
