"""The losses as a list to look things up in, drawn from their declarations."""

from __future__ import annotations

import inspect
from typing import Any

from lossctl.losses import LOSSES, Loss, parse
from lossctl.losses.domain import NUMBERS
from lossctl.losses.registry import AS_ROOT_MEAN, AS_TOTAL

_VALUES = {AS_TOTAL: "the sum of the row losses", AS_ROOT_MEAN: "the root of their mean"}


def entries() -> list[dict[str, Any]]:
    """Return an entry for each loss, in the order of their families."""
    return [entry(loss) for loss in LOSSES.values()]


def find(names: str) -> list[dict[str, Any]]:
    """Return the entries of losses, by their names or aliases.

    Raises:
        UsageError: there is no such loss.

    """
    return [entry(loss) for loss in parse(names)]


def entry(loss: Loss) -> dict[str, Any]:
    """Return name, aliases, what a row costs, what becomes of that, and what the loss takes."""
    variant = loss.variants[0]
    what = (inspect.getdoc(loss.function) or "").partition("\n")[0]
    forms = (
        []
        if variant.domain.forms == (NUMBERS,)
        else [f for f in variant.functions if f in variant.domain.forms]
    )
    forms.sort(key=lambda form: form != variant.default_form)
    return {
        "loss": loss.name,
        "aliases": list(loss.aliases),
        "row loss": what.rstrip("."),
        "value": _VALUES.get(loss.finish, "their mean"),
        "predictions": variant.domain.predictions,
        "labels": variant.domain.labels,
        "from": forms,
    }
