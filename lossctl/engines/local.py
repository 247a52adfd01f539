"""Run a plan in this process."""

from __future__ import annotations

from lossctl.engines.partition import Summaries, summarise
from lossctl.plan import Plan


def run(plan: Plan) -> Summaries:
    """Return the summaries of all rows of a plan."""
    return summarise(plan)
