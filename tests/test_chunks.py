"""A stream is cut at the ends of records, wherever its blocks end, and stray quotes are noticed."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from lossctl.sources.chunks import Chunk, chunks

CELLS = st.text(st.sampled_from(list('ab,"\n\r ')), max_size=4)
SIZES = st.integers(1, 40)


def cut(text: str, size: int, *, keep_blank: bool = False) -> list[Chunk]:
    """Return the chunks of a text that comes in blocks of some size."""
    return list(chunks(io.BytesIO(text.encode()), 1, ",", keep_blank=keep_blank, size=size))


def records(text: str) -> list[list[str]]:
    """Return the records of a text as the csv module reads them, without blank lines."""
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    SIZES,
)
def test_what_the_csv_module_writes_is_plain_and_cut_at_records(
    rows: list[list[str]], end: str, size: int
) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end).writerows(rows)
    text = buffer.getvalue()
    found = cut(text, size)
    assert all(chunk.plain for chunk in found)
    assert "".join(bytes(chunk.data).decode() for chunk in found) == text
    assert [r for chunk in found for r in records(bytes(chunk.data).decode())] == records(text)


@given(st.text(st.sampled_from(list('a,"\n\r')), max_size=30), SIZES)
def test_each_chunk_knows_its_line(text: str, size: int) -> None:
    done = ""
    for chunk in cut(text, size):
        assert chunk.line == 1 + len(io.StringIO(done, newline="").readlines())
        done += bytes(chunk.data).decode()


@given(st.text(st.sampled_from(list('a,"\n')), max_size=14), SIZES)
def test_what_is_plain_is_read_alike_by_a_strict_reader(text: str, size: int) -> None:
    found = cut(text, size)
    plain = [chunk for chunk in found if chunk.plain]
    assert all(chunk.plain for chunk in found[:-1])
    for chunk in plain:
        data = bytes(chunk.data).decode()
        strict = list(csv.reader(io.StringIO(data, newline=""), strict=True))
        assert strict == list(csv.reader(io.StringIO(data, newline="")))
    if len(plain) == len(found):
        assert [r for c in found for r in records(bytes(c.data).decode())] == records(text)


@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=20), SIZES)
def test_blank_lines_are_records_but_not_at_the_very_end(lines: list[str], size: int) -> None:
    while lines and lines[-1] == "":
        lines.pop()
    text = "".join(line + "\n" for line in lines)
    found = cut(text + "\n\n", size, keep_blank=True)
    assert "".join(bytes(chunk.data).decode() for chunk in found) == text
    assert not any(bytes(chunk.data).endswith(b"\n\n") for chunk in found)
