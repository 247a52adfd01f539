"""Exceptions become two lines on standard error and an exit code, here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

from lossctl.cli import stopping
from lossctl.cli.stopping import Terminated
from lossctl.cli.terminal import Terminal, discard
from lossctl.errors import LossctlError, MissingError, UsageError
from lossctl.names import printable


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


def guarded(program: Callable[[], int | None], terminal: Terminal, *, debug: bool) -> int:
    """Run the program and return its exit code, whatever happens."""
    try:
        code = _run(program, terminal)
    except LossctlError as error:
        _report(terminal, str(error), error.hint)
        return _code_of(error)
    except BrokenPipeError:  # the reader has seen enough, as in `| head -1`
        discard(terminal.stdout)
        return ExitCode.OK
    except Terminated:
        return ExitCode.TERMINATED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OSError as error:
        _report(terminal, f"{error.strerror or error}, {error.filename or 'standard output'}", None)
        discard(terminal.stdout)
        return ExitCode.DATA
    except MemoryError:
        _report(terminal, "there is not enough memory", None)
        return ExitCode.DATA
    except Exception as error:  # noqa: BLE001  # a bug of ours must not show as a traceback
        if debug:
            import traceback  # noqa: PLC0415  # 1 ms

            with suppress(OSError):
                lines = traceback.format_exc().splitlines()
                terminal.stderr.writelines(f"{printable(line)}\n" for line in lines)
        _report(
            terminal,
            f"lossctl has a bug: {type(error).__name__}: {error}",
            None if debug else "please report it, with what --debug prints",
        )
        return ExitCode.BUG
    return code


def _run(program: Callable[[], int | None], terminal: Terminal) -> int:
    try:
        code = program() or ExitCode.OK
        terminal.stdout.flush()
    except Exception:
        if stopping.code() is None:
            raise
        raise KeyboardInterrupt from None  # an import that is interrupted raises whatever it likes
    return code


def _code_of(error: LossctlError) -> ExitCode:
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    return ExitCode.MISSING if isinstance(error, MissingError) else ExitCode.DATA


def _report(terminal: Terminal, message: str, hint: str | None) -> None:
    terminal.say("error", message)
    if hint:
        terminal.say("hint", hint)
