"""The column names that lossctl knows without being told."""

from __future__ import annotations

import re

LABEL_NAMES = (
    *("label", "labels", "y", "y_true", "target", "truth"),
    *("true", "actual", "observed", "expected", "gold", "class"),
)
PREDICTION_NAMES = (
    *("pred", "prediction", "predictions", "predicted"),
    *("y_pred", "yhat", "score", "prob", "p"),
)
ASIDE_NAMES = ("weight", "fold", "split", "usage")  # columns that people keep beside predictions
_KEY = re.compile(r"(?i:id|row_id|sample_id|index|.*_id)|.*[a-z]Id")
_NAMELESS = re.compile(
    r"|Unnamed: \d+"
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


def is_aside(name: str | None) -> bool:
    """Whether a column is never taken for a prediction unasked: weights, folds, a frame's index."""
    return name is not None and (is_nameless(name) or name.casefold() in ASIDE_NAMES)


def is_nameless(name: str | None) -> bool:
    """Whether a header leaves a column without a name, as frames do with their index."""
    return name is not None and _NAMELESS.fullmatch(name) is not None
