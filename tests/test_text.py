"""CSV and its kin: dialects, headers, missing cells, and where a bad cell is."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossctl.errors import DataError, UsageError
from lossctl.result import Result
from lossctl.sources import InputOptions, open_tables
from lossctl.sources import text as text_files
from lossctl.sources.table import Request

Write = Callable[[str, "str | bytes"], Path]
Score = Callable[..., Result]
SOME = "1.5,1\n2.5,2\n"


@pytest.fixture(autouse=True, scope="module", params=[0, text_files.BRIEF])
def _reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read by pyarrow, and row by row as brief files are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_files, "BRIEF", request.param)
        yield


def numbers(path: Path, options: InputOptions = InputOptions()) -> np.ndarray:  # noqa: B008
    """Read all columns of a file as numbers."""
    (table,) = open_tables([str(path)], options).tables
    request = Request(tuple(column.position for column in table.columns))
    return np.concatenate([batch.numbers for batch in table.read(request)])


def header_of(path: str | Path, *, header: bool | None) -> bool | None:
    """Return whether a file is taken to start with a header."""
    return open_tables([str(path)], InputOptions(header=header))[0][0].header


@pytest.mark.parametrize(
    "content",
    [
        SOME,
        "pred,label\n" + SOME,
        "\ufeffpred,label\n" + SOME,
        "pred,label\r\n1.5,1\r\n2.5,2\r\n",
        "pred,label\r1.5,1\r2.5,2\r",
        "pred\tlabel\n1.5\t1\n2.5\t2",
        "pred;label\n1.5;1\n2.5;2",
        "pred|label\n1.5|1\n2.5|2",
        "1.5 1\n2.5 2\n",
        "pred label\n1.50e+00 1\n2.5 2",
        '"pred","label"\n"1.5","1"\n"2.5","2"',
        "pred,label\n\n1.5,1\n\n2.5,2\n\n\n",
        '"pred\nof mine",label\n1.5,1\n2.5,2\n',
        " pred , label \n 1.5 , 1\n+2.5,2.0\n",
        "pred,label\n15e-1,1\n.25E1,0002\n",
    ],
)
def test_every_dialect_reads_the_same(content: str, write: Write) -> None:
    assert numbers(write("f.csv", content)).tolist() == [[1.5, 1.0], [2.5, 2.0]]


def test_files_of_blank_lines_have_no_rows_to_be_paired(
    write: Write, tmp_path: Path, scored: Score
) -> None:
    (tmp_path / "p").mkdir()
    write("p/a.csv", "id,pred\n1,2\n2,3\n")
    write("p/b.csv", "id,pred\n\n")
    write("y.csv", "id,label\n1,2\n2,4\n")
    result = scored("mse", "p", "y.csv")
    assert (result.n, result.value) == (2, 0.5)


def test_decimal_commas(write: Write) -> None:
    path = write("f.csv", "pred;label\n1,5;1\n-2,5;2\n")
    assert numbers(path, InputOptions(decimal=",")).tolist() == [[1.5, 1.0], [-2.5, 2.0]]
    with pytest.raises(DataError, match=r"'1\.5' is not a number, .*f2.csv, line 2, column 'pred'"):
        numbers(write("f2.csv", "pred;label\n1.5;1\n"), InputOptions(decimal=","))


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("0.5\n0.25\n", False),
        ("p\n0.5\n", True),
        ("whatever\n0.5\n", True),
        ("label\ncat\ndog\n", True),
        ("cat,0.5\ndog,0.25\n", False),
        ("cat,dog\n0.5,0.5\n", True),
        ("id,label\na,cat\nb,dog\n", True),
        ("label,0,1,2\ncat,0.1,0.2,0.7\n", True),
        ("true\nfalse\ntrue\n", None),
        ("true\nfalse\n", None),
        ("cat\ndog\ncat\n", None),
        ("0\n1\n0\n", False),
        ("0\n0.25\n", None),
        ("0,1,2\n0.1,0.2,0.7\n", None),
        ("0,1\n0.1,0.9\n", False),
        ("0,1,2\n1,0,2\n", False),
        (",pred,label\n0,0.5,1\n", True),
        ("nan\n0.5\n", False),
        ("pred\n", True),
        ("a,b\n,1\n,2\n", True),
    ],
)
def test_headers(content: str, header: bool | None, write: Write) -> None:
    path = str(write("f.csv", content))
    if header is None:
        with pytest.raises(DataError, match="whether the file has a header") as caught:
            open_tables([str(path)], InputOptions())
        assert caught.value.hint == "say --header or --no-header"
        assert header_of(path, header=True) is True
        header = False
    assert header_of(path, header=header) is header
    if "nan" not in content:
        assert header_of(path, header=None if header else False) is header


@pytest.mark.parametrize(
    "cell", ["", "nan", "NaN", "NA", "n/a", "N/A", "null", "NULL", "None", '""', "-nan", " NA "]
)
def test_every_spelling_of_a_missing_number(cell: str, write: Write) -> None:
    found = numbers(write("f.csv", f"pred,label\n0.5,1\n{cell},1\n"))
    assert np.isnan(found[1, 0])
    assert found[1, 1] == 1.0


def test_blank_lines_are_missing_cells_in_a_file_of_one_column_but_not_at_its_end(
    write: Write,
) -> None:
    found = numbers(write("f.csv", "p\n0.5\n\n0.25\n\n\n"))
    np.testing.assert_array_equal(found[:, 0], [0.5, np.nan, 0.25])


@pytest.mark.parametrize("filler", [1, 40_000])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("oops,1", r"'oops' is not a number, f.csv, line LINE, column 'prob'"),
        ("0.5", r"1 column where the rows before have 2, f.csv, line LINE"),
        ("0.5,1,2", r"3 columns where the rows before have 2, f.csv, line LINE"),
        (",1", r"the prediction is missing, f.csv, line LINE, column 'prob'"),
        ("0.5,", r"the label is missing, f.csv, line LINE, column 'label'"),
        ("1.5,1", r"1.5 is not a probability, f.csv, line LINE, column 'prob'"),
        ("0.5,7", r"the label 7.0 is outside \[0, 1\], f.csv, line LINE, column 'label'"),
        ("1_0,1", r"'1_0' is not a number, f.csv, line LINE, column 'prob'"),
    ],
)
def test_a_bad_cell_is_named_by_its_physical_line(
    row: str, message: str, filler: int, write: Write, scored: Score
) -> None:
    rows = '"0.5",1\n' * filler
    write("f.csv", f"prob,label\n\n{rows}{row}\n0.5,1\n9,9,9\n")
    line = str(3 + filler)
    with pytest.raises(DataError) as caught:
        scored("bce", "f.csv")
    assert re.fullmatch(message.replace("LINE", line), str(caught.value))


def test_lines_are_physical_also_after_quoted_newlines(write: Write, scored: Score) -> None:
    rows = '"two\nlines",0.5,1\n' * 100_000
    write("f.csv", f"note,prob,label\n{rows}x,oops,1\n")
    with pytest.raises(
        DataError, match=r"'oops' is not a number, f.csv, line 200002, column 'prob'"
    ):
        scored("bce", "f.csv")


def test_quoted_newlines_may_fall_on_any_block_boundary(write: Write, scored: Score) -> None:
    rng = np.random.default_rng(0)
    p = rng.random(150_000)
    notes = ["x" * int(k) + "\n,9,9\n" for k in rng.integers(0, 9, len(p))]
    rows = "".join(f'"{note}",{value!r},1\n' for note, value in zip(notes, p.tolist(), strict=True))
    write("f.csv", "note,prob,label\n" + rows)
    write("g.csv", "prob,label\n" + "".join(f"{value!r},1\n" for value in p.tolist()))
    assert scored("bce", "f.csv").value == scored("bce", "g.csv").value


def test_a_quote_that_is_never_closed_is_named(write: Write, scored: Score) -> None:
    write("f.csv", 'note,prob,label\na,0.5,1\n"b,0.5,1\n' + "c,0.5,1\n" * 400_000)
    with pytest.raises(DataError, match=r"f.csv, line 3") as caught:
        scored("bce", "f.csv")
    assert caught.value.hint == "a quote that is opened on this line may not be closed"


def test_what_pyarrow_refuses_and_is_fine_is_read_on(write: Write, scored: Score) -> None:
    """Python's float takes surrounding tabs; pyarrow does not."""
    rows = "0.5,1\n" * 100_000
    write("f.csv", f"prob,label\n{rows}\t0.25\t, NA\n{rows}")
    result = scored("bce", "f.csv", nan="skip")
    assert (result.n, result.skipped) == (200_000, 1)


