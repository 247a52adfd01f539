"""Make the files of this folder again: ``python tests/malformed/make_malformed.py``.

They are kept, since other versions of the libraries write other bytes. What is damaged is damaged
in one way each.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
TABLE = b"pred,label\n1,2\n3,5\n"
LINES = b'{"pred": 1, "label": 2}\n'

TEXTS: dict[str, bytes] = {
    "empty.csv": b"",
    "bom-only.csv": b"\xef\xbb\xbf",
    "blank-lines.csv": b"\n\r\n\n",
    "header-only.csv": b"pred,label\n",
    "utf-16.csv": TABLE.decode().encode("utf-16"),
    "utf-16-no-bom.csv": TABLE.decode().encode("utf-16-le"),
    "nul.csv": b"pred,label\n1,2\n3\0,5\n",
    "short-row.csv": b"pred,label\n1,2\n3\n4,5\n",
    "long-row.csv": b"pred,label\n1,2\n3,4,5\n",
    "open-quote.csv": b'pred,label,note\n1,2,a\n3,5,"b\n4,6,c\n',
    "letters-after-quote.csv": b'pred,label,note\n1,2,"a"b\n',
    "quote-in-cell.csv": b'pred,label,note\n1,2,5" pipe\n3,5,x\n',
    "same-name-twice.csv": b"pred,label,label\n1,2,3\n",
    "same-prediction-twice.csv": b"pred,pred,label\n1,2,3\n",
    "underscore.csv": b"pred,label\n1,2\n1_000,5\n",
    "hexadecimal.csv": b"pred,label\n1,2\n0x10,5\n",
    "arabic-digits.csv": "pred,label\n1,2\n١٢,5\n".encode(),
    "full-width-digits.csv": "pred,label\n1,2\n１２,5\n".encode(),
    "decimal-comma.csv": b'pred,label\n1,2\n"1,5",5\n',
    "thousands.csv": b'pred,label\n1,2\n"1,000",5\n',
    "dots.csv": b"pred,label\n1,2\n1.000.000,5\n",
    "minus-sign.csv": "pred,label\n1,2\n−1,5\n".encode(),
    "d-exponent.csv": b"pred,label\n1,2\n1d5,5\n",
    "open-exponent.csv": b"pred,label\n1,2\n1e,5\n",
    "percent.csv": b"pred,label\n1,2\n50%,5\n",
    "missing.csv": b"pred,label\n1,2\n,5\n",
    "too-large.csv": b"pred,label\n1,2\n1e999,5\n",
    "infinity.csv": b"pred,label\ninfinity,2\n-INF,5\n",
    "negative-zero.csv": b"pred,label\n-0,0\n-0.0,-0\n",
    "too-small.csv": b"pred,label\n1e-999,0\n0,-1E-400\n",
    "long-number.csv": b"pred,label\n" + b"1" * 310 + b",1\n",
    "signed-nan.csv": b"pred,label\n1,2\n-nan(0x8),5\n",
    "spaces.csv": b"0.5  1\n0.25  2\n",
    "mixed-line-ends.csv": b"pred,label\r1,2\n3,5\r\n4,6",
    "latin-1.csv": b"pred,label,caf\xe9\n1,2,\xff\n",
    "shift-jis.csv": "pred,label\n1,2\n1,２\n".encode("shift-jis"),
    "starts-like-parquet.csv": b"PAR1,label\n1,2\n3,5\n",
    "control-characters.csv": b"pred,label\n1,2\n\x1b[31m3,5\n",
    "array.jsonl": b"[1, 2]\n",
    "bare-number.jsonl": LINES + b"7\n",
    "nan.jsonl": LINES + b'{"pred": NaN, "label": 2}\n',
    "infinity.jsonl": b'{"pred": -Infinity, "label": 2}\n',
    "too-large.jsonl": b'{"pred": 1e400, "label": 2}\n',
    "many-digits.jsonl": b'{"pred": ' + b"1" * 5000 + b', "label": 2}\n',
    "nested.jsonl": LINES + b'{"pred": {"value": 1}, "label": 2}\n',
    "list.jsonl": LINES + b'{"pred": [1], "label": 2}\n',
    "key-twice.jsonl": LINES + b'{"pred": 1, "label": 2, "pred": 3}\n',
    "inner-key-twice.jsonl": b'{"pred": 1, "label": 2, "x": {"a": 1, "a": 2}}\n',
    "deep.jsonl": b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b', "pred": 1, "label": 2}\n',
    "half-a-character.jsonl": LINES + b'{"pred": 1, "label": 2, "id": "\\ud83d"}\n',
    "surrogate-bytes.jsonl": b'{"pred": 1, "label": 2, "id": "\xed\xa0\x80"}\n',
    "cut.jsonl": LINES + b'{"pred": 1, "lab',
    "utf-16.jsonl": LINES.decode().encode("utf-16"),
    "octal.jsonl": LINES + b'{"pred": 01, "label": 2}\n',
    "single-quotes.jsonl": b"{'pred': 1, 'label': 2}\n",
    "boolean.jsonl": b'{"pred": true, "label": 2}\n',
    "pretty.jsonl": b'{\n  "pred": 1,\n  "label": 2\n}\n',
}


def npy(descr: str, shape: object, data: bytes = b"") -> bytes:
    """Return a NumPy file with that header, whatever it says."""
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def npz(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of these members, always the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def flipped(content: bytes, place: int, bits: int = 1) -> bytes:
    """Return the bytes with some bits of one of them turned over."""
    changed = bytearray(content)
    changed[place] ^= bits
    return bytes(changed)


def arrays() -> dict[str, bytes]:
    """Return NumPy's files and archives."""
    eight = np.arange(1.0, 3.0).tobytes()
    whole = npy("<f8", (2,), eight)
    both = (("predictions.npy", whole), ("labels.npy", npy("<f8", (2,), eight)))
    archive, packed = npz(*both), npz(*both, method=zipfile.ZIP_DEFLATED)
    central = archive.find(b"PK\x01\x02")
    unknown = flipped(flipped(archive, 8, 99), central + 10, 99)
    return {
        "good.npy": whole,
        "objects.npy": npy("|O", (2,), eight),
        "huge.npy": npy("<f8", (1 << 60,), eight),
        "huge-header.npy": b"\x93NUMPY\x02\0\xff\xff\xff\xff" + whole[10:],
        "negative.npy": npy("<f8", (-1, -2), eight),
        "no-columns.npy": npy("<f8", (2, 0)),
        "wide.npy": npy("<f8", (1, 1 << 50), eight),
        "cut-header.npy": whole[:40],
        "cut.npy": whole[:-3],
        "goes-on.npy": whole + b"\0" * 8,
        "other-magic.npy": b"\x93NUMPZ" + whole[6:],
        "other-version.npy": flipped(whole, 6, 8),
        "code.npy": whole.replace(b"'fortran_order': False", b"'fortran_order': print"),
        "complex.npy": npy("<c16", (1,), eight),
        "dates.npy": npy("<M8[s]", (2,), eight),
        "no-characters.npy": npy("<U0", (2,)),
        "no-unicode.npy": npy("<U1", (2,), b"\xff" * 8),
        "cut.npz": archive[:-30],
        "flipped.npz": flipped(archive, archive.find(eight) + 2),
        "damaged-deflate.npz": packed[:60] + b"\xff" * 8 + packed[68:],
        "encrypted.npz": flipped(flipped(archive, 6), central + 8),
        "unknown-method.npz": unknown,
        "other-name-inside.npz": flipped(archive, 30),
        "zip-slip.npz": npz(("../../../predictions.npy", whole), both[1]),
        "nested.npz": npz(("predictions.npy", archive), both[1]),
        "no-arrays.npz": npz(("readme.txt", b"nothing")),
        "empty.npz": npz(),
        "bomb.npz": npz(
            ("predictions.npy", npy("<f8", (1 << 40,), bytes(1 << 20))),
            both[1],
            method=zipfile.ZIP_DEFLATED,
        ),
        "twice.npz": _twice(both),
    }


