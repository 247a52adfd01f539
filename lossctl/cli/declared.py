"""What an option or an argument of a command is, for whoever reads the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, get_args, get_type_hints


class Option:
    """An option: its spellings, what stands for its value in the help, and what it does."""

    def __init__(self, *spellings: str, help: str, metavar: str | None = None) -> None:  # noqa: A002  # Typer's word
        """Declare it; a switch that has an opposite is spelled ``--header/--no-header``."""
        self.spellings, self.help, self.metavar = spellings, help, metavar


class Argument(NamedTuple):
    """A word that is known by its place."""

    metavar: str
    help: str


class Declared(NamedTuple):
    """A parameter of a command: its type, ``Optional`` where it may be left out, and the rest."""

    hint: Any
    declaration: Option | Argument

    @property
    def kind(self) -> type:
        """The type of a value that is given."""
        given: type = (get_args(self.hint) or [self.hint])[0]
        return given


def parameters(command: Callable[..., Any]) -> dict[str, Declared]:
    """Return what a command declares as options and arguments, by name and in order."""
    hints = get_type_hints(command, include_extras=True)
    return {
        name: Declared(hint.__origin__, hint.__metadata__[0])
        for name, hint in hints.items()
        if hasattr(hint, "__metadata__")
    }
