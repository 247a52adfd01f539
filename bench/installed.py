"""Where the programs are, and in which versions: in ``.venv``, on the PATH, or in ``PEERS``."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from glob import glob
from pathlib import Path

from bench.cases import Program

BIN = Path(sys.executable).parent
VERSION = (
    "import sys; from importlib.metadata import packages_distributions, version; "
    "print(version(packages_distributions()[sys.argv[1]][0]))"
)
ASKED = {"duckdb": ("--version",), "mawk": ("-W", "version")}


def command(program: Program) -> list[str] | None:
    """Return the command line of a program; None where what it needs is not installed."""
    found = interpreter(program.needs) if program.python else executable(program.needs)
    return [found, *program.arguments] if found else None


@cache
def interpreter(module: str) -> str | None:
    """Return the first interpreter that has a module: ours, or the one that PEERS names."""
    look = "import sys; from importlib.util import find_spec; sys.exit(not find_spec(sys.argv[1]))"
    for each in (sys.executable, os.environ.get("PEERS")):
        if each and subprocess.run([each, "-c", look, module], check=False).returncode == 0:
            return each
    return None


def executable(name: str) -> str | None:
    """Return the path of a program; DuckDB's wheel hides it behind a script that starts Python."""
    if name == "lossctl":
        return str(BIN / name)
    inside = (
        glob(str(BIN.parent / "lib/*/site-packages/duckdb_cli/duckdb")) if name == "duckdb" else []
    )
    return inside[0] if inside else shutil.which(name)


@cache
def version(needs: str, *, python: bool) -> str:
    """Return the version of a module or a program that is installed."""
    if needs == "sys":
        return platform.python_version()
    if python or needs == "lossctl":
        asked = [interpreter(needs) or sys.executable, "-c", VERSION, needs]
    else:
        asked = [executable(needs) or needs, *ASKED[needs]]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[0].strip()


def machine() -> dict[str, str | int]:
    """Return what the figures depend on: processor, cores that may be used, memory, system."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30),
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "python": platform.python_version(),
    }
