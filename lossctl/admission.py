"""The one door: what is paired is encoded and checked, and becomes a block or a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lossctl.align import Pair
from lossctl.block import Block, Booleans, Fault, Floats, Integers, Shown, first_row
from lossctl.columns import PREDICTION
from lossctl.labels.codings import Encoded
from lossctl.losses.domain import check
from lossctl.plan import ERROR, SKIP, Plan


@dataclass(frozen=True)
class Admitted:
    """A block; if there is a fault, it is the first one, and the block is not to be scored."""

    block: Block
    fault: Fault | None


@np.errstate(all="ignore")  # infinity and NaN are values here
def admit(plan: Plan, pair: Pair, seen: Mapping[str, int]) -> Admitted:
    """Encode and check some rows; ``seen`` is what kinds of label earlier rows had."""
    encoded = plan.coding.encode(pair.label)
    seen = {**{kind: int(pair.rows[row]) for kind, row in encoded.seen.items()}, **seen}
    faults = [encoded.fault] if encoded.fault is not None else []
    conflict = plan.coding.conflict(seen)
    if conflict is not None:
        faults.append(replace(conflict, row=pair.index(conflict.row)))
    missing = _missing(plan, pair, encoded)
    if missing is not None and plan.nan == ERROR:
        faults.append(_missing_fault(pair, encoded, missing))
    block, kept = _without_missing(plan, pair, encoded, missing)
    faults += _weight_faults(pair)
    checked = check(plan.domain, plan.form, block.prediction, block.label, plan.sum_tolerance)
    faults += [replace(fault, row=int(kept[fault.row])) for fault in checked.faults]
    block = replace(block, prediction=checked.prediction, adjusted=checked.adjusted, seen=seen)
    if plan.shows_rows:
        shown = _shown(plan, pair)
        block = replace(block, shown=shown if isinstance(kept, range) else shown.take(kept))
    return Admitted(block, min(faults, key=lambda fault: fault.row, default=None))


def _shown(plan: Plan, pair: Pair) -> Shown:
    key = None
    if plan.roles.shown is not None:
        batch = pair.prediction if plan.roles.shown[0] == PREDICTION else pair.label
        key = batch.keys[0]
    return Shown(key, plan.coding.shown(pair.label))


def _weight_faults(pair: Pair) -> list[Fault]:
    """Check that weights are there, finite and not negative."""
    if pair.weight is None or not len(pair):
        return []
    usable = np.isfinite(pair.weight) & (pair.weight >= 0)
    if usable.all():
        return []
    row = first_row(~usable)
    value = float(pair.weight[row])
    what = "the weight is missing" if np.isnan(value) else f"{value!r} is no weight"
    return [Fault(row, "weight", 0, what, "weights are finite numbers from 0 on")]


def _missing(plan: Plan, pair: Pair, encoded: Encoded) -> Booleans | None:
    """Return which cells or rows are missing, or None; a sum tells quickly that nothing is."""
    numbers = pair.prediction.numbers
    if not encoded.missing.any() and not np.isnan(np.add.reduce(numbers, axis=None)):
        return None
    unknown = np.isnan(numbers)
    if plan.domain.classes:
        unknown = np.asarray(unknown.any(axis=1))
    unknown |= encoded.missing
    return unknown if unknown.any() else None


def _without_missing(
    plan: Plan, pair: Pair, encoded: Encoded, missing: Booleans | None
) -> tuple[Block, Integers | range]:
    """Return the rows that are left, and which of the pair's rows they are.

    What is missing is NaN from here on, and so passes the checks: nobody asks about a value that
    does not count. Rows drop out where they are skipped, cells are left out of their rows.
    """
    prediction, label = pair.prediction.numbers, encoded.values
    everything = range(len(pair))
    if missing is None:
        return Block(prediction, label, pair.rows, pair.weight), everything
    cells = missing if missing.ndim == 2 else missing[:, np.newaxis]
    prediction = np.where(cells, np.nan, prediction)
    if label.ndim == 2:
        label = np.where(cells, np.nan, label)
    if plan.nan != SKIP:
        return Block(prediction, label, pair.rows, pair.weight), everything
    empty = missing if missing.ndim == 1 else np.asarray(missing.all(axis=1))
    kept = np.flatnonzero(~empty)
    left_out = missing[kept] if missing.ndim == 2 else None
    if left_out is not None and not left_out.any():
        left_out = None
    skipped = int(np.count_nonzero(missing))
    rows = np.asarray(pair.rows)[kept]
    weight = None if pair.weight is None else pair.weight[kept]
    return Block(prediction[kept], label[kept], rows, weight, left_out, skipped), kept


def _missing_fault(pair: Pair, encoded: Encoded, missing: Booleans) -> Fault:
    row = first_row(missing)
    hint = "leave such rows out with --nan skip, or let the result be nan: --nan propagate"
    for side, cells in (
        ("prediction", np.isnan(pair.prediction.numbers[row])),
        ("label", _label_cells(pair, encoded, row)),
    ):
        if cells.any():
            return Fault(row, side, int(cells.argmax()), f"the {side} is missing", hint)
    raise AssertionError("a missing row with nothing missing")


def _label_cells(pair: Pair, encoded: Encoded, row: int) -> Booleans:
    """Return which label columns of a row are missing; text is one column."""
    numbers: Floats = pair.label.numbers
    if numbers.shape[1]:
        return np.asarray(np.isnan(numbers[row]))
    return np.atleast_1d(encoded.missing[row])
