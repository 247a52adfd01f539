"""Quotes that a writer put in their places are told from those that swallow rows."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from lossctl.sources.quotes import Quotes

CELLS = st.text(st.sampled_from(list('ab,"\n ')), max_size=4)


def plain(text: str, step: int) -> bool:
    """Return what the watcher says of a text that comes in blocks of some size."""
    quotes = Quotes(",")
    content = text.encode()
    for start in range(0, len(content), step):
        quotes.see(content[start : start + step])
    quotes.see(b"\n")
    assert quotes.found == ('"' in text)
    return quotes.plain


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=5), st.integers(1, 9))
def test_what_the_csv_module_writes_is_plain(rows: list[list[str]], step: int) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    assert plain(buffer.getvalue(), step)


@given(st.text(st.sampled_from(list('a,"\n')), max_size=12), st.integers(1, 5))
def test_what_is_plain_is_read_alike_by_a_strict_reader(text: str, step: int) -> None:
    if plain(text, step):
        strict = list(csv.reader(io.StringIO(text), strict=True))
        assert strict == list(csv.reader(io.StringIO(text)))
