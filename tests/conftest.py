"""Fixtures: files to score, and the program as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from processes import ENVIRONMENT, Run

from lossctl.result import Result
from lossctl.scoring import Options, score

# What a shell starts in the background ignores interruptions, and so would the programs tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The machines that run these tests are shared: a slow example is no failure.
settings.register_profile("shared", deadline=None, print_blob=True)
settings.load_profile("shared")


@pytest.fixture(name="lossctl")
def _lossctl(tmp_path: Path) -> Callable[..., Run]:
    """Run the program as a user would, in a folder of the test's own."""

    def run(*arguments: object, **environment: str) -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "lossctl", *map(str, arguments)],
            cwd=tmp_path,
            env=ENVIRONMENT | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(name="scored")
def _scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Score files of the test's folder in this process and return the one result."""
    monkeypatch.chdir(tmp_path)

    def run(loss: str, predictions: str, labels: str | None = None, **options: object) -> Result:
        (result,) = score(loss, predictions, labels, Options(**options))  # type: ignore[arg-type]
        return result

    return run


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of the test's folder."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture(name="save")
def _save(tmp_path: Path) -> Callable[[str, object], Path]:
    """Save an array in the test's folder."""

    def save(name: str, values: object) -> Path:
        np.save(tmp_path / name, np.asarray(values))
        return tmp_path / name

    return save


@pytest.fixture(name="table")
def _table(write: Callable[[str, str], Path]) -> Callable[..., Path]:
    """Write columns as a CSV file with a header; numbers so that they read back the same."""

    def table(name: str, columns: dict[str, Sequence[object]], delimiter: str = ",") -> Path:
        rows = [list(columns), *zip(*columns.values(), strict=True)]
        text = "".join(delimiter.join(map(_cell, row)) + "\n" for row in rows)
        return write(name, text)

    return table


def _cell(value: object) -> str:
    return repr(value.item()) if isinstance(value, np.generic) else str(value)
