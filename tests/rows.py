"""Row losses of files, for tests."""

from __future__ import annotations

from lossctl.block import Floats
from lossctl.rows import Losses
from lossctl.scoring import Options, prepare, run


def rows(loss: str, predictions: str, labels: str | None, options: Options) -> Floats:
    """Return the row losses of all rows."""
    collected = Losses()
    run(prepare(loss, predictions, labels, options), collected)
    return collected.of(0)
