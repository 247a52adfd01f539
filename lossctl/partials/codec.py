"""Values as strict JSON and back, by the types of the fields of their classes.

Nothing that stands in a text is code, or names any: what is read is what the reader asked for, a
class and its fields, and whatever else is there is refused. Numbers come back bit for bit: large
whole numbers are hex digits, what is not finite is spelled, arrays are base64 of their bytes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from lossctl import block
from lossctl.partials.scalars import SCALARS, Codec, UnfitError, of_array


def codec_of(hint: Any) -> Codec | None:
    """Return the codec of a type; None if its values are no data, as functions are none."""
    found: Codec | None = _codec_of(hint)
    return found


@cache
def _codec_of(hint: Hashable) -> Codec | None:
    if hint in SCALARS:
        return SCALARS[hint]
    kind, inner = get_origin(hint), get_args(hint)
    if kind is tuple:
        return _of_tuple(inner)
    if kind is npt.NDArray:  # in NumPy 2.5, from Python 3.12 on, a name for what follows
        return of_array(*inner)
    if kind is np.ndarray:
        return of_array(get_args(inner[1])[0])
    if kind in (UnionType, Union):
        return _of_union(inner)
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return _of_mapping(*inner)
    if isinstance(hint, type) and "__dataclass_fields__" in vars(hint):
        return _of_class(hint)
    return None


def data_codec(hint: Any) -> Codec:
    """Return the codec of a type whose values are data."""
    found = codec_of(hint)
    if found is None:
        raise TypeError(f"{hint} is no data")
    return found


def fields_of(kind: type) -> Mapping[str, Codec | None]:
    """Return the codecs of a class's fields."""
    found: Mapping[str, Codec | None] = _fields_of(kind)
    return found


@cache
def _fields_of(kind: Any) -> Mapping[str, Codec | None]:
    hints = get_type_hints(kind, localns=vars(block))
    return {name: codec_of(hint) for name, hint in hints.items()}


def written(value: Any) -> dict[str, Any]:
    """Return the fields of a value that are data."""
    fields = fields_of(type(value))
    return {name: one.write(getattr(value, name)) for name, one in fields.items() if one}


def written_like(empty: Any, value: Any) -> dict[str, Any]:
    """Return the fields of a value that are data; the others are those of the empty one.

    Raises:
        TypeError: they are not: the value cannot be written.

    """
    for name, one in fields_of(type(value)).items():
        if one is None and getattr(value, name) != getattr(empty, name):
            raise TypeError(f"{type(value).__name__}.{name} is of a type that is not written")
    return written(value)


def read_like(empty: Any, data: Any) -> Any:
    """Return a value of the same class, with what is no data as in the other.

    Raises:
        UnfitError: it has other fields, or other things in them, or more or fewer of them.

    """
    fields = {name: one for name, one in fields_of(type(empty)).items() if one}
    found = type(empty)(
        **{name: getattr(empty, name) for name in fields_of(type(empty)) if name not in fields},
        **_read_fields(type(empty), fields, data),
    )
    if not _alike(empty, found) or not getattr(found, "consistent", True):
        raise UnfitError(f"the {type(empty).__name__} is of something else")
    return found


def _read_fields(kind: type, fields: Mapping[str, Codec], data: Any) -> dict[str, Any]:
    if type(data) is not dict or data.keys() != fields.keys():
        raise UnfitError(f"{kind.__name__} has the fields {', '.join(fields)}")
    return {name: one.read(data[name]) for name, one in fields.items()}


def _of_class(kind: type) -> Codec | None:
    fields = fields_of(kind)
    known = {name: one for name, one in fields.items() if one}
    if len(known) < len(fields):
        return None

    def read(data: Any) -> Any:
        found = kind(**_read_fields(kind, known, data))
        if not getattr(found, "consistent", True):
            raise UnfitError(f"the fields of {kind.__name__} do not go together")
        return found

    return Codec(kind, written, read)


def _of_tuple(inner: tuple[Any, ...]) -> Codec | None:
    found = [codec_of(hint) for hint in inner if hint is not ...]
    codecs = [one for one in found if one]
    if len(codecs) < len(found):
        return None
    size = None if ... in inner else len(codecs)

    def write(values: Any) -> Any:
        return [one.write(value) for one, value in zip(_each(len(values)), values, strict=True)]

    def read(data: Any) -> Any:
        if type(data) is not list or size not in (None, len(data)):
            raise UnfitError("no such list")
        return tuple(one.read(part) for one, part in zip(_each(len(data)), data, strict=True))

    def _each(count: int) -> list[Codec]:
        return codecs if size is not None else codecs * count

    return Codec(tuple, write, read)


def _of_mapping(*inner: Any) -> Codec | None:
    pairs = codec_of(tuple[tuple[*inner], ...])  # type: ignore[valid-type]
    if pairs is None:
        return None
    write, read = pairs.write, pairs.read
    return Codec(Mapping, lambda value: write([*value.items()]), lambda data: dict(read(data)))


def _of_union(inner: tuple[Any, ...]) -> Codec | None:
    """Write a value as what it is; one of several classes has its name with it."""
    found = [codec_of(hint) for hint in inner]
    codecs = [one for one in found if one]
    classes = {one.kind.__name__: one for one in codecs if "__dataclass_fields__" in vars(one.kind)}
    if len(codecs) < len(found):
        return None
    tagged = classes if len(classes) > 1 else {}

    def write(value: Any) -> Any:
        one = next(one for one in codecs if type(value) is one.kind or _fits(value, one))
        return (
            {one.kind.__name__: one.write(value)}
            if one.kind.__name__ in tagged
            else one.write(value)
        )

    def read(data: Any) -> Any:
        if (
            tagged
            and type(data) is dict
            and len(data) == 1
            and (name := next(iter(data))) in tagged
        ):
            return tagged[name].read(data[name])
        for one in codecs:
            if one.kind.__name__ not in tagged:
                try:
                    return one.read(data)
                except UnfitError:
                    continue
        raise UnfitError("none of what may stand here")

    return Codec(object, write, read)


def _fits(value: Any, codec: Codec) -> bool:
    """Whether a value may be written as what it is not by name: NumPy's numbers are some."""
    return codec.kind in (int, float, tuple, np.ndarray) and isinstance(value, codec.kind)


def _alike(empty: Any, found: Any) -> bool:
    """Whether what has parts before there is anything still has as many."""
    if isinstance(empty, tuple):
        if not empty:
            return True
        return len(empty) == len(found) and all(map(_alike, empty, found))
    if isinstance(empty, np.ndarray):
        return empty.size == 0 or empty.shape == found.shape
    if type(empty) is not type(found) or "__dataclass_fields__" not in vars(type(empty)):
        return True
    names = [name for name, one in fields_of(type(empty)).items() if one]
    return all(_alike(getattr(empty, name), getattr(found, name)) for name in names)
