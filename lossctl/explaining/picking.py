"""The rows that are to be explained, taken out of the blocks as these go by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lossctl.block import Block, Floats, RowLosses, numbers_of
from lossctl.errors import DataError
from lossctl.losses.terms import Scoring
from lossctl.names import quoted, readable
from lossctl.plan import SKIP, Plan
from lossctl.result import Result
from lossctl.summaries.worst import Worst
from lossctl.texts import Keys
from lossctl.values import dataclass


@dataclass(frozen=True)
class Wanted:
    """Rows by their numbers, by their keys, and how many of those that cost most."""

    rows: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()
    worst: int = 0


@dataclass(frozen=True)
class Picked:
    """A row on its own, a block of one, and its loss by one of the scorings."""

    plan: Plan
    scoring: Scoring
    block: Block
    value: float


class Picker:
    """Keeps the wanted rows of the blocks that it is shown, and no more of them than that."""

    def __init__(self, plan: Plan, wanted: Wanted) -> None:
        """Start with none.

        Raises:
            DataError: keys are wanted, and no column holds any.

        """
        if wanted.keys and plan.roles.shown is None:
            hint = "--row N takes its number, counted from 0; --id COL names a column of keys"
            raise DataError("the rows have no keys", where=plan.inputs.name, hint=hint)
        self._plan, self._wanted = plan, wanted
        self._read = 0
        self._found: dict[int, tuple[Block, Floats]] = {}
        self._by_key: dict[str, int] = {}
        self._example: str | None = None
        self._worst = Worst.empty(wanted.worst, len(plan.terms)) if wanted.worst else None

    def __call__(self, block: Block, losses: RowLosses) -> None:
        """Keep the wanted rows of a block."""
        self._read += block.read
        numbers = numbers_of(block.rows)
        for row in self._wanted.rows:
            place = int(np.searchsorted(numbers, row))
            if place < len(numbers) and numbers[place] == row:
                self._keep(block, losses, place)
        keys = None if block.shown is None else block.shown.keys
        if keys is not None and self._wanted.keys and len(keys):
            self._example = self._example or readable(keys.text(0))
            self._add_keys(block, losses, keys)
        if self._worst is not None:
            self._worst = self._worst.add(block, losses)
            self._add_worst(self._worst, block, losses)

    def _add_keys(self, block: Block, losses: RowLosses, keys: Keys) -> None:
        every, first = np.arange(len(keys)), np.zeros(len(keys), np.int64)
        for key in self._wanted.keys:
            for place in np.flatnonzero(keys.same(every, Keys.of([key]), first)).tolist():
                row = int(block.rows[place])
                if key in self._by_key:
                    what = f"the key {quoted(key)} stands twice: in rows {self._by_key[key]} and "
                    hint = "--row N, counted from 0, says which is meant"
                    raise DataError(f"{what}{row}", where=self._plan.inputs.name, hint=hint)
                self._by_key[key] = row
                self._keep(block, losses, place)

    def _add_worst(self, worst: Worst, block: Block, losses: RowLosses) -> None:
        numbers = numbers_of(block.rows)
        rows = {row.row for ranked in worst.rows for row in ranked}
        for row in rows - self._found.keys():
            self._keep(block, losses, int(np.searchsorted(numbers, row)))
        named = {*self._wanted.rows, *self._by_key.values()}
        self._found = {n: one for n, one in self._found.items() if n in rows or n in named}

    def _keep(self, block: Block, losses: RowLosses, place: int) -> None:
        row, only = int(block.rows[place]), np.array([place])
        one = Block(
            block.prediction[only],
            block.label[only],
            np.array([row]),
            None if block.weight is None else block.weight[only],
            None if block.left_out is None else block.left_out[only],
            shown=None if block.shown is None else block.shown.take(only),
        )
        self._found[row] = (one, losses.values[:, place].copy())

    def rows(self, results: Sequence[Result]) -> Iterator[tuple[Result, Picked]]:
        """Yield the rows for each of the losses: those that were named, then the worst.

        Each comes with the result of its loss.

        Raises:
            DataError: one was not there, or left out.

        """
        named = [self._of_number(row, results[0]) for row in self._wanted.rows]
        named += [self._of_key(key, results[0]) for key in self._wanted.keys]
        for result, scoring in zip(results, self._plan.scorings, strict=True):
            column = self._plan.column(scoring)
            ranked = () if self._worst is None else self._worst.rows[column]
            for row in dict.fromkeys((*named, *(one.row for one in ranked))):
                block, losses = self._found[row]
                yield result, Picked(self._plan, scoring, block, float(losses[column]))

    def _of_number(self, row: int, result: Result) -> int:
        if row in self._found:
            return row
        where = self._plan.inputs.predictions.name
        total = self._read + (result.unmatched or (0, 0))[0]
        if row >= total:
            last = f"there are {total:,}, counted from 0"
            raise DataError(f"there is no row {row}", where=where, hint=last)
        raise DataError(f"row {row} was left out: {self._left_out(result)}", where=where)

    def _of_key(self, key: str, result: Result) -> int:
        if key in self._by_key:
            return self._by_key[key]
        where = self._plan.inputs.name
        hint = f"keys look like {quoted(self._example)}" if self._example else None
        if result.skipped or result.ignored or any(result.unmatched or ()):
            hint = f"or it was left out: {self._left_out(result)}"
        raise DataError(f"no row has the key {quoted(key)}", where=where, hint=hint)

    def _left_out(self, result: Result) -> str:
        reasons = []
        if result.skipped and self._plan.nan == SKIP:
            reasons.append("a value is missing (--nan skip)")
        if result.ignored:
            reasons.append("its label is ignored (--ignore-label)")
        if any(result.unmatched or ()):
            reasons.append("it has no partner (--unmatched skip)")
        return ", or ".join(reasons)
