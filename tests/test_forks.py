"""Arrays that are scored in several processes give what one gives: numbers, errors, no orphans."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("processes are forked on Linux only", allow_module_level=True)

ROWS = 5000
# A fresh interpreter, in which a few rows are worth a process; it says what it forked.
DRIVER = """
import json, os, signal, sys
from lossctl import api, scoring
from lossctl.engines import cutting, local, processes
from lossctl.errors import DataError
from lossctl.values import replace

cutting.PART_BYTES, local.WORTH_CUTTING, local.WORTH_FORKING = 2000, 0, 0
forked = []
fork = os.fork

def counted():
    process = fork()
    if process:
        forked.append(process)
        if "KILL" in os.environ:
            os.kill(process, signal.SIGKILL)
    return process

os.fork = counted
loss, jobs, *inputs = sys.argv[1:]
told = []
plan = api.plan_of(loss, *inputs, jobs=int(jobs), worst=3, **json.loads(os.environ["OPTIONS"]))
try:
    tell = None if "QUIET" in os.environ else lambda rows, size: told.append(rows)
    results = scoring.run(replace(plan, fork=True), tell=tell)
    found = [result.to_dict() for result in results]
except DataError as error:
    found = str(error)
left = [process for process in forked if os.path.exists(f"/proc/{process}")]
print(json.dumps({"found": found, "forked": len(forked), "rows": sum(told), "left": left}))
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write predictions and labels."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    np.save("p.npy", rng.uniform(0.01, 0.99, ROWS))
    np.save("y.npy", rng.integers(0, 2, ROWS))
    np.save("z.npy", rng.normal(size=(ROWS, 3)))
    np.save("c.npy", rng.integers(0, 3, ROWS))
    return tmp_path


def run(*arguments: str, options: dict[str, Any] | None = None, **environment: str) -> Any:
    """Run the driver and return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *arguments],
        env={**os.environ, "OPTIONS": json.dumps(options or {}), **environment},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


EXACT = ("value", "sum", "denominator", "n", "loss")


def same_result(found: Any, expected: Any, key: str = "") -> None:
    """Check that values are equal to the bit, errors of them nearly."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            inside = key == "best_constant"  # its value is within rounding
            same_result(found[name], value, key if inside else name)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same_result(one, other, key)
    elif isinstance(expected, float) and key not in EXACT:
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("loss", "inputs", "options"),
    [
        ("mse,mae,sse", ("p.npy", "y.npy"), {}),
        ("bce", ("p.npy", "y.npy"), {"convention": "all", "fingerprint": True, "eps": 1e-3}),
        ("ce", ("z.npy", "c.npy"), {"from_": "logits", "by": "label"}),
    ],
)
@pytest.mark.usefixtures("data")
def test_results_are_the_same_to_the_bit(
    loss: str, inputs: tuple[str, str], options: dict[str, Any]
) -> None:
    alone = run(loss, "1", *inputs, options=options)
    assert (alone["forked"], alone["rows"]) == (0, ROWS)
    for jobs in (2, 3, 7):
        several = run(loss, str(jobs), *inputs, options=options)
        same_result(several["found"], alone["found"])
        assert (several["forked"], several["rows"], several["left"]) == (jobs - 1, ROWS, [])


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.usefixtures("data")
def test_a_process_that_is_killed_costs_time_but_no_row(quiet: bool) -> None:
    alone = run("mse", "1", "p.npy", "y.npy")
    environment = {"KILL": "1", "QUIET": "1"} if quiet else {"KILL": "1"}
    killed = run("mse", "4", "p.npy", "y.npy", options=None, **environment)
    same_result(killed["found"], alone["found"])
    assert (killed["forked"], killed["left"]) == (3, [])


@pytest.mark.parametrize("row", [0, 2499, 2500, 4999])
@pytest.mark.usefixtures("data")
def test_the_first_bad_row_is_told_wherever_it_is(row: int) -> None:
    predictions = np.load("p.npy")
    predictions[[row, 4999]] = 1.5
    np.save("p.npy", predictions)
    found = run("bce", "3", "p.npy", "y.npy")
    assert found["found"] == f"1.5 is not a probability, p.npy, row {row}"
    assert found["left"] == []


@pytest.mark.usefixtures("data")
def test_kinds_of_label_that_do_not_go_together_are_met_across_processes() -> None:
    labels = np.load("y.npy")
    labels[4000:] = 2 * labels[4000:] - 1
    first = 4000 + int(np.argmin(labels[4000:]))
    np.save("y.npy", labels)
    for jobs in ("1", "2"):
        found = run("bce", jobs, "p.npy", "y.npy")["found"]
        assert found == f"labels of −1 beside labels from 0 to 1, y.npy, row {first}"


def test_the_command_line_forks_for_large_arrays_and_leaves_no_process(data: Path) -> None:
    """Terminated in the middle, all of it ends at once."""
    rows = 40_000_000
    for name in ("large_p.npy", "large_y.npy"):
        np.lib.format.open_memmap(data / name, mode="w+", dtype="<f8", shape=(rows,)).flush()
    command = [sys.executable, "-m", "lossctl", "huber", "large_p.npy", "large_y.npy", "--jobs"]
    started = subprocess.Popen([*command, "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    children: list[int] = []
    tasks = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    while started.poll() is None and len(children) < 2:
        children = list(map(int, tasks.read_text().split()))
        time.sleep(0.005)
    assert len(children) == 2
    started.send_signal(signal.SIGTERM)
    out, err = started.communicate(timeout=20)
    assert (started.returncode, out, err) == (143, b"", b"")
    assert not [process for process in children if Path(f"/proc/{process}").exists()]
