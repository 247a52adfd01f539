"""Help pages: what one reads in the first minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Run, in_terminal

from lossctl.cli import help  # noqa: A004  # the command line's
from lossctl.cli.app import COMMANDS
from lossctl.cli.declared import Argument, parameters

PAGES = {name: help.page(name, command) for name, command in COMMANDS.items()}


def test_nothing_typed_says_what_to_type(lossctl: Callable[..., Run]) -> None:
    run = lossctl()
    assert (run.code, run.out, run.err) == (2, "", help.FIRST)
    assert len(run.err.splitlines()) < 12
    assert run.err.count("\n  lossctl ") == 3


@pytest.mark.parametrize("page", [help.top(COMMANDS), help.FIRST, *PAGES.values()])
def test_pages_fit_80_columns(page: str) -> None:
    assert max(map(len, page.splitlines())) <= 80


def test_a_line_says_what_each_command_is_for() -> None:
    page = help.top(COMMANDS)
    for name, command in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(help.summary(command))}$", page, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_come_first_and_every_option_once(name: str) -> None:
    page = PAGES[name]
    assert page.split("\n\n")[1].startswith("Example")
    assert page.index("Example") < page.index("Usage: lossctl ")
    hidden = {"by", "cluster", "fingerprint", "min_group"} if name == "explain" else set()
    for key, one in parameters(COMMANDS[name]).items():
        if not isinstance(one.declaration, Argument):
            spelling = one.declaration.spellings[-1].split("/")[0]
            found = re.findall(rf"^  (?:-\w, )?{spelling}(?: |$)", page, re.MULTILINE)
            assert len(found) == (key not in hidden)


@pytest.mark.parametrize("columns", [40, 79])
def test_a_narrow_terminal_shows_all_of_it(columns: int, tmp_path: Path) -> None:
    for words in (["--help"], ["report", "-h"]):
        code, shown = in_terminal(tmp_path, *words, columns=columns)
        page = help.top(COMMANDS) if len(words) == 1 else PAGES["report"]
        assert code == 0
        assert max(map(len, shown.splitlines())) <= columns
        assert "".join(shown.split()) == "".join(page.split())


def test_help_is_a_word_as_well(lossctl: Callable[..., Run]) -> None:
    assert lossctl("help").out == help.top(COMMANDS)
    assert lossctl("help", "losses").out == PAGES["losses"]
