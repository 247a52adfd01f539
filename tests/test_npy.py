"""NPY files: every type and order, and nothing but arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rows import rows

from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.labels import LabelOptions
from lossctl.result import Result
from lossctl.scoring import Options

Score = Callable[..., Result]
Save = Callable[[str, object], Path]
Write = Callable[[str, "str | bytes"], Path]
VALUES = np.array([0.0, 1.0, 3.0, 7.0])


@pytest.mark.parametrize(
    "dtype",
    [*"bBhHiIlLqQ", "f2", "f4", "f8", "g", ">f8", ">i2", ">f4", "<u4"],
)
def test_every_type_of_number_is_widened_before_arithmetic(
    dtype: str, scored: Score, save: Save
) -> None:
    save("p.npy", VALUES.astype(dtype))
    save("y.npy", VALUES[::-1].astype(dtype))
    assert scored("mse", "p.npy", "y.npy").value == ((VALUES - VALUES[::-1]) ** 2).mean()


def test_booleans_are_labels(scored: Score, save: Save) -> None:
    save("p.npy", np.array([0.25, 0.5]))
    save("y.npy", np.array([True, False]))
    np.testing.assert_allclose(scored("bce", "p.npy", "y.npy").value, -np.log([0.25, 0.5]).mean())


@pytest.mark.parametrize("shape", [(4000, 7), (40, 100, 7), (5, 8, 100, 7)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_axes_are_flattened_with_the_classes_last(
    shape: tuple[int, ...], order: str, scored: Score, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=shape), rng.integers(0, 7, shape[:-1])
    np.save(tmp_path / "x.npy", np.array(x, order=order))  # type: ignore[call-overload]
    np.save(tmp_path / "y.npy", np.array(y, order=order))  # type: ignore[call-overload]
    scored("ce", "x.npy", "y.npy", form="logits")
    found = rows("ce", "x.npy", "y.npy", Options(form="logits", reduction="none"))
    flat = x.reshape(-1, 7)
    own = flat[np.arange(len(flat)), y.reshape(-1)]
    np.testing.assert_allclose(found, np.log(np.exp(flat).sum(axis=1)) - own, rtol=1e-12)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        *(((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (4, 1)), ((2, 2), (2, 2))),
        *(((2, 2, 1), (2, 2)), ((2, 2, 1), (2, 2, 1))),
    ],
)
def test_shapes_that_are_the_same_rows(
    left: tuple[int, ...], right: tuple[int, ...], scored: Score, save: Save
) -> None:
    save("p.npy", VALUES.reshape(left))
    save("y.npy", VALUES[::-1].reshape(right))
    assert scored("mse", "p.npy", "y.npy").value == ((VALUES - VALUES[::-1]) ** 2).mean()


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ((4,), (3,), "4 rows of predictions and 3 of labels"),
        ((4, 3), (5,), "4 rows of predictions and 5 of labels"),
        ((4, 3), (1, 4), "4 rows of predictions and 1 of labels"),
        ((4, 3), (3, 4), "4 rows of predictions and 3 of labels"),
        ((4, 3), (4, 2), "3 prediction columns against 2 label columns"),
        ((2, 3, 5), (3, 2), "predictions (2, 3, 5), labels (3, 2)"),
        ((2, 3, 5), (6,), "predictions (2, 3, 5), labels (6,)"),
        ((2, 5, 3, 3), (2, 3, 3), "predictions (2, 5, 3, 3), labels (2, 3, 3)"),
        ((4, 1), (4,), "is no prediction over classes"),
        ((4,), (4,), "is no prediction over classes"),
    ],
)
def test_shapes_that_do_not_fit_are_shown(
    left: tuple[int, ...], right: tuple[int, ...], message: str, scored: Score, save: Save
) -> None:
    save("p.npy", np.zeros(left))
    save("y.npy", np.zeros(right, dtype=int))
    with pytest.raises(DataError) as caught:
        scored("ce", "p.npy", "y.npy", form="logits")
    assert message in str(caught.value)


def test_a_text_file_cannot_have_the_rows_of_several_axes(
    scored: Score, save: Save, write: Write
) -> None:
    save("x.npy", np.zeros((2, 2, 3)))
    write("y.csv", "label\n0\n1\n2\n0\n")
    with pytest.raises(DataError, match=r"predictions \(2, 2, 3\), labels of a text file"):
        scored("ce", "x.npy", "y.csv", form="logits")
    with pytest.raises(DataError, match=r"predictions of a text file, labels \(2, 2, 3\)"):
        scored("mse", "y.csv", "x.npy")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1, None], dtype=object), "Python objects, which are never unpickled"),
        (np.array([1 + 2j]), "cannot score values of type complex128"),
        (np.array(["2026-01-01"], dtype="M8[D]"), "cannot score values of type datetime64"),
        (np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]), "cannot score values of type"),
        (np.array(3.0), "a single number, without rows"),
        (np.zeros((0,)), "there are no rows"),
        (np.array(["a", "b"]), "no column of numbers is left"),
    ],
)
def test_arrays_that_cannot_be_scored(
    values: np.ndarray, message: str, scored: Score, tmp_path: Path
) -> None:
    np.save(tmp_path / "p.npy", values, allow_pickle=True)
    np.save(tmp_path / "y.npy", np.zeros(values.shape[:1]))
    with pytest.raises(DataError, match=message.replace("(", r"\(")) as caught:
        scored("mse", "p.npy", "y.npy")
    assert "p.npy" in str(caught.value)


def test_text_is_no_prediction_even_if_it_is_asked_for(scored: Score, save: Save) -> None:
    save("p.npy", np.array(["1.5", "2.5"]))
    save("y.npy", VALUES[:2])
    with pytest.raises(DataError, match=r"holds text, such as '1.5', p\.npy"):
        scored("mse", "p.npy", "y.npy", columns=ColumnOptions(prediction="0"))


@pytest.mark.parametrize("missing", [1, 8, 10_000])
def test_truncated_files_say_how_much_there_is(
    missing: int, scored: Score, save: Save, write: Write
) -> None:
    whole = save("p.npy", np.zeros(1250)).read_bytes()
    write("p.npy", whole[:-missing])
    save("y.npy", np.zeros(1250))
    with pytest.raises(
        DataError, match=rf"truncated: {10_000 - missing:,} bytes of data .* announces 10,000"
    ):
        scored("mse", "p.npy", "y.npy")


def test_files_that_go_on_after_their_array_are_refused(scored: Score, tmp_path: Path) -> None:
    with open(tmp_path / "p.npy", "wb") as file:
        np.save(file, VALUES)
        np.save(file, VALUES)
    with pytest.raises(DataError, match="goes on after its array") as caught:
        scored("mse", "p.npy", "p.npy")
    assert caught.value.hint == "several arrays saved into one file? save each into its own"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\x10\x00not a header\n\n\n\n",
        b"\x93NUMPY\x09\x00\x10\x00                ",
        b"\x93NUMPY\x01\x00\x40\x00{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}  \n",
        b"1.0\n2.0\n",
    ],
)
def test_damaged_headers(content: bytes, scored: Score, write: Write) -> None:
    write("p.npy", content)
    with pytest.raises(DataError, match=r"p\.npy"):
        scored("mse", "p.npy", "p.npy")


def test_long_doubles_and_odd_nans_are_widened_without_a_word(scored: Score, save: Save) -> None:
    save("y.npy", np.zeros(2))
    save("p.npy", np.array([np.longdouble("1e4000"), 1]))
    assert scored("mse", "p.npy", "y.npy").value == np.inf
    signalling = np.array([0x7F800001, 0x3F800000], dtype=np.uint32).view(np.float32)
    save("p.npy", signalling)
    assert scored("mse", "p.npy", "y.npy", nan="skip").value == 1.0


@pytest.mark.parametrize("text", ["\ud800", "a\udc80\ud800"])
def test_labels_with_half_a_character(text: str, scored: Score, save: Save) -> None:
    save("x.npy", np.zeros((2, 2)))
    save("y.npy", np.array([text, "a"]))
    named = LabelOptions(classes=("a", "b"))
    with pytest.raises(DataError, match=r"no class is called .*, y\.npy, row 0"):
        scored("ce", "x.npy", "y.npy", form="logits", label=named)
    np.savez("both.npz", predictions=np.zeros(2), labels=np.zeros(2), id=np.array([text, "a"]))
    assert scored("mse", "both.npz", worst=1).worst is not None


def test_the_magic_bytes_count_more_than_the_suffix(
    scored: Score, save: Save, tmp_path: Path
) -> None:
    save("p.npy", VALUES).rename(tmp_path / "p.csv")
    save("y.npy", VALUES)
    assert scored("mse", "p.csv", "y.npy").value == 0.0


@pytest.mark.parametrize("kind", ["U", "S"])
def test_labels_as_text_in_an_array(kind: str, scored: Score, save: Save) -> None:
    save("x.npy", np.array([[3.0, 1.0], [3.0, 1.0]]))
    save("y.npy", np.array(["dog", "cat"]).astype(kind))
    result = scored(
        "ce", "x.npy", "y.npy", form="logits", label=LabelOptions(classes=("cat", "dog"))
    )
    np.testing.assert_allclose(result.value, np.log1p(np.exp([2.0, -2.0])).mean())


def test_places_in_arrays_count_from_zero(scored: Score, save: Save) -> None:
    x = np.zeros((2, 3, 4))
    x[1, 2, 3] = np.nan
    save("x.npy", x)
    save("y.npy", np.zeros((2, 3), dtype=int))
    with pytest.raises(
        DataError, match=r"the prediction is missing, x.npy, row \(1, 2\), column 3"
    ):
        scored("ce", "x.npy", "y.npy", form="logits")
    save("x.npy", np.zeros((2, 4)))
    save("y.npy", np.array([0, 4]))
    with pytest.raises(
        DataError, match=r"the label 4 is not a class: there are 0 to 3, y.npy, row 1"
    ):
        scored("ce", "x.npy", "y.npy", form="logits")
