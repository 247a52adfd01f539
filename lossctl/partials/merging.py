"""Partials added up: their files are read one by one, in the order of their shards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from lossctl.engines.partition import Summaries
from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.partials import Partial
from lossctl.partials.choices import Choices
from lossctl.partials.differing import refuse_others
from lossctl.partials.files import Head, Held, Source, choices_in, not_ours, read, summaries_in
from lossctl.partials.scalars import UnfitError
from lossctl.partials.shards import (
    Shard,
    places,
    refuse_twice,
    renumbering,
    unmatched_labels,
)
from lossctl.plan import Plan
from lossctl.result import Result
from lossctl.signatures import PARTS
from lossctl.sources.files import expanded
from lossctl.sources.streams import File, open_file
from lossctl.summaries.diagnosis import ROWS
from lossctl.values import dataclass, replace
from lossctl.version import __version__

_FEW_GROUPS = 10_000  # results of groups are made when they are asked for


@dataclass(frozen=True)
class Merged:
    """Partials that have been added up, and where they came from."""

    total: Partial
    heads: tuple[Head, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses that they are of."""
        return self.total.choices.losses

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of their files, as far as they have some."""
        return tuple(head.file.path for head in self.heads if isinstance(head.file, File))

    @np.errstate(all="ignore")
    def results(self) -> tuple[Result, ...]:
        """Return the results of all rows.

        Raises:
            DataError: there is no loss of them, or a file holds what cannot be.

        """
        try:
            found = _written(self.total.results())
        except DataError:
            raise
        except Exception:  # a file that was made up, or a bug of ours
            self._refuse_made_up()
            raise
        if self.heads[0].lossctl == __version__:
            return found
        other = f"the partials are by lossctl {self.heads[0].lossctl}, the result by {__version__}"
        return tuple(replace(one, warnings=(*one.warnings, other)) for one in found)

    def _refuse_made_up(self) -> None:
        for head in self.heads:
            alone = _added((head,))
            with _refusing(head):
                _written(alone.results())


def _written(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Return results that can be written, with their groups, unless there are many.

    Raises:
        ValueError: there is no JSON for one: its summaries hold what none do.

    """
    for one in results:
        few = one.groups is None or len(one.groups) <= _FEW_GROUPS
        json.dumps((one if few else replace(one, groups=())).to_dict(), allow_nan=False)
    return results


def sources_of(partials: Sequence[str | bytes]) -> tuple[Source, ...]:
    """Return the files that names and globs mean, and what is in memory already.

    A file that is named twice is there twice.

    Raises:
        DataError: one is not there, or a glob matches nothing.

    """
    found: list[Source] = []
    for place, one in enumerate(partials, start=1):
        if isinstance(one, bytes):
            found.append(Held(f"partial {place}", one))
        else:
            found += map(open_file, expanded([one]))
    if not found:
        raise DataError("there are no partials")
    return tuple(found)


@np.errstate(all="ignore")  # of sums that are not finite
def merged(files: Sequence[Source]) -> Merged:
    """Return the sum of partials, which does not depend on the order of the files.

    Raises:
        DataError: a file is no partial, or does not belong to the others.

    """
    found = [read(file, keep=True)[0] for file in files]
    heads = tuple(sorted(found, key=lambda head: (head.shards[0].order, head.checksum)))
    refuse_twice([(shard, head.name) for head in heads for shard in head.shards])
    return Merged(_added(heads), heads)


def _added(heads: Sequence[Head]) -> Partial:
    shards = tuple(sorted((one for head in heads for one in head.shards), key=_order))
    first = places(shards)
    total: _Total | None = None
    for head in heads:
        document = _again(head)
        with _refusing(head):
            total = total or _Total(head, document)
            total.add(head, document, renumbering(head.shards, first))
            total.check(shards, first)
    if total is None:
        raise AssertionError("there is at least one partial")
    summaries = total.summaries
    if total.plan.roles.joined:
        counts = replace(summaries.counts, unmatched_labels=unmatched_labels(shards))
        summaries = replace(summaries, counts=counts)
    machines = tuple(dict.fromkeys(one for head in heads for one in head.machines))
    return Partial(total.choices, shards, machines, summaries)


def _order(shard: Shard) -> Any:
    return shard.order


def _again(head: Head) -> dict[str, Any]:
    """Return what a file holds, which was read before."""
    again, document = read(head.file, keep=True)  # once more, if it turns out to be made up
    if again.checksum != head.checksum:
        hint = "merge copies, or wait until it is written"
        raise DataError("the partial changes while it is read", where=head.name, hint=hint)
    return document


class _Total:
    """What has been added up so far; the first of the files says what belongs to it."""

    def __init__(self, head: Head, document: dict[str, Any]) -> None:
        self._head, self._plan = head, document["plan"]
        self.choices: Choices = choices_in(document)
        self.plan: Plan = self.choices.plan(head.name, head.name)
        self._empty = self.summaries = Summaries.empty(self.plan)

    def add(self, head: Head, document: dict[str, Any], place: Callable[[int], int]) -> None:
        """Add what a file holds; ``place`` turns its rows' numbers into those among all rows."""
        if head.lossctl != self._head.lossctl:
            ours, theirs = quoted(self._head.lossctl), quoted(head.lossctl)
            what = (
                f"{PARTS['lossctl']} differs: {ours} in {self._head.name}, {theirs} in {head.name}"
            )
            raise DataError(what, hint="score all shards with the same lossctl")
        if document["plan"] != self._plan:
            refuse_others(self.choices, self._head.name, choices_in(document), head.name)
        found = summaries_in(document, self._empty, len(self.plan.roles.groupings))
        rows = (sum(one.paired for one in head.shards), sum(one.n for one in head.shards))
        if any((found.counts.read, one.count) != rows for one in found.moments):
            raise UnfitError("the summaries are of other rows than the shards")
        if any(one.rows for one in head.shards):
            found = found.renumbered(place)
            found = found if place(0) < ROWS else found.undiagnosed()
        self.summaries += found

    def check(self, shards: Sequence[Shard], first: Mapping[str, int]) -> None:
        """Refuse labels of several shards that do not go together.

        Raises:
            DataError: they do not.

        """
        fault = self.plan.coding.conflict(self.summaries.counts.seen)
        if fault is not None:
            mine = max((s for s in shards if first[s.identity] <= fault.row), key=_order)
            name = mine.predictions if self.plan.roles.joined else mine.labels
            where = f"{name}, row {fault.row - first[mine.identity]}"
            raise DataError(fault.message, where=where, hint=fault.hint)


@contextmanager
def _refusing(head: Head) -> Iterator[None]:
    """Turn whatever goes wrong with a file's content into an error that names it."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # its checksum is right: another version's, or made up
        raise not_ours(head.file, error, head.lossctl) from error
