"""The page about adding a loss is true: what it says is done to a copy, which then has the loss."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "adding-a-loss.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """Return the page's block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def run(folder: Path, *arguments: str) -> str:
    """Run Python with the copy and return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_loss_is_one_function_and_one_golden_row(tmp_path: Path) -> None:
    for name in ("lossctl", "tests"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "lossctl/losses/regression.py").open("a", encoding="utf-8") as file:
        file.write("\n\n" + block("python"))
    with (tmp_path / "tests/golden/rows.jsonl").open("a", encoding="utf-8") as file:
        file.write(block("json"))
    golden = json.loads(block("json"))
    rows = zip(golden["predictions"], golden["labels"], strict=True)
    text = "p,y\n" + "".join(f"{p},{y}\n" for p, y in rows)
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")

    printed = run(tmp_path, "-m", "lossctl", golden["loss"], "f.csv", "--reduction", "none")
    assert [float(line) for line in printed.split()] == golden["rows"]
    assert "cauchy" in run(tmp_path, "-m", "lossctl", "losses", "lorentzian")
    tests = [
        "tests/test_tools.py",
        "tests/test_catalogue_kernels.py",
        "tests/test_contracts.py",
        "-k",
        "cauchy or golden_value",
    ]
    printed = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert re.search(r"^\d+ passed", printed, re.MULTILINE), printed
