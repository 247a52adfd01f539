"""The right column is the prediction, the label, the class; what cannot be decided stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossctl.columns import ColumnOptions
from lossctl.errors import DataError, UsageError
from lossctl.labels import LabelOptions
from lossctl.result import Result

Score = Callable[..., Result]
Save = Callable[[str, object], Path]
Write = Callable[[str, "str | bytes"], Path]
ROWS = "0.25,0.75,1\n0.5,0.5,0\n"
BCE = -np.log([0.75, 0.5]).mean()


def used(result: Result) -> tuple[list[object], list[object]]:
    """Return the columns a result was made of."""
    return list(result.columns.predictions), list(result.columns.label)


@pytest.mark.parametrize(
    ("loss", "header", "expected"),
    [
        ("mse", "pred,x,label", (["pred"], ["label"])),
        ("mse", "x,Prediction,LABEL", (["Prediction"], ["LABEL"])),
        ("mse", "user_id,p,y", (["p"], ["y"])),
        ("mse", "PassengerId,whatever,Target", (["whatever"], ["Target"])),
        ("mse", "weight,whatever,Target", (["whatever"], ["Target"])),
        ("mse", ",whatever,Target", (["whatever"], ["Target"])),
        ("mse", "target,score,y", (["score"], ["y"])),
        ("mse", "y,target,id", (["target"], ["y"])),
        ("ce", "a,b,label", (["a", "b"], ["label"])),
    ],
)
def test_columns_are_found_by_name(
    loss: str, header: str, expected: object, scored: Score, write: Write
) -> None:
    write("f.csv", f"{header}\n{ROWS}")
    assert used(scored(loss, "f.csv")) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"prediction": "1"}, (["b"], ["label"])),
        ({"prediction": "b"}, (["b"], ["label"])),
        ({"prediction": "a", "label": "b"}, (["a"], ["b"])),
        ({"prediction": "[b]"}, (["b"], ["label"])),
        ({"prediction": "a", "label": "2"}, (["a"], ["label"])),
    ],
)
def test_columns_are_chosen_by_option(
    options: dict[str, str], expected: object, scored: Score, write: Write
) -> None:
    write("f.csv", f"a,b,label\n{ROWS}")
    assert used(scored("mse", "f.csv", columns=ColumnOptions(**options))) == expected


def test_a_name_wins_over_a_position(scored: Score, write: Write) -> None:
    write("f.csv", f"1,0,label\n{ROWS}")
    assert used(scored("mse", "f.csv", columns=ColumnOptions("1"))) == (["1"], ["label"])


@pytest.mark.parametrize(
    ("loss", "content", "options", "message", "hint"),
    [
        (
            "mse",
            f"a,b,label\n{ROWS}",
            {},
            "2 columns could be the prediction: 'a', 'b'",
            "say which with --pred-col",
        ),
        (
            "bce",
            f"a,b,label\n{ROWS}",
            {},
            "2 columns could be",
            "--pred-col b, or score both with ce",
        ),
        ("mse", f"a,b,c\n{ROWS}", {}, "no column is named like a label", "'a', 'b', 'c'"),
        (
            "mse",
            f"a,b,label\n{ROWS}",
            {"prediction": "lable"},
            "there is no column 'lable'",
            "did you mean 'label'?",
        ),
        (
            "mse",
            f"a,b,label\n{ROWS}",
            {"prediction": "7"},
            "there is no column '7'",
            "'a', 'b', 'label'",
        ),
        (
            "mse",
            f"a,b,label\n{ROWS}",
            {"prediction": "x*"},
            "there is no column 'x*'",
            "'a', 'b', 'label'",
        ),
        ("mse", f"a,b,label\n{ROWS}", {"prediction": "a,0"}, "names a column twice", None),
        (
            "mse",
            f"a,a,label\n{ROWS}",
            {"prediction": "a"},
            "2 columns are called 'a'",
            "by position: 0, 1",
        ),
        ("mse", f"label,a,label\n{ROWS}", {}, "2 columns are called 'label'", "--label-col 0"),
        (
            "mse",
            f"a,b,label\n{ROWS}",
            {"prediction": "label"},
            "'label' is both prediction and label",
            None,
        ),
        ("mse", "a,label\nx,1\ny,2\n", {}, "no column of numbers is left", "'a', 'label'"),
        (
            "mse",
            "a,label\n1,x\n2,y\n",
            {},
            "the label column 'label' holds text, such as 'x'",
            "--label-col",
        ),
        (
            "ce",
            "a,label\n1,0\n1,0\n",
            {},
            "one prediction column, 'a', is no prediction over classes",
            "use bce",
        ),
        ("ce", f"a,a,label\n{ROWS}", {}, "two prediction columns are called 'a'", None),
    ],
)
def test_what_cannot_be_decided_stops_and_says_what_there_is(
    loss: str,
    content: str,
    options: dict[str, str],
    message: str,
    hint: str | None,
    scored: Score,
    write: Write,
) -> None:
    write("f.csv", content)
    with pytest.raises(DataError) as caught:
        scored(loss, "f.csv", columns=ColumnOptions(**options))
    assert message in str(caught.value)
    assert "f.csv" in str(caught.value)
    assert hint is None or (caught.value.hint is not None and hint in caught.value.hint)


def test_labels_are_sought_only_in_the_labels_file(scored: Score, write: Write) -> None:
    """Kaggle's submissions call their prediction like the label."""
    write("p.csv", "id,target\na,0.75\nb,0.5\n")
    write("y.csv", "id,target\na,1\nb,0\n")
    np.testing.assert_allclose(scored("bce", "p.csv", "y.csv").value, BCE)


