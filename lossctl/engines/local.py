"""Run a plan in this process."""

from __future__ import annotations

from lossctl.engines.partition import Sink, Summaries, summarise
from lossctl.plan import Plan


def run(plan: Plan, sink: Sink | None = None) -> Summaries:
    """Return the summaries of all rows of a plan; a sink sees the blocks in their order."""
    return summarise(plan, sink)
