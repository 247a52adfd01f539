"""Words are completed: what a shell is told, that it is told in any case, and in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import ENVIRONMENT, Run

from lossctl.cli import completion
from lossctl.cli.app import COMMANDS
from lossctl.cli.completion import FILES, NOTHING
from lossctl.cli.declared import Argument, parameters
from lossctl.cli.shells import SCRIPTS
from lossctl.conventions import CONVENTIONS
from lossctl.losses import LOSSES
from lossctl.render.formats import FORMATS
from lossctl.sources import files

Write = Callable[[str, "str | bytes"], Path]


@pytest.fixture(autouse=True)
def _files(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("p.csv", "image_id,p cat,dog,owl\na,0.5,0.25,0.25\nb,0.5,0.25,0.25\n")
    write("y.csv", "image_id,class,fold\na,cat,1\nb,dog,2\n")
    write("one.csv", "prob,label\n0.5,no\n0.5,yes\n")


def offered(*words: str, by: str = "fish") -> list[str]:
    """Return what is offered for the last word: the words, or else what kind of answer it is."""
    kind, *lines = completion.answer(by, words, COMMANDS)
    return [line.partition("\t")[0] for line in lines] or [kind]


def test_the_first_word_is_a_verb_or_a_loss() -> None:
    assert {*offered("")} == {*COMMANDS, *LOSSES}
    assert offered("sig") == ["signature"]
    assert offered("hu") == ["huber"]
    assert offered("log-l") == ["log-loss"]
    assert offered("--v") == ["--version"]


def test_losses_are_completed_behind_a_comma_and_their_parameters_behind_a_colon() -> None:
    assert offered("mse,hu") == ["mse,huber"]
    assert "mse,mse" not in offered("mse,")
    assert offered("huber:") == ["huber:delta="]
    assert offered("score", "mse,focal:gamma=2,al") == ["mse,focal:gamma=2,alpha="]
    assert "focal:gamma=2,mae" in offered("focal:gamma=2,")
    assert offered("batch", "rms") == ["rmse", "rmsle"]
    assert offered("huber:delta=0") == ["words"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--pred-col", ""], ["image_id", "p cat", "dog", "owl"]),
        (["--pred-col", "dog,o"], ["dog,owl"]),
        (["--pred-col=d"], ["--pred-col=dog"]),
        (["--label-col", ""], ["image_id", "class", "fold"]),
        (["--id", "i"], ["image_id"]),
        (["--cluster", "f"], ["fold"]),
        (["--weight-col", "fo"], ["fold"]),
        (["--by", "class", "--by", "l"], ["label"]),
        (["--positive", ""], ["cat", "dog"]),
        (["--ignore-label", "c"], ["cat"]),
        (["--classes", "cat,"], ["cat,dog"]),
        (["--class-weight", "cat=2,"], ["cat=2,dog="]),
        (["--class-weight", "b"], ["balanced"]),
    ],
)
def test_columns_and_labels_are_those_of_the_files(words: list[str], found: list[str]) -> None:
    assert offered("ce", "p.csv", "y.csv", *words) == found


def test_files_are_found_where_the_command_names_them() -> None:
    assert offered("bce", "one.csv", "--label-col", "") == ["prob", "label"]
    assert offered("bce", "one.csv", "--positive", "") == ["no", "yes"]
    assert offered("bce", "one.csv", "--nan", "skip", "--by", "pr") == ["prob"]
    assert offered("batch", "ce", "*p.csv", "--labels", "y.csv", "--by", "fo") == ["fold"]
    assert offered("onehot", "y.csv", "--label-col", "c") == ["class"]
    assert offered("explain", "bce", "~/none.csv", "--pred-col", "") == ["words"]


def test_values_of_options_are_completed() -> None:
    formats = [name for name in FORMATS if name != "auto"]
    assert offered("bce", "one.csv", "--format", "") == formats
    assert offered("bce", "--convention", "") == ["exact", *CONVENTIONS, "all"]
    assert {*offered("bce", "--input-format", "")} < {*files.FORMATS}
    assert offered("bce", "--eps", "a") == ["auto"]
    assert offered("bce", "--decimal", "") == [".", ","]
    assert offered("bce", "--scheduler", "") == ["local"]
    assert offered("completion", "") == [*SCRIPTS]
    assert offered("bce", "--level", "") == ["words"]


def test_options_are_completed_once() -> None:
    assert offered("bce", "--conv") == ["--convention"]
    assert offered("bce", "--convention", "all", "--conv") == ["words"]
    assert offered("bce", "--by", "a", "--by") == ["--by"]
    assert offered("bce", "--no-h") == ["--no-header"]
    assert offered("bce", "--", "--no-h") == [FILES]


def test_the_shell_completes_names_of_files() -> None:
    assert offered("merge", "x") == [FILES]
    assert offered("bce", "p.csv", "-o", "x") == [FILES]
    assert offered("bce", "p") == [FILES]
    assert offered("bce", "p.csv", "y") == [FILES]
    assert offered("bce", "p.csv", "y.csv", "z") == [NOTHING]
    assert offered("bce", "--weights", "") == [FILES]


def test_bash_gets_what_it_puts_in_place_of_its_own_word() -> None:
    assert offered("lossctl huber:d", "=:", by="bash") == ["delta="]
    assert offered("lossctl ce p.csv --pred-col=p", "=:", by="bash") == ["p\\ cat"]
    assert offered("lossctl ce p.csv --pred-col p\\ ", "=:", by="bash") == ["p\\ cat"]
    assert offered("lossctl ce p.csv --pred-col 'p c", "=:", by="bash") == ["p cat"]
    assert offered('lossctl ce "p.csv" --pred-col dog,"p c', "=:", by="bash") == ["p cat"]


def test_names_that_could_steer_a_terminal_are_left_out(write: Write) -> None:
    write("p.csv", "a\x1b[31m,b,c\n0.5,0.5,1\n")
    assert offered("ce", "p.csv", "--pred-col", "") == ["b", "c"]


def test_other_formats_have_columns_too(tmp_path: Path, write: Write) -> None:
    pq.write_table(pa.table({"p": [0.5], "label": ["yes"]}), tmp_path / "f.parquet")
    assert offered("bce", "f.parquet", "--pred-col", "") == ["p", "label"]
    assert offered("bce", "f.parquet", "--positive", "") == ["yes"]
    write("f.jsonl", '{"p": 0.5, "label": 1}\n')
    assert offered("bce", "f.jsonl", "--pred-col", "") == ["p", "label"]
    np.save(tmp_path / "f.npy", np.zeros(3))
    assert offered("bce", "f.npy", "--pred-col", "") == ["words"]


def test_no_more_than_the_head_of_a_file_is_read(write: Write) -> None:
    path = write("big.csv", "prob,label\n" + "0.5,no\n" * 100_000)
    with path.open("ab") as file:
        file.write(b"0.5,last\n")
        file.truncate(1 << 40)  # a tebibyte, of which most is nowhere
    assert offered("bce", "big.csv", "--positive", "") == ["no"]
    assert offered("bce", "big.csv", "--pred-col", "") == ["prob", "label"]


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY\x01", b"PK\x03\x04", b"PAR1", b"\0" * 99, b"\xff\xfe", b'"', b"{"]
)
@pytest.mark.parametrize("suffix", ["csv", "npy", "npz", "parquet", "csv.gz", "jsonl", "arrow"])
def test_damaged_files_are_nothing(content: bytes, suffix: str, write: Write) -> None:
    write(f"bad.{suffix}", content)
    for option in ("--pred-col", "--positive", "--class-weight"):
        assert len(offered("ce", f"bad.{suffix}", option, "")) > 0


def test_pipes_and_addresses_are_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("pipe.csv", "-", "/dev/zero", "https://127.0.0.1:1/x.csv", "s3://b/x", "x*"):
        assert offered("bce", name, "--pred-col", "") in (["words"], [NOTHING])


WORDS = st.one_of(st.text(max_size=8), st.sampled_from(["ce", "p.csv", "--by", "--", "-", "a:b="]))


@given(words=st.lists(WORDS, max_size=6), shell=st.sampled_from([*SCRIPTS, "other"]))
def test_any_words_have_an_answer(words: list[str], shell: str) -> None:
    kind, *_ = completion.answer(shell, words, COMMANDS)
    assert kind.split("\t")[0] in ("nothing", "words", "files", "both")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_an_answer(name: str) -> None:
    for one in parameters(COMMANDS[name]).values():
        if not isinstance(one.declaration, Argument) and one.kind is not bool:
            spelling = one.declaration.spellings[0]
            assert offered(name, "ce", "p.csv", spelling, "")


def test_the_program_answers(lossctl: Callable[..., Run]) -> None:
    run = lossctl("sig", _LOSSCTL_COMPLETE="fish")
    assert (run.code, run.out.split("\t")[0], run.err) == (0, "words\nsignature", "")
    assert lossctl("completion", "bash").out == SCRIPTS["bash"]
    run = lossctl("completion", "tcsh")
    assert (run.code, run.out) == (2, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(tmp_path: Path) -> None:
    program = tmp_path / "lossctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m lossctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    asked = """
    compopt() { :; }
    COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:' COMP_LINE=$1 COMP_POINT=${#1}
    _lossctl ./lossctl "${1##* }"
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    for line, found in (("lossctl sig", "signature"), ("lossctl huber:", "delta=")):
        done = subprocess.run(
            [str(shutil.which("bash")), "--norc", "-c", SCRIPTS["bash"] + asked, "bash", line],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout.strip(), done.stderr) == (found, "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_can_read_their_scripts(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    done = subprocess.run(
        [shell, "-n", "/dev/stdin"],
        input=SCRIPTS[shell],
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
