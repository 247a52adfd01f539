"""How results are to look and where they go, as the options say it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from lossctl.cli.terminal import PIPE_WIDTH, Terminal
from lossctl.errors import UsageError
from lossctl.render.formats import (
    BY_SUFFIX,
    FORMATS,
    OF_LISTS,
    WITH_CONVENTIONS,
    WITH_GROUPS,
    WITH_PLOT,
    WITH_PRECISION,
    WITH_WORST,
)
from lossctl.values import dataclass

if TYPE_CHECKING:
    from lossctl.explanation import Explanation
    from lossctl.gates import Verdict
    from lossctl.render import Looks
    from lossctl.result import Ranking, Result


_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BOTH = "--per-row FILE writes the rows besides the result"


@dataclass(frozen=True)
class Output:
    """A format, a file unless it is standard output, how many digits are shown, and pictures.

    ``inert``: CSV and TSV hold nothing that a spreadsheet takes for a formula.
    """

    format: str
    path: str | None = None
    precision: int | None = None
    plot: bool = False
    inert: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.format not in FORMATS:
            hint = f"the formats are {', '.join(FORMATS)}"
            raise UsageError(f"there is no format '{self.format}'", hint=hint)
        if self.precision is not None and not 1 <= self.precision <= 17:
            hint = "a number has at most 17 digits"
            raise UsageError(f"--precision is from 1 to 17, not {self.precision}", hint=hint)
        refuse_address("-o", self.path)
        if self.precision is not None and self.format not in WITH_PRECISION:
            raise UsageError(
                f"--precision is for tables and Markdown; {self.format} keeps every digit",
                hint="leave it out, or --format table",
            )

    def check_rows(
        self,
        *,
        reduction: str | None,
        per_row: str | None,
        worst: int,
        by: Sequence[str],
        convention: str,
    ) -> None:
        """Refuse what does not go together with rows that are shown one by one."""
        refuse_address("--per-row", per_row)
        instead = "--reduction none" if reduction == "none" else "--per-row -"
        if per_row is not None and reduction == "none":
            hint = "--per-row FILE has their keys and labels as well"
            what = "--reduction none and --per-row are two ways to print the rows"
            raise UsageError(what, hint=hint)
        for option, given in (("--worst", worst), ("--by", by), ("--plot", self.plot)):
            if (reduction == "none" or per_row == "-") and given:
                what = f"{instead} takes the place of the result, and of its {option}"
                raise UsageError(what, hint=_BOTH)
        if (reduction == "none" or per_row == "-") and self.format not in ("auto", "tsv"):
            what = f"{instead} prints rows, which have no {self.format} format"
            raise UsageError(what, hint="--per-row FILE.csv, .npy or .parquet writes them so")
        if per_row == "-" and self.path is not None:
            raise UsageError("--per-row - takes the place of the result, and of its -o", hint=_BOTH)
        if None not in (per_row, self.path) and _same_file(str(per_row), str(self.path)):
            raise UsageError("--per-row and -o name the same file", hint="give each its own")
        for option, given, formats in (
            ("--worst", worst, WITH_WORST),
            ("--by", by, WITH_GROUPS),
            ("--plot", self.plot, WITH_PLOT),
            ("--convention all", convention == "all", WITH_CONVENTIONS),
        ):
            if given and self.format not in formats:
                what = f"{option} has no {self.format} format"
                raise UsageError(what, hint=f"it has {', '.join(formats[1:])}")

    def check_partial(self, partial: str | None, per_row: str | None = None) -> None:
        """Refuse a partial that has no file of its own."""
        if partial is None:
            return
        refuse_address("--partial", partial)
        if partial == "-":
            hint = "--partial FILE"
            raise UsageError("a partial is a file: standard output has the result", hint=hint)
        for option, path in (("-o", self.path), ("--per-row", per_row)):
            if path is not None and _same_file(partial, path):
                what = f"--partial and {option} name the same file"
                raise UsageError(what, hint="give each its own")

    @contextmanager
    def stream(self, terminal: Terminal) -> Iterator[TextIO]:
        """Give standard output, or a file that is there when it is whole."""
        if self.path in (None, "-"):
            yield terminal.stdout
            return
        from lossctl.sinks.delimited import as_text  # noqa: PLC0415  # NumPy
        from lossctl.sinks.whole import written_whole  # noqa: PLC0415

        with written_whole(str(self.path)) as stream:
            text = as_text(stream)
            yield text
            text.detach()

    def write(
        self, results: Sequence[Result], terminal: Terminal, verdicts: Sequence[Verdict] = ()
    ) -> None:
        """Write results, and what gates say of them."""
        from lossctl import render  # noqa: PLC0415  # NumPy

        with terminal.unless_unread(), self.stream(terminal) as stream:
            looks = self._looks(stream, terminal)
            render.write(results, self.format, stream, looks, verdicts)

    def write_ranking(
        self, ranking: Ranking, terminal: Terminal, verdicts: Sequence[Verdict] = ()
    ) -> None:
        """Write the results of a batch likewise."""
        from lossctl import render  # noqa: PLC0415

        with terminal.unless_unread(), self.stream(terminal) as stream:
            looks = self._looks(stream, terminal)
            render.write_ranking(ranking, self.format, stream, looks, verdicts)

    def write_explanations(self, found: Sequence[Explanation], terminal: Terminal) -> None:
        """Write how rows came to their losses."""
        from lossctl import render  # noqa: PLC0415

        with self.stream(terminal) as stream:
            render.write_explanations(found, self.format, stream, self._looks(stream, terminal))

    def write_entries(self, entries: Sequence[Mapping[str, Any]], terminal: Terminal) -> None:
        """Write a list of things with the same keys."""
        self.check_list()
        from lossctl import render  # noqa: PLC0415

        with self.stream(terminal) as stream:
            render.write_entries(entries, self.format, stream, self._looks(stream, terminal))

    def write_entry(self, entry: Mapping[str, Any], terminal: Terminal) -> None:
        """Write one thing: a line for each of its keys, or an object."""
        self.check_list()
        from lossctl import render  # noqa: PLC0415

        with self.stream(terminal) as stream:
            render.write_entry(entry, self.format, stream, self._looks(stream, terminal))

    def check_list(self) -> None:
        """Refuse formats that are for results only."""
        if self.format not in OF_LISTS:
            raise UsageError(
                f"a list has no {self.format} format", hint=f"it has {', '.join(OF_LISTS[1:])}"
            )

    def _looks(self, stream: TextIO, terminal: Terminal) -> Looks:
        from lossctl import render  # noqa: PLC0415

        on_screen = stream is terminal.stdout
        return render.Looks(
            terminal.width if on_screen else PIPE_WIDTH,
            color=on_screen and terminal.has_color(stream),
            precision=self.precision or render.PRECISION,
            inert=self.inert,
        )


def refuse_address(option: str, path: str | None) -> None:
    """Refuse to write elsewhere, without a word of an address that may carry a signature."""
    if path is not None and _ADDRESS.match(path):
        hint = "write it to a file, and send that"
        raise UsageError(f"{option} names a file on this machine, not an address", hint=hint)


def _same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def chosen(
    asked: str | None, path: str | None, *, json: bool, value: bool, plot: bool = False
) -> str:
    """Return the one format that was asked for; that of a file is told by its suffix.

    With ``plot`` it is a table where it would be TSV for want of a better one.

    Raises:
        UsageError: several were asked for.

    """
    names = [name for name, given in ((asked, asked), ("json", json), ("value", value)) if given]
    if len(set(names)) > 1:
        what = f"one format, not {' and '.join(map(str, names))}"
        raise UsageError(what, hint="run it twice for both")
    name = str(names[0]) if names else "auto"
    if name == "auto" and path not in (None, "-"):
        refuse_address("-o", path)
        suffix = os.path.splitext(str(path))[1].lower()
        known = {**BY_SUFFIX, **dict.fromkeys(("", ".txt"), "table" if plot else "tsv")}
        if suffix not in known:
            what = f"cannot tell the format from the suffix '{suffix}'"
            raise UsageError(what, where=str(path), hint=f"--format {'|'.join(FORMATS[1:])}")
        name = known[suffix]
    elif name == "auto" and plot:
        name = "table"
    return name
