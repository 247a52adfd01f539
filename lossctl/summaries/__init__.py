"""Mergeable values that watch the row losses go by: empty, ``add`` a block, and ``+``."""

from __future__ import annotations

from typing import Any, Protocol

from lossctl.block import Block, RowLosses


class Summary(Protocol):
    """What a summary does. It is a frozen value, and its ``+`` is commutative and associative."""

    def add(self, block: Block, losses: RowLosses) -> Summary:
        """Return the summary with a block's rows added."""

    def __add__(self, other: Any) -> Summary:
        """Return the summary of the rows of both."""
