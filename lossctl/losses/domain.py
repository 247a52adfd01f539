"""What a family of losses takes, as data and as one check at one door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossctl.block import Booleans, Fault, Floats, Integers
from lossctl.losses.interval import Interval
from lossctl.losses.layout import row_sums
from lossctl.values import dataclass, replace

if TYPE_CHECKING:
    from lossctl.losses.registry import Bounds

PROBS, LOGITS, LOG_PROBS, NUMBERS = "probs", "logits", "log-probs", "numbers"
# Forms that nobody asks for: probabilities that are still to be divided by their sum, or of which
# only the logarithms are clipped.
SHARES, LOGS_CLIPPED = "shares", "logs-clipped"
VARIANCE, DEVIATION = "variance", "standard deviation"

# A probability may miss [0, 1] by this much and is then counted as 0 or 1: float32 softmax does.
PROBABILITY_SLACK = 1e-6
_NEARLY = 0.01  # beyond 0 and 1: nobody's logits, nor percentages


@dataclass(frozen=True)
class Domain:
    """A kind of prediction and label.

    ``family`` is what the losses are of. ``forms`` is what the predictions may hold, the first
    being what the kernels take as they are. ``classes``: the columns are K ≥ 2 classes.
    ``unit_labels``: labels are 0 and 1, or between; the label columns of others are numbers.
    ``whole``: a row is scored as one; otherwise its cells are scored singly. ``columns``: how many
    prediction columns a row has, if that is fixed; ``spread`` is what the second of them holds.
    ``predictions`` and ``labels`` say in words what is taken.
    """

    family: str
    forms: tuple[str, ...]
    predictions: str
    labels: str
    classes: bool = False
    unit_labels: bool = False
    whole: bool = False
    columns: int | None = None
    spread: str | None = None

    @property
    def event(self) -> bool:
        """Whether each label column tells whether one event happened."""
        return self.unit_labels and not self.classes


REAL = Domain("numbers", (NUMBERS,), "one column, or m of them", "numbers, as many columns")
BINARY = Domain(
    "probabilities",
    (PROBS, LOGITS, LOG_PROBS),
    "one column, or k of them (multi-label)",
    "0/1, −1/+1, soft in [0, 1], or two names; as many columns",
    unit_labels=True,
)
CLASSES = Domain(
    "probabilities",
    (PROBS, LOGITS, LOG_PROBS),
    "a column for each of K ≥ 2 classes",
    "indices, class names, one-hot or soft rows",
    classes=True,
    unit_labels=True,
    whole=True,
)
MARGIN = Domain(
    "scores",
    (NUMBERS,),
    "scores, one column or k of them: above 0 for the event",
    "0/1, −1/+1, or two names; as many columns",
    unit_labels=True,
)
CLASS_MARGIN = Domain(
    "scores",
    (NUMBERS,),
    "a column of scores for each of K ≥ 2 classes",
    "indices, class names, or one-hot rows",
    classes=True,
    unit_labels=True,
    whole=True,
)
VECTORS = Domain(
    "vectors", (NUMBERS,), "m ≥ 2 columns, a vector a row", "as many columns", whole=True
)
NORMAL = Domain(
    "distributions",
    (NUMBERS,),
    "two columns: the mean and its variance",
    "numbers, one column",
    whole=True,
    columns=2,
    spread=VARIANCE,
)
NORMAL_BY_DEVIATION = replace(
    NORMAL, predictions="two columns: the mean and its standard deviation", spread=DEVIATION
)


@dataclass(frozen=True)
class Checked:
    """Predictions with values just outside [0, 1] counted as 0 or 1, and what was found."""

    prediction: Floats
    adjusted: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Wanted:
    """What is asked of values besides their domain's own: by which loss, and how strictly."""

    loss: str
    bounds: Bounds
    soft: bool = True


def check(  # noqa: PLR0913, PLR0917
    domain: Domain,
    form: str,
    prediction: Floats,
    label: Floats | Integers,
    sum_tolerance: float | None,
    wanted: Sequence[Wanted] = (),
) -> Checked:
    """Check values against the domain; NaN passes, for the NaN policy has seen to it.

    Without a ``sum_tolerance`` rows of probabilities may have any sum but 0.
    """
    faults = list(_label_faults(domain, label, sum_tolerance))
    adjusted = 0
    if form in (PROBS, LOG_PROBS):
        bounds = (-np.inf, 0.0)
        if form == PROBS:
            bounds = (0.0, 1.0 if sum_tolerance is not None else np.inf)
        if not _within(prediction, *bounds):
            explain = _not_probability if form == PROBS else _not_log_probability
            low, high = bounds[0] - PROBABILITY_SLACK, bounds[1] + PROBABILITY_SLACK
            faults += _outside(prediction, low, high, explain)
            prediction, adjusted = _clamped(prediction, *bounds)
    if domain.classes and form in (PROBS, LOG_PROBS):
        faults += _sum_faults(prediction, form, sum_tolerance)
    for one in wanted:
        faults += _wanted_faults(domain, one, prediction, label)
    return Checked(prediction, adjusted, tuple(faults))


