"""The program as a process, in a pipe or in a terminal of its own."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"}
}


@dataclass(frozen=True)
class Run:
    """What a process left behind."""

    code: int
    out: str
    err: str


def piped(folder: Path, data: bytes, *arguments: str) -> Run:
    """Run the program with data on standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "lossctl", *arguments],
        input=data,
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def in_terminal(
    folder: Path,
    *arguments: str,
    columns: int = 60,
    environment: Mapping[str, str] = ENVIRONMENT,
    command: Sequence[str] = (sys.executable, "-m", "lossctl"),
) -> tuple[int, str]:
    """Run the program in a real terminal of its own and return exit code and what it shows."""
    pid, screen = pty.fork()
    if pid == 0:  # pragma: no cover  # the child becomes the program
        os.chdir(folder)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as a shell's commands have it
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        given = {**ENVIRONMENT, "TERM": "xterm", **environment, "PATH": path}
        os.execve(command[0], [*command, *arguments], given)  # noqa: S606
    ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = b""
    while select.select([screen], [], [], 60)[0]:
        try:
            part = os.read(screen, 65_536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    _, status = os.waitpid(pid, 0)
    os.close(screen)
    return os.waitstatus_to_exitcode(status), shown.decode().replace("\r\n", "\n")
