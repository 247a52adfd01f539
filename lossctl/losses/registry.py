"""The catalogue: what a loss is called, what it takes, how its rows become one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from lossctl.errors import UsageError
from lossctl.names import did_you_mean

if TYPE_CHECKING:
    from lossctl.block import Floats
    from lossctl.losses.domain import Domain

Kernel = Callable[[Any, Any], "Floats"]
AnyKernel = TypeVar("AnyKernel", bound=Kernel)

AS_MEAN, AS_TOTAL, AS_ROOT_MEAN = "mean", "total", "root-mean"


@dataclass(frozen=True)
class Name:
    """One spelling of a kernel: what users call it, and how its row losses are finished."""

    text: str
    aliases: tuple[str, ...] = ()
    finish: str = AS_MEAN
    form: str | None = None  # what the predictions hold unless --from says otherwise


@dataclass(frozen=True)
class Loss:
    """A loss that can be asked for. Equal losses print equally: ``parse(str(loss)) == loss``."""

    name: str
    aliases: tuple[str, ...]
    finish: str
    domain: Domain = field(repr=False, compare=False)
    kernels: Mapping[str, Kernel] = field(repr=False, compare=False)
    default_form: str = field(compare=False)

    def __str__(self) -> str:
        """Return the spelling that ``parse`` understands."""
        return self.name


LOSSES: dict[str, Loss] = {}
_KERNELS: dict[Kernel, dict[str, Kernel]] = {}


def loss(domain: Domain, *names: Name) -> Callable[[AnyKernel], AnyKernel]:
    """Declare a kernel as the loss of these names; the function itself stays as it is.

    It takes (prediction, label) of a block and returns the row losses: for a domain that scores
    cell by cell two arrays (n,), for one of classes (n, K) with (n,) positions or (n, K) rows.
    What the predictions hold is the first of the domain's forms; ``in_form`` adds others.
    """

    def register(kernel: AnyKernel) -> AnyKernel:
        kernels = _KERNELS[kernel] = {domain.forms[0]: kernel}
        for name in names:
            form = name.form or domain.forms[0]
            LOSSES[name.text] = Loss(name.text, name.aliases, name.finish, domain, kernels, form)
        return kernel

    return register


def in_form(form: str, of: Kernel) -> Callable[[AnyKernel], AnyKernel]:
    """Declare a kernel as another one's value when the predictions come in this form."""

    def register(kernel: AnyKernel) -> AnyKernel:
        _KERNELS[of][form] = kernel
        return kernel

    return register


def spellings() -> dict[str, str]:
    """Return every name and alias with the name it stands for."""
    return {spelling: name for name, loss in LOSSES.items() for spelling in (name, *loss.aliases)}


def parse(text: str) -> tuple[Loss, ...]:
    """Return the losses that a comma-separated text names, in its order.

    Raises:
        UsageError: a name is unknown, comes twice or has parameters it does not take.

    """
    losses = [_parse_one(part.strip()) for part in text.split(",")]
    for i, loss in enumerate(losses):
        if loss in losses[:i]:
            raise UsageError(f"the loss {loss.name} is named twice", where=f"'{text}'")
    return tuple(losses)


def _parse_one(part: str) -> Loss:
    name, colon, parameters = part.partition(":")
    known = spellings()
    if not name:
        raise UsageError("a loss without a name", hint=f"the losses are {', '.join(LOSSES)}")
    if name.casefold() not in known:
        hint = did_you_mean(name, known) or f"the losses are {', '.join(LOSSES)}"
        raise UsageError(f"there is no loss called '{name}'", hint=hint)
    if colon:
        raise UsageError(f"{name} takes no parameters", where=f"'{part}' names '{parameters}'")
    return LOSSES[known[name.casefold()]]
