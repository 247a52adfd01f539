"""Which mistakes would no test notice? Makes some, one at a time, in forks of this process.

``make mutants ONLY=lossctl/statistics.py,lossctl/losses SAMPLE=60 SEED=0`` draws so many of the
changes that ``mutations.py`` knows, runs the tests that reach the changed line, the quickest first,
and lists what survives. No file is written, and tests that start the program see nothing of it.
``docs/mutants.md`` says of some changes why nobody can tell: they are not drawn.
"""

from __future__ import annotations

import os
import pickle
import random
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TypeVar

import coverage
import pytest
from hypothesis import Phase, settings
from mutations import Mutation, mutations

ROOT = Path(__file__).parent.parent
AT_ONCE = 2  # forks
LIMIT = 90  # seconds, of the tests of a mutant
ENOUGH = 20.0  # seconds that they took unchanged: the quickest that come to that are run
# The tests of a part of the package.
TESTS = {
    "losses": "kernels catalogue_kernels precision terms contracts identities golden weights traps "
    "ignore histogram tools diagnosis calibration",
    "summaries": "moments exact_sum groups uncertainty histogram calibration diagnosis values "
    "weights traps ignore signature batch rows partial parts terms join",
    "join": "join traps parts batch uncertainty explain",
    "index": "join batch",
    "ids": "join batch groups signature",
    "align": "join traps weights groups scoring npy uncertainty",
    "admission": "traps ignore weights terms groups",
    "student": "student",
    "statistics": "uncertainty moments groups batch",
    "estimates": "uncertainty groups",
    "grouped": "groups uncertainty",
    "comparison": "batch uncertainty groups",
    "products": "moments",
    "engines": "parts traps moments groups diagnosis",
}
_NO_TEST, _BROKEN = 2, 70
FATES = {
    0: "survived",
    _NO_TEST << 8: "unreached",
    _BROKEN << 8: "not made",  # a function that has other variables cannot stand for it
    signal.SIGALRM: "timed out",
}
Job = TypeVar("Job")


class Mutants:
    """A plugin of pytest that instead of running the tests runs them on mutants."""

    def __init__(self, paths: Sequence[Path], drawn: Sequence[Mutation]) -> None:
        """Take the files of the modules, and the mutants."""
        self.paths, self.drawn = paths, drawn
        self.seconds: dict[str, float] = {}
        self.failed = False
        self.fates: Counter[tuple[str, str]] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests that only start the program."""
        items[:] = [one for one in items if "lossctl" not in getattr(one, "fixturenames", ())]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how long a test took, and whether it failed."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out who reaches what, and then run the tests of each mutant."""
        items = {item.nodeid: item for item in session.items}
        reach = self._reach(session.items)
        spent = sum(self.seconds.values())
        say(f"{len(self.drawn)} mutants, {len(items)} tests of {spent:.0f} s")

        def run(mutant: Mutation) -> int:
            signal.alarm(LIMIT)
            mutant.install()
            chosen = self._chosen(reach, mutant)
            return self._ran(items[name] for name in chosen) if chosen else _NO_TEST

        for mutant, status in in_forks(self.drawn, run):
            self._say(mutant, FATES.get(status, "killed"))
        return True

    def _say(self, mutant: Mutation, fate: str) -> None:
        name = str(mutant.path.relative_to(ROOT))
        self.fates[name, fate] += 1
        if fate != "killed":
            say(f"{fate} `{name}` `{mutant.key}` line {mutant.lines[0]}")

    def _ran(self, items: Iterable[pytest.Item]) -> bool:
        """Run tests until one fails, and return whether one does."""
        for item, following in pairwise([*items, None]):
            if item is not None:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        return self.failed

    def _reach(self, items: Sequence[pytest.Item]) -> dict[tuple[str, int], list[str]]:
        """Run the tests unchanged: by which of them each line is reached, and in what time."""
        reach: dict[tuple[str, int], list[str]] = {}
        with tempfile.TemporaryDirectory() as scratch:

            def run(part: int) -> bool:
                found = self._measured(items[part::AT_ONCE])
                Path(scratch, str(part)).write_bytes(pickle.dumps((found, self.seconds)))
                return self.failed

            for part, status in in_forks(range(AT_ONCE), run):
                if status:
                    sys.exit("error: the tests fail without any change")
                found, seconds = pickle.loads(Path(scratch, str(part)).read_bytes())  # noqa: S301
                self.seconds |= seconds
                for line, tests in found.items():
                    reach[line] = reach.get(line, []) + tests
        return reach

    def _measured(self, items: Sequence[pytest.Item]) -> dict[tuple[str, int], list[str]]:
        found: dict[tuple[str, int], list[str]] = {}
        measured = coverage.Coverage(None, config_file=False, include=list(map(str, self.paths)))
        for item, following in pairwise([*items, None]):
            if item is None:
                break
            with measured.collect():
                measured.switch_context(item.nodeid)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        data = measured.get_data()
        for path in self.paths:
            for line, tests in data.contexts_by_lineno(str(path)).items():
                found[str(path), line] = [test for test in tests if test]
        return found

    def _chosen(self, reach: Mapping[tuple[str, int], list[str]], mutant: Mutation) -> list[str]:
        """Return the quickest tests that reach a change; what runs only once may concern any."""
        path = str(mutant.path)
        lines = {line for name, line in reach if name == path} if mutant.once else mutant.lines
        found = {test for line in lines for test in reach.get((path, line), ())}
        tests = sorted(found, key=self.seconds.__getitem__)
        spent = accumulate(self.seconds[test] for test in tests)
        return [
            test
            for i, (test, total) in enumerate(zip(tests, spent, strict=True))
            if not i or total < ENOUGH
        ]