def _wanted_faults(
    domain: Domain, one: Wanted, prediction: Floats, label: Floats | Integers
) -> Iterator[Fault]:
    """Yield the first value that a loss does not take, of each kind."""
    bounds = one.bounds
    ranges = bounds.prediction if isinstance(bounds.prediction, tuple) else (bounds.prediction,)
    for column, interval in enumerate(ranges):
        part = prediction if len(ranges) == 1 else prediction[:, column : column + 1]
        yield from _range_faults(one.loss, interval, part, "prediction", column)
    if label.dtype == np.float64:
        yield from _range_faults(one.loss, bounds.label, np.asarray(label, np.float64), "label", 0)
        if domain.unit_labels and not one.soft:
            yield from _soft_faults(one.loss, np.asarray(label, np.float64))
    if bounds.refused is not None:
        marks = bounds.refused(prediction, label)
        for row in _first(marks):
            yield Fault(row, "prediction", None, f"{one.loss} {bounds.why}")


def _soft_faults(loss: str, label: Floats) -> Iterator[Fault]:
    soft = (label != 0) & (label != 1) & ~np.isnan(label)
    for row in _first(np.asarray(soft.any(axis=1))):
        column = int(soft[row].argmax())
        what = f"{loss} takes no label between 0 and 1, as {float(label[row, column])!r} is"
        yield Fault(row, "label", column, what)


def _range_faults(
    loss: str, interval: Interval, values: Floats, side: str, first: int
) -> Iterator[Fault]:
    marks = interval.outside(values)
    if marks is not None:
        row = int(marks.any(axis=1).argmax())
        column = int(marks[row].argmax())
        value = float(values[row, column])
        kind = "spread" if side == "prediction" and first else side
        what = f"{loss} takes {kind}s {interval}, not {value!r}"
        yield Fault(row, side, first + column, what)


def _label_faults(domain: Domain, label: Floats | Integers, tolerance: float | None) -> list[Fault]:
    """Check labels of [0, 1], and that one-hot and soft rows sum to 1."""
    if not domain.unit_labels or label.dtype != np.float64:
        return []
    faults = _outside(label, 0.0, 1.0, _not_unit_label, side="label")
    if domain.classes:
        sums = row_sums(np.asarray(label, dtype=np.float64))
        for row in _first(_off_one(sums, label.shape[1], 1e-3 if tolerance is None else tolerance)):
            message = f"the label columns sum to {sums[row]:.6g}, not to 1"
            hint = "ce wants one-hot or soft rows; for several labels a row use bce"
            faults.append(Fault(row, "label", None, message, hint))
    return faults


def _outside(
    values: Floats | Integers,
    low: float,
    high: float,
    explain: Callable[[float, Floats | Integers], tuple[str, str | None]],
    side: str = "prediction",
) -> list[Fault]:
    if _within(values, low, high):
        return []
    wrong = (values < low) | (values > high)
    return [
        Fault(row, side, column, *explain(float(values[row, column]), values[row]))
        for row in _first(np.asarray(wrong.any(axis=1)))
        for column in _first(wrong[row])
    ]


def _within(values: Floats | Integers, low: float, high: float) -> bool:
    """Whether all values are between, and none is NaN."""
    return bool(values.size == 0 or (values.min() >= low and values.max() <= high))


def _first(marks: Booleans) -> list[int]:
    return [int(marks.argmax())] if marks.any() else []


def _not_probability(value: float, row: Floats | Integers) -> tuple[str, str | None]:
    hint = "these look like logits: --from logits"
    if row.min() >= 0 and abs(row.sum() - 100) <= 1:
        hint = "these look like percentages: divide them by 100"
    elif -_NEARLY <= value <= 1 + _NEARLY:
        hint = f"only {PROBABILITY_SLACK:g} is taken for rounding"
    elif row.min() >= 0 and value <= 100:
        hint = "if these are logits, say --from logits; if percentages, divide them by 100"
    return f"{value!r} is not a probability", hint


def _not_log_probability(value: float, _: Floats | Integers) -> tuple[str, str | None]:
    hint = "log-probabilities are at most 0; there are also --from logits and --from probs"
    return f"{value!r} is not the logarithm of a probability", hint


def _not_unit_label(value: float, _: Floats | Integers) -> tuple[str, str | None]:
    hint = "labels are 0 or 1, or soft labels from 0 to 1"
    if value > 1 and value.is_integer():
        hint += f"; for another pair of labels name the positive one: --positive {value:.0f}"
    return f"the label {value!r} is outside [0, 1]", hint


def _clamped(prediction: Floats, low: float, high: float) -> tuple[Floats, int]:
    """Return the predictions within bounds, and in how many rows that changed one."""
    wrong = (prediction < low) | (prediction > high)
    return np.clip(prediction, low, high), int(np.count_nonzero(wrong.any(axis=1)))


def _off_one(sums: Floats, terms: int, tolerance: float) -> Booleans:
    """Mark sums that miss 1 by more than the tolerance, whatever rounding did to them."""
    slack = terms * np.finfo(np.float64).eps
    return np.asarray(np.abs(sums - 1) > tolerance + slack)


def _sum_faults(prediction: Floats, form: str, tolerance: float | None) -> list[Fault]:
    probabilities = np.exp(prediction) if form == LOG_PROBS else prediction
    sums = row_sums(probabilities)
    faults = []
    if tolerance is None:
        impossible = (sums == 0) | np.isinf(sums)
        return [
            Fault(
                row, "prediction", None, f"the row sums to {sums[row]:g}: it cannot be normalised"
            )
            for row in _first(np.asarray(impossible))
        ]
    for row in _first(_off_one(sums, probabilities.shape[1], tolerance)):
        message = f"the probabilities of the row sum to {sums[row]:.6g}, not to 1"
        hint = "are these all the class columns, and no other? then allow more: --sum-tol"
        if form == LOG_PROBS:
            hint = "if these are logits: --from logits; if rounded: --sum-tol"
        faults.append(Fault(row, "prediction", None, message, hint))
    return faults
