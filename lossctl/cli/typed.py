"""Typer, for what is not plain: help, mistakes, unusual spellings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lossctl.cli import help  # noqa: A004  # the command line's
from lossctl.cli.app import COMMANDS, print_version
from lossctl.cli.declared import REQUIRED, Argument, Declared, parameters
from lossctl.cli.exits import ExitCode
from lossctl.cli.terminal import Job, Terminal
from lossctl.errors import UsageError
from lossctl.names import did_you_mean


def read(words: Sequence[str], terminal: Terminal) -> Job | int | None:
    """Return what the words say is to be done, or the exit code where that has been done.

    Raises:
        UsageError: they cannot be understood.

    """
    try:
        if not words:
            return _say_what_to_type(terminal)
        with redirect_stdout(terminal.stdout):  # where help goes
            done: Job | int | None = app(
                words, prog_name="lossctl", standalone_mode=False, obj=terminal
            )
    except typer.TyperException as error:
        message, hint = _in_our_words(error, words[0])
        raise UsageError(message, hint=hint) from error
    except typer.Abort:
        raise KeyboardInterrupt from None
    return done


def _say_what_to_type(terminal: Terminal) -> int:
    """Say it to a person; to a script it is the mistake that it is."""
    terminal.stderr.write(help.FIRST)
    return ExitCode.USAGE


def _in_our_words(error: typer.TyperException, verb: str) -> tuple[str, str]:
    """Return message and hint for what Typer's parser did not understand."""
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    option = getattr(error, "option_name", None)
    context = getattr(error, "ctx", None)
    name = context.command.name if context is not None else None
    if context is None or name not in COMMANDS:
        page = f"lossctl {verb}" if verb in COMMANDS else "lossctl"
        return message, f"{page} --help shows how it is used"
    command, hint = COMMANDS[name], None
    if option is not None:
        known = [spelling for one in context.command.params for spelling in one.opts]
        message = f"there is no option {option}"
        hint = did_you_mean(option, [one for one in known if one.startswith("-")])
        if option.lstrip("-") in known:  # an argument, called by its name
            hint = f"it is told by its place: {help.usage(name, command)}"
    elif message.startswith("missing"):
        hint = f"for example {help.example(command)}; lossctl {name} --help says more"
    return message, hint or f"lossctl {name} --help shows how it is used"


def _print_version(context: typer.Context, asked: bool) -> None:  # noqa: FBT001  # Typer's call
    if asked:
        print_version(context.obj)
        raise typer.Exit


def lossctl(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """How wrong are these predictions?"""


def _width() -> int:
    return min(80, shutil.get_terminal_size().columns)


def made(commands: Mapping[str, Callable[..., Job]]) -> typer.Typer:
    """Return the program that has these commands."""
    program = typer.Typer(
        name="lossctl",
        cls=_in_our_help(TyperGroup, lambda: help.top(commands, _width())),
        add_completion=False,  # ours knows the files: lossctl.cli.completion
        rich_markup_mode=None,  # Rich in the help costs 0.1 s of start-up
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(lossctl)
    for name, command in commands.items():
        # What score is given too much of, it says itself.
        settings = {"allow_extra_args": name == "score"}
        page = partial(_page, name, command)
        kind = _in_our_help(TyperCommand, page)
        program.command(name, cls=kind, context_settings=settings)(_for_typer(command))
    return program


def _page(name: str, command: Callable[..., Job]) -> str:
    return help.page(name, command, _width())


def _in_our_help(kind: Any, page: Callable[[], str]) -> Any:
    """Return a kind of command whose help is that page."""

    class WithHelp(kind):  # type: ignore[misc]  # one of two
        def get_help(self, _: Any) -> str:
            return page().rstrip("\n")

    return WithHelp


def _for_typer(command: Callable[..., Job]) -> Callable[..., Job]:
    """Return a command whose parameters are declared as Typer wants it."""

    def call(**given: Any) -> Job:
        return command(**given)

    declared = [_parameter(name, one) for name, one in parameters(command).items()]
    context = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    call.__doc__ = command.__doc__
    call.__annotations__ = {one.name: one.annotation for one in (context, *declared)}
    call.__signature__ = Signature([context, *declared])  # type: ignore[attr-defined]
    return call


def _parameter(name: str, one: Declared) -> Parameter:
    said = one.declaration
    found: Any
    if isinstance(said, Argument):
        found = typer.Argument(metavar=said.metavar, help=said.help, show_default=False)
    else:
        found = typer.Option(*said.spellings, metavar=said.metavar, help=said.help)
    return Parameter(
        name,
        Parameter.KEYWORD_ONLY,
        default=Parameter.empty if said.default is REQUIRED else said.default,
        annotation=Annotated[one.hint, found],
    )


app = made(COMMANDS)
