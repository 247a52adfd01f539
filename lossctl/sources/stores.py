"""Objects in S3, and in other stores that Arrow's file systems read: whole, or ranges of them."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from lossctl.errors import DataError
from lossctl.sources.places import HEAD, MAGIC_BYTES, TIMEOUT, Remote, changed, shown
from lossctl.values import dataclass

_BUFFER = 16 * 1024 * 1024  # a request for less costs as long
_TRIES = 3
_MAGIC = set("*?[")  # of a glob
_VERSION = ("ETag", "Last-Modified", "Content-Length")
_DENIED = ("ACCESS_DENIED", "HTTP status 403", "INVALID_ACCESS_KEY", "SIGNATURE_DOES_NOT_MATCH")
_CREDENTIALS = (
    "credentials come from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or AWS_PROFILE"
)


@dataclass(frozen=True)
class Stored:
    """An object as its first request found it."""

    address: str
    head: bytes
    size: int
    version: Mapping[str, object]

    def __reduce__(self) -> tuple[Any, ...]:
        """Take no more along, where it is sent, than tells what it is."""
        return Stored, (self.address, self.head[:MAGIC_BYTES], self.size, self.version)

    @property
    def ranges(self) -> bool:
        """Any part of it can be asked for."""
        return True

    def rest(self, position: int, stop: int | None = None) -> Any:
        """Return a stream of the bytes from there on, of which those before ``stop`` are wanted."""
        import pyarrow as pa  # noqa: PLC0415

        file = self.at_random()
        with asking(self.address):
            file.seek(position)
            wanted = (self.size if stop is None else stop) - position
            return pa.BufferedInputStream(file, max(1, min(_BUFFER, wanted)))

    def at_random(self) -> Any:
        """Return it as a file of Arrow's, of which only what is wanted is read."""
        file, version = _opened(self.address)
        if version != self.version:
            file.close()
            raise changed(shown(self.address))
        return file

    def check(self) -> None:
        """Refuse an object that is not the same any more: it is read by several requests."""
        self.at_random().close()


def open_object(address: str) -> Remote:
    """Return an object of a store.

    Raises:
        DataError: it is not there, or the store does not let us.

    """
    file, version = _opened(address)
    with file, asking(address):
        return Remote(Stored(address, file.read(HEAD), file.size(), version))


def addresses(name: str) -> list[str]:
    """Return the objects that an address means: itself, those below it, or those it matches.

    Raises:
        DataError: the store cannot be asked.

    """
    from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415

    system, root, path = _located(name)
    pattern = path.rstrip("/").split("/")
    fixed = next((i for i, part in enumerate(pattern) if _MAGIC & set(part)), None)
    with asking(name):
        if fixed is not None and system.get_file_info(path).type == FileType.File:
            return [name]  # a name wins over a glob
        if fixed is None:
            if system.get_file_info(path.rstrip("/")).type != FileType.Directory:
                return [name]
            found = system.get_file_info(FileSelector(path.rstrip("/")))
        else:
            base = FileSelector("/".join(pattern[:fixed]), allow_not_found=True, recursive=True)
            found = system.get_file_info(base)
    files = (info.path for info in found if info.type == FileType.File)
    return [root + file for file in files if fixed is None or _matches(file.split("/"), pattern)]


def _matches(parts: list[str], pattern: list[str]) -> bool:
    return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))


def _opened(address: str) -> tuple[Any, Mapping[str, object]]:
    """Return an object as a file of Arrow's, and what tells its version."""
    system, _, path = _located(address)
    with asking(address):
        file = system.open_input_file(path)
        kept = {key: value for key, value in (file.metadata() or {}).items() if key in _VERSION}
        if not kept:  # a store that names no versions
            info = system.get_file_info(path)
            kept = {"size": info.size, "time": info.mtime_ns}
        return file, kept


def _located(address: str) -> tuple[Any, str, str]:
    """Return the file system of an address, what stands before its paths, and the path."""
    scheme, _, path = address.partition("://")
    store, _, key = path.partition("/")
    with asking(address):
        if scheme.lower() == "s3":
            return _s3(store, _endpoint()), f"{scheme}://", path
        system, base = _other(f"{scheme}://{store}" if store else f"{scheme}:///")
    return system, address[: len(address) - len(key)].removesuffix(f"{base}/"), f"{base}/{key}"


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


@functools.cache  # its connections are used again
def _s3(bucket: str, endpoint: str | None) -> Any:
    from pyarrow import fs  # noqa: PLC0415

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is None and endpoint is None:
        region = fs.resolve_s3_region(bucket)
    return fs.S3FileSystem(
        endpoint_override=endpoint,
        region=region,
        connect_timeout=TIMEOUT,
        request_timeout=TIMEOUT,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )


@functools.cache
def _other(root: str) -> tuple[Any, str]:
    from pyarrow import fs  # noqa: PLC0415

    scheme, _, store = root.partition("://")
    if scheme.lower() in ("gs", "gcs"):
        limit = timedelta(seconds=TIMEOUT)
        return fs.GcsFileSystem(retry_time_limit=limit), store
    system, base = fs.FileSystem.from_uri(root)
    return system, base.rstrip("/")


@contextmanager
def asking(address: str) -> Iterator[None]:
    """Turn what a store says into an error that names the object."""
    import pyarrow as pa  # noqa: PLC0415

    address = shown(address)
    try:
        yield
    except FileNotFoundError as error:
        raise DataError("there is no such object", where=address) from error
    except pa.ArrowInvalid as error:
        hint = "a path, http(s):// or s3://; gs:// and abfs:// where pyarrow has them"
        what = str(error).partition("'")[0].rstrip(": (")  # then comes the address, or a part
        raise DataError(f"cannot read this address: {what}", where=address, hint=hint) from error
    except OSError as error:
        said = str(error).partition("\n")[0]
        if any(sign in said for sign in _DENIED):
            raise DataError("access is denied", where=address, hint=_CREDENTIALS) from error
        what = said.rpartition("Details: ")[2]
        raise DataError(f"cannot read from the store: {what}", where=address) from error
