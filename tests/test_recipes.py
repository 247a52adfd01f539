"""The recipes run as they stand in docs/recipes.md, with real files and the tools they are for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from paste import ROOT

import lossctl

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
# Tools that would tell their makers that they are used.
SILENT = {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
# Their last digits are the machine's.
CE = pytest.approx(0.6176625937010098, rel=1e-12)
STDERR = pytest.approx(0.05010043304170947, rel=1e-12)
BRIER = pytest.approx(0.36008786810000004, rel=1e-12)
CE_OF_NOTHING = pytest.approx(1.0986, rel=1e-3)

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


def _recipes() -> Iterator[tuple[str, str, str]]:
    """Yield every block of the page: the heading above it, its language, its lines."""
    for section in PAGE.split("\n## ")[1:]:
        heading = section.split("\n", 1)[0]
        for language, lines in re.findall(
            r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL
        ):
            yield heading, language, lines


RECIPES = list(_recipes())


def recipe(heading: str, language: str = "sh", nth: int = 0) -> str:
    """Return the lines of a recipe: the nth block in a language under a heading."""
    return [lines for *where, lines in RECIPES if where == [heading, language]][nth]


def needs(program: str) -> None:
    """Skip the test where a program is not there."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Make a folder with the files that the recipes name, and runs whose names are awkward."""
    folder = tmp_path / "a model"
    (folder / "runs" / "b").mkdir(parents=True)
    good = ROOT / "sample_data" / "submission.csv"
    for name in ("predictions.csv", "baseline.csv", "runs/a run.csv", "runs/b/it's.csv"):
        shutil.copy(good, folder / name)
    shutil.copy(ROOT / "sample_data" / "solution.csv", folder / "truth.csv")
    return folder


