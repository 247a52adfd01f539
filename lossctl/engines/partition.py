"""The one partition function: read, pair, encode, check, score, sum up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lossctl.align import Pair, in_order
from lossctl.block import Block, Booleans, Floats, RowLosses
from lossctl.errors import DataError
from lossctl.labels.codings import Encoded
from lossctl.losses.domain import Fault, check
from lossctl.losses.registry import Kernel
from lossctl.plan import ERROR, SKIP, Plan
from lossctl.sources.table import Batch
from lossctl.summaries.counts import Counts
from lossctl.summaries.moments import Moments

BLOCK_BYTES = 512 * 1024  # of predictions: with the buffers of a kernel this stays in cache
MAX_ROWS = 65_536

# Infinity and NaN are results here, counted and reported; NumPy need not warn of them.
_QUIET = np.errstate(all="ignore")


@dataclass(frozen=True)
class Summaries:
    """All that a result is made of; the last column of the moments is the number of cells."""

    counts: Counts
    moments: Moments

    @classmethod
    def empty(cls, plan: Plan) -> Summaries:
        """Return the summaries of no rows."""
        return cls(Counts(), Moments.empty(len(plan.kernels) + 1))

    def __add__(self, other: Summaries) -> Summaries:
        """Return the summaries of the rows of both."""
        return Summaries(self.counts + other.counts, self.moments + other.moments)


def summarise(plan: Plan) -> Summaries:
    """Run a plan over its rows and return their summaries.

    Raises:
        DataError: a row cannot be read, paired or scored.

    """
    total = Summaries.empty(plan)
    for counts, losses in scored_blocks(plan):
        columns = (*losses.values, _cells_column(losses))
        total += Summaries(counts, Moments.of(columns, losses.values.shape[1]))
    return total


def scored_blocks(plan: Plan) -> Iterator[tuple[Counts, RowLosses]]:
    """Yield the row losses of each block, and what was counted on the way.

    Raises:
        DataError: a row cannot be read, paired or scored.

    """
    seen: Mapping[str, int] = {}
    for pair in _blocks(plan):
        checked = _check(plan, pair, seen)
        if checked.fault is not None:
            row = checked.fault.row
            if row > 0:  # the rows before it are fine
                yield _losses(plan, _check(plan, pair[:row], seen))
            raise _error(plan, pair.start, checked.fault)
        seen = checked.seen
        yield _losses(plan, checked)


def _blocks(plan: Plan) -> Iterator[Pair]:
    width = max(len(plan.roles.prediction), len(plan.roles.label))
    rows = plan.block_rows or max(1, min(MAX_ROWS, BLOCK_BYTES // (8 * width)))
    for pair in in_order(plan.inputs, plan.roles, label_as_text=plan.coding.as_text):
        for start in range(0, len(pair), rows):
            yield pair[start : start + rows]


def _cells_column(losses: RowLosses) -> Floats | float:
    return losses.cells if isinstance(losses.cells, np.ndarray) else float(losses.cells)


@dataclass(frozen=True)
class _Checked:
    """A block with what was found in it; if there is a fault, it is the first one."""

    block: Block
    adjusted: int
    seen: Mapping[str, int]
    fault: Fault | None


@_QUIET
def _check(plan: Plan, pair: Pair, seen: Mapping[str, int]) -> _Checked:
    encoded = plan.coding.encode(pair.label)
    missing = _missing(plan, pair.prediction, encoded)
    values = pair.prediction.numbers
    checked = check(plan.domain, plan.form, values, encoded.values, plan.sum_tolerance)
    seen = {**{kind: pair.start + row for kind, row in encoded.seen.items()}, **seen}
    conflict = plan.coding.conflict(seen)
    faults = list(checked.faults)
    if encoded.fault is not None:
        faults.append(encoded.fault)
    if conflict is not None:
        faults.append(replace(conflict, row=conflict.row - pair.start))
    if missing is not None and plan.nan == ERROR:
        faults.append(_missing_fault(pair, encoded, missing))
    fault = min(faults, key=lambda fault: fault.row, default=None)
    return _Checked(
        Block(checked.prediction, encoded.values, missing), checked.adjusted, seen, fault
    )


def _losses(plan: Plan, checked: _Checked) -> tuple[Counts, RowLosses]:
    block, skip = checked.block, plan.nan == SKIP
    losses = row_losses(block, plan.kernels, classes=plan.domain.classes, skip=skip)
    return Counts(len(block.prediction), losses.skipped, checked.adjusted, checked.seen), losses


def _missing(plan: Plan, prediction: Batch, encoded: Encoded) -> Booleans | None:
    """Return which cells or rows are missing, or None; a sum tells quickly that nothing is."""
    numbers = prediction.numbers
    if not encoded.missing.any() and not np.isnan(np.add.reduce(numbers, axis=None)):
        return None
    unknown = np.isnan(numbers)
    if plan.domain.classes:
        unknown = np.asarray(unknown.any(axis=1))
    unknown |= encoded.missing
    return unknown if unknown.any() else None


def _missing_fault(pair: Pair, encoded: Encoded, missing: Booleans) -> Fault:
    row = int(missing.argmax() if missing.ndim == 1 else missing.any(axis=1).argmax())
    cells = np.isnan(pair.prediction.numbers[row])
    hint = "leave such rows out with --nan skip, or let the result be nan: --nan propagate"
    if cells.any():
        return Fault(row, "prediction", int(cells.argmax()), "the prediction is missing", hint)
    labels = encoded.missing[row]
    column = int(labels.argmax()) if missing.ndim == 2 else None
    if column is None and len(pair.label.numbers.T):
        column = int(np.isnan(pair.label.numbers[row]).argmax())
    return Fault(row, "label", column or 0, "the label is missing", hint)


@_QUIET
def row_losses(
    block: Block, kernels: tuple[Kernel, ...], *, classes: bool, skip: bool
) -> RowLosses:
    """Return the row losses of a block: the sums over the cells of each row, NaN where missing.

    With ``skip`` missing cells cost nothing and are not counted; rows without a cell left drop out.
    """
    if classes:
        return _of_classes(block, kernels, skip=skip)
    return _of_cells(block, kernels, skip=skip)


def _of_classes(block: Block, kernels: tuple[Kernel, ...], *, skip: bool) -> RowLosses:
    prediction, label, skipped = block.prediction, block.label, 0
    if block.missing is not None and skip:
        kept = ~block.missing
        prediction, label = prediction[kept], label[kept]
        skipped = int(np.count_nonzero(block.missing))
    values = np.empty((len(kernels), len(prediction)))
    if len(prediction):
        for row, kernel in zip(values, kernels, strict=True):
            row[:] = kernel(prediction, label)
    if block.missing is not None and not skip:
        values[:, block.missing] = np.nan
    return RowLosses(values, 1, skipped)


def _of_cells(block: Block, kernels: tuple[Kernel, ...], *, skip: bool) -> RowLosses:
    n, m = block.prediction.shape
    values = np.zeros((len(kernels), n))
    for cell in range(m):
        prediction = np.ascontiguousarray(block.prediction[:, cell])
        label = np.ascontiguousarray(block.label[:, cell], dtype=np.float64)
        for total, kernel in zip(values, kernels, strict=True):
            losses = kernel(prediction, label)
            if block.missing is not None:
                losses[block.missing[:, cell]] = 0.0 if skip else np.nan
            np.add(total, losses, out=total)
    if block.missing is None or not skip:
        return RowLosses(values, m)
    cells = m - np.count_nonzero(block.missing, axis=1).astype(np.float64)
    kept = cells > 0
    skipped = int(np.count_nonzero(block.missing))
    return RowLosses(np.ascontiguousarray(values[:, kept]), cells[kept] if m > 1 else 1, skipped)


def _error(plan: Plan, start: int, fault: Fault) -> DataError:
    """Turn a fault of a block into an error that says where it is."""
    on_label = fault.side == "label"
    table = plan.inputs.label_table if on_label else plan.inputs.predictions
    columns = plan.roles.label if on_label else plan.roles.prediction
    column = None if fault.column is None else columns[fault.column]
    return DataError(fault.message, where=table.place(start + fault.row, column), hint=fault.hint)
