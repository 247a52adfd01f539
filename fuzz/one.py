"""Run one target in this process: ``python -m fuzz.one TARGET [options of libFuzzer]``."""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import sys
import tempfile
import warnings
from contextlib import suppress

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

import atheris

from fuzz import MODULES

MEMORY = 4 << 30  # bytes of addresses, most of them of libraries that are mapped
GUIDING = ["lossctl", "zipfile"]  # whose branches guide the search


def main() -> None:
    """Look for bytes for which the check of the target raises, or takes too long."""
    name, *options = sys.argv[1:]
    # A process of its own, which has no settings and leaves none.
    os.environ["HOME"] = tempfile.mkdtemp(prefix="lossctl-fuzz-home-")
    with atheris.instrument_imports(include=GUIDING):
        import lossctl
        from lossctl.errors import MissingError

        for module in pkgutil.walk_packages(lossctl.__path__, "lossctl."):
            if not module.name.endswith("__main__"):
                with suppress(MissingError):  # of Dask, which no target needs
                    importlib.import_module(module.name)
    place = next(module for module, names in MODULES.items() if name in names)
    importlib.import_module(f"fuzz.{place}")
    from fuzz.target import TARGETS

    chosen = TARGETS[name]
    warnings.simplefilter("error", RuntimeWarning)  # nor may NumPy remark on anything
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder = os.path.join(os.path.dirname(__file__), "corpus", name)
    os.makedirs(folder, exist_ok=True)
    for i, seed in enumerate(chosen.seeds()):
        with open(os.path.join(folder, f"seed-{i}"), "wb") as file:
            file.write(seed)
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_len={chosen.longest}",
            "-timeout=5",
            "-len_control=0",
            *options,
            folder,
        ],
        chosen.check,
        enable_python_coverage=True,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
