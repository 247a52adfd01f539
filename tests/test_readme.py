"""What the README and the help say is what happens."""

from __future__ import annotations

import re

import pytest
from paste import ROOT, commands, printed
from processes import in_terminal

from lossctl import catalogue
from lossctl.losses import LOSSES, Loss

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = commands(README) + commands((ROOT / "sample_data" / "README.md").read_text("utf-8"))


def split(text: str) -> tuple[list[str], list[float]]:
    """Return the words of a text, and its decimals apart: their last digits are the machine's."""
    number = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
    return number.sub("#", text).split("\n"), [float(found) for found in number.findall(text)]


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=lambda text: text.split("\n")[0])
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=["plain", "no colour"])
def test_commands_print_what_the_readme_says(
    command: str, output: str, environment: dict[str, str]
) -> None:
    words, numbers = split(printed(command, **environment).rstrip("\n"))
    expected_words, expected_numbers = split(output.rstrip("\n"))
    assert words == expected_words
    assert numbers == pytest.approx(expected_numbers, rel=1e-12)


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=lambda text: text.split("\n")[0])
def test_a_terminal_of_60_columns_shows_the_same(command: str, output: str) -> None:
    """Lines may be folded; nothing is lost, and nothing is wider."""
    _, shown = in_terminal(ROOT, columns=60, command=["/bin/sh", "-c", command])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    words, numbers = split("".join(plain.split()))
    expected_words, expected_numbers = split("".join(output.split()))
    assert words == expected_words
    assert numbers == pytest.approx(expected_numbers, rel=1e-12)


def test_the_readme_shows_commands() -> None:
    assert len(commands(README)) >= 20


@pytest.mark.parametrize("loss", LOSSES.values(), ids=str)
def test_every_loss_is_in_the_readme(loss: Loss) -> None:
    assert f"| {loss.name} | {loss.variants[0].domain.family} |" in README


def test_the_page_of_losses_is_what_the_declarations_say() -> None:
    page = (ROOT / "docs" / "losses.md").read_text(encoding="utf-8")
    assert page == catalogue.page()


def test_the_help_fits_80_columns() -> None:
    for command in ("lossctl --help", "lossctl score --help"):
        assert max(map(len, printed(command).splitlines())) <= 80