def test_the_only_column_that_is_no_key_is_the_label(scored: Score, write: Write) -> None:
    write("p.csv", "id,prob\na,0.75\nb,0.5\n")
    write("y.csv", "id,churned\na,1\nb,0\n")
    assert used(scored("bce", "p.csv", "y.csv")) == (["prob"], ["churned"])


def test_two_files_of_the_same_columns_are_not_one_pair(scored: Score, write: Write) -> None:
    for name in ("p.csv", "q.csv"):
        write(name, f"pred,x,label\n{ROWS}")
    with pytest.raises(DataError, match="both files have the same columns, predictions and labels"):
        scored("mse", "p.csv", "q.csv")
    both = ColumnOptions("pred", "label")
    assert scored("mse", "p.csv", "q.csv", columns=both).n == 2


class TestMultiOutput:
    """Several prediction columns against as many label columns."""

    def test_names_decide_whatever_the_order(self, scored: Score, write: Write) -> None:
        write("p.csv", "pred_a,pred_b\n1,2\n3,5\n")
        write("y.csv", "b,a\n2,1\n4,3\n")
        result = scored("mse", "p.csv", "y.csv")
        assert (result.value, result.denominator) == (0.25, 4.0)
        assert used(result) == (["pred_a", "pred_b"], ["a", "b"])

    def test_names_that_match_in_part_are_an_error(self, scored: Score, write: Write) -> None:
        write("p.csv", "a,b\n1,2\n")
        write("y.csv", "b,c\n2,1\n")
        with pytest.raises(
            DataError, match="predictions without a partner: 'a', labels without a partner: 'c'"
        ):
            scored("mse", "p.csv", "y.csv")

    def test_names_that_do_not_match_at_all_are_an_error(self, scored: Score, write: Write) -> None:
        write("p.csv", "a,b\n1,2\n")
        write("y.csv", "c,d\n2,1\n")
        with pytest.raises(DataError, match="cannot tell which label column belongs"):
            scored("mse", "p.csv", "y.csv")
        with pytest.raises(DataError, match="cannot tell which label column belongs"):
            scored("mse", "p.csv", "y.csv", columns=ColumnOptions(label="c,d"))
        named = ColumnOptions("a,b", "d,c")
        assert scored("mse", "p.csv", "y.csv", columns=named).value == 0.0

    def test_files_without_header_pair_by_place_but_not_ids(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "1.5,2.5\n3.5,4.5\n")
        write("y.csv", "1.0,2.5\n3.5,4.5\n")
        assert scored("mse", "p.csv", "y.csv").value == 0.0625
        write("p.csv", "1,2.5\n2,4.5\n")
        write("y.csv", "1,3.5\n2,4.5\n")
        with pytest.raises(DataError, match="the columns 0 and 0 start alike: are they ids"):
            scored("mse", "p.csv", "y.csv")

    def test_one_label_column_is_not_broadcast(self, scored: Score, save: Save) -> None:
        save("p.npy", np.zeros((3, 2)))
        save("y.npy", np.zeros(3))
        with pytest.raises(DataError, match="2 columns could be the prediction"):
            scored("mse", "p.npy", "y.npy")
        with pytest.raises(DataError, match="2 prediction columns against 1 label column"):
            scored("mse", "p.npy", "y.npy", columns=ColumnOptions("0-1"))


