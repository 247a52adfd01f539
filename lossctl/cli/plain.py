"""Command lines as most are, read without Typer: it takes 30 ms to be imported and set up.

What needs a second thought is left to Typer: help, completion, mistakes, ``--name=value``, values
that look like options. Whatever is read here would be read the same there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lossctl.cli.declared import REQUIRED, Argument, Declared, parameters


def read(command: Callable[..., Any], words: Sequence[str]) -> dict[str, Any] | None:
    """Return the values of all of a command's parameters, or None if Typer is to read the words."""
    declared = parameters(command)
    places = [name for name, one in declared.items() if isinstance(one.declaration, Argument)]
    options, switches = _spellings(declared)
    found: dict[str, list[Any]] = {name: [] for name in declared}
    rest = iter(words)
    for word in rest:
        if word in switches:
            name, value = switches[word]
        elif word in options:
            name = options[word]
            value = _value(declared[name].kind, next(rest, ""))
        elif places:
            name, value = places[0], _value(str, word)
            places = places if declared[name].several else places[1:]
        else:
            return None
        if value is None:
            return None
        found[name].append(value)
    if not all(_is_allowed(one, len(found[name])) for name, one in declared.items()):
        return None
    return {name: _given(one, found[name]) for name, one in declared.items()}


def _is_allowed(one: Declared, count: int) -> bool:
    """Whether a parameter may be given so often."""
    least = int(one.declaration.default is REQUIRED)
    return least <= count and (one.several or count <= 1)


def _given(one: Declared, values: list[Any]) -> Any:
    """Return the value of a parameter that was given these values."""
    if one.several:
        return values or [*one.declaration.default]
    return values[0] if values else one.declaration.default


def _spellings(declared: dict[str, Declared]) -> tuple[dict[str, str], dict[str, tuple[str, bool]]]:
    """Return the options that take a value, and the switches with the value they stand for."""
    options: dict[str, str] = {}
    switches: dict[str, tuple[str, bool]] = {}
    for name, one in declared.items():
        if isinstance(one.declaration, Argument):
            continue
        for spelling in one.declaration.spellings:
            if one.kind is bool:
                on, _, off = spelling.partition("/")
                switches |= {on: (name, True), off or on: (name, not off)}
            else:
                options[spelling] = name
    return options, switches


def _value(kind: type, text: str) -> Any:
    """Return the value of a word, or None if it may be something else."""
    if not text or (text.startswith("-") and text != "-"):
        return None
    try:
        return kind(text)
    except ValueError:
        return None
