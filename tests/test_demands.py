"""What people asked for in the trackers of neighbouring tools: the right number, or an error.

The names are those of the tool and of the thread in its tracker.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import Run

from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.labels import LabelOptions
from lossctl.result import Result

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]


class TestLabelsAndColumns:
    """Classes that are missing, permuted, counted from 1, ignored, or mangled."""

    def test_scikit_learn_4033_not_all_classes_occur_in_the_labels(
        self, scored: Score, write: Write, save: Save
    ) -> None:
        """Also scikit-learn #18523, #6703, #30713."""
        write("p.csv", "a,b,c\n0.5,0.25,0.25\n0.25,0.25,0.5\n")
        write("y.csv", "label\na\nc\n")
        expected = -np.log([0.5, 0.5]).mean()
        np.testing.assert_allclose(scored("ce", "p.csv", "y.csv").value, expected)
        save("p.npy", [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
        save("y.npy", [0, 2])
        np.testing.assert_allclose(scored("ce", "p.npy", "y.npy").value, expected)

    def test_scikit_learn_30910_column_order(self, scored: Score, write: Write) -> None:
        write("p.csv", "dog,cat\n1,0\n0,1\n")
        write("y.csv", "label\ndog\ncat\n")
        assert scored("ce", "p.csv", "y.csv").value == 0.0

    def test_automlbenchmark_212_classes_sorted_as_text(
        self, lossctl: Lossctl, save: Save, write: Write
    ) -> None:
        names = sorted(map(str, range(12)))  # 0, 1, 10, 11, 2, …
        labels = np.arange(12)
        rows = [[1.0 if int(name) == label else 0.0 for name in names] for label in labels]
        save("y.npy", labels)
        text = "\n".join(",".join(map(str, row)) for row in rows)
        write("p.csv", ",".join(names) + "\n" + text + "\n")
        assert lossctl("ce", "p.csv", "y.npy", "--value", "--header").out == "0.0\n"
        run = lossctl("ce", "p.csv", "y.npy")  # a header of numbers is taken for a row
        assert (run.code, run.out) == (3, "")
        assert lossctl("onehot", "y.npy").out.startswith("class_0,class_1,class_2,class_3")

    def test_openml_python_1131_permuted_confidences(self, scored: Score, save: Save) -> None:
        rng = np.random.default_rng(0)
        y = rng.integers(0, 4, 400)
        x = 4 * np.eye(4)[y] + rng.normal(size=(400, 4))
        save("x.npy", x[:, [2, 0, 3, 1]])
        save("y.npy", y)
        (warning,) = scored("ce", "x.npy", "y.npy", form="logits").warnings
        assert warning.startswith("the class columns may be in another order")

    @pytest.mark.parametrize(("labels", "ignore"), [([1, 2, 3], None), ([0, 2, 255], "255")])
    def test_mmsegmentation_3216_labels_from_1_and_255(
        self, labels: list[int], ignore: str | None, scored: Score, save: Save
    ) -> None:
        """Also ultralytics #4514."""
        save("x.npy", np.eye(3))
        save("y.npy", labels)
        with pytest.raises(DataError, match="is not a class: there are 0 to 2") as caught:
            scored("ce", "x.npy", "y.npy", form="logits")
        if ignore is None:
            assert caught.value.hint == "labels from 1? --label-base 1"
            result = scored("ce", "x.npy", "y.npy", form="logits", label=LabelOptions(base=1))
            assert result.n == 3
        else:
            options = LabelOptions(ignore=ignore)
            result = scored("ce", "x.npy", "y.npy", form="logits", label=options)
            assert (result.n, result.ignored) == (2, 1)

    def test_ultralytics_4514_minus_one(self, scored: Score, save: Save) -> None:
        """In optax −1 wraps to the last class without notice."""
        save("x.npy", np.eye(3))
        save("y.npy", [0, -1, 2])
        with pytest.raises(DataError, match="the label -1 is not a class"):
            scored("ce", "x.npy", "y.npy", form="logits")

    def test_pytorch_70348_everything_ignored_is_no_nan(self, scored: Score, save: Save) -> None:
        """Also pytorch #75181."""
        save("x.npy", np.eye(3))
        save("y.npy", [-100, -100, -100])
        with pytest.raises(DataError, match="every label is ignored"):
            scored("ce", "x.npy", "y.npy", form="logits", label=LabelOptions(ignore="-100"))

    def test_csvkit_1020_columns_of_0_and_1_stay_numbers(self, scored: Score, write: Write) -> None:
        """Also csvkit #685."""
        write("f.csv", "pred,label\n0,1\n1,1\n")
        assert scored("mse", "f.csv").value == 0.5
        assert scored("mae", "f.csv").value == 0.5


class TestRowsAndFiles:
    """Rows that do not meet, files that are not what they seem."""

    def test_pytrec_eval_30_join_and_complain_loudly(self, lossctl: Lossctl, write: Write) -> None:
        """Also ir_measures #2, trec_eval #18, private-lab-bench #28."""
        write("p.csv", "id,prob\na,0.5\nb,0.5\nx,0.5\n")
        write("y.csv", "id,label\nb,1\na,0\ny,1\nz,0\n")
        run = lossctl("bce", "p.csv", "y.csv", "--id", "id")
        assert (run.code, run.out) == (3, "")
        assert "1 id has no label ('x'); 2 ids have no prediction ('y', 'z')" in run.err

    def test_sgl_eval_39_duplicate_ids(self, scored: Score, write: Write) -> None:
        write("p.csv", "id,prob\na,1\na,1\n")
        write("y.csv", "id,label\na,1\nb,0\n")
        with pytest.raises(DataError, match=r"more than once: 'a', p.csv, line 3"):
            scored("bce", "p.csv", "y.csv", columns=ColumnOptions(id="id"))

    def test_sacrebleu_303_length_mismatch(self, scored: Score, write: Write, save: Save) -> None:
        """Also NTREX #3."""
        write("p.csv", "pred\n" + "1\n" * 100_000)
        save("y.npy", np.ones(99_999))
        with pytest.raises(DataError, match="100,000 rows of predictions and 99,999 of labels"):
            scored("mse", "p.csv", "y.npy")

    def test_bert_paper_classification_1_the_first_row_is_not_lost(
        self, scored: Score, write: Write
    ) -> None:
        write("f.csv", "0.5,1\n0.25,0\n")
        assert scored("bce", "f.csv", columns=ColumnOptions("0", "1")).n == 2
        write("y.csv", "cat\ndog\n")
        write("p.csv", "cat,dog\n0.5,0.5\n0.5,0.5\n")
        with pytest.raises(DataError, match="cannot tell whether the file has a header"):
            scored("ce", "p.csv", "y.csv")

    def test_pytorch_16045_no_broadcasting(self, scored: Score, save: Save) -> None:
        save("p.npy", np.arange(4.0).reshape(4, 1))
        save("y.npy", np.arange(4.0))
        assert scored("mse", "p.npy", "y.npy").value == 0.0
        save("y.npy", np.arange(4.0).reshape(1, 4))
        with pytest.raises(DataError, match="rows of predictions"):
            scored("mse", "p.npy", "y.npy")

    def test_fair_code_251_standard_input_is_in_the_help(self, lossctl: Lossctl) -> None:
        """Also graph-cli #46."""
        assert "- is standard input" in " ".join(lossctl("score", "--help").out.split())

    def test_auto_sklearn_673_object_arrays(self, scored: Score, save: Save) -> None:
        save("p.npy", np.array([{"a": 1}, None], dtype=object))
        save("y.npy", [1, 0])
        with pytest.raises(DataError, match="Python objects, which are never unpickled"):
            scored("mse", "p.npy", "y.npy")

    def test_scikit_learn_29514_nan(self, scored: Score, save: Save) -> None:
        save("p.npy", [1.0, np.nan, 2.0])
        save("y.npy", [1.0, 1.0, 1.0])
        with pytest.raises(DataError, match=r"the prediction is missing, p.npy, row 1"):
            scored("mse", "p.npy", "y.npy")
        result = scored("mse", "p.npy", "y.npy", nan="skip")
        assert (result.value, result.n, result.skipped) == (0.5, 2, 1)
        assert scored("mse", "p.npy", "y.npy", nan="propagate").status == "nan"
