"""Partials: what was found in a shard, to be added to what was found in others.

A partial holds the summaries of its rows, what results need of the plan, and which rows they are.
Partials add up to partials; a result of all rows is drawn from the last one.
"""

from __future__ import annotations

from lossctl.conclusion import conclude
from lossctl.conventions import TermOptions
from lossctl.engines.partition import Summaries
from lossctl.partials.choices import Choices
from lossctl.partials.files import as_json
from lossctl.partials.shards import (
    Machine,
    Shard,
    differences,
    shard_of,
    this_machine,
    together,
)
from lossctl.plan import Plan
from lossctl.result import Result
from lossctl.values import dataclass, replace


@dataclass(frozen=True)
class Partial:
    """What was found in some shards, which stand in natural order."""

    choices: Choices
    shards: tuple[Shard, ...]
    machines: tuple[Machine, ...]
    summaries: Summaries

    @classmethod
    def of(cls, plan: Plan, terms: TermOptions, summaries: Summaries) -> Partial:
        """Return the partial of all rows of a plan that was made with these terms."""
        shards = (shard_of(plan, summaries),)
        return cls(Choices.of(plan, terms), shards, (this_machine(),), summaries)

    @property
    def plan(self) -> Plan:
        """What results are made by."""
        names = ([one.predictions for one in self.shards], [one.labels for one in self.shards])
        return self.choices.plan(*map(together, names))

    def results(self) -> tuple[Result, ...]:
        """Return the results of all rows.

        Raises:
            DataError: there is no loss of them.

        """
        warnings = tuple(differences(self.machines))
        found = conclude(self.plan, self.summaries)
        return tuple(replace(one, warnings=(*one.warnings, *warnings)) for one in found)

    def __bytes__(self) -> bytes:
        """Return the file of the partial: strict JSON."""
        return as_json(self.choices, self.shards, self.machines, self.summaries)

    def write(self, path: str) -> None:
        """Write the file, whole or not.

        Raises:
            DataError: it cannot be written.

        """
        from lossctl.sinks.whole import written_whole  # noqa: PLC0415  # where bytes are enough

        with written_whole(path) as stream:
            stream.write(bytes(self))
