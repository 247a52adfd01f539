"""The text format of Prometheus, for the textfile collector of its node exporter."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, TextIO, TypeAlias

from lossctl.names import printable
from lossctl.numbers import spelled
from lossctl.render.cells import column_names
from lossctl.render.content import Content
from lossctl.render.text import apart
from lossctl.result import Delta, Group, Result

if TYPE_CHECKING:
    from lossctl.render.content import Looks

Sample: TypeAlias = tuple[Mapping[str, str], float | None]

_RESULT: dict[str, tuple[str, Callable[[Result], float | None]]] = {
    "loss": ("The loss of the predictions.", lambda one: one.value),
    "loss_stderr": ("The standard error of the loss.", lambda one: one.stderr),
    "loss_ci_low": ("The lower end of the loss's interval.", lambda one: one.low),
    "loss_ci_high": ("The upper end of the loss's interval.", lambda one: one.high),
    "rows": ("The scored rows.", lambda one: one.n),
    "denominator": ("What the total was divided by.", lambda one: one.denominator),
    "rank": ("The rank of the predictions, the best having 1.", lambda one: one.rank),
}
_DELTA: dict[str, tuple[str, Callable[[Delta], float | None]]] = {
    "delta": ("The loss's difference to the baseline's.", lambda one: one.value),
    "delta_stderr": ("The standard error of the difference.", lambda one: one.stderr),
    "delta_low": ("The lower end of the difference's interval.", lambda one: one.low),
    "delta_high": ("The upper end of the difference's interval.", lambda one: one.high),
    "delta_p": ("The p-value of the difference.", lambda one: one.p),
    "delta_p_adjusted": ("The adjusted p-value of the difference.", lambda one: one.p_adjusted),
    "delta_rows": ("The rows that the difference is of.", lambda one: one.n),
}
_GROUP: dict[str, tuple[str, Callable[[Group], float | None]]] = {
    "group_loss": ("The loss of a group of rows.", lambda one: one.value),
    "group_loss_stderr": ("The standard error of the group's loss.", lambda one: one.stderr),
    "group_loss_ci_low": ("The lower end of the group's interval.", lambda one: one.low),
    "group_loss_ci_high": ("The upper end of the group's interval.", lambda one: one.high),
    "group_rows": ("The scored rows of the group.", lambda one: one.n),
    "group_denominator": ("What the group's total was divided by.", lambda one: one.denominator),
    "group_share": ("The group's part of the total.", lambda one: one.share),
}


def write_prometheus(content: Content, stream: TextIO, _: Looks) -> None:
    """Write a gauge for each number; what is not known has no sample.

    Results are labelled with ``loss`` and ``predictions``, groups with their columns besides.
    """
    results = {(one.loss, one.predictions): one for one in content.results}.values()
    for name, (told, value) in _RESULT.items():
        _write(name, told, ((_whose(one), value(one)) for one in results), stream)
    for name, (told, of_delta) in _DELTA.items():
        _write(name, told, _of_deltas(results, of_delta), stream)
    gates = (({**_whose(v.result), "gate": v.gate}, int(v.passed)) for v in content.verdicts)
    _write("gate_passed", "Whether the gate passed: 1 or 0.", gates, stream)
    _write("candidate_failed", "Whether it could not be scored: 1 or 0.", _failed(content), stream)
    for name, (told, of_group) in _GROUP.items():
        _write(name, told, _of_groups(results, of_group), stream)


def _write(name: str, told: str, samples: Iterator[Sample], stream: TextIO) -> None:
    """Write all of a metric, if there is any."""
    known = ((labels, value) for labels, value in samples if value is not None)
    first = next(known, None)
    if first is not None:
        stream.write(f"# HELP lossctl_{name} {told}\n# TYPE lossctl_{name} gauge\n")
        stream.writelines(
            f"lossctl_{name}{{{_labels(labels)}}} {_value(value)}\n"
            for labels, value in chain([first], known)
        )


def _whose(result: Result) -> dict[str, str]:
    return {"loss": result.loss, "predictions": result.predictions}


def _of_deltas(
    results: Iterable[Result], value: Callable[[Delta], float | None]
) -> Iterator[Sample]:
    return ((_whose(one), value(one.delta)) for one in results if one.delta is not None)


def _failed(content: Content) -> Iterator[Sample]:
    if content.ranking is not None:
        yield from ((_whose(result), 0) for result in content.results)
        for one in content.ranking.failed:
            yield {"loss": content.ranking.loss, "predictions": one.predictions}, 1


def _of_groups(
    results: Iterable[Result], value: Callable[[Group], float | None]
) -> Iterator[Sample]:
    for result in results:
        groups = result.groups or ()
        names = _label_names(column_names(groups))
        for group in groups:
            labels = dict(zip(names, group.names.values(), strict=True))
            yield {**_whose(result), **labels}, value(group)


def _label_names(columns: Iterable[str]) -> list[str]:
    """Return names that the format allows, none of them used twice, or reserved by Prometheus.

    >>> _label_names(["region", "a b", "a-b", "7", "__x", "loss", ""])
    ['region', 'a_b', 'group_a_b', '_7', 'group___x', 'group_loss', 'group_']
    """
    cleaned = [re.sub(r"[^a-zA-Z0-9_]", "_", name) for name in columns]
    cleaned = [re.sub(r"^(__|$)", r"group_\1", name) for name in cleaned]
    return apart([re.sub(r"^(\d)", r"_\1", name) for name in cleaned], {"loss", "predictions"})


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())


def _escaped(text: str) -> str:
    r"""Return the value of a label; a line end is \n as the format has it, not as we print it."""
    lines = map(printable, text.split("\n"))
    return "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)


def _value(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return spelled(float(value))
