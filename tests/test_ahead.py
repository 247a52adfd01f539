"""Reading ahead: the same items and errors in the same order, and no thread is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from signal import SIGINT
from threading import Event
from threading import enumerate as threads

import pytest

from lossctl.ahead import ahead


def running() -> int:
    return sum(thread.name == "ahead" for thread in threads())


def test_items_come_in_their_order_and_end() -> None:
    with ahead(iter(range(100)), 2) as items:
        assert [*items] == [*range(100)]
    with ahead(iter([None]), 2) as nothing:
        assert [*nothing] == [None]
    assert running() == 0


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    def faulty() -> Iterator[int]:
        yield 1
        raise ValueError("after the first")

    with ahead(faulty(), 2) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="after the first"):
            next(items)
    assert running() == 0


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_who_leaves_early_ends_the_threads_and_closes_what_they_read(taken: int) -> None:
    closed = Event()

    def endless() -> Iterator[int]:
        try:
            yield from count()
        finally:
            closed.set()

    with ahead(endless(), 2) as items, ahead(map(abs, items), 2) as sizes:
        assert [next(sizes) for _ in range(taken)] == [*range(taken)]
    assert closed.wait(5)
    assert running() == 0


def test_an_interruption_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text("id,label\na,1\n")
    command = [sys.executable, "-m", "lossctl", "bce", "-", "y.csv", "--id", "id"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        process.stdin.write(b"id,prob\n" + b"a,0.5\n" * 100_000)  # more than is looked at
        process.stdin.flush()
        time.sleep(1)
        start = time.monotonic()
        process.send_signal(SIGINT)
        assert process.wait(20) == 130
        assert time.monotonic() - start < 10
        assert process.stderr is not None
        assert process.stderr.read() == b""
