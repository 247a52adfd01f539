"""What the program was started with: streams, environment, and what may be printed on them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO, TypeAlias

from lossctl.errors import UsageError
from lossctl.names import printable
from lossctl.values import dataclass, field

if TYPE_CHECKING:
    from lossctl.result import Result

_COLORS = {
    "error": "\x1b[1;31m",
    "failed": "\x1b[1;31m",
    "warning": "\x1b[33m",
    "hint": "\x1b[36m",
    "note": "",
}
PIPE_WIDTH = 10_000  # nothing is folded or cut off in a pipe


def _usable(stream: TextIO | None) -> TextIO:
    """Return a stream that takes any text; one that was closed fails when it is written to."""
    if stream is None:
        return open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


@dataclass()
class Terminal:
    """The outside world, so that tests can pass in another."""

    stdout: TextIO = field(default_factory=lambda: _usable(sys.stdout))
    stderr: TextIO = field(default_factory=lambda: _usable(sys.stderr))
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    color: str = "auto"
    quiet: bool = False

    def look(self, color: str, *, quiet: bool) -> None:
        """Take what the options say of colour and of warnings."""
        if color not in ("auto", "always", "never"):
            raise UsageError(f"--color is auto, always or never, not '{color}'")
        self.color, self.quiet = color, quiet

    def has_color(self, stream: TextIO) -> bool:
        """Decide by the option, NO_COLOR, FORCE_COLOR, TERM=dumb, the stream, in this order."""
        if self.color != "auto":
            return self.color == "always"
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR"):
            return self.environ["FORCE_COLOR"] != "0"
        return self.environ.get("TERM") != "dumb" and stream.isatty()

    @property
    def width(self) -> int:
        """How many columns there are on standard output."""
        if not self.stdout.isatty():
            return PIPE_WIDTH
        import shutil  # noqa: PLC0415  # 2 ms

        return shutil.get_terminal_size().columns

    @contextmanager
    def unless_unread(self) -> Iterator[None]:
        """Write results: who reads them may have seen enough, and the exit code still counts."""
        try:
            yield
            self.stdout.flush()
        except BrokenPipeError:
            discard(self.stdout)

    @contextmanager
    def progress(self, size: int) -> Iterator[Callable[[int, int], None] | None]:
        """Give what is told how far the work is, if standard error is a terminal to show it on.

        ``size`` is how many bytes there are to read, 0 if that is not known.
        """
        if self.quiet or not self.stderr.isatty():
            yield None
            return
        from lossctl.render.progress import Meter, shown  # noqa: PLC0415

        meter = Meter(size)
        with shown(meter, self.stderr, color=self.has_color(self.stderr)):
            yield meter

    def say(self, kind: str, text: str) -> None:
        """Tell the person something, on standard error: ``warning: …``."""
        if self.quiet and kind == "warning":
            return
        start, end = (_COLORS[kind], "\x1b[0m") if self.has_color(self.stderr) else ("", "")
        try:
            print(f"{start}{kind}:{end} {printable(text)}", file=self.stderr, flush=True)
        except OSError:  # where nobody can be told, the exit code still says it
            discard(self.stderr)

    def warn(self, results: Iterable[Result]) -> None:
        """Tell what is to be known of results, each thing once."""
        for warning in dict.fromkeys(w for result in results for w in result.warnings):
            self.say("warning", warning)


@dataclass(frozen=True)
class Context:
    """What a command is told besides its options; Typer's context says the same."""

    obj: Terminal
    args: Sequence[str] = ()  # words that are no argument's


Job: TypeAlias = Callable[[Terminal], int | None]
"""What is left to do; it returns the exit code, where that is not 0."""


def delimiter_of(text: str | None) -> str | None:
    r"""Shells make it hard to type a tab: take the two characters \t and the word as well."""
    return "\t" if text in ("\\t", "tab") else text


def discard(stream: TextIO) -> None:
    """Let what is left in a stream go nowhere: flushing it would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
