"""The verbs. A first word that is none of them is a LOSS for ``score``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bound
from typing import TYPE_CHECKING, Unpack

from lossctl.cli import options, plain
from lossctl.cli.batch import batch
from lossctl.cli.exits import guarded
from lossctl.cli.explain import explain
from lossctl.cli.merge import merge
from lossctl.cli.output import Output, chosen, refuse_address
from lossctl.cli.report import report
from lossctl.cli.terminal import Context, Job, Terminal, delimiter_of
from lossctl.cli.verdicts import exit_code, gates_of
from lossctl.errors import UsageError
from lossctl.values import replace
from lossctl.version import __version__

if TYPE_CHECKING:
    from lossctl.gates import Gates

COMPLETION = "_LOSSCTL_COMPLETE"  # set by the shell that wants to complete a word
_FLAGS = ("-h", "--help", "-V", "--version")


def run(arguments: Sequence[str], terminal: Terminal | None = None) -> int:
    """Run the command line and return the exit code."""
    world = terminal or Terminal()
    words = list(arguments)
    if COMPLETION in world.environ:
        from lossctl.cli import completion  # noqa: PLC0415

        for line in completion.answer(world.environ[COMPLETION], words, COMMANDS):
            world.stdout.write(f"{line}\n")
        return 0
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    first = words[0] if words and words[0] not in (*COMMANDS, *_FLAGS) else None
    if first is not None:
        words.insert(0, "score")

    def program() -> int | None:
        # A command returns its job, which runs outside: Typer has its own ideas of a closed pipe.
        try:
            job = _job(words, world)
            return job(world) if callable(job) else job
        except UsageError as error:
            hint = None if first is None else _hint_for_first(first)
            if hint is None:
                raise
            raise UsageError(f"'{first}' is no loss, and no command", hint=hint) from error

    return guarded(program, world, debug="--debug" in words)


def _hint_for_first(word: str) -> str | None:
    """Return what to do where the first word is neither a verb nor a loss, if one can tell."""
    from lossctl.names import did_you_mean  # noqa: PLC0415

    name = word.partition(",")[0].partition(":")[0]
    if "." in name or "/" in name:
        return f"a file? the loss comes first: lossctl mse {name}; lossctl losses lists them"
    hint = did_you_mean(name, COMMANDS, cutoff=0.8)
    if hint is None:
        return None
    from lossctl.losses.registry import spellings  # noqa: PLC0415  # NumPy

    return hint if did_you_mean(name, (*spellings(), *COMMANDS), cutoff=0.8) == hint else None


def _job(words: Sequence[str], terminal: Terminal) -> Job | int | None:
    """Return what there is to do, or the exit code where it has been done."""
    if words in (["--version"], ["-V"]):
        return print_version
    command = COMMANDS.get(words[0]) if words else None
    given = plain.read(command, words[1:]) if command else None
    if command and given is not None:
        return command(Context(terminal), **given)
    from lossctl.cli import typed  # noqa: PLC0415  # Typer: 30 ms

    return typed.read(words, terminal)


def print_version(terminal: Terminal) -> None:
    """Print name and version."""
    terminal.stdout.write(f"lossctl {__version__}\n")


def score(
    context: Context,
    loss: options.Loss,
    predictions: options.Predictions,
    labels: options.Labels,
    *,
    format: options.Format,  # noqa: A002  # the option's name
    json: options.Json,
    value: options.Value,
    per_row: options.PerRow,
    partial: options.Partial,
    plot: options.Plot,
    fail_above: options.FailAbove,
    fail_above_ci: options.FailAboveInterval,
    output: options.Output,
    precision: options.Precision,
    quiet: options.Quiet,
    color: options.Color,
    safe_csv: options.SafeCsv,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
    **asked: Unpack[options.Run],
) -> Job:
    """Score one set of predictions.

    Examples:
      lossctl mse,mae forecast.csv
      lossctl bce predictions.csv truth.csv --positive yes
      lossctl ce logits.npy labels.npy --from logits --json
      lossctl rmse 'part-*.csv' --pred-col model_a --label-col y
      lossctl log-loss s3://bucket/run/ truth.csv --convention all
      zcat submission.csv.gz | lossctl ce - solution.csv --id image_id
    """
    if context.args:
        raise UsageError(
            f"one or two inputs, not {2 + len(context.args)}",
            hint="lossctl batch scores many; a directory or a quoted glob is one table",
        )
    context.obj.look(color, quiet=quiet)
    look = Output(
        chosen(format, output, json=json, value=value, plot=plot), output, precision, plot, safe_csv
    )
    look.check_rows(
        reduction=asked["reduction"],
        per_row=per_row,
        worst=asked["worst"],
        by=asked["by"],
        convention=asked["convention"],
    )
    look.check_partial(partial, per_row)
    asked["delimiter"] = delimiter_of(asked["delimiter"])
    gates = gates_of(fail_above=fail_above, fail_above_ci=fail_above_ci)
    if gates is not None and asked["reduction"] == "none":
        what = "--reduction none prints rows, and no result that a gate could judge"
        raise UsageError(what, hint="--per-row FILE writes the rows besides the result")
    return bound(_score, (loss, predictions, labels), asked, (per_row, partial), gates, look)


def _score(  # noqa: PLR0917
    inputs: tuple[str, str, str | None],
    asked: options.Run,
    files: tuple[str | None, str | None],
    gates: Gates | None,
    look: Output,
    terminal: Terminal,
) -> int:
    # NumPy is not imported for --help.
    from lossctl import api, render, scoring  # noqa: PLC0415
    from lossctl.rows import PerRow  # noqa: PLC0415
    from lossctl.sinks.delimited import Delimited  # noqa: PLC0415
    from lossctl.sinks.whole import refuse_to_overwrite  # noqa: PLC0415

    per_row, partial = files
    refuse_to_overwrite((look.path, *files), (*inputs[1:], asked["weights"]))
    plan = api.plan_of(*inputs, **asked, per_row=per_row, partial=partial, plot=look.plot)
    keep = None if partial is None else api.keeping(plan, partial, **asked)
    if asked["reduction"] == "none":
        with look.stream(terminal) as stream:
            results = scoring.run(plan, render.row_losses(stream))
    elif per_row == "-":
        sink = bound(Delimited, terminal.stdout, delimiter="\t", inert=look.inert)
        results = scoring.run(plan, PerRow(plan, sink), keep=keep)
    else:
        plan = replace(plan, fork=True)
        if terminal.quiet:  # what others make of an infinite loss takes another reading
            plan = replace(plan, alternatives=())
        with terminal.progress(plan.inputs.predictions.size) as tell:
            if per_row is None:
                results = scoring.run(plan, tell=tell, keep=keep)
            else:
                results = api.run_with_rows(plan, per_row, tell, keep, inert=look.inert)
    terminal.warn(results)
    verdicts = () if gates is None else tuple(gates.verdicts(results))
    if asked["reduction"] != "none" and per_row != "-":
        look.write(results, terminal, verdicts)
    return exit_code(verdicts, terminal)


def onehot(
    context: Context,
    labels: options.LabelsOnly,
    *,
    label_col: options.LabelColumn,
    output: options.MatrixFile,
    color: options.Color,
    safe_csv: options.SafeCsv,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
    **asked: Unpack[options.LabelFile],
) -> Job:
    """Write labels as one-hot rows: a column for each class.

    Classes are the names that occur, in natural order, or 0 to the largest index; --classes gives
    them where some may not occur. A column of ids comes along, but not into .npy.

    Examples:
      lossctl onehot truth.csv
      lossctl onehot labels.npy --classes cat,dog,owl -o onehot.parquet
    """
    context.obj.look(color, quiet=False)
    asked["delimiter"] = delimiter_of(asked["delimiter"])
    refuse_address("-o", output)
    return bound(_onehot, labels, label_col, asked, output, safe_csv)


def _onehot(  # noqa: PLR0917
    labels: str,
    column: str | None,
    asked: options.LabelFile,
    output: str | None,
    safe: bool,  # noqa: FBT001
    terminal: Terminal,
) -> None:
    from lossctl import api, onehot  # noqa: PLC0415
    from lossctl.sinks.delimited import Delimited  # noqa: PLC0415
    from lossctl.sinks.opening import opened, suffix_of  # noqa: PLC0415
    from lossctl.sinks.whole import refuse_to_overwrite  # noqa: PLC0415

    general = api.options_of(**asked)
    wanted = onehot.Options(column, general.label, general.input)
    if output in (None, "-"):
        make = bound(Delimited, terminal.stdout, delimiter=",", inert=safe)
        onehot.onehot(labels, wanted, make, keys=True)
        return
    path = str(output)
    refuse_to_overwrite([path], [labels])
    keys = suffix_of("-o", path) != ".npy"
    with opened("-o", path, matrix=True, inert=safe) as make_file:
        onehot.onehot(labels, wanted, make_file, keys=keys)


def losses(
    context: Context,
    loss: options.OneLoss,
    *,
    format: options.ListFormat,  # noqa: A002  # the option's name
    json: options.Json,
    output: options.Output,
    color: options.Color,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
) -> Job:
    """List the losses, or show one: what a row costs, what it takes.

    Examples:
      lossctl losses
      lossctl losses log-loss
    """
    context.obj.look(color, quiet=False)
    look = Output(chosen(format, output, json=json, value=False), output)
    return bound(_losses, loss, look)


def _losses(loss: str | None, look: Output, terminal: Terminal) -> None:
    from lossctl import catalogue  # noqa: PLC0415

    found = catalogue.entries() if loss is None else catalogue.find(loss)
    if loss is None or len(found) > 1:
        look.write_entries(found, terminal)
    else:
        look.write_entry(found[0], terminal)


def signature(
    context: Context,
    first: options.Signature,
    second: options.SecondSignature,
    *,
    format: options.ListFormat,  # noqa: A002  # the option's name
    json: options.Json,
    output: options.Output,
    color: options.Color,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
) -> Job:
    """Say what a signature says, or in what two of them differ.

    Example:
      lossctl signature 'bce|from:probs|…|n:50|…' 'bce|from:logits|…|n:50|…'
    """
    context.obj.look(color, quiet=False)
    look = Output(chosen(format, output, json=json, value=False), output)
    return bound(_signature, first, second, look)


def _signature(first: str, second: str | None, look: Output, terminal: Terminal) -> None:
    from lossctl import signatures  # noqa: PLC0415

    found = signatures.entries(first, second)
    if found or look.format in ("json", "jsonl"):
        look.write_entries(found, terminal)
    else:
        terminal.say("note", "the signatures are the same")


def completion(
    context: Context,  # noqa: ARG001  # what every command is given
    shell: options.Shell,
    *,
    debug: options.Debug,  # noqa: ARG001  # read in run(), where exceptions end
) -> Job:
    """Print what teaches bash, zsh or fish to complete its words.

    Commands, losses, options and their values are completed, and the columns and labels of the
    files that stand on the line.

    Examples:
      lossctl completion bash > ~/.local/share/bash-completion/completions/lossctl
      lossctl completion zsh > "${fpath[1]}/_lossctl"
      lossctl completion fish > ~/.config/fish/completions/lossctl.fish
    """
    from lossctl.cli.shells import SCRIPTS  # noqa: PLC0415

    if shell not in SCRIPTS:
        raise UsageError(f"there is no completion for '{shell}'", hint=f"for {', '.join(SCRIPTS)}")
    return bound(_completion, SCRIPTS[shell])


def _completion(script: str, terminal: Terminal) -> None:
    terminal.stdout.write(script)


COMMANDS: dict[str, Callable[..., Job]] = {
    "score": score,
    "batch": batch,
    "explain": explain,
    "report": report,
    "merge": merge,
    "onehot": onehot,
    "losses": losses,
    "signature": signature,
    "completion": completion,
}
