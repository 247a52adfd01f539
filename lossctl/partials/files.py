"""The file of a partial: one object of strict JSON, that vouches for itself."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from lossctl.engines.partition import Summaries
from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.partials.choices import Choices
from lossctl.partials.codec import data_codec, read_like, written, written_like
from lossctl.partials.scalars import UnfitError
from lossctl.partials.shards import Machine, Shard
from lossctl.sources.streams import File, reading
from lossctl.values import dataclass
from lossctl.version import __version__

if TYPE_CHECKING:
    from lossctl.summaries.groups import Groups

SCHEMA = 1
KIND = "lossctl partial"
_KEYS = ("schema", "kind", "lossctl", "machines", "shards", "plan", "summaries", "checksum")
_MOST = 1 << 30  # bytes: a million groups take less
_HINT = "write it again, with --partial"


@dataclass(frozen=True)
class Held:
    """What a file would hold, in memory."""

    name: str
    data: bytes

    def open(self, *, keep: bool = False) -> BinaryIO:  # noqa: ARG002  # it stays anyway
        """Return a stream of it."""
        return io.BytesIO(self.data)


Source: TypeAlias = File | Held


@dataclass(frozen=True)
class Head:
    """What a file says of itself: whose rows it is of, by which version, and its checksum."""

    file: Source
    lossctl: str
    shards: tuple[Shard, ...]
    machines: tuple[Machine, ...]
    checksum: str

    @property
    def name(self) -> str:
        """The file's, for messages."""
        return self.file.name


_SHARDS = data_codec(tuple[Shard, ...])
_MACHINES = data_codec(tuple[Machine, ...])
_CHOICES = data_codec(Choices)


def as_json(
    choices: Choices,
    shards: tuple[Shard, ...],
    machines: tuple[Machine, ...],
    summaries: Summaries,
) -> bytes:
    """Return the file of a partial."""
    empty = Summaries.empty(choices.plan("", ""))
    others = zip(empty.others, summaries.others, strict=True)
    document = {
        "schema": SCHEMA,
        "kind": KIND,
        "lossctl": __version__,
        "machines": _MACHINES.write(machines),
        "shards": _SHARDS.write(shards),
        "plan": _CHOICES.write(choices),
        "summaries": {
            "counts": written(summaries.counts),
            "moments": [*map(written, summaries.moments)],
            "groups": None if summaries.groups is None else written(summaries.groups),
            "others": [{type(one).__name__: written_like(none, one)} for none, one in others],
        },
    }
    document["checksum"] = _checksum(document)
    return json.dumps(document, allow_nan=False).encode() + b"\n"


def _checksum(document: dict[str, Any]) -> str:
    """Return the SHA-256 of all but the checksum, whatever the order and the spaces."""
    rest = {key: value for key, value in document.items() if key != "checksum"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read(file: Source, *, keep: bool = False) -> tuple[Head, dict[str, Any]]:
    """Return what a file says of itself, and all of it; ``keep`` a pipe for another reading.

    Raises:
        DataError: it cannot be read, is no partial, of another schema, or was changed.

    """
    document = _parsed(file, keep=keep)
    if type(document) is not dict or document.get("kind") != KIND:
        raise _no_partial(file)
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        hint = f"upgrade lossctl: this is {__version__}"
        what = f"the partial is of schema {schema}, and {SCHEMA} is the last that is known here"
        raise DataError(what, where=file.name, hint=hint)
    known = type(schema) is int and schema == SCHEMA and {*document} == {*_KEYS}
    if not known or document["checksum"] != _checksum(document):
        raise DataError("the partial is damaged, or was changed", where=file.name, hint=_HINT)
    try:
        head = Head(
            file,
            str(document["lossctl"]),
            _SHARDS.read(document["shards"]),
            _MACHINES.read(document["machines"]),
            document["checksum"],
        )
    except UnfitError as error:
        raise not_ours(file, error) from error
    if not head.shards or not head.machines or list(head.shards) != sorted(head.shards, key=_order):
        raise not_ours(file, UnfitError("the shards are in no order"))
    return head, document


def _order(shard: Shard) -> Any:
    return shard.order


def _parsed(file: Source, *, keep: bool) -> Any:
    with reading(file), file.open(keep=keep) as stream:
        start = stream.read(64)
        if not start.lstrip().startswith(b"{"):
            raise _no_partial(file)
        data = start + stream.read(_MOST - len(start) + 1)
    if len(data) > _MOST:
        raise DataError(f"a partial has at most {_MOST:,} bytes", where=file.name)
    try:
        return json.loads(data, parse_constant=_refused)
    except (ValueError, RecursionError, MemoryError) as error:
        raise _no_partial(file) from error


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _no_partial(file: Source) -> DataError:
    hint = "lossctl LOSS PREDICTIONS [LABELS] --partial FILE writes one"
    return DataError("this is no partial, or not all of it", where=file.name, hint=hint)


def not_ours(file: Source, error: Exception, lossctl: str = __version__) -> DataError:
    """Return the error for a file whose checksum is right, and whose content nobody here wrote."""
    hint = _HINT
    if lossctl != __version__:
        hint = f"it is by lossctl {quoted(lossctl)}, and this is {__version__}"
    return DataError(f"the partial holds what cannot be ({error})", where=file.name, hint=hint)


def choices_in(document: dict[str, Any]) -> Choices:
    """Return the choices of a partial.

    Raises:
        UnfitError: they are none.

    """
    found: Choices = _CHOICES.read(document["plan"])
    return found


def summaries_in(document: dict[str, Any], empty: Summaries, columns: int = 0) -> Summaries:
    """Return the summaries of a partial, which are of the same kinds as the empty ones.

    So many ``columns`` make the groups, if there are any.

    Raises:
        UnfitError: they are not.

    """
    found = document["summaries"]
    if type(found) is not dict or {*found} != {"counts", "moments", "groups", "others"}:
        raise UnfitError("there are counts, moments, groups and others")
    moments, others = found["moments"], found["others"]
    if not (type(moments) is list and len(moments) == len(empty.moments)):
        raise UnfitError("the moments are of other losses")
    kinds = [type(one).__name__ for one in empty.others]
    if not (type(others) is list and [name for one in others for name in [*one]] == kinds):
        raise UnfitError(f"the other summaries are {', '.join(kinds)}")
    if (found["groups"] is None) != (empty.groups is None):
        raise UnfitError("there are groups if they were asked for")
    return Summaries(
        read_like(empty.counts, found["counts"]),
        tuple(map(read_like, empty.moments, moments)),
        None if empty.groups is None else _groups_in(found["groups"], empty, columns),
        tuple(
            read_like(one, data[name])
            for one, data, name in zip(empty.others, others, kinds, strict=True)
        ),
    )


def _groups_in(data: Any, empty: Summaries, columns: int) -> Groups:
    found: Groups = read_like(empty.groups, data)
    terms = sum(len(moments.sums) - 1 for moments in empty.moments)
    wanted = (columns, terms, len(empty.moments), terms * len(found.spread))
    for part in found.parts:
        counts = (part.names.columns, part.totals, part.cells, part.residuals)
        if tuple(map(len, counts)) != wanted:
            raise UnfitError("the groups are by other columns, or of other losses")
    return found
