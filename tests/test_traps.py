"""Inputs that once gave a wrong number in silence, or a crash: each is right or an error now."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import ENVIRONMENT, Run

from lossctl.columns import ColumnOptions
from lossctl.conclusion import conclude
from lossctl.engines import local
from lossctl.errors import DataError
from lossctl.labels import LabelOptions
from lossctl.result import Result
from lossctl.rows import Losses
from lossctl.scoring import Options, prepare, run, score
from lossctl.sources import InputOptions
from lossctl.values import replace

Score = Callable[..., Result]
Save = Callable[[str, object], Path]
Write = Callable[[str, "str | bytes"], Path]


class TestNames:
    """A column's name may be a label's, a key's or a class's."""

    @pytest.mark.parametrize(
        "names", ["true,false", "gold,silver", "y,n", "class,other", "id,en", "index,rest"]
    )
    def test_one_hot_columns_win_over_a_name_like_a_label(
        self, names: str, scored: Score, write: Write
    ) -> None:
        first, second = names.split(",")
        write("p.csv", f"p_{first},p_{second}\n0.9,0.1\n0.8,0.2\n0.3,0.7\n")
        write("y.csv", f"{second},{first}\n0,1\n0,1\n1,0\n")
        result = scored("ce", "p.csv", "y.csv")
        np.testing.assert_allclose(result.value, -np.log([0.9, 0.8, 0.7]).mean())

    def test_outputs_called_x_and_y_stop_rather_than_pair_crosswise(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "id,x,y\n1,10,100\n2,20,200\n")
        write("y.csv", "id,y,x\n1,101,11\n2,202,22\n")
        with pytest.raises(DataError, match="both files have the same columns"):
            scored("mse", "p.csv", "y.csv")
        both = ColumnOptions("x,y", "x,y")
        assert scored("mse", "p.csv", "y.csv", columns=both).value == 2.5

    @pytest.mark.parametrize("labels", ["label\n1\n1\n0\n", "label\nid\nid\nen\n"])
    def test_a_class_column_with_the_others_prefix_is_no_key(
        self, labels: str, scored: Score, write: Write
    ) -> None:
        logits = np.array([[3, 5, 1], [1, 4, 2], [5, 0, 1]])
        write("p.csv", "p_en,p_id,p_fr\n3,5,1\n1,4,2\n5,0,1\n")
        write("y.csv", labels)
        own = logits[np.arange(3), [1, 1, 0]]
        expected = (np.log(np.exp(logits).sum(axis=1)) - own).mean()
        np.testing.assert_allclose(scored("ce", "p.csv", "y.csv", form="logits").value, expected)

    @pytest.mark.parametrize("cells", ["1.5,2.5,0.5", "1.5,-inf,0.5", "1.5,1e-05,0.5"])
    def test_decimals_under_a_keys_name_are_asked_about(
        self, cells: str, scored: Score, write: Write
    ) -> None:
        write("p.csv", f"en,id,fr\n{cells}\n0.5,2.5,1.5\n")
        write("d/1.csv", "en,id,fr\n")
        write("d/2.csv", f"en,id,fr\n{cells}\n0.5,2.5,1.5\n")
        write("y.csv", "label\nen\nfr\n")
        for name in ("p.csv", "d"):
            with pytest.raises(DataError, match="is 'id' a key, or one of the classes like 'en'"):
                scored("ce", name, "y.csv", form="logits")
            named = ColumnOptions("en,id,fr")
            assert scored("ce", name, "y.csv", form="logits", columns=named).n == 2

    @pytest.mark.parametrize("ids", ["1.1,1.2", "1.000e+00,2.000e+00", "a,b"])
    def test_a_key_of_both_files_is_a_key(self, ids: str, scored: Score, write: Write) -> None:
        first, second = ids.split(",")
        for names in ("id,cat,dog", "user_id,user_cat,user_dog"):
            write("p.csv", f"{names}\n{first},2.5,0.5\n{second},0.5,1.5\n")
            write("y.csv", f"{names.split(',')[0]},label\n{first},cat\n{second},dog\n")
            result = scored("ce", "p.csv", "y.csv", form="logits")
            np.testing.assert_allclose(result.value, np.log1p(np.exp([-2, -1])).mean())

    def test_a_key_with_the_classes_prefix_is_asked_about(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "user_id,user_cat,user_dog\n1,2.5,0.5\n2,0.5,1.5\n")
        write("y.csv", "label\ncat\ndog\n")
        with pytest.raises(DataError, match="is 'user_id' a key, or one of the classes"):
            scored("ce", "p.csv", "y.csv", form="logits")

    def test_a_label_with_the_classes_prefix_is_no_class(self, scored: Score, write: Write) -> None:
        write("p.csv", "y_cat,y_dog,y_true\n2.5,0.5,0\n0.5,1.5,1\n")
        write("y.csv", "label\n0\n1\n")
        result = scored("ce", "p.csv", "y.csv", form="logits")
        np.testing.assert_allclose(result.value, np.log1p(np.exp([-2, -1])).mean())

    def test_a_stray_column_beside_numbered_classes_is_asked_about(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "0,1,2,age\n2.5,0.5,0.1,33\n0.5,1.5,0.1,44\n")
        write("y.csv", "label\n0\n1\n")
        with pytest.raises(DataError, match="are these the classes"):
            scored("ce", "p.csv", "y.csv", form="logits")

    @pytest.mark.parametrize(
        ("predictions", "labels"),
        [
            ("p_gold,p_silver,p_bronze", "gold,silver,bronze,fold"),
            ("p_gold,p_silver,p_bronze", "y_gold,y_silver,y_bronze,weight"),
            ("row_id,p_en,p_id,p_index", "row_id,en,id,index"),
        ],
    )
    def test_one_hot_columns_are_found_among_others(
        self, predictions: str, labels: str, scored: Score, write: Write
    ) -> None:
        p = np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.1, 0.3, 0.6]])
        ids = [["1", "2", "3"]] if "row_id" in labels else []
        extra = [] if ids else [["0", "1", "0"]]
        left = zip(*ids, *p.T.tolist(), strict=True)
        right = zip(*ids, *np.eye(3, dtype=int).tolist(), *extra, strict=True)
        write("p.csv", f"{predictions}\n" + "".join(",".join(map(str, r)) + "\n" for r in left))
        write("y.csv", f"{labels}\n" + "".join(",".join(map(str, r)) + "\n" for r in right))
        result = scored("ce", "p.csv", "y.csv")
        np.testing.assert_allclose(result.value, -np.log([0.8, 0.7, 0.6]).mean())

    @pytest.mark.parametrize("names", ["p_gold,p_silver,p_bronze", None])
    def test_one_hot_columns_that_match_in_part_are_an_error(
        self, names: str | None, scored: Score, save: Save, write: Write
    ) -> None:
        save("p.npy", np.eye(3) * 0.7 + 0.1)
        write("y.csv", "gold,silver\n1,0\n0,1\n0,0\n")
        if names is not None:
            write("p.csv", f"{names}\n0.8,0.1,0.1\n0.1,0.8,0.1\n0.1,0.1,0.8\n")
            with pytest.raises(DataError, match="predictions without a partner: 'p_bronze'"):
                scored("ce", "p.csv", "y.csv")
        else:
            write("y.csv", "gold,silver,bronze\n1,0,0\n0,1,0\n0,0,1\n")
            with pytest.raises(DataError, match="is 'gold' the label, or one of the classes"):
                scored("ce", "p.npy", "y.csv")

    @pytest.mark.parametrize("aside", ["fold", "weight", "usage"])
    def test_what_people_keep_beside_predictions_is_no_output(
        self, aside: str, scored: Score, write: Write
    ) -> None:
        write("p.csv", f"id,target,{aside}\na,1,0\nb,2,0\nc,3,1\n")
        write("y.csv", f"id,target,{aside}\na,2,0\nb,4,0\nc,3,1\n")
        result = scored("mse", "p.csv", "y.csv")
        np.testing.assert_allclose(result.value, 5 / 3)
        write("p.csv", f"a,b,{aside}\n1,5,1\n4,7,1\n")
        write("y.csv", f"b,a,{aside}\n5,1,1\n8,4,1\n")
        assert scored("mse", "p.csv", "y.csv").value == 0.25

    def test_crosswise_names_stop(self, scored: Score, write: Write) -> None:
        write("p.csv", "x,y,z\n10,1,a\n20,2,b\n")
        write("y.csv", "y,x,t\n1,10,0\n2,20,0\n")
        with pytest.raises(DataError, match="both files have the columns 'x', 'y'"):
            scored("mse", "p.csv", "y.csv")

    def test_numbers_with_a_point_have_no_prefix(self, scored: Score, write: Write) -> None:
        write("p.csv", "p_0.1,p_0.2\n0.25,0.75\n0.5,0.5\n")
        write("y.csv", "label\n0.2\n0.1\n")
        np.testing.assert_allclose(
            scored("ce", "p.csv", "y.csv").value, -np.log([0.75, 0.5]).mean()
        )

    def test_a_class_named_like_a_label_is_asked_about(self, scored: Score, write: Write) -> None:
        write("p.csv", "gold,silver,bronze\n3,5,1\n1,4,2\n")
        write("y.csv", "label\nsilver\nbronze\n")
        with pytest.raises(DataError, match="is 'gold' one of the classes"):
            scored("ce", "p.csv", "y.csv", form="logits")
        assert scored("ce", "p.csv", "y.csv", form="logits", columns=ColumnOptions("0-2")).n == 2

    def test_classes_by_option_are_the_names_of_the_columns(
        self, scored: Score, save: Save, write: Write
    ) -> None:
        save("p.npy", np.array([[0.9, 0.1], [0.2, 0.8]]))
        write("y.csv", "cat,dog\n0,1\n1,0\n")
        named = LabelOptions(classes=("dog", "cat"))
        expected = -np.log([0.9, 0.8]).mean()
        for columns in (ColumnOptions(), ColumnOptions(label="0-1")):
            result = scored("ce", "p.npy", "y.csv", label=named, columns=columns)
            np.testing.assert_allclose(result.value, expected)
        with pytest.raises(DataError, match="'x', 'y', labels without a partner: 'cat', 'dog'"):
            scored("ce", "p.npy", "y.csv", label=LabelOptions(classes=("x", "y")))

    def test_class_numbers_beyond_2_to_53_stay_apart(self, scored: Score, write: Write) -> None:
        write("p.csv", "p_9007199254740992,p_9007199254740993\n0.9,0.1\n0.8,0.2\n")
        write("y.csv", "label\n9007199254740992\n9007199254740993\n")
        np.testing.assert_allclose(scored("ce", "p.csv", "y.csv").value, -np.log([0.9, 0.2]).mean())
        write("p.csv", f"p_{'1' * 400},p_2\n0.5,0.5\n")
        write("y.csv", "label\n2\n")
        np.testing.assert_allclose(scored("ce", "p.csv", "y.csv").value, np.log(2))

    def test_class_numbers_as_a_frame_writes_them(self, scored: Score, write: Write) -> None:
        write("p.csv", "0.0,1.0\n0.9,0.1\n0.2,0.8\n")
        write("y.csv", "label\n0\n1\n")
        text = InputOptions(header=True)
        result = scored("ce", "p.csv", "y.csv", input=text)
        np.testing.assert_allclose(result.value, -np.log([0.9, 0.8]).mean())

    def test_a_class_called_none_is_a_class(self, scored: Score, write: Write) -> None:
        write("p.csv", "p_none,p_mild\n0.9,0.1\n0.8,0.2\n")
        write("y.csv", "label\nnone\nnone\n")
        np.testing.assert_allclose(scored("ce", "p.csv", "y.csv").value, -np.log([0.9, 0.8]).mean())

    def test_weights_are_labels_where_they_are_asked_for(self, scored: Score, write: Write) -> None:
        write("p.csv", "height,weight\n10,50\n30,60\n")
        write("y.csv", "weight,height\n51,10\n62,30\n")
        with pytest.raises(DataError, match="no column is named like a label"):
            scored("mse", "p.csv", "y.csv")
        both = ColumnOptions("height,weight", "height,weight")
        result = scored("mse", "p.csv", "y.csv", columns=both)
        assert (result.value, result.denominator) == (1.25, 4.0)
        write("y.csv", "id,weight\na,50\nb,60\n")
        write("p.csv", "id,pred\na,51\nb,62\n")
        assert scored("mse", "p.csv", "y.csv").value == 2.5

    @pytest.mark.parametrize("name", ["Unnamed: 0", "year"])
    def test_a_frames_index_is_no_output(self, name: str, scored: Score, write: Write) -> None:
        write("p.csv", f"{name},value\n0,1\n1,3\n")
        write("y.csv", f"{name},value\n0,2\n1,4\n")
        if name == "year":
            with pytest.raises(DataError, match="the columns 'year' and 'year' start alike"):
                scored("mse", "p.csv", "y.csv")
        else:
            assert scored("mse", "p.csv", "y.csv").value == 1.0

    def test_explicit_pairs_may_have_some_names_in_common(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "a,b,w\n1,2,3\n4,5,6\n")
        write("y.csv", "a,c,w\n1,2,3\n4,5,6\n")
        assert scored("mse", "p.csv", "y.csv", columns=ColumnOptions("a,b", "a,c")).value == 0.0

    def test_the_file_with_the_fault_is_named(self, scored: Score, write: Write) -> None:
        write("p.csv", "a,a\n.5,.5\n")
        write("y.csv", "label\na\n")
        with pytest.raises(DataError, match=r"two prediction columns are called 'a', p\.csv"):
            scored("ce", "p.csv", "y.csv")
        write("p.csv", "a,b\n.5,.5\n")
        with pytest.raises(DataError, match=r"there are 2 prediction columns, p\.csv"):
            scored("ce", "p.csv", "y.csv", label=LabelOptions(classes=("a", "b", "c")))


class TestHeaders:
    """No row is lost as a header, no header scored as a row."""

    @pytest.mark.parametrize("index", [True, False])
    @pytest.mark.parametrize("columns", [1, 2, 3])
    def test_frames_as_pandas_writes_them(
        self, index: bool, columns: int, tmp_path: Path, scored: Score
    ) -> None:
        import pandas as pd  # noqa: PLC0415

        rng = np.random.default_rng(columns)
        p = rng.dirichlet(np.ones(columns + 1), 20)[:, :columns]
        pd.DataFrame(p).to_csv(tmp_path / "p.csv", index=index)
        pd.DataFrame(p + 0.5).to_csv(tmp_path / "y.csv", index=index)
        if index:
            result = scored("mse", "p.csv", "y.csv")
        else:
            with pytest.raises(DataError, match="a frame's default header or data"):
                scored("mse", "p.csv", "y.csv")
            result = scored("mse", "p.csv", "y.csv", input=InputOptions(header=True))
        assert result.n == 20
        np.testing.assert_allclose(result.value, 0.25)

    def test_a_decimal_comma_does_not_separate_columns(self, scored: Score, write: Write) -> None:
        write("p.csv", "1,5\n3,7\n")
        write("y.csv", "2,6\n4,1\n")
        result = scored("mse", "p.csv", "y.csv", input=InputOptions(decimal=","))
        np.testing.assert_allclose(result.value, (1.1**2 + 0.4**2) / 2)
        assert result.denominator == 2.0

    @pytest.mark.parametrize("first", ["0.5,1,checked", "?,1,x"])
    def test_a_first_row_with_a_value_is_a_row(
        self, first: str, scored: Score, write: Write
    ) -> None:
        write("f.csv", f"{first}\n0.75,0,\n0.25,1,\n")
        both = ColumnOptions("0", "1")
        if "?" in first:
            with pytest.raises(DataError, match=r"the column 0 holds text, such as '\?', f.csv"):
                scored("bce", "f.csv", columns=both)
        else:
            assert scored("bce", "f.csv", columns=both).n == 3

    @pytest.mark.parametrize(
        "content",
        [
            'prob,label,note\n0.9,1,ok\n0.8,1,"oops\n0.1,1,fine\n0.2,1,x\n',
            'prob,label,note\n0.9,1,ok\n0.8,1,"oops\n0.1,1,fine\n0.2,1,"x"\n0.5,0,y\n',
            'prob,label\n0.9,yes\n0.8,"no\n0.1,no\n0.2,yes\n',
            'prob,label\n0.9,yes\n0.8,"no" \n',
        ],
    )
    @pytest.mark.parametrize("filler", [0, 100_000])
    def test_a_stray_quote_swallows_no_rows(
        self, content: str, filler: int, scored: Score, write: Write
    ) -> None:
        header, _, rows = content.partition("\n")
        filling = ",".join(['"0.5"', "1", '"a,""b"""'][: header.count(",") + 1]) + "\n"
        filling = filling.replace('"0.5",1\n', '"0.5",yes\n')
        write("f.csv", header + "\n" + filling * filler + rows)
        message = f"cannot read the record: .*, f.csv, line {filler + 3}"
        with pytest.raises(DataError, match=message):
            scored("bce", "f.csv")

    @pytest.mark.parametrize(
        ("header", "given"),
        [
            ('pred,"label', None),
            ('pred,"label', True),
            ('pred,"label"x', None),
            ('pred,"label"x', True),
            ('"pred,label', True),
        ],
    )
    @pytest.mark.parametrize("filler", [3, 100_000])
    def test_a_stray_quote_in_a_header_swallows_no_rows(
        self, header: str, given: bool | None, filler: int, scored: Score, write: Write
    ) -> None:
        write("f.csv", f"\n{header}\n" + "1,2\n" * filler)
        columns, read = ColumnOptions("0", "1"), InputOptions(header=given, delimiter=",")
        with pytest.raises(DataError, match=r"cannot read the header: .*, f\.csv, line 2"):
            scored("mse", "f.csv", columns=columns, input=read)
        rows = "1,2\n" * filler + '1,"2"\n' + "1,2\n" * filler
        write("f.csv", f"\n{header}\n{rows}")
        with pytest.raises(DataError, match=r"cannot read the header: .*, f\.csv, line 2"):
            scored("mse", "f.csv", columns=columns, input=read)

    def test_quotes_inside_a_cell_are_letters(self, scored: Score, write: Write) -> None:
        write("f.csv", 'size,prob,label\n5" pipe,0.5,1\n3" pipe,0.5,1\n')
        np.testing.assert_allclose(scored("bce", "f.csv").value, np.log(2))

    def test_unequal_lengths_by_one_ask_about_the_header(self, scored: Score, write: Write) -> None:
        write("p.csv", "0.5\n0.25\n")
        write("y.csv", "0\n1\n0\n")
        with pytest.raises(DataError) as caught:
            scored("bce", "p.csv", "y.csv")
        assert "--header" in str(caught.value.hint)