def test_records_larger_than_a_block(write: Write) -> None:
    row = ",".join(["0." + "25" * 20] * 30_000)
    found = numbers(write("f.csv", f"{row}\n{row}\n"))
    np.testing.assert_array_equal(found, np.full((2, 30_000), float("0." + "25" * 20)))


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_numbers_read_back_to_the_last_bit(values: list[float]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("a\n" + "".join(f"{value!r}\n" for value in values))
        file.flush()
        assert numbers(Path(file.name))[:, 0].tolist() == values


def test_long_decimals_are_rounded_as_python_rounds_them(write: Write) -> None:
    rng = np.random.default_rng(1)
    texts = [
        f"{rng.integers(10**17)}{rng.integers(10**6):06}e{rng.integers(-330, 290)}"
        for _ in range(20_000)
    ]
    path = write("f.csv", "a\n" + "\n".join(texts) + "\n")
    assert numbers(path)[:, 0].tolist() == [float(text) for text in texts]


CELLS = st.text(st.sampled_from(list('ab,;"\n 0.5')), max_size=5)


@given(st.lists(st.tuples(CELLS, CELLS, st.floats(0, 1)), min_size=1, max_size=20))
def test_text_is_cut_into_the_cells_that_the_csv_module_wrote(
    rows: list[tuple[str, str, float]],
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([("one", "two", "prob"), *rows])
    with tempfile.NamedTemporaryFile("wb", suffix=".csv") as file:
        file.write(buffer.getvalue().encode())
        file.flush()
        (table,) = open_tables([file.name], InputOptions(header=True, delimiter=",")).tables
        batches = list(table.read(Request(numbers=(2,), names=(0,), keys=(1,))))
    names = [batch.names[0].texts[code] for batch in batches for code in batch.names[0].codes]
    keys = [batch.keys[0].text(i) for batch in batches for i in range(len(batch))]
    assert (
        list(zip(names, keys, np.concatenate([b.numbers[:, 0] for b in batches]), strict=True))
        == rows
    )


def test_text_that_is_not_utf8_passes_through_names(write: Write, scored: Score) -> None:
    write("f.csv", b"p_caf\xe9,p_dog,label\n0.5,0.5,caf\xe9\n0.25,0.75,dog\n")
    np.testing.assert_allclose(scored("ce", "f.csv").value, -np.log([0.5, 0.75]).mean())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty, f.csv"),
        (b"\n\n", "the file is empty, f.csv"),
        ("p,label\n".encode("utf-16"), "not a text file in UTF-8, f.csv"),
        (b"prob,label\n0.5\x00,1\n", "not a text file in UTF-8, f.csv"),
        (b"prob,label\n", "there are no rows, f.csv"),
        (b"0.5  1\n0.25  0\n", "the columns are separated by runs of spaces, f.csv"),
    ],
)
def test_files_that_hold_no_table(
    content: bytes, message: str, write: Write, scored: Score
) -> None:
    write("f.csv", content)
    with pytest.raises(DataError) as caught:
        scored("bce", "f.csv")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "options",
    [{"decimal": "x"}, {"delimiter": "ab"}, {"delimiter": '"'}, {"delimiter": ",", "decimal": ","}],
)
def test_dialects_that_cannot_be_meant(options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        InputOptions(**options)  # type: ignore[arg-type]


PARTS = st.sampled_from(
    [
        *("0.5", "1", "-0", "+1.5", ".5", "5.", "1e3", "1E-400", "1e999", "0x10", "1_0", "1d5"),
        *("0.1000000000000000055511151231257827", "123456789012345678901234567890", "1e", "--1"),
        *("", " ", "nan", "NaN", "-nan", "nan(1)", "NA", "n/a", "Null", "none", "inf", "-Infinity"),
        *(" 1", "1 ", "\t1", "\u00a01", "\u0661", "1,5", "true", "cat", '"', '""', '"1"', 'a"b'),
        *("'1'", "\0", "caf\u00e9", "\r", "\n", "\ufeff", "#1", "1\n2", "0.5,1", ";"),
    ]
)


def outcome(content: str, brief: int) -> object:
    """Return all that comes of reading a file: rows with their places, or the error."""
    with pytest.MonkeyPatch.context() as patch, tempfile.NamedTemporaryFile("wb") as file:
        patch.setattr(text_files, "BRIEF", brief)
        file.write(content.encode())
        file.flush()
        found: list[object] = []
        try:
            options = InputOptions("csv", header=True, delimiter=",")
            (table,) = open_tables([file.name], options).tables
            for batch in table.read(Request(numbers=(0,), names=(1,), keys=(2,))):
                assert batch.where is not None
                places = [batch.where.place(i, None) for i in range(len(batch))]
                cells = ([*map(repr, batch.numbers[:, 0].tolist())], batch.names[0].tolist())
                found += zip(*cells, batch.keys[0].tolist(), places, strict=True)
        except DataError as error:
            found.append((error.message, error.where, error.hint))
        return [str(one).replace(file.name, "FILE") for one in found]


@given(st.lists(st.lists(PARTS, min_size=3, max_size=3) | st.lists(PARTS, max_size=4), max_size=5))
def test_both_readers_agree(rows: list[list[str]]) -> None:
    content = "a,b,c\n" + "".join(",".join(row) + "\n" for row in rows)
    assert outcome(content, 0) == outcome(content, text_files.BRIEF)