def _twice(both: Any) -> bytes:
    """Return an archive with two members of one name, of which readers may take either."""
    renamed = npz(*both, ("predictionz.npy", npy("<f8", (2,), bytes(16))))
    return renamed.replace(b"predictionz", b"predictions")


def arrow() -> dict[str, bytes]:
    """Return files of Arrow's formats."""
    table = pa.table({"pred": [1.0, 3.0], "label": [2.0, 5.0]})
    parquet, stream, file = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    for sink, make in ((stream, pa.ipc.new_stream), (file, pa.ipc.new_file)):
        with make(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=1)
    footer = len(parquet.getvalue()) - 8 - int.from_bytes(parquet.getvalue()[-8:-4], "little")
    odd = {
        "latin-1.parquet": pa.array([b"caf\xe9", b"b"]).view(pa.string()),
        "no-such-date.parquet": pa.array([1 << 62, 0], pa.timestamp("us")),
    }
    return {
        "good.parquet": parquet.getvalue(),
        "cut-footer.parquet": parquet.getvalue()[:-6],
        "no-footer.parquet": parquet.getvalue()[:-80],
        "long-footer.parquet": parquet.getvalue()[:-8] + b"\xff\xff\xff\x7fPAR1",
        "flipped-footer.parquet": flipped(parquet.getvalue(), footer, 255),
        "magic-only.parquet": b"PAR1PAR1",
        "cut.arrow": file.getvalue()[:-20],
        "cut-in-batch.arrow": stream.getvalue()[:-40],
        "no-end.arrow": stream.getvalue()[:-8],
        "flipped-length.arrow": flipped(stream.getvalue(), 5, 0x7F),
        "outside.arrow": _outside(),
        "version-1.feather": b"FEA1" + bytes(60) + b"FEA1",
        **{name: _parquet(table.append_column("note", note)) for name, note in odd.items()},
    }