class TestKinds:
    """What a column holds is decided by its first value, however late that comes."""

    @pytest.mark.parametrize("late", [True, False])
    def test_the_first_value_may_be_in_a_later_shard(
        self, late: bool, scored: Score, write: Write
    ) -> None:
        empty = "0.5,\n" * 1500 if late else ""
        write("d/1.csv", f"prob,label\n{empty}")
        write("d/2.csv", "prob,label\n0.25,no\n0.75,yes\n")
        assert scored("bce", "d", nan="skip").n == 2
        empty = "0.5,0.5,\n" * 1500 if late else ""
        write("d/1.csv", f"p_a,p_b,label\n{empty}")
        write("d/2.csv", "p_a,p_b,label\n0.25,0.75,1\n")
        np.testing.assert_allclose(scored("ce", "d", nan="skip").value, -np.log(0.75))

    def test_a_late_note_is_no_prediction(self, scored: Score, write: Write) -> None:
        write("f.csv", "mine,label,note\n" + "0.5,1,\n" * 1500 + "0.5,1,look\n")
        assert scored("bce", "f.csv").columns.predictions == ("mine",)

    def test_long_cells_are_fine(self, scored: Score, write: Write) -> None:
        write("f.csv", f"text,prob,label\n{'x' * 200_000},0.5,yes\nshort,0.5,no\n")
        np.testing.assert_allclose(scored("bce", "f.csv").value, np.log(2))

    @pytest.mark.parametrize(
        ("labels", "positive"),
        [("True,True", "true"), ("1.0,1.0", "1"), ("1,1.0", "1"), ("no,no", "no"), ("2,2", "2.0")],
    )
    def test_the_positive_label_is_met_in_any_spelling(
        self, labels: str, positive: str, scored: Score, write: Write
    ) -> None:
        first, second = labels.split(",")
        write("f.csv", f"prob,label\n0.75,{first}\n0.5,{second}\n")
        result = scored("bce", "f.csv", label=LabelOptions(positive=positive))
        np.testing.assert_allclose(result.value, -np.log([0.75, 0.5]).mean())
        assert result.warnings == ()

    @pytest.mark.parametrize("missing", ["NA", "nan", ""])
    def test_a_missing_number_is_no_negative_label(
        self, missing: str, scored: Score, write: Write
    ) -> None:
        write("f.csv", f"prob,label\n0.9,2\n0.8,{missing}\n0.9,2\n")
        positive = LabelOptions(positive="2")
        with pytest.raises(DataError, match=r"the label is missing, f.csv, line 3"):
            scored("bce", "f.csv", label=positive)
        assert scored("bce", "f.csv", label=positive, nan="skip").n == 2

    def test_an_empty_column_is_no_class(self, scored: Score, write: Write) -> None:
        write("f.csv", "cat,dog,label,note\n0.5,0.5,cat,\n0.25,0.75,dog,\n")
        assert scored("ce", "f.csv").columns.predictions == ("cat", "dog")

    def test_a_positive_label_that_never_occurs_is_told(self, scored: Score, write: Write) -> None:
        write("f.csv", "prob,label\n0.75,spam\n0.5,spam\n")
        result = scored("bce", "f.csv", label=LabelOptions(positive="sapm"))
        assert result.warnings == ("no label is 'sapm', the positive one",)


