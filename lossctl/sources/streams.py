"""The bytes of an input, wherever they come from: files, pipes, and compressed ones of both."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import re
import select
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Protocol, cast

from lossctl.errors import DataError
from lossctl.names import did_you_mean

STDIN = "-"
MAGIC_BYTES = 6  # enough for every format and compression that is told by its first bytes
_IN_MEMORY = 16 * 1024 * 1024
_COMPRESSIONS = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bz2": re.compile(rb"BZh[1-9]"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame to be skipped
    "xz": re.compile(rb"\xfd7zXZ\0"),
}
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError)
_PIECE = 64 * 1024


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
            return cast("BinaryIO", _unpacked(raw, kind))

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


def compression(magic: bytes) -> str | None:
    """Return how a file is compressed that starts with these bytes; None if it is not."""
    return next((kind for kind, start in _COMPRESSIONS.items() if start.match(magic)), None)


def _unpacked(raw: io.RawIOBase, kind: str | None) -> Any:
    if kind is None:
        return raw
    if kind == "zstd":
        import pyarrow as pa  # noqa: PLC0415  # 50 ms; Python has its own from 3.14 on

        return _ArrowStream(raw, pa.CompressedInputStream(raw, "zstd"))
    return _Unpacked(
        raw, {"gzip": _Gunzip, "bz2": bz2.BZ2Decompressor, "xz": lzma.LZMADecompressor}[kind]
    )


class _Unpacked(io.RawIOBase):
    """One or more compressed streams, one after the other, as parallel compressors write them.

    The standard library's file classes take what follows a stream for padding if it is none
    itself, so that a damaged file would end early and in silence; here only zeros are padding.
    """

    def __init__(self, raw: io.RawIOBase, decoder: Callable[[], Any]) -> None:
        self._raw, self._new, self._decoder = raw, decoder, decoder()

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        while True:
            data = b""
            if self._decoder.eof:
                data = self._decoder.unused_data.lstrip(b"\0")
                while not data:
                    if not (more := self._raw.read(_PIECE)):
                        return 0
                    data = more.lstrip(b"\0")
                self._decoder = self._new()
            elif self._decoder.needs_input:
                data = self._raw.read(_PIECE) or b""
            part = self._decoder.decompress(data, len(buffer))
            if part:
                buffer[: len(part)] = part
                return len(part)
            if not data and not self._decoder.eof and self._decoder.needs_input:
                raise EOFError("the end of the stream is missing")


class _Gunzip:
    """zlib's decoder in the manner of the others; it checks length and CRC."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail

    def decompress(self, data: bytes, length: int) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, length)


class _ArrowStream(io.RawIOBase):
    """A stream of pyarrow's as one of Python's."""

    def __init__(self, raw: io.RawIOBase, stream: Any) -> None:
        self._raw, self._stream = raw, stream

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


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


def check_to_the_end(stream: BinaryIO) -> None:
    """Read what is left of a compressed stream, whose checksum comes last.

    What is wrong with its text may be the damage.
    """
    if isinstance(stream, _Unpacked | _ArrowStream):
        while stream.read(_PIECE):
            pass


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
    except _DAMAGED as error:
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
