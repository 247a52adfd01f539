"""The weights of classes: as a list, by name, from a file, or so that all classes count alike."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from lossctl.block import Floats
from lossctl.columns import Roles
from lossctl.errors import DataError, UsageError
from lossctl.known import without_prefix
from lossctl.labels.codings import Classes, Coding, Named, Numbered, Positions, Rows
from lossctl.losses.domain import Domain
from lossctl.names import did_you_mean, listing, quoted
from lossctl.numbers import spelled, to_number
from lossctl.sources import InputOptions, open_tables
from lossctl.sources.places import is_address, shown
from lossctl.sources.table import Request
from lossctl.values import dataclass

BALANCED = "balanced"
OPTION = "--class-weight"


@dataclass(frozen=True)
class Read:
    """What a file of class weights says: names, if there are any, and weights."""

    pairs: tuple[tuple[str | None, Any], ...]
    where: str


def read_once(given: Any) -> Any:
    """Return class weights, those of a file as ``Read``: it may be a pipe.

    Raises:
        DataError: the file cannot be read.

    """
    if not isinstance(given, str | os.PathLike) or given == BALANCED:
        return given
    pairs, where = _pairs(given)
    return given if where == OPTION else Read(tuple(pairs), where)


def class_weights(given: Any, domain: Domain, roles: Roles, coding: Coding) -> tuple[float, ...]:
    """Return the weight of each class, in the order of the columns; one not named weighs 1.

    ``given`` is ``cat=2,dog=1``, numbers in the order of the classes, the path of a file that
    holds either, or in Python a mapping or a sequence. For losses of one event the classes are 0
    and 1.

    Raises:
        UsageError: it is none of these, or a weight is no weight.
        DataError: there is no such class, or the file cannot be read.

    """
    known = spellings(domain, roles, coding)
    pairs, where = _pairs(given)
    if not pairs:
        hint = "for example cat=2,dog=1"
        raise UsageError("there are no class weights", where=where, hint=hint)
    names = [name for name, _ in pairs]
    weights = [_checked(weight, where) for _, weight in pairs]
    if None in names:
        if len(weights) != len(known):
            what = f"{len(weights)} weights for {len(known)} classes"
            raise DataError(what, where=where, hint="one for each, in the order of the columns")
    else:
        weights = _in_order([*zip(map(str, names), weights, strict=True)], known, where)
    if not any(weights):
        hint = "one has to weigh more than 0"
        raise UsageError("all classes weigh nothing", where=where, hint=hint)
    return tuple(weights)


def _in_order(
    placed: Sequence[tuple[str, float]], known: Sequence[tuple[str, ...]], where: str
) -> list[float]:
    found: list[float | None] = [None] * len(known)
    for name, weight in placed:
        places = [i for i, spelled_so in enumerate(known) if name in spelled_so]
        if len(places) != 1:
            texts = [spelled_so[0] for spelled_so in known if spelled_so]
            hint = did_you_mean(name, texts) or f"the classes are {listing(texts)}"
            raise DataError(f"no class is called {quoted(name)}", where=where, hint=hint)
        if found[places[0]] is not None:
            hint = "one for each; who is not named weighs 1"
            what = f"the class {quoted(name)} has two weights"
            raise DataError(what, where=where, hint=hint)
        found[places[0]] = weight
    return [1.0 if weight is None else weight for weight in found]


def spellings(domain: Domain, roles: Roles, coding: Coding) -> list[tuple[str, ...]]:
    """Return what each class is called, the name to be shown first."""
    if not domain.classes:
        if isinstance(coding, Named):
            met = (text for text in roles.label[0].head if text not in ("", coding.positive))
            other = (coding.negative,) if coding.negative is not None else tuple(met)
            return [(*dict.fromkeys(other), "0"), (coding.positive, "1")]
        return [("0", "-1", "false", "no"), ("1", "true", "yes")]
    found: list[dict[str, None]] = [{} for _ in roles.prediction]
    own = roles.prediction_names
    for names in (own and without_prefix(own), own, *_of_coding(coding)):
        for texts, name in zip(found, names or (), strict=False):
            texts[name] = None
    return [tuple(texts) or (str(place),) for place, texts in enumerate(found)]


def as_labelled(roles: Roles, coding: Coding) -> tuple[str, ...]:
    """Return the classes as the labels call them, with the prefix of their columns or without.

    There is nothing where labels are positions, numbers, or of an event.
    """
    if isinstance(coding, Rows):
        return coding.names or ()
    if not isinstance(coding, Classes):
        return ()
    column = roles.label[0]
    texts = (text.strip() for text in (*column.head, column.first or ""))
    first = next((text for text in texts if text in {*coding.names, *coding.short}), "")
    return coding.names if first in coding.names else coding.short or coding.names


def _of_coding(coding: Coding) -> tuple[Sequence[str], ...]:
    if isinstance(coding, Positions):
        return ([str(i + coding.base) for i in range(coding.classes)],)
    if isinstance(coding, Numbered):
        return ([str(number) for number in coding.numbers],)
    if isinstance(coding, Classes):
        return coding.names, coding.short
    return (coding.names or (),) if isinstance(coding, Rows) else ()


def _pairs(given: Any) -> tuple[list[tuple[str | None, Any]], str]:
    """Return names and weights, and where they are from; without names they are in order."""
    where = OPTION
    if isinstance(given, Read):
        return [*given.pairs], given.where
    if isinstance(given, Mapping):
        return [(_named(name), weight) for name, weight in given.items()], where
    if not isinstance(given, str | os.PathLike):
        try:
            return [(None, weight) for weight in given], where
        except TypeError:
            raise UsageError(f"class weights are no {type(given).__name__}") from None
    text = os.fspath(given)
    parts = [part.strip() for part in text.split(",")]
    if all(to_number(part) is not None for part in parts):
        return [(None, part) for part in parts], where
    if all("=" in part for part in parts) and not (is_address(text) or os.path.lexists(text)):
        named = (part.rpartition("=") for part in parts)
        return [(name.strip(), weight) for name, _, weight in named], where
    return list(_from_file(text)), shown(text)


def _named(name: object) -> str:
    """Return what a class is called that Python calls so: True and 1.0 are 1."""
    return spelled(float(name)) if isinstance(name, Real) else str(name)


def _from_file(path: str) -> Iterator[tuple[str | None, Any]]:
    table = open_tables([path], InputOptions(), sides=("weights",)).tables[0]
    columns = table.columns
    if len(columns) > 2:
        hint = "a class and its weight in a row, or weights alone"
        raise DataError(f"{len(columns)} columns of class weights", where=table.name, hint=hint)
    request = Request((columns[-1].position,), tuple(c.position for c in columns[:-1]))
    for batch in table.read(request):
        names = batch.names[0].tolist() if batch.names else [None] * len(batch)
        stripped = (None if name is None else name.strip() for name in names)
        yield from zip(stripped, batch.numbers[:, 0].tolist(), strict=True)


def _checked(weight: Any, where: str) -> float:
    number = to_number(weight) if isinstance(weight, str) else None
    if isinstance(weight, Real):
        number = float(weight)
    if number is None or not (math.isfinite(number) and number >= 0):
        raise DataError(f"{weight} is no weight", where=where, hint="finite numbers from 0 on")
    return number


def balanced(counts: Floats) -> tuple[float, ...]:
    """Return weights with which all classes that occur count alike: n/(K·n_c) (scikit-learn)."""
    occur = counts > 0
    weights = np.zeros(len(counts))
    weights[occur] = counts.sum() / (np.count_nonzero(occur) * counts[occur])
    return tuple(weights.tolist())
