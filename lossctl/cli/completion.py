"""What a shell is told that wants to complete a word: it never waits, and it never complains.

A shell calls the program with ``_LOSSCTL_COMPLETE`` set to its name, and the words of the command
line, of which the last is to be completed; bash the line itself, and what separates its words. The
answer is a line that says what follows, then candidates. No more of a file is read than its head.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lossctl.cli.declared import Argument, Declared, Option, parameters
from lossctl.values import dataclass

if TYPE_CHECKING:
    from lossctl.sources import Table
    from lossctl.sources.table import Column

NOTHING, WORDS, FILES, BOTH = "nothing", "words", "files", "both"
_MOST = 2000  # candidates
_SPECIAL = re.compile(r"([\s\\'\"`$&|;<>()*?\[\]{}!#~])")  # to bash
_FILES = ("FILE", "LABELS", "PREDICTIONS", "PREDICTIONS...", "PARTIAL...")
_ONE_COLUMN, _COLUMNS, _CLASS, _CLASSES = ("COL",), ("COLS",), ("NAME", "LABEL"), ("A,B,C",)
_WORD = re.compile(r"[a-z0-9][a-z0-9-]*|[.,]")

Candidates = Iterable[tuple[str, str]]  # each with a few words about it


@dataclass(frozen=True)
class Answer:
    """What may stand at the end of a command line, behind what is there already."""

    kind: str
    typed: str = ""  # the part of the word that stays
    found: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Line:
    """A command and what it was given so far, by the names of its parameters."""

    command: Callable[..., Any]
    given: Mapping[str, Sequence[str]]

    @property
    def files(self) -> tuple[str | None, str | None]:
        """The file of predictions, and that of the labels."""
        names = [self.given.get(name, ()) for name in ("predictions", "labels")]
        first, second = (str(found[0]) if found else None for found in names)
        return (first, second) if "predictions" in parameters(self.command) else (second, None)


def answer(
    shell: str, words: Sequence[str], commands: Mapping[str, Callable[..., Any]]
) -> Iterator[str]:
    """Yield the lines of the answer, in the way a shell wants them."""
    cut, quoted = 0, False
    if shell == "bash":
        words, cut, quoted = split(*(*words, "", "")[:2])
    found = Answer(NOTHING)
    with suppress(Exception):  # whatever is wrong with a file, the command itself will tell
        found = completed(words or [""], commands)
    yield found.kind if shell != "zsh" else f"{found.kind}\t{found.typed[-1:]}"
    for value, about in found.found[:_MOST]:
        if not value.isprintable():
            continue
        whole = found.typed + value
        if shell == "bash":
            yield (whole if quoted else _SPECIAL.sub(r"\\\1", whole[cut:]))[cut * quoted :]
        else:
            yield f"{whole if shell == 'fish' else value}\t{about}"


def completed(words: Sequence[str], commands: Mapping[str, Callable[..., Any]]) -> Answer:
    """Return what the last word may become."""
    *before, word = words
    if not before:
        flags = [("--help", "Show how it is used"), ("--version", "Print the version")]
        if word.startswith("-"):
            return _matching(word, flags)
        from lossctl.cli.help import summary  # noqa: PLC0415

        verbs = [(name, summary(command)) for name, command in commands.items()]
        return _loss(word, verbs)
    if before[0] not in commands:
        before.insert(0, "score")
    command = commands[before[0]]
    line, wanted, options = _read(command, before[1:])
    if wanted is not None:
        return _value(wanted, word, line)
    if options and word.startswith("--") and "=" in word:
        spelling, _, word = word.partition("=")
        wanted = _by_spelling(command).get(spelling)
        if wanted is None or wanted.kind is bool:
            return Answer(NOTHING)
        found = _value(wanted, word, line)
        return Answer(found.kind, f"{spelling}={found.typed}", found.found)
    if options and word.startswith("-"):
        return _matching(word, _left(command, line))
    place = _place(command, line)
    return Answer(NOTHING) if place is None else _value(place, word, line)


def _by_spelling(command: Callable[..., Any]) -> dict[str, Declared]:
    return {
        spelling: one
        for one in parameters(command).values()
        if isinstance(one.declaration, Option)
        for given in one.declaration.spellings
        for spelling in given.split("/")
    }


def _read(command: Callable[..., Any], words: Sequence[str]) -> tuple[Line, Declared | None, bool]:
    """Return what was given, the option whose value is to come, and whether options may come."""
    declared = parameters(command)
    spelt = _by_spelling(command)
    names = {id(one.declaration): name for name, one in declared.items()}
    given: dict[str, list[str]] = {}
    line = Line(command, given)
    wanted: Declared | None = None
    options = True
    for word in words:
        spelling, equals, value = word.partition("=")
        if wanted is not None:
            given.setdefault(names[id(wanted.declaration)], []).append(word)
            wanted = None
        elif options and word == "--":
            options = False
        elif options and spelling in spelt:
            one = spelt[spelling]
            if one.kind is bool or equals:
                given.setdefault(names[id(one.declaration)], []).append(value)
            else:
                wanted = one
        elif (place := _place(command, line)) is not None and not (options and word[:2] == "--"):
            given.setdefault(names[id(place.declaration)], []).append(word)
    return line, wanted, options


def _place(command: Callable[..., Any], line: Line) -> Declared | None:
    """Return the argument that the next word is."""
    for name, one in parameters(command).items():
        if isinstance(one.declaration, Argument) and (one.several or name not in line.given):
            return one
    return None


def _left(command: Callable[..., Any], line: Line) -> Candidates:
    """Yield the options that have not been given."""
    for name, one in parameters(command).items():
        if isinstance(one.declaration, Option) and (one.several or name not in line.given):
            for spelling in one.declaration.spellings[-1].split("/"):
                yield spelling, one.declaration.help
    yield "--help", "Show how it is used"


def _matching(word: str, candidates: Candidates, typed: str = "") -> Answer:
    found = [(value, about) for value, about in candidates if value.startswith(word)]
    return Answer(WORDS, typed, found)


def _value(one: Declared, word: str, line: Line) -> Answer:
    """Return what the value of an option, or an argument, may become."""
    metavar = (one.declaration.metavar or "").strip("[]")
    if metavar.startswith("LOSS"):
        return _loss(word)
    pieces = metavar.split("|")
    words = [(piece, "") for piece in pieces if _WORD.fullmatch(piece)]
    files = any(piece in _FILES for piece in pieces)
    if "cat=2,dog=1" in pieces:
        return _class_weight(word, line)
    if metavar in (*_ONE_COLUMN, *_COLUMNS):
        return _column(one, word, line, several=metavar in _COLUMNS)
    if metavar in (*_CLASS, *_CLASSES):
        return (
            _list(word, _classes(line)) if metavar in _CLASSES else _matching(word, _classes(line))
        )
    if files and not words:
        return Answer(FILES)
    found = _matching(word, words)
    return Answer(BOTH, "", found.found) if files else found


def _list(word: str, candidates: Candidates) -> Answer:
    """Complete the last of a comma list; what is in it is not offered again."""
    before, comma, last = word.rpartition(",")
    taken = before.split(",")
    return _matching(last, [one for one in candidates if one[0] not in taken], before + comma)


def _loss(word: str, verbs: Candidates = ()) -> Answer:
    """Complete the last of several losses, or its parameters."""
    from lossctl.losses import LOSSES  # noqa: PLC0415  # NumPy

    before, comma, last = word.rpartition(",")
    known = {name: loss for loss in LOSSES.values() for name in (loss.name, *loss.aliases)}
    inside = re.search(r"(?:^|,)([a-z0-9-]+):((?:[^:,]*=[^:,]*,)*)([^:,=]*)$", word)
    found: list[tuple[str, str]] = []
    start = len(before) + len(comma)
    if inside and inside[1] in known:
        from lossctl.losses.parameters import schema  # noqa: PLC0415

        taken = {part.partition("=")[0] for part in inside[2].split(",")}
        names = [name for name in schema(known[inside[1]].function) if name not in taken]
        found += [(f"{name}=", f"a parameter of {inside[1]}") for name in names]
        start, last = inside.start(3), inside[3]
        verbs = ()
    if not (inside and not inside[2]):  # behind a parameter another loss may follow
        taken = {part.partition(":")[0] for part in word[:start].split(",")}
        found += [*(verbs if not comma else ()), *_names(known, last, taken)]
    return _matching(last, found, word[:start])


def _names(known: Mapping[str, Any], start: str, taken: set[str]) -> Candidates:
    """Yield the names of losses; an alias only to one who began to write it."""
    names = [name for name, loss in known.items() if loss.name == name]
    if start and not any(name.startswith(start) for name in names):
        names = list(known)
    for name in names:
        if name not in taken:
            formula = (known[name].function.__doc__ or "").partition("\n")[0]
            yield name, formula.rstrip(".")


def _column(one: Declared, word: str, line: Line, *, several: bool) -> Answer:
    first, second = line.files
    spelling = one.declaration.spellings[0] if isinstance(one.declaration, Option) else ""
    names = {"--pred-col": (first,), "--label-col": (second or first,)}.get(
        spelling, (second, first)
    )
    columns = [(name, f"a column of {file}") for file in names for name in _names_in(file)]
    if spelling == "--by":
        columns.append(("label", "a group for each class"))
    found = list(dict(reversed(columns)).items())[::-1]
    return _list(word, found) if several else _matching(word, found)


def _class_weight(word: str, line: Line) -> Answer:
    if "=" in word:
        taken = {part.partition("=")[0] for part in word.split(",")}
        classes = [(f"{name}=", about) for name, about in _classes(line) if name not in taken]
        return _list(word, classes)
    classes = [(f"{name}=", about) for name, about in _classes(line)]
    words = [("balanced", "as many of each as if all were equally frequent"), *classes]
    return Answer(BOTH, "", _matching(word, words).found)


def _classes(line: Line) -> Candidates:
    """Yield what stands in the column of labels, as far as the head of the file goes."""
    from lossctl.known import is_key, is_label  # noqa: PLC0415

    first, second = line.files
    table = _table(second or first)
    if table is None:
        return []
    asked = line.given.get("label_col", [""])[0]
    columns = [c for c in table.columns if c.name == asked or (not asked and is_label(c.name))]
    if not columns and second is not None:
        columns = [c for c in table.columns if not is_key(c.name)]
    if len(columns) != 1:
        return [(str(column.name), "a class") for column in columns if column.name is not None]
    from lossctl.names import natural_key  # noqa: PLC0415

    return [(name, "a label") for name in sorted(_values(table, columns[0]), key=natural_key)]


def _values(table: Table, column: Column) -> set[str]:
    from lossctl.sources.table import Request  # noqa: PLC0415
    from lossctl.sources.text import BRIEF, TextTable  # noqa: PLC0415
    from lossctl.values import replace  # noqa: PLC0415

    head = replace(table, chunk_bytes=BRIEF) if isinstance(table, TextTable) else table
    found = {cell.strip() for cell in column.head}
    for batch in head.read(Request(names=(column.position,))):
        found |= {text.strip() for text in batch.names[0].texts}
        break
    return {text for text in found if text}


def _names_in(file: str | None) -> list[str]:
    table = _table(file)
    return [] if table is None else [column.name for column in table.columns if column.name]


def _table(name: str | None) -> Table | None:
    """Return what a file holds, if it is one on this machine and can be read from its start."""
    from lossctl.sources import InputOptions, open_tables  # noqa: PLC0415  # NumPy
    from lossctl.sources.files import COMPRESSED, paths_of  # noqa: PLC0415
    from lossctl.sources.places import is_address  # noqa: PLC0415

    if name is None or name == "-" or is_address(name):
        return None
    path = paths_of(os.path.expandvars(os.path.expanduser(name)))[0]
    inside = os.path.splitext(path)[0].lower()
    packed = path.lower().endswith(COMPRESSED)
    if not os.path.isfile(path) or (packed and not inside.endswith((".csv", ".tsv", ".txt"))):
        return None  # a pipe gives its bytes once; some formats begin with their end
    return open_tables([path], InputOptions(), sides=("labels",)).tables[0]


def split(line: str, breaks: str) -> tuple[list[str], int, bool]:
    r"""Return the words of a line as bash has them, without the program and with the last begun.

    With them comes where bash cuts the last word, which it does behind ``breaks``, and whether it
    stands in quotes.

    >>> split("lossctl ce a\\ b.csv --by=co", "=:")
    (['ce', 'a b.csv', '--by=co'], 5, False)
    """
    words: list[str] = []
    word, quote, cut, begun = "", "", 0, False
    letters = iter(line)
    for letter in letters:
        if letter == "\\" and quote != "'":
            word += next(letters, "")
        elif quote:
            word, quote = (word, "") if letter == quote else (word + letter, quote)
        elif letter in "'\"":
            quote, cut = letter, len(word)
        elif letter.isspace():
            words += [word] if begun else []
            word, cut, begun = "", 0, False
            continue
        else:
            word += letter
            cut = len(word) if letter in breaks else cut
        begun = True
    return [*words, word][1:], cut, bool(quote)
