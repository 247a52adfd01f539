"""Make torch.json: what PyTorch prints in float64 for losses that lossctl also computes.

torch is too large for the test environment; the file stands in for it. To make it again:
``pip install torch==2.13.0 numpy`` into an environment of its own, then run this script.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

CASES: list[dict[str, Any]] = []
GENERATOR = torch.Generator().manual_seed(22)


def normal(*shape: int, spread: float = 3.0) -> torch.Tensor:
    """Return float64 normal values."""
    return spread * torch.randn(*shape, generator=GENERATOR, dtype=torch.float64)


def uniform(*shape: int) -> torch.Tensor:
    """Return float64 values from 0 to 1."""
    return torch.rand(*shape, generator=GENERATOR, dtype=torch.float64)


def case(name: str, loss: str, form: str | None, prediction: Any, label: Any, **of: Any) -> None:
    """Add a case: its rows as torch gives them without reduction, and torch's mean."""
    CASES.append(
        {
            "case": name,
            "loss": loss,
            "from": form,
            "predictions": prediction.tolist(),
            "labels": label.tolist(),
            **{key: value.tolist() for key, value in of.items()},
        }
    )


def main() -> None:
    """Write the file."""
    p, y = normal(20), normal(20)
    rows = functional.mse_loss(p, y, reduction="none")
    case("mse_loss", "mse", None, p, y, rows=rows, mean=functional.mse_loss(p, y))
    p, y = normal(20, 3), normal(20, 3)
    case("mse_loss/multi-output", "mse", None, p, y, mean=functional.mse_loss(p, y))
    case("l1_loss/multi-output", "mae", None, p, y, mean=functional.l1_loss(p, y))

    for name, label in (("hard", (uniform(30) < 0.5).double()), ("soft", uniform(30))):
        p, x = uniform(30), normal(30, spread=20.0)
        rows = functional.binary_cross_entropy(p, label, reduction="none")
        case(f"binary_cross_entropy/{name}", "bce", "probs", p, label, rows=rows, mean=rows.mean())
        rows = functional.binary_cross_entropy_with_logits(x, label, reduction="none")
        case(f"bce_with_logits/{name}", "bce", "logits", x, label, rows=rows, mean=rows.mean())
    x, label = normal(30, 4), (uniform(30, 4) < 0.5).double()
    mean = functional.binary_cross_entropy_with_logits(x, label)
    case("bce_with_logits/multi-label", "bce", "logits", x, label, mean=mean)

    for classes in (2, 3, 10, 40):
        x = normal(25, classes)
        index = torch.randint(0, classes, (25,), generator=GENERATOR)
        soft = torch.softmax(normal(25, classes), dim=1)
        rows = functional.cross_entropy(x, index, reduction="none")
        case(f"cross_entropy/{classes}", "ce", "logits", x, index, rows=rows, mean=rows.mean())
        rows = functional.cross_entropy(x, soft, reduction="none")
        case(f"cross_entropy/soft/{classes}", "ce", "logits", x, soft, rows=rows, mean=rows.mean())
        q = torch.log_softmax(x, dim=1)
        rows = functional.nll_loss(q, index, reduction="none")
        case(f"nll_loss/{classes}", "nll", "log-probs", q, index, rows=rows, mean=rows.mean())
    x = normal(4, 6, 5)
    index = torch.randint(0, 5, (4, 6), generator=GENERATOR)
    mean = functional.cross_entropy(x.movedim(-1, 1), index)
    case("cross_entropy/batch x time x vocabulary", "ce", "logits", x, index, mean=mean)

    cases = ",\n".join(map(json.dumps, CASES))
    text = f'{{"source": "torch {torch.__version__} float64 CPU", "cases": [\n{cases}\n]}}\n'
    Path(__file__).with_name("torch.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
