"""Command lines as most are, read without Typer: it takes 30 ms to be imported and set up.

What needs a second thought is left to Typer: help, completion, mistakes, ``--name=value``, values
that look like options. Whatever is read here would be read the same there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lossctl.cli.declared import Argument, Declared, parameters


def read(command: Callable[..., Any], words: Sequence[str]) -> dict[str, Any] | None:
    """Return what the words give to a command's parameters, or None if Typer is to read them."""
    declared = parameters(command)
    places = [name for name, one in declared.items() if isinstance(one.declaration, Argument)]
    options, switches = _spellings(declared)
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if word in switches:
            name, value = switches[word]
        elif word in options:
            name = options[word]
            value = _value(declared[name].kind, next(rest, ""))
        else:
            name = places.pop(0) if places else ""
            value = _value(str, word)
        if not name or name in found or value is None:
            return None
        found[name] = value
    complete = all(declared[name].hint is not str for name in places)
    return found if complete else None


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
