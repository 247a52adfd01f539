"""The page on how lossctl is built is true: its picture, its names, its commands."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from paste import ROOT, commands, printed
from test_layers import FILES, PACKAGE, part_of

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = PAGE.split("```text\n")[1].split("```")[0]
# Behind two spaces: what is told at the left of a line is none of them.
LINES = [
    [name.rstrip("/") for name in re.findall(r"[a-z_]+/?", line[21:])]
    for line in PICTURE.splitlines()
]
PLACES = {name: (i, j) for i, line in enumerate(LINES) for j, name in enumerate(line)}
PARTS = {part_of(path) for path in FILES} - {"__init__"}


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the parts that are imported at run time, anywhere in a file."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.ImportFrom) and (child.module or "").split(".")[0] == "lossctl":
            yield from (f"{child.module}.{one.name}".split(".")[1] for one in child.names)
        yield from imported(child)


def test_the_picture_has_every_part_once() -> None:
    names = [name for line in LINES for name in line]
    assert sorted(names) == sorted(PARTS)
    for folder in {path.parent for path in FILES} - {PACKAGE}:
        assert f"{folder.relative_to(PACKAGE)}/" in PAGE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_the_picture(path: Path) -> None:
    part = part_of(path)
    used = {*imported(ast.parse(path.read_text(encoding="utf-8")))} & PARTS - {part}
    if part != "__init__":
        assert [name for name in sorted(used) if PLACES[name] < PLACES[part]] == []


def test_files_and_functions_that_are_named_are_there() -> None:
    named = re.findall(r"`([\w/]+\.(?:py|md|html))`(?::\s+`(\w+)`)?", PAGE)
    assert len(named) > 30
    for name, function in named:
        path = ROOT / name if name.startswith(("lossctl/", "tests/")) else PACKAGE / name
        text = path.read_text(encoding="utf-8")
        assert not function or re.search(rf"^def {function}\b", text, re.MULTILINE), name
    steps = re.findall(r"^ ?(\d+)\. ", PAGE, re.MULTILINE)
    assert steps == [str(i + 1) for i in range(10)]


def test_what_it_shows_is_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for command, output in commands(PAGE):
        assert float(printed(command)) == pytest.approx(float(output), rel=1e-12)
    failed, tried = doctest.testfile(str(ROOT / "docs" / "architecture.md"), module_relative=False)
    assert (failed, tried > 4) == (0, True)
