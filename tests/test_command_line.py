"""Command lines: the plain ones are read as Typer reads them."""

# No annotations from __future__: a TypedDict of options is read as it stands.
import io
import re
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Optional, TypeAlias, TypedDict, Unpack

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from lossctl.cli import app, options, plain, typed
from lossctl.cli.app import COMMANDS
from lossctl.cli.declared import Argument, Option, parameters
from lossctl.cli.exits import ExitCode
from lossctl.cli.terminal import Context, Job, Terminal
from lossctl.errors import UsageError

Command: TypeAlias = Callable[..., Any]

LINES = [
    "score mse f.csv",
    "score mse f.csv g.csv --value",
    "score mse --value f.csv -o - g.csv -q",
    "score mse f.csv --no-header",
    "score mse f.csv --header --precision 3 --level 0.5 --label-base 1",
    "score mse -",
    "onehot y.csv --classes a,b -o x.npy",
    "explain mse f.csv --row 3 --row 4 --key a",
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
    "explain mse f.csv --row -1",
]


def options_by_typer(command: Command, words: list[str]) -> dict[str, Any]:
    """Return every option of a command as Typer passes it on."""
    seen: dict[str, Any] = {}

    def spy(context: Context, **values: Any) -> Job:
        assert isinstance(context.obj, Terminal)
        seen.update(values)
        return app.print_version

    typed.made({words[0]: wraps(command)(spy)})(
        words, standalone_mode=False, obj=Terminal(io.StringIO(), io.StringIO(), {})
    )
    return seen


def check_agreement(words: list[str], command: Command | None = None) -> bool:
    """Fail if a line is read in two ways; return whether it is plain."""
    command = command or COMMANDS[words[0]]
    found = plain.read(command, words[1:])
    if found is not None:
        theirs = options_by_typer(command, words)
        assert repr(found) == repr(theirs)  # in which nan is nan
        assert [*map(type, found.values())] == [type(theirs[name]) for name in found]
    return found is not None


@pytest.mark.parametrize("line", LINES)
def test_plain_lines_are_read_as_typer_reads_them(line: str) -> None:
    assert check_agreement(line.split())


@pytest.mark.parametrize("line", STRANGE)
def test_strange_lines_are_left_to_typer(line: str) -> None:
    assert not check_agreement(line.split())


def spellings(command: Command) -> list[str]:
    """Return the spellings of a command's options."""
    declared = [one.declaration for one in parameters(command).values()]
    options = [one for one in declared if not isinstance(one, Argument)]
    return [part for one in options for whole in one.spellings for part in whole.split("/")]


VALUES = st.sampled_from(
    ["f.csv", "mse", "3", "0.5", "-", "nan", "1_0", " 2", "", "-1", "--", "é=x"]
)


class Shared(TypedDict):
    """What two commands share."""

    level: Annotated[float, Option("--level", metavar="X", default=0.5, help="A number.")]
    by: Annotated[list[str], Option("--by", metavar="COL", default=(), help="A column; several.")]


class More(Shared):
    """What one of them has as well."""

    flag: Annotated[bool, Option("--flag/--no-flag", default=False, help="A switch.")]


Words = Annotated[list[str], Argument("PREDICTIONS...", help="Files.")]
MaybeWords = Annotated[list[str], Argument("[FILES]...", help="Files.", default=())]
Own = Annotated[Optional[int], Option("--own", metavar="N", help="A number.")]


def many(
    context: Context, loss: options.Loss, files: Words, *, own: Own, **asked: Unpack[More]
) -> Job:
    """Take at least one file."""
    raise NotImplementedError(context, loss, files, own, asked)


def any_number(context: Context, files: MaybeWords, **asked: Unpack[Shared]) -> Job:
    """Take files, or none."""
    raise NotImplementedError(context, files, asked)


MADE: dict[str, Command] = {"many": many, "any": any_number}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("many mse a", {"loss": "mse", "files": ["a"], "by": []}),
        ("many mse a b c --own 3", {"files": ["a", "b", "c"], "own": 3}),
        ("many --by x mse a --level 1 b --by y", {"files": ["a", "b"], "by": ["x", "y"]}),
        ("many mse a --by x --by x --flag", {"by": ["x", "x"], "flag": True}),
        ("any", {"files": [], "by": [], "level": 0.5}),
        ("any a - --by x", {"files": ["a", "-"], "by": ["x"]}),
    ],
)
def test_words_and_options_that_are_given_several_times(
    line: str, expected: dict[str, Any]
) -> None:
    name, *words = line.split()
    assert check_agreement([name, *words], MADE[name])
    found = plain.read(MADE[name], words) or {}
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    "line", ["many", "many mse", "many mse a --by", "many mse a --own 1 --own 2"]
)
def test_what_is_given_too_rarely_or_too_often_is_left_to_typer(line: str) -> None:
    assert not check_agreement(line.split(), many)


def test_one_of_several_words_must_be_there() -> None:
    with pytest.raises(typer.TyperException, match="Missing parameter: files"):
        options_by_typer(many, ["many", "mse"])


def test_lists_are_made_for_each_reading() -> None:
    (plain.read(any_number, []) or {})["by"].append("x")
    assert (plain.read(any_number, []) or {})["by"] == []


def test_arguments_come_first_then_what_is_shared() -> None:
    assert [*parameters(many)] == ["loss", "files", "level", "by", "flag", "own"]


def test_the_help_shows_what_may_be_given_several_times(capsys: pytest.CaptureFixture[str]) -> None:
    typed.made(MADE)(["many", "--help"], prog_name="lossctl", standalone_mode=False)
    shown = capsys.readouterr().out
    assert "Usage: lossctl many LOSS PREDICTIONS... [OPTIONS]\n" in shown
    assert re.search(r"--by COL +A column; several\.\n", shown)
    assert re.search(r"--level X +A number; default 0\.5\.\n", shown)


@given(st.data())
def test_no_line_is_read_in_two_ways(data: st.DataObject) -> None:
    name, command = data.draw(st.sampled_from([*(COMMANDS | MADE).items()]))
    words = st.one_of(VALUES, st.sampled_from(spellings(command)))
    check_agreement([name, "a", *data.draw(st.lists(words, max_size=6))], command)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_read_plainly(name: str) -> None:
    declared = parameters(COMMANDS[name])
    places = [one for one in declared.values() if isinstance(one.declaration, Argument)]
    words = [name, *["x"] * len(places)]
    for one in declared.values():
        if not isinstance(one.declaration, Argument):
            words.append(one.declaration.spellings[0].split("/")[0])
            words += [] if one.kind is bool else ["7"]
    assert check_agreement(words)
    found = plain.read(COMMANDS[name], words[1:]) or {}
    assert all(found[key] != one.declaration.default for key, one in declared.items())


def test_a_command_says_itself_what_is_too_much() -> None:
    with pytest.raises(UsageError, match="one or two inputs, not 3"):
        typed.read(["score", "mse", "a", "b", "c"], Terminal())


@pytest.mark.parametrize("code", [None, ExitCode.OK, ExitCode.GATE])
def test_a_job_may_say_the_exit_code(code: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def command(context: Context, files: MaybeWords) -> Job:
        assert (context.obj, files) == (world, ["a"])
        return lambda terminal: code if terminal is world else ExitCode.BUG

    world = Terminal(io.StringIO(), io.StringIO(), {})
    monkeypatch.setitem(COMMANDS, "verb", command)
    assert app.run(["verb", "a"], world) == (code or 0)
