"""What the names of columns say: the ones lossctl knows, and the prefixes they share."""

from __future__ import annotations

import re
from collections.abc import Sequence

LABEL_NAMES = (
    *("label", "labels", "y", "y_true", "target", "truth"),
    *("true", "actual", "observed", "expected", "gold", "class"),
)
PREDICTION_NAMES = (
    *("pred", "prediction", "predictions", "predicted"),
    *("y_pred", "yhat", "score", "prob", "p"),
)
VARIANCE_NAMES = ("var", "variance", "sigma2", "logvar")
DEVIATION_NAMES = ("sigma", "std", "stddev", "sd", "stdev", "logstd", "logsigma")
ASIDE_NAMES = ("weight", "fold", "split", "usage")  # columns that people keep beside predictions
PREFIX_ENDS = "_.-: "
# Before such a prefix, the rest of a name is a class, even if it is "id".
_CLASS_PREFIXES = ("p", "prob", "proba", "class", "logit", "logits", "score", "pred")
_NUMBER_END = re.compile(r"\d\.$|^-$|\d[eE]-$")
_KEY = re.compile(r"(?i:id|row_id|sample_id|index|.*[_ ]id)|.*[a-z]I[dD]|__index_level_\d+__")
_NAMELESS = re.compile(
    r"|Unnamed: \d+|__index_level_\d+__"
)  # a frame's index, and what pandas calls it on the way back


def is_key(name: str | None) -> bool:
    """Whether a name says that the column identifies the row: ``user_id``, ``PassengerId``."""
    return name is not None and _KEY.fullmatch(name) is not None


def is_label(name: str | None) -> bool:
    """Whether a column's name says that it holds labels, in any case."""
    return name is not None and name.casefold() in LABEL_NAMES


def is_prediction(name: str | None) -> bool:
    """Whether a column's name says that it holds predictions, in any case."""
    return name is not None and name.casefold() in PREDICTION_NAMES


def is_variance(name: str | None) -> bool:
    """Whether a column's name says that it holds a variance: ``var``, ``pred_var``."""
    return _has_part(name, VARIANCE_NAMES)


def is_deviation(name: str | None) -> bool:
    """Whether a column's name says that it holds a standard deviation: ``sigma``, ``y_std``."""
    return _has_part(name, DEVIATION_NAMES)


def is_logarithm(name: str | None) -> bool:
    """Whether a column's name says that it holds logarithms: ``log_var``."""
    return _has_part(name, ("log", "ln", "logvar", "logstd", "logsigma"))


def _has_part(name: str | None, known: Sequence[str]) -> bool:
    parts = re.split(r"[_.\- ]", name.casefold()) if name is not None else []
    return any(part in known for part in parts)


def is_aside(name: str | None) -> bool:
    """Whether a column is never taken for a prediction unasked: weights, folds, a frame's index."""
    return name is not None and (is_nameless(name) or name.casefold() in ASIDE_NAMES)


def is_nameless(name: str | None) -> bool:
    """Whether a header leaves a column without a name, as frames do with their index."""
    return name is not None and _NAMELESS.fullmatch(name) is not None


def is_class_prefix(prefix: str) -> bool:
    """Whether a prefix says that a class follows: ``p_``, ``logit.``, ``class ``."""
    return prefix.rstrip(PREFIX_ENDS).casefold() in _CLASS_PREFIXES


def shared_prefix(names: Sequence[str]) -> str:
    """Return the prefix that all names share, if it ends like one (``p_``, ``class.``); else "".

    Each name must keep something of its own: ``p_`` and ``p_a`` have no prefix. Nor does one end
    in a number's point: 0.1 and 0.2 are not 1 and 2.
    """
    shared = names[0] if len(names) > 1 else ""
    for name in names[1:]:
        while not name.startswith(shared):
            shared = shared[:-1]
    while shared and (
        shared[-1] not in PREFIX_ENDS
        or _NUMBER_END.search(shared)
        or any(len(name) == len(shared) for name in names)
    ):
        shared = shared[:-1]
    return shared


def without_prefix(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names without the prefix they share.

    >>> without_prefix(["p_cat", "p_dog"])
    ('cat', 'dog')
    """
    length = len(shared_prefix(names))
    return tuple(name[length:] for name in names)
