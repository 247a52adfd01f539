"""The steps of a row, in the order in which they are taken: label, prediction, loss, weights."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossctl.block import Floats
from lossctl.explaining import numbers, probabilities
from lossctl.explaining.before import (
    Stage,
    as_steps,
    label_stages,
    prediction_stages,
    weighs_label,
)
from lossctl.explaining.given import Given, Own, probability_of_event, step, symbol_of
from lossctl.explaining.picking import Picked
from lossctl.explanation import Step
from lossctl.losses.domain import PROBS, SHARES, VARIANCE
from lossctl.losses.layout import row_sums
from lossctl.losses.terms import Terms
from lossctl.plan import Plan
from lossctl.values import dataclass


@dataclass(frozen=True)
class Chain:
    """The steps up to the row's loss, and what the kernel saw."""

    steps: tuple[Step, ...]
    given: Given


def chain(picked: Picked) -> Chain:
    """Return the steps of a row; the last is the row's loss itself."""
    plan, scoring, block = picked.plan, picked.scoring, picked.block
    labels = list(label_stages(plan, scoring.terms, block))
    predictions = list(prediction_stages(plan, scoring.loss, scoring.terms, block))
    given = _given(picked, labels[-1][2], predictions[-1][2])
    steps = [*as_steps(labels, "y"), *_of_prediction(plan, predictions, given.symbol)]
    steps += _of_whole(picked, given) if plan.domain.whole else _of_cells(picked, given)
    return Chain(tuple(steps), given)


def _given(picked: Picked, y: Floats, p: Floats) -> Given:
    scoring, block, domain = picked.scoring, picked.block, picked.plan.domain
    terms = scoring.terms
    functions = scoring.loss.variant(domain).functions
    known = [form for form, function in functions.items() if function is terms.kernel.function]
    form = picked.plan.form if picked.plan.form in known else known[0]
    parameters = dict(terms.kernel.parameters)
    symbol = "x" if parameters.get("log_input") else symbol_of(form, domain.family)
    if not domain.whole:
        cost = terms.kernel(np.ascontiguousarray(p), np.ascontiguousarray(y))
        return Given(form, p, y, cost, parameters, symbol)
    raw = block.prediction if form == SHARES else p[np.newaxis]
    target = y[np.newaxis] if domain.columns is None else y
    cost = terms.kernel(raw, target)
    return Given(PROBS if form == SHARES else form, p, y, cost, parameters, symbol)


def _of_prediction(plan: Plan, stages: list[Stage], symbol: str) -> list[Step]:
    if plan.domain.columns is None:
        return as_steps(stages, symbol)
    mean, spread = stages[-1][2]
    variance = plan.domain.spread == VARIANCE
    return [
        step("p", "the mean, as given", float(mean)),
        step("v" if variance else "σ", f"the {plan.domain.spread}, as given", float(spread)),
    ]


def _own(plan: Plan, name: str, given: Given) -> tuple[Own | None, str]:
    """Return the own steps of a loss, and its formula in their symbols; a loss may have none."""
    if not plan.domain.unit_labels or plan.domain.family == "scores":
        return numbers.OWN.get(name, (None, ""))[0], numbers.formula(given, name)
    classes = plan.domain.classes
    known = probabilities.OF_CLASSES if classes else probabilities.OF_EVENT
    found = known.get(name, (None, ""))[0]
    return found, probabilities.formula(given, name, classes=classes)


def _of_whole(picked: Picked, given: Given) -> Iterator[Step]:
    terms, block = picked.scoring.terms, picked.block
    own, formula = _own(picked.plan, picked.scoring.loss.name, given)
    if own is not None:
        yield from own(given)
    factors: list[Step] = []
    if terms.class_weight is not None and not weighs_label(terms, block):
        weight = np.array(terms.class_weight)
        mine = weight[block.label] if block.label.ndim == 1 else row_sums(block.label * weight)
        factors.append(step("w", "the weight of the label's class", mine))
    yield from _scaled(terms, given.cost, formula, factors)
    yield step("ℓ", _last(terms, formula, factors), picked.value)


