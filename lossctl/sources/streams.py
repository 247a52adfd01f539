"""The bytes of an input, wherever they come from: files, pipes, addresses; compressed or not."""

from __future__ import annotations

import io
import os
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import IO, Any, BinaryIO, Protocol, cast

from lossctl.errors import DataError
from lossctl.names import did_you_mean, quoted
from lossctl.sources.places import MAGIC_BYTES, Remote, changed, is_address, is_web, shown
from lossctl.sources.unpacking import DAMAGED, compression, unpacked
from lossctl.values import dataclass, field, replace

STDIN = "-"
_IN_MEMORY = 16 * 1024 * 1024
# A copy on disk of what unpacks to more than both of these is a decompression bomb, or may be one.
AT_LEAST = 1 << 30  # bytes
AT_MOST = 100  # times its size: arrays and tables in binary formats shrink to a tenth at best


class Named(Protocol):
    """Whatever bytes come from."""

    @property
    def name(self) -> str:
        """What to call it in messages."""


class Tape:
    """A stream that comes only once: what is read while choices are made is kept for later."""

    def __init__(self, pipe: io.RawIOBase, identity: object) -> None:
        """Take the stream, of which nothing is read yet, and what tells it from others."""
        import tempfile  # noqa: PLC0415  # 3 ms: not for files

        self.identity = identity
        self.kept: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self.end = 0  # of what is kept
        self.pipe = pipe
        self.spent = False
        self.lock = Lock()  # several threads may read what is kept
        for stream in (self.kept, pipe):
            weakref.finalize(self, stream.close)

    def play(self, *, keep: bool) -> io.RawIOBase:
        """Return a reader from the start; unless it keeps what it reads, it is the last one."""
        if self.spent:
            raise AssertionError("a pipe cannot be read again")
        return _Player(self, keep=keep)


class _Player(io.RawIOBase):
    def __init__(self, tape: Tape, *, keep: bool) -> None:
        self._tape, self._keep, self._position = tape, keep, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        import select  # noqa: PLC0415  # as above

        tape = self._tape
        with tape.lock:
            if self._position < tape.end:
                tape.kept.seek(self._position)
                part = tape.kept.read(min(len(buffer), tape.end - self._position))
                buffer[: len(part)] = part
                count = len(part)
            else:
                while (found := tape.pipe.readinto(buffer)) is None:
                    select.select([tape.pipe], [], [])  # whoever else has the pipe set it so
                count = found
                if self._keep:
                    with storing():
                        tape.kept.seek(tape.end)
                        tape.kept.write(buffer[:count])
                    tape.end += count
                else:
                    tape.spent = True
        self._position += count
        return count

    def tell(self) -> int:
        return self._position


class Copy:
    """What a stream held, on disk, to be read in any order and by several readers."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Copy the stream, which comes from something of that name, and close it.

        Raises:
            DataError: there is no room, or it unpacks to far more than anything that is honest.

        """
        import tempfile  # noqa: PLC0415  # as above

        with stream:
            with storing():
                file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
            with file:
                self.size = 0
                while part := stream.read(1 << 20):
                    with storing():
                        self.size += file.write(part)
                    _refuse_bomb(stream, self.size, name)
                self.handle = os.dup(file.fileno())
        weakref.finalize(self, os.close, self.handle)


def _refuse_bomb(stream: BinaryIO, size: int, name: str) -> None:
    packed = getattr(stream, "packed", None)  # how many bytes were unpacked to these
    if packed is not None and size > max(AT_LEAST, AT_MOST * packed):
        what = (
            f"it unpacks to more than {AT_MOST} times its size, and is not done at {size:,} bytes"
        )
        raise DataError(what, where=name, hint="if that is as it should be, unpack it to a file")


@contextmanager
def storing() -> Iterator[None]:
    """Turn what the system says while temporary files are written into an error that says so."""
    try:
        yield
    except OSError as error:
        import tempfile  # noqa: PLC0415

        raise DataError(
            f"cannot keep a copy of what is read: {error.strerror or error}",
            where=tempfile.gettempdir(),
            hint="TMPDIR names another folder; what is unpacked in a file needs no copy",
        ) from error


