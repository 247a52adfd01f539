"""What to do, as one frozen value that can be sent anywhere."""

from __future__ import annotations

from functools import cached_property

from lossctl.columns import Roles
from lossctl.labels.codings import Coding
from lossctl.losses import Loss
from lossctl.losses.domain import Domain, Wanted
from lossctl.losses.registry import AS_TOTAL
from lossctl.losses.rows import groups
from lossctl.losses.terms import Scoring, Terms
from lossctl.result import SUM
from lossctl.sources.table import Inputs
from lossctl.values import dataclass

ERROR, SKIP, PROPAGATE = "error", "skip", "propagate"


@dataclass(frozen=True)
class Plan:
    """The losses, the inputs and how to read them, with every choice made.

    ``weights`` says where they come from, ``ignore`` is the label that does not count. ``said`` is
    what else was said of the labels, for the signature. ``worst`` is how many of the worst rows
    are wanted; ``per_row``: every row is; ``told_apart``: rows need their keys. ``plot``: what a
    picture is drawn from is wanted. ``per_class``: the losses of each class are, where labels are
    classes. ``mergeable``: what tells these rows from others is, for who adds the summaries to
    those of other inputs. Groups of fewer rows than ``min_group`` are hidden. ``sum_tolerance`` is
    None where rows of probabilities are normalized. ``others`` are scorings on the terms of other
    conventions, beside those that were asked for. ``alternatives`` are the same for a loss that
    comes out infinite, if the inputs can be read again. ``block_rows`` bounds the rows of a block,
    ``jobs`` the threads, or processes where they may be forked; results do not depend on them.
    ``scheduler`` is that of a cluster whose workers are to do it; None: this process does.
    ``first`` is the number of the first row: a plan may be a ``part`` of another.
    """

    scorings: tuple[Scoring, ...]
    domain: Domain
    form: str
    inputs: Inputs
    roles: Roles
    coding: Coding
    others: tuple[Scoring, ...] = ()
    alternatives: tuple[Scoring, ...] = ()
    weights: str = "none"
    ignore: str | None = None
    said: tuple[tuple[str, str], ...] = ()
    nan: str = ERROR
    unmatched: str = ERROR
    sum_tolerance: float | None = 1e-3
    reduction: str | None = None
    level: float = 0.95
    diagnose: str = "warn"
    fingerprint: bool = False
    worst: int = 0
    plot: bool = False
    per_class: bool = False
    min_group: int = 1
    per_row: bool = False
    told_apart: bool = False
    mergeable: bool = False
    block_rows: int | None = None
    jobs: int | None = None
    fork: bool = False
    scheduler: str | None = None
    first: int = 0
    part: bool = False

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The losses that were asked for."""
        return tuple(scoring.loss for scoring in self.scorings)

    @cached_property
    def terms(self) -> tuple[Terms, ...]:
        """The different terms of all scorings, a column of row losses each: mse and rmse share."""
        scorings = (*self.scorings, *self.others)
        return tuple(dict.fromkeys(terms for one in scorings for terms in one.parts))

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        """What the losses ask of values, besides their domain's own."""
        return tuple(
            Wanted(
                one.loss.name,
                one.loss.bounds(self.domain),
                one.loss.variant(self.domain).soft
                and not one.terms.hard
                and (one.terms.linear or one.terms.class_weight is None),
            )
            for one in self.scorings
        )

    def is_sum(self, loss: Loss) -> bool:
        """Whether the value of a loss is a sum."""
        return loss.finish == AS_TOTAL or self.reduction == SUM

    @property
    def shows_rows(self) -> bool:
        """Whether rows must be told apart: blocks then carry what is shown of them."""
        return self.per_row or self.worst > 0 or self.fingerprint or self.told_apart

    def column(self, scoring: Scoring) -> int:
        """Return which column of row losses is a scoring's."""
        return self.terms.index(scoring.terms)

    def place(self, terms: Terms) -> tuple[int, int]:
        """Return which of the moments has the column of some terms, and where in it."""
        column = self.terms.index(terms)
        for group, columns in enumerate(groups(self.terms)):
            if column in columns:
                return group, columns.index(column)
        raise AssertionError("a column without a group")

    @property
    def cells(self) -> int:
        """How many cells a row has that are scored one by one."""
        return 1 if self.domain.whole else len(self.roles.label)
