"""Inputs on the web and in S3: the same bits as files, or an error that says what is wrong."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import Run
from pyarrow import fs
from servers import Site, s3_endpoint, web_server

from lossctl import score
from lossctl.errors import DataError, UsageError
from lossctl.result import Result
from lossctl.sources import web

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
ROWS = 20_000  # far more than what is looked at first
WAYS = ("plain", "ranged", "untagged", "breaking", "chunked", "moved")


@pytest.fixture(name="site")
def _site() -> Iterator[Site]:
    with web_server() as site:
        yield site


@pytest.fixture(name="frame", scope="module")
def _frame() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    return {"id": np.arange(ROWS), "prob": rng.random(ROWS), "label": rng.integers(0, 2, ROWS)}


@pytest.fixture(name="contents", scope="module")
def _contents(frame: dict[str, np.ndarray]) -> dict[str, bytes]:
    """Return one table in several formats."""
    rows = zip(*(column.tolist() for column in frame.values()), strict=True)
    text = b"id,prob,label\n" + b"".join(b"%d,%r,%d\n" % row for row in rows)
    parquet, arrow, archive, fortran = (io.BytesIO() for _ in range(4))
    table = pa.table(frame)
    pq.write_table(table, parquet, row_group_size=3000)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table)
    np.savez(archive, predictions=frame["prob"], labels=frame["label"])
    np.save(fortran, np.asfortranarray(np.column_stack([frame["prob"], frame["label"]])))
    lines = [json.dumps(row) for row in table.to_pylist()]
    return {
        "t.csv": text,
        "t.csv.gz": gzip.compress(text),
        "t.csv.zst": bytes(pa.compress(text, "zstd", asbytes=True)),
        "t.jsonl": "\n".join(lines).encode(),
        "t.parquet": parquet.getvalue(),
        "t.arrow": arrow.getvalue(),
        "t.npz": archive.getvalue(),
        "t.npy": fortran.getvalue(),
    }


@pytest.fixture(name="value", scope="module")
def _value(frame: dict[str, np.ndarray]) -> float:
    return score("bce", frame["prob"], frame["label"]).value


def columns_of(name: str) -> dict[str, str]:
    """Return the options that a table without names needs."""
    return {"pred_col": "0", "label_col": "1"} if name.endswith("npy") else {}


NAMES = ("t.csv", "t.csv.gz", "t.csv.zst", "t.jsonl", "t.parquet", "t.arrow", "t.npz", "t.npy")


def options(name: str) -> list[str]:
    """Return the options that a table without names needs."""
    return ["--pred-col", "0", "--label-col", "1"] if name.endswith("npy") else []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_every_format_on_every_server_gives_the_same_bits(
    way: str, name: str, site: Site, contents: dict[str, bytes], value: float
) -> None:
    site.put(name, contents[name])
    address = f"{site.address}/{way}/{name}"
    assert score("bce", address, **columns_of(name)).value == value  # type: ignore[arg-type]


def test_a_server_without_ranges_is_asked_once(site: Site, contents: dict[str, bytes]) -> None:
    score("bce", site.put("t.csv", contents["t.csv"]))
    assert site.requests == ["plain bytes=0-65535"]


def test_a_large_file_is_asked_for_its_head_and_its_rest(
    site: Site, contents: dict[str, bytes]
) -> None:
    site.put("t.csv", contents["t.csv"])
    score("bce", f"{site.address}/ranged/t.csv")
    assert site.requests[0] == "ranged bytes=0-65535"
    assert set(site.requests[1:]) == {"ranged bytes=65536-"}
    assert len(site.requests) <= 3


ERRORS = {
    "plain": "there is no such file (404 Not Found), {address}/plain/none.csv",
    "denied": "access is denied (403 Forbidden), {address}/denied/t.csv",
    "broken": "the server answers 500 Internal Server Error, {address}/broken/t.csv",
    "page": "the address gives a web page, not a file, {address}/page/t.csv",
    "changing": "the file changed while it was read, {address}/changing/t.csv",
    "growing": "the file changed while it was read, {address}/growing/t.csv",
    "shrinking": "the file changed while it was read, {address}/shrinking/t.csv",
    "cut": "the transfer broke off 1 bytes before its end, {address}/cut/t.csv",
    "stuck": "bytes before its end, {address}/stuck/t.csv",
    "cut_chunks": "cannot read from the server: IncompleteRead(",
    "lengthless": "the server does not say how long the file is, {address}/lengthless/t.csv",
    "away": "cannot read from the server: unknown url type: ftp",
    "around": "sends on and on, or to where there is no file for us (302 Found)",
    "rangeless": "the server answers 206 Partial Content, {address}/rangeless/t.csv",
    "never": "the server answers 416 ",  # in words that go by the version of Python
    "packed": "the server compresses with 'br' though it was asked not to",
    "nonsense": "cannot read from the server: SSH-2.0",
}


@pytest.mark.parametrize("way", ERRORS)
def test_what_goes_wrong_on_the_way_is_an_error(
    way: str, site: Site, contents: dict[str, bytes], lossctl: Lossctl
) -> None:
    site.put("t.csv", contents["t.csv"])
    run = lossctl("bce", f"{site.address}/{way}/{'none.csv' if way == 'plain' else 't.csv'}")
    assert (run.code, run.out) == (3, "")
    assert ERRORS[way].format(address=site.address) in run.err
    assert run.err.startswith("error: ")
    assert run.err.count("\n") <= 2
    assert "5e7f" not in run.err


def test_names_as_people_write_them_and_odd_but_honest_servers(
    site: Site, contents: dict[str, bytes], value: float
) -> None:
    for name in ("a b.csv", "ü.csv", "100%25.csv"):
        site.files.update(dict.fromkeys((quote(name), name), contents["t.csv"]))
        assert score("bce", f"{site.address}/plain/{name}?x=1").value == value
    site.put("t.csv", contents["t.csv"])
    assert score("bce", f"{site.address}/short/t.csv").value == value
    site.put("empty.csv", b"")
    with pytest.raises(DataError, match="empty"):
        score("bce", f"{site.address}/ranged/empty.csv")


@pytest.mark.parametrize("address", ["http://[::1/x.csv", "https://[bad]/x.csv"])
def test_what_is_no_address(address: str, lossctl: Lossctl) -> None:
    for arguments in ((address,), ("f.csv", address)):
        run = lossctl("bce", *arguments)
        assert run.code == 3
        assert run.err.startswith("error: ")


def test_a_silent_server_is_not_waited_for(
    site: Site, contents: dict[str, bytes], scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TIMEOUT", 0.3)
    site.put("t.csv", contents["t.csv"])
    with pytest.raises(DataError, match=r"the server was silent for 0\.3 seconds"):
        scored("bce", f"{site.address}/silent/t.csv")


def test_no_server(lossctl: Lossctl) -> None:
    run = lossctl("bce", "http://127.0.0.1:9/t.csv")
    assert (run.code, run.err) == (
        3,
        "error: cannot read from the server: Connection refused, http://127.0.0.1:9/t.csv\n",
    )
    assert lossctl("bce", "http:///t.csv").code == 3
    assert lossctl("bce", "http://127.0.0.1:port/t.csv").code == 3


def test_a_signature_in_an_address_is_not_shown(site: Site, lossctl: Lossctl) -> None:
    address = site.put("p.csv", b"prob,label\n0.25,0\n0.5,1\n")
    site.put("bad.csv", b"prob,label\n0.25,0\nx,1\n")
    run = lossctl("bce", f"{address}?user=me&sig=5e7f", "--json")
    assert run.code == 0, run.err
    assert json.loads(run.out)["predictions"] == f"{address}?user=…&sig=…"
    run = lossctl("bce", f"{site.address}/plain/bad.csv?sig=5e7f")
    assert "5e7f" not in run.err
    assert f"{site.address}/plain/bad.csv?sig=…, line 3, column 'prob'" in run.err


@pytest.mark.parametrize("address", ["https://me:pw@host/t.csv", "s3://key:secret@bucket/t.csv"])
def test_a_password_in_an_address_is_refused(address: str, scored: Score) -> None:
    with pytest.raises(UsageError, match="an address with a user or password in it"):
        scored("bce", address)


def test_two_inputs_from_one_server(site: Site, lossctl: Lossctl, write: Write) -> None:
    predictions = site.put("p.csv", b"prob\n0.25\n0.5\n")
    labels = site.put("y.csv", b"label\n0\n1\n")
    write("p.csv", "prob\n0.25\n0.5\n")
    write("y.csv", "label\n0\n1\n")
    expected = lossctl("bce", "p.csv", "y.csv", "--value").out
    assert lossctl("bce", predictions, labels, "--value").out == expected
    assert lossctl("bce", "p.csv", labels, "--value").out == expected
    run = lossctl("bce", predictions, predictions)
    assert (run.code, run.err.startswith("error: two inputs are the same stream")) == (3, True)


@pytest.fixture(name="endpoint", scope="module")
def _endpoint() -> Iterator[str]:
    with s3_endpoint() as address:
        yield address


@pytest.fixture(name="bucket")
def _bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> fs.S3FileSystem:
    """Point the environment to the endpoint, with an empty bucket in it."""
    urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()  # noqa: S310
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "5ecret")
    store = fs.S3FileSystem(endpoint_override=endpoint, allow_bucket_creation=True)
    store.create_dir("bucket")
    return store


def put(store: fs.S3FileSystem, path: str, content: bytes) -> None:
    """Write an object."""
    with store.open_output_stream(path, compression=None) as stream:
        stream.write(content)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_in_s3_gives_the_same_bits(
    name: str, bucket: fs.S3FileSystem, contents: dict[str, bytes], value: float
) -> None:
    put(bucket, f"bucket/a folder/{name}", contents[name])
    found = score("bce", f"s3://bucket/a folder/{name}", **columns_of(name))  # type: ignore[arg-type]
    assert found.value == value


def in_s3(lossctl: Lossctl, endpoint: str, *arguments: str) -> Run:
    """Run the program with the endpoint in its environment."""
    return lossctl(
        *arguments,
        AWS_ENDPOINT_URL=endpoint,
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="5ecret",  # noqa: S106
    )


def test_objects_below_a_prefix_are_one_table(
    bucket: fs.S3FileSystem,
    endpoint: str,
    contents: dict[str, bytes],
    value: float,
    lossctl: Lossctl,
) -> None:
    header, *lines = contents["t.csv"].splitlines(keepends=True)
    for part in range(12):
        put(bucket, f"bucket/run/part-{part}.csv", header + b"".join(lines[part::12]))
    put(bucket, "bucket/run/_SUCCESS", b"")
    put(bucket, "bucket/run/below/other.csv", b"x")
    for name in ("s3://bucket/run", "s3://bucket/run/", "s3://bucket/r*/part-*.csv"):
        run = in_s3(lossctl, endpoint, "bce", name, "--value")
        assert (run.code, run.out, run.err) == (0, f"{value!r}\n", "")
    run = in_s3(lossctl, endpoint, "bce", "s3://bucket/run/part-1?.csv", "--json")
    assert json.loads(run.out)["n"] == len(lines[10::12]) + len(lines[11::12])


def test_what_goes_wrong_in_s3(
    bucket: fs.S3FileSystem, endpoint: str, lossctl: Lossctl, contents: dict[str, bytes]
) -> None:
    put(bucket, "bucket/t.csv", contents["t.csv"].replace(b"\n7,", b"\n7,x", 1))
    for name, said in {
        "s3://bucket/none.csv": "there is no such object, s3://bucket/none.csv",
        "s3://none/t.csv": "there is no such object, s3://none/t.csv",
        "s3://bucket/*.npy": "no object is there, s3://bucket/*.npy",
        "s3://bucket/t.csv": "'x0.",
    }.items():
        run = in_s3(lossctl, endpoint, "bce", name)
        assert (run.code, run.out) == (3, "")
        assert run.err.startswith("error: ")
        assert said in run.err
    assert "s3://bucket/t.csv, line 9, column 'prob'" in run.err
    run = in_s3(lossctl, "http://127.0.0.1:9", "bce", "s3://bucket/t.csv")
    assert (run.code, "cannot read from the store: " in run.err) == (3, True)


def check_access_after(endpoint: str, requests: int) -> None:
    """Let the endpoint ask for real credentials after so many requests."""
    headers = {"Content-Type": "text/plain"}
    url = f"{endpoint}/moto-api/reset-auth"
    urlopen(Request(url, b"%d" % requests, headers, method="POST")).close()  # noqa: S310


def test_access_denied_is_said_and_no_secret_with_it(
    bucket: fs.S3FileSystem, endpoint: str, lossctl: Lossctl, contents: dict[str, bytes]
) -> None:
    put(bucket, "bucket/t.csv", contents["t.csv"])
    check_access_after(endpoint, requests=0)
    try:
        run = in_s3(lossctl, endpoint, "bce", "s3://bucket/t.csv")
    finally:
        check_access_after(endpoint, requests=1_000_000)
    assert (run.code, run.out) == (3, "")
    assert run.err == (
        "error: access is denied, s3://bucket/t.csv\n"
        "hint: credentials come from the environment: AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n"
    )


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_an_object_that_changes_while_it_is_read_is_an_error(
    name: str, bucket: fs.S3FileSystem, contents: dict[str, bytes]
) -> None:
    from lossctl.sources import InputOptions, open_tables  # noqa: PLC0415
    from lossctl.sources.table import Request as Columns  # noqa: PLC0415

    first = contents[name]
    if name == "t.csv":  # more than is read at once
        first += b"".join(first.splitlines(keepends=True)[1:]) * 20
    second = first + first[-8:]
    put(bucket, f"bucket/{name}", first)
    (table,) = open_tables([f"s3://bucket/{name}"], InputOptions()).tables
    assert sum(len(batch) for batch in table.read(Columns((1,)), keep=True)) >= ROWS
    put(bucket, f"bucket/{name}", second)
    with pytest.raises(DataError, match="the file changed while it was read"):
        list(table.read(Columns((1,))))
    put(bucket, f"bucket/{name}", first)
    (table,) = open_tables([f"s3://bucket/{name}"], InputOptions()).tables
    batches = table.read(Columns((1,)))
    next(batches)
    put(bucket, f"bucket/{name}", second)
    with pytest.raises(DataError, match="the file changed while it was read"):
        list(batches)


def test_a_file_address_is_a_path(
    contents: dict[str, bytes], value: float, write: Write, lossctl: Lossctl
) -> None:
    path = write("t.csv", contents["t.csv"])
    assert lossctl("bce", f"file://{path}", "--value").out == f"{value!r}\n"
    run = lossctl("bce", "ftp://host/t.csv")
    assert (run.code, "cannot read this address" in run.err) == (3, True)
