"""The rows of a scoring, one by one: their losses alone, or with key and label."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np

from lossctl.block import Block, Floats, RowLosses, numbers_of
from lossctl.names import readable
from lossctl.plan import Plan
from lossctl.sinks import TEXT, Field, Sink, Values
from lossctl.sinks.opening import opened
from lossctl.values import dataclass, replace


def key_name(plan: Plan, others: Sequence[str]) -> str:
    """Return what the column is called that tells rows apart, beside others."""
    if plan.roles.shown is None:
        return "row"
    name = readable(plan.roles.shown[1].name or "id")
    while name in others:
        name += "_id"
    return name


class Losses:
    """Keeps the losses of all rows in memory."""

    def __init__(self) -> None:
        """Start without any."""
        self._parts: list[Floats] = []

    def __call__(self, _: Block, losses: RowLosses) -> None:
        """Keep a block's."""
        self._parts.append(losses.values)

    def of(self, kernel: int) -> Floats:
        """Return the losses of all rows by one of the kernels, (n,)."""
        return np.concatenate([part[kernel] for part in self._parts])


@dataclass(frozen=True)
class Rows:
    """Where the rows of the parts of a plan are written to: files of a suffix in a folder."""

    folder: str
    suffix: str
    inert: bool = False  # nothing in them is to be taken for a formula

    def apart(self) -> Rows:
        """Return the same with a folder of its own in that: who is given up may still write."""
        import tempfile  # noqa: PLC0415  # 3 ms

        return replace(self, folder=tempfile.mkdtemp(dir=self.folder))

    def settle(self) -> None:
        """Move the files of such a folder to where that lies."""
        for name in os.listdir(self.folder):
            os.rename(os.path.join(self.folder, name), os.path.join(self.folder, "..", name))
        os.rmdir(self.folder)

    @contextmanager
    def of(self, plan: Plan, number: int) -> Iterator[Callable[[Block, RowLosses], None]]:
        """Give what writes the rows of a part, if it has any, to a file of that number.

        Raises:
            DataError: the file cannot be written.

        """
        path = os.path.join(self.folder, f"part-{number:05}{self.suffix}")
        rows: list[PerRow] = []
        with ExitStack() as stack:

            def see(block: Block, losses: RowLosses) -> None:
                if not rows:
                    made = opened("--per-row", path, inert=self.inert)
                    rows.append(PerRow(plan, stack.enter_context(made)))
                rows[0](block, losses)

            yield see
            for one in rows:
                one.close()


class PerRow:
    """Writes key or row number, label and losses of each row to a sink.

    The sink is made with the first rows, which tell the types of the columns.
    """

    def __init__(self, plan: Plan, make: Callable[[Sequence[Field]], Sink]) -> None:
        """Take what makes the sink once its columns are known."""
        self._plan, self._make = plan, make
        self._sink: Sink | None = None

    def __call__(self, block: Block, losses: RowLosses) -> None:
        """Write a block's rows."""
        if block.shown is None:
            raise AssertionError("rows that are to be written must carry what is shown")
        key: Values = numbers_of(block.rows) if block.shown.keys is None else block.shown.keys
        values = [losses.values[self._plan.column(one)] for one in self._plan.scorings]
        columns = [key, *block.shown.labels, *values]
        if self._sink is None:
            types = [str(c.dtype) if isinstance(c, np.ndarray) else TEXT for c in columns]
            names = self._names(len(block.shown.labels))
            self._sink = self._make(list(map(Field, names, types)))
        self._sink.write(columns)

    def _names(self, labels: int) -> list[str]:
        roles, losses = self._plan.roles, self._plan.losses
        label = ["label"]
        if labels > 1:
            label = [f"label_{readable(str(column.label))}" for column in roles.label]
        rest = [*label, *(["loss"] if len(losses) == 1 else map(str, losses))]
        return [key_name(self._plan, rest), *rest]

    def close(self) -> None:
        """Write what comes last."""
        if self._sink is not None:
            self._sink.close()
