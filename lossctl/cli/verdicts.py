"""Gates on the command line: what fails is said on standard error, and by the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossctl.cli.exits import ExitCode
from lossctl.cli.terminal import Terminal

if TYPE_CHECKING:
    from lossctl.gates import Gates, Verdict


def gates_of(**bounds: float | None) -> Gates | None:
    """Return the gates that were asked for, None if there are none.

    Raises:
        UsageError: a bound is no number.

    """
    if all(bound is None for bound in bounds.values()):
        return None
    from lossctl.gates import Gates  # noqa: PLC0415  # few ask for one

    return Gates(**bounds)


def exit_code(verdicts: Sequence[Verdict], terminal: Terminal) -> ExitCode:
    """Say which results fail a gate, and return the exit code for that."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        terminal.stdout.flush()  # the result comes first, also where both streams are one
    for verdict in failed:
        result = verdict.result
        terminal.say("failed", f"{verdict.gate}: {result.predictions}: {verdict.why}")
    return ExitCode.GATE if failed else ExitCode.OK
