"""Reading ahead: a thread takes items while the ones before are worked on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

from lossctl.values import dataclass

T = TypeVar("T")
_PATIENCE = 0.5  # seconds for an item that is on its way; from a pipe it may never come


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


@contextmanager
def ahead(items: Iterator[T], room: int) -> Iterator[Iterator[T]]:
    """Give an iterator over the same items, which a thread takes as long as there is room.

    What the items raise is raised in their place. When the context ends, so does the thread, and
    the items end for whoever still waits for them. There is room for two at least.
    """
    line: Queue[T | _End] = Queue(room)
    left = Event()
    thread = Thread(target=_take, args=(items, line, left), name="ahead", daemon=True)
    thread.start()
    try:
        yield _given(line)
    finally:
        left.set()
        with suppress(Empty):  # the thread may be waiting for room
            while True:
                line.get_nowait()
        thread.join(_PATIENCE)


def _take(items: Iterator[T], line: Queue[T | _End], left: Event) -> None:
    try:
        for item in items:
            line.put(item)
            if left.is_set():
                break
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is for who wants the items
        line.put(_End(error))
    else:
        line.put(_End())


def _given(line: Queue[T | _End]) -> Iterator[T]:
    while not isinstance(item := line.get(), _End):
        yield item
    if item.error is not None:
        raise item.error
