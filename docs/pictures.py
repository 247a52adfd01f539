"""The README's pictures, of the sample data: ``make pictures``.

``report-light.png`` and ``report-dark.png`` are the top of a page of ``lossctl report``,
``terminal.svg`` is what a terminal shows of ``--plot``.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import INSTALL, browser, installed, tab
from processes import in_terminal, piped
from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent
ROOT = DOCS.parent
REPORT = (
    *("bce", "models/base.csv", "models/deep.csv", "models/wide.csv"),
    *("--labels", "customers.csv", "--baseline", "models/base.csv"),
)
PLOT = ("ce", "submission.csv", "solution.csv", "--plot")
COLUMNS = 88
DRAWN = "document.querySelectorAll('svg.marks').length > 0"


def report(width: int = 1000, height: int = 1110) -> None:
    """Draw the top of the report, in light and in dark."""
    program = installed()
    if program is None:
        sys.exit(f"error: there is no browser\nhint: {INSTALL}")
    with TemporaryDirectory() as folder, browser(program, Path(folder)) as started:
        path = Path(folder, "report.html")
        written = piped(ROOT / "sample_data", b"", "report", *REPORT, "-o", str(path))
        if written.code:
            sys.exit(written.err)
        for scheme in ("light", "dark"):
            with tab(started) as page:
                page.size(width, height)
                page.media(scheme)
                page.open(path)
                page.until(DRAWN)
                (DOCS / f"report-{scheme}.png").write_bytes(page.screenshot())


def terminal() -> None:
    """Draw what a terminal shows."""
    code, shown = in_terminal(ROOT / "sample_data", *PLOT, columns=COLUMNS)
    if code:
        sys.exit(shown)
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text(f"$ lossctl {' '.join(PLOT)}", style="bold"))
    console.print(Text.from_ansi(shown), soft_wrap=True)
    drawn = console.export_svg(title="lossctl")
    # The font would come from elsewhere: a picture asks for nothing.
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    (DOCS / "terminal.svg").write_text(drawn + "\n", encoding="utf-8")


if __name__ == "__main__":
    terminal()
    report()
