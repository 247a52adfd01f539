"""The parameters of losses: a function's keyword-only arguments, as people write them."""

from __future__ import annotations

import functools
import inspect
import math
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from lossctl.errors import UsageError
from lossctl.losses.interval import ANY, Interval
from lossctl.names import did_you_mean
from lossctl.numbers import spelled, to_number
from lossctl.values import dataclass

Parameters: TypeAlias = tuple[tuple[str, Any], ...]
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """What a parameter may be: a number of a range, or true and false."""

    default: Any
    boolean: bool
    range: Interval


@functools.cache
def schema(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """Return the parameters of a function by the names that people write."""
    found = {}
    hints = typing.get_type_hints(function, include_extras=True)
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is argument.KEYWORD_ONLY:
            parts = _parts(hints[name])
            interval = next((part for part in parts if isinstance(part, Interval)), ANY)
            found[name.replace("_", "-")] = Parameter(argument.default, bool in parts, interval)
    return found


def _parts(hint: Any) -> tuple[Any, ...]:
    """Return the types and annotations that a type is made of."""
    nested = (_parts(part) for part in typing.get_args(hint))
    return (hint, *(part for parts in nested for part in parts), *getattr(hint, "__metadata__", ()))


def defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters of a function with their defaults, by the names in the code."""
    return dict(function.__kwdefaults__ or {})


def written(parameters: Parameters, default: Mapping[str, Any]) -> str:
    """Return parameters as they are typed after the name of a loss; defaults are left out.

    >>> written((("delta", 0.5), ("log_input", False)), {"delta": 1.0, "log_input": True})
    ':delta=0.5,log-input=false'
    """
    changed = [(name, value) for name, value in parameters if value != default[name]]
    texts = (f"{name.replace('_', '-')}={_written(value)}" for name, value in changed)
    return ":" + ",".join(texts) if changed else ""


def _written(value: Any) -> str:
    if value is None:
        return "auto"
    return str(value).lower() if isinstance(value, bool) else spelled(value)


def read(loss: str, text: str, function: Callable[..., Any]) -> Parameters:
    """Return the parameters that a text sets, and the others with their defaults.

    Raises:
        UsageError: there is no such parameter, it is set twice, or not to what it takes.

    """
    known, values = schema(function), defaults(function)
    seen = set()
    for part in text.split(",") if text else ():
        name, equals, value = (piece.strip() for piece in part.partition("="))
        name = name.casefold().replace("_", "-")
        if name in known and not equals:
            example = f"{name}={_written(known[name].default)}"
            raise UsageError(f"{name} of {loss} has no value", hint=f"for example {example}")
        if name not in known:
            raise _unknown(loss, part, name, known)
        if name in seen:
            raise UsageError(f"{loss} has {name} twice", where=f"'{text}'")
        seen.add(name)
        values[name.replace("-", "_")] = _value(loss, name, value, known[name])
    return tuple(values.items())


def _value(loss: str, name: str, text: str, parameter: Parameter) -> Any:
    if parameter.default is None and text.casefold() == "auto":
        return None
    if parameter.boolean:
        if text.casefold() not in _BOOLEANS:
            raise UsageError(f"{name} of {loss} is true or false, not '{text}'")
        return _BOOLEANS[text.casefold()]
    value = to_number(text)
    if value is None or not (math.isfinite(value) and parameter.range.holds(value)):
        raise UsageError(f"{name} of {loss} is a number {parameter.range}, not '{text}'")
    return value + 0.0  # no -0.0


def _unknown(loss: str, part: str, name: str, known: Mapping[str, Parameter]) -> UsageError:
    where = f"'{part.strip()}'"
    if not known:
        return UsageError(f"{loss} takes no parameters", where=where, hint=f"write {loss} alone")
    listed = ", ".join(f"{name}={_written(p.default)}" for name, p in known.items())
    hint = did_you_mean(name, known) if name not in known else None
    hint = hint or f"{loss} takes {listed}"
    return UsageError(f"{loss} has no such parameter", where=where, hint=hint)
