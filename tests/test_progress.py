"""Long work shows how far it is: on a terminal, after half a second, and leaves no trace."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from processes import in_terminal

from lossctl.render.progress import Meter

ROWS = "prediction,label\n" + "0.5,1.0\n" * 40_000


@pytest.fixture
def slow(tmp_path: Path) -> Callable[[], None]:
    """Return what makes a pipe ``slow`` that gives the last rows after two seconds."""

    def write() -> None:
        with (tmp_path / "slow").open("w") as pipe:
            pipe.write(ROWS)
            pipe.flush()
            time.sleep(2)
            pipe.write("0.5,1.0\n")

    def make() -> None:
        os.mkfifo(tmp_path / "slow")
        Thread(target=write, daemon=True).start()

    return make


def test_a_terminal_shows_rows_bytes_and_rate(tmp_path: Path, slow: Callable[[], None]) -> None:
    slow()
    code, shown = in_terminal(tmp_path, "mse", "slow", "--value")
    assert code == 0
    assert "rows/s" in shown
    assert "kB" in shown
    assert shown.rstrip().endswith("0.25")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor is back
    assert "\x1b[2K" in shown  # and the line is gone


def test_quiet_work_shows_nothing(tmp_path: Path, slow: Callable[[], None]) -> None:
    slow()
    assert in_terminal(tmp_path, "mse", "slow", "-q", "--value") == (0, "0.25\n")


def test_standard_error_in_a_file_has_nothing(tmp_path: Path, slow: Callable[[], None]) -> None:
    slow()
    command = ("/bin/sh", "-c", "lossctl mse slow --value 2>said")
    assert in_terminal(tmp_path, command=command) == (0, "0.25\n")
    assert (tmp_path / "said").read_text() == ""


def test_brief_work_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "brief.csv").write_text(ROWS)
    assert in_terminal(tmp_path, "mse", "brief.csv", "--value") == (0, "0.25\n")


def test_a_meter_tells_what_is_left() -> None:
    meter = Meter(32_000_000)
    assert meter.share is None
    meter(1_000_000, 8_000_000)
    assert meter.share == 0.25
    assert meter.line(30) == "1.00 M rows  8.00 MB  33.3 k rows/s  1:30 left"


def test_what_is_left_is_not_told_where_it_is_not_known() -> None:
    meter = Meter()
    meter(999, 0)
    assert meter.share is None
    assert meter.line(1) == "999 rows  999 rows/s"
