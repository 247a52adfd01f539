"""Servers on loopback: a web server that misbehaves on request, and an S3 endpoint."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from urllib.request import urlopen


@dataclass
class Site:
    """What a web server has: the first part of a path says how it is given."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes) -> str:
        """Put a file there; return its address, as the plainest server gives it."""
        self.files[name] = content
        return f"{self.address}/plain/{name}"


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:  # noqa: C901  # a way a method
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def do_GET(self) -> None:
            _, way, name = urlsplit(self.path).path.split("/", 2)
            asked = self.headers.get("Range", "")
            site.requests.append(f"{way} {asked}".strip())
            self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):
                getattr(self, way)(site.files.get(name), asked)

        def _give(self, status: int, body: bytes, given: bytes, **headers: str) -> None:
            self.send_response(status)
            for key, value in ({"Content_Length": str(len(body))} | headers).items():
                if value:
                    self.send_header(key.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(given)

        def _range(self, body: bytes, asked: str, *, cut: int | None = None, tag: str = "") -> None:
            start, _, stop = asked.removeprefix("bytes=").partition("-")
            part = body[int(start) : int(stop) + 1 if stop else None]
            if not part:
                self._give(416, b"", b"")
                return
            where = f"bytes {start}-{int(start) + len(part) - 1}/{len(body)}"
            self._give(206, part, part[:cut], Content_Range=where, ETag=tag)

        def plain(self, body: bytes | None, asked: str) -> None:  # noqa: ARG002
            """Give all of the file, whatever was asked for."""
            if body is None:
                self._give(404, b"no", b"no")
            else:
                self._give(200, body, body)

        def ranged(self, body: bytes, asked: str) -> None:
            self._range(body, asked, tag='"v1"')

        def untagged(self, body: bytes, asked: str) -> None:
            """Give ranges, but name no version of the file."""
            if asked:
                self._range(body, asked)
            else:
                self.plain(body, asked)

        def changing(self, body: bytes, asked: str) -> None:
            """Give another version each time, as long as the one before."""
            self._range(body, asked, tag=f'"v{len(site.requests)}"')

        def growing(self, body: bytes, asked: str) -> None:
            self._range(body + b"1,0\n" * len(site.requests), asked, tag='"v1"')

        def shrinking(self, body: bytes, asked: str) -> None:
            self._range(body[: len(body) >> len(site.requests) - 1], asked, tag='"v1"')

        def breaking(self, body: bytes, asked: str) -> None:
            """Break off each transfer after a third of the file."""
            self._range(body, asked, cut=len(body) // 3, tag='"v1"')

        def stuck(self, body: bytes, asked: str) -> None:
            """Never get beyond the first third of the file."""
            whole = asked.startswith("bytes=0-")
            self._range(body, asked, cut=None if whole else 0, tag='"v1"')

        def cut(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(200, body, body[:-1])

        def chunked(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            given = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            self._give(200, body, given, Content_Length="", Transfer_Encoding="chunked")

        def cut_chunks(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            given = b"%x\r\n%b\r\n" % (len(body), body)
            self._give(200, body, given, Content_Length="", Transfer_Encoding="chunked")

        def lengthless(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(200, body, body, Content_Length="")

        def silent(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            """Say nothing more after the first half."""
            self._give(200, body, body[: len(body) // 2])
            time.sleep(1.5)

        def denied(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(403, b"no", b"no")

        def broken(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(500, b"no", b"no")

        def page(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(200, b"<html>", b"<html>", Content_Type="text/html; charset=utf-8")

        def moved(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            place = self.path.replace("/moved/", "/ranged/")
            self._give(302, b"", b"", Location=place)

        def away(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(302, b"", b"", Location="ftp://127.0.0.1/f.csv?secret=5e7f")

        def around(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(302, b"", b"", Location=self.path)

        def rangeless(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            """Give a part without saying which."""
            self._give(206, body[:40], body[:40])

        def never(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(416, b"", b"")

        def packed(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self._give(200, body, body, Content_Encoding="br")

        def short(self, body: bytes, asked: str) -> None:
            """Give no more than a little at a time, of what was asked for from a start on."""
            stop = asked.partition("-")[2]
            self._range(body, f"{asked.partition('-')[0]}-999" if stop else asked, tag='"v1"')

        def nonsense(self, body: bytes, asked: str) -> None:  # noqa: ARG002
            self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")

    return Handler


@contextmanager
def web_server() -> Iterator[Site]:
    """Run a web server in a thread."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def s3_endpoint() -> Iterator[str]:
    """Run an S3 endpoint as a process and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(address)
            yield address
        finally:
            server.kill()


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            with urlopen(f"{address}/moto-api/", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the S3 endpoint did not start")