def _parquet(table: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _outside() -> bytes:
    """Return a stream of which a text reaches beyond its data: Arrow's reader takes it."""
    table = pa.table({"id": ["a", "b"], "pred": [1.0, 3.0], "label": [2.0, 5.0]})
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    offsets, wrong = (np.array([0, 1, end], np.int32).tobytes() for end in (2, 1 << 20))
    return buffer.getvalue().replace(offsets, wrong)


def packed() -> dict[str, bytes]:
    """Return compressed texts."""
    made = {
        "gz": gzip.compress(TABLE, mtime=0),
        "bz2": bz2.compress(TABLE),
        "xz": lzma.compress(TABLE),
        "zst": bytes(pa.compress(TABLE, "zstd", asbytes=True)),
    }
    more = gzip.compress(b"4,6\n", mtime=0)
    return {
        "huge-texts.npy.gz": gzip.compress(npy("|S1000000000", (4,), b"a"), mtime=0),
        **{f"cut.csv.{suffix}": content[:-5] for suffix, content in made.items()},
        **{f"garbage.csv.{suffix}": content + b"garbage" for suffix, content in made.items()},
        **{
            f"flipped.csv.{suffix}": flipped(made[suffix], -14, 4) for suffix in ("gz", "bz2", "xz")
        },
        "members.csv.gz": made["gz"] + more,
        "cut-member.csv.gz": made["gz"] + more[:-5],
        "padded.csv.gz": made["gz"] + bytes(512),
        "magic-only.csv.gz": b"\x1f\x8b",
        "twice.csv.gz": gzip.compress(made["gz"], mtime=0),
        "cut.jsonl.gz": gzip.compress(LINES * 9, mtime=0)[:-9],
        "array.npy.gz": gzip.compress(npy("<f8", (2,), np.arange(2.0).tobytes()), mtime=0)[:-9],
    }


if __name__ == "__main__":
    for name, content in (TEXTS | arrays() | arrow() | packed()).items():
        (HERE / name).write_bytes(content)
