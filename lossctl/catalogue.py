"""The losses as a list to look things up in, drawn from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from lossctl.conventions import CONVENTIONS
from lossctl.losses import LOSSES, Loss, parse
from lossctl.losses.domain import NUMBERS
from lossctl.losses.known_as import IDENTITIES, KNOWN_AS
from lossctl.losses.parameters import schema
from lossctl.losses.registry import AS_ROOT_MEAN, AS_TOTAL, Variant
from lossctl.numbers import spelled

_VALUES = {AS_TOTAL: "the sum of the row losses", AS_ROOT_MEAN: "the root of their mean"}


def entries() -> list[dict[str, Any]]:
    """Return an entry for each loss, by family."""
    return [entry(loss) for losses in families().values() for loss in losses]


def find(names: str) -> list[dict[str, Any]]:
    """Return the entries of losses, by their names or aliases.

    Raises:
        UsageError: there is no such loss.

    """
    return [entry(loss) for loss in parse(names)]


def families() -> dict[str, list[Loss]]:
    """Return the losses by what they are of."""
    found: dict[str, list[Loss]] = {}
    for loss in LOSSES.values():
        found.setdefault(loss.variants[0].domain.family, []).append(loss)
    return found


def entry(loss: Loss) -> dict[str, Any]:
    """Return name, formula, aliases, parameters, what the loss takes, and who else has it."""
    formula, notes = _docstring(loss)
    variants = loss.variants
    forms = [] if variants[0].domain.forms == (NUMBERS,) else _forms(variants[0])
    return {
        "loss": loss.name,
        "of": variants[0].domain.family,
        "row loss": formula,
        "aliases": list(loss.aliases),
        "value": _VALUES.get(loss.finish, "their mean"),
        "parameters": list(_parameters(loss)),
        "predictions": " / ".join(_predictions(loss, variant) for variant in variants),
        "labels": " / ".join(map(_labels, variants)),
        "from": forms,
        "identity": IDENTITIES.get(loss.name, ""),
        "best constant": "yes" if any(v.best for v in variants) else "",
        "notes": notes,
        "known as": list(KNOWN_AS.get(loss.name, {}).values()),
        "conventions": [tool for tool, rules in CONVENTIONS.items() if loss.name in rules],
    }


def _docstring(loss: Loss) -> tuple[str, str]:
    """Return the formula of a loss and what its function says besides, a paragraph a line."""
    first, _, rest = (inspect.getdoc(loss.function) or "").partition("\n")
    paragraphs = (" ".join(part.split()) for part in rest.split("\n\n"))
    return first.rstrip("."), " ".join(part for part in paragraphs if part)


def _predictions(loss: Loss, variant: Variant) -> str:
    text = variant.domain.predictions
    # several columns are classes to a loss that is defined of these, too
    return text if len(loss.variants) == 1 else text.replace(", or k of them (multi-label)", "")


def _labels(variant: Variant) -> str:
    text = variant.domain.labels
    return text if variant.soft else text.replace(", soft in [0, 1]", "").replace(" or soft", "")


def _forms(variant: Variant) -> list[str]:
    known = [form for form in variant.functions if form in variant.domain.forms]
    return sorted(known, key=lambda form: form != variant.default_form)


def _parameters(loss: Loss) -> Iterator[str]:
    for name, parameter in schema(loss.function).items():
        if parameter.boolean:
            yield f"{name} (true or false; {_default(parameter.default)})"
        else:
            yield f"{name} (a number {parameter.range}; {_default(parameter.default)})"


def _default(value: Any) -> str:
    if value is None:
        return "else as the notes say"
    return str(value).lower() if isinstance(value, bool) else spelled(value)


def page() -> str:
    """Return all of it as a page of Markdown."""
    parts = [
        "# The losses",
        "Made from the declarations by `make docs`; `lossctl losses NAME` shows one of them.",
        "In the formulas p is the prediction, y the label, and sums are over the columns of a row.",
    ]
    for family, losses in families().items():
        parts += [f"## Losses of {family}", *map(_section, losses)]
    return "\n\n".join(parts) + "\n"


def _section(loss: Loss) -> str:
    found = entry(loss)
    lines = [f"### {found.pop('loss')}", "", f"{found.pop('row loss')}.", ""]
    notes = found.pop("notes")
    del found["of"]
    if notes:
        lines += [notes, ""]
    for key, value in found.items():
        text = ", ".join(f"`{one}`" for one in value) if isinstance(value, list) else value
        if text:
            lines.append(f"- {key}: {text}")
    return "\n".join(lines)
