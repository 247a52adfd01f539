"""Being told to end: by Ctrl-C, SIGTERM, or a terminal that is closed.

The first signal is raised as an exception, so that whoever holds a temporary file removes it.
Others that follow at once (a shell and its terminal both send one) would cut that off, and are
passed over.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from time import monotonic
from typing import NoReturn

_CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 143}
_AGAIN = 1.0  # seconds after which a signal counts again: the first may have come to nothing
_SOON = 0.01  # seconds

_told: list[tuple[float, int]] = []  # when, and the exit code


class Terminated(KeyboardInterrupt):
    """The program was told to end by another: it ends as if interrupted, and cleans up."""


def listen() -> None:
    """Heed the signals, but those that whoever started the program wants ignored (nohup)."""
    for name in _CODES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _heed)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _raise)
        sys.unraisablehook = _lost


def deafen() -> None:
    """Let signals end the program at once: there is nothing left to clean up."""
    for name in (*_CODES, "SIGALRM"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (_heed, _raise):
            signal.signal(number, signal.SIG_DFL)


def code() -> int | None:
    """Return the exit code that says who ended the program; None if nobody did."""
    return _told[0][1] if _told else None


def leave(code: int) -> NoReturn:
    """End at once: Python would wait for its threads, and one may wait for a pipe."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _heed(number: int, _: object) -> None:
    now = monotonic()
    if _told and now < _told[-1][0] + _AGAIN:
        return
    _told.append((now, _CODES[signal.Signals(number).name]))
    _raise()


def _raise(*_: object) -> NoReturn:
    raise KeyboardInterrupt if code() == _CODES["SIGINT"] else Terminated


def _lost(what: sys.UnraisableHookArgs) -> None:
    """Raise it again: where it was raised, in a finalizer, nobody could take it."""
    if _told and issubclass(what.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(what)
