"""Inputs that stand elsewhere: an address is one more way to give bytes."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Protocol

from lossctl.errors import DataError, UsageError
from lossctl.names import quoted

if TYPE_CHECKING:
    from urllib.parse import SplitResult

HEAD = 64 * 1024  # of a file: enough for most of what is looked at before it is read
MAGIC_BYTES = 8  # enough for every format and compression that is told by its first bytes
TIMEOUT = 30.0  # seconds without a byte
_BY_PATH = ("s3://", "gs://", "gcs://", "file://")  # a ? is part of a name there
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Place(Protocol):
    """A file that stands elsewhere, as its first request found it."""

    @property
    def head(self) -> bytes:
        """Its first bytes."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def ranges(self) -> bool:
        """Whether any part of it costs no more than its bytes."""

    def rest(self, position: int, stop: int | None = None) -> Any:
        """Return a stream of the bytes from there on, of which those before ``stop`` are wanted.

        Raises:
            DataError: it is not the same file any more, or it cannot be read.

        """

    def at_random(self) -> Any:
        """Return a file of Arrow's that asks for what is read of it, or None."""

    def check(self) -> None:
        """Refuse a file that is not the same any more."""


class Remote:
    """The bytes of a file elsewhere: the first ones are kept, more are asked for if wanted."""

    identity = None  # it can be read again

    def __init__(self, place: Place) -> None:
        """Take what the first request found."""
        self.place = place

    def play(self, *, keep: bool) -> io.RawIOBase:  # noqa: ARG002
        """Return a reader from the start."""
        return _Reader(self.place)


class _Reader(io.RawIOBase):
    def __init__(self, place: Place) -> None:
        self._place, self._position = place, 0
        self._stream: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        place = self._place
        if self._position < len(place.head):
            part = place.head[self._position : self._position + len(buffer)]
            buffer[: len(part)] = part
            count = len(part)
        elif self._position < place.size:
            self._stream = self._stream or place.rest(self._position)
            count = self._stream.readinto(buffer)
        else:
            count = 0
        self._position += count
        if self._stream is not None and not count:
            place.check()
        return count

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        super().close()


def is_address(name: str) -> bool:
    """Whether a name is the address of a file elsewhere.

    >>> is_address("s3://bucket/preds.csv"), is_address("preds.csv")
    (True, False)
    """
    return _ADDRESS.match(name) is not None


def is_web(name: str) -> bool:
    """Whether an address is one of the web."""
    return name.lower().startswith(("http://", "https://"))


def path_of(name: str) -> str:
    """Return what of a name tells the suffix: an address of the web may end in a query."""
    return _split(name).path if is_web(name) else name


def shown(name: str) -> str:
    """Return a name as it may stand in messages and results: a query may hold a signature.

    >>> shown("https://host/preds.csv?user=me&sig=5e7f")
    'https://host/preds.csv?user=…&sig=…'
    """
    if not is_address(name) or name.lower().startswith(_BY_PATH):
        return name
    address = _split(name)
    query = address.query
    keys = (part.partition("=") for part in query.split("&"))
    hidden = "&".join(f"{key}=…" if equals else "…" for key, equals, _ in keys) if query else ""
    return address._replace(query=hidden, fragment="").geturl()


def refuse_password(name: str) -> None:
    """Refuse an address that carries a password: it would be in every shell's history.

    Raises:
        UsageError: there is one.

    """
    if not is_address(name):
        return
    user, at, _ = _split(name).netloc.rpartition("@")
    if at and (is_web(name) or ":" in user):
        hint = "credentials are taken from the environment only"
        if is_web(name):
            hint = "use an address that carries a signature, or save the file first"
        raise UsageError("an address with a user or password in it", hint=hint)


def _split(name: str) -> SplitResult:
    from urllib.parse import urlsplit  # noqa: PLC0415  # 2 ms: not for files

    try:
        return urlsplit(name)
    except ValueError as error:
        raise DataError(f"this is no address: {error}", where=quoted(name)) from error


def changed(name: str) -> DataError:
    """Return the error about a file that is not the same any more."""
    hint = "something writes to it: wait, or score a copy"
    return DataError("the file changed while it was read", where=name, hint=hint)
