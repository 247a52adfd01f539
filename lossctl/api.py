"""The Python API: what the command line calls, with the same names for the same options."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack

from lossctl import scoring
from lossctl.block import Floats
from lossctl.columns import ColumnOptions
from lossctl.conclusion import conclude
from lossctl.conventions import AUTO, EXACT, TermOptions
from lossctl.engines.local import Tell
from lossctl.errors import UsageError
from lossctl.labels import LabelOptions
from lossctl.losses import parse
from lossctl.names import did_you_mean
from lossctl.plan import Plan
from lossctl.result import NONE, Ranking, Result
from lossctl.rows import Losses, PerRow, Rows
from lossctl.sinks.opening import opened, suffix_of
from lossctl.sinks.whole import folder_whole, refuse_to_overwrite
from lossctl.sources import InputOptions
from lossctl.values import replace

if TYPE_CHECKING:
    from lossctl.partials.merging import Merged

Data: TypeAlias = Any
"""A path (a file, a directory or a glob), an array, a list, a frame, a series, an Arrow table."""
Partials: TypeAlias = str | os.PathLike[str] | bytes
"""The path of a partial, or a glob of several, or what such a file holds."""


class Options(TypedDict, total=False):
    """The options of a scoring, as on the command line; ``lossctl score --help`` lists them.

    ``from_`` is ``--from``; ``per_row`` is the path of a file for the rows, ``partial`` of one that
    ``merge`` adds to others. With ``plot`` results
    hold what ``--plot`` draws, as ``distribution`` and ``calibration``. ``pred_col`` and
    ``label_col`` are text as in the shell, a position, or a sequence of names and positions;
    ``classes`` is text with commas or a sequence. ``class_weight`` is text as in the shell, a
    mapping from classes to weights, or a weight for each class in their order.
    """

    from_: str | None
    reduction: str | None
    pred_col: str | int | Sequence[str | int] | None
    label_col: str | int | Sequence[str | int] | None
    id: str | int | None
    unmatched: str
    weight_col: str | int | None
    weights: Data | None
    by: str | int | Sequence[str | int] | None
    min_group: int
    cluster: str | int | None
    classes: str | Sequence[str] | None
    label_base: int
    positive: str | None
    ignore_label: str | int | None
    input_format: str | None
    header: bool | None
    delimiter: str | None
    decimal: str
    nan: str
    sum_tol: float
    level: float
    diagnose: str
    convention: str
    eps: float | str | None
    normalize: bool
    label_smoothing: float
    pos_weight: float
    class_weight: str | Mapping[str, float] | Sequence[float] | None
    fingerprint: bool
    worst: int
    plot: bool
    jobs: int | None
    engine: str
    scheduler: str | None
    per_row: str | os.PathLike[str] | None
    partial: str | os.PathLike[str] | None


def score(
    loss: str, predictions: Data, labels: Data | None = None, **options: Unpack[Options]
) -> Result:
    """Score predictions against labels, by one loss.

    Args:
        loss: The loss, as in the shell: ``"bce"``.
        predictions: (n,) or (n, 1) for one column, (n, K) for K classes or outputs; leading axes
            are flattened. A path reads the file in bounded memory.
        labels: (n,) or (n, K), matched to the predictions as the command line does; None where
            they are a column of the predictions.
        **options: See ``Options``.

    Returns:
        The result: ``value`` in the units of the loss, ``stderr``, ``low`` and ``high``, counts,
        and the signature.

    Raises:
        UsageError: The options do not go together. It is a ValueError.
        DataError: The data cannot be read, paired or scored. It is a ValueError.

    >>> result = score("mse", [1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    >>> result.value, result.n
    (0.3333333333333333, 3)
    >>> names = ["cat", "dog"]
    >>> score("ce", [[2.0, 0.0], [0.0, 1.0]], names, from_="logits", classes=names).value
    0.2200948492805977

    """
    _check_one(loss)
    (result,) = scores(loss, predictions, labels, **options)
    return result


def scores(
    losses: str, predictions: Data, labels: Data | None = None, **options: Unpack[Options]
) -> tuple[Result, ...]:
    """Score by several losses in one pass: ``"mse,mae"``. Arguments and errors are ``score``'s.

    >>> [result.value for result in scores("mse,mae", [1.0, 3.0], [1.0, 1.0])]
    [2.0, 1.0]

    """
    if options.get("reduction") == NONE:
        raise UsageError(
            "a result is one number", hint="lossctl.row_losses gives those of the rows"
        )
    plan = plan_of(losses, predictions, labels, **options)
    path, partial = (_data(options.get(name)) for name in ("per_row", "partial"))
    inputs = (_data(predictions), _data(labels), _data(options.get("weights")))
    refuse_to_overwrite([path, partial], inputs)
    keep = None if partial is None else keeping(plan, partial, **options)
    if path is None:
        return scoring.run(plan, keep=keep)
    return run_with_rows(plan, path, keep=keep)


def run_with_rows(
    plan: Plan,
    path: str,
    tell: Tell | None = None,
    keep: scoring.Keep | None = None,
    *,
    inert: bool = False,
) -> tuple[Result, ...]:
    """Do what was planned, and write the losses of the rows to a file, which is whole or not.

    Where the rows are read elsewhere it is a folder of files, one for each part of them.
    ``inert``: no text in CSV or TSV is to be taken for a formula.
    """
    if plan.scheduler is not None:
        from lossctl.engines import dask  # noqa: PLC0415  # 0.5 s

        suffix = suffix_of("--per-row", path)
        with folder_whole(path) as folder:
            summaries = dask.run(plan, tell, Rows(folder, suffix, inert))
            if keep is not None:
                keep(summaries)
            return conclude(plan, summaries)
    with opened("--per-row", path, inert=inert) as make:
        rows = PerRow(plan, make)
        results = scoring.run(plan, rows, tell, keep)
        rows.close()
    return results


def keeping(plan: Plan, path: str, **options: Unpack[Options]) -> scoring.Keep:
    """Return what writes the partial of a plan of these options to a file."""
    from lossctl.partials import Partial  # noqa: PLC0415  # few ask for one

    terms = options_of(**options).terms
    return lambda summaries: Partial.of(plan, terms, summaries).write(path)


def partial(
    losses: str, predictions: Data, labels: Data | None = None, **options: Unpack[Options]
) -> bytes:
    """Score by one or several losses, and return what ``merge`` adds to other such bytes.

    They are what a file of ``partial=`` holds. Arguments and errors are ``score``'s; that nothing
    is there to be scored is no error yet.

    >>> parts = [partial("mse", [1.0, 3.0], [1.0, 1.0]), partial("mse", [2.0], [1.0])]
    >>> merge(parts).value == score("mse", [1.0, 3.0, 2.0], [1.0, 1.0, 1.0]).value
    True

    """
    from lossctl.engines import local  # noqa: PLC0415
    from lossctl.partials import Partial  # noqa: PLC0415  # few ask for one

    if options.get("partial") is not None or options.get("per_row") is not None:
        raise UsageError("partial writes no files", hint="lossctl.score does")
    asked = replace(options_of(**options), mergeable=True)
    plan = scoring.prepare(losses, _data(predictions), _data(labels), asked)
    return bytes(Partial.of(plan, asked.terms, local.run(plan)))


def merge(
    partials: Partials | Sequence[Partials], *, partial: str | os.PathLike[str] | None = None
) -> Result:
    """Add partials up, and return the result of all their rows.

    Args:
        partials: Paths or globs of files that ``partial=`` or ``--partial`` wrote, or bytes that
            ``lossctl.partial`` returned; in any order.
        partial: A file for the sum, which is a partial again.

    Returns:
        The result, as if all rows had been scored at once, the shards in natural order.

    Raises:
        DataError: One is no partial, or does not belong to the others, or is there twice.
        UsageError: They are of several losses.

    """
    found = merged(partials)
    if len(found.losses) > 1:
        several = ", ".join(found.losses)
        raise UsageError(f"one loss, not '{several}'", hint="lossctl.merges takes several")
    (result,) = _results(found, partial)
    return result


def merges(
    partials: Partials | Sequence[Partials], *, partial: str | os.PathLike[str] | None = None
) -> tuple[Result, ...]:
    """Add up partials of several losses. Arguments and errors are ``merge``'s."""
    return _results(merged(partials), partial)


def merged(partials: Partials | Sequence[Partials]) -> Merged:
    """Return the sum of partials; ``results`` are drawn from it."""
    from lossctl.partials import merging  # noqa: PLC0415  # few ask for it

    several = [partials] if isinstance(partials, str | bytes | os.PathLike) else partials
    return merging.merged(merging.sources_of([*map(_data, several)]))


def _results(found: Merged, path: str | os.PathLike[str] | None) -> tuple[Result, ...]:
    if path is not None:
        refuse_to_overwrite([os.fspath(path)], found.names)
        found.total.write(os.fspath(path))
    return found.results()


def row_losses(
    loss: str, predictions: Data, labels: Data | None = None, **options: Unpack[Options]
) -> Floats:
    """Return the loss of each row, (n,) float64; rows that are skipped are left out.

    Arguments and errors are ``score``'s.

    >>> row_losses("mae", [1.0, 3.0], [1.0, 1.0]).tolist()
    [0.0, 2.0]

    """
    _check_one(loss)
    for name in ("per_row", "worst", "partial"):
        if options.get(name):
            raise UsageError(f"row_losses takes no {name}", hint="lossctl.score does")
    options["reduction"] = NONE
    rows = Losses()
    scoring.run(plan_of(loss, predictions, labels, **options), rows)
    return rows.of(0)


def batch(  # noqa: PLR0913
    loss: str,
    predictions: Sequence[Data] | Mapping[str, Data],
    labels: Data | None = None,
    *,
    baseline: Data | None = None,
    adjust: str | None = None,
    fail_fast: bool = False,
    **options: Unpack[Options],
) -> Ranking:
    """Score several predictions by one loss, compare them with a baseline, and rank them.

    Args:
        loss: The loss, as in the shell.
        predictions: Paths or globs, or a mapping from names to data.
        labels: The labels of all of them; None where each holds its own.
        baseline: A path, or a name in the mapping: the others are compared with it.
        adjust: ``"holm"`` adds p-values that are adjusted for their number.
        fail_fast: Raise for the first that cannot be scored, rather than list it.
        **options: See ``Options``; ``jobs`` is how many are scored at once.

    Returns:
        The ranking: ``results``, best first, each with ``rank`` and ``delta``, and ``failed``.

    Raises:
        UsageError: The options do not go together.
        DataError: The labels or the baseline cannot be read.

    >>> truth = [1.0, 2.0, 4.0]
    >>> models = {"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 4.5]}
    >>> [(one.predictions, one.rank) for one in batch("mse", models, truth).results]
    [('b', 1), ('a', 2)]

    """
    return ranking(
        loss,
        predictions,
        labels,
        baseline=baseline,
        adjust=adjust,
        fail_fast=fail_fast,
        options=options_of(**options),
    )


def ranking(  # noqa: PLR0913
    loss: str,
    predictions: Sequence[Data] | Mapping[str, Data],
    labels: Data | None,
    *,
    baseline: Data | None,
    adjust: str | None,
    fail_fast: bool,
    options: scoring.Options,
    tell: Tell | None = None,
) -> Ranking:
    """Do what ``batch`` does, and ``tell`` how far it is."""
    from lossctl import contest  # noqa: PLC0415  # not for one set of predictions
    from lossctl.sources.files import expanded  # noqa: PLC0415

    if isinstance(predictions, Mapping):
        candidates = {str(name): _data(value) for name, value in predictions.items()}
    else:
        candidates = contest.shown_names(expanded([os.fspath(one) for one in predictions]))
    base = None
    if baseline is not None:
        name = _data(baseline)
        if not isinstance(name, str):
            raise UsageError("a baseline is a path, or the name of one of the predictions")
        base = contest.named(name, candidates)
    labels = _data(labels)
    paths = [one for one in (*candidates.values(), labels, options.weights) if isinstance(one, str)]
    contest.refuse_two_streams(paths)
    return contest.contest(
        loss,
        candidates,
        labels,
        options,
        baseline=base,
        adjust=adjust,
        fail_fast=fail_fast,
        tell=tell,
    )


def _check_one(loss: str) -> None:
    if not isinstance(loss, str):
        raise UsageError(f"a loss is text, such as 'mse', not {loss!r}")
    if len(parse(loss)) != 1:
        raise UsageError(f"one loss, not '{loss}'", hint="lossctl.scores takes several")


def plan_of(
    losses: str, predictions: Data, labels: Data | None = None, **options: Unpack[Options]
) -> Plan:
    """Return what is to be done, with every choice made; ``lossctl.scoring.run`` does it."""
    return scoring.prepare(losses, _data(predictions), _data(labels), options_of(**options))


def options_of(**options: Unpack[Options]) -> scoring.Options:
    """Return the options as scoring takes them.

    Raises:
        UsageError: one is not known, or cannot be meant.

    """
    known = Options.__annotations__
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or f"the options are {', '.join(known)}"
            raise UsageError(f"there is no option '{name}'", hint=hint)
    for name, kind in (
        ("worst", Integral),
        ("min_group", Integral),
        ("label_base", Integral),
        ("jobs", Integral | None),
        ("level", Real),
        ("sum_tol", Real),
        ("label_smoothing", Real),
        ("pos_weight", Real),
    ):
        value = options.get(name, 0)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise UsageError(f"{name} is a number, not {value!r}")
    defaults = scoring.Options()
    ignored = options.get("ignore_label")
    id_, weight = options.get("id"), options.get("weight_col")
    cluster = options.get("cluster")
    return scoring.Options(
        form=options.get("from_"),
        reduction=options.get("reduction"),
        nan=options.get("nan", defaults.nan),
        sum_tolerance=options.get("sum_tol", defaults.sum_tolerance),
        level=options.get("level", defaults.level),
        diagnose=options.get("diagnose", defaults.diagnose),
        worst=options.get("worst", 0),
        plot=bool(options.get("plot", False)),
        min_group=options.get("min_group", 1),
        jobs=options.get("jobs"),
        engine=options.get("engine", defaults.engine),
        scheduler=options.get("scheduler"),
        per_row=options.get("per_row") is not None,
        mergeable=options.get("partial") is not None,
        weights=_data(options.get("weights")),
        unmatched=options.get("unmatched", defaults.unmatched),
        columns=ColumnOptions(
            _columns(options.get("pred_col")),
            _columns(options.get("label_col")),
            None if id_ is None else str(id_),
            None if weight is None else str(weight),
            _names(options.get("by")),
            None if cluster is None else str(cluster),
        ),
        label=LabelOptions(
            _classes(options.get("classes")),
            options.get("label_base", 0),
            options.get("positive"),
            None if ignored is None else str(ignored),
        ),
        fingerprint=options.get("fingerprint", False),
        terms=TermOptions(
            options.get("convention", EXACT),
            _eps(options.get("eps")),
            options.get("normalize", False),
            float(options.get("label_smoothing", 0.0)),
            float(options.get("pos_weight", 1.0)),
            options.get("class_weight"),
        ),
        input=InputOptions(
            options.get("input_format"),
            options.get("header"),
            options.get("delimiter"),
            options.get("decimal", "."),
        ),
    )


def _eps(asked: float | str | None) -> float | str | None:
    if asked is None or asked == AUTO:
        return asked
    try:
        return float(asked)
    except (TypeError, ValueError):
        raise UsageError(f"--eps is a number or auto, not {asked!r}") from None


def _columns(asked: str | int | Sequence[str | int] | None) -> str | tuple[str, ...] | None:
    if asked is None or isinstance(asked, str):
        return asked
    return (str(asked),) if isinstance(asked, int | Integral) else tuple(map(str, asked))


def _names(asked: str | int | Sequence[str | int] | None) -> tuple[str, ...]:
    """Return the names of columns, of which one may come alone."""
    if asked is None:
        return ()
    return (str(asked),) if isinstance(asked, str | int | Integral) else tuple(map(str, asked))


def _classes(asked: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(asked, str):
        return tuple(part.strip() for part in asked.split(","))
    return None if asked is None else tuple(map(str, asked))


def _data(value: Data | None) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value