class _CopyReader(io.RawIOBase):
    def __init__(self, copy: Copy) -> None:
        self._copy, self._position = copy, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._copy.handle

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._copy.size}
        self._position = max(0, origin[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        count = os.preadv(self._copy.handle, [buffer], self._position)
        self._position += count
        return count


@dataclass(frozen=True)
class File:
    """One file of an input: by its path, or by what its bytes come from."""

    path: str
    source: Tape | Remote | None = None
    copies: list[Copy] = field(default_factory=list, compare=False)  # one, if somebody had to seek
    stamp: tuple[int, int] | None = None  # size and time of the last change, as it was found
    called: str | None = None  # in messages, if not by its path

    def __reduce__(self) -> tuple[Any, ...]:
        """Be the same file in another folder, and by the same name."""
        path = os.path.abspath(self.path) if self.stamp is not None else self.path
        return File, (path, self.source, [], self.stamp, self.name)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        if self.called is not None:
            return self.called
        return "standard input" if self.path == STDIN else shown(self.path)

    def raw(self, *, keep: bool = False) -> io.RawIOBase:
        """Return the bytes as they are stored; ``keep`` if they will be read again.

        Raises:
            DataError: the file is not there, or the system does not let us.

        """
        with reading(self):
            return io.FileIO(self.path) if self.source is None else self.source.play(keep=keep)

    def open(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes unpacked, if their first ones say that they are compressed."""
        with reading(self), self.raw(keep=True) as start:
            kind = compression(read_fully(start, MAGIC_BYTES))
        raw = self.raw(keep=keep)
        with reading(self):
            return cast("BinaryIO", unpacked(raw, kind))

    def seekable(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes, unpacked, as a file in which one can seek: else a copy on disk."""
        if self.copies:
            return cast("BinaryIO", _CopyReader(self.copies[0]))
        stream = self.open(keep=keep)
        if isinstance(stream, io.FileIO):
            return stream
        with reading(self):
            self.copies.append(Copy(stream, self.name))
        return self.seekable()

    def at_random(self, *, keep: bool = False) -> Any:
        """Return a file for a reader that wants few of the bytes: a store gives it only those."""
        if isinstance(self.source, Remote) and compression(self.source.place.head) is None:
            ranges = self.source.place.at_random()
            if ranges is not None:
                return ranges
        return self.seekable(keep=keep)

    def plain(self) -> bool:
        """Whether the bytes are stored as they are, so that one can start anywhere."""
        if isinstance(self.source, Remote):
            return self.source.place.ranges and compression(self.source.place.head) is None
        if self.source is not None:
            return False
        with self.open(keep=True) as stream:
            return isinstance(stream, io.FileIO)

    def size(self) -> int:
        """Return the number of bytes as they are stored."""
        if isinstance(self.source, Remote):
            return self.source.place.size
        with reading(self):
            return os.stat(self.path).st_size

    def check(self) -> None:
        """Refuse a file that is not as it was found.

        Raises:
            DataError: it was changed since, or it is gone.

        """
        if isinstance(self.source, Remote):
            self.source.place.check()
        elif self.stamp is not None:
            with reading(self):
                now = os.stat(self.path)
            if stamp(now) != self.stamp:
                raise changed(self.name)


def stamp(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a file from what it may become: its size, and when it was changed last."""
    return status.st_size, status.st_mtime_ns


class _Part(io.RawIOBase):
    def __init__(self, stream: Any, file: File, size: int) -> None:
        self._stream, self._file, self._left = stream, file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._stream.readinto(memoryview(buffer)[: self._left]) or 0
        if not count and self._left and len(buffer):
            hint = "score a copy, or wait until it is written"
            what = "the file becomes shorter while it is read"
            raise DataError(what, where=self._file.name, hint=hint)
        self._left -= count
        if not self._left and self._file.source is not None:
            self._file.check()
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def part(file: File, start: int, stop: int) -> BinaryIO:
    """Return some of the bytes of a ``plain`` file as a stream."""
    with reading(file):
        if isinstance(file.source, Remote):
            stream = file.source.place.rest(start, stop)
        else:
            stream = io.FileIO(file.path)
            stream.seek(start)
        return cast("BinaryIO", _Part(stream, file, stop - start))


def as_seekable(stream: BinaryIO, name: str) -> BinaryIO:
    """Return a copy of a stream in which one can seek."""
    return cast("BinaryIO", _CopyReader(Copy(stream, name)))


class _Following(io.RawIOBase):
    def __init__(self, first: bytes | memoryview, rest: BinaryIO) -> None:
        self._first, self._rest = io.BytesIO(first), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._first.readinto(buffer) or self._rest.readinto(buffer)  # type: ignore[attr-defined]


def following(first: bytes | memoryview, rest: BinaryIO) -> BinaryIO:
    """Return a stream of some bytes, and after them what is left of another stream."""
    return io.BufferedReader(_Following(first, rest))


def read_fully(stream: io.RawIOBase | BinaryIO, count: int) -> bytes:
    """Read that many bytes, or all there are: a pipe gives them in pieces."""
    parts = bytearray()
    while len(parts) < count and (part := stream.read(count - len(parts))):
        parts += part
    return bytes(parts)


def open_file(path: str) -> File:
    """Return the file of a path; ``-`` is standard input.

    Raises:
        DataError: it is not there, or it cannot be read.

    """
    if is_address(path):
        return _elsewhere(path)
    file = File(path)
    with reading(file):
        if path == STDIN:
            return _once(path, io.FileIO(0, closefd=False))
        if "\0" in path:  # only Python can say so
            raise DataError("a path holds no NUL characters", where=quoted(path))
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode):
            return replace(file, stamp=stamp(status))
        return _once(path, io.FileIO(path))


def _elsewhere(address: str) -> File:
    if is_web(address):
        from lossctl.sources.web import open_page  # noqa: PLC0415  # 40 ms

        page = open_page(address)
        return File(address, page if isinstance(page, Remote) else Tape(page, address))
    from lossctl.sources.stores import open_object  # noqa: PLC0415

    return File(address, open_object(address))


def _once(path: str, pipe: io.FileIO) -> File:
    status = os.fstat(pipe.fileno())
    return File(path, Tape(pipe, (status.st_dev, status.st_ino)))


@contextmanager
def reading(file: Named) -> Iterator[None]:
    """Turn what the system says while a file is read into an error that names the file."""
    try:
        yield
    except DAMAGED as error:
        raise _damaged(file, error) from error
    except OSError as error:
        if error.errno is None:  # not from the system: from a decoder
            raise _damaged(file, error) from error
        if isinstance(error, FileNotFoundError):
            raise _not_found(file.name) from error
        why = error.strerror or str(error)
        raise DataError(f"cannot read the file: {why}", where=file.name) from error


def _damaged(file: Named, error: Exception) -> DataError:
    return DataError(
        f"the compressed data are damaged or end too early ({error})",
        where=file.name,
        hint="copy or compress it again: it was not finished",
    )


def _not_found(path: str) -> DataError:
    folder, last = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return DataError("there is no such folder", where=folder, hint=f"it should hold {last}")
    names = (name for name in os.listdir(folder or ".") if name != last)
    hint = did_you_mean(last, names, cutoff=0.7) or f"it is looked for in {folder or os.getcwd()}"
    return DataError("there is no such file", where=path, hint=hint)
