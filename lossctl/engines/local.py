"""Run a plan in this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossctl.engines.partition import Sink, Summaries, summarise
from lossctl.plan import Plan
from lossctl.sources.table import Inputs
from lossctl.sources.views import Watched
from lossctl.values import replace

Tell = Callable[[int, int], None]

WORTH_FORKING = 64 * 1024 * 1024  # bytes of arrays: a process takes some 5 ms
WORTH_CUTTING = 8 * 1024 * 1024  # bytes of input: less is done before threads have started
_LARGE = 16 * 1024 * 1024  # bytes: more than most buffers; the allocator learns from up to 32 MiB


def run(plan: Plan, sink: Sink | None = None, tell: Tell | None = None) -> Summaries:
    """Return the summaries of all rows of a plan; a sink sees the blocks in their order.

    ``tell`` is called with the rows and the bytes of the predictions as they are read, from several
    threads.

    Raises:
        DataError: a row cannot be read, paired or scored: the first such row of the input.

    """
    keep_memory()
    if sink is None and plan.inputs.size >= WORTH_CUTTING and not plan.roles.joined:
        if plan.fork and plan.inputs.size >= WORTH_FORKING:
            from lossctl.engines.processes import in_processes  # noqa: PLC0415  # 3 ms

            found = in_processes(plan, tell)
            if found is not None:
                return found
        from lossctl.engines.threads import in_parts  # noqa: PLC0415  # 10 ms

        found = in_parts(plan, tell)
        if found is not None:
            return found
    return summarise(watched(plan, tell), sink)


def watched(plan: Plan, tell: Tell | None) -> Plan:
    """Return a plan that tells how far the reading of its predictions is."""
    if tell is None:
        return plan
    return replace(
        plan, inputs=Inputs(Watched(plan.inputs.predictions, tell=tell), plan.inputs.labels)
    )


def keep_memory() -> None:
    """Let freed blocks be used again, and let there be few pages.

    The allocator of glibc gives blocks of more than 128 KiB back to the system, and the pages of
    each new one cost more than most kernels, until a larger one has been freed (man 3 mallopt,
    M_MMAP_THRESHOLD). The next one lies where all others will, and NumPy asks for pages of 2 MiB
    there: those of 4 KiB, 2600 for the first block, took 7 ms. Where it is otherwise this does
    nothing: no page is touched.
    """
    for _ in range(2):
        np.empty(_LARGE, np.uint8)
