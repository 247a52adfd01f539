"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def cores(groups: Path = _GROUPS, own: Path = _OWN) -> int:
    """Return how many cores affinity and the quotas of control groups leave, at least one."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(groups, own)])) if allowed > 1 else 1


def _quotas(groups: Path, own: Path) -> Iterator[int]:
    """Yield what the groups of the process may use, in cores, rounded up (man 7 cgroups)."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # another system
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        folder = groups / controllers if controllers else groups  # version 1 has one for each
        place = folder / path.lstrip("/")
        for group in (place, *place.parents):
            with suppress(OSError, ValueError):  # not there, or "max"
                if controllers:
                    quota = int((group / "cpu.cfs_quota_us").read_text())
                    period = int((group / "cpu.cfs_period_us").read_text())
                else:
                    quota, period = map(int, (group / "cpu.max").read_text().split())
                if quota > 0:
                    yield math.ceil(quota / period)
            if group == folder:
                break
