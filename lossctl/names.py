"""What people call things: natural order, likely misspellings, safe printing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_LONG = 200  # characters
_DIGITS = re.compile(r"(\d+)")


def natural_key(name: object) -> tuple[tuple[int, str, str], ...]:
    """Sort key that puts ``part-2`` before ``part-10``: numbers by length, then by digits."""
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0"), part) if part.isdecimal() else (1 << 30, part, "")
        for part in _DIGITS.split(str(name))
        if part
    )


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return a hint that names the most similar known name, if one is similar."""
    import difflib  # noqa: PLC0415  # 1 ms

    if len(name) > _LONG:  # a text, on which the comparison would take for ever
        return None
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return f"did you mean {quoted(folded[close[0]])}?" if close else None


def first_twice(names: Iterable[str]) -> str | None:
    """Return the first name that stood before, in one pass: there may be many."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def listing(names: Sequence[object], most: int = 8) -> str:
    """Return the first few names, quoted, and how many more there are."""
    shown = ", ".join(quoted(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def quoted(name: object, most: int = 60) -> str:
    """Return a name from a file in quotes, shortened; a position stays a number."""
    if isinstance(name, int):
        return str(name)
    text = str(name)
    return f"'{text if len(text) <= most else text[: most - 1] + '…'}'"


def printable(text: str) -> str:
    r"""Return the text with control characters escaped, so that no file can steer a terminal.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def readable(name: str) -> str:
    """Return a name with bytes that are no UTF-8 escaped, so that any JSON reader takes it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
