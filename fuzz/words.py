"""Words of a command line: options, losses, signatures, class weights."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache, wraps
from typing import Any

import numpy as np

import lossctl
from fuzz.seeds import TEXTS
from fuzz.target import Choices, answer, is_error, same, target, written
from lossctl import signatures as signature_parts
from lossctl.cli import app, plain, typed
from lossctl.cli.app import COMMANDS
from lossctl.cli.declared import Argument, parameters
from lossctl.cli.terminal import Context, Job, Terminal
from lossctl.losses import parse
from lossctl.losses.registry import LOSSES

_WORDS = (
    *("f.csv", "mse", "3", "0.5", "-", "nan", "inf", "1_0", " 2", "", "-1", "--", "é=x", "1e400"),
    *("-0", "+3", "١", "0x1", "true", "a,b", "=", "--=", "x=1", "\t", "\n", "\udc80", "3.0", "-.5"),
)


@cache
def _spellings(name: str) -> list[str]:
    declared = [one.declaration for one in parameters(COMMANDS[name]).values()]
    options = [one for one in declared if not isinstance(one, Argument)]
    return [part for one in options for whole in one.spellings for part in whole.split("/")]


_SEEN: dict[str, Any] = {}


@cache
def _program(name: str) -> Any:
    def spy(context: Context, **values: Any) -> Job:
        del context
        _SEEN.clear()
        _SEEN.update(values)
        return app.print_version

    return typed.made({name: wraps(COMMANDS[name])(spy)})


def option_seeds() -> Iterator[bytes]:
    """Yield lines of one option with one word, for every command."""
    for i, name in enumerate(COMMANDS):
        for j in range(len(_spellings(name))):
            yield bytes([i, 3, 0, 1, j, 0, j % len(_WORDS)])
            yield bytes([i, 4, 0, 1, j, 2, 2, 49, 46, 1, j])


def _line(choices: Choices) -> list[str]:
    name = choices.one(tuple(COMMANDS))
    words = [name]
    for _ in range(choices.below(8)):
        kind = choices.below(4)
        if kind == 0:
            words.append(choices.one(_WORDS))
        elif kind == 1:
            words.append(choices.one(_spellings(name)))
        elif kind == 2:
            words.append(choices.some(12).decode("utf-8", "surrogateescape").replace("\0", ""))
        else:
            words.append(choices.one(_spellings(name)) + "=" + choices.one(_WORDS))
    return words


@target(option_seeds, longest=64)
def options(data: bytes) -> None:
    """What is read plainly Typer reads the same; all else is a job, an exit code or an error."""
    words = _line(Choices(data))
    found = plain.read(COMMANDS[words[0]], words[1:])
    streams = Terminal(io.StringIO(), io.StringIO(), {})
    if found is not None:
        _program(words[0])(words, standalone_mode=False, obj=streams)
        same(sorted(found.items()), sorted(_SEEN.items()))
        return
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        answer(lambda: typed.read(words, streams))


def loss_seeds() -> Iterator[bytes]:
    """Yield every loss, alone and with its parameters."""
    for loss in LOSSES.values():
        yield str(loss).encode()
        for name, default in loss.parameters:
            yield f"{loss.name}:{name}={default}".encode()
            yield f"{loss.name}:{name.replace('_', '-')}=2,mae".encode()
    yield b"focal:gamma=2,alpha=0.25,mae"
    yield "huber:delta=1_0,huber:delta=\u0661".encode()


@target(loss_seeds, longest=128)
def losses(data: bytes) -> None:
    """Losses that are printed are read back; numbers are spelt as everywhere."""
    text = data.decode("utf-8", "surrogateescape")
    found = answer(lambda: parse(text))
    if is_error(found):
        return
    printed = ",".join(map(str, found))
    same(found, parse(printed))
    assert text.isascii(), "a loss is spelt in ASCII"
    values = [part.rpartition("=")[2] for part in text.split(",") if "=" in part]
    assert not any("_" in value for value in values), f"{text} has a value with an underscore"


def signature_seeds() -> Iterator[bytes]:
    """Yield signatures."""
    yield lossctl.score("mse", [1.0, 2.0], [1.0, 3.0]).signature.encode()
    yield lossctl.score(
        "bce", [0.5, 0.5], [1, 0], fingerprint=True, positive="1"
    ).signature.encode()
    yield b"mse|from:numbers|n:1"


@target(signature_seeds, longest=512)
def signatures(data: bytes) -> None:
    """A signature that is read has all its parts, and says nothing else when it is put together."""
    text = data.decode("utf-8", "surrogateescape")
    found = answer(lambda: signature_parts.parse(text))
    if is_error(found):
        return
    again = "|".join(v if k == "loss" else f"{k}:{v}" for k, v in found.items())
    same(found, signature_parts.parse(again))
    assert signature_parts.entries(text, again) == []


def weight_seeds() -> Iterator[bytes]:
    """Yield files of class weights, of several formats."""
    for i in range(4):
        for text in (
            b"class,weight\na,2\nb,1\n",
            b"2\n1\n",
            b"a,2\nb,3\n",
            b'{"class":"a","w":2}\n',
        ):
            yield bytes([i]) + text
        for save in (np.save, np.savez):
            buffer = io.BytesIO()
            save(buffer, np.array([2.0, 1.0]))
            yield bytes([i]) + buffer.getvalue()
        for text in TEXTS[:6]:
            yield bytes([i]) + text


@target(weight_seeds)
def class_weights(data: bytes) -> None:
    """Any bytes as a file of class weights: a score, or an error."""
    choices = Choices(data)
    suffix = choices.one((".csv", ".npy", ".npz", ".jsonl"))
    path = written("w" + suffix, choices.rest())
    p = [[0.5, 0.5], [0.25, 0.75]]
    given: Callable[..., Any] = lossctl.score
    for call in (
        lambda: given("bce", [0.5, 0.25], [0, 1], class_weight=path).value,
        lambda: given("ce", p, ["a", "b"], classes="a,b", class_weight=path).value,
        lambda: given("ce", p, [0, 1], class_weight=path).value,
    ):
        found = answer(call)
        assert is_error(found) or found >= 0, found