class TestClasses:
    """Which class a column is, and which a label."""

    P = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    CE = -np.log([0.7, 0.6]).mean()

    def file(self, write: Write, names: str, labels: str) -> None:
        rows = "".join(
            f"{a},{b},{c},{y}\n" for (a, b, c), y in zip(self.P, labels.split(","), strict=True)
        )
        write("f.csv", f"{names},label\n{rows}")

    @pytest.mark.parametrize(
        ("names", "labels"),
        [
            ("cat,dog,owl", "cat,owl"),
            ("p_cat,p_dog,p_owl", "cat,owl"),
            ("p_cat,p_dog,p_owl", "p_cat,p_owl"),
            ("class cat,class dog,class owl", "cat,owl"),
            ("cat,dog,owl", "0,2"),
            ("cat,dog,owl", "0.0,2.0"),
            ("p_0,p_1,p_2", "0,2"),
            ("p_5,p_1,p_10", "5,10"),
            ("5,1,10", "5.0,10"),
            ("p_007,p_042,p_7", "007,7"),
            ("1,b,3", "1,3"),
            (" cat , dog , owl ", "cat, owl "),
        ],
    )
    def test_labels_go_by_name_or_by_index(
        self, names: str, labels: str, scored: Score, write: Write
    ) -> None:
        self.file(write, names, labels)
        np.testing.assert_allclose(scored("ce", "f.csv").value, self.CE, rtol=1e-15)

    def test_indices_from_one(self, scored: Score, write: Write) -> None:
        self.file(write, "cat,dog,owl", "1,3")
        with pytest.raises(DataError) as caught:
            scored("ce", "f.csv")
        assert str(caught.value) == (
            "the label 3 is not a class: there are 0 to 2, f.csv, line 3, column 'label'"
        )
        assert caught.value.hint == "labels from 1? --label-base 1"
        result = scored("ce", "f.csv", label=LabelOptions(base=1))
        np.testing.assert_allclose(result.value, self.CE)

    @pytest.mark.parametrize(
        ("names", "labels", "message", "hint"),
        [
            (
                "cat,dog,owl",
                "cat,olw",
                "no class is called 'olw', f.csv, line 3",
                "did you mean 'owl'?",
            ),
            (
                "c_10,c_2,c_1",
                "1,3",
                "no class is called '3', f.csv, line 3",
                "the classes are '1', '2', '10'",
            ),
            ("cat,dog,owl", "0,2.5", "the label 2.5 is not a class", "whole numbers"),
            ("cat,dog,owl", "0,-1", "the label -1 is not a class", None),
            ("cat,dog,owl", "0,cat", "'cat' is not a number, f.csv, line 3, column 'label'", None),
            ("cat,dog,owl", "cat,1", "no class is called '1'", None),
        ],
    )
    def test_labels_that_are_no_class(
        self, names: str, labels: str, message: str, hint: str | None, scored: Score, write: Write
    ) -> None:
        self.file(write, names, labels)
        with pytest.raises(DataError) as caught:
            scored("ce", "f.csv")
        assert message in str(caught.value)
        assert hint is None or hint in str(caught.value.hint)

    def test_classes_that_no_label_has_are_fine(self, scored: Score, write: Write) -> None:
        self.file(write, "cat,dog,owl", "cat,cat")
        np.testing.assert_allclose(scored("ce", "f.csv").value, -np.log([0.7, 0.1]).mean())

    def test_classes_are_named_by_option(self, scored: Score, save: Save, write: Write) -> None:
        save("p.npy", self.P)
        write("y.csv", "label\ncat\nowl\n")
        with pytest.raises(DataError, match="the labels are names, such as 'cat'"):
            scored("ce", "p.npy", "y.csv")
        named = LabelOptions(classes=("cat", "dog", "owl"))
        np.testing.assert_allclose(scored("ce", "p.npy", "y.csv", label=named).value, self.CE)
        with pytest.raises(DataError, match="--classes names 2 classes, and there are 3"):
            scored("ce", "p.npy", "y.csv", label=LabelOptions(classes=("cat", "owl")))

    def test_classes_by_option_do_not_contradict_the_columns(
        self, scored: Score, write: Write
    ) -> None:
        self.file(write, "cat,dog,owl", "cat,owl")
        with pytest.raises(DataError, match="the columns are called 'cat', 'dog', 'owl'"):
            scored("ce", "f.csv", label=LabelOptions(classes=("dog", "cat", "owl")))

    @pytest.mark.parametrize("header", ["owl,cat,dog", "y_owl,y_cat,y_dog"])
    def test_one_hot_columns_are_matched_by_name(
        self, header: str, scored: Score, write: Write
    ) -> None:
        rows = "".join(f"{a},{b},{c}\n" for a, b, c in self.P)
        write("p.csv", f"p_cat,p_dog,p_owl\n{rows}")
        write("y.csv", f"id,{header}\na,0,1,0\nb,1,0,0\n")
        np.testing.assert_allclose(scored("ce", "p.csv", "y.csv").value, self.CE)
        write("y.csv", "owl,cat,emu\n0,1,0\n1,0,0\n")
        with pytest.raises(
            DataError,
            match=r"predictions without a partner: 'p_dog', labels without a partner: 'emu'",
        ):
            scored("ce", "p.csv", "y.csv")

    def test_one_hot_and_soft_arrays(self, scored: Score, save: Save) -> None:
        save("p.npy", self.P)
        save("y.npy", np.eye(3)[[0, 2]])
        save("i.npy", np.array([0, 2]))
        assert scored("ce", "p.npy", "y.npy").value == scored("ce", "p.npy", "i.npy").value
        soft = np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]])
        save("y.npy", soft)
        np.testing.assert_allclose(
            scored("ce", "p.npy", "y.npy").value, -(soft * np.log(self.P)).sum() / 2
        )
        save("y.npy", np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
        with pytest.raises(DataError, match=r"the label columns sum to 2, not to 1, y.npy, row 0"):
            scored("ce", "p.npy", "y.npy")

    def test_logits_and_indices_want_columns_that_are_plainly_the_classes(
        self, scored: Score, write: Write
    ) -> None:
        """A feature among the logits would not show: logits may be any number."""
        self.file(write, "age,cat,dog", "0,2")
        with pytest.raises(DataError, match="are these the classes") as caught:
            scored("ce", "f.csv", form="logits")
        assert "--pred-col" in str(caught.value.hint)
        assert scored("ce", "f.csv", form="logits", columns=ColumnOptions("0-2")).n == 2
        self.file(write, "logit_0,logit_1,logit_2", "0,2")
        assert scored("ce", "f.csv", form="logits").n == 2
        self.file(write, "0,1,2", "0,2")
        assert scored("ce", "f.csv", form="logits").n == 2

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            (
                "0.5,0.5,0.5,cat\n",
                "the probabilities of the row sum to 1.5, not to 1, f.csv, line 2",
            ),
            ("-0.5,0.5,1,cat\n", "-0.5 is not a probability, f.csv, line 2, column 'p_cat'"),
        ],
    )
    def test_rows_that_are_no_probabilities(
        self, rows: str, message: str, scored: Score, write: Write
    ) -> None:
        write("f.csv", f"p_cat,p_dog,p_owl,label\n{rows}")
        with pytest.raises(DataError) as caught:
            scored("ce", "f.csv")
        assert str(caught.value) == message

    def test_log_probabilities_are_checked_too(self, scored: Score, save: Save) -> None:
        save("y.npy", np.array([0, 2]))
        for values in (self.P, np.log(self.P) - 1):
            save("p.npy", values)
            with pytest.raises(DataError):
                scored("nll", "p.npy", "y.npy")
        save("p.npy", np.log(self.P))
        np.testing.assert_allclose(scored("nll", "p.npy", "y.npy").value, self.CE)

    def test_slight_misses_are_counted_as_0_or_1_and_reported(
        self, scored: Score, save: Save
    ) -> None:
        save("p.npy", np.array([[1 + 5e-7, -5e-7, 0.0], [0.1, 0.3, 0.6]]))
        save("y.npy", np.array([0, 2]))
        result = scored("ce", "p.npy", "y.npy")
        np.testing.assert_allclose(result.value, -np.log(0.6) / 2)
        assert "were counted as 0 or 1, in 1 row" in result.warnings[0]