def say(text: str) -> None:
    """Write a line where pytest does not catch it."""
    os.write(SCREEN, f"{text}\n".encode())


def in_forks(jobs: Iterable[Job], do: Callable[[Job], int]) -> Iterator[tuple[Job, int]]:
    """Do something with each job in a fork, and yield how it left, as waitpid says it."""
    running: dict[int, Job] = {}
    for job in [*jobs, *[None] * AT_ONCE]:
        if job is not None:
            running[forked(do, job)] = job
        if running and (job is None or len(running) == AT_ONCE):
            child, status = os.wait()
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # what it started itself
            yield running.pop(child), status


def forked(do: Callable[[Job], int], job: Job) -> int:
    """Start a fork that does something and leaves with what comes of it."""
    child = os.fork()
    if not child:
        os.setsid()
        code = _BROKEN
        try:
            code = do(job)
        except BaseException:  # noqa: BLE001  # it must not go on as the parent
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def main(only: str, sample: int, seed: int) -> None:
    """Draw mutants of modules, or of folders of them, and list those that survive."""
    told = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    found = [path for one in only.split(",") for path in sorted(ROOT.glob(one))]
    found = [
        path for one in found for path in (sorted(one.glob("*.py")) if one.is_dir() else [one])
    ]
    paths = [path for path in found if path.name != "__init__.py"]
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths]
    for name in names:
        import_module(name.replace("/", "."))
    known = [
        mutant
        for path, name in zip(paths, names, strict=True)
        for mutant in mutations(path)
        if f"`{name}.py` `{mutant.key}`" not in told
    ]
    mutants = Mutants(paths, random.Random(seed).sample(known, min(sample, len(known))))  # noqa: S311
    phases = [Phase.explicit, Phase.generate]  # what fails need not be made small
    settings.register_profile(
        "mutants", deadline=None, derandomize=True, database=None, phases=phases
    )
    options = ("-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")
    imported = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    words = {word for name in names for word in TESTS[name.split("/")[1]].split()}
    files = [str(ROOT / "tests" / f"test_{word}.py") for word in sorted(words)]
    pytest.main([*options, *imported, *files], [mutants])
    for (name, fate), count in sorted(mutants.fates.items()):
        say(f"{count:5} {fate:10} {name}")


if __name__ == "__main__":
    SCREEN = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    main(sys.argv[1] or "lossctl/losses", int(sys.argv[2] or 60), int(sys.argv[3] or 0))
