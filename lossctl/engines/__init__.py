"""Ways to run a plan: the same partition function, here or elsewhere."""

from __future__ import annotations

from lossctl.engines import local
from lossctl.engines.local import Tell
from lossctl.engines.partition import Sink, Summaries
from lossctl.errors import UsageError
from lossctl.plan import Plan

LOCAL, DASK = "local", "dask"


def run(plan: Plan, sink: Sink | None = None, tell: Tell | None = None) -> Summaries:
    """Return the summaries of all rows of a plan; a sink sees the blocks in their order.

    ``tell`` is called with the rows and the bytes of the predictions as they are read.

    Raises:
        UsageError: a sink is to see what is read elsewhere.
        DataError: a row cannot be read, paired or scored: the first such row of the input.

    """
    if plan.scheduler is None:
        return local.run(plan, sink, tell)
    if sink is not None:
        hint = "--per-row writes them to a folder of files, or leave --engine out"
        raise UsageError("rows that are read elsewhere cannot be shown here", hint=hint)
    from lossctl.engines import dask  # noqa: PLC0415  # 0.5 s

    return dask.run(plan, tell)
