"""``python -m lossctl`` and the ``lossctl`` command."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

_INTERRUPTED = (130, 143)


def main() -> int:
    """Run the command line and return its exit code."""
    # What is imported stays: looking for garbage among it takes a tenth of a short run.
    gc.set_threshold(50_000)
    # OpenBLAS starts a thread for each core when NumPy is imported, and nothing here uses them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Arrow's own allocator keeps a tenth more, and more of it the longer the input is.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if (
                number is not None and signal.getsignal(number) == signal.SIG_DFL
            ):  # nohup ignores it
                signal.signal(number, _terminate)
        from lossctl.cli.app import run  # noqa: PLC0415  # imports can be interrupted, too

        code = run(sys.argv[1:])
    except KeyboardInterrupt as error:
        code = 130 if type(error) is KeyboardInterrupt else 143
    finally:
        gc.freeze()  # nor is it looked for when Python ends
    if code in _INTERRUPTED:
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End at once: Python would wait for its threads, and one may wait for a pipe."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _terminate(*_: object) -> None:
    from lossctl.cli.exits import Terminated  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is cleaned up now is not cut off again
    raise Terminated


if __name__ == "__main__":
    sys.exit(main())
