"""What to do, as one frozen value that can be sent anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from lossctl.columns import Roles
from lossctl.labels.codings import Coding
from lossctl.losses import Loss
from lossctl.losses.domain import Domain
from lossctl.losses.registry import Kernel
from lossctl.sources.table import Inputs

ERROR, SKIP, PROPAGATE = "error", "skip", "propagate"


@dataclass(frozen=True)
class Plan:
    """The losses, the inputs and how to read them, with every choice made.

    ``weights`` says where they come from, ``ignore`` is the label that does not count. ``worst`` is
    how many of the worst rows are wanted; ``per_row``: every row is. ``block_rows`` bounds the rows
    of a block; results do not depend on it.
    """

    losses: tuple[Loss, ...]
    form: str
    inputs: Inputs
    roles: Roles
    coding: Coding
    weights: str = "none"
    ignore: str | None = None
    nan: str = ERROR
    unmatched: str = ERROR
    sum_tolerance: float = 1e-3
    reduction: str | None = None
    level: float = 0.95
    diagnose: str = "warn"
    worst: int = 0
    per_row: bool = False
    block_rows: int | None = None

    @property
    def domain(self) -> Domain:
        """What the losses take; all of a plan take the same."""
        return self.losses[0].domain

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The different kernels of the losses: mse, sse and rmse share one."""
        return tuple(dict.fromkeys(loss.kernels[self.form] for loss in self.losses))

    @property
    def shows_rows(self) -> bool:
        """Whether rows must be told apart: blocks then carry what is shown of them."""
        return self.per_row or self.worst > 0

    def column(self, loss: Loss) -> int:
        """Return which of the kernels makes the row losses of a loss."""
        return self.kernels.index(loss.kernels[self.form])

    @property
    def cells(self) -> int:
        """How many cells a row has that are scored one by one."""
        return 1 if self.domain.classes else len(self.roles.label)
