"""Python callers: whatever they have at hand gives the number that files give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import log_loss, mean_squared_error

import lossctl
from lossctl.api import options_of
from lossctl.cli.app import COMMANDS
from lossctl.cli.declared import parameters
from lossctl.cli.options import Run

P, Y = [0.9, 0.2, 0.6], [1, 0, 1]
NAMES = ["yes", "no", "yes"]
EXPECTED = log_loss(Y, P)


class Tensor:
    """Something that NumPy can read as an array."""

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        """Return the array."""
        return np.array(P)


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        (P, Y),
        (tuple(P), tuple(Y)),
        (np.array(P), np.array(Y, dtype=bool)),
        (np.array(P, dtype=object), NAMES),
        (np.array([P]).T, np.array([Y], dtype=np.int8).T),
        (Tensor(), np.array(NAMES)),
        (pd.Series(P), pd.Series(Y)),
        (pd.Series(P, name="prob"), pd.Series(NAMES, dtype="category")),
        (pd.Series(P), pd.Series([True, False, True])),
        (pd.Series(P), pd.Series([1, 0, 1], dtype="Int64")),
        (pd.DataFrame({"prob": P, "label": NAMES}), None),
        (pd.DataFrame({"prob": P}, index=[5, 3, 1]), pd.Series(Y)),
        (pd.DataFrame({"prob": P}, index=[5, 3, 1]), pd.Series(Y, index=[5, 3, 1])),
        (pd.DataFrame({"id": [1, 2, 3], "prob": P}), pd.DataFrame({"id": [1, 2, 3], "y": Y})),
        (pa.table({"prob": P, "label": Y}), None),
        (pa.table({"prob": pa.array(P, pa.float64()), "label": pa.array(NAMES)}), None),
        (pa.record_batch({"prob": P, "label": Y}), None),
        (pa.array(P), pa.array(NAMES).dictionary_encode()),
        (pa.chunked_array([P[:1], P[1:]]), pa.array(Y, pa.uint8())),
        ({"prob": P}, {"label": np.array(Y)}),
    ],
)
def test_data_of_any_kind(predictions: Any, labels: Any) -> None:
    result = lossctl.score("bce", predictions, labels)
    np.testing.assert_allclose(result.value, EXPECTED, rtol=1e-15)
    assert result.n == 3


def test_values_are_those_of_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    logits, label = rng.normal(size=(70_000, 3)).astype(np.float32), rng.integers(0, 3, 70_000)
    np.save(tmp_path / "x.npy", logits)
    np.save(tmp_path / "y.npy", label)
    options: dict[str, Any] = {"from_": "logits"}
    expected = lossctl.score("ce", tmp_path / "x.npy", str(tmp_path / "y.npy"), **options)
    frame = pd.DataFrame(logits, columns=["p_a", "p_b", "p_c"])
    for predictions, labels in (
        (logits, label),
        (np.asfortranarray(logits), label.tolist()),
        (frame, label),
        (frame[["p_c", "p_a", "p_b"]], pd.Series(np.array(["a", "b", "c"])[label])),
        (pa.table(frame), label),
        (logits.reshape(7, 10_000, 3), label.reshape(7, 10_000)),
    ):
        found = lossctl.score("ce", predictions, labels, **options)
        assert (found.value, found.sum, found.n) == (expected.value, expected.sum, expected.n)


def test_row_losses_and_several_losses() -> None:
    rows = lossctl.row_losses("bce", P, Y)
    np.testing.assert_allclose(rows, -np.log([0.9, 0.8, 0.6]), rtol=1e-15)
    mse, mae = lossctl.scores("mse,mae", P, Y)
    np.testing.assert_allclose(mse.value, mean_squared_error(Y, P), rtol=1e-15)
    assert (mse.loss, mae.loss) == ("mse", "mae")
    assert lossctl.score("mse", P, Y).to_dict() == mse.to_dict()


def test_options_have_the_names_of_the_command_line(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": P, "b": [0.5] * 3, "why": Y})
    for pred_col in ("a", 0, ["a"], "0"):
        result = lossctl.score("bce", frame, pred_col=pred_col, label_col="why", worst=1)
        np.testing.assert_allclose(result.value, EXPECTED, rtol=1e-15)
        assert result.worst == ({"row": 2, "label": 1, "loss": -np.log(0.6)},)
    path = tmp_path / "rows.csv"
    lossctl.score("mse", P, Y, per_row=path)
    assert path.read_text().startswith("row,label,loss\n0,1,")
    joined = lossctl.score(
        "bce", {"id": [1, 2, 3], "p": P}, {"id": [3, 2, 1], "y": Y[::-1]}, id="id"
    )
    np.testing.assert_allclose(joined.value, EXPECTED, rtol=1e-15)


def test_the_command_line_asks_for_the_same() -> None:
    shared = {*Run.__annotations__}
    own = {"per_row", "partial", "plot"}
    assert shared | own == {*get_type_hints(lossctl.Options)}
    assert shared | own <= {*parameters(COMMANDS["score"])}


@pytest.mark.parametrize(("name", "hint"), Run.__annotations__.items())
def test_the_defaults_of_the_help_are_those_of_python(name: str, hint: Any) -> None:
    options: Any = {name: hint.__metadata__[0].default}
    assert options_of(**options) == options_of()


@pytest.mark.parametrize(
    ("predictions", "labels", "options", "error", "message"),
    [
        ([1, 2], [1], {}, lossctl.DataError, "2 rows of predictions and 1 of labels"),
        ([1, None], [1, 2], {}, lossctl.DataError, "the prediction is missing, predictions, row 1"),
        ([1, 2], [1, np.nan], {}, lossctl.DataError, "the label is missing, labels, row 1"),
        (
            np.ma.array([1.0, 2.0], mask=[False, True]),
            [1, 2],
            {},
            lossctl.DataError,
            "the prediction is missing, predictions, row 1",
        ),
        (["a"], [1], {}, lossctl.DataError, "no column of numbers is left"),
        ([[1], [1, 2]], [1, 2], {}, lossctl.DataError, "cannot be read as an array"),
        (object(), [1], {}, lossctl.DataError, "cannot be read as an array"),
        ([1, "a"], [1, 2], {}, lossctl.DataError, "text beside other"),
        (np.array([1, "a"], dtype=object), [1, 2], {}, lossctl.DataError, "text beside other"),
        ([], [], {}, lossctl.DataError, "there are no rows"),
        (5, 6, {}, lossctl.DataError, "a single number"),
        ({"a": [1, 2], "b": [1]}, [1, 2], {}, lossctl.DataError, "cannot be read as a table"),
        ({"a": [[1], [2]]}, [1, 2], {"pred_col": "a"}, lossctl.DataError, "holds text"),
        (
            pd.DataFrame({"p": [1.0, 2.0]}, index=[4, 5]),
            pd.Series([1.0, 2.0], index=[5, 4]),
            {},
            lossctl.DataError,
            "the rows do not belong together",
        ),
        ([1], [1], {"level_": 2}, lossctl.UsageError, "there is no option 'level_'"),
        ([1], [1], {"reduction": "none"}, lossctl.UsageError, "a result is one number"),
        ([1], [1], {"nan": "maybe"}, lossctl.UsageError, "--nan is error, skip or propagate"),
    ],
)
def test_mistakes(
    predictions: Any, labels: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        lossctl.score("mse", predictions, labels, **options)
    assert isinstance(caught.value, ValueError)


def test_several_losses_are_no_single_result() -> None:
    with pytest.raises(lossctl.UsageError, match="one loss, not 'mse,mae'") as caught:
        lossctl.score("mse,mae", P, Y)
    assert caught.value.__notes__ == ["hint: lossctl.scores takes several"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import lossctl, sys; print(sorted({'numpy', 'pandas', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert set(lossctl.__all__) <= {*dir(lossctl)}
    assert callable(lossctl.score)
    with pytest.raises(AttributeError):
        _ = lossctl.nothing
