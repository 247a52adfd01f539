"""The shards that a partial is of: which rows, in which order, scored on what machine."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np

from lossctl.engines.partition import Summaries
from lossctl.errors import DataError
from lossctl.names import listing, natural_key, quoted, readable
from lossctl.plan import Plan
from lossctl.summaries.fingerprint import Identity
from lossctl.summaries.moments import Moments
from lossctl.values import dataclass

_TINY = Fraction(1, 1 << 2200)  # below the square of the smallest float64, above what is rounded


@dataclass(frozen=True)
class Shard:
    """Rows that were scored at once.

    ``rows`` are those of its predictions, ``known`` those of its labels, ``paired`` those that met;
    without a join all are the same. ``n`` were scored. ``fingerprint`` tells their labels (and
    ids) from others, as that of a signature does, ``identity`` these rows.
    """

    predictions: str
    labels: str
    rows: int
    known: int
    paired: int
    n: int
    fingerprint: str
    identity: str

    @property
    def order(self) -> tuple[object, str]:
        """What shards are sorted by: as the files of a directory are, else arbitrarily."""
        return natural_key(self.predictions), self.identity

    @property
    def consistent(self) -> bool:
        """Whether the counts can be some."""
        return 0 <= self.n <= self.paired <= min(self.rows, self.known)


@dataclass(frozen=True)
class Machine:
    """What the last bits of row losses depend on: NumPy, and what it found the processor can do."""

    numpy: str
    cpu: tuple[str, ...]


def shard_of(plan: Plan, summaries: Summaries) -> Shard:
    """Return what rows were scored."""
    counts, found = summaries.counts, summaries.get(Identity)
    if found is None:
        raise AssertionError("what is to be merged has an identity")
    return Shard(
        readable(plan.inputs.predictions.name),
        readable(plan.inputs.label_table.name),
        rows=counts.read + counts.unmatched_predictions,
        known=counts.read + counts.unmatched_labels,
        paired=counts.read,
        n=summaries.moments[0].count,
        fingerprint=str(found.labels),
        identity=_identity(plan.inputs.predictions.name, summaries, found),
    )


def _identity(name: str, summaries: Summaries, found: Identity) -> str:
    """Return a hash of rows, counts and exact sums; the order of the rows is not in it.

    Of rows that all cost the same other files may hold just as many: their name is in it.
    """
    counts = summaries.counts
    told = (
        [*found.sums],
        [counts.read, counts.skipped, counts.adjusted, counts.ignored],
        [counts.unmatched_predictions, counts.unmatched_labels],
        [
            [hex(one.units), one.nans, one.positive_infinities, one.negative_infinities]
            for moments in summaries.moments
            for one in moments.sums
        ],
        readable(name) if all(map(_is_constant, summaries.moments)) else "",
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _is_constant(moments: Moments) -> bool:
    """Whether no row costs more than another; squares of numbers that differ are far larger."""
    odd = (one.nans + one.positive_infinities + one.negative_infinities for one in moments.sums)
    return all(
        count == moments.count or (not count and moments.variation(column) < _TINY)
        for column, count in enumerate(odd)
    )


def this_machine() -> Machine:
    """Return what NumPy is here, and what it found."""
    found = np.show_config(mode="dicts")
    return Machine(np.__version__, tuple(found["SIMD Extensions"]["found"]))


def places(shards: Sequence[Shard]) -> dict[str, int]:
    """Return the number of the first row of each shard, by its identity, in their order."""
    starts = accumulate((one.rows for one in shards), initial=0)
    return {one.identity: start for one, start in zip(shards, starts, strict=False)}


def renumbering(own: Sequence[Shard], first: Mapping[str, int]) -> Callable[[int], int]:
    """Return what turns the numbers of rows of some shards into those among all of them."""
    starts = [*accumulate((one.rows for one in own), initial=0)]

    def place(row: int) -> int:
        if not 0 <= row < starts[-1]:
            raise ValueError(f"there is no row {row}")
        mine = bisect_right(starts, row) - 1
        return first[own[mine].identity] + row - starts[mine]

    return place


def unmatched_labels(shards: Sequence[Shard]) -> int:
    """Return how many labels no shard has met: shards with one file of labels share what is met.

    Raises:
        DataError: more were met than there are.

    """
    met: dict[tuple[str, int], int] = defaultdict(int)
    for one in shards:
        met[one.labels, one.known] += one.paired
    for (name, known), count in met.items():
        if count > known:
            raise DataError(
                f"{count:,} rows were joined with {known:,} labels: an id was scored twice",
                where=name,
                hint="if shards have labels of their own, give their files different names",
            )
    return sum(known - count for (_, known), count in met.items())


def together(names: Sequence[str]) -> str:
    """Return what several files are called: their name if it is one, else a glob.

    >>> together(["run/part-1.csv", "run/part-2.csv", "run/part-10.csv"])
    'run/part-*.csv'
    """
    first, last = min(names), max(names)  # what these two share, all do
    if first == last:
        return first
    start = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    prefix = first[: len(first) if start is None else start].rstrip("0123456789")
    mirrored = [name[len(prefix) :][::-1] for name in {*names}]
    suffix = _shared(min(mirrored), max(mirrored))[::-1].lstrip("0123456789")
    return f"{prefix}*{suffix}"


def _shared(one: str, other: str) -> str:
    end = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return one[: min(len(one), len(other)) if end is None else end]


def differences(machines: Sequence[Machine]) -> Iterator[str]:
    """Yield in what the machines differ, on which the last bits of results may depend."""
    hint = "the last bits of their losses may differ from those of one machine"
    versions = list(dict.fromkeys(one.numpy for one in machines))
    if len(versions) > 1:
        yield f"shards were scored with NumPy {', '.join(versions)}: {hint}"
    features = [{*one.cpu} for one in machines]
    some = sorted(set().union(*features) - features[0].intersection(*features))
    if some:
        yield f"shards were scored on processors of which not all have {listing(some)}: {hint}"


def refuse_twice(shards: Sequence[tuple[Shard, str]]) -> None:
    """Refuse a shard that is there twice, each with the file of its partial.

    Raises:
        DataError: there is such a shard.

    """
    seen: dict[str, tuple[Shard, str]] = {}
    for one, file in shards:
        other, first = seen.setdefault(one.identity, (one, file))
        if other is not one and one.rows:
            names = {quoted(each.predictions) for each in (other, one)}
            raise DataError(
                f"the rows of {' and '.join(sorted(names))} are there twice",
                where=f"{first} and {file}" if first != file else file,
                hint="leave one out; of different rows that are alike ids tell (--id)",
            )
