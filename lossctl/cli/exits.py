"""Exceptions become two lines on standard error and an exit code, here and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import IntEnum

from lossctl.cli.terminal import Terminal, discard
from lossctl.errors import LossctlError, MissingError, UsageError


class ExitCode(IntEnum):
    """What the exit codes mean."""

    OK = 0
    GATE = 1  # computed, and a gate failed
    USAGE = 2
    DATA = 3
    MISSING = 4  # a package that few need is not installed
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """The program was told to end, by SIGTERM: it ends as if interrupted, and cleans up."""


def guarded(program: Callable[[], int | None], terminal: Terminal, *, debug: bool) -> int:
    """Run the program and return its exit code, whatever happens."""
    try:
        code = program() or ExitCode.OK
        terminal.stdout.flush()
    except LossctlError as error:
        _report(terminal, str(error), error.hint)
        return _code_of(error)
    except BrokenPipeError:  # the reader has seen enough, as in `| head -1`
        discard(sys.stdout)
        return ExitCode.OK
    except Terminated:
        return ExitCode.TERMINATED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OSError as error:
        _report(terminal, f"{error.strerror}, {error.filename or 'standard output'}", None)
        discard(sys.stdout)
        return ExitCode.DATA
    except Exception as error:  # noqa: BLE001  # a bug of ours must not show as a traceback
        if debug:
            import traceback  # noqa: PLC0415  # 1 ms

            traceback.print_exc(file=terminal.stderr)
        _report(
            terminal,
            f"lossctl has a bug: {type(error).__name__}: {error}",
            None if debug else "please report it, with what --debug prints",
        )
        return ExitCode.BUG
    return code


def _code_of(error: LossctlError) -> ExitCode:
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    return ExitCode.MISSING if isinstance(error, MissingError) else ExitCode.DATA


def _report(terminal: Terminal, message: str, hint: str | None) -> None:
    terminal.say("error", message)
    if hint:
        terminal.say("hint", hint)
