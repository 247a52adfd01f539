"""What SECURITY.md promises of files that somebody else made: no code, no bombs, no tricks."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import struct
import subprocess
import sys
import threading
import urllib.error
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from processes import ENVIRONMENT, Run

from lossctl import score
from lossctl.cli.app import run
from lossctl.cli.terminal import Terminal
from lossctl.errors import DataError
from lossctl.names import did_you_mean
from lossctl.result import Result
from lossctl.sources import jsonl, records, streams, web

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]

MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "lossctl", *sys.argv[1:]], capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.stderr.buffer.write(done.stderr)
sys.exit(done.returncode)
"""
MEGA = 1 << 20
LINES = (b"1" * 999 + b"\n") * 1000


def header(length: int) -> bytes:
    """Return the start of an NPY file whose header announces a length."""
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", length)


class TestBombs:
    """Small files that would be large ones are an error, or take their time; never all memory."""

    @pytest.mark.parametrize(
        ("name", "head", "piece", "said"),
        [
            ("line.csv", b"pred,label\n", b"1" * MEGA, "it is longer than 32 MiB"),
            (
                "quote.csv",
                b'pred,label\n"',
                (b"1" * 999 + b"\n") * 1000,
                "it is longer than 32 MiB",
            ),
            ("wide.csv", b"", b"," * MEGA, "a line of more than 1,048,576 columns"),
            ("line.jsonl", b'{"pred": ', b"1" * MEGA, "the line is longer than 16 MiB"),
            ("head.npy", header(0xFFFFFFF0), b" " * MEGA, "its header is damaged"),
        ],
    )
    def test_no_more_is_held_than_a_record_may_be(
        self, name: str, head: bytes, piece: bytes, said: str, write: Write, tmp_path: Path
    ) -> None:
        write(f"{name}.gz", gzip.compress(head) + gzip.compress(piece) * 300)
        found = subprocess.run(
            [sys.executable, "-c", MEASURED, "mse", f"{name}.gz"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (found.returncode, said in found.stderr) == (3, True)
        assert int(found.stdout) < 400  # MiB

    def test_records_of_many_lines_end_somewhere(
        self, scored: Score, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(records, "RECORD", 1000)
        write("f.csv", 'pred,label,x\n1,2,"a\nb"\n1,2,' + '"\n",' * 1000 + "\n")
        with pytest.raises(DataError, match=r"it is longer than 0 MiB, f\.csv, line 4"):
            scored("mse", "f.csv")

    def test_objects_are_held_by_their_size(
        self, scored: Score, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jsonl, "_BATCH_BYTES", 100)
        write("f.jsonl", '{"pred": 1, "label": 3}\n' * 100)
        result = scored("mse", "f.jsonl")
        assert (result.value, result.n) == (4.0, 100)

    @pytest.mark.parametrize("fortran", [False, True])
    def test_copies_on_disk_have_an_end(
        self, fortran: bool, scored: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "AT_LEAST", 1 << 18)
        order = np.asfortranarray if fortran else np.asarray
        arrays = {"predictions": order(np.zeros((40_000, 3))), "labels": np.zeros(40_000, int)}
        if fortran:
            np.savez_compressed(tmp_path / "f.npz", **arrays)  # type: ignore[arg-type]
        else:
            np.savez(tmp_path / "x.npz", **arrays)  # type: ignore[arg-type]
            (tmp_path / "f.npz").write_bytes(gzip.compress((tmp_path / "x.npz").read_bytes()))
        with pytest.raises(DataError, match=r"more than 100 times its size") as caught:
            scored("ce", "f.npz", form="logits")
        assert "unpack it to a file" in str(caught.value.hint)
        arrays["predictions"] = order(np.random.default_rng(0).normal(size=(40_000, 3)))
        np.savez_compressed(tmp_path / "f.npz", **arrays)  # type: ignore[arg-type]
        assert scored("ce", "f.npz", form="logits").n == 40_000

    def test_a_text_is_no_reason_to_think_for_ever(self) -> None:
        assert did_you_mean("x" * 10_000_000, ["y" * 10_000_000]) is None

    def test_texts_of_arrays_are_short(self, scored: Score, write: Write) -> None:
        fields = "{'descr': '<U10000000', 'fortran_order': False, 'shape': (1,), }\n"
        write("f.npy", header(len(fields)) + fields.encode())
        with pytest.raises(DataError, match="an array of texts of 40,000,000 bytes each"):
            scored("mse", "f.npy")

    def test_a_server_that_sends_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(web, "HEAD", 10)
        body = b"pred,label\n" + b"1,3\n" * 1000

        class Generous(Quiet):
            def do_GET(self) -> None:
                self.send_response(206 if self.headers.get("Range") else 200)
                self.send_header("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", '"1"')
                self.end_headers()
                self.wfile.write(body)

        with serving(Generous) as server:
            assert score("mse", f"http://127.0.0.1:{server.server_port}/f.csv").value == 4.0


class Quiet(BaseHTTPRequestHandler):
    """Says nothing of what it does."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class serving:  # noqa: N801  # a context
    """A server in a thread."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Take what answers."""
        self._server = HTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> HTTPServer:
        self._thread.start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class TestArchives:
    """Members are read, by whatever name; nothing is ever written to where a name points."""

    def test_names_are_no_paths(self, scored: Score, tmp_path: Path) -> None:
        name = "../../../../tmp/evil"
        with zipfile.ZipFile(tmp_path / "f.npz", "w") as archive:
            for member in (name, "labels"):
                stream = io.BytesIO()
                np.save(stream, np.arange(3.0))
                archive.writestr(f"{member}.npy", stream.getvalue())
        assert scored("mse", f"f.npz:{name}", "f.npz:labels").value == 0.0
        assert [path.name for path in tmp_path.iterdir()] == ["f.npz"]
        assert not Path("/tmp/evil.npy").exists()  # noqa: S108

    @pytest.mark.parametrize(
        ("offset", "value", "told"),
        [(6, 1, "the array is encrypted"), (8, 99, "cannot take the array out")],
        ids=["password", "compressor"],
    )
    def test_what_cannot_be_unpacked_is_said(
        self, offset: int, value: int, told: str, scored: Score, tmp_path: Path
    ) -> None:
        np.savez(tmp_path / "f.npz", predictions=np.arange(3.0), labels=np.arange(3.0))
        data = bytearray((tmp_path / "f.npz").read_bytes())
        central = data.index(b"PK\x01\x02")
        for place in (offset, central + offset + 2):
            data[place] = value
        (tmp_path / "f.npz").write_bytes(data)
        with pytest.raises(DataError, match=told):
            scored("mse", "f.npz")


EVIL = (
    "\x1b]0;pwned\x07",
    "\x9b31m",
    "\u202egnp\u2066",
    "a|b`c",
    "</td></script><script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    '"q',
    "%s{}%n",
    "javascript:alert(1)",
    "line\r\nend",
    "\u2028",
    "-1+1",
    "@x",
    "\u200b",
)


class Screen(io.StringIO):
    """A terminal that remembers what it was shown."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(name="evil")
def _evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a table whose file, columns, ids, labels and groups are called so."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"{EVIL[0]}{EVIL[2]}{EVIL[3]}=.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["\x9b_id", "a\x1b[2J", "b\u202e|", "label", "=group\x1b"])
        for i, name in enumerate(EVIL):
            label = ("a\x1b[2J", "b\u202e|")[i % 2]
            writer.writerow([f"{name}", 0.25, 0.75, label, name])
    return path


def shown(*arguments: str, tty: bool = True, color: str = "never") -> tuple[int, str, str]:
    """Return code, output and errors of the program on a terminal."""
    out, err = (Screen() if tty else io.StringIO() for _ in range(2))
    code = run([*arguments, "--color", color], Terminal(out, err, environ={"NO_COLOR": "1"}))
    return code, out.getvalue(), err.getvalue()


GROUPED = ("--by", "=group\x1b", "--worst", "3")


class TestTerminals:
    """Nothing in a file, its name or an answer steers the terminal it is shown on."""

    @pytest.mark.parametrize(
        "arguments",
        [
            *(
                ("ce", "FILE", *GROUPED, "--format", name)
                for name in ("table", "tsv", "csv", "json", "jsonl", "markdown")
            ),
            ("ce", "FILE", *GROUPED, "--plot"),
            ("ce", "FILE", "--by", "=group\x1b", "--format", "prometheus"),
            ("ce", "FILE", "--format", "junit"),
            ("ce", "FILE", "--per-row", "-"),
            ("ce", "FILE", "--ignore-label", "\x1b[31m\u202e"),
            ("ce", "FILE", "--weight-col", "=group\x1b"),
            ("ce", "FILE", "--weight-col", "\x1bnone"),
            ("onehot", "FILE", "--label-col", "label"),
            *(
                ("explain", "ce", "FILE", "--row", "0", "--format", name)
                for name in ("table", "tsv", "json", "jsonl", "markdown")
            ),
            ("batch", "ce", "FILE", "\x1b]0;none.csv", "--format", "table"),
            ("batch", "ce", "FILE", "\x1b]0;none.csv", "--json"),
            ("mse", "FILE", "--pred-col", "=group\x1b", "--label-col", "a*"),
            ("bce", "FILE", "--label-col", "\u202e"),
            ("mse", "\x9b31m\u202e.npy"),
            ("\x1b[31mmse", "FILE"),
            ("mse", "FILE", "--\x1b[31m"),
            ("mse", "FILE", "--delimiter", "\x1b\x1b"),
            ("mse", "http://127.0.0.1:9/\x1b[31m\u202e"),
            ("losses", "\x1b[31m"),
            ("signature", "\x1b[31m|\u202e"),
        ],
        ids=lambda arguments: "_".join(arguments).encode("ascii", "replace").decode(),
    )
    def test_nothing_steers(self, arguments: tuple[str, ...], evil: Path) -> None:
        words = [evil.name if word == "FILE" else word for word in arguments]
        code, out, err = shown(*words)
        assert code in (0, 2, 3)
        odd = {c for c in out + err if not c.isprintable() and c not in "\n\t"}
        assert odd == set()
        assert err.count("\n") <= 4

    def test_what_a_server_says(self) -> None:
        class Rude(Quiet):
            def do_GET(self) -> None:
                self.wfile.write(b"HTTP/1.0 404 \x1b[31m\xc2\x9b\r\n\r\n\x1b[31m")

        with serving(Rude) as server:
            code, out, err = shown("mse", f"http://127.0.0.1:{server.server_port}/\x1b")
        assert (code, out, err.replace("\n", "").isprintable()) == (3, "", True)


class TestFormats:
    """Outputs are well-formed whatever names hold."""

    def test_tables_for_programs(self, evil: Path) -> None:
        for name, delimiter in (("tsv", "\t"), ("csv", ",")):
            code, out, _ = shown("ce", evil.name, *GROUPED, "--format", name, tty=False)
            assert code == 0
            tables = (
                [[]]
                if not out
                else [
                    list(csv.reader(io.StringIO(part), delimiter=delimiter))
                    for part in out.split("\n\n")
                ]
            )
            assert [len({len(row) for row in table}) for table in tables] == [1, 1, 1]
            assert len(tables[2]) == 1 + len(EVIL)
            assert '"q' in [row[1] for row in tables[2]]

    def test_documents(self, evil: Path) -> None:
        found = json.loads(shown("ce", evil.name, *GROUPED, "--json", tty=False)[1])
        assert {one["group"]["=group\x1b"] for one in found["groups"]} >= {*EVIL[:6]}
        suite = ET.fromstring(shown("batch", "ce", evil.name, "\x1b<&>", "--format", "junit")[1])  # noqa: S314
        assert [case.get("name") for case in suite.iter("testcase")] == ["scored", "scored"]
        lines = shown("ce", evil.name, *GROUPED[:2], "--format", "prometheus")[1].splitlines()
        sample = re.compile(r'lossctl_\w+\{(\w+="(\\[\\n"]|[^\\"\n])*",?)+\} \S+')
        assert all(line.startswith("# ") or sample.fullmatch(line) for line in lines)
        markdown = shown("ce", evil.name, *GROUPED, "--format", "markdown")[1]
        rows = [line for line in markdown.splitlines() if line.startswith("| ")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows[-len(EVIL) :]}) == 1
        assert "<script>" not in re.sub(r"(`+).*?\1", "", markdown)

    @pytest.mark.parametrize("suffix", [".csv", ".tsv"])
    def test_spreadsheets_on_request(self, suffix: str, evil: Path, tmp_path: Path) -> None:
        arguments = ("ce", evil.name, *GROUPED)
        for words in (
            (*arguments, "-o", f"out{suffix}"),
            ("ce", evil.name, "--value", "--per-row", f"out{suffix}"),
            ("batch", "ce", evil.name, "-o", f"out{suffix}"),
            ("explain", "ce", evil.name, "--row", "5", "-o", f"out{suffix}"),
            ("onehot", evil.name, "--label-col", "label", "-o", f"out{suffix}"),
        ):
            for safe in ((), ("--safe-csv",)):
                assert shown(*words, *safe)[0] == 0
                with (tmp_path / f"out{suffix}").open(newline="", encoding="utf-8") as file:
                    rows = list(csv.reader(file, delimiter="," if suffix == ".csv" else "\t"))
                cells = [cell for row in rows for cell in row]
                risky = [cell for cell in cells if re.match(r"[=+@\t\r]|-(?![\d.i])|-1\+", cell)]
                if safe:
                    assert risky == []
        code, out, _ = shown(*arguments[:2], "--per-row", "-", "--safe-csv", tty=False)
        assert (code, "'=HYPERLINK" in out, "\t'" in out) == (0, True, False)

    def test_numbers_are_no_formulas(self, write: Write, lossctl: Lossctl, tmp_path: Path) -> None:
        write("f.csv", "id,pred,label\n-5,-1,-2\n+7,1,2\n")
        assert lossctl("mse", "f.csv", "--per-row", "rows.csv", "--safe-csv").code == 0
        assert (tmp_path / "rows.csv").read_text() == "id,label,loss\n-5,-2,1\n+7,2,1\n"


class TestSecrets:
    """What is in an address or in the environment is in no output."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ("bce", "ADDRESS"),
            ("batch", "bce", "ADDRESS", "f.csv"),
            ("report", "bce", "f.csv", "--labels", "ADDRESS", "-o", "out.html"),
            ("bce", "f.csv", "--per-row", "ADDRESS"),
            ("bce", "f.csv", "-o", "ADDRESS"),
            ("onehot", "f.csv", "-o", "ADDRESS"),
            ("ADDRESS", "f.csv"),
            ("bce", "f.csv", "f.csv", "ADDRESS"),
            ("bce", "abfs://c@account.host/p.csv?sig=5e7f"),
            ("bce", "https://me:5e7f@host/p.csv"),
        ],
        ids=" ".join,
    )
    def test_of_addresses(
        self, arguments: tuple[str, ...], write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(write("f.csv", "prob,label\n0.5,1\n").parent)
        address = "http://127.0.0.1:9/p.csv?X-Amz-Signature=5e7f"
        code, out, err = shown(*(address if word == "ADDRESS" else word for word in arguments))
        assert code in (2, 3)
        assert "5e7f" not in out + err

    def test_of_a_proxy(self, lossctl: Lossctl) -> None:
        found = lossctl("bce", "http://host.test/p.csv", http_proxy="http://me:5e7f@127.0.0.1:9")
        assert (found.code, "5e7f" in found.err) == (3, False)


class TestRedirects:
    """A server may send on to another address of the web, and from https to https only."""

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
    def test_files_of_this_machine_are_no_answer(self, target: str) -> None:
        class Sends(Quiet):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", target)
                self.end_headers()

        with serving(Sends) as server, pytest.raises(DataError) as caught:
            score("mse", f"http://127.0.0.1:{server.server_port}/f.csv")
        assert "root:" not in str(caught.value)

    def test_what_is_safe_on_the_way_stays_so(self) -> None:
        handler = web._Redirects()  # noqa: SLF001
        request = urllib.request.Request("https://host/f.csv")
        with pytest.raises(urllib.error.URLError, match="from https to where there is none"):
            handler.redirect_request(request, None, 302, "", {}, "http://host/f.csv")
        again = handler.redirect_request(request, None, 302, "", {}, "https://other/f.csv")
        assert again.full_url == "https://other/f.csv"
