"""Values as ``dataclasses`` makes them, at a tenth of the cost.

``dataclasses`` writes and compiles up to six methods for each class, 0.35 ms in all: 30 ms for the
classes of a plain score, half as much as importing NumPy. Here they share their methods.
To a type checker they are dataclasses, the library's functions take them, and as far as this
module goes they behave like them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace

    Class = TypeVar("Class", bound=type)

_MISSING: Any = object()


class _Field(NamedTuple):
    default: Any = _MISSING
    default_factory: Callable[[], Any] | None = None
    repr: bool = True
    hash: bool | None = None  # None: as compare says
    compare: bool = True
    kw_only: bool = False


class _Fields(NamedTuple):
    """What the methods of a class go by, each in the order of declaration."""

    all: Mapping[str, _Field]
    places: tuple[str, ...]
    defaults: Mapping[str, Any]
    factories: Mapping[str, Callable[[], Any]]
    compared: tuple[str, ...]
    hashed: tuple[str, ...]
    checked: bool


def _dataclass(*, frozen: bool = False, eq: bool = True) -> Callable[[Class], Class]:
    """Make a class one of values: its annotated names, with their defaults, are its fields."""

    def decorate(cls: Class) -> Class:
        methods: dict[str, Any] = {"__init__": _init, "__repr__": _repr}
        if eq:
            methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
        own = vars(cls)
        fields = dict(cls._fields.all) if hasattr(cls, "_fields") else {}
        for name in cls.__annotations__:
            default = own.get(name, _MISSING)
            fields[name] = default if isinstance(default, _Field) else _Field(default)
        for name in [name for name, value in own.items() if isinstance(value, _Field)]:
            delattr(cls, name)
        for name, method in methods.items():
            if name not in own or (name == "__hash__" and own[name] is None):
                setattr(cls, name, method)
        made: Any = cls
        made._fields = _sorted(fields, checked=hasattr(cls, "__post_init__"))
        made.__dataclass_fields__ = _FromLibrary("__dataclass_fields__")
        made.__dataclass_params__ = _FromLibrary("__dataclass_params__")
        return cls

    return decorate


class _FromLibrary:
    """What ``dataclasses.asdict``, ``replace`` and others go by: made if one of them asks."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: object, cls: Any) -> Any:
        import dataclasses  # noqa: PLC0415  # 6 ms

        missing: Any = dataclasses.MISSING
        fields = [
            (
                name,
                Any,
                dataclasses.field(
                    default=missing if one.default is _MISSING else one.default,
                    default_factory=one.default_factory or missing,
                    repr=one.repr,
                    hash=one.hash,
                    compare=one.compare,
                    kw_only=one.kw_only,
                ),
            )
            for name, one in cls._fields.all.items()
        ]
        return getattr(dataclasses.make_dataclass(cls.__name__, fields, kw_only=True), self.name)


def _sorted(fields: Mapping[str, _Field], *, checked: bool) -> _Fields:
    return _Fields(
        fields,
        tuple(name for name, one in fields.items() if not one.kw_only),
        {name: one.default for name, one in fields.items() if one.default is not _MISSING},
        {name: one.default_factory for name, one in fields.items() if one.default_factory},
        tuple(name for name, one in fields.items() if one.compare),
        tuple(
            name for name, one in fields.items() if (one.compare if one.hash is None else one.hash)
        ),
        checked,
    )


def _init(self: Any, *positional: Any, **named: Any) -> None:
    fields: _Fields = self._fields
    given = dict(zip(fields.places, positional, strict=False), **named) if positional else named
    state: dict[str, Any] = self.__dict__
    state |= fields.defaults
    state |= given
    for name, make in fields.factories.items():
        if name not in given:
            state[name] = make()
    if len(given) < len(positional) + len(named) or state.keys() != fields.all.keys():
        raise TypeError(f"{type(self).__qualname__} takes ({', '.join(fields.all)}), each once")
    if fields.checked:
        self.__post_init__()


def _repr(self: Any) -> str:
    shown = [name for name, one in self._fields.all.items() if one.repr]
    inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({inside})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    names = self._fields.compared
    return [getattr(self, n) for n in names] == [getattr(other, n) for n in names]


def _hash(self: Any) -> int:
    return hash(tuple(getattr(self, name) for name in self._fields.hashed))


def _refuse(self: Any, name: str, *_: object) -> None:
    raise AttributeError(f"{type(self).__qualname__} is a value: its {name} stays as it is")


def _replace(value: Any, /, **changes: Any) -> Any:
    """Return a value of the same class with some of its fields changed."""
    same = {name: getattr(value, name) for name in value._fields.all}
    return type(value)(**{**same, **changes})


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _Field, _replace

__all__ = ["dataclass", "field", "replace"]
