"""How far long work is, on a terminal: rows, bytes, rate, time left. Gone when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

PATIENCE = 0.5  # seconds: what takes less shows nothing
_BAR = 20  # columns


class Meter:
    """Counts rows and bytes as several threads read them."""

    def __init__(self, total: int = 0) -> None:
        """Take how many bytes there are, if that is known."""
        self._total = total
        self._lock, self._start = Lock(), monotonic()
        self.rows = self.size = 0

    def __call__(self, rows: int, size: int) -> None:
        """Count rows and bytes that were read."""
        with self._lock:
            self.rows += rows
            self.size += size

    @property
    def share(self) -> float | None:
        """Which part of all is read, if that is known."""
        return min(self.size / self._total, 1.0) if self._total and self.size else None

    def line(self, seconds: float | None = None) -> str:
        """Say how far it is after some time, by default since the start."""
        seconds = max(monotonic() - self._start if seconds is None else seconds, 1e-9)
        parts = [_short(self.rows, "rows")]
        if self.size:
            parts.append(_short(self.size, "B"))
        parts.append(_short(self.rows / seconds, "rows/s"))
        if self.share:
            minutes, rest = divmod(round(seconds / self.share - seconds), 60)
            parts.append(f"{minutes}:{rest:02d} left")
        return "  ".join(parts)


def _short(number: float, unit: str) -> str:
    """Return a number of something with three digits.

    >>> [_short(n, "rows") for n in (20_000_000, 999, 1234.5)], _short(330_000, "B")
    (['20.0 M rows', '999 rows', '1.23 k rows'], '330 kB')
    """
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            size = number / factor
            digits = 0 if size >= 100 else 1 if size >= 10 else 2
            return f"{size:.{digits}f} {prefix}{'' if unit == 'B' else ' '}{unit}"
    return f"{number:.0f} {unit}"


@contextmanager
def shown(meter: Meter, stream: TextIO, *, color: bool) -> Iterator[Meter]:
    """Show a meter on a terminal while the work goes on, from half a second on."""
    display: list[Live] = []
    timer = Timer(PATIENCE, lambda: display.append(_live(meter, stream, color=color)))
    timer.daemon = True
    timer.start()
    try:
        yield meter
    finally:
        timer.cancel()
        timer.join()
        for live in display:
            live.stop()


def _live(meter: Meter, stream: TextIO, *, color: bool) -> Live:
    """Start to draw a meter, several times a second, in a line that leaves no trace."""
    from rich.console import Console  # noqa: PLC0415  # 50 ms, of which most work has no need
    from rich.live import Live  # noqa: PLC0415

    live = Live(
        console=Console(file=stream, no_color=not color, legacy_windows=False, highlight=False),
        get_renderable=lambda: _drawn(meter),
        refresh_per_second=5,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    live.start()
    return live


def _drawn(meter: Meter) -> Table:
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    share = meter.share
    cells: list[Any] = [meter.line()]
    if share is not None:
        cells.insert(0, ProgressBar(total=1.0, completed=share, width=_BAR))
    table = Table.grid(padding=(0, 1))
    table.add_row(*cells)
    return table
