"""Compressed streams: told by their first bytes, unpacked as they are read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

_COMPRESSIONS = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bz2": re.compile(rb"BZh[1-9]"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame to be skipped
    "xz": re.compile(rb"\xfd7zXZ\0"),
}


class DecodingError(Exception):
    """What a decoder says of its data."""


DAMAGED = (EOFError, DecodingError)
_PIECE = 64 * 1024
_XZ_MEMORY = 256 * 1024 * 1024  # bytes: xz -9 takes 65 MiB, a header may ask for 4 GiB


def compression(magic: bytes) -> str | None:
    """Return how a file is compressed that starts with these bytes; None if it is not."""
    return next((kind for kind, start in _COMPRESSIONS.items() if start.match(magic)), None)


def unpacked(raw: io.RawIOBase, kind: str | None) -> Any:
    """Return a stream unpacked, by how it is compressed; its errors are ``DAMAGED`` or OSError."""
    if kind is None:
        return raw
    if kind == "zstd":
        import pyarrow as pa  # noqa: PLC0415  # 50 ms; Python has its own from 3.14 on

        return _ArrowStream(raw, pa.CompressedInputStream(raw, "zstd"))
    return _Unpacked(raw, *_decoder(kind))


def _decoder(kind: str) -> tuple[Callable[[], Any], type[Exception]]:
    """Return what makes a decoder, and what it raises; 1 ms to import all of them."""
    if kind == "gzip":
        import zlib  # noqa: PLC0415

        return _Gunzip, zlib.error
    if kind == "bz2":
        import bz2  # noqa: PLC0415

        return bz2.BZ2Decompressor, OSError
    import lzma  # noqa: PLC0415

    return partial(lzma.LZMADecompressor, memlimit=_XZ_MEMORY), lzma.LZMAError


class _OnTop(io.RawIOBase):
    """A stream that is read from another, and closes it with itself."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    @property
    def packed(self) -> int:
        """How many bytes of the other were read."""
        return self._raw.tell()

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Unpacked(_OnTop):
    """One or more compressed streams, one after the other, as parallel compressors write them.

    The standard library's file classes take what follows a stream for padding if it is none
    itself, so that a damaged file would end early and in silence; here only zeros are padding.
    """

    def __init__(
        self, raw: io.RawIOBase, decoder: Callable[[], Any], error: type[Exception]
    ) -> None:
        super().__init__(raw)
        self._new, self._decoder, self._error = decoder, decoder(), error

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
            try:
                part = self._decoder.decompress(data, len(buffer))
            except self._error as error:
                raise DecodingError(error) from error
            if part:
                buffer[: len(part)] = part
                return len(part)
            if not data and not self._decoder.eof and self._decoder.needs_input:
                raise EOFError("the end of the stream is missing")


class _Gunzip:
    """zlib's decoder in the manner of the others; it checks length and CRC."""

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415

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


class _ArrowStream(_OnTop):
    """A stream of pyarrow's as one of Python's."""

    def __init__(self, raw: io.RawIOBase, stream: Any) -> None:
        super().__init__(raw)
        self._stream = stream

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def check_to_the_end(stream: BinaryIO) -> None:
    """Read what is left of a compressed stream, whose checksum comes last.

    What is wrong with its text may be the damage.
    """
    if isinstance(stream, _OnTop):
        while stream.read(_PIECE):
            pass
