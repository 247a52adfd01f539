"""Command lines: the plain ones are read as Typer reads them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import Run

from lossctl.cli import plain, typed
from lossctl.cli.app import COMMANDS, Context
from lossctl.cli.declared import Argument, parameters
from lossctl.cli.terminal import Terminal
from lossctl.errors import UsageError

LINES = [
    "score mse f.csv",
    "score mse f.csv g.csv --value",
    "score mse --value f.csv -o - g.csv -q",
    "score mse f.csv --no-header",
    "score mse f.csv --header --precision 3 --level 0.5 --label-base 1",
    "score mse -",
    "onehot y.csv --classes a,b -o x.npy",
    "losses",
    "losses mse --json",
    "signature a b",
]
STRANGE = [
    "score mse",
    "score mse f.csv g.csv h.csv",
    "score mse f.csv --value --value",
    "score mse f.csv --header --no-header",
    "score mse f.csv --level",
    "score mse f.csv --level x",
    "score mse f.csv --level=0.5",
    "score mse f.csv --label-base 1.0",
    "score mse f.csv --pred-col -1",
    "score mse -- f.csv",
    "score mse f.csv --nonsense",
    "score mse f.csv -qo x",
    "score --help",
    "losses mse mae",
]


def options_by_typer(words: list[str]) -> dict[str, Any]:
    """Return every option of a command as Typer passes it on."""
    seen: dict[str, Any] = {}
    command = typed.app.registered_commands[[*COMMANDS].index(words[0])]
    original = command.callback

    def spy(**values: Any) -> None:
        seen.update(values)

    assert original is not None
    spy.__annotations__ = original.__annotations__
    spy.__signature__ = original.__signature__  # type: ignore[attr-defined]
    command.callback = spy
    try:
        typed.read(words, Terminal(io.StringIO(), io.StringIO(), {}))
    finally:
        command.callback = original
    assert isinstance(seen.pop("context").obj, Terminal)
    return seen


def with_defaults(command: Callable[..., Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return every option of a command as plain reading passes it on."""
    names = [*parameters(command)]
    defaults = command.__defaults__ or ()
    return {**dict(zip(names[-len(defaults) :], defaults, strict=True)), **found}


def check_agreement(words: list[str]) -> bool:
    """Fail if a line is read in two ways; return whether it is plain."""
    found = plain.read(COMMANDS[words[0]], words[1:])
    if found is not None:
        every = with_defaults(COMMANDS[words[0]], found)
        theirs = options_by_typer(words)
        assert every == theirs
        assert [*map(type, every.values())] == [type(theirs[name]) for name in every]
    return found is not None


@pytest.mark.parametrize("line", LINES)
def test_plain_lines_are_read_as_typer_reads_them(line: str) -> None:
    assert check_agreement(line.split())


@pytest.mark.parametrize("line", STRANGE)
def test_strange_lines_are_left_to_typer(line: str) -> None:
    assert not check_agreement(line.split())


def spellings(name: str) -> list[str]:
    """Return the spellings of a command's options."""
    declared = [one.declaration for one in parameters(COMMANDS[name]).values()]
    options = [one for one in declared if not isinstance(one, Argument)]
    return [part for one in options for whole in one.spellings for part in whole.split("/")]


VALUES = st.sampled_from(
    ["f.csv", "mse", "3", "0.5", "-", "nan", "1_0", " 2", "", "-1", "--", "é=x"]
)


@given(st.data())
def test_no_line_is_read_in_two_ways(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*COMMANDS]))
    words = st.one_of(VALUES, st.sampled_from(spellings(name)))
    check_agreement([name, "a", *data.draw(st.lists(words, max_size=6))])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_read_plainly(name: str) -> None:
    declared = parameters(COMMANDS[name])
    places = [one for one in declared.values() if isinstance(one.declaration, Argument)]
    words = [name, *["x"] * len(places)]
    for one in declared.values():
        if not isinstance(one.declaration, Argument):
            words.append(one.declaration.spellings[0].split("/")[0])
            words += [] if one.kind is bool else ["1"]
    assert check_agreement(words)
    assert plain.read(COMMANDS[name], words[1:]).keys() == declared.keys()  # type: ignore[union-attr]


def test_a_command_says_itself_what_is_too_much() -> None:
    with pytest.raises(UsageError, match="one or two inputs, not 3"):
        COMMANDS["score"](Context(Terminal(), ["c"]), "mse", "a", "b")


def test_words_are_completed(lossctl: Callable[..., Run]) -> None:
    run = lossctl(_LOSSCTL_COMPLETE="complete_bash", COMP_WORDS="lossctl sig", COMP_CWORD="1")
    assert (run.code, run.out.split(), run.err) == (0, ["signature"], "")
