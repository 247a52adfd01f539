"""Signatures read back: what their parts say, and in what two of them differ."""

from __future__ import annotations

from lossctl.errors import UsageError
from lossctl.names import did_you_mean, quoted

LOSS = "loss"
# What each part says, in the order in which they stand.
PARTS = {
    LOSS: "the loss and its parameters",
    "from": "what the predictions hold",
    "conv": "the convention",
    "eps": "how far probabilities are kept from 0 and 1, or the least logarithm",
    "norm": "what becomes of rows of probabilities that do not sum to 1",
    "weights": "where the weights of the rows come from",
    "denom": "what the mean divides by",
    "ignore": "the label that does not count",
    "positive": "the label that is the event",
    "base": "where index labels start",
    "classes": "the names of the classes, in the order of the columns",
    "smooth": "label smoothing",
    "classw": "the weights of the classes",
    "posw": "the weight of the event",
    "nan": "what becomes of missing values",
    "join": "how rows were paired",
    "n": "how many rows were scored",
    "labels": "the fingerprint of the labels",
    "lossctl": "the version",
}
# What it means if a part is not there.
_ABSENT = {
    "positive": "1",
    "base": "0",
    "classes": "those of the columns",
    "classw": "none",
    "posw": "1",
    "labels": "not known",
}


def parse(text: str) -> dict[str, str]:
    """Return the parts of a signature by their names.

    Raises:
        UsageError: it is none.

    """
    loss, *rest = "".join(text.split("\n")).strip().split("|")  # a terminal breaks lines
    parts = {LOSS: loss}
    for part in rest:
        name, colon, value = part.partition(":")
        if not colon or name in parts:
            raise UsageError(f"{quoted(part)} is no part of a signature", where=quoted(text))
        if name not in PARTS:
            hint = did_you_mean(name, PARTS)
            raise UsageError(f"a signature has no part {quoted(name)}", hint=hint)
        parts[name] = value
    missing = [name for name in PARTS if name not in parts and name not in _ABSENT]
    if missing:
        what = f"the signature lacks {', '.join(missing)}"
        raise UsageError(what, where=quoted(text), hint="quote the whole line in the shell")
    return {name: parts.get(name, _ABSENT.get(name, "")) for name in PARTS}


def entries(first: str, second: str | None = None) -> list[dict[str, str]]:
    """Return an entry for each part of a signature, or for each in which two differ.

    Raises:
        UsageError: one is none.

    """
    mine = parse(first)
    if second is None:
        return [{"part": n, "value": mine[n], "what it says": what} for n, what in PARTS.items()]
    theirs = parse(second)
    return [
        {"differs": what, "first": mine[name], "second": theirs[name], "part": name}
        for name, what in PARTS.items()
        if mine[name] != theirs[name]
    ]
