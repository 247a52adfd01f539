"""Partials that do not belong together: in what they differ, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lossctl.errors import DataError
from lossctl.names import quoted, readable
from lossctl.partials.choices import Choices
from lossctl.partials.codec import fields_of
from lossctl.signatures import PARTS

# What each of the choices says; what is not here may differ.
WORDS = {
    "losses": "the losses and their parameters",
    "domain": "what the losses take",
    "form": PARTS["from"],
    "stored": "the type of the stored predictions, by which they are clipped,",
    "convention": PARTS["conv"],
    "eps": "the clip (--eps)",
    "normalize": "whether rows of probabilities are divided by their sum (--normalize)",
    "smoothing": PARTS["smooth"],
    "pos_weight": PARTS["posw"],
    "class_weights": PARTS["classw"],
    "predictions": "the columns of predictions, or their order,",
    "labels": "the columns of labels",
    "id": "the column by which rows are joined (--id)",
    "key": "the column by which rows are shown",
    "weights": PARTS["weights"],
    "weight": "the column of weights",
    "by": "the columns that make groups (--by)",
    "cluster": "the column that makes clusters (--cluster)",
    "coding": "what the labels mean",
    "ignore": PARTS["ignore"],
    "said": "what was said of labels and classes (--positive, --label-base, --classes)",
    "nan": PARTS["nan"],
    "unmatched": "what becomes of ids without a partner (--unmatched)",
    "sum_tolerance": "how far from 1 rows of probabilities may sum (--sum-tol)",
    "reduction": "the reduction",
    "level": "the level of the interval (--level)",
    "diagnose": "what is diagnosed (--diagnose)",
    "fingerprint": "whether the signature has a fingerprint (--fingerprint)",
    "worst": "how many of the worst rows are wanted (--worst)",
    "plot": "whether a picture is wanted (--plot)",
    "min_group": "the smallest group that is shown (--min-group)",
}
_HINTS = {
    "class_weights": "give all shards the same numbers (--class-weight 2,1): those of balanced are "
    "the shard's own",
    "predictions": "name them for all shards with --pred-col",
    "labels": "name them for all shards with --label-col",
    "coding": "the first labels of a shard decide: --classes or --positive say it for all",
    "stored": "store all shards in one type, or give --eps",
}
_PLURAL = {"losses", "predictions", "labels", "class_weights", "by"}
_LONG = 60


def refuse_others(ours: Choices, file: str, theirs: Choices, other: str) -> None:
    """Refuse choices that are not the same, each with the file of its partial.

    Raises:
        DataError: they differ in something that changes a result.

    """
    for name, mine, found in _differing(_said(ours), _said(theirs)):
        what = f"{WORDS[name]} {'differ' if name in _PLURAL else 'differs'}"
        hint = _HINTS.get(name, "score all shards in the same way")
        raise DataError(f"{what}: {mine} in {file}, {found} in {other}", hint=hint)


def _differing(
    ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    for name in WORDS:
        if ours[name] != theirs[name]:
            yield name, _shown(ours[name]), _shown(theirs[name])


def _said(choices: Choices) -> dict[str, Any]:
    fields = fields_of(Choices)
    return {name: one.write(getattr(choices, name)) for name, one in fields.items() if one}


def _shown(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, str):
        return quoted(readable(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        text = ", ".join(map(readable, value))
    elif isinstance(value, list):
        text = ", ".join(json.dumps(part) for part in value)
    else:
        text = json.dumps(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
