"""Files on the web, by the standard library: one stream, or ranges of a file that stays the same.

A server that takes ranges and names the version of a file is asked again for what comes after the
first bytes, and again where a transfer broke off. Any other gives its one answer, which is read
like a pipe.
"""

from __future__ import annotations

import http.client
import io
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from lossctl.errors import DataError
from lossctl.names import quoted
from lossctl.sources.places import HEAD, MAGIC_BYTES, TIMEOUT, Remote, changed, shown
from lossctl.values import dataclass
from lossctl.version import __version__

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_RESUMED = 3  # times that one reading takes up a broken transfer
_BROKEN = (OSError, http.client.HTTPException)
_DENIED = {401, 403, 407}
_GONE = {404, 410}
_FIRST = f"bytes=0-{HEAD - 1}"
_ASIS = "%/:=&?~#+!$,;'@()*[]"  # what of an address is not to be quoted again


@dataclass(frozen=True)
class _Version:
    tag: str | None
    modified: str | None
    size: int

    @property
    def known(self) -> bool:
        return self.tag is not None or self.modified is not None


@dataclass(frozen=True)
class Page:
    """A file on a server that takes ranges and names versions."""

    address: str
    head: bytes
    version: _Version

    def __reduce__(self) -> tuple[Any, ...]:
        """Take no more along, where it is sent, than tells what it is."""
        return Page, (self.address, self.head[:MAGIC_BYTES], self.version)

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.version.size

    @property
    def ranges(self) -> bool:
        """Many small requests would cost more than one for all."""
        return False

    def rest(self, position: int, stop: int | None = None) -> _Transfer:  # noqa: ARG002
        """Return a stream of the bytes from there on."""
        return _Transfer(shown(self.address), self._response(position), self.size - position, self)

    def _response(self, position: int) -> http.client.HTTPResponse:
        response = _ask(self.address, f"bytes={position}-")
        found = _ranged(response)
        if found is None or found != (position, self.version):
            response.close()
            raise changed(shown(self.address))
        return response

    def again(self, left: int) -> http.client.HTTPResponse:
        """Take up a transfer with so many bytes left."""
        return self._response(self.size - left)

    def at_random(self) -> None:
        """Do without: see ``ranges``."""

    def check(self) -> None:
        """Do nothing: every answer was checked when it came."""


class _Transfer(io.RawIOBase):
    """The body of an answer: all the bytes that were announced, or an error."""

    def __init__(
        self, name: str, response: http.client.HTTPResponse, size: int | None, page: Page | None
    ) -> None:
        self._name, self._response, self._page = name, response, page
        self._left, self._resumed = size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            try:
                count = self._response.readinto(buffer)
            except _BROKEN as error:
                self._resume(_broken(self._name, error))
                continue
            if count or not self._left or not len(buffer):
                break
            left = f"the transfer broke off {self._left:,} bytes before its end"
            self._resume(DataError(left, where=self._name, hint="try again, or save it first"))
        if self._left is not None:
            self._left -= count
        return count

    def _resume(self, error: DataError) -> None:
        self._resumed += 1
        if self._page is None or self._left is None or self._resumed > _RESUMED:
            raise error
        self._response.close()
        self._response = self._page.again(self._left)

    def close(self) -> None:
        self._response.close()
        super().close()


def open_page(address: str) -> Remote | io.RawIOBase:
    """Return a file on the web, or the one stream of it that its server has to give.

    Raises:
        DataError: the server cannot be reached, or has no such file for us.

    """
    response = _ask(address, _FIRST)
    name = shown(address)
    _refuse_odd(response, name)
    found = _ranged(response)
    asked = response.length is not None and response.length <= HEAD  # it may send all the same
    if found is not None and found[0] == 0 and found[1].known and asked:
        with _Transfer(name, response, response.length, None) as stream:
            return Remote(Page(address, io.BufferedReader(stream).read(), found[1]))
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        response.close()
        response = _ask(address, None)
        if response.status != http.HTTPStatus.OK:
            response.close()
            raise DataError(f"the server answers {_said(response.status)}", where=name)
    if response.length is None and not response.chunked:
        response.close()
        hint = "save it first: a transfer that broke off could not be told from a whole file"
        raise DataError("the server does not say how long the file is", where=name, hint=hint)
    return _Transfer(name, response, response.length, None)


def _ranged(response: http.client.HTTPResponse) -> tuple[int, _Version] | None:
    """Return where an answer starts, and of which version it is a part."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status != http.HTTPStatus.PARTIAL_CONTENT or found is None:
        return None
    headers = response.headers
    version = _Version(headers.get("ETag"), headers.get("Last-Modified"), int(found[2]))
    return int(found[1]), version


def _ask(address: str, part: str | None) -> http.client.HTTPResponse:
    headers = {"User-Agent": f"lossctl/{__version__}", "Accept-Encoding": "identity"}
    if part is not None:
        headers["Range"] = part
    try:
        request = urllib.request.Request(quote(address, _ASIS), headers=headers)  # noqa: S310
        response = _opener().open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part == _FIRST:
                return _ask(address, None)  # an empty file has no first bytes
            raise _refused(shown(address), error) from None
    except (*_BROKEN, ValueError) as error:
        raise _broken(shown(address), error) from error
    assert isinstance(response, http.client.HTTPResponse)  # noqa: S101
    return response


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Goes where it is sent, but not to where anybody on the way could change what is sent."""

    def redirect_request(self, req: Any, *rest: Any) -> Any:
        """Refuse what comes from https and is to go on without it."""
        if req.type == "https" and not rest[-1].lower().startswith("https:"):
            raise urllib.error.URLError("it sends on from https to where there is none")
        return super().redirect_request(req, *rest)


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens addresses of the web, and no others that it may be sent to."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        _Redirects,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _said(status: int) -> str:
    """Return a status in words of our own: those of a server may hold anything."""
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _refused(name: str, error: urllib.error.HTTPError) -> DataError:
    said = _said(error.code)
    if error.code in _GONE:
        return DataError(f"there is no such file ({said})", where=name)
    if error.code in _DENIED:
        hint = "use an address that carries a signature, or save the file first"
        return DataError(f"access is denied ({said})", where=name, hint=hint)
    if error.code // 100 == 3:
        what = f"the server sends on and on, or to where there is no file for us ({said})"
        return DataError(what, where=name)
    return DataError(f"the server answers {said}", where=name)


def _broken(name: str, error: Exception) -> DataError:
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        why = f"the server was silent for {TIMEOUT:g} seconds"
        return DataError(why, where=name, hint="try again, or save the file first")
    what = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return DataError(f"cannot read from the server: {what}", where=name)


def _refuse_odd(response: http.client.HTTPResponse, name: str) -> None:
    if response.headers.get_content_type() == "text/html":
        response.close()
        hint = "use the address of the file itself ('raw', 'download')"
        raise DataError("the address gives a web page, not a file", where=name, hint=hint)
    packed = response.headers.get("Content-Encoding", "identity").lower()
    if packed not in ("identity", "gzip", "x-gzip"):  # gzip is told by its first bytes
        response.close()
        what = f"the server compresses with {quoted(packed)} though it was asked not to"
        raise DataError(what, where=name, hint="save the file first")