@pytest.fixture(name="shell")
def _shell(folder: Path) -> Shell:
    """Run lines as a shell in the folder does that ends at the first failure."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # A make or a Git hook that runs the tests is not to speak to those that the recipes start.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "GIT_"))}

    def run(lines: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-e", "-c", lines],
            cwd=folder,
            env=kept | SILENT | {"PATH": path} | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )

    return run


def flatten(path: Path) -> None:
    """Make predictions that know nothing: their cross-entropy is ln 3."""
    header, *rows = path.read_text("utf-8").splitlines()
    flat = [f"{row.split(',')[0]},0.3333,0.3333,0.3334" for row in rows]
    path.write_text("\n".join([header, *flat, ""]), "utf-8")


def stored(path: Path) -> object:
    return json.loads(path.read_text("utf-8"))["value"]


def test_every_recipe_has_a_test_here() -> None:
    assert Counter((heading, language) for heading, language, _ in RECIPES) == {
        ("Shell", "sh"): 2,
        ("Make", "make"): 1,
        ("GitHub Actions", "yaml"): 1,
        ("GitLab CI", "yaml"): 1,
        ("pytest", "python"): 1,
        ("DVC", "yaml"): 1,
        ("DVC", "sh"): 1,
        ("MLflow", "python"): 1,
        ("Prometheus", "crontab"): 1,
        ("Many files", "sh"): 3,
        ("Many shards", "sh"): 3,
        ("Spark", "python"): 1,
        ("jq", "sh"): 1,
        ("pandas", "python"): 1,
    }


def test_a_hook_tells_a_high_loss_from_none(folder: Path, shell: Shell) -> None:
    hook = folder / "pre-push"
    hook.write_text(recipe("Shell"), "utf-8")
    hook.chmod(0o755)
    good = shell("./pre-push")
    assert (good.returncode, good.stderr) == (0, "")
    assert float(good.stdout) == CE
    flatten(folder / "predictions.csv")
    high = shell("./pre-push")
    assert high.returncode == 1
    assert high.stderr.endswith("\nnot pushed: the loss is too high\n")
    (folder / "predictions.csv").unlink()
    none = shell("./pre-push")
    assert (none.returncode, none.stdout) == (2, "")
    assert none.stderr.endswith("\nnot pushed: the loss is not known\n")


def test_a_gate_against_a_baseline(folder: Path, shell: Shell) -> None:
    gate = recipe("Shell", nth=1)
    assert shell(gate).returncode == 0
    flatten(folder / "predictions.csv")
    assert shell(gate).returncode == 1
    (folder / "baseline.csv").unlink()
    assert shell(gate).returncode == 3


def test_make_remembers_a_gate_that_passed_and_none_that_failed(folder: Path, shell: Shell) -> None:
    needs("make")
    (folder / "Makefile").write_text(recipe("Make", "make"), "utf-8")
    assert shell("make").returncode == 0
    assert stored(folder / "loss.json") == CE
    assert shell("make -q").returncode == 0
    flatten(folder / "predictions.csv")
    for _ in range(2):
        assert shell("make").returncode != 0
    assert stored(folder / "loss.json") == CE_OF_NOTHING


@pytest.mark.parametrize(("code", "mark"), [(0, "✅ passed"), (1, "❌ failed")])
def test_github_gets_a_summary_and_junit(folder: Path, shell: Shell, code: int, mark: str) -> None:
    yaml = pytest.importorskip("yaml")
    steps = yaml.safe_load(recipe("GitHub Actions", "yaml"))["jobs"]["loss"]["steps"]
    named = {step["name"]: step["run"] for step in steps if "name" in step}
    if code:
        flatten(folder / "predictions.csv")
    for name in ("Gate", "JUnit"):
        assert shell(named[name], GITHUB_STEP_SUMMARY="summary.md").returncode == code
    summary = (folder / "summary.md").read_text("utf-8")
    assert summary.startswith("## Loss of predictions.csv\n| loss | value |")
    assert f"\n- {mark}: `--fail-above 0.7`" in summary
    assert ET.parse(folder / steps[-1]["with"]["path"]).getroot().get("failures") == str(code)  # noqa: S314  # our own


def test_gitlab_gets_junit_and_an_exit_code_that_it_allows(folder: Path, shell: Shell) -> None:
    yaml = pytest.importorskip("yaml")
    job = yaml.safe_load(recipe("GitLab CI", "yaml"))["loss"]
    flatten(folder / "predictions.csv")
    assert shell(job["script"][-1]).returncode == job["allow_failure"]["exit_codes"]
    report = folder / job["artifacts"]["reports"]["junit"]
    assert ET.parse(report).getroot().get("failures") == "1"  # noqa: S314
    (folder / "truth.csv").unlink()
    assert shell(job["script"][-1]).returncode != job["allow_failure"]["exit_codes"]


def test_pytest_tests_a_model(folder: Path, shell: Shell) -> None:
    (folder / "test_model.py").write_text(recipe("pytest", "python"), "utf-8")
    assert "1 passed" in shell("python -m pytest -q test_model.py").stdout
    flatten(folder / "predictions.csv")
    failed = shell("python -m pytest -q test_model.py")
    assert failed.returncode == 1
    assert "AssertionError: ce|from:probs|" in failed.stdout


def test_dvc_reads_the_metrics_and_stops_at_a_gate(folder: Path, shell: Shell) -> None:
    needs("dvc")
    needs("git")
    (folder / "dvc.yaml").write_text(recipe("DVC", "yaml"), "utf-8")
    assert shell("git init -q\ndvc init -q").returncode == 0
    first = shell(recipe("DVC"))
    assert first.returncode == 0, first.stderr
    assert re.search(r"\| ce\.json .*\| 0\.61766 +\|\n", first.stdout)
    assert re.search(r"\| brier\.json .*\| 0\.36009 +\|\n", first.stdout)
    commit = shell("git add -A\ngit -c user.name=a -c user.email=a@b.example commit -qm one")
    assert commit.returncode == 0, commit.stderr
    flatten(folder / "predictions.csv")
    for _ in range(2):  # it is not taken for done
        assert "exited with 1" in shell("dvc repro --keep-going").stderr
    assert re.search(r"ce\.json +value +0\.61766 +1\.0986", shell("dvc metrics diff").stdout)


@pytest.mark.parametrize("source", ["Python", "JSON"])
@pytest.mark.parametrize("loss", ["finite", "infinite"])
def test_mlflow_logs_numbers_and_signature(
    folder: Path, shell: Shell, source: str, loss: str
) -> None:
    pytest.importorskip("mlflow")
    if loss == "infinite":
        (folder / "predictions.csv").write_text("image_id,cat,dog\na,1,0\nb,1,0\n", "utf-8")
        (folder / "truth.csv").write_text("image_id,class\na,cat\nb,dog\n", "utf-8")
    lines = recipe("MLflow", "python")
    if source == "JSON":
        assert shell("lossctl ce predictions.csv truth.csv -q -o ce.json").returncode == 0
        lines, found = re.subn(r"result = .*\n# or, after -o ce.json: (.*)", r"\1", lines)
        assert found == 1
    lines += (
        "run = mlflow.last_active_run()\n"
        "print(json.dumps([run.data.metrics, run.data.tags]))\n"
        "print(mlflow.artifacts.load_dict(run.info.artifact_uri + '/ce.json')['loss'])\n"
    )
    (folder / "log.py").write_text(f"import json, pathlib\n{lines}", "utf-8")
    store = {"MLFLOW_TRACKING_URI": "file:./mlruns", "MLFLOW_ALLOW_FILE_STORE": "true"}
    logged = shell("python log.py", **store)
    assert logged.returncode == 0, logged.stderr
    said, artifact = logged.stdout.splitlines()[-2:]
    metrics, tags = json.loads(said)
    if loss == "finite":
        assert metrics == {"ce": CE, "ce_stderr": STDERR}
    else:
        assert (metrics, tags["ce_status"]) == ({}, "infinite")
    assert tags["ce_signature"].startswith("ce|from:probs|")
    assert artifact == "ce"


def test_cron_writes_a_file_for_prometheus(folder: Path) -> None:
    line = recipe("Prometheus", "crontab").rstrip("\n")
    assert "%" not in line  # a line end, to cron
    *_, command = line.split(maxsplit=5)
    collector = folder / "collector"
    collector.mkdir()
    for place, here in {
        "/srv/model": folder,
        "/opt/lossctl/bin": Path(sys.executable).parent,
        "/var/lib/prometheus/node-exporter": collector,
    }.items():
        assert place in command
        command = command.replace(place, f"'{here}'")
    bare = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "HOME": str(folder)}
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    shell = ["/bin/sh", "-c", command]
    for expected in (0, 3):
        done = subprocess.run(shell, env=bare | kept, capture_output=True, text=True, check=False)
        assert done.returncode == expected
        assert done.stdout == ""
        assert done.stderr.count("error: ") == (expected == 3)
        assert [entry.name for entry in collector.iterdir()] == ["loss.prom"]
        text = (collector / "loss.prom").read_text("utf-8")
        (value,) = re.findall(
            r'^lossctl_loss\{loss="ce",predictions="predictions.csv"\} (.*)$', text, re.MULTILINE
        )
        assert float(value) == CE
        (folder / "truth.csv").unlink(missing_ok=True)


def test_find_gives_a_batch_its_names(folder: Path, shell: Shell) -> None:
    flatten(folder / "runs" / "a run.csv")
    assert shell(recipe("Many files")).returncode == 0
    rows = [row.split("\t") for row in (folder / "ranking.tsv").read_text("utf-8").splitlines()]
    column = rows[0].index("predictions")
    assert [row[column] for row in rows[1:]] == ["runs/b/it's.csv", "runs/a run.csv"]


@pytest.mark.parametrize(("program", "nth", "code"), [("xargs", 1, 123), ("parallel", 2, 1)])
def test_several_at_a_time(folder: Path, shell: Shell, program: str, nth: int, code: int) -> None:
    needs(program)
    runs = folder / "runs"
    shutil.move(runs / "b" / "it's.csv", runs / "it's.csv")
    assert shell(recipe("Many files", nth=nth)).returncode == 0
    assert stored(runs / "a run.json") == CE
    assert stored(runs / "it's.json") == CE
    flatten(runs / "a run.csv")
    assert shell(recipe("Many files", nth=nth)).returncode == code
    assert stored(runs / "a run.json") == CE_OF_NOTHING


@pytest.fixture(name="shards")
def _shards(folder: Path) -> Path:
    """Cut the predictions in three."""
    header, *rows = (folder / "predictions.csv").read_text("utf-8").splitlines()
    (folder / "shards").mkdir()
    for i in range(3):
        lines = [header, *rows[70 * i : 70 * (i + 1)], ""]
        (folder / "shards" / f"part-{i}.csv").write_text("\n".join(lines), "utf-8")
    return folder


def test_parallel_scores_shards(shards: Path, shell: Shell) -> None:
    needs("parallel")
    done = shell(recipe("Many shards"))
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(shards / "loss.json") == CE
    flatten(shards / "shards" / "part-1.csv")
    assert shell(recipe("Many shards")).returncode == 1


# What stands in for Slurm: it runs a script for each task of its array, or a line, at once.
SBATCH = """#!/bin/sh
for word; do :; done
if [ "$1" = --parsable ]; then
  for SLURM_ARRAY_TASK_ID in 2 0 1; do
    export SLURM_ARRAY_TASK_ID SLURM_CPUS_PER_TASK=2
    sh -e "$word" || exit
  done
  echo 1234
