"""A command imports what it needs: that is most of what a short run takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import ENVIRONMENT

Write = Callable[[str, str], Path]
Save = Callable[[str, object], Path]

# Only what the program itself imports: an environment imports modules at its own start.
CODE = """
import sys
before = {*sys.modules}
from lossctl.__main__ import main
sys.argv[0] = "lossctl"
code = main()
print(*sorted({*sys.modules} - before), sep="\\n", file=sys.stderr)
sys.exit(code)
"""
HEAVY = {"jinja2", "numpy", "pandas", "pyarrow", "rich", "vl_convert"}
# What is easily imported for every command, and needed by few.
RARE = {
    *("dataclasses", "difflib", "glob", "json", "shutil", "tempfile", "typer", "zlib"),
    *("lossctl.catalogue", "lossctl.cli.typed", "lossctl.join", "lossctl.onehot"),
    *("lossctl.render.junit", "lossctl.render.markdown", "lossctl.render.objects"),
    *("lossctl.explaining", "lossctl.explanation", "lossctl.render.arithmetic"),
    *("lossctl.gates", "lossctl.render.prometheus", "lossctl.render.standings"),
    "lossctl.partials",
    *("lossctl.render.table", "lossctl.sources.arrow_files", "lossctl.sources.jsonl"),
    *("lossctl.sources.npz", "lossctl.sources.stores", "lossctl.sources.web"),
    *("concurrent.futures", "logging", "lossctl.engines.threads", "lossctl.sources.arrow"),
    *("lossctl.calibration", "lossctl.distribution", "lossctl.pictures", "lossctl.scales"),
    *("dask", "distributed", "lossctl.engines.dask", "lossctl.once"),
    *("lossctl.render.charts", "lossctl.render.page", "lossctl.render.plot"),
    "lossctl.summaries.per_class",
    *("lossctl.sources.parts", "lossctl.summaries.calibration", "lossctl.summaries.histogram"),
}


@pytest.fixture(name="imported")
def _imported(tmp_path: Path) -> Callable[..., set[str]]:
    """Run a command and return the modules that it imports."""

    def run(*arguments: str, code: int = 0) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", CODE, *arguments],
            cwd=tmp_path,
            env={name: value for name, value in ENVIRONMENT.items() if "COVERAGE" not in name},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return {*done.stderr.split()}

    return run


Imported = Callable[..., set[str]]


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_takes_next_to_nothing(flag: str, imported: Imported) -> None:
    found = imported(flag)
    assert found & (HEAVY | RARE | {"inspect", "lossctl.api", "traceback"}) == set()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("--help", 0),
        ("score --help", 0),
        ("explain --help", 0),
        ("report --help", 0),
        ("bce --nonsense", 2),
        ("bce", 2),
        ("bce p.csv --level high", 2),
        ("bce p.csv --format nonsense", 2),
        ("", 2),
    ],
)
def test_help_and_mistakes_take_no_numbers(line: str, code: int, imported: Imported) -> None:
    assert imported(*line.split(), code=code) & (HEAVY | {"lossctl.api"}) == set()


def test_arrays_are_scored_with_numpy_alone(imported: Imported, save: Save) -> None:
    save("p.npy", np.array([0.5, 1.0]))
    for looks in (["--value"], []):  # the second is a table in a pipe
        found = imported("mse", "p.npy", "p.npy", *looks)
        assert found & HEAVY == {"numpy"}
        assert found & (RARE | {"lossctl.sources.records"}) == set()
        assert {name for name in found if name.startswith("numpy.")} & {
            *("numpy.fft", "numpy.ma", "numpy.polynomial", "numpy.random", "numpy.testing"),
        } == set()


def test_brief_text_is_scored_without_pyarrow(imported: Imported, write: Write) -> None:
    write("f.csv", "prob,label\n" + "0.5,1\n" * 50)
    for looks in (["--value"], []):
        found = imported("bce", "f.csv", *looks)
        assert found & HEAVY == {"numpy"}
        assert found & (RARE | {"lossctl.sources.arrow_csv"}) == set()


def test_long_text_is_scored_with_pyarrow_and_without_pandas(
    imported: Imported, write: Write
) -> None:
    write("f.csv", "prob,label\n" + "0.5,1\n" * 20_000)
    assert imported("bce", "f.csv") & HEAVY == {"numpy", "pyarrow"}
