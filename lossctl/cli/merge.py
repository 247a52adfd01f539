"""The verb that adds up what was scored elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bound
from typing import TYPE_CHECKING

from lossctl.cli import options
from lossctl.cli.output import Output, chosen
from lossctl.cli.terminal import Context, Job, Terminal
from lossctl.cli.verdicts import exit_code, gates_of
from lossctl.errors import UsageError
from lossctl.values import dataclass

if TYPE_CHECKING:
    from lossctl.gates import Gates


@dataclass(frozen=True)
class Asked:
    """Which partials, and what becomes of their sum besides what is printed."""

    partials: Sequence[str]
    files_from: str | None
    null: bool
    partial: str | None
    gates: Gates | None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not self.partials and self.files_from is None:
            raise UsageError("no partials are named", hint="lossctl merge FILE...")
        if self.null and self.files_from is None:
            hint = "find . -print0 | lossctl merge -0 --files-from -"
            raise UsageError("-0 is for the names in --files-from", hint=hint)


def merge(
    context: Context,
    partials: options.Partials,
    *,
    format: options.Format,  # noqa: A002  # the option's name
    json: options.Json,
    value: options.Value,
    fail_above: options.FailAbove,
    fail_above_ci: options.FailAboveInterval,
    files_from: options.PartialsFrom,
    null: options.Null,
    partial: options.SumFile,
    output: options.Output,
    precision: options.Precision,
    safe_csv: options.SafeCsv,
    quiet: options.Quiet,
    color: options.Color,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
) -> Job:
    """Add up partials, as if all their rows had been scored at once.

    Examples:
      lossctl merge shard-1.json shard-2.json shard-3.json
      lossctl merge 'parts/*.json' --json -o loss.json --fail-above 0.7
      find . -name '*.part.json' | lossctl merge --files-from - --partial all.json

    A partial is what `lossctl LOSS PREDICTIONS … --partial FILE` writes. The value is the same to
    the last bit as that of all shards in one table, whatever the order of the files. Partials of
    other losses or options, and shards that are there twice, are refused.
    """
    context.obj.look(color, quiet=quiet)
    form = chosen(format, output, json=json, value=value)
    look = Output(form, output, precision, inert=safe_csv)
    look.check_partial(partial)
    gates = gates_of(fail_above=fail_above, fail_above_ci=fail_above_ci)
    rest = Asked(partials, files_from, null, partial, gates)
    form = chosen(format, output, json=json, value=value, plot=True)
    with_pictures = Output(form, output, precision, inert=safe_csv)
    return bound(_merge, rest, look, with_pictures)


def _merge(rest: Asked, plain: Output, with_pictures: Output, terminal: Terminal) -> int:
    from lossctl import api, contest  # noqa: PLC0415  # NumPy
    from lossctl.sinks.whole import refuse_to_overwrite  # noqa: PLC0415
    from lossctl.sources.files import listed  # noqa: PLC0415

    names = [*rest.partials]
    contest.refuse_two_streams([*names, rest.files_from])
    if rest.files_from is not None:
        names += listed(rest.files_from, null=rest.null)
    contest.refuse_two_streams([*names, rest.files_from])
    refuse_to_overwrite((plain.path, rest.partial), [*names, rest.files_from])
    found = api.merged(names)
    if rest.partial is not None:
        found.total.write(rest.partial)
    results = found.results()
    terminal.warn(results)
    verdicts = () if rest.gates is None else tuple(rest.gates.verdicts(results))
    look = with_pictures if found.total.choices.plot else plain
    look.write(results, terminal, verdicts)
    return exit_code(verdicts, terminal)
