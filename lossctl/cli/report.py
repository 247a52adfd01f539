"""The verb for a page to look at."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from lossctl.cli import options
from lossctl.cli.batch import say
from lossctl.cli.declared import Argument, parameters
from lossctl.cli.exits import ExitCode
from lossctl.cli.output import Output
from lossctl.cli.terminal import Context, Job, Terminal, delimiter_of
from lossctl.errors import UsageError
from lossctl.names import printable
from lossctl.values import dataclass, replace

if TYPE_CHECKING:
    from lossctl.render.content import Content
    from lossctl.scoring import Options

_WORST = 20  # rows


@dataclass(frozen=True)
class Asked:
    """The inputs, and how they are compared."""

    predictions: Sequence[str]
    labels: str | None
    baseline: str | None
    adjust: str | None


def report(
    context: Context,
    loss: options.Loss,
    predictions: options.Candidates,
    *,
    output: options.Page,
    quiet: options.Quiet,
    color: options.Color,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
    **asked: Unpack[options.Report],
) -> Job:
    """Write an HTML page: the result, what makes it, how sure it is.

    The page needs no network. It has charts, and behind each its numbers as a table: the row
    losses, who makes the loss, calibration, classes, groups of --by, the 20 worst rows, or as many
    as --worst says. Several files are ranked; the best of them, and the baseline, in detail.

    Examples:
      lossctl report bce predictions.csv --labels truth.csv -o report.html
      lossctl report ce logits.npy --labels labels.npy --from logits -o report.html
      lossctl report mse 'models/*.csv' --labels y.csv --baseline old.csv -o r.html
    """
    context.obj.look(color, quiet=quiet)
    if not predictions:
        raise UsageError("no predictions are named", hint="lossctl report LOSS FILE... -o FILE")
    if asked["reduction"] == "none":
        hint = "lossctl score prints the rows of one file"
        raise UsageError("--reduction is mean or sum in a report, not none", hint=hint)
    if asked["adjust"] is not None and asked["baseline"] is None:
        hint = "say to what: --baseline FILE"
        raise UsageError("--adjust is for differences to a baseline", hint=hint)
    asked["delimiter"] = delimiter_of(asked["delimiter"])
    given: dict[str, Any] = dict(asked)
    rest = Asked(predictions, *(given.pop(name) for name in options.Compared.__annotations__))
    words = _words({"loss": loss, "predictions": predictions, **asked})
    command = printable(" ".join(words))
    return partial(_report, loss, rest, given, command, Output("auto", output))


def _words(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the command line that means the same: what is as it is by default is left out."""
    from lossctl.sources.places import shown  # noqa: PLC0415

    yield from ("lossctl", "report")
    for name, one in parameters(report).items():
        said = one.declaration
        values = given.get(name)
        for value in values if isinstance(values, list) else [values]:
            if isinstance(said, Argument):
                yield shlex.quote(shown(str(value)))
            elif value is not None and value != said.default:
                on, _, off = said.spellings[-1].partition("/")
                yield on if value is not False else off
                yield from [] if isinstance(value, bool) else [shlex.quote(shown(str(value)))]


def _report(  # noqa: PLR0917
    loss: str,
    rest: Asked,
    given: Mapping[str, Any],
    command: str,
    look: Output,
    terminal: Terminal,
) -> int:
    from lossctl import api, contest  # noqa: PLC0415  # NumPy
    from lossctl.render import page  # noqa: PLC0415  # Jinja2, and what holds Vega-Lite
    from lossctl.sinks.whole import refuse_to_overwrite  # noqa: PLC0415
    from lossctl.sources.files import expanded, size_of  # noqa: PLC0415

    others = [rest.labels, rest.baseline, given["weights"]]
    contest.refuse_two_streams([*rest.predictions, *others])
    candidates = expanded(rest.predictions)
    contest.refuse_two_streams([*candidates, *others])
    refuse_to_overwrite((look.path,), [*candidates, *others])
    asked = _options(loss, api.options_of(**given))
    with terminal.progress(size_of(candidates)) as tell:
        found = _found(loss, replace(rest, predictions=candidates), asked, tell)
    failed = _say(found, terminal)
    if found.results:
        with look.stream(terminal) as stream:
            page.write_page(found, command, stream)
    return ExitCode.DATA if failed else ExitCode.OK


def _options(loss: str, asked: Options) -> Options:
    """Return the options with all that a page is made of."""
    from lossctl.losses import parse  # noqa: PLC0415  # NumPy
    from lossctl.losses.registry import AS_ROOT_MEAN  # noqa: PLC0415

    roots = any(one.finish == AS_ROOT_MEAN for one in parse(loss))
    worst = asked.worst or (0 if roots else _WORST)  # a root has no row losses
    return replace(asked, plot=True, per_class=True, worst=worst)


def _found(loss: str, rest: Asked, asked: Options, tell: Any) -> Content:
    """Score one set of predictions, or rank several."""
    from lossctl import api, scoring  # noqa: PLC0415  # NumPy
    from lossctl.render.content import Content  # noqa: PLC0415

    if len(rest.predictions) == 1 and rest.baseline is None:
        plan = scoring.prepare(loss, rest.predictions[0], rest.labels, asked)
        return Content(scoring.run(replace(plan, fork=True), tell=tell))
    ranking = api.ranking(
        loss,
        rest.predictions,
        rest.labels,
        baseline=rest.baseline,
        adjust=rest.adjust,
        fail_fast=False,
        options=asked,
        tell=tell,
    )
    return Content(ranking.results, ranking=ranking)


def _say(found: Content, terminal: Terminal) -> bool:
    """Say what went wrong and what is to be known; return whether a file could not be scored."""
    if found.ranking is not None:
        say(found.ranking, terminal)
        return bool(found.ranking.failed)
    terminal.warn(found.results)
    return False