else
  [ "$1" = --dependency=afterok:1234 ] && [ "$2" = --wrap ] && sh -e -c "$word"
fi
"""


def test_slurm_scores_shards(shards: Path, shell: Shell) -> None:
    script = recipe("Many shards", nth=1)
    assert "#SBATCH --array=0-2\n" in script
    (shards / "loss.sbatch").write_text(script, "utf-8")
    (shards / "bin").mkdir()
    (shards / "bin" / "sbatch").write_text(SBATCH, "utf-8")
    (shards / "bin" / "sbatch").chmod(0o755)
    for _ in range(2):  # a task may be run again
        done = shell(f'PATH="$PWD/bin:$PATH"\n{recipe("Many shards", nth=2)}')
        assert (done.returncode, done.stderr) == (0, "")
        whole = lossctl.score("ce", str(shards / "predictions.csv"), str(shards / "truth.csv"))
        assert stored(shards / "loss.json") == whole.value


def test_spark_scores_partitions() -> None:
    names: dict[str, Any] = {}
    exec(recipe("Spark", "python"), names)  # noqa: S102
    rows = [{"id": i, "prob": (i % 9 + 1) / 10, "label": i % 2} for i in range(40)]
    partitions = [rows[:7], [], rows[7:8], rows[8:]]

    class Frame:
        """A stand-in for a frame of Spark's and its RDD, with two methods."""

        def __init__(self, found: list[Any]) -> None:
            self.found, self.rdd = found, self

        def mapPartitions(self, work: Callable[..., Any]) -> Frame:  # noqa: N802  # Spark's
            return Frame([one for part in self.found for one in work(iter(part))])

        def collect(self) -> list[Any]:
            return self.found

    table = {name: [row[name] for row in rows] for name in rows[0]}
    assert names["loss_of"](Frame(partitions)).value == lossctl.score("bce", table).value


