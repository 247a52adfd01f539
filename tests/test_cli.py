"""The program as a process: streams, exit codes, formats, pipes, a terminal, signals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import ENVIRONMENT, Run, in_terminal

from lossctl.cli import app
from lossctl.cli.terminal import Terminal
from lossctl.version import __version__

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
DATA = "prob,label\n0.75,1\n0.5,0\n0.25,1\n"
VALUE = -np.log([0.75, 0.5, 0.25]).mean()
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _data(write: Write) -> None:
    write("f.csv", DATA)


class TestFormats:
    """Table, TSV, JSON and the number alone."""

    def test_a_pipe_gets_tsv_in_full_precision(self, lossctl: Lossctl) -> None:
        run = lossctl("bce", "f.csv")
        header, row = (line.split("\t") for line in run.out.splitlines())
        assert header == [
            "loss",
            "value",
            "stderr",
            "ci_low",
            "ci_high",
            "n",
            "denominator",
            "skipped",
            "predictions",
            "labels",
            "signature",
        ]
        assert (run.code, run.err) == (0, "")
        assert row[0] == "bce"
        assert float(row[1]) == pytest.approx(VALUE, rel=1e-15)
        assert row[5:10] == ["3", "3", "0", "f.csv", "f.csv"]
        assert re.fullmatch(
            r"bce\|from:probs\|conv:exact\|eps:0\|norm:none\|weights:none\|denom:n\|ignore:none"
            r"\|smooth:0\|nan:error\|join:order\|n:3\|lossctl:" + re.escape(__version__),
            row[10],
        )

    def test_json_is_strict_and_complete(self, lossctl: Lossctl) -> None:
        run = lossctl("bce", "f.csv", "--json")
        found = json.loads(run.out)
        assert run.out == lossctl("bce", "f.csv", "--format", "json").out
        assert list(found) == [
            *("schema", "loss", "value", "status", "reduction", "n", "skipped", "ignored"),
            *("denominator", "sum", "stderr", "ci", "derived", "best_constant", "clipped"),
            *("predictions", "labels", "columns", "signature", "warnings"),
        ]
        assert found["schema"] == 1
        assert found["ci"]["level"] == 0.95
        assert found["columns"] == {
            "predictions": ["prob"],
            "label": "label",
            "id": None,
            "header": True,
        }
        several = json.loads(lossctl("mse,mae", "f.csv", "--json").out)
        assert [result["loss"] for result in several["results"]] == ["mse", "mae"]

    def test_json_has_no_number_for_infinity(self, lossctl: Lossctl, write: Write) -> None:
        write("f.csv", "prob,label\n0,1\n1,1\n")
        run = lossctl("bce", "f.csv", "--json")
        found = json.loads(run.out, parse_constant=pytest.fail)
        assert (found["value"], found["status"], found["stderr"]) == (None, "infinite", None)
        assert run.code == 0
        assert "warning: the loss is infinite because of 1 row (50 %): the true" in run.err
        assert "warning: what others make of bce: torch 50, sklearn 18.0218, keras" in run.err
        assert found["clipped"] == {"rows": 1, "share": None}
        assert lossctl("bce", "f.csv").out.splitlines()[1].split("\t")[1:5] == ["inf", "", "", ""]
        assert lossctl("bce", "f.csv", "--value").out == "inf\n"

    def test_the_value_alone(self, lossctl: Lossctl) -> None:
        run = lossctl("bce", "f.csv", "--value")
        assert run.out.endswith("\n")
        assert float(run.out) == pytest.approx(VALUE, rel=1e-15)
        assert len(lossctl("mse,mae", "f.csv", "--value").out.splitlines()) == 2

    def test_row_losses_are_streamed_one_a_line(self, lossctl: Lossctl) -> None:
        run = lossctl("bce", "f.csv", "--reduction", "none")
        np.testing.assert_allclose(
            [float(line) for line in run.out.splitlines()], -np.log([0.75, 0.5, 0.25])
        )
        two = lossctl("mse,mae", "f.csv", "--reduction", "none").out.splitlines()
        assert two == ["0.0625\t0.25", "0.25\t0.5", "0.5625\t0.75"]
        assert lossctl("bce", "f.csv", "--reduction", "none", "--json").code == 2

    def test_row_losses_end_where_the_file_does(self, lossctl: Lossctl, write: Write) -> None:
        write("f.csv", DATA + "0.5,oops\n")
        run = lossctl("bce", "f.csv", "--reduction", "none")
        assert (run.code, len(run.out.splitlines())) == (3, 3)
        assert "line 5" in run.err

    def test_an_explicit_table_is_the_same_in_a_pipe(
        self, lossctl: Lossctl, tmp_path: Path
    ) -> None:
        run = lossctl("bce", "f.csv", "--format", "table")
        code, shown = in_terminal(tmp_path, "bce", "f.csv", columns=200)
        assert code == 0
        assert ANSI.sub("", shown) == run.out
        assert "3 rows, denominator 3" in run.out

    def test_file_names_cannot_steer_the_terminal_or_break_the_table(
        self, lossctl: Lossctl, write: Write
    ) -> None:
        write("a\x1b[31m\tb.csv", DATA)
        for form in ("tsv", "table"):
            run = lossctl("bce", "a\x1b[31m\tb.csv", "--format", form)
            assert "\x1b" not in run.out
            assert "a\\x1b[31m\\tb.csv" in run.out
        run = lossctl("bce", "\x1b[31mno.csv")
        assert "\x1b" not in run.err


class TestTerminal:
    """A real terminal of 60 columns."""

    @pytest.mark.parametrize("loss", ["bce", "mse,mae,rmse"])
    def test_the_table_fits_and_loses_nothing(self, loss: str, tmp_path: Path) -> None:
        code, shown = in_terminal(tmp_path, *loss.split(" "), "f.csv")
        lines = ANSI.sub("", shown).splitlines()
        assert code == 0
        assert max(map(len, lines)) <= 60
        assert "…" not in "".join(lines).replace(" … ", "")
        signature = "".join(lines[lines.index(next(x for x in lines if "|from:" in x)) :])
        assert f"n:3|lossctl:{__version__}" in signature

    def test_colour_rules(self, tmp_path: Path, lossctl: Lossctl) -> None:
        def colored(*arguments: str, **environment: str) -> bool:
            return (
                "\x1b["
                in in_terminal(tmp_path, "bce", "f.csv", *arguments, environment=environment)[1]
            )

        assert colored()
        assert not colored(NO_COLOR="1")
        assert colored(NO_COLOR="")
        assert not colored(FORCE_COLOR="0")
        assert not colored(TERM="dumb")
        assert colored("--color", "always", NO_COLOR="1")
        assert not colored("--color", "never")
        table = ("bce", "f.csv", "--format", "table")
        assert "\x1b" not in lossctl(*table).out
        assert "\x1b" in lossctl(*table, FORCE_COLOR="1").out
        assert "\x1b" not in lossctl(*table, FORCE_COLOR="1", NO_COLOR="1").out
        assert "\x1b" not in lossctl(*table, GITHUB_ACTIONS="true").out
        assert "\x1b" not in lossctl("--help", GITHUB_ACTIONS="true").out

    def test_errors_are_coloured_on_a_terminal_only(self, tmp_path: Path, lossctl: Lossctl) -> None:
        assert "\x1b[" in in_terminal(tmp_path, "bce", "no.csv")[1]
        assert "\x1b" not in lossctl("bce", "no.csv").err


class TestExits:
    """Exit codes, and one error of two lines."""

    @pytest.mark.parametrize(
        ("arguments", "code", "error", "hint"),
        [
            (["bce", "no.csv"], 3, "there is no such file, no.csv", None),
            (["bce", "g.csv"], 3, "there is no such file, g.csv", "did you mean 'f.csv'?"),
            (["bec", "f.csv"], 2, "there is no loss called 'bec'", "did you mean 'bce'?"),
            (["bce"], 2, "missing argument 'PREDICTIONS'", "for example lossctl mse,mae fore"),
            (
                ["f.csv"],
                2,
                "'f.csv' is no loss, and no command",
                "the loss comes first: lossctl mse",
            ),
            (["bacth", "bce", "f.csv"], 2, "'bacth' is no loss", "did you mean 'batch'?"),
            (["mre", "f.csv"], 2, "there is no loss called 'mre'", "did you mean 'mse'?"),
            (["accuracy", "f.csv"], 2, "there is no loss called", "lossctl losses lists all"),
            (["bce", "f.csv", "--labels", "g"], 2, "there is no option --labels", "by its place"),
            (["report", "bce", "f.csv"], 2, "missing option '-o'", "for example lossctl report"),
            (["bce", "f.csv", "--level", "95"], 2, "--level is between 0 and 1", "95 % is 0.95"),
            (["bce,", "f.csv"], 2, "a loss without a name", "single commas: mse,mae"),
            (
                ["bce", "f.csv", "--form", "x"],
                2,
                "there is no option --form",
                "did you mean '--format'?",
            ),
            (["bce", "f.csv", "--level", "x"], 2, "invalid value for '--level'", None),
            (["bce", "f.csv", "--level", "2"], 2, "--level is between 0 and 1, not 2", None),
            (
                ["bce", "f.csv", "--format", "xml"],
                2,
                "there is no format 'xml'",
                "formats are auto,",
            ),
            (["bce", "f.csv", "--json", "--value"], 2, "one format, not json and value", None),
            (["bce", "f.csv", "--color", "red"], 2, "--color is auto, always or never", None),
            (["bce", "f.csv", "g.csv", "h.csv"], 2, "one or two inputs, not 3", "a quoted glob"),
            (
                ["bce", "f.csv", "--pred-col", "prop"],
                3,
                "there is no column 'prop', f.csv",
                "'prob'",
            ),
            (["--json", "bce", "f.csv"], 0, "", None),
        ],
    )
    def test_mistakes(
        self, arguments: list[str], code: int, error: str, hint: str | None, lossctl: Lossctl
    ) -> None:
        run = lossctl(*arguments)
        assert run.code == code
        lines = run.err.splitlines()
        assert (run.out == "") == (code != 0)
        if error:
            assert lines[0].startswith(f"error: {error}")
            assert len(lines) <= 2
        if hint:
            assert lines[1].startswith("hint: ")
            assert hint in lines[1]

    def test_alone_it_says_what_to_type(self, lossctl: Lossctl) -> None:
        run = lossctl()
        assert (run.code, run.out) == (2, "")
        assert "lossctl mse forecast.csv" in run.err

    @pytest.mark.parametrize("flag", ["-h", "--help"])
    def test_help(self, flag: str, lossctl: Lossctl) -> None:
        assert "lossctl mse forecast.csv" in lossctl(flag).out
        run = lossctl("bce", flag)
        assert (run.code, run.err) == (0, "")
        assert "lossctl bce predictions.csv truth.csv" in run.out

    @pytest.mark.parametrize("flag", ["-V", "--version"])
    def test_version(self, flag: str, lossctl: Lossctl) -> None:
        assert lossctl(flag) == Run(0, f"lossctl {__version__}\n", "")

    def test_the_long_form_of_the_command(self, lossctl: Lossctl) -> None:
        assert lossctl("score", "bce", "f.csv") == lossctl("bce", "f.csv")

    def test_a_bug_of_ours_is_70_and_shows_no_traceback(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("lossctl.api.plan_of", lambda *_, **__: 1 / 0)
        assert app.run(["bce", "f.csv"], Terminal()) == 70
        err = capsys.readouterr().err
        assert err.startswith("error: lossctl has a bug: ZeroDivisionError")
        assert "Traceback" not in err
        assert app.run(["bce", "f.csv", "--debug"], Terminal()) == 70
        assert "Traceback" in capsys.readouterr().err

    def test_interruption_is_130_and_quiet(self, tmp_path: Path, write: Write) -> None:
        write("big.csv", "prob,label\n" + "0.5,1\n" * 3_000_000)
        process = subprocess.Popen(
            [sys.executable, "-m", "lossctl", "bce", "big.csv", "--reduction", "none"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.read(10)  # it is at work
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, b"")

    def test_a_reader_that_stops_reading_is_no_error(self, tmp_path: Path, write: Write) -> None:
        write("big.csv", "prob,label\n" + "0.5,1\n" * 300_000)
        command = f"{sys.executable} -m lossctl bce big.csv --reduction none; echo $? >&2"
        done = subprocess.run(
            ["/bin/bash", "-c", f"({command}) | head -1"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout.strip(), done.stderr) == (repr(float(np.log(2))), "0\n")

    def test_a_full_disk_is_an_error(self, tmp_path: Path) -> None:
        done = subprocess.run(
            ["/bin/bash", "-c", f"{sys.executable} -m lossctl bce f.csv > /dev/full"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (
            3,
            "error: No space left on device, standard output\n",
        )

    def test_an_unreadable_file_is_an_error(self, lossctl: Lossctl, tmp_path: Path) -> None:
        (tmp_path / "loop.csv").symlink_to("loop.csv")
        run = lossctl("bce", "loop.csv")
        assert (run.code, run.err.splitlines()[0]) == (
            3,
            "error: cannot read the file: Too many levels of symbolic links, loop.csv",
        )


PEAK = (
    "import resource, subprocess, sys;"
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def peak_mib(folder: Path, *arguments: str) -> float:
    """Return the peak memory of the program in MiB."""
    command = [sys.executable, "-c", PEAK, sys.executable, "-m", "lossctl", *arguments]
    environment = {name: value for name, value in ENVIRONMENT.items() if "COVERAGE" not in name}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout) / 1024


def test_memory_does_not_grow_with_the_file(tmp_path: Path, write: Write) -> None:
    for name, gigabytes in (("p.npy", 4), ("y.npy", 4)):
        rows = gigabytes * 125_000_000
        with open(tmp_path / name, "wb") as file:  # sparse: it takes no room on the disk
            header = {"descr": "<f8", "fortran_order": False, "shape": (rows,)}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + 8 * rows)
    assert peak_mib(tmp_path, "mse", "p.npy", "y.npy") < 100
    write("big.csv", "prob,x,label\n" + "0.123456789012345,0.25,1\n" * 4_000_000)
    assert peak_mib(tmp_path, "bce", "big.csv", "--pred-col", "prob") < 250
