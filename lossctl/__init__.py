"""How wrong are these predictions? The Python API of lossctl; its command line is ``lossctl``.

>>> import lossctl
>>> lossctl.score("bce", [0.9, 0.2, 0.6], [1, 0, 1]).value
0.2797765635793423
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lossctl.version import __version__

if TYPE_CHECKING:
    from lossctl.api import Options, batch, merge, merges, partial, row_losses, score, scores
    from lossctl.errors import DataError, LossctlError, UsageError
    from lossctl.losses import LOSSES
    from lossctl.result import Ranking, Result

# Where each name is; looked up when it is first used, since --help does without NumPy.
_HOMES = {
    "DataError": "errors",
    "LOSSES": "losses",
    "LossctlError": "errors",
    "Options": "api",
    "Ranking": "result",
    "Result": "result",
    "UsageError": "errors",
    "batch": "api",
    "merge": "api",
    "merges": "api",
    "partial": "api",
    "row_losses": "api",
    "score": "api",
    "scores": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lossctl' has no attribute '{name}'")
    return getattr(import_module(f"lossctl.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])


__all__ = [
    "LOSSES",
    "DataError",
    "LossctlError",
    "Options",
    "Ranking",
    "Result",
    "UsageError",
    "__version__",
    "batch",
    "merge",
    "merges",
    "partial",
    "row_losses",
    "score",
    "scores",
]
