"""The bytes of an input, wherever they come from: files, pipes, and compressed ones of both."""

from __future__ import annotations

import io
import os
import select
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Protocol, cast

from lossctl.errors import DataError
from lossctl.names import did_you_mean
from lossctl.sources.unpacking import DAMAGED, compression, unpacked

STDIN = "-"
MAGIC_BYTES = 6  # enough for every format and compression that is told by its first bytes
_IN_MEMORY = 16 * 1024 * 1024


class Named(Protocol):
    """Whatever bytes come from."""

    @property
    def name(self) -> str:
        """What to call it in messages."""


class Tape:
    """A pipe, whose bytes come only once: what is read while choices are made is kept for later."""

    def __init__(self, pipe: io.FileIO) -> None:
        """Take the pipe; nothing is read yet."""
        self.identity = _identity(pipe.fileno())
        self.kept: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self.end = 0  # of what is kept
        self.pipe = pipe
        self.spent = False

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
        tape = self._tape
        if self._position < tape.end:
            tape.kept.seek(self._position)
            part = tape.kept.read(min(len(buffer), tape.end - self._position))
            buffer[: len(part)] = part
            count = len(part)
        else:
            while (found := tape.pipe.readinto(buffer)) is None:  # whoever else has it set it so
                select.select([tape.pipe], [], [])
            count = found
            if self._keep:
                tape.kept.seek(tape.end)
                tape.kept.write(buffer[:count])
                tape.end += count
            else:
                tape.spent = True
        self._position += count
        return count


@dataclass(frozen=True)
class File:
    """One file of an input, by its path, or by its tape if its bytes come only once."""

    path: str
    tape: Tape | None = None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return "standard input" if self.path == STDIN else self.path

    def raw(self, *, keep: bool = False) -> io.RawIOBase:
        """Return the bytes as they are stored; ``keep`` if they will be read again.

        Raises:
            DataError: the file is not there, or the system does not let us.

        """
        with reading(self):
            return io.FileIO(self.path) if self.tape is None else self.tape.play(keep=keep)

    def open(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes unpacked, if their first ones say that they are compressed."""
        with reading(self), self.raw(keep=True) as start:
            kind = compression(read_fully(start, MAGIC_BYTES))
        raw = self.raw(keep=keep)
        with reading(self):
            return cast("BinaryIO", unpacked(raw, kind))

    def seekable(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes, unpacked, as a file in which one can seek: else a copy on disk."""
        return as_seekable(self.open(keep=keep), self)


def as_seekable(stream: BinaryIO, file: Named) -> BinaryIO:
    """Return a stream as a file in which one can seek, copied to disk if it is none."""
    if isinstance(stream, io.FileIO):
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # its reader closes it
    with reading(file), stream:
        shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return cast("BinaryIO", copy)


class _Following(io.RawIOBase):
    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = io.BytesIO(first), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._first.readinto(buffer) or self._rest.readinto(buffer)  # type: ignore[attr-defined]


def following(first: bytes, rest: BinaryIO) -> BinaryIO:
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
    file = File(path)
    with reading(file):
        if path == STDIN:
            return File(path, Tape(io.FileIO(0, closefd=False)))
        if stat.S_ISREG(os.stat(path).st_mode):
            return file
        return File(path, Tape(io.FileIO(path)))


def _identity(handle: int) -> tuple[int, int]:
    status = os.fstat(handle)
    return status.st_dev, status.st_ino


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
