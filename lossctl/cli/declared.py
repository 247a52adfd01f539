"""What an option or an argument of a command is, for whoever reads the command line.

A command's parameters are annotated with them; ``**asked: Unpack[…]`` stands for the options that
are the fields of a TypedDict, which several commands have. Every default is in a declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack, get_args, get_origin, get_type_hints

from lossctl.values import dataclass

REQUIRED: Any = ...


class Option:
    """An option: its spellings, what stands for its value in the help, and what it does.

    One of type ``list[str]``, with () by default, may be given several times.
    """

    def __init__(
        self,
        *spellings: str,
        help: str,  # noqa: A002  # Typer's word
        metavar: str | None = None,
        default: Any = None,
    ) -> None:
        """Declare it; a switch that has an opposite is spelled ``--header/--no-header``."""
        self.spellings, self.help, self.metavar, self.default = spellings, help, metavar, default


@dataclass(frozen=True)
class Argument:
    """A word that is known by its place; all the words from there on, if of type ``list[str]``."""

    metavar: str
    help: str
    default: Any = REQUIRED


@dataclass(frozen=True)
class Declared:
    """A parameter of a command: its type, ``Optional`` where None is the default, and the rest."""

    hint: Any
    declaration: Option | Argument

    @property
    def kind(self) -> type:
        """The type of a value that is given."""
        given: type = (get_args(self.hint) or [self.hint])[0]
        return given

    @property
    def several(self) -> bool:
        """Whether values add up to a list."""
        return get_origin(self.hint) is list


def parameters(command: Callable[..., Any]) -> dict[str, Declared]:
    """Return what a command declares, by name: arguments, shared options, then its own."""
    hints = get_type_hints(command, include_extras=True)
    shared: dict[str, Any] = {}
    for hint in hints.values():
        if get_origin(hint) is Unpack:
            shared |= get_args(hint)[0].__annotations__
    own = {name: hint for name, hint in hints.items() if hasattr(hint, "__metadata__")}
    found = {
        name: Declared(hint.__origin__, hint.__metadata__[0])
        for name, hint in (shared | own).items()
    }
    by_place = sorted(found, key=lambda name: not isinstance(found[name].declaration, Argument))
    return {name: found[name] for name in by_place}
