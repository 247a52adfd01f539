"""``python -m lossctl`` and the ``lossctl`` command."""

from __future__ import annotations

import gc
import os
import sys
from io import RawIOBase

from lossctl.cli import stopping


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        stopping.listen()
        code = _run()
        stopping.deafen()
    except BaseException:  # imports that are interrupted raise whatever they like
        if stopping.code() is None:
            raise
    ended = stopping.code()
    if ended is not None:
        stopping.leave(ended)
    return code


def _run() -> int:
    # What is imported stays: looking for garbage among it takes a tenth of a short run.
    gc.set_threshold(50_000)
    # OpenBLAS starts a thread for each core when NumPy is imported, and nothing here uses them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Arrow's own allocator keeps a tenth more, and more of it the longer the input is.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _hold_streams()
    try:
        from lossctl.cli.app import run  # noqa: PLC0415  # imports can be interrupted, too

        return run(sys.argv[1:])
    finally:
        gc.freeze()  # nor is it looked for when Python ends


def _hold_streams() -> None:
    """Let no file that is opened later take the place of a standard stream that was closed.

    And let what a full disk takes in part be an error: with PYTHONUNBUFFERED the rest of it would
    be lost in silence.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):  # neither can be used
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if isinstance(getattr(sys.stdout, "buffer", None), RawIOBase):
        sys.stdout = open(1, "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())
