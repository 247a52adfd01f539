"""Run targets in turn, and say how many inputs each took: ``python -m fuzz [TARGET...]``.

``MINUTES`` is how long all of them take together.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from fuzz import MODULES

TARGETS = tuple(name for names in MODULES.values() for name in names)
HERE = os.path.dirname(os.path.abspath(__file__))
FINDINGS = os.path.join(HERE, "findings")


def run(name: str, seconds: int) -> tuple[int, bool]:
    """Return how many inputs a target took, and whether one was found to be read wrongly."""
    os.makedirs(FINDINGS, exist_ok=True)
    log = os.path.join(FINDINGS, f"{name}.log")
    options = [
        f"-max_total_time={seconds}",
        "-print_final_stats=1",
        f"-artifact_prefix={FINDINGS}/{name}-",
    ]
    with open(log, "wb") as file:
        done = subprocess.run(
            ["nice", sys.executable, "-m", "fuzz.one", name, *options],  # noqa: S607
            stdout=file,
            stderr=file,
            check=False,
        )
    with open(log, encoding="utf-8", errors="replace") as file:
        found = re.findall(
            r"^(?:stat::number_of_executed_units:\s*|#)(\d+)", file.read(), re.MULTILINE
        )
    return max(map(int, found), default=0), done.returncode != 0


def main() -> int:
    """Run the targets that are named, or all."""
    names = sys.argv[1:] or TARGETS
    if unknown := [*filter(lambda name: name not in TARGETS, names)]:
        sys.exit(
            f"error: there is no target {', '.join(unknown)}; the targets are {', '.join(TARGETS)}"
        )
    seconds = max(1, int(60 * float(os.environ.get("MINUTES", "5")) / len(names)))
    failed = 0
    for name in names:
        inputs, wrong = run(name, seconds)
        print(
            f"{name:14} {inputs:>10,} inputs {'FINDING: see findings/' if wrong else ''}",
            flush=True,
        )
        failed += wrong
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
