"""Paste into Markdown files what their commands print: ``python tests/paste.py README.md``.

A block of ``console`` holds commands behind ``$`` and below each what it prints; a comment ``$ …``
stands above Markdown that a command prints, up to a comment ``end``. The tests run the same
commands and compare.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(?<=```console\n)(.*?)(?=```)", re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
MARKDOWN = re.compile(r"(?<=<!-- \$ )([^\n]*?)( -->\n+)(.*?)(?=\n*<!-- end -->)", re.DOTALL)


def commands(text: str) -> list[tuple[str, str]]:
    """Return the commands of a Markdown text, each with the output below it."""
    shown = [found for block in BLOCK.findall(text) for found in COMMAND.findall(block)]
    return [*shown, *((command, output) for command, _, output in MARKDOWN.findall(text))]


def printed(command: str, **environment: str) -> str:
    """Return what a shell command prints, as a reader would see it in a pipe."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec 2>&1\n{command}"],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "COLUMNS": "80"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def pasted(text: str) -> str:
    """Return a Markdown text with what its commands print today."""

    def run(block: re.Match[str]) -> str:
        return COMMAND.sub(lambda found: f"$ {found[1]}\n{printed(found[1])}", block[0])

    text = MARKDOWN.sub(lambda found: f"{found[1]} -->\n\n{printed(found[1]).rstrip()}", text)
    return BLOCK.sub(run, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        document = ROOT / name
        document.write_text(pasted(document.read_text(encoding="utf-8")), encoding="utf-8")
