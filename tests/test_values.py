"""Values behave as the dataclasses they stand for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import pprint
from collections.abc import Callable
from typing import Any

import pytest

from lossctl import values


@dataclasses.dataclass(frozen=True)
class Standard:
    """A dataclass with everything that fields can have."""

    one: int
    two: str = "2"
    seen: dict[str, int] = dataclasses.field(default_factory=dict, hash=False)
    aside: object = dataclasses.field(default=None, compare=False)
    hidden: tuple[int, ...] = dataclasses.field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.one < 0:
            raise ValueError(f"{self.one} is below 0")

    @property
    def twice(self) -> int:
        """Something derived."""
        return 2 * self.one


@values.dataclass(frozen=True)
class Ours:
    """The same, ours."""

    one: int
    two: str = "2"
    seen: dict[str, int] = values.field(default_factory=dict, hash=False)
    aside: object = values.field(default=None, compare=False)
    hidden: tuple[int, ...] = values.field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.one < 0:
            raise ValueError(f"{self.one} is below 0")

    @property
    def twice(self) -> int:
        """Something derived."""
        return 2 * self.one


@values.dataclass(frozen=True)
class More(Ours):
    """A class with the fields of another before its own."""

    three: float = 3.0
    four: int = values.field(kw_only=True)


@values.dataclass(frozen=True, eq=False)
class Single:
    """A value that equals itself alone."""

    one: int


@values.dataclass()
class Open:
    """A value that may change."""

    one: int
    many: list[int] = values.field(default_factory=list)


ARGUMENTS: list[Callable[[Any], Any]] = [
    lambda kind: kind(1),
    lambda kind: kind(1, "a", {"x": 1}, 2, (3,)),
    lambda kind: kind(two="b", one=2),
    lambda kind: kind(1, aside="other"),
    lambda kind: kind(-1),
    lambda kind: kind(),
    lambda kind: kind(1, one=1),
    lambda kind: kind(1, "a", {}, 2, (3,), 4),
    lambda kind: kind(1, three=3),
    lambda kind: kind(two="b", three=3),
    lambda kind: (
        values.replace(kind(1), two="c") if kind is Ours else dataclasses.replace(kind(1), two="c")
    ),
]


def outcome(make: Callable[[Any], Any], kind: type) -> tuple[object, ...]:
    """Return all that can be seen of what is made, or the kind of error."""
    try:
        made = make(kind)
    except (TypeError, ValueError) as error:
        return (type(error),)
    return (
        repr(made).replace("Standard", "Ours"),
        hash(made),
        made.twice,
        vars(made),
        made == kind(1),
        made == kind(1, aside=7),
        made != make(kind),
        made == (1, "2"),
    )


@pytest.mark.parametrize("make", ARGUMENTS)
def test_values_are_made_compared_and_shown_like_dataclasses(
    make: Callable[[Any], Any],
) -> None:
    assert outcome(make, Ours) == outcome(make, Standard)


def test_defaults_that_are_made_are_made_anew() -> None:
    assert Ours(1).seen == {}
    assert Ours(1).seen is not Ours(1).seen


@pytest.mark.parametrize(
    "change", [lambda one: setattr(one, "one", 2), lambda one: delattr(one, "one")]
)
def test_values_stay_as_they_are(change: Callable[[Any], None]) -> None:
    for made in (Ours(1), Standard(1)):
        with pytest.raises(AttributeError):
            change(made)
        assert made.one == 1


def test_values_are_copied_and_pickled() -> None:
    made = Ours(1, seen={"x": 1})
    assert copy.deepcopy(made) == copy.copy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # of our own making


def test_the_functions_of_the_library_take_values() -> None:
    ours: Any = Ours(1, seen={"x": 1}, hidden=(2,))
    standard = Standard(1, seen={"x": 1}, hidden=(2,))
    assert dataclasses.asdict(ours) == dataclasses.asdict(standard)
    assert dataclasses.replace(ours, one=2) == Ours(2, seen={"x": 1}, hidden=(2,))
    assert dataclasses.is_dataclass(More)
    assert pprint.pformat(ours) == repr(ours)
    facts = ("name", "default", "default_factory", "repr", "hash", "compare")
    assert [[str(getattr(one, fact)) for fact in facts] for one in dataclasses.fields(ours)] == [
        [str(getattr(one, fact)) for fact in facts] for one in dataclasses.fields(standard)
    ]


def test_a_class_inherits_fields() -> None:
    made = More(1, "a", three=2.0, four=4)
    assert repr(made) == "More(one=1, two='a', seen={}, aside=None, three=2.0, four=4)"
    assert made != Ours(1)
    with pytest.raises(TypeError):
        More(1, "a", {}, None, (), 3.0, 4)  # type: ignore[call-arg]


def test_equality_and_change_are_as_asked_for() -> None:
    single, opened = Single(1), Open(1)
    assert single != Single(1)
    assert {single: 1}[single] == 1
    opened.one = 2
    assert opened == Open(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(opened)
