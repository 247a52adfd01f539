"""Imports go one way: losses know no files, the command line no maths."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lossctl"
FILES = sorted(PACKAGE.rglob("*.py"))

# Which parts of lossctl a part may import. What is not listed may import all but cli.
MAY_IMPORT = {
    "names": set(),
    "known": set(),
    "numbers": set(),
    "errors": set(),
    "values": set(),
    "version": set(),
    "student": set(),
    "texts": {"numbers"},
    "block": {"texts"},
    "products": {"block"},
    "losses": {"block", "errors", "names", "numbers", "products"},
    "summaries": {"block", "errors", "ids", "losses", "names", "numbers", "products", "texts"},
    "calibration": set(),
    "scales": set(),
    "distribution": {"scales"},
    "result": {"calibration", "distribution", "version"},
    "gates": {"errors", "numbers", "result"},
    "explanation": {"result"},
    "statistics": {"student", "summaries"},
    "once": {"errors"},
    "sources": {"block", "errors", "known", "names", "numbers", "once", "texts", "version"},
    "candidates": {"errors", "known", "losses", "names", "numbers", "sources"},
    "matching": {"candidates", "errors", "known", "losses", "names", "numbers", "sources"},
    "columns": {
        "candidates",
        "errors",
        "known",
        "losses",
        "matching",
        "names",
        "numbers",
        "sources",
    },
    "labels": {
        "block",
        "columns",
        "errors",
        "known",
        "losses",
        "matching",
        "names",
        "numbers",
        "sources",
        "texts",
    },
    "align": {"block", "columns", "errors", "names", "sources", "texts"},
    "conventions": {"errors", "losses", "names"},
    "grouping": {"candidates", "columns", "errors", "known", "losses", "names", "sources"},
    "plan": {"columns", "labels", "losses", "result", "sources"},
    "ids": {"texts"},
    "index": {"ids"},
    "ahead": set(),
    "unmatched": {"ids", "summaries"},
    "held": {"block", "errors", "ids", "index", "names", "sources", "unmatched"},
    "join": {
        *("ahead", "align", "columns", "errors", "held", "unmatched"),
        *("ids", "index", "names", "sources", "summaries"),
    },
    "admission": {"align", "block", "columns", "labels", "losses", "plan", "texts"},
    "diagnosis": {"labels", "losses", "names", "plan", "summaries"},
    "pictures": {
        *("calibration", "distribution", "labels", "losses", "names", "plan", "scales"),
        "summaries",
    },
    "watching": {
        *("diagnosis", "known", "labels", "losses", "pictures", "plan", "result", "summaries"),
    },
    "census": {"admission", "align", "block", "errors", "plan", "sources", "summaries"},
    "engines": {
        *("admission", "align", "block", "columns", "diagnosis", "errors", "join"),
        *("losses", "plan", "sources", "summaries", "unmatched", "watching"),
        *("index", "rows", "version"),
    },
    "sinks": {"errors", "names", "numbers", "texts"},
    "catalogue": {"conventions", "losses", "numbers"},
    "onehot": {"columns", "errors", "known", "labels", "names", "numbers", "sinks", "sources"},
    "rows": {"block", "names", "plan", "sinks"},
    "explaining": {
        *("block", "catalogue", "conventions", "engines", "errors", "explanation", "labels"),
        *("losses", "names", "numbers", "plan", "result", "rows", "scoring", "summaries"),
        *("texts", "watching"),
    },
    "render": {
        *("block", "calibration", "distribution", "errors", "explanation", "gates", "names"),
        *("numbers", "result", "version"),
    },
}
# What any part may import: it stands for a module of the standard library.
EVERYWHERE = {"values"}
# Which third-party packages may be imported where.
THIRD_PARTY = {
    "dask": {"engines"},
    "distributed": {"engines"},
    "pyarrow": {"sinks", "sources"},
    "rich": {"render"},
    "jinja2": {"render"},
    "markupsafe": {"render"},
    "vl_convert": {"render"},
    "typer": {"cli"},
    "numpy": {
        *(
            "admission",
            "align",
            "block",
            "census",
            "comparison",
            "conventions",
            "engines",
            "grouped",
            "ledger",
            "derived",
            "diagnosis",
            "explaining",
            "held",
            "ids",
            "index",
            "join",
            "labels",
            "losses",
            "onehot",
            "partials",
            "products",
            "rows",
        ),
        *("sinks", "sources", "summaries", "texts"),
    },
}


def part_of(path: Path) -> str:
    """Return the part of lossctl that a file belongs to: its folder, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(path)
    own = {name.split(".")[1] for name in imported(path) if name.startswith("lossctl.")} - {part}
    own -= EVERYWHERE
    if part in MAY_IMPORT:
        assert own <= MAY_IMPORT[part]
    assert "cli" not in own or part == "__main__"
    for name in {name.split(".")[0] for name in imported(path)} - {"lossctl"}:
        assert name in sys.stdlib_module_names or part in THIRD_PARTY[name]
