"""Time a library's loss on arrays in memory: ``python in_memory.py LIBRARY LOSS``.

Prints the value and the seconds of a call: after one that is not counted, the median of three.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

ROWS = 10_000_000
FILES = {
    "mse": ("mse_predictions.npy", "mse_labels.npy"),
    "bce": ("bce_predictions.npy", "bce_labels.npy"),
    "ce": ("ce_logits.npy", "ce_labels.npy"),
}


def arrays(loss: str) -> tuple[Any, Any]:
    """Return predictions in float64, and labels in float64 or for classes in int64."""
    prediction, label = (np.load(name, mmap_mode="r")[:ROWS] for name in FILES[loss])
    return np.array(prediction), np.array(label, dtype=np.int64 if loss == "ce" else np.float64)


def lossctl(loss: str, prediction: Any, label: Any) -> Callable[[], float | None]:
    """Return lossctl's own, with all its checks and the standard error."""
    from lossctl import score  # noqa: PLC0415  # only one of the libraries is there

    if loss == "ce":
        return lambda: score("ce", prediction, label, from_="logits").value
    return lambda: score(loss, prediction, label).value


def torch(loss: str, prediction: Any, label: Any) -> Callable[[], float]:
    """Return torch's function, on two threads."""
    import torch  # noqa: PLC0415  # likewise
    from torch.nn import functional  # noqa: PLC0415  # likewise

    torch.set_num_threads(2)
    given, truth = torch.from_numpy(prediction), torch.from_numpy(label)
    name = {"mse": "mse_loss", "bce": "binary_cross_entropy", "ce": "cross_entropy"}[loss]
    function = getattr(functional, name)
    return lambda: float(function(given, truth))


def sklearn(loss: str, prediction: Any, label: Any) -> Callable[[], float]:
    """Return scikit-learn's metric, behind a softmax where there are logits."""
    from scipy.special import softmax  # noqa: PLC0415  # likewise
    from sklearn.metrics import log_loss, mean_squared_error  # noqa: PLC0415  # likewise

    if loss == "mse":
        return lambda: float(mean_squared_error(label, prediction))
    if loss == "ce":
        return lambda: float(log_loss(label, softmax(prediction, axis=1)))
    return lambda: float(log_loss(label, prediction))


LIBRARIES = {"lossctl": lossctl, "torch": torch, "sklearn": sklearn}


def main(library: str, loss: str) -> None:
    """Print the value and the seconds."""
    call = LIBRARIES[library](loss, *arrays(loss))
    value = call()
    seconds = []
    for _ in range(3):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    print(value, median(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
