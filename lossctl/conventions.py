"""What other tools print, as data: how each of them departs from the plain formula.

A convention gives a rule for each loss that its tool has; the rule holds ordinary values, which
become the terms of a scoring. Sources: the tools' code and documentation, checked by running them
(``tests/golden``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lossctl.errors import UsageError
from lossctl.losses import Loss
from lossctl.losses.domain import (
    CLASSES,
    LOG_PROBS,
    LOGITS,
    LOGS_CLIPPED,
    NUMBERS,
    PROBS,
    SHARES,
    Domain,
)
from lossctl.losses.registry import Kernel
from lossctl.losses.terms import FIRST, INSIDE, LAST, NO, Scoring, Terms
from lossctl.names import did_you_mean
from lossctl.values import dataclass, field, replace

_LEAST = 2.0**-53  # less, taken off 1, leaves 1
EXACT, ALL, AUTO = "exact", "all", "auto"
_ANY_FORM = (NUMBERS, PROBS, LOGITS, LOG_PROBS)


@dataclass(frozen=True)
class Rule:
    """How a tool scores one loss.

    ``forms`` are those in which it takes predictions, ``given`` the parameters that the loss must
    have. ``taken_as`` is a form that has a kernel of its own. ``clip`` may be "auto": the eps of
    the type in which the predictions are stored. ``parameters`` are those of the loss that the tool
    sets otherwise, ``unless_given`` those that it sets where the loss leaves them open, ``of_two``
    those of two classes. ``by_cell``: the mean is over all cells of the rows; ``by_row``: rows
    cost the mean of their cells. ``apart``: each output has a value of its own, and theirs is the
    mean; ``alone``: there are no several. The rest is as in ``Terms``; what concerns
    probabilities acts where the predictions are some.
    """

    forms: tuple[str, ...] = _ANY_FORM
    given: Mapping[str, Any] = field(default_factory=dict)
    taken_as: str | None = None
    clip: float | str = 0.0
    normalized: str = NO
    floor: float = -math.inf
    least: float = -math.inf
    single: bool = False
    hard: bool = False
    alone: bool = False
    counted: bool = False
    by_cell: bool = False
    by_row: bool = False
    apart: bool = False
    scale: float = 1.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unless_given: Mapping[str, Any] = field(default_factory=dict)
    of_two: Mapping[str, Any] = field(default_factory=dict)


def _same(*losses: str, **settings: Any) -> dict[str, Rule]:
    return dict.fromkeys(losses, Rule(**settings))


def _keras(*losses: str, **settings: Any) -> dict[str, Rule]:
    return _same(*losses, counted=True, by_row=True, **settings)


def _single(*losses: str, **settings: Any) -> dict[str, Rule]:
    return _same(*losses, single=True, alone=True, **settings)


# A loss that is scored otherwise over classes than of one event has a rule of its own for those.
CONVENTIONS: dict[str, Mapping[str, Rule]] = {
    "torch": {
        **_same("mse", "sse", "mae", "smooth-l1", "poisson-nll", "gaussian-nll", "cosine"),
        **_same("soft-margin", "nll"),
        **_same("huber", "multi-margin", counted=True),
        "bce": Rule((PROBS, LOGITS), floor=-100.0, counted=True),
        "ce": Rule((LOGITS,)),
        "kl-div": Rule((PROBS, LOG_PROBS), by_cell=True),
    },
    "sklearn": {
        **_same("mse", "mae", "msle", "mape", "quantile", "poisson", "gamma", "tweedie"),
        **_same("hinge", "multiclass-hinge"),
        **_same("rmse", "rmsle", apart=True),
        **_same("bce", "ce", forms=(PROBS,), clip=AUTO, hard=True, alone=True),
        "brier": Rule((PROBS,), alone=True, of_two={"scale_by_half": True}),
    },
    "keras": {
        **_keras("mse", "mae", "huber", "log-cosh", "hinge", "squared-hinge"),
        **_keras("mape", scale=100.0, parameters={"eps": 1e-7}),
        **_keras("msle", least=1e-7),
        **_keras("poisson-nll", given={"log_input": False}, parameters={"eps": 1e-7}),
        **_keras("kl-div", forms=(PROBS,), least=1e-7),
        **_keras("bce", forms=(PROBS, LOGITS), clip=1e-7),
        **_keras("ce", forms=(PROBS, LOGITS), clip=1e-7, normalized=FIRST),
        **_keras("focal", forms=(PROBS,), taken_as=LOGS_CLIPPED),
        **_keras(
            "focal/classes",
            forms=(PROBS,),
            clip=1e-7,
            normalized=FIRST,
            unless_given={"alpha": 0.25},
        ),
    },
    "kaggle": {
        **_same("mse", "rmse", "mae", "msle", "rmsle", "mape", alone=True),
        "bce": Rule((PROBS,), clip=1e-15, alone=True),
        "ce": Rule((PROBS,), clip=1e-15, normalized=LAST),
    },
    "xgboost": {
        **_single("rmse", "mae", "rmsle"),
        **_single("mape", parameters={"eps": 0.0}),
        **_single("bce", "ce", forms=(PROBS,), floor=float(np.log(np.float32(1e-16)))),
    },
    "lightgbm": {
        **_same("mse", "rmse", "mae", "huber", "quantile", alone=True),
        "mape": Rule(alone=True, parameters={"eps": 1.0}),
        **_same("bce", "ce", forms=(PROBS,), floor=-34.53877639770508, hard=True, alone=True),
    },
}


@dataclass(frozen=True)
class TermOptions:
    """What the user says about the terms; ``class_weight`` is as typed, or as Python has it."""

    convention: str = EXACT
    eps: float | str | None = None
    normalize: bool = False
    smoothing: float = 0.0
    pos_weight: float = 1.0
    class_weight: Any = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        known = (EXACT, *CONVENTIONS, ALL)
        if self.convention not in known:
            hint = did_you_mean(str(self.convention), known) or f"they are {', '.join(known)}"
            raise UsageError(f"there is no convention '{self.convention}'", hint=hint)
        if self.eps not in (None, AUTO, 0) and not _between(self.eps, _LEAST, 0.5):
            raise UsageError(f"--eps is auto, 0, or from {_LEAST:.2g} to below 0.5, not {self.eps}")
        if not _between(self.smoothing, 0.0, 1.0):
            raise UsageError(f"--label-smoothing is from 0 to below 1, not {self.smoothing:g}")
        if not (math.isfinite(self.pos_weight) and self.pos_weight >= 0):
            raise UsageError(f"--pos-weight is a number from 0 on, not {self.pos_weight:g}")


def _between(value: float | str, low: float, high: float) -> bool:
    return not isinstance(value, str) and low <= value < high


@dataclass(frozen=True)
class Predictions:
    """What terms depend on besides the loss: domain, form, type and number of the columns."""

    domain: Domain
    form: str
    stored: str
    columns: int


def check_options(loss: Loss, predictions: Predictions, options: TermOptions) -> None:
    """Refuse options that a loss has no use for.

    Raises:
        UsageError: it is not there in this convention, or an option does nothing to it.

    """
    domain, form = predictions.domain, predictions.form
    variant = loss.variant(domain)
    if options.convention not in (EXACT, ALL):
        _rule(loss, predictions, options.convention)
    if options.smoothing and not (domain.unit_labels and variant.soft):
        raise _useless("--label-smoothing is for losses that take soft labels, not", loss)
    if options.pos_weight != 1 and not (domain.event and variant.linear):
        raise _useless("--pos-weight is for losses of one event such as bce, not", loss)
    if options.class_weight is not None and not domain.unit_labels:
        raise _useless("--class-weight is for losses of classes, not", loss)
    if options.normalize and not (domain == CLASSES and form == PROBS):
        raise _useless("--normalize is for probabilities of classes, not for this", loss)
    if options.eps is not None and not (variant.logs and form == PROBS):
        raise _useless("--eps is for logarithms of probabilities, not for this", loss)


def _useless(what: str, loss: Loss) -> UsageError:
    return UsageError(f"{what} {loss}", hint=f"leave it out, or score {loss} by itself")


def _rule(loss: Loss, predictions: Predictions, convention: str) -> Rule:
    """Return a tool's rule for a loss.

    Raises:
        UsageError: it has no such loss.

    """
    rules, form, domain = CONVENTIONS[convention], predictions.form, predictions.domain
    if loss.name not in rules:
        hint = f"{convention} has {', '.join(sorted(name for name in rules if '/' not in name))}"
        raise UsageError(f"{convention} has no {loss.name}", hint=hint)
    of_classes = f"{loss.name}/classes"
    rule = rules[of_classes if domain.classes and of_classes in rules else loss.name]
    if form not in rule.forms:
        forms = ", ".join(rule.forms)
        hint = f"--from {rule.forms[0]}, if that is what the file holds"
        what = f"{convention} has {loss.name} from {forms} only, not from {form}"
        raise UsageError(what, hint=hint)
    if rule.alone and not domain.whole and predictions.columns > 1:
        hint = "--pred-col chooses one"
        raise UsageError(f"{convention} has {loss.name} of one column only", hint=hint)
    for name, value in rule.given.items():
        if dict(loss.parameters)[name] != value:
            wanted = f"{name.replace('_', '-')}={str(value).lower()}"
            hint = f"write {loss.name}:{wanted}"
            raise UsageError(f"{convention} has {loss.name} with {wanted} only", hint=hint)
    return rule


def conventions_of(loss: Loss, predictions: Predictions) -> Iterator[str]:
    """Yield the tools that have a loss of such predictions."""
    for name in CONVENTIONS:
        try:
            _rule(loss, predictions, name)
        except UsageError:
            continue
        yield name


def scoring_of(
    loss: Loss, convention: str, predictions: Predictions, options: TermOptions
) -> Scoring:
    """Return a loss on the terms of a convention.

    Raises:
        UsageError: the tool has no such loss.

    """
    terms = _terms(loss, convention, predictions, options)
    apart = convention != EXACT and CONVENTIONS[convention][loss.name].apart
    if not apart or predictions.domain.whole or predictions.columns == 1:
        return Scoring(loss, convention, (terms,))
    outputs = (replace(terms, output=i) for i in range(predictions.columns))
    return Scoring(loss, convention, tuple(outputs))


def _terms(loss: Loss, convention: str, predictions: Predictions, options: TermOptions) -> Terms:
    """Return the terms of a loss in a convention, with what the options change."""
    form, domain = predictions.form, predictions.domain
    rule = Rule() if convention == EXACT else _rule(loss, predictions, convention)
    variant = loss.variant(domain)
    clip, floor, normalized = rule.clip, rule.floor, rule.normalized
    if options.eps is not None and variant.logs:
        clip, floor = options.eps, -math.inf
    if form != PROBS:
        clip, floor, normalized = 0.0, -math.inf, NO
    clip = float(np.finfo(predictions.stored).eps) if clip == AUTO else float(clip)
    outputs = 1 if domain.whole else predictions.columns
    if options.normalize and normalized == NO:
        form, normalized = (
            (SHARES, INSIDE) if SHARES in variant.functions and not clip else (form, FIRST)
        )
    own = dict(loss.parameters)
    pair = rule.of_two if domain.classes and predictions.columns == 2 else {}
    left_open = {k: v for k, v in {**rule.unless_given, **pair}.items() if own[k] is None}
    if options.eps is None:
        form = rule.taken_as or form
    parameters = {**own, **left_open, **rule.parameters}
    return Terms(
        Kernel(variant.functions[form], tuple(parameters.items())),
        variant.linear,
        clip=clip,
        normalized=normalized if domain.classes else NO,
        floor=floor,
        least=rule.least,
        single=rule.single,
        smoothing=options.smoothing,
        pos_weight=options.pos_weight,
        scale=rule.scale / (outputs if rule.by_row else 1),
        hard=rule.hard and not options.smoothing,
        counted=rule.counted,
        cells=float(predictions.columns) if rule.by_cell else 1.0 if rule.by_row else None,
    )


def reasons(terms: Terms, plain: Terms, *, weighted: bool) -> str:  # noqa: C901  # one each
    """Say in a few words how terms depart from those of the plain formula."""
    changed = dict(terms.kernel.parameters).items() - dict(plain.kernel.parameters).items()
    words = [f"{name.replace('_', '-')} {value:g}" for name, value in sorted(changed)]
    if terms.kernel.function is not plain.kernel.function:
        words.append("clips logarithms alone")
    if terms.single:
        words.append("rounds to float32")
    if terms.normalized == FIRST:
        words.append("divides rows by their sum")
    if terms.clip:
        words.append(f"clips to [{terms.clip:.3g}, 1 − {terms.clip:.3g}]")
    if terms.normalized == LAST:
        words.append("then divides rows by their sum")
    if terms.floor > -math.inf:
        words.append(f"no logarithm below {terms.floor:.4g}")
    if terms.least > -math.inf:
        words.append(f"no value below {terms.least:g}")
    if terms.scale > plain.scale:
        words.append(f"times {terms.scale:g}")
    if terms.cells is not None and terms.cells > 1:
        words.append(f"mean over rows and {terms.cells:g} columns")
    if terms.counted and weighted:
        words.append("divides by the number of rows, not by the weights")
    if terms.output is not None:
        words.append("the mean of the outputs' own values")
    return ", ".join(words)
