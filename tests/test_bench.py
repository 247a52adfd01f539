"""The benchmarks say what they measured: cases, pairing, medians, verdicts, failures."""

from __future__ import annotations

import doctest
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import bench.outcome
import bench.report
from bench.__main__ import chosen
from bench.cases import CASES, Case, Measure, Program
from bench.measure import Failure, Run, in_turn, numbers, run
from bench.outcome import Outcome, outcome, paired
from bench.picture import specification
from bench.report import as_dict, row

OURS, PEER, OTHER = (Program(name, "numpy", (), python=True) for name in ("ours", "peer", "other"))
CASE = Case("case", "work", (), OURS, (PEER, OTHER), ("peer", "other"), bar=0.5, aim=0.25)


def runs(seconds: list[float], value: float = 1.0, peak: float = 10.0) -> list[Run]:
    """Return made-up runs."""
    return [Run(each, 0.0, 0.0, peak, (value,)) for each in seconds]


def measured(case: Case = CASE, **programs: list[Run]) -> Outcome:
    """Return the outcome of runs that never were."""
    return outcome(case, {"ours": runs([1, 1, 3]), **programs})


def test_every_line_of_the_contract_is_a_case() -> None:
    assert [case.name for case in CASES] == [
        *("cold-npy", "cold-csv", "cold-version"),
        *("npy-mse", "npy-bce", "npy-ce", "npy-ce-wide", "csv-bce"),
        *("arrays-mse", "arrays-bce", "arrays-ce"),
        *("peak-npy", "peak-csv", "peak-npy-10x", "peak-csv-10x"),
        *("jobs-npy", "jobs-csv", "join", "worst"),
        *("by", "peak-by", "batch"),
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bar_is_held_against_peers_of_the_case(case: Case) -> None:
    names = [program.name for program in case.programs]
    assert len(set(names)) == len(names)
    assert set(case.against) <= {peer.name for peer in case.peers}
    assert 0 < case.aim <= case.bar


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_python_program_compiles(case: Case) -> None:
    for program in case.programs:
        if program.arguments[0] == "-c" and program.python:
            compile(program.arguments[1], case.name, "exec")


def test_ratios_are_taken_pair_by_pair() -> None:
    """A slow moment that both had to share is no difference; a ratio of medians would be 2/3."""
    assert paired([1, 2, 9], [2, 4, 3]) == 0.5


def test_the_bar_is_held_against_the_best_peer() -> None:
    told = measured(peer=runs([4, 4, 12]), other=runs([2, 2, 6]))
    assert [each.ratio for each in told.figures] == [None, 0.25, 0.5]
    assert (told.figure, told.verdict, told.errors) == (0.5, "bar", ())


@pytest.mark.parametrize(("factor", "verdict"), [(1.5, "missed"), (2, "bar"), (4, "aim")])
def test_the_verdict_is_the_best_that_is_reached(factor: float, verdict: str) -> None:
    assert measured(peer=runs([factor, factor, 3 * factor])).verdict == verdict


def test_without_peers_there_is_no_verdict() -> None:
    told = measured()
    assert (told.figure, told.verdict) == (None, None)


def test_start_up_is_taken_off() -> None:
    start = replace(OURS, name="start")
    told = measured(
        replace(CASE, start_up=start), start=runs([0.5] * 3), peer=runs([1.5, 1.5, 5.5])
    )
    assert [each.name for each in told.figures] == ["ours", "peer", "start"]
    assert told.figure == 0.5


def test_a_peak_without_peers_is_held_against_the_bar_itself() -> None:
    case = replace(CASE, peers=(), against=(), bar=80, aim=50, measure=Measure.PEAK)
    told = outcome(case, {"ours": runs([1, 1, 1], peak=64)})
    assert (told.figure, told.verdict) == (64, "bar")
    assert row(told)[-4:] == ["64.0 MiB", "80.0 MiB", "50.0 MiB", "bar"]


def test_a_time_inside_is_the_second_number() -> None:
    case = replace(CASE, measure=Measure.INSIDE)
    ours, peer = ([Run(9, 0, 0, 1, (1.0, seconds))] for seconds in (0.5, 2.0))
    told = outcome(case, {"ours": ours, "peer": peer})
    assert (told.figure, told.figures[0].seconds) == (0.25, 0.5)


@pytest.mark.parametrize("value", [1.0 + 1e-8, math.nan])
def test_another_value_is_an_error(value: float) -> None:
    assert measured(peer=runs([4, 4, 4], value)).errors == (
        f"case: peer says {value!r}, lossctl 1.0",
    )
    assert measured(peer=runs([4, 4, 4], 1.0 + 1e-10)).errors == ()


def test_a_value_that_changes_is_an_error() -> None:
    changing = [*runs([4, 4]), *runs([4], 2.0)]
    assert measured(peer=changing).errors == ("case: peer says nan, lossctl 1.0",)


def test_a_program_that_prints_nothing_is_an_error_unless_it_is_said_to() -> None:
    nothing = [replace(each, numbers=()) for each in runs([4, 4, 4])]
    assert measured(peer=nothing).errors == ("case: peer says nan, lossctl 1.0",)
    silent = replace(CASE, peers=(replace(PEER, silent=True),))
    assert measured(silent, peer=nothing).errors == ()


def test_json_and_picture_have_every_program() -> None:
    told = measured(peer=runs([4, 4, 4]), other=runs([2, 2, 2]))
    written = json.loads(json.dumps(as_dict(told)))
    assert [each["name"] for each in written["programs"]] == ["ours", "peer", "other"]
    assert (written["reached"], written["unit"], written["against"]) == (
        "bar",
        "×",
        ["peer", "other"],
    )
    (panel,) = specification([told], "a machine")["vconcat"]
    assert [(each["peer"], each["times"]) for each in panel["data"]["values"]] == [
        ("peer", 4),
        ("other", 2),
    ]


def test_a_wrong_name_is_an_error_that_lists_the_cases() -> None:
    assert [case.name for case in chosen("join,worst")] == ["join", "worst"]
    assert chosen("") == CASES
    with pytest.raises(SystemExit, match=r"no case 'joni'\nhint: there are cold-npy, .*, worst"):
        chosen("joni")


def test_examples_in_docstrings_hold() -> None:
    for module in (bench.outcome, bench.report):
        assert doctest.testmod(module).failed == 0


def test_numbers_are_words_that_are_numbers() -> None:
    assert numbers("loss\tvalue\nbce\t0.25\t1e-3\nlossctl 0.1.0.dev0\n") == (0.25, 1e-3)


def test_processes_run_in_turn_and_failures_are_kept(tmp_path: Path) -> None:
    """The first round is not counted, and a failure ends a program's part."""
    say = [sys.executable, "-c", "open('log', 'a').write('a'); print(0.5)"]
    answer = [sys.executable, "-c", "open('log', 'a').write('b'); print(0.25)"]
    fail = [sys.executable, "-c", "import sys; sys.exit('error: no\\nhint: none')"]
    commands = {"say": say, "answer": answer, "fail": fail}
    done, failures = in_turn(commands, tmp_path, 2, limit=60)
    assert (tmp_path / "log").read_text("utf-8") == "ababab"
    assert [each.numbers for each in done["say"]] == [(0.5,)] * 2
    assert all(0 < each.peak < 1000 and each.seconds > 0 for each in done["answer"])
    assert failures == {"fail": Failure(1, "error: no")}


def test_a_process_has_a_limit(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert run(sleep, tmp_path, limit=0.2) == Failure(-9, "killed after 0.2 s")
