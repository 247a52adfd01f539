"""Run the benchmarks: ``python -m bench [CASE,…]``, or ``make bench ONLY=CASE``.

Without names all run, and ``docs/bench.json`` and ``docs/bench.svg`` are written. ``ROUNDS`` in the
environment is how often each program runs, ``PEERS`` another interpreter in which peers are found.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cases import CASES, Case
from bench.installed import command, machine, version
from bench.measure import Failure, in_turn, run
from bench.outcome import Outcome, outcome
from bench.picture import draw
from bench.report import as_dict, show

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
ROUNDS = 5
LIMIT = 120.0  # seconds, of a process
WRONG_USAGE = 2


def chosen(only: str) -> tuple[Case, ...]:
    """Return the cases of these names, all without any."""
    names = [name for name in only.split(",") if name]
    known = {case.name: case for case in CASES}
    for name in names:
        if name not in known:
            sys.exit(f"error: there is no case '{name}'\nhint: there are {', '.join(known)}")
    return tuple(known[name] for name in names) or CASES


def asked_rounds() -> int:
    """Return how often each program shall run."""
    text = os.environ.get("ROUNDS") or str(ROUNDS)
    if not text.isdecimal() or int(text) == 0:
        sys.exit(f"error: ROUNDS is a number from 1, not '{text}'")
    return int(text)


def compare(case: Case, rounds: int) -> Outcome:
    """Run a case."""
    commands, notes = {}, []
    for program in case.programs:
        line = command(program)
        if line is None:
            notes.append(f"{case.name}: {program.needs} is not installed")
        else:
            commands[program.name] = line
    trial = run(commands[case.lossctl.name], DATA, LIMIT)
    if isinstance(trial, Failure):
        refused = trial.code == WRONG_USAGE
        told = f"{case.name}: lossctl {'refused' if refused else 'failed'}: {trial.message}"
        return Outcome(case, notes=(told,)) if refused else Outcome(case, errors=(told,))
    runs, failures = in_turn(commands, DATA, rounds, LIMIT)
    errors = [f"{case.name}: {name} failed: {each.message}" for name, each in failures.items()]
    return outcome(case, runs, notes, errors)


def versions(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return the versions of all that ran."""
    ran = {
        (program.needs, program.python)
        for each in outcomes
        for program in each.case.programs
        if program.name in {figures.name for figures in each.figures}
    }
    return {
        needs: version(needs, python=python)
        for needs, python in sorted(ran | {("numpy", True), ("pyarrow", True)})
        if needs != "sys"
    }


def write(outcomes: Sequence[Outcome], rounds: int) -> None:
    """Write the outcomes for the documentation, as JSON and as a picture."""
    here, found = machine(), versions(outcomes)
    told = {
        "machine": here,
        "versions": found,
        "rounds": rounds,
        "cases": [as_dict(each) for each in outcomes],
    }
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    (ROOT / "docs" / "bench.json").write_text(text, encoding="utf-8")
    described = (
        f"{here['processor']}, {here['cores']} cores, {here['memory_gib']} GiB, {here['system']}; "
        f"Python {here['python']}, medians of {rounds} rounds"
    )
    (ROOT / "docs" / "bench.svg").write_text(draw(outcomes, described), encoding="utf-8")


def main(only: str = "") -> int:
    """Make the data, run the cases, show them; the exit code is 1 where something is wrong."""
    cases = chosen(only)
    rounds = asked_rounds()
    peers = os.environ.get("PEERS")
    if peers and not shutil.which(peers):
        sys.exit(f"error: PEERS is no Python: {peers}")
    sets = dict.fromkeys(name for case in cases for name in case.data)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "lossctl"], cwd=ROOT, check=True)
    subprocess.run([sys.executable, "-m", "bench.data", *sets], cwd=ROOT, check=True)
    outcomes = []
    for case in cases:
        print(f"running {case.name}", file=sys.stderr)
        outcomes.append(compare(case, rounds))
    show(outcomes)
    wrong = any(each.errors for each in outcomes)
    if not only and not wrong:
        write(outcomes, rounds)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
