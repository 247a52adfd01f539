"""The one family of exceptions: what went wrong, where, and what to do about it."""

from __future__ import annotations


class LossctlError(Exception):
    """A mistake that its reader can mend.

    Raised anywhere in the library, turned into text in one place (``lossctl.cli.exits``).
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        """Keep the three parts apart, so that the edge decides how they look."""
        super().__init__(message, where, hint)
        self.message = message
        self.where = where
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # Python shows it below a traceback

    def __reduce__(self) -> tuple[object, ...]:
        """Let it be sent elsewhere, as other exceptions are."""
        return _again, (type(self), self.message, self.where, self.hint)

    def __str__(self) -> str:
        """Return message and place in one line."""
        return f"{self.message}, {self.where}" if self.where else self.message


def _again(
    kind: type[LossctlError], message: str, where: str | None, hint: str | None
) -> LossctlError:
    return kind(message, where=where, hint=hint)


class UsageError(LossctlError, ValueError):
    """What was asked for makes no sense, whatever the files hold."""


class MissingError(LossctlError, ImportError):
    """A package that only this needs is not installed."""


class DataError(LossctlError, ValueError):
    """A file cannot be read, is not valid, or does not hold what was asked for."""
