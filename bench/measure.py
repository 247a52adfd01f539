"""Run programs in turn, A B A B …, and measure each process.

The parent must stay small: what it has at most in memory counts as its children's peak.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from time import perf_counter

# Bytecode is written and read, whatever the parent was told.
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}


@dataclass(frozen=True)
class Run:
    """One process: its times in seconds, peak memory in MiB, and the numbers that it printed.

    ``system`` is what the kernel took, mostly for new pages of memory: on a virtual machine it can
    be more than the work, and differs from run to run.
    """

    seconds: float
    user: float
    system: float
    peak: float
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Failure:
    """A process that did not end well: its exit code, negative for a signal, and its last line."""

    code: int
    message: str


def run(command: list[str], folder: Path, limit: float) -> Run | Failure:
    """Run one process to its end, or for ``limit`` seconds."""
    with TemporaryFile() as out, TemporaryFile() as err:
        start = perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        timer = Timer(limit, os.kill, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = perf_counter() - start
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed, said = out.read().decode(), err.read().decode().strip()
    if process.returncode:
        late = f"killed after {limit:g} s" if seconds >= limit else "no message"
        return Failure(
            process.returncode, said.split("\n")[0 if said[:5] == "error" else -1] or late
        )
    peak = usage.ru_maxrss / 1024
    return Run(seconds, usage.ru_utime, usage.ru_stime, peak, numbers(printed))


def numbers(text: str) -> tuple[float, ...]:
    """Return the words of a text that are numbers."""
    found = []
    for word in text.split():
        try:
            found.append(float(word))
        except ValueError:
            continue
    return tuple(found)


def in_turn(
    commands: Mapping[str, list[str]], folder: Path, rounds: int, limit: float
) -> tuple[dict[str, list[Run]], dict[str, Failure]]:
    """Run all once to warm up, then those that did not fail in turn; return runs and failures."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    failures = {}
    for number in range(rounds + 1):
        for name, command in commands.items():
            if name in failures:
                continue
            done = run(command, folder, limit)
            if isinstance(done, Failure):
                failures[name] = done
                del runs[name]
            elif number:
                runs[name].append(done)
    return runs, failures