class TestOrder:
    """The rows before a fault are printed; the first fault is the one that is named."""

    @pytest.mark.parametrize("row", ["5,1", ",1", "x,1", "0.5,7", "0.5,1,1"])
    def test_the_rows_before_a_fault_are_given(self, row: str, scored: Score, write: Write) -> None:
        write("f.csv", f"prob,label\n0.25,0\n0.75,1\n{row}\n0.5,1\n")
        with pytest.raises(DataError, match="line 4"):
            scored("bce", "f.csv")
        seen = Losses()
        with pytest.raises(DataError, match="line 4"):
            run(prepare("bce", "f.csv", None, Options()), seen)
        np.testing.assert_allclose(seen.of(0), -np.log([0.75, 0.75]))

    @pytest.mark.parametrize(
        ("labels", "positive", "line"),
        [
            ("a,b,c,", "a", 4),
            ("yes,maybe,no,", "yes", 3),
            ("1,-1,0,", None, 4),
            ("1,7,-1,0", None, 3),
        ],
    )
    def test_the_first_fault_in_file_order_is_named(
        self, labels: str, positive: str | None, line: int, scored: Score, write: Write
    ) -> None:
        write("f.csv", "prob,label\n" + "".join(f"0.5,{y}\n" for y in labels.split(",")))
        with pytest.raises(DataError, match=f"f.csv, line {line}"):
            scored("bce", "f.csv", label=LabelOptions(positive=positive))

    def test_looking_ahead_does_not_change_the_order(self, scored: Score, write: Write) -> None:
        write("f.csv", "prob,label,note\n0.25,0,\n7,1,\n0.75,1\n")
        with pytest.raises(DataError, match=r"7.0 is not a probability, f.csv, line 3"):
            scored("bce", "f.csv")

    def test_what_is_skipped_is_not_checked(self, scored: Score, write: Write) -> None:
        write("f.csv", "prob,label\n5,\n0.5,1\n")
        assert scored("bce", "f.csv", nan="skip").n == 1
        write("f.csv", "a,b,label\n0.9,0.9,\n0.5,0.5,a\n")
        assert scored("ce", "f.csv", nan="skip").n == 1


