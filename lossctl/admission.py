"""The one door: what is paired is encoded and checked, and becomes a block or a fault."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lossctl.align import Pair
from lossctl.block import Block, Booleans, Fault, Floats, Integers, Shown, first_row, numbers_of
from lossctl.columns import PREDICTION
from lossctl.labels.codings import Encoded
from lossctl.losses.domain import check
from lossctl.plan import ERROR, SKIP, Plan
from lossctl.texts import Names
from lossctl.values import dataclass, replace


@dataclass(frozen=True)
class Admitted:
    """A block; if there is a fault, it is the first one, and the block is not to be scored."""

    block: Block
    fault: Fault | None


@np.errstate(all="ignore")  # infinity and NaN are values here
def admit(plan: Plan, pair: Pair, seen: Mapping[str, int]) -> Admitted:
    """Encode and check some rows; ``seen`` is what kinds of label earlier rows had."""
    pair, ignored = with_cells_ignored(plan, pair)
    encoded = plan.coding.encode(pair.label)
    seen = {**{kind: int(pair.rows[row]) for kind, row in encoded.seen.items()}, **seen}
    faults = [encoded.fault] if encoded.fault is not None else []
    conflict = plan.coding.conflict(seen)
    if conflict is not None:
        faults.append(replace(conflict, row=pair.index(conflict.row)))
    missing = _missing(plan, pair, encoded)
    asked = missing if missing is None or ignored is None else missing & ~ignored
    if asked is not None and asked.any() and plan.nan == ERROR:
        faults.append(_missing_fault(pair, encoded, asked))
    block, kept = _without_missing(plan, pair, encoded, missing, ignored)
    faults += _weight_faults(pair)
    tolerance, wanted = plan.sum_tolerance, plan.wanted
    checked = check(plan.domain, plan.form, block.prediction, block.label, tolerance, wanted)
    faults += [replace(fault, row=int(kept[fault.row])) for fault in checked.faults]
    block = replace(block, prediction=checked.prediction, adjusted=checked.adjusted, seen=seen)
    if plan.shows_rows:
        shown = _shown(plan, pair)
        block = replace(block, shown=shown if isinstance(kept, range) else shown.take(kept))
    if pair.partners is not None:
        partners = pair.partners if isinstance(kept, range) else pair.partners[kept]
        block = replace(block, partners=partners)
    if plan.roles.groupings:
        groups = _groups(plan, pair)
        if not isinstance(kept, range):
            groups = tuple(names.take(kept) for names in groups)
        block = replace(block, groups=groups)
    return Admitted(block, min(faults, key=lambda fault: fault.row, default=None))


def without_ignored(plan: Plan, pair: Pair) -> tuple[Pair, int]:
    """Return the rows whose label is not to be ignored, and how many are: before anything else.

    Where rows have several labels, each is a cell of its own: see ``with_cells_ignored``.
    """
    if plan.ignore is None or len(plan.roles.label) > 1:
        return pair, 0
    if plan.coding.as_text:
        (names,) = pair.label.names
        marks = np.array([text.strip() == plan.ignore for text in names.texts], dtype=bool)
        ignored = marks[names.codes]
    else:
        ignored = pair.label.numbers[:, 0] == float(plan.ignore)
    if not ignored.any():
        return pair, 0
    return pair.take(np.flatnonzero(~ignored)), int(np.count_nonzero(ignored))


def with_cells_ignored(plan: Plan, pair: Pair) -> tuple[Pair, Booleans | None]:
    """Mark the cells whose label is to be ignored, and make them missing, so that none is asked."""
    if plan.ignore is None or len(plan.roles.label) == 1:
        return pair, None
    ignored = np.asarray(pair.label.numbers == float(plan.ignore))
    if not ignored.any():
        return pair, None
    prediction, label = (
        replace(side, numbers=np.where(ignored, np.nan, side.numbers))
        for side in (pair.prediction, pair.label)
    )
    return replace(pair, prediction=prediction, label=label), ignored


def _shown(plan: Plan, pair: Pair) -> Shown:
    key = None
    if plan.roles.shown is not None:
        batch = pair.prediction if plan.roles.shown[0] == PREDICTION else pair.label
        key = batch.keys[0]
    return Shown(key, plan.coding.shown(pair.label))


def _groups(plan: Plan, pair: Pair) -> tuple[Names, ...]:
    """Return what says which group rows belong to; the label says it as it stands in the input."""
    others = iter(pair.groups)
    groups = []
    for one in plan.roles.groupings:
        if one.column is not None:
            groups.append(next(others))
            continue
        (label,) = plan.coding.shown(pair.label)
        groups.append(Names.of(label) if isinstance(label, np.ndarray) else label)
    return tuple(groups)


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
    """Return which cells or rows are missing, or None; the largest number tells if any is."""
    numbers = pair.prediction.numbers
    without_label = encoded.missing
    if without_label is None or not without_label.any():
        without_label = None
        if not np.isnan(numbers.max(initial=-np.inf)):
            return None
    unknown = np.isnan(numbers)
    if plan.domain.whole:
        unknown = np.asarray(unknown.any(axis=1))
        if without_label is not None and without_label.ndim == 2:
            without_label = np.asarray(without_label.any(axis=1))
    if without_label is not None:
        unknown |= without_label
    return unknown if unknown.any() else None


def _without_missing(
    plan: Plan,
    pair: Pair,
    encoded: Encoded,
    missing: Booleans | None,
    ignored: Booleans | None,
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
    dropped = missing if plan.nan == SKIP else ignored
    if dropped is None:
        return Block(prediction, label, pair.rows, pair.weight), everything
    empty = dropped if dropped.ndim == 1 else np.asarray(dropped.all(axis=1))
    kept = np.flatnonzero(~empty)
    left_out = dropped[kept] if dropped.ndim == 2 else None
    if left_out is not None and not left_out.any():
        left_out = None
    count = 0 if ignored is None else int(np.count_nonzero(ignored))
    block = Block(
        prediction[kept],
        label[kept],
        numbers_of(pair.rows)[kept],
        None if pair.weight is None else pair.weight[kept],
        left_out,
        skipped=int(np.count_nonzero(dropped)) - count,
        ignored=count,
    )
    return block, kept


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
    return np.atleast_1d(False if encoded.missing is None else encoded.missing[row])