def _of_cells(picked: Picked, given: Given) -> Iterator[Step]:
    terms, block = picked.scoring.terms, picked.block
    own, formula = _own(picked.plan, picked.scoring.loss.name, given)
    factors: list[Step] = []
    if _of_two_answers(terms):
        answers, formula = _answers(terms, given)
        yield from answers
    elif own is not None:
        yield from own(given)
    if not terms.linear and terms.class_weight is not None:
        off, on = terms.class_weight
        coded = np.asarray(block.label[0], np.float64)
        factors.append(step("w", "the weight of the label", np.where(coded == 1, on, off)))
    if not _of_two_answers(terms):
        yield from _scaled(terms, given.cost, formula, factors)
    if block.prediction.shape[1] == 1:
        yield step("ℓ", _last(terms, formula, factors), picked.value)
        return
    label = np.asarray(block.label[0], np.float64)
    losses = terms.of_cells(np.ascontiguousarray(block.prediction[0]), label)
    if block.left_out is not None:
        losses[block.left_out[0]] = 0.0
    yield step("ℓ", _last(terms, formula, factors, of="cell's"), losses)
    yield step("Σ ℓ", "the row's loss", picked.value)


def _scaled(terms: Terms, cost: Floats, formula: str, factors: list[Step]) -> Iterator[Step]:
    """Yield the kernel's loss where something is done to it after, and what that is."""
    if factors or terms.scale != 1:
        yield step("c", formula or "by the formula above", cost)
        yield from factors
        if terms.scale != 1:
            yield step("k", "what the convention multiplies by", terms.scale)


def _last(terms: Terms, formula: str, factors: list[Step], of: str = "row's") -> str:
    """Say what the last step is made of."""
    if _of_two_answers(terms) and terms.scale != 1:
        formula = f"k ({formula})"
    elif factors or terms.scale != 1:
        formula = " ".join(["k"] * (terms.scale != 1) + [one.symbol for one in factors] + ["c"])
    return f"{formula}: the {of} loss" if formula else f"the {of} loss"


def _of_two_answers(terms: Terms) -> bool:
    """Whether the loss is put together from those of both answers, each with its own weight."""
    weighs = terms.class_weight is not None or terms.pos_weight != 1
    return terms.linear and bool(weighs or terms.smoothing or terms.floor > -math.inf)


def _answers(terms: Terms, given: Given) -> tuple[list[Step], str]:
    """Return what both answers cost, and the formula that puts them together."""
    steps = list(probability_of_event(given))
    if terms.smoothing:
        label = given.label * (1 - terms.smoothing) + terms.smoothing / 2
        how = f"smoothed: {1 - terms.smoothing:g} y + {terms.smoothing:g}/2"
        steps.append(step("y'", how, label))
    bound = f", at most {-terms.floor:.4g}" if terms.floor > -math.inf else ""
    for symbol, how, answer in (("a", "if it happens", 1.0), ("b", "if it does not", 0.0)):
        cost = terms.kernel(np.array(given.prediction), np.full_like(given.label, answer))
        steps.append(step(symbol, f"the cost {how}{bound}", np.minimum(cost, -terms.floor)))
    off, on = terms.class_weight or (1.0, 1.0)
    weighs = (off, on * terms.pos_weight) != (1.0, 1.0)
    if weighs:
        steps += [
            step("w1", "what the event weighs", on * terms.pos_weight),
            step("w0", "what the other answer weighs", off),
        ]
    if terms.scale != 1:
        steps.append(step("k", "what the convention multiplies by", terms.scale))
    y = "y'" if terms.smoothing else "y"
    first, second = ("w1 ", "w0 ") if weighs else ("", "")
    infinite = any(one.symbol in {"a", "b"} and np.isinf(one.value).any() for one in steps)
    return steps, f"{first}{y} a + {second}(1 − {y}) b{', 0·∞ = 0' if infinite else ''}"
