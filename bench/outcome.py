"""From runs to an outcome: ratios pair by pair, their medians, the verdict, values that agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.cases import Case, Measure, Program
from bench.measure import Run

MISSED, BAR, AIM = "missed", "bar", "aim"


@dataclass(frozen=True)
class Figures:
    """What is told of one program: medians over its runs, and lossctl's figure over its own.

    ``user`` and ``system`` are those of the whole process, even where ``seconds`` are of a call.
    """

    name: str
    seconds: float
    user: float
    system: float
    peak: float
    value: float | None
    ratio: float | None


@dataclass(frozen=True)
class Outcome:
    """What is told of a case: figures in order, lossctl first, and what the bar is held against."""

    case: Case
    figures: tuple[Figures, ...] = ()
    figure: float | None = None
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def verdict(self) -> str | None:
        """Whether the aim or the bar is reached; None where there is nothing to compare."""
        if self.figure is None:
            return None
        return (
            AIM if self.figure <= self.case.aim else BAR if self.figure <= self.case.bar else MISSED
        )


def measured(case: Case, run: Run) -> float:
    """Return what a case compares of a run."""
    if case.measure is Measure.PEAK:
        return run.peak
    return run.numbers[1] if case.measure is Measure.INSIDE else run.seconds


def paired(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of runs that were neighbours.

    >>> paired([1, 1, 9], [2, 4, 9])
    0.5
    """
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def outcome(
    case: Case, runs: Mapping[str, list[Run]], notes: Sequence[str] = (), errors: Sequence[str] = ()
) -> Outcome:
    """Return the outcome of a case from the runs of the programs that ran."""
    if case.lossctl.name not in runs or (case.start_up and case.start_up.name not in runs):
        return Outcome(case, notes=tuple(notes), errors=tuple(errors))
    taken = {name: [measured(case, run) for run in each] for name, each in runs.items()}
    if case.start_up:
        off = taken[case.start_up.name]
        taken = {
            name: [one - less for one, less in zip(each, off, strict=True)]
            for name, each in taken.items()
            if name != case.start_up.name
        }
    ours = taken[case.lossctl.name]
    ratios = {name: paired(ours, taken[name]) for name in taken if name != case.lossctl.name}
    figures = tuple(
        told(case, program, runs[program.name], ratios.get(program.name))
        for program in case.programs
        if program.name in runs
    )
    # The best peer is the one that lossctl is slowest against.
    best = max((ratios[name] for name in case.against if name in ratios), default=None)
    figure = best if case.against else median(ours)
    wrong = (*errors, *disagreements(case, figures))
    return Outcome(case, figures, figure, tuple(notes), wrong)


def told(case: Case, program: Program, runs: Sequence[Run], ratio: float | None) -> Figures:
    """Return what is told of a program's runs."""
    inside = case.measure is Measure.INSIDE
    return Figures(
        program.name,
        seconds=median(run.numbers[1] if inside else run.seconds for run in runs),
        user=median(run.user for run in runs),
        system=median(run.system for run in runs),
        peak=median(run.peak for run in runs),
        value=value(case, program, runs),
        ratio=ratio,
    )


def value(case: Case, program: Program, runs: Sequence[Run]) -> float | None:
    """Return the value that a program printed; nan if not in each run the same."""
    if case.tolerance is None or program.silent or program is case.start_up:
        return None
    values = {run.numbers[:1] for run in runs}
    first = next(iter(values))
    return first[0] if first and all(close(case, *first, *each) for each in values) else math.nan


def close(case: Case, one: float, other: float = math.nan) -> bool:
    """Tell whether two values agree as well as the case wants it."""
    return math.isclose(one, other, rel_tol=case.tolerance or 0)


def disagreements(case: Case, figures: Sequence[Figures]) -> list[str]:
    """Return a line for each program whose value is not lossctl's."""
    ours = figures[0].value
    return [
        f"{case.name}: {each.name} says {each.value!r}, lossctl {ours!r}"
        for each in figures
        if ours is not None and each.value is not None and not close(case, ours, each.value)
    ]
