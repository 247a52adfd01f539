"""Help pages: what it is for, examples, usage, then the options under headings."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lossctl.cli.declared import REQUIRED, Argument, Declared, Option, parameters

_WIDTH = 80
_LEFT = 30  # what is longer has a line of its own
# In which order options are told; one that is not named here comes last.
_HEADINGS: dict[str, tuple[str, ...]] = {
    "Which rows": ("row", "key"),
    "Several files": ("labels", "baseline", "adjust", "top", "files_from", "null", "fail_fast"),
    "Columns and rows": (
        *("from_", "pred_col", "label_col", "id", "unmatched", "weight_col", "weights"),
    ),
    "Labels and classes": (
        *("positive", "classes", "label_base", "ignore_label"),
        *("class_weight", "pos_weight", "label_smoothing"),
    ),
    "The number": ("reduction", "convention", "eps", "normalize", "level", "fingerprint"),
    "Rows and groups": ("worst", "per_row", "by", "min_group", "cluster", "plot"),
    "Gates": ("fail_above", "fail_above_ci", "fail_if_worse", "require_not_worse"),
    "Output": (
        *("format", "json", "value", "output", "partial", "precision", "safe_csv"),
        *("quiet", "color"),
    ),
    "Doubtful data": ("nan", "diagnose", "sum_tol"),
    "Reading files": ("input_format", "header", "delimiter", "decimal"),
    "Other options": ("jobs", "engine", "scheduler", "debug"),
}
# What a command refuses, though it takes the options that go together with it.
_REFUSED = {"explain": ("by", "cluster", "fingerprint", "min_group")}
_HELP = ("-h, --help", "Show this and exit.")

EXAMPLES = """\
  lossctl mse forecast.csv                 predictions and labels in one file
  lossctl bce predictions.csv truth.csv    probabilities, labels in another file
  lossctl ce logits.npy labels.npy --from logits"""

FIRST = f"""\
How wrong are these predictions? Name a loss, and the files:

{EXAMPLES}

lossctl losses          which losses there are
lossctl --help          what else it does: ranks files, explains rows, reports
lossctl score --help    all options of scoring
"""

_TOP = """\
How wrong are these predictions?

Examples:
{examples}

Usage: lossctl LOSS PREDICTIONS [LABELS] [OPTIONS]
       lossctl COMMAND [ARGUMENTS] [OPTIONS]

`lossctl LOSS …` is short for `lossctl score LOSS …`; options: lossctl score -h

Commands:
{commands}

Options:
{options}

Exit codes: 0 computed, 1 a gate failed, 2 wrong usage, 3 a file cannot be read
or is not valid, 4 an optional package is missing, 70 a bug.
"""


def top(commands: Mapping[str, Callable[..., Any]], width: int = _WIDTH) -> str:
    """Return the page of the program."""
    listed = [(name, summary(command)) for name, command in commands.items()]
    flags = [("-V, --version", "Print the version."), _HELP]
    page = _TOP.format(
        examples=EXAMPLES,
        commands="\n".join(_table(listed, width)),
        options="\n".join(_table(flags, width)),
    )
    return page if width >= _WIDTH else "\n".join(_fold(page.split("\n"), width))


def _fold(lines: Sequence[str], width: int) -> Iterator[str]:
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(line, width, subsequent_indent=indent) or [""]


def page(name: str, command: Callable[..., Any], width: int = _WIDTH) -> str:
    """Return the page of a command."""
    first, examples, notes = _parts(command)
    declared = parameters(command)
    arguments = _arguments(declared)
    lines = [*textwrap.wrap(first, width), ""]
    if examples:
        lines += [*examples, ""]
    lines += [*textwrap.wrap(f"Usage: {usage(name, command)}", width), ""]
    for note in notes:
        lines += [*textwrap.wrap(note, width), ""]
    if arguments:
        said = [(one.metavar.strip("[]"), one.help) for one in arguments]
        lines += ["Arguments:", *_table(said, width), ""]
    told = {key: one for key, one in declared.items() if key not in _REFUSED.get(name, ())}
    for heading, options in _sections(told):
        lines += [f"{heading}:", *_table(options, width), ""]
    return "\n".join(_fold(lines[:-1], width) if width < _WIDTH else lines[:-1]) + "\n"


def _arguments(declared: Mapping[str, Declared]) -> list[Argument]:
    found = (one.declaration for one in declared.values())
    return [one for one in found if isinstance(one, Argument)]


def usage(name: str, command: Callable[..., Any]) -> str:
    """Return the line that shows what goes where."""
    places = (_place(one) for one in _arguments(parameters(command)))
    return " ".join(["lossctl", name, *places, "[OPTIONS]"])


def example(command: Callable[..., Any]) -> str:
    """Return the first of a command's examples."""
    return _parts(command)[1][1].strip()


def summary(command: Callable[..., Any]) -> str:
    """Return the line that says what a command is for."""
    return _parts(command)[0]


def _parts(command: Callable[..., Any]) -> tuple[str, list[str], list[str]]:
    """Return a docstring's first line, its examples as they stand, and its other paragraphs."""
    first, *rest = textwrap.dedent("    " + (command.__doc__ or "")).strip().split("\n\n")
    found = [part for part in rest if part.startswith("Example")]
    notes = [" ".join(part.split()) for part in rest if part not in found]
    return " ".join(first.split()), found[0].rstrip().split("\n") if found else [], notes


def _place(one: Argument) -> str:
    optional = one.default is not REQUIRED and not one.metavar.startswith("[")
    return f"[{one.metavar}]" if optional else one.metavar


def _sections(declared: Mapping[str, Declared]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield headings and the options under them, without headings that have none."""
    left = {
        name: one.declaration
        for name, one in declared.items()
        if isinstance(one.declaration, Option)
    }
    for heading, names in _HEADINGS.items():
        found = [_record(left.pop(name)) for name in names if name in left]
        last = heading == "Other options"
        if last:
            found = [*map(_record, left.values()), *found, _HELP]
        if found:
            yield heading, found


def _record(option: Option) -> tuple[str, str]:
    spelt = " / ".join(", ".join(option.spellings).split("/"))
    told = ""
    if option.default and option.default is not REQUIRED:
        default = repr(option.default) if option.default == "." else option.default
        told = f"; default {default}"
    return f"{spelt} {option.metavar or ''}".rstrip(), f"{option.help.removesuffix('.')}{told}."


def _table(records: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Return lines of two columns."""
    left = max((len(first) for first, _ in records if len(first) <= _LEFT), default=_LEFT) + 4
    lines = []
    for first, second in records:
        start = f"  {first}".ljust(left)
        if len(first) > _LEFT:
            lines.append(f"  {first}")
            start = " " * left
        indent = " " * left
        lines += textwrap.wrap(second, width, initial_indent=start, subsequent_indent=indent)
    return lines
