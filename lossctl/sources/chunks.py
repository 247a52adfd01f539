"""A text stream in chunks of whole records, in one pass: what a parser can take at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from lossctl.values import dataclass

CHUNK_BYTES = 4 * 1024 * 1024
_LIMIT = 64 * 1024 * 1024  # bytes: a record beyond all size, of a quote that is never closed
QUOTE, LF, CR = b'"\n\r'
Codes: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Records, with the physical line on which the first one starts, counted from 1.

    In a ``plain`` chunk quotes open at the start of a cell and close at its end, as writers put
    them. Where one does not, a row may be swallowed: from there on the stream has to be read with
    care, and the chunk is the last one, cut off anywhere.
    """

    codes: Codes
    line: int
    quotes: bool
    plain: bool = True

    @property
    def data(self) -> memoryview:
        """The records as they stand in the stream."""
        return self.codes.data

    @property
    def lines(self) -> int:
        """The number of physical lines: LF, CR LF, or a CR alone ends one."""
        ends, returns = self.codes == LF, self.codes == CR
        count = int(np.count_nonzero(ends))
        if returns.any():
            count += int(np.count_nonzero(returns[:-1] & ~ends[1:])) + int(returns[-1])
        return count + (self.codes[-1] not in (LF, CR))


def chunks(
    stream: BinaryIO, line: int | None, delimiter: str, *, keep_blank: bool, size: int = CHUNK_BYTES
) -> Iterator[Chunk]:
    """Cut what is left of a stream, which starts on that line, at the ends of records.

    Without a ``line`` none are counted: every chunk says 1. ``keep_blank``: a blank line is a
    record (of one empty cell), but not at the very end.
    """
    buffer, filled, ended = np.empty(size, np.uint8), 0, False
    while True:
        while filled < len(buffer) and not ended:
            count = stream.readinto(buffer.data[filled:])  # type: ignore[attr-defined]
            filled += count
            ended = not count
        codes = buffer[:filled]
        cut, quotes, plain = _cut(codes, delimiter, ended=ended)
        if keep_blank and plain:
            cut = _without_blank_end(codes, cut)
        if not plain or (not cut and len(buffer) >= _LIMIT):
            yield Chunk(codes, line or 1, quotes=True, plain=False)
            return
        if cut:
            chunk = Chunk(codes[:cut], line or 1, quotes)
            yield chunk
            line = None if line is None else line + chunk.lines
        elif ended:  # nothing is left, or blank lines
            return
        # What was given away stays as it is.
        filled -= cut
        buffer = np.empty(max(size, 2 * filled), np.uint8)
        buffer[:filled] = codes[cut:]


def _cut(codes: Codes, delimiter: str, *, ended: bool) -> tuple[int, bool, bool]:
    """Return where the last whole record ends, if there are quotes, and if they are plain."""
    quotes = codes == QUOTE
    if not quotes.any():
        return len(codes) if ended else _after_last_line(codes), False, True
    places = np.flatnonzero(quotes)
    plain = _are_plain(codes, places, delimiter, ended=ended)
    cut = len(codes)
    if not ended:
        ends = np.flatnonzero(codes == LF)
        if not len(ends):
            ends = np.flatnonzero(codes[:-1] == CR)
        outside = ends[np.searchsorted(places, ends) % 2 == 0]
        cut = int(outside[-1]) + 1 if len(outside) else 0
    return cut, True, plain


def _after_last_line(codes: Codes) -> int:
    """Return where the last line ends; a CR at the very end may be half of a CR LF."""
    for code, stop in ((b"\n", len(codes)), (b"\r", len(codes) - 1)):
        tail = 4096  # lines are mostly short
        while tail < 2 * stop:
            start = max(0, stop - tail)
            end = codes[start:stop].tobytes().rfind(code)
            if end >= 0:
                return start + end + 1
            tail *= 16
    return 0


def _are_plain(codes: Codes, places: npt.NDArray[np.int64], delimiter: str, *, ended: bool) -> bool:
    """Whether each quote that opens stands at the start of a cell, each that closes at the end.

    Of a quote at the very end of what was read so far, the neighbour is not known yet.
    """
    neighbours = np.zeros(256, dtype=bool)
    neighbours[[QUOTE, LF, CR, ord(delimiter)]] = True
    padded = np.full(len(codes) + 2, LF, np.uint8)
    padded[1:-1] = codes
    opening = np.arange(len(places)) % 2 == 0
    outside = np.where(opening, padded[places], padded[places + 2])
    return bool(neighbours[outside].all()) and not (ended and len(places) % 2)


def _without_blank_end(codes: Codes, cut: int) -> int:
    """Return where the records end if blank lines after them are left for the next chunk."""
    last = cut
    while last and codes[last - 1] in (LF, CR):
        last -= 1
    if last == 0:
        return 0
    return min(cut, last + (2 if codes[last : last + 2].tobytes() == b"\r\n" else 1))
