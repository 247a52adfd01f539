"""Make the sample data: small, seeded, the same bytes each time.

Run it as ``python sample_data/make.py`` from anywhere.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
CLASSES = ("cat", "dog", "owl")


def regression(rng: np.random.Generator) -> None:
    """Write 50 rows of a label and a prediction that is off by noise of spread 0.5."""
    label = rng.normal(10, 3, 50).round(3)
    prediction = (label + rng.normal(0, 0.5, 50)).round(3)
    rows = [f"{p},{y}" for p, y in zip(prediction.tolist(), label.tolist(), strict=True)]
    write("regression.csv", "prediction,label", rows)


def binary(rng: np.random.Generator) -> None:
    """Write 200 calibrated probabilities, and labels with the same ids in a file of their own."""
    probability = rng.beta(1, 2, 200).round(4).tolist()
    label = [
        ("yes" if draw < p else "no") for p, draw in zip(probability, rng.random(200), strict=True)
    ]
    ids = [f"c{number:04d}" for number in range(1, 201)]
    rows = [f"{key},{p}" for key, p in zip(ids, probability, strict=True)]
    write("binary_predictions.csv", "customer_id,prob", rows)
    rows = [f"{key},{y}" for key, y in zip(ids, label, strict=True)]
    write("binary_labels.csv", "customer_id,label", rows)


def classes(rng: np.random.Generator) -> None:
    """Write 300 rows of logits of three classes: arrays with indices, and a CSV with names."""
    logits = rng.normal(0, 2, (300, 3)).astype(np.float32)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    share = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    label = (rng.random((300, 1)) > share[:, :2]).sum(axis=1)
    np.save(HERE / "logits.npy", logits)
    np.save(HERE / "labels.npy", label)
    rows = [
        ",".join([*(repr(float(value)) for value in row), CLASSES[index]])
        for row, index in zip(logits.tolist(), label.tolist(), strict=True)
    ]
    write("logits.csv", ",".join([*(f"logit_{name}" for name in CLASSES), "label"]), rows)


def write(name: str, header: str, rows: list[str]) -> None:
    """Write a text file with a header."""
    (HERE / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    generator = np.random.default_rng(20_261_122)
    regression(generator)
    binary(generator)
    classes(generator)
