"""The arithmetic of chosen rows, step by step.

The rows are picked while all are scored, so that their part of the total is known. What every loss
has in common, labels, clips, smoothing, weights, is told for all of them; steps of its own are in
``numbers`` and ``probabilities``, by its name, and a loss without any is told by its formula.
"""

from __future__ import annotations

import math

import numpy as np

from lossctl import scoring, watching
from lossctl.block import Block
from lossctl.catalogue import entry
from lossctl.conventions import ALL, EXACT
from lossctl.engines.local import Tell
from lossctl.explaining.before import shown_labels
from lossctl.explaining.chain import Chain, chain
from lossctl.explaining.given import step
from lossctl.explaining.picking import Picked, Picker, Wanted
from lossctl.explaining.remarks import remarks
from lossctl.explanation import Explanation, Total
from lossctl.names import readable
from lossctl.numbers import spelled
from lossctl.plan import Plan
from lossctl.result import Result
from lossctl.rows import key_name
from lossctl.scoring import Data, Options
from lossctl.values import replace

# What a key cannot be called beside: the names in JSON, and in tables for programs.
_FIELDS = (
    *("schema", "loss", "row", "label", "value", "status", "weight", "share", "total"),
    *("formula", "steps", "remarks", "step", "of", "how"),
)


def planned(loss: str, predictions: Data, labels: Data, options: Options) -> Plan:
    """Return what is to be done; its ``alternatives`` are what others make of a row.

    They are its ``others`` as well where all conventions were asked for.

    Raises:
        UsageError: the options do not go together.
        DataError: the files cannot be read, or do not hold what was asked for.

    """
    asked = options.terms.convention
    if asked == EXACT:
        options = replace(options, terms=replace(options.terms, convention=ALL))
    plan = scoring.prepare(loss, predictions, labels, replace(options, per_row=True, worst=0))
    others = plan.others
    return replace(plan, alternatives=others, others=others if asked == ALL else ())


def explain(
    plan: Plan, wanted: Wanted, tell: Tell | None = None
) -> tuple[tuple[Result, ...], tuple[Explanation, ...]]:
    """Score everything, and return the results and how the wanted rows came to their losses.

    Raises:
        DataError: the files cannot be read, paired or scored, or a wanted row is not there.

    """
    alone = replace(plan, others=(), alternatives=(), per_row=False, told_apart=True)
    picker = Picker(alone, wanted)
    results = scoring.run(alone, picker, tell)
    return results, tuple(_explained(plan, result, one) for result, one in picker.rows(results))


@np.errstate(all="ignore")  # infinity and NaN are what may have to be explained
def _explained(plan: Plan, result: Result, one: Picked) -> Explanation:
    block, value = one.block, one.value
    weight = None if block.weight is None else float(block.weight[0])
    told, names = chain(one), _names(plan)
    others = plan.alternatives if plan.others or math.isinf(value) else ()
    found = Explanation(
        loss=str(one.scoring.loss),
        formula=str(entry(one.scoring.loss)["row loss"]),
        row=int(block.rows[0]),
        key=_key(plan, block),
        label=_label(plan, block),
        value=value,
        weight=weight,
        total=Total(result.sum, result.n, result.value, result.reduction),
        steps=told.steps,
        of="class" if plan.domain.classes else "output",
        names=names,
        order=_order(plan, told, value),
        remarks=tuple(remarks(one, told.given, names, others)),
    )
    if weight is None:
        return found
    last = step("W ℓ", "what it adds to the total", found.weighted)
    return replace(found, steps=(*told.steps, step("W", "the weight of the row", weight), last))


def _names(plan: Plan) -> tuple[str, ...]:
    """Return what the numbers of a step are of: classes or outputs, nothing if there is one."""
    given = dict(plan.said).get("classes", "").split(",")  # positions go by no name of a column
    named = plan.domain.classes and len(given) == len(plan.roles.prediction)
    found = tuple(map(readable, given if named else watching.shown_names(plan)))
    return found if len(found) > 1 else ()


def _key(plan: Plan, block: Block) -> tuple[str, str] | None:
    shown = block.shown
    if shown is None or shown.keys is None:
        return None
    return key_name(plan, _FIELDS), readable(shown.keys.text(0))


def _label(plan: Plan, block: Block) -> str | list[str]:
    """Return the label as it stands in the input."""
    texts = [readable(text) for text in shown_labels(block)]
    if plan.domain.classes and block.label.ndim == 2 and np.count_nonzero(block.label) != 1:
        return [spelled(value) for value in block.label[0].tolist()]
    return texts[0] if len(texts) == 1 else texts


def _order(plan: Plan, told: Chain, value: float) -> tuple[int, ...]:
    """Return the places of classes or outputs, those first that matter most to the loss."""
    given = told.given
    if plan.domain.classes:
        order = np.lexsort((-given.prediction, -given.label))
    elif plan.domain.whole:
        order = np.argsort(-np.abs(given.prediction), kind="stable")
    else:
        last = next((s.value for s in reversed(told.steps) if isinstance(s.value, tuple)), (value,))
        order = np.argsort(-np.nan_to_num(np.array(last), nan=np.inf), kind="stable")
    return tuple(order.tolist())
