"""``python -m lossctl`` and the ``lossctl`` command."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # OpenBLAS starts a thread for each core when NumPy is imported, and nothing here uses them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from lossctl.cli.app import run  # noqa: PLC0415  # imports can be interrupted, too

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
