"""The catalogue: what a loss is called, what it takes, how its rows become one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from lossctl.errors import UsageError
from lossctl.losses.interval import ANY, Interval
from lossctl.losses.parameters import Parameters, defaults, read, written
from lossctl.names import did_you_mean
from lossctl.values import dataclass, field, replace

if TYPE_CHECKING:
    from lossctl.block import Booleans, Floats
    from lossctl.losses.best import Best
    from lossctl.losses.domain import Domain

Function = Callable[..., "Floats"]
AnyFunction = TypeVar("AnyFunction", bound=Function)

AS_MEAN, AS_TOTAL, AS_ROOT_MEAN = "mean", "total", "root-mean"


@dataclass(frozen=True)
class Name:
    """One spelling of a kernel: what users call it, and how its row losses are finished."""

    text: str
    aliases: tuple[str, ...] = ()
    finish: str = AS_MEAN
    form: str | None = None  # what the predictions hold unless --from says otherwise


@dataclass(frozen=True)
class Kernel:
    """A function of a block's predictions and labels, with its parameters. Equal ones agree."""

    function: Function
    parameters: Parameters = ()

    def __call__(self, prediction: Any, label: Any) -> Floats:
        """Return the row losses, (n,)."""
        return self.function(prediction, label, **dict(self.parameters))


@dataclass(frozen=True)
class Bounds:
    """Which numbers a loss takes; an interval for each prediction column, or one for all.

    ``refused`` marks rows that cannot be scored for a reason of their own, which ``why`` gives.
    """

    prediction: Interval | tuple[Interval, ...] = ANY
    label: Interval = ANY
    refused: Callable[[Any, Any], Booleans] | None = None
    why: str = ""


@dataclass(frozen=True)
class Variant:
    """A loss in one domain: a function for each form in which the predictions may come.

    ``soft``: labels may lie between the classes. ``linear``: the loss is, in the label. ``logs``:
    it is made of logarithms of probabilities. ``best`` is the loss of the best constant
    prediction, where there is a simple one.
    """

    domain: Domain
    functions: dict[str, Function]
    bounds: Bounds | Callable[..., Bounds]
    default_form: str
    soft: bool = True
    linear: bool = False
    logs: bool = False
    best: Best | None = None


@dataclass(frozen=True)
class Loss:
    """A loss that can be asked for. Equal losses print equally: ``parse(str(loss)) == (loss,)``.

    It has a variant for each domain it is defined in: brier is, for one event and for classes.
    """

    name: str
    aliases: tuple[str, ...] = field(compare=False)
    finish: str = field(compare=False)
    parameters: Parameters = ()
    variants: tuple[Variant, ...] = field(default=(), repr=False, compare=False)

    def __str__(self) -> str:
        """Return the spelling that ``parse`` understands; defaults are left out."""
        return self.name + written(self.parameters, defaults(self.function))

    @property
    def function(self) -> Function:
        """The function that has the docstring and the parameters."""
        first = self.variants[0]
        return first.functions[first.domain.forms[0]]

    def variant(self, domain: Domain) -> Variant:
        """Return the variant of a domain; there is one."""
        return next(variant for variant in self.variants if variant.domain is domain)

    def bounds(self, domain: Domain) -> Bounds:
        """Return which numbers it takes; that may depend on the parameters."""
        found = self.variant(domain).bounds
        return found if isinstance(found, Bounds) else found(**dict(self.parameters))

    def kernel(self, domain: Domain, form: str) -> Kernel:
        """Return what makes its row losses from predictions of a form."""
        return Kernel(self.variant(domain).functions[form], self.parameters)


LOSSES: dict[str, Loss] = {}


def loss(  # noqa: PLR0913
    domain: Domain,
    *names: Name,
    prediction: Interval | tuple[Interval, ...] = ANY,
    label: Interval = ANY,
    bounds: Bounds | Callable[..., Bounds] | None = None,
    soft: bool = True,
    linear: bool = False,
    logs: bool = False,
    best: Best | None = None,
) -> Callable[[AnyFunction], AnyFunction]:
    """Declare a function as the loss of these names; the function itself stays as it is.

    It takes (prediction, label) of a block and returns the row losses: for a domain that scores
    cell by cell two arrays (n,), for one of classes (n, K) with (n,) positions or (n, K) rows, for
    one of whole rows (n, m) with (n,) or (n, m) numbers. Its keyword-only arguments are the loss's
    parameters: their names, defaults and types, with the range as an annotation. What the
    predictions hold is the first of the domain's forms; ``in_form`` adds others.
    """

    def register(function: AnyFunction) -> AnyFunction:
        for name in names:
            variant = Variant(
                domain,
                {domain.forms[0]: function},
                bounds or Bounds(prediction, label),
                name.form or domain.forms[0],
                soft,
                linear,
                logs,
                best,
            )
            known = LOSSES.get(name.text)
            before = known.variants if known is not None else ()
            default = tuple(defaults(function).items())
            LOSSES[name.text] = Loss(
                name.text, name.aliases, name.finish, default, (*before, variant)
            )
        return function

    return register


def in_form(*forms: str, of: Function) -> Callable[[AnyFunction], AnyFunction]:
    """Declare a function as another one's value when the predictions come in these forms."""

    def register(function: AnyFunction) -> AnyFunction:
        for found in LOSSES.values():
            for variant in found.variants:
                if variant.functions[variant.domain.forms[0]] is of:
                    variant.functions.update(dict.fromkeys(forms, function))
        return function

    return register


def spellings() -> Mapping[str, str]:
    """Return every name and alias with the name it stands for."""
    return {spelling: name for name, loss in LOSSES.items() for spelling in (name, *loss.aliases)}


def parse(text: str) -> tuple[Loss, ...]:
    """Return the losses that a comma-separated text names, in its order.

    A part with ``=`` and no ``:`` is a parameter of the loss before it.

    Raises:
        UsageError: a name is unknown, comes twice or has parameters it does not take.

    """
    parts: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        if parts and "=" in part and ":" not in part:
            parts[-1] += ("," if ":" in parts[-1] else ":") + part
        else:
            parts.append(part)
    losses = [_parse_one(part) for part in parts]
    for i, loss in enumerate(losses):
        if loss in losses[:i]:
            hint = "name each once, or with other parameters"
            raise UsageError(f"the loss {loss} is named twice", where=f"'{text}'", hint=hint)
    return tuple(losses)


def _parse_one(part: str) -> Loss:
    name, _, parameters = part.partition(":")
    known = spellings()
    name = name.strip().replace("_", "-")
    if not name:
        hint = "several are separated by single commas: mse,mae"
        raise UsageError("a loss without a name", hint=hint)
    if name.casefold() not in known:
        raise UsageError(f"there is no loss called '{name}'", hint=_hint(name, known))
    found = LOSSES[known[name.casefold()]]
    return replace(found, parameters=read(found.name, parameters, found.function))


def _hint(name: str, known: Mapping[str, str]) -> str:
    return did_you_mean(name, known) or f"lossctl losses lists all {len(LOSSES)}"