def test_jq_finds_its_way(folder: Path, shell: Shell) -> None:
    needs("jq")
    number, several, classes, best, gate = recipe("jq").splitlines()
    assert float(shell(number).stdout.split(" ± ")[0]) == CE
    assert json.loads(shell(several).stdout) == {"ce": CE, "brier": BRIER}
    rows = [row.split("\t") for row in shell(classes).stdout.splitlines()]
    assert [(name, n) for name, _, n in rows] == [("cat", "67"), ("dog", "65"), ("owl", "68")]
    shutil.copy(folder / "runs" / "a run.csv", folder / "runs" / "flat.csv")
    flatten(folder / "runs" / "flat.csv")
    assert shell(best).stdout == "runs/a run.csv\n"
    assert shell(gate).returncode == 0
    flatten(folder / "predictions.csv")
    assert shell(gate).returncode == 1
    (folder / "truth.csv").unlink()
    assert shell(gate).returncode == 3


def test_pandas_reads_every_bit(
    folder: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flatten(folder / "runs" / "a run.csv")
    assert shell(recipe("Many files")).returncode == 0
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(recipe("pandas", "python"), names)  # noqa: S102
    assert "it's.csv" in capsys.readouterr().out
    expected = [
        lossctl.score("ce", f"runs/{name}.csv", "truth.csv").value for name in ("b/it's", "a run")
    ]
    assert list(names["ranking"]["value"]) == expected
