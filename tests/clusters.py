"""A Dask cluster on loopback: scheduler and workers as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import ENVIRONMENT

_PATIENCE = 30  # seconds


@dataclass
class Cluster:
    """Where the scheduler is, and the processes: the scheduler first, then a nanny for each."""

    address: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def workers(self) -> list[int]:
        """Return the workers that are at work: children of their nannies."""
        nannies = {process.pid for process in self.processes[1:]}
        return [pid for pid in children(*nannies) if b"spawn_main" in _command(pid)]


def children(*parents: int) -> Iterator[int]:
    """Yield the processes that these started."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) in parents:
                yield int(entry.name)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def cluster(
    folder: Path, count: int, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """Run a scheduler and so many workers, which work in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Cluster(f"tcp://127.0.0.1:{port}")
    path = os.pathsep.join([os.getcwd(), ENVIRONMENT.get("PYTHONPATH", "")])
    given: dict[str, Any] = {
        "cwd": folder,
        "env": {**ENVIRONMENT, "PYTHONPATH": path, **(environment or {})},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "start_new_session": True,
    }
    dask = [sys.executable, "-m", "dask"]
    here = ["--no-dashboard", "--host", "127.0.0.1"]
    try:
        # Where the tests are killed, it ends by itself.
        start = [*dask, "scheduler", *here, "--port", str(port), "--idle-timeout", "900"]
        found.processes.append(subprocess.Popen(start, **given))
        _until(lambda: _answers(port))
        for _ in range(count):
            alone = ["--nthreads", "1", "--death-timeout", "30"]
            start = [*dask, "worker", found.address, *alone, *here, *options]
            found.processes.append(subprocess.Popen(start, **given))
        _until(lambda: len(found.workers()) == count)
        yield found
    finally:
        for process in reversed(found.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.2)
        for process in reversed(found.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _until(condition: Any) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the cluster does not start")
        time.sleep(0.05)
