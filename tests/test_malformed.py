"""Files that are malformed: each is an error that says where, or means one thing only."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from lossctl.cli import app
from lossctl.cli.terminal import Terminal

FOLDER = Path(__file__).parent / "malformed"  # made by make_malformed.py there
UTF8, HEADER = "not a text file in UTF-8", "not a NumPy file, or its header is damaged"
CUT, OBJECT = "damaged or end too early", "cannot read the object: "
NOT_NPZ, TAKEN = "not an NPZ file", "cannot take the array out"

ERRORS = {
    "empty.csv": "the file is empty",
    "bom-only.csv": "the file is empty",
    "blank-lines.csv": "the file is empty",
    "header-only.csv": "there are no rows",
    "utf-16.csv": UTF8,
    "utf-16-no-bom.csv": UTF8,
    "nul.csv": UTF8,
    "short-row.csv": "1 column where the rows before have 2, FILE, line 3",
    "long-row.csv": "3 columns where the rows before have 2, FILE, line 3",
    "open-quote.csv": "unexpected end of data, FILE, line 3",
    "letters-after-quote.csv": "cannot read the record: ',' expected after '\"', FILE, line 2",
    "same-name-twice.csv": "2 columns are called 'label'",
    "same-prediction-twice.csv": "2 columns could be the prediction: 'pred', 'pred'",
    "underscore.csv": "'1_000' is not a number, FILE, line 3, column 'pred'",
    "hexadecimal.csv": "'0x10' is not a number, FILE, line 3, column 'pred'",
    "arabic-digits.csv": "'١٢' is not a number, FILE, line 3, column 'pred'",
    "full-width-digits.csv": "'１２' is not a number, FILE, line 3, column 'pred'",
    "decimal-comma.csv": "'1,5' is not a number, FILE, line 3, column 'pred'",
    "thousands.csv": "'1,000' is not a number, FILE, line 3, column 'pred'",
    "dots.csv": "'1.000.000' is not a number, FILE, line 3, column 'pred'",
    "minus-sign.csv": "'−1' is not a number, FILE, line 3, column 'pred'",
    "d-exponent.csv": "'1d5' is not a number, FILE, line 3, column 'pred'",
    "open-exponent.csv": "'1e' is not a number, FILE, line 3, column 'pred'",
    "percent.csv": "'50%' is not a number, FILE, line 3, column 'pred'",
    "control-characters.csv": r"'\x1b[31m3' is not a number, FILE, line 3, column 'pred'",
    "shift-jis.csv": "is not a number, FILE, line 3, column 'label'",
    "missing.csv": "the prediction is missing, FILE, line 3, column 'pred'",
    "signed-nan.csv": "the prediction is missing, FILE, line 3, column 'pred'",
    "spaces.csv": "the columns are separated by runs of spaces",
    "array.jsonl": "not an object, FILE, line 1",
    "bare-number.jsonl": "not an object, FILE, line 2",
    "nan.jsonl": "the prediction is missing, FILE, line 2, column 'pred'",
    "many-digits.jsonl": f"{OBJECT}a number is too long, FILE, line 1",
    "nested.jsonl": "'{\"value\": 1}' is not a number, FILE, line 2, column 'pred'",
    "list.jsonl": "'[1]' is not a number, FILE, line 2, column 'pred'",
    "key-twice.jsonl": f"{OBJECT}the key 'pred' stands twice, FILE, line 2",
    "inner-key-twice.jsonl": f"{OBJECT}the key 'a' stands twice, FILE, line 1",
    "deep.jsonl": f"{OBJECT}it is nested too deeply, FILE, line 1",
    "half-a-character.jsonl": "an unpaired surrogate, is no text, FILE, line 2",
    "surrogate-bytes.jsonl": f"{OBJECT}it is not JSON in UTF-8, FILE, line 1",
    "utf-16.jsonl": f"{OBJECT}it is not JSON in UTF-8, FILE, line 1",
    "cut.jsonl": f"{OBJECT}Unterminated string starting at, FILE, line 2",
    "octal.jsonl": f"{OBJECT}Expecting ',' delimiter, FILE, line 2",
    "single-quotes.jsonl": f"{OBJECT}Expecting property name enclosed in double quotes",
    "pretty.jsonl": f"{OBJECT}Expecting property name enclosed in double quotes, FILE, line 1",
    "boolean.jsonl": "the column 'pred' holds text, such as 'true'",
    "objects.npy": "the array holds Python objects, which are never unpickled",
    "huge.npy": "the file is truncated: 16 bytes of data",
    "wide.npy": "the file is truncated: 16 bytes of data",
    "huge-header.npy": HEADER,
    "negative.npy": "the header announces an impossible shape (-1, -2)",
    "no-columns.npy": "there are no columns: the shape is (2, 0)",
    "cut-header.npy": HEADER,
    "cut.npy": "the file is truncated: 13 bytes of data",
    "goes-on.npy": "the file goes on after its array: 24 bytes of data",
    "other-magic.npy": HEADER,
    "other-version.npy": HEADER,
    "code.npy": HEADER,
    "complex.npy": "cannot score values of type complex128",
    "dates.npy": "cannot score values of type datetime64[s]",
    "no-characters.npy": "the texts of the array have no characters",
    "no-unicode.npy": "its texts are no Unicode",
    "cut.npz": NOT_NPZ,
    "flipped.npz": "Bad CRC-32 for file 'predictions.npy'), FILE:predictions",
    "damaged-deflate.npz": CUT,
    "encrypted.npz": "the array is encrypted, FILE:predictions",
    "unknown-method.npz": f"{TAKEN}: That compression method is not supported",
    "other-name-inside.npz": f"{TAKEN}: File name in directory 'predictions.npy' and header",
    "zip-slip.npz": "which array holds the predictions? there are '../../../predictions'",
    "nested.npz": f"{HEADER}, FILE:predictions",
    "no-arrays.npz": "which array holds the predictions? there are none",
    "empty.npz": "which array holds the predictions? there are none",
    "bomb.npz": "1,099,511,627,776 rows of predictions and 2 of labels",
    "twice.npz": "two arrays are called 'predictions'",
    "cut-footer.parquet": "Parquet magic bytes not found in footer",
    "no-footer.parquet": "Parquet magic bytes not found in footer",
    "long-footer.parquet": "cannot read the file: Parquet file size is",
    "magic-only.parquet": "cannot read the file: Parquet file size is 8 bytes",
    "cut.arrow": "cannot read the file: Not an Arrow file",
    "cut-in-batch.arrow": "the Arrow stream has no end",
    "no-end.arrow": "the Arrow stream has no end",
    "flipped-length.arrow": "cannot read the file: Expected to read",
    "version-1.feather": "Feather of version 1, which cannot be read safely",
    "flipped-footer.parquet": "cannot read the file: Couldn't deserialize thrift",
    "outside.arrow": "cannot read the file: Offset invariant failure",
    **{f"cut.csv.{suffix}": CUT for suffix in ("gz", "bz2", "xz", "zst")},
    **{f"garbage.csv.{suffix}": CUT for suffix in ("gz", "bz2", "xz", "zst")},
    **{f"flipped.csv.{suffix}": CUT for suffix in ("gz", "bz2", "xz")},
    "cut-member.csv.gz": CUT,
    "magic-only.csv.gz": CUT,
    "cut.jsonl.gz": CUT,
    "array.npy.gz": CUT,
    "twice.csv.gz": UTF8,
    "huge-texts.npy.gz": "an array of texts of 1,000,000,000 bytes each",
}
VALUES = {
    "quote-in-cell.csv": "2.5",
    "mixed-line-ends.csv": "3.0",
    "latin-1.csv": "1.0",
    "starts-like-parquet.csv": "2.5",
    "negative-zero.csv": "0.0",
    "too-small.csv": "0.0",
    "too-large.csv": "inf",
    "long-number.csv": "inf",
    "infinity.csv": "inf",
    "infinity.jsonl": "inf",
    "too-large.jsonl": "inf",
    "members.csv.gz": "3.0",
    "padded.csv.gz": "2.5",
    "good.npy": "0.0",
    "good.parquet": "2.5",
    "latin-1.parquet": "2.5",
    "no-such-date.parquet": "2.5",
}


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def run(name: str) -> tuple[int, str, str]:
    """Score a file, an array against one that is whole; return exit code, output and messages."""
    array = name.endswith(".npy") or ".npy." in name
    out, err = io.StringIO(), io.StringIO()
    words = ["mse", name, *(["good.npy"] if array else []), "--value"]
    return app.run(words, Terminal(out, err, {})), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("name", ERRORS)
def test_what_is_malformed_is_an_error(name: str) -> None:
    code, out, err = run(name)
    assert (code, out) == (3, "")
    assert ERRORS[name].replace("FILE", name) in err
    first, *hint = err.splitlines()
    assert first.startswith("error: ")
    assert name in first
    assert not hint or (len(hint) == 1 and hint[0].startswith("hint: "))


@pytest.mark.parametrize("name", VALUES)
def test_what_means_one_thing_only_is_scored(name: str) -> None:
    code, out, err = run(name)
    assert (code, out) == (0, VALUES[name] + "\n")
    assert err.startswith("warning: the loss is infinite" if VALUES[name] == "inf" else "")


def test_every_file_has_an_answer() -> None:
    there = {path.name for path in FOLDER.iterdir() if path.is_file()} - {"make_malformed.py"}
    assert there == {*ERRORS, *VALUES}