class TestExtremes:
    """Huge values, odd headers, closed streams."""

    def test_an_infinite_loss_leaves_the_others_their_errors(
        self, scored: Score, write: Write
    ) -> None:
        write("f.csv", "pred,label\n1e200,0\n1,2\n")
        alone = scored("mae", "f.csv")
        mae, mse = score("mae,mse", "f.csv", None, Options())
        assert mae == alone
        assert mae.stderr is not None
        assert (mse.status, mse.warnings) == (
            "infinite",
            ("the loss is infinite because of 1 row (50 %): too large",),
        )

    @pytest.mark.parametrize("value", ["1e154", "1e308", "inf", "-inf"])
    def test_huge_values_are_no_crash_and_no_noise(
        self, value: str, lossctl: Callable[..., Run], write: Write
    ) -> None:
        write("f.csv", f"pred,label\n{value},0\n{value},0\n")
        run = lossctl("mse,mae,rmse,sse", "f.csv")
        assert run.code == 0
        assert "RuntimeWarning" not in run.err

    @pytest.mark.parametrize("rows", [7, 500, 4000])
    def test_the_error_of_a_sum_does_not_depend_on_the_blocks(
        self, rows: int, scored: Score, save: Save
    ) -> None:
        rng = np.random.default_rng(0)
        e, missing = 1e8 + rng.normal(size=4000), rng.random(4000) < 0.5
        p = np.where(missing, [np.sqrt(e), np.full(4000, np.nan)], np.sqrt(e / 2)).T
        save("p.npy", p)
        save("y.npy", np.zeros((4000, 2)))
        scored("sse", "p.npy", "y.npy", nan="skip")
        plan = prepare("sse", "p.npy", "y.npy", Options(nan="skip"))
        (result,) = conclude(plan, local.run(replace(plan, block_rows=rows)))
        losses = np.nansum(p**2, axis=1)
        expected = 4000**0.5 * losses.std(ddof=1)
        np.testing.assert_allclose([result.stderr], [expected], rtol=1e-7)

    def test_file_names_and_keys_that_are_not_utf8(
        self, lossctl: Callable[..., Run], write: Write, tmp_path: Path
    ) -> None:
        name = b"caf\xe9.csv".decode("utf-8", "surrogateescape")
        (tmp_path / name).write_text("prob,label\n0.5,1\n")
        assert '"caf\\\\xe9.csv"' in lossctl("bce", name, "--json").out
        write("p.csv", b"id,pred\n\xff,1\n")
        write("y.csv", b"id,label\n\\xff,1\n")
        run = lossctl("mse", "p.csv", "y.csv")
        assert (run.code, "the rows do not belong together" in run.err) == (3, True)

    def test_long_digit_strings(self, scored: Score, write: Write) -> None:
        write("f.csv", "pred,label\n1,2\n")
        with pytest.raises(DataError, match="there is no column '111"):
            scored("mse", "f.csv", columns=ColumnOptions("1" * 5000))

    def test_infinite_labels_are_no_class(self, scored: Score, write: Write) -> None:
        write("f.csv", "p_a,p_b,label\n1,2,inf\n")
        with pytest.raises(DataError, match="the label inf is not a class"):
            scored("ce", "f.csv", form="logits")

    def test_array_headers_that_announce_the_absurd(
        self, scored: Score, save: Save, write: Write
    ) -> None:
        save("p.npy", np.empty((0, 200_000_000)))
        with pytest.raises(DataError, match="there are no rows"):
            scored("mse", "p.npy", "p.npy")
        save("p.npy", np.zeros((1, 2_000_000), dtype=np.int8))
        with pytest.raises(DataError, match="an array of 2,000,000 columns"):
            scored("mse", "p.npy", "p.npy")
        whole = save("p.npy", np.arange(7.0)).read_bytes()
        write("p.npy", whole.replace(b"(7,)", b"(7, "))
        with pytest.raises(DataError, match="its header is damaged"):
            scored("mse", "p.npy", "p.npy")

    def test_confidence_next_to_one(self, scored: Score, save: Save) -> None:
        save("p.npy", np.arange(5.0))
        result = scored("mse", "p.npy", "p.npy", level=1 - 2**-53)
        assert result.low == result.high == 0.0

    @pytest.mark.parametrize(
        ("command", "code"),
        [
            ("mse nowhere.csv 2>&-", 3),
            ("mse nowhere.csv 2>/dev/full", 3),
            ("mse f.csv >&-", 3),
            ("mse f.csv --format table", 0),
            ("mse é.csv", 0),
        ],
    )
    def test_streams_that_do_not_take_what_is_written(
        self, command: str, code: int, tmp_path: Path, write: Write
    ) -> None:
        for name in ("f.csv", "é.csv"):
            write(name, "pred,label\n1,2\n")
        done = subprocess.run(
            ["/bin/bash", "-c", f"{sys.executable} -m lossctl {command}"],
            cwd=tmp_path,
            env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stderr

    def test_names_that_are_not_utf8_are_json(
        self, lossctl: Callable[..., Run], write: Write
    ) -> None:
        write("f.csv", b"p_caf\xe9,p_dog,label\n0.5,0.5,dog\n")
        assert '"p_caf\\\\xe9"' in lossctl("ce", "f.csv", "--json").out


class TestThirdReading:
    """What a third hostile reading found: another column's numbers, or those of one row more."""

    @pytest.mark.parametrize(
        ("loss", "p", "y", "message"),
        [
            (
                "mse",
                "x1,x2,target\n1,2,10\n3,4,20\n",
                "x1,x2,target\n1,2,11\n3,4,25\n",
                "both files have the columns",
            ),
            (
                "ce",
                "temp,hum\n2.5,5.5\n1,2\n",
                "b_temp,b_hum,a_temp,a_hum\n0,1,1,0\n0,1,0,1\n",
                "or",
            ),
            ("mse", "temp,hum\n2.5,5.5\n", "b_temp,b_hum,a_temp,a_hum\n1,2,3,4\n", " or 'a_temp'"),
            ("mse", "age;pred;label\n30;0,5;1\n40;0,7;2\n", None, "holds text, such as '0,5'"),
            ("mse", "age,pred,label\n30,-,1\n40,0.7,2\n", None, "holds text, such as '-'"),
            (
                "mse",
                "age,pred,label\n30,,1\n40,,2\n",
                None,
                "missing, p.csv, line 2, column 'pred'",
            ),
            (
                "mse",
                "id,age,pred\n1,30,\n2,4,\n",
                "id,label\n1,3\n2,4\n",
                "missing, p.csv, line 2, co",
            ),
            ("ce", "p_a,p_b,p_c,label\n0.3,0.7,,a\n0.6,0.4,,b\n", None, "line 2, column 'p_c'"),
            ("ce", "l_a,l_b,l_c,label\n1,2,?,a\n2,1,5,b\n", None, "'l_c' holds text, such as"),
            (
                "mse",
                "store,sales\n1017,5\n1022,6\n1040,7\n",
                "store,sales\n1017,6\n1022,7\n1040,8\n",
                "start alike",
            ),
            (
                "mse",
                "time,v\n0.0,5\n0.5,6\n1.0,7\n",
                "time,v\n0.0,6\n0.5,7\n1.0,8\n",
                "start alike",
            ),
            (
                "mse",
                "2019,2020\n1.5,2.5\n3.5,4.5\n",
                "2019,2020\n2.5,3.5\n4.5,5.5\n",
                "both files start with",
            ),
            (
                "ce",
                "p_9007199254740992,p_1\n0.9,0.1\n0.8,0.2\n",
                "label\n9007199254740993\n1\n",
                "no class",
            ),
            ("bce", "prob label\n0.9 yes\n0.2 no\n", None, "are separated by spaces"),
            ("bce", "Pred,pred,label\n0.5,0.6,1\n", None, "2 columns could be the prediction"),
        ],
    )
    def test_what_may_be_meant_in_two_ways_stops(
        self, loss: str, p: str, y: str | None, message: str, scored: Score, write: Write
    ) -> None:
        write("p.csv", p)
        if y is not None:
            write("y.csv", y)
        form = {"form": "logits"} if loss == "ce" and "p_" not in p else {}
        with pytest.raises(DataError, match=message):
            scored(loss, "p.csv", None if y is None else "y.csv", **form)

    @pytest.mark.parametrize(
        ("loss", "p", "y", "rows"),
        [
            (
                "mse",
                "x1,x2,pred\n1.5,2,9\n3,4,8\n",
                "x1,x2,pred,label\n1.5,2,9.5,1\n3,4,8.5,2\n",
                [64, 36],
            ),
            (
                "ce",
                "id,p_a,p_b\n1,0.9,0.1\n2,0.2,0.8\n",
                "id,label,p_a,p_b\n1,a,0.5,0.5\n2,b,0.4,0.6\n",
                -np.log([0.9, 0.8]),
            ),
            (
                "ce",
                "class-cat,class-dog\n0.9,0.1\n0.2,0.8\n",
                "label\ncat\ndog\n",
                -np.log([0.9, 0.8]),
            ),
        ],
    )
    def test_the_column_named_like_a_label_is_the_label(
        self, loss: str, p: str, y: str, rows: list[float], scored: Score, write: Write
    ) -> None:
        write("p.csv", p)
        write("y.csv", y)
        np.testing.assert_allclose(scored(loss, "p.csv", "y.csv").value, np.mean(rows))

    def test_a_full_match_of_classes_wins_over_a_partial_one(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "y,yes,true,no\n0,-0.5,-3,1\n1,2,0,-1\n")
        write("y.csv", "y,yes,true,no\n0,0,0,1\n0,1,0,0\n")
        logits = np.array([[0, -0.5, -3, 1], [1, 2, 0, -1]])
        expected = np.log(np.exp(logits).sum(axis=1)) - [1, 2]
        found = scored("ce", "p.csv", "y.csv", form="logits").value
        np.testing.assert_allclose(found, expected.mean())

    def test_an_index_is_no_class(self, scored: Score, write: Write, save: Save) -> None:
        write("p.csv", "0,2.5,0.5,0.1\n1,0.5,1.5,0.2\n2,0.1,0.3,2.2\n")
        write("y.csv", "0\n1\n2\n")
        with pytest.raises(DataError, match="column 0 counts the rows"):
            scored("ce", "p.csv", "y.csv", form="logits")
        index = np.arange(5.0)
        save("p.npy", np.stack([index, index + 1], axis=1))
        save("y.npy", np.stack([index, index + 2], axis=1))
        with pytest.raises(DataError, match="start alike"):
            scored("mse", "p.npy", "y.npy")

    def test_truth_values_are_no_positions(self, scored: Score, write: Write, save: Save) -> None:
        write("p.csv", "p_True,p_False\n0.9,0.1\n0.2,0.8\n0.7,0.3\n")
        save("y.npy", np.array([True, False, True]))
        expected = -np.log([0.9, 0.8, 0.7]).mean()
        np.testing.assert_allclose(scored("ce", "p.csv", "y.npy").value, expected)
        save("p.npy", np.array([0.9, 0.2, 0.7]))
        for name in ("True", "true"):
            result = scored("bce", "p.npy", "y.npy", label=LabelOptions(positive=name))
            np.testing.assert_allclose(result.value, expected)
        flipped = scored("bce", "p.npy", "y.npy", label=LabelOptions(positive="False")).value
        np.testing.assert_allclose(flipped, -np.log([0.1, 0.2, 0.3]).mean())
        with pytest.raises(DataError, match="no label is called 'ja': they are numbers"):
            scored("bce", "p.npy", "y.npy", label=LabelOptions(positive="ja"))

    @pytest.mark.parametrize(
        "option", ["--pred-col", "--label-col", "--id", "--weight-col", "--positive"]
    )
    def test_empty_shell_variables_are_mistakes(
        self, option: str, lossctl: Callable[..., Run], write: Write
    ) -> None:
        write("f.csv", "y_pred,model_b,label\n1,5,1\n0,6,1\n")
        run = lossctl("bce", "f.csv", option, "")
        assert (run.code, run.out) == (2, "")

    def test_a_vocabulary_of_columns_is_no_hang(self, scored: Score, save: Save) -> None:
        rng = np.random.default_rng(0)
        save("x.npy", rng.normal(size=(2, 50_257)).astype(np.float32))
        save("y.npy", np.array([7, 50_256]))
        assert scored("ce", "x.npy", "y.npy", form="logits").n == 2

    def test_a_key_beside_numbered_classes_is_asked_about(
        self, lossctl: Callable[..., Run], write: Write
    ) -> None:
        write("p.csv", "image,0,1,2\na,0.5,0.25,0.25\nb,0.25,0.25,0.5\n")
        write("y.csv", "image,label\na,0\nb,2\n")
        run = lossctl("ce", "p.csv", "y.csv", "--id", "image")
        assert (run.code, "cannot tell whether the file has a header" in run.err) == (3, True)
        run = lossctl("ce", "p.csv", "y.csv", "--id", "image", "--header", "--value")
        np.testing.assert_allclose(float(run.out), np.log(2))
