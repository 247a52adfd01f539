"""What the README and the help say is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lossctl.losses import LOSSES, Loss

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    (command, output)
    for block in BLOCKS
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


def printed(command: str, **environment: str) -> str:
    """Return what a shell command prints, as a reader would see it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} 2>&1"],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "COLUMNS": "80"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def split(text: str) -> tuple[list[str], list[float]]:
    """Return the words of a text, and its decimals apart: their last digits are the machine's."""
    number = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
    return number.sub("#", text).split("\n"), [float(found) for found in number.findall(text)]


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=lambda text: text.split("\n")[0])
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=["plain", "no colour"])
def test_commands_print_what_the_readme_says(
    command: str, output: str, environment: dict[str, str]
) -> None:
    words, numbers = split(printed(command, **environment))
    expected_words, expected_numbers = split(output)
    assert words == expected_words
    assert numbers == pytest.approx(expected_numbers, rel=1e-12)


def test_the_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("loss", LOSSES.values(), ids=str)
def test_every_loss_and_alias_is_in_the_readme(loss: Loss) -> None:
    for spelling in (loss.name, *loss.aliases):
        assert f"`{spelling}`" in README


def test_the_help_fits_80_columns() -> None:
    for command in ("lossctl --help", "lossctl score --help"):
        assert max(map(len, printed(command).splitlines())) <= 80