class TestBinary:
    """0/1, −1/+1, soft labels, and two names."""

    @pytest.mark.parametrize(
        ("labels", "positive"),
        [
            ("1,0,1", None),
            ("1.0,0,+1", None),
            ("1,-1,+1", None),
            ("true,false,TRUE", None),
            ("Yes,no,yes", None),
            ("spam,ham,spam", "spam"),
            ("2,1,2", "2"),
            ("1,0,1", "1"),
            ("spam, ham,spam ", "spam"),
        ],
    )
    def test_labels_of_every_kind(
        self, labels: str, positive: str | None, scored: Score, write: Write
    ) -> None:
        rows = "".join(
            f"{p},{y}\n" for p, y in zip((0.75, 0.5, 0.25), labels.split(","), strict=True)
        )
        write("f.csv", f"prob,label\n{rows}")
        result = scored("bce", "f.csv", label=LabelOptions(positive=positive))
        np.testing.assert_allclose(result.value, -np.log([0.75, 0.5, 0.25]).mean())

    def test_soft_labels(self, scored: Score, write: Write) -> None:
        write("f.csv", "prob,label\n0.75,0.25\n0.5,1\n")
        expected = -(0.25 * np.log(0.75) + 0.75 * np.log(0.25) + np.log(0.5)) / 2
        np.testing.assert_allclose(scored("bce", "f.csv").value, expected)

    @pytest.mark.parametrize(
        ("labels", "positive", "message", "hint"),
        [
            (
                "spam,ham,spam",
                None,
                "the labels are names, such as 'spam', f.csv",
                "--positive NAME",
            ),
            (
                "spam,ham,eggs",
                "spam",
                "a third label 'eggs', beside 'spam' and 'ham', f.csv, line 4, column 'label'",
                "ce",
            ),
            (
                "spam,ham,spam",
                "spm",
                "no label is called 'spm': there are 'spam' and 'ham', f.csv, line 3",
                "did you mean 'spam'?",
            ),
            (
                "true,false,maybe",
                None,
                "'maybe' is neither, f.csv, line 4, column 'label'",
                "'true' and 'false'",
            ),
            (
                "1,0,2",
                None,
                "the label 2.0 is outside [0, 1], f.csv, line 4, column 'label'",
                "--positive 2",
            ),
            (
                "1,-1,0",
                None,
                "labels of −1 beside labels from 0 to 1, f.csv, line 4",
                "0/1, or −1/+1",
            ),
            (
                "1,0,-1",
                None,
                "labels of −1 beside labels from 0 to 1, f.csv, line 4",
                "0/1, or −1/+1",
            ),
            (
                "1,-2,1",
                None,
                "the label -2.0 is outside [0, 1], f.csv, line 3, column 'label'",
                None,
            ),
        ],
    )
    def test_labels_that_are_not_two(
        self,
        labels: str,
        positive: str | None,
        message: str,
        hint: str | None,
        scored: Score,
        write: Write,
    ) -> None:
        rows = "".join(f"0.5,{y}\n" for y in labels.split(","))
        write("f.csv", f"prob,label\n{rows}")
        with pytest.raises(DataError) as caught:
            scored("bce", "f.csv", label=LabelOptions(positive=positive))
        assert str(caught.value).startswith(message)
        assert hint is None or hint in str(caught.value.hint)

    def test_mixed_codings_are_found_far_apart(self, scored: Score, save: Save) -> None:
        labels = np.ones(200_000)
        labels[0], labels[-1] = -1, 0
        save("y.npy", labels)
        save("p.npy", np.full(200_000, 0.5))
        with pytest.raises(DataError, match=r"labels of −1 beside .*, y.npy, row 199999"):
            scored("bce", "p.npy", "y.npy")

    def test_multi_label(self, scored: Score, save: Save) -> None:
        rng = np.random.default_rng(0)
        p, y = rng.random((50, 4)), rng.integers(0, 2, (50, 4))
        save("p.npy", p)
        save("y.npy", y)
        expected = -(y * np.log(p) + (1 - y) * np.log1p(-p)).mean()
        result = scored("bce", "p.npy", "y.npy")
        np.testing.assert_allclose(result.value, expected)
        assert (result.n, result.denominator) == (50, 200.0)


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("mse", {"positive": "x"}),
        ("ce", {"positive": "x"}),
        ("bce", {"classes": ("a", "b")}),
        ("mse", {"base": 1}),
    ],
)
def test_options_of_other_losses_are_wrong_usage(
    loss: str, options: dict[str, object], scored: Score, write: Write
) -> None:
    write("f.csv", f"p_a,p_b,label\n{ROWS}")
    columns = ColumnOptions(None if loss == "ce" else "p_b")
    with pytest.raises(UsageError):
        scored(loss, "f.csv", label=LabelOptions(**options), columns=columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"base": 2}, {"classes": ("a",)}, {"classes": ("a", "a")}, {"classes": ("a", "")}]
)
def test_label_options_that_cannot_be_meant(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        LabelOptions(**options)  # type: ignore[arg-type]


def test_label_base_does_not_go_with_names(scored: Score, write: Write) -> None:
    write("f.csv", "a,b,label\n0.5,0.5,a\n")
    with pytest.raises(DataError, match="--label-base is for index labels"):
        scored("ce", "f.csv", label=LabelOptions(base=1))
