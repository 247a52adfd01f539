"""What the catalogue says that losses have to do with each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import entr, xlogy

from lossctl import row_losses, score
from lossctl.losses.known_as import IDENTITIES

RNG = np.random.default_rng(31)
P, Y = RNG.normal(size=80), RNG.normal(size=80)
SHARE, EVENT = RNG.random(80), RNG.integers(0, 2, 80)
BOTH = np.column_stack([1 - SHARE, SHARE])
ROWS, SOFT = RNG.dirichlet(np.ones(4), 80), RNG.dirichlet(np.ones(4), 80)
CLASS, LOGITS = RNG.integers(0, 4, 80), RNG.normal(size=(80, 4))
MEAN, COUNT = RNG.random(80) + 0.1, RNG.integers(0, 5, 80)
of = row_losses

PAIRS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "sse": lambda: (score("sse", P, Y).value, 80 * score("mse", P, Y).value),
    "rmse": lambda: (score("rmse", P, Y).value ** 2, score("mse", P, Y).value),
    "rmsle": lambda: (score("rmsle", MEAN, COUNT).value ** 2, score("msle", MEAN, COUNT).value),
    "smooth-l1": lambda: (of("smooth-l1:beta=0.3", P, Y), of("huber:delta=0.3", P, Y) / 0.3),
    "quantile": lambda: (of("quantile", P, Y), of("mae", P, Y) / 2),
    "tweedie": lambda: (
        [of(f"tweedie:power={k}", MEAN, COUNT + 1) for k in (0, 1, 2)],
        [of(name, MEAN, COUNT + 1) for name in ("mse", "poisson", "gamma")],
    ),
    "bce": lambda: (of("bce", SHARE, EVENT), of("ce", BOTH, EVENT)),
    "soft-margin": lambda: (of("soft-margin", P, EVENT), of("bce", P, EVENT, from_="logits")),
    "nll": lambda: (of("nll", np.log(ROWS), CLASS), of("ce", ROWS, CLASS)),
    "kl-div": lambda: (of("kl-div", ROWS, SOFT), of("ce", ROWS, SOFT) - entr(SOFT).sum(axis=1)),
    "brier": lambda: (of("brier", BOTH, EVENT), 2 * of("brier", SHARE, EVENT)),
    "rps": lambda: (of("rps", BOTH, EVENT), of("brier", SHARE, EVENT)),
    "focal": lambda: (
        [of("focal:gamma=0", SHARE, EVENT), of("focal:gamma=0", ROWS, CLASS)],
        [of("bce", SHARE, EVENT), of("ce", ROWS, CLASS)],
    ),
    "squared-hinge": lambda: (of("squared-hinge", P, EVENT), of("hinge", P, EVENT) ** 2),
    "multiclass-hinge": lambda: (
        of("multiclass-hinge", LOGITS[:, :2], EVENT),
        of("hinge", LOGITS[:, 1] - LOGITS[:, 0], EVENT),
    ),
    "gaussian-nll": lambda: (
        of("gaussian-nll", np.column_stack([P, np.ones(80)]), Y),
        of("mse", P, Y) / 2,
    ),
    "poisson-nll": lambda: (
        of("poisson-nll", np.log(MEAN), COUNT) - COUNT + xlogy(COUNT, COUNT),
        of("poisson", MEAN, COUNT) / 2,
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities(name: str) -> None:
    left, right = PAIRS[name]()
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-14)
