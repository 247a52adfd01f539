"""What a result needs to know of a plan besides its rows: small values, and the plan from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lossctl import asked
from lossctl.columns import LABEL, PREDICTION, Grouping, Roles
from lossctl.conventions import ALL, Predictions, TermOptions
from lossctl.labels.codings import Classes, Named, Numbered, Plain, Positions, Rows, ZeroOne
from lossctl.losses import domain, parse
from lossctl.losses.domain import Domain
from lossctl.plan import Plan
from lossctl.rows import key_name
from lossctl.sources.table import NUMBER, Batch, Column, Inputs, Request
from lossctl.values import dataclass, replace

DOMAINS = {
    name.lower().replace("_", "-"): value
    for name, value in vars(domain).items()
    if isinstance(value, Domain)
}
_FLOAT64 = "float64"  # in which predictions are stored, unless that matters
Name = str | int
Coding = Plain | ZeroOne | Named | Positions | Numbered | Classes | Rows


@dataclass(frozen=True)
class Choices:
    """All that was chosen for a scoring, by what made the choice: names, options, what was found.

    ``predictions``, ``labels``, ``id`` and ``weight`` are columns, by name or by position; ``key``
    is what the column is called by which rows are shown. ``class_weights`` are those that came of
    what was said. ``stored`` is the type of the predictions where the terms depend on it.
    """

    losses: tuple[str, ...]
    domain: str
    form: str
    stored: str
    convention: str
    eps: float | str | None
    normalize: bool
    smoothing: float
    pos_weight: float
    class_weights: tuple[float, ...] | None
    predictions: tuple[Name, ...]
    labels: tuple[Name, ...]
    header: bool | None
    id: Name | None
    key: str | None
    weights: str
    weight: Name | None
    by: tuple[str, ...]
    cluster: str | None
    coding: Coding
    ignore: str | None
    said: tuple[tuple[str, str], ...]
    nan: str
    unmatched: str
    sum_tolerance: float | None
    reduction: str | None
    level: float
    diagnose: str
    fingerprint: bool
    worst: int
    plot: bool
    min_group: int

    @classmethod
    def of(cls, plan: Plan, terms: TermOptions) -> Choices:
        """Return the choices of a plan that was made with these terms."""
        roles, coding = plan.roles, plan.coding
        if not isinstance(coding, Coding):
            raise TypeError(f"{type(coding).__name__} is not among the codings of partials")
        found = cls(
            losses=tuple(map(str, plan.losses)),
            domain=next(name for name, one in DOMAINS.items() if one == plan.domain),
            form=plan.form,
            stored=_FLOAT64,
            convention=terms.convention,
            eps=terms.eps,
            normalize=terms.normalize,
            smoothing=terms.smoothing,
            pos_weight=terms.pos_weight,
            class_weights=plan.scorings[0].terms.class_weight,
            predictions=tuple(column.label for column in roles.prediction),
            labels=tuple(column.label for column in roles.label),
            header=plan.inputs.predictions.header,
            id=roles.keys[0][0].label if roles.joined else None,
            key=None if roles.shown is None else key_name(plan, ()),
            weights=plan.weights,
            weight=None if roles.weight is None else roles.weight[1].label,
            by=tuple(one.name for one in roles.by),
            cluster=None if roles.cluster is None else roles.cluster.name,
            coding=coding,
            **_as_they_are(plan),
        )
        return found._stored_as(plan)

    def _stored_as(self, plan: Plan) -> Choices:
        """Return the choices with the type of the predictions, where it makes a difference."""
        widest = max(column.stored for column in plan.roles.prediction)
        for found in (self, replace(self, stored=widest)):
            again = found.plan("", "")
            if (again.scorings, again.others) == (plan.scorings, plan.others):
                return found
        raise AssertionError("the terms do not follow from what was chosen")

    def plan(self, predictions: str, labels: str) -> Plan:
        """Return a plan with the same results, for inputs that are called so and not there.

        Raises:
            UsageError: there is no such loss, or it has no such terms.

        """
        own, others = asked.scorings(
            parse(",".join(self.losses)), self._predictions(), self._terms(), rows=False
        )
        plan = Plan(
            scorings=own,
            others=others if self.convention == ALL else (),
            domain=DOMAINS[self.domain],
            form=self.form,
            inputs=Inputs(
                Absent(predictions, self.header), None if labels == predictions else Absent(labels)
            ),
            roles=self._roles(),
            coding=self.coding,
            weights=self.weights,
            mergeable=True,
            **_as_they_are(self),
        )
        return plan if self.class_weights is None else asked.with_weights(plan, self.class_weights)

    def _predictions(self) -> Predictions:
        columns = len(self.predictions)
        return Predictions(DOMAINS[self.domain], self.form, self.stored, columns)

    def _terms(self) -> TermOptions:
        return TermOptions(
            convention=self.convention,
            eps=self.eps,
            normalize=self.normalize,
            smoothing=self.smoothing,
            pos_weight=self.pos_weight,
        )

    def _roles(self) -> Roles:
        id_, weight = _columns(self.id), _columns(self.weight)
        return Roles(
            tuple(_columns(*self.predictions)),
            tuple(_columns(*self.labels)),
            keys=tuple((column, column) for column in id_),
            shown=next(((PREDICTION, column) for column in _columns(self.key)), None),
            joined=self.id is not None,
            weight=next(((PREDICTION, column) for column in weight), None),
            by=tuple(Grouping(name, LABEL) for name in self.by),
            cluster=None if self.cluster is None else Grouping(self.cluster, LABEL),
        )


_SAME = (
    *("ignore", "said", "nan", "unmatched", "sum_tolerance", "reduction", "level", "diagnose"),
    *("fingerprint", "worst", "plot", "min_group"),
)


def _as_they_are(value: Plan | Choices) -> dict[str, Any]:
    """Return what is called the same in plans and in choices, and is the same."""
    return {name: getattr(value, name) for name in _SAME}


def _columns(*names: Name | None) -> Iterator[Column]:
    """Yield columns by their names, or their positions."""
    for place, name in enumerate(names):
        if name is not None:
            known = isinstance(name, str)
            yield Column(place if known else int(name), str(name) if known else None, NUMBER)


@dataclass(frozen=True)
class Absent:
    """A table of which only the name is left."""

    name: str
    header: bool | None = None
    columns: tuple[Column, ...] = ()
    shape: tuple[int, ...] | None = None
    size: int = 0
    named: bool = False

    def settled(self, columns: Any) -> tuple[Column, ...]:
        """Say that there is nothing more to know."""
        return tuple(columns)

    def read(self, request: Request, *, keep: bool = False) -> Iterator[Batch]:  # noqa: ARG002
        """Refuse."""
        raise AssertionError(f"{self.name} is not here to be read")
