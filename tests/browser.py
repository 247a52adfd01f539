"""A web page as a person sees it: a file opened in Chromium over its pipe for developers.

https://chromedevtools.github.io/devtools-protocol/ names commands and events. Nothing more is
needed than the browser: it reads commands from its descriptor 3 and writes to its descriptor 4.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = f"none of {', '.join(NAMES)} is on the path: apt-get install chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",  # root has none, and containers neither; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",  # a container's /dev/shm is small
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # what a page asks for is heard, and goes nowhere
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PIPES = 'exec "$@" 3<&0 4>&1 </dev/null >&2'
LIMIT = 5.0  # seconds, of a command or of a wait
HEARD = ("Page", "Runtime", "Log", "Network")
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Space": (32, " ")}
WITHIN = ("data:", "blob:", "about:")

Message = dict[str, Any]


def installed() -> str | None:
    """Return the path of a browser, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser of its own, with no window, no network and a new folder for what it remembers."""

    def __init__(self, program: str, folder: Path) -> None:
        """Start it; its log is in the folder."""
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", PIPES, "sh", program, *FLAGS, f"--user-data-dir={folder}/user"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._held = b""
        self._calls = 0
        self._events: dict[str, list[Message]] = {}

    def close(self) -> None:
        """End it, by force if it will not."""
        with self._process as process:
            try:
                self.send("Browser.close")
                process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()

    def send(self, method: str, session: str | None = None, **parameters: object) -> int:
        """Send a command and wait for nothing; return its number."""
        self._calls += 1
        message: Message = {"id": self._calls, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        self._process.stdin.flush()
        return self._calls

    def call(self, method: str, session: str | None = None, **parameters: object) -> Message:
        """Send a command and return its answer; what happens meanwhile is kept."""
        number = self.send(method, session, **parameters)
        limit = time.monotonic() + LIMIT
        while (message := self._receive(limit)).get("id") != number:
            self._keep(message)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        result: Message = message["result"]
        return result

    def events(self, session: str) -> list[Message]:
        """Return what has happened in a page so far."""
        return self._events.setdefault(session, [])

    def _keep(self, message: Message) -> None:
        session = message.get("sessionId", "")
        if "method" in message:
            self.events(session).append(message)
        if message.get("method") == "Page.javascriptDialogOpening":  # else the page waits for ever
            self.send("Page.handleJavaScriptDialog", session, accept=False)

    def _receive(self, limit: float) -> Message:
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        while b"\0" not in self._held:
            if not select.select([descriptor], [], [], max(0.0, limit - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(descriptor, 1 << 20)
            if not part:
                raise EOFError("the browser has ended: see its log")
            self._held += part
        text, _, self._held = self._held.partition(b"\0")
        message: Message = json.loads(text)
        return message


class Page:
    """A tab: what is in it, what it looks like, and what it has said and asked for."""

    def __init__(self, browser: Browser) -> None:
        """Open an empty tab."""
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session: str = attached["sessionId"]
        for domain in HEARD:
            self.call(f"{domain}.enable")
        self.media()

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", targetId=self._target)

    def call(self, method: str, **parameters: object) -> Message:
        """Send a command to this tab and return its answer."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, path: Path) -> None:
        """Open a file and wait until it is loaded."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")

    def evaluate(self, script: str) -> Any:
        """Return what an expression of JavaScript, or its promise, comes to."""
        done = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in done:
            raise RuntimeError(f"{script}: {_thrown(done['exceptionDetails'])}")
        return done["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression of JavaScript is true."""
        limit = time.monotonic() + LIMIT
        while not self.evaluate(script):
            if time.monotonic() > limit:
                raise TimeoutError(f"never true: {script}")
            time.sleep(0.02)

    def size(self, width: int, height: int = 800, *, phone: bool = False, scale: int = 1) -> None:
        """Make the window this wide, in CSS pixels; a phone heeds what a page says of its width."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)

    def media(self, scheme: str = "light", medium: str = "") -> None:
        """Prefer light or dark, and no motion; show as on a screen or as in print."""
        wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.call("Emulation.setEmulatedMedia", media=medium, features=features)

    def scripts(self, *, run: bool) -> None:
        """Let the scripts of pages opened from now on run, or not; evaluate works all the same."""
        self.call("Emulation.setScriptExecutionDisabled", value=not run)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        number, text = KEYS[key]
        pressed = {"key": text if key == "Space" else key, "code": key}
        pressed["windowsVirtualKeyCode"] = number  # type: ignore[assignment]
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **pressed)
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def screenshot(self, selector: str | None = None) -> bytes:
        """Return a PNG picture of the window, or of the first element of a selector."""
        options: Message = {"format": "png"}
        if selector:
            box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
            x, y, width, height = self.evaluate(
                f"(b => [b.x + scrollX, b.y + scrollY, b.width, b.height])({box})"
            )
            options["clip"] = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
            options["captureBeyondViewport"] = True
        return base64.b64decode(self.call("Page.captureScreenshot", **options)["data"])

    def pdf(self) -> bytes:
        """Return what the printer would get."""
        done = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(done["data"])

    def requests(self) -> list[str]:
        """Return the addresses asked for, the page's own first; not what it has within itself."""
        heard = self._heard("Network.requestWillBeSent")
        return [url for event in heard if not (url := event["request"]["url"]).startswith(WITHIN)]

    def complaints(self) -> list[str]:
        """Return messages to the console, errors, breaches of the policy, and dialogs."""
        logged = [event["entry"] for event in self._heard("Log.entryAdded")]
        called = self._heard("Runtime.consoleAPICalled")
        thrown = self._heard("Runtime.exceptionThrown")
        dialogs = self._heard("Page.javascriptDialogOpening")
        return [
            *(f"{entry['source']} {entry['level']}: {entry['text']}" for entry in logged),
            *(f"console.{event['type']}: {_said(event['args'])}" for event in called),
            *(f"uncaught: {_thrown(event['exceptionDetails'])}" for event in thrown),
            *(f"{event['type']}: {event['message']}" for event in dialogs),
        ]

    def _heard(self, method: str) -> list[Message]:
        self.evaluate("0")  # what has happened is told before this is answered
        events = self._browser.events(self._session)
        return [event["params"] for event in events if event["method"] == method]


def _said(values: list[Message]) -> str:
    return " ".join(str(value.get("value", value.get("description", "?"))) for value in values)


def _thrown(details: Message) -> str:
    return str(details.get("exception", {}).get("description", details["text"]))


@contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """Run a browser, and end it."""
    started = Browser(program, folder)
    try:
        yield started
    finally:
        started.close()


@contextmanager
def tab(started: Browser) -> Iterator[Page]:
    """Open an empty tab, and close it."""
    page = Page(started)
    try:
        yield page
    finally:
        page.close()
