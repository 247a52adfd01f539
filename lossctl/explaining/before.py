"""What is done to labels and predictions before the kernel sees them, stage by stage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from lossctl.block import Block, Floats
from lossctl.explaining.given import step
from lossctl.explanation import Step
from lossctl.labels.codings import Classes, Named, Numbered, Positions
from lossctl.losses.class_labels import rows
from lossctl.losses.domain import LOG_PROBS, LOGITS, NUMBERS, PROBS
from lossctl.losses.layout import row_sums
from lossctl.losses.registry import Loss
from lossctl.losses.terms import FIRST, INSIDE, LAST, NO, Terms
from lossctl.names import printable, quoted
from lossctl.numbers import spelled
from lossctl.plan import Plan
from lossctl.values import replace

# What was done last, in words, and what came of it; the last stage is what the kernel sees.
Stage: TypeAlias = tuple[str, str, Floats]

_HOLDS = {PROBS: "probability", LOGITS: "logit", LOG_PROBS: "ln p", NUMBERS: "prediction"}


def shown_labels(block: Block) -> list[str]:
    """Return the labels of a row as they stand in the input."""
    columns = () if block.shown is None else block.shown.labels
    return [
        spelled(float(column[0])) if isinstance(column, np.ndarray) else column.text(0).strip()
        for column in columns
    ]


def label_stages(plan: Plan, terms: Terms, block: Block) -> Iterator[Stage]:
    """Yield what becomes of the label: (m,) or (K,) numbers, once for each change."""
    texts = shown_labels(block)
    if not plan.domain.classes:
        label = np.asarray(block.label[0], np.float64).reshape(-1)
        yield "label", _coded(plan, texts, label), label
        if terms.least > -math.inf:
            label = np.maximum(label, terms.least)
            yield "least", f"at least {terms.least:g}", label
        if terms.smoothing and not terms.linear:
            label = label * (1 - terms.smoothing) + terms.smoothing / 2
            yield "smooth", _smoothing(terms, 2), label
        return
    classes = block.prediction.shape[1]
    label = np.ascontiguousarray(rows(block.label, classes)[0])
    yield "label", _coded(plan, texts, label), label
    if terms.smoothing:
        label = terms.smoothed(block.label, classes)[0]
        yield "smooth", _smoothing(terms, classes), label
    if terms.least > -math.inf:
        label = np.maximum(label, terms.least)
        yield "least", f"at least {terms.least:g}", label
    if weighs_label(terms, block):
        weight = np.array(terms.class_weight)
        yield "w", "what the class weighs", weight
        yield "weighed", "the label times w", label * weight


def weighs_label(terms: Terms, block: Block) -> bool:
    """Whether the classes weigh the label's shares: of hard ones they weigh the loss."""
    soft = bool(terms.smoothing) or block.label.ndim == 2
    return terms.class_weight is not None and terms.linear and soft


def _smoothing(terms: Terms, classes: int) -> str:
    e = terms.smoothing
    return f"smoothed: {1 - e:g} of it, and {e:g}/{classes} each"


def _coded(plan: Plan, texts: list[str], label: Floats) -> str:
    """Say how the label became numbers."""
    coding, text = plan.coding, quoted(printable(texts[0]), 20) if texts else ""
    if plan.domain.classes:
        if isinstance(coding, Positions):
            return f"the label {texts[0]}, counted from {coding.base}, one-hot"
        if isinstance(coding, Classes | Numbered):
            return f"the label {text}, one-hot"
        return "the label, a row of numbers"
    if isinstance(coding, Named):
        return f"1: {text} is the event" if label[0] == 1 else f"0: {text} is not the event"
    raw = [float(one) for one in texts]
    if plan.domain.unit_labels and raw != label.tolist() and -1 in raw:
        return "the label, −1 counted as 0"
    return "the label"


def prediction_stages(plan: Plan, loss: Loss, terms: Terms, block: Block) -> Iterator[Stage]:
    """Yield what becomes of the prediction likewise."""
    values = block.prediction
    yield "given", f"the {_what(plan, loss)}, as given", values[0]
    if terms.single:
        values = Terms(terms.kernel, single=True).prepared(values)
        yield "float32", "rounded to float32", values[0]
    if terms.normalized in (FIRST, INSIDE):
        values = values / row_sums(values)[:, np.newaxis]
        yield "÷ Σ", "divided by their sum", values[0]
    if terms.clip:
        values = replace(terms, single=False, normalized=NO).prepared(values)
        yield "clipped", f"moved into [{terms.clip:.3g}, 1 − {terms.clip:.3g}]", values[0]
    if terms.normalized == LAST:
        values = values / row_sums(values)[:, np.newaxis]
        yield "÷ Σ", "then divided by their sum", values[0]
    if terms.floor > -math.inf and plan.domain.whole:
        values = np.maximum(values, math.exp(terms.floor))
        yield "least", f"no logarithm below {terms.floor:.4g}", values[0]
    if terms.least > -math.inf:
        values = np.maximum(values, terms.least)
        yield "least", f"at least {terms.least:g}", values[0]


def _what(plan: Plan, loss: Loss) -> str:
    if plan.domain.family == "scores":
        return "score"
    if dict(loss.parameters).get("log_input"):
        return "ln of the mean"
    return _HOLDS[plan.form]


def as_steps(stages: list[Stage], symbol: str) -> list[Step]:
    """Return stages as steps: the last is what later steps call by the symbol."""
    *before, (_, how, value) = stages
    return [*(step(*stage) for stage in before), step(symbol, how, value)]
