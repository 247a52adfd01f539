"""The verb for many candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from lossctl.cli import options
from lossctl.cli.exits import ExitCode
from lossctl.cli.output import Output, chosen
from lossctl.cli.terminal import Context, Job, Terminal, delimiter_of
from lossctl.cli.verdicts import exit_code, gates_of
from lossctl.errors import UsageError
from lossctl.values import dataclass

if TYPE_CHECKING:
    from lossctl.gates import Gates, Verdict
    from lossctl.result import Ranking


_GATES = ("fail_above", "fail_above_ci", "fail_if_worse", "require_not_worse")


@dataclass(frozen=True)
class Asked:
    """What is said of a batch besides the options of a scoring."""

    predictions: Sequence[str]
    labels: str | None
    files_from: str | None
    null: bool
    baseline: str | None
    adjust: str | None
    fail_fast: bool
    top: int | None
    gates: Gates | None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not self.predictions and self.files_from is None:
            raise UsageError("no predictions are named", hint="lossctl batch LOSS FILE...")
        if self.null and self.files_from is None:
            hint = "find . -print0 | lossctl batch LOSS -0 --files-from -"
            raise UsageError("-0 is for the names in --files-from", hint=hint)
        if self.adjust is not None and self.baseline is None:
            hint = "say to what: --baseline FILE"
            raise UsageError("--adjust is for differences to a baseline", hint=hint)
        if self.gates is not None and self.gates.compare and self.baseline is None:
            what = "--fail-if-worse and --require-not-worse are for differences to a baseline"
            raise UsageError(what, hint="say to what: --baseline FILE")
        if self.top is not None and self.top < 1:
            raise UsageError(f"--top is a number of files, not {self.top}")


def batch(
    context: Context,
    loss: options.RankingLoss,
    predictions: options.Candidates,
    *,
    format: options.Format,  # noqa: A002  # the option's name
    json: options.Json,
    value: options.Value,
    output: options.Output,
    precision: options.Precision,
    quiet: options.Quiet,
    color: options.Color,
    safe_csv: options.SafeCsv,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
    **asked: Unpack[options.Batch],
) -> Job:
    """Score many sets of predictions and rank them.

    Examples:
      lossctl batch bce 'preds/*.csv' --labels truth.csv --top 10
      lossctl batch ce new.npy --labels y.npy --baseline old.npy --fail-if-worse 0
      find . -name p.npy | lossctl batch mse --labels y.npy --files-from -

    Files that cannot be scored are reported, the others are ranked all the same, and the exit code
    is 3. A file that scored other rows than most, or other cells, or with other weights, has no
    rank and fails every gate.
    """
    context.obj.look(color, quiet=quiet)
    form = chosen(format, output, json=json, value=value)
    look = Output(form, output, precision, inert=safe_csv)
    if asked["reduction"] == "none":
        hint = "lossctl score prints the rows of one file"
        raise UsageError("--reduction is mean or sum in a batch, not none", hint=hint)
    look.check_rows(
        reduction=None,
        per_row=None,
        worst=asked["worst"],
        by=asked["by"],
        convention=asked["convention"],
    )
    asked["delimiter"] = delimiter_of(asked["delimiter"])
    given: dict[str, Any] = dict(asked)
    about = {name: given.pop(name) for name in options.Contest.__annotations__}
    gates = gates_of(**{name: about.pop(name) for name in _GATES})
    rest = Asked(predictions=predictions, gates=gates, **about)
    return partial(_batch, loss, rest, given, look)


def _batch(
    loss: str, rest: Asked, scoring: Mapping[str, Any], look: Output, terminal: Terminal
) -> int:
    from lossctl import api, contest  # noqa: PLC0415  # NumPy
    from lossctl.sinks.whole import refuse_to_overwrite  # noqa: PLC0415
    from lossctl.sources.files import expanded, listed, size_of  # noqa: PLC0415

    options = api.options_of(**scoring)
    contest.check(loss, options, rest.adjust, compared=rest.baseline is not None)
    others = [rest.labels, rest.files_from, rest.baseline, scoring["weights"]]
    contest.refuse_two_streams([*rest.predictions, *others])
    names = [*rest.predictions]
    if rest.files_from is not None:
        names += listed(rest.files_from, null=rest.null)
    candidates = expanded(names)
    contest.refuse_two_streams([*candidates, *others])
    refuse_to_overwrite((look.path,), [*candidates, *others])
    if rest.gates is not None and rest.gates.compare:
        contest.refuse_baseline_alone(candidates, rest.baseline)
    with terminal.progress(size_of(candidates)) as tell:
        ranking = api.ranking(
            loss,
            candidates,
            rest.labels,
            baseline=rest.baseline,
            adjust=rest.adjust,
            fail_fast=rest.fail_fast,
            options=options,
            tell=tell,
        )
    say(ranking, terminal)
    verdicts = () if rest.gates is None else tuple(_verdicts(rest, candidates, ranking))
    look.write_ranking(ranking if rest.top is None else ranking.top(rest.top), terminal, verdicts)
    code = exit_code(verdicts, terminal)
    return ExitCode.DATA if ranking.failed else code


def _verdicts(rest: Asked, candidates: Sequence[str], ranking: Ranking) -> Iterator[Verdict]:
    """Yield what gates say of the candidates; a baseline that is none of them is not judged."""
    from lossctl.contest import same_file  # noqa: PLC0415

    baseline = rest.baseline
    judged = ranking.results
    if baseline is not None and not any(same_file(one, baseline) for one in candidates):
        judged = tuple(one for one in judged if one.predictions != ranking.baseline)
    gates = rest.gates
    return iter(()) if gates is None else gates.verdicts(judged, ranking.baseline)


def say(ranking: Ranking, terminal: Terminal) -> None:
    """Say what went wrong, and once what is to be known of several."""
    hints: set[str] = set()
    for failure in ranking.failed:
        named = failure.predictions in failure.error or failure.predictions == "-"
        terminal.say("error", failure.error if named else f"{failure.predictions}: {failure.error}")
        if failure.hint is not None and failure.hint not in hints:
            terminal.say("hint", failure.hint)
            hints.add(failure.hint)
    warned: dict[str, list[str]] = {}
    for result in ranking.results:
        for warning in result.warnings:
            warned.setdefault(warning, []).append(result.predictions)
    for warning, names in warned.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        terminal.say("warning", f"{warning} ({names[0]}{more})")
