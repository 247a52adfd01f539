"""Make the sample data: small, seeded, the same bytes each time.

Run it as ``python sample_data/make.py [FOLDER]``; it wants NumPy, and scikit-learn for iris.csv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

CLASSES = ("cat", "dog", "owl")
IRIS_SEED = 0


def regression(folder: Path, rng: np.random.Generator) -> None:
    """Write 50 rows of a label and a prediction that is off by noise of spread 0.5."""
    label = rng.normal(10, 3, 50).round(3)
    prediction = (label + rng.normal(0, 0.5, 50)).round(3)
    write(folder / "regression.csv", "prediction,label", zip(prediction, label, strict=True))


def sigmoid(folder: Path, rng: np.random.Generator) -> None:
    """Write 3000 rows of σ(X·w) for X of 4 columns, and 0/1 labels drawn with that probability."""
    probability = 1 / (1 + np.exp(-rng.normal(size=(3000, 4)) @ [1.5, -2.0, 0.5, 1.0]))
    label = (rng.random(3000) < probability).astype(int)
    write(folder / "sigmoid.csv", "prob,label", zip(probability.round(6), label, strict=True))


def softmax(folder: Path, rng: np.random.Generator) -> None:
    """Write 300 rows of logits X·w for X of 4 columns and w of 4 × 3, and labels in four spellings.

    The labels are drawn with the probabilities softmax(X·w): as 0…2 in an array, as 1…3, as names
    and as one-hot rows in CSV. The logits are an array of float32, and a CSV with the names.
    """
    logits = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 3))
    logits = (np.round(1024 * logits) / 1024).astype(np.float32)  # short as text, and exact
    label = draw(rng, logits)
    np.save(folder / "logits.npy", logits)
    np.save(folder / "labels.npy", label)
    write(folder / "logits.csv", ",".join(f"logit_{name}" for name in CLASSES), logits)
    write(folder / "labels_from_1.csv", "label", ([index + 1] for index in label))
    write(folder / "labels_named.csv", "label", ([CLASSES[index]] for index in label))
    onehot = np.eye(3, dtype=int)[label][:, ::-1]
    write(folder / "labels_onehot.csv", ",".join(CLASSES[::-1]), onehot)


def contest(folder: Path, rng: np.random.Generator) -> None:
    """Write a submission of 200 rows with ids and class probabilities, and two solutions.

    One solution has the rows in the submission's order, the other in an order of its own.
    """
    logits = 2 * rng.normal(size=(200, 3))
    label = draw(rng, logits)
    share = softmax_of(logits).round(4)
    share[:, 2] = (1 - share[:, 0] - share[:, 1]).round(4)
    ids = [f"img-{number:04d}" for number in rng.permutation(1000)[:200]]
    rows = [(key, *row) for key, row in zip(ids, share, strict=True)]
    write(folder / "submission.csv", ",".join(("image_id", *CLASSES)), rows)
    truth = [(key, CLASSES[index]) for key, index in zip(ids, label, strict=True)]
    write(folder / "solution.csv", "image_id,class", truth)
    write(folder / "solution_shuffled.csv", "image_id,class", sorted(truth))


def iris(folder: Path) -> None:
    """Write what logistic regression says of each flower when the other folds are learnt from.

    150 flowers, 3 species: R. A. Fisher, "The use of multiple measurements in taxonomic problems",
    1936, as scikit-learn ships it.
    """
    from sklearn.datasets import load_iris  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415

    data = load_iris()
    folds = StratifiedKFold(10, shuffle=True, random_state=IRIS_SEED)
    model = LogisticRegression(C=1.0, max_iter=10_000, tol=1e-10)
    share = cross_val_predict(model, data.data, data.target, cv=folds, method="predict_proba")
    names = data.target_names
    rows = [(*row.round(6), names[index]) for row, index in zip(share, data.target, strict=True)]
    write(folder / "iris.csv", ",".join((*(f"p_{name}" for name in names), "species")), rows)


def models(folder: Path, rng: np.random.Generator) -> None:
    """Write what three models say of 400 customers, and who left, by region.

    The truth is drawn from a probability; the models know its logit with noise, most of which they
    share, but "wide" knows nothing of the south.
    """
    (folder / "models").mkdir(exist_ok=True)
    ids = [f"c{number:04d}" for number in sorted(rng.permutation(10_000)[:400])]
    region = rng.choice(["north", "south", "west"], 400, p=[0.5, 0.2, 0.3])
    logit = 1.5 * rng.normal(size=400) - 0.5
    label = (rng.random(400) < 1 / (1 + np.exp(-logit))).astype(int)
    write(
        folder / "customers.csv", "customer_id,region,label", zip(ids, region, label, strict=True)
    )
    shared = rng.normal(size=400)
    for name, common, own in (("base", 1.1, 0.1), ("deep", 0.8, 0.3), ("wide", 0.7, 0.3)):
        guess = logit + common * shared + own * rng.normal(size=400)
        if name == "wide":
            guess = np.where(region == "south", -0.5, guess)
        share = (1 / (1 + np.exp(-guess))).round(5)
        write(folder / "models" / f"{name}.csv", "customer_id,prob", zip(ids, share, strict=True))


def softmax_of(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits, row by row."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def draw(rng: np.random.Generator, logits: np.ndarray) -> np.ndarray:
    """Draw a class for each row with the probabilities of its logits."""
    share = np.cumsum(softmax_of(logits.astype(np.float64)), axis=1)
    return np.asarray((rng.random((len(share), 1)) > share[:, :-1]).sum(axis=1))


def write(path: Path, header: str, rows: Iterable[Iterable[object]]) -> None:
    """Write a text file with a header; numbers so that they read back the same."""
    lines = [header, *(",".join(map(cell, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def cell(value: object) -> str:
    """Return a value as text; a float32 with the digits of the float64 that it is."""
    return str(value.item() if isinstance(value, np.generic) else value)


def main(folder: Path) -> None:
    """Write all files to a folder."""
    rng = np.random.default_rng(20_261_122)
    regression(folder, rng)
    sigmoid(folder, rng)
    softmax(folder, rng)
    contest(folder, rng)
    iris(folder)
    models(folder, rng)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
