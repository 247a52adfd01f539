"""The verb for single rows."""

from __future__ import annotations

from functools import partial
from typing import Unpack

from lossctl.cli import options
from lossctl.cli.output import Output, chosen
from lossctl.cli.terminal import Context, Job, Terminal, delimiter_of
from lossctl.errors import UsageError


def explain(
    context: Context,
    loss: options.Loss,
    predictions: options.Predictions,
    labels: options.Labels,
    *,
    row: options.Rows,
    key: options.RowKeys,
    format: options.ListFormat,  # noqa: A002  # the option's name
    json: options.Json,
    output: options.Output,
    precision: options.Precision,
    quiet: options.Quiet,
    color: options.Color,
    safe_csv: options.SafeCsv,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
    **asked: Unpack[options.Scoring],
) -> Job:
    """Show how chosen rows come to their losses, step by step.

    All rows are scored, for the share of the total that a row has. Clips, smoothing, weights and
    other options are shown where they act.

    Examples:
      lossctl explain ce logits.npy labels.npy --from logits --row 0
      lossctl explain bce predictions.csv truth.csv --worst 3
      lossctl explain ce submission.csv solution.csv --key img-0422 --key img-0260
      lossctl explain huber:delta=0.5 forecast.csv --row 7 --format markdown
    """
    context.obj.look(color, quiet=quiet)
    form = chosen(format, output, json=json, value=False)
    look = Output(form, output, precision, inert=safe_csv)
    look.check_list()
    if not (row or key or asked["worst"]):
        hint = "--row N, --key ID, or --worst N for the costliest"
        raise UsageError("which row is to be explained?", hint=hint)
    if any(number < 0 for number in row):
        hint = "--row 0 is the first"
        raise UsageError(f"--row counts from 0, and {min(row)} is below", hint=hint)
    for option in ("by", "cluster", "fingerprint"):
        if asked[option]:
            hint = "leave it out, or ask lossctl score"
            what = f"--{option} is for results, and does nothing to a row"
            raise UsageError(what, hint=hint)
    if asked["reduction"] == "none":
        raise UsageError("--reduction none prints rows", hint="lossctl score has it")
    if asked["convention"] == "all":
        raise UsageError("a row is explained by one convention", hint="--convention torch")
    asked["delimiter"] = delimiter_of(asked["delimiter"])
    return partial(_explain, (loss, predictions, labels), (row, key), asked, look)


def _explain(
    inputs: tuple[str, str, str | None],
    chosen_rows: tuple[list[int], list[str]],
    asked: options.Scoring,
    look: Output,
    terminal: Terminal,
) -> None:
    from lossctl import api, explaining  # noqa: PLC0415  # NumPy
    from lossctl.explaining.picking import Wanted  # noqa: PLC0415
    from lossctl.sinks.whole import refuse_to_overwrite  # noqa: PLC0415

    refuse_to_overwrite((look.path,), (*inputs[1:], asked["weights"]))
    rows, keys = chosen_rows
    wanted = Wanted((*dict.fromkeys(rows),), (*dict.fromkeys(keys),), asked["worst"])
    plan = explaining.planned(*inputs, api.options_of(**asked))
    with terminal.progress(plan.inputs.predictions.size) as tell:
        results, found = explaining.explain(plan, wanted, tell)
    terminal.warn(results)
    look.write_explanations(found, terminal)
