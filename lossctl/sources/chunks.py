"""A text stream in chunks of whole records, in one pass: what a parser can take at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from lossctl.values import dataclass

CHUNK_BYTES = 1024 * 1024
_LIMIT = 64 * CHUNK_BYTES  # a record beyond all size: a quote that is never closed
_QUOTE, _LF, _CR = b'"\n\r'


@dataclass(frozen=True)
class Chunk:
    """Records, with the physical line on which the first one starts, counted from 1.

    In a ``plain`` chunk quotes open at the start of a cell and close at its end, as writers put
    them. Where one does not, a row may be swallowed: from there on the stream has to be read with
    care, and the chunk is the last one, cut off anywhere.
    """

    data: bytes
    line: int
    quotes: bool
    plain: bool = True

    @property
    def lines(self) -> int:
        """The number of physical lines: LF, CR LF, or a CR alone ends one."""
        codes = np.frombuffer(self.data, np.uint8)
        count = int(np.count_nonzero(codes == _LF))
        if b"\r" in self.data:
            count += self.data.count(b"\r") - self.data.count(b"\r\n")
        return count + (self.data[-1:] not in (b"\n", b"\r"))


def chunks(
    stream: BinaryIO, line: int, delimiter: str, *, keep_blank: bool, size: int = CHUNK_BYTES
) -> Iterator[Chunk]:
    """Cut what is left of a stream, which starts on that line, at the ends of records.

    ``keep_blank``: a blank line is a record (of one empty cell), but not at the very end.
    """
    buffer, filled, ended = bytearray(size), 0, False
    while True:
        while filled < len(buffer) and not ended:
            count = stream.readinto(memoryview(buffer)[filled:])  # type: ignore[attr-defined]
            filled += count
            ended = not count
        cut, quotes, plain = _cut(buffer, filled, delimiter, ended=ended)
        if keep_blank and plain:
            cut = _without_blank_end(buffer, cut)
        if not plain or (not cut and len(buffer) >= _LIMIT):
            yield Chunk(bytes(memoryview(buffer)[:filled]), line, quotes=True, plain=False)
            return
        if cut:
            chunk = Chunk(bytes(memoryview(buffer)[:cut]), line, quotes)
            yield chunk
            line += chunk.lines
            buffer[: filled - cut] = buffer[cut:filled]
            filled -= cut
        elif ended:  # nothing is left, or blank lines
            return
        else:
            buffer.extend(bytes(len(buffer)))


def _cut(buffer: bytearray, filled: int, delimiter: str, *, ended: bool) -> tuple[int, bool, bool]:
    """Return where the last whole record ends, if there are quotes, and if they are plain."""
    if buffer.find(b'"', 0, filled) < 0:
        return filled if ended else _after_last_line(buffer, filled), False, True
    codes = np.frombuffer(buffer, np.uint8, filled)
    places = np.flatnonzero(codes == _QUOTE)
    plain = _are_plain(codes, places, delimiter, ended=ended)
    cut = filled
    if not ended:
        ends = np.flatnonzero(codes == _LF)
        if not len(ends):
            ends = np.flatnonzero(codes[:-1] == _CR)
        outside = ends[np.searchsorted(places, ends) % 2 == 0]
        cut = int(outside[-1]) + 1 if len(outside) else 0
    return cut, True, plain


def _after_last_line(buffer: bytearray, filled: int) -> int:
    """Return where the last line ends; a CR at the very end may be half of a CR LF."""
    end = buffer.rfind(b"\n", 0, filled)
    if end < 0:
        end = buffer.rfind(b"\r", 0, filled - 1)
    return end + 1


def _are_plain(codes: np.ndarray, places: np.ndarray, delimiter: str, *, ended: bool) -> bool:
    """Whether each quote that opens stands at the start of a cell, each that closes at the end.

    Of a quote at the very end of what was read so far, the neighbour is not known yet.
    """
    neighbours = np.zeros(256, dtype=bool)
    neighbours[[_QUOTE, _LF, _CR, ord(delimiter)]] = True
    padded = np.concatenate([[_LF], codes, [_LF]])
    opening = np.arange(len(places)) % 2 == 0
    outside = np.where(opening, padded[places], padded[places + 2])
    return bool(neighbours[outside].all()) and not (ended and len(places) % 2)


def _without_blank_end(buffer: bytearray, cut: int) -> int:
    """Return where the records end if blank lines after them are left for the next chunk."""
    last = cut
    while last and buffer[last - 1] in (_LF, _CR):
        last -= 1
    if last == 0:
        return 0
    return min(cut, last + (2 if buffer[last : last + 2] == b"\r\n" else 1))
