"""Estimates of moments, for tests."""

from __future__ import annotations

from lossctl import statistics
from lossctl.statistics import Estimate
from lossctl.summaries.moments import Moments


def mean(moments: Moments, column: int = 0) -> Estimate:
    """Estimate the mean of a column, per cell."""
    cells = len(moments.sums) - 1
    gradient = [float(i == column) for i in range(column + 1)]
    spread = statistics.of_ratios(moments, gradient, cells)
    return statistics.mean(moments.sums[column], moments.sums[cells], spread, 0.95)
