"""The same rows give the same bits; different rows stop; what is missing is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from rows import rows as row_losses
from scipy import stats

import lossctl
from lossctl.columns import ColumnOptions
from lossctl.engines import local
from lossctl.errors import DataError, UsageError
from lossctl.losses import parse
from lossctl.result import Result
from lossctl.scoring import Options, prepare, score
from lossctl.values import replace

Score = Callable[..., Result]
Save = Callable[[str, object], Path]
Write = Callable[[str, "str | bytes"], Path]
Table = Callable[..., Path]


def numbers(result: Result) -> tuple[object, ...]:
    """Return all that must be the same bits."""
    return (result.value, result.sum, result.n, result.denominator, result.skipped)


def hostile(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    """Return probabilities of many sizes whose rows sum to 1."""
    return rng.dirichlet(np.full(k, 0.05), n) if k > 1 else 10.0 ** rng.uniform(-30, 0, (n, 1))


@pytest.mark.parametrize(
    ("loss", "k"), [("bce", 1), ("ce", 3), ("ce", 20), ("mse", 1), ("mse", 4), ("bce", 3)]
)
def test_every_format_split_and_order_gives_the_same_bits(
    loss: str, k: int, scored: Score, save: Save, table: Table, tmp_path: Path
) -> None:
    rng = np.random.default_rng(k)
    n = 4321
    p = hostile(rng, n, k) if loss != "mse" else rng.normal(size=(n, k)) * 1e3
    if loss == "ce":
        y = p.argmax(axis=1) if k == 3 else rng.integers(0, k, n)
    else:
        y = rng.integers(0, 2, (n, k)).astype(float)
    if loss == "bce" and k > 1:
        p = rng.random((n, k))
    names = [f"p_{i}" for i in range(k)]
    label_names = ["label"] if y.ndim == 1 or k == 1 else [f"y_{i}" for i in range(k)]
    order = rng.permutation(n)

    def columns(rows: Sequence[int] | np.ndarray) -> tuple[dict[str, object], dict[str, object]]:
        left = dict(zip(names, p[rows].T, strict=True))
        right = dict(zip(label_names, y[rows].reshape(len(rows), -1).T, strict=True))
        return left, right

    def write_all(where: str, rows: np.ndarray) -> None:
        left, right = columns(rows)
        table(f"{where}p.csv", left)
        table(f"{where}p.tsv", left, delimiter="\t")
        table(f"{where}y.csv", right)
        (tmp_path / where).mkdir(exist_ok=True)
        save(f"{where}p.npy", p[rows])
        save(f"{where}y.npy", y[rows])

    (tmp_path / "shards").mkdir()
    write_all("all/", np.arange(n))
    write_all("shuffled/", order)
    for part, rows in enumerate(np.array_split(np.arange(n), 10), start=1):
        write_all(f"part{part}/", rows)
        for name in ("p.csv", "y.csv", "p.npy", "y.npy"):
            kind = tmp_path / "shards" / name.replace(".", "_")
            kind.mkdir(exist_ok=True)
            (tmp_path / f"part{part}" / name).rename(kind / f"part-{part}.{name[2:]}")
    expected = numbers(scored(loss, "all/p.npy", "all/y.npy"))
    for predictions, labels in (
        ("all/p.csv", "all/y.csv"),
        ("all/p.tsv", "all/y.npy"),
        ("all/p.npy", "all/y.csv"),
        ("shuffled/p.csv", "shuffled/y.npy"),
        ("shuffled/p.npy", "shuffled/y.npy"),
        ("shards/p_csv", "shards/y_csv"),
        ("shards/p_npy/*.npy", "shards/y_csv/part-*.csv"),
        ("all/p.csv", "shards/y_npy"),
    ):
        # an array's columns have no names that could be matched: the user says which they are
        wide = "npy" in predictions and len(label_names) > 1
        named = ColumnOptions(label="y_*" if wide and "csv" in labels else None)
        assert numbers(scored(loss, predictions, labels, columns=named)) == expected
    left, right = columns(order)
    table("both.csv", left | right)
    if len(label_names) == 1:
        assert numbers(scored(loss, "both.csv")) == expected


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
def test_the_size_of_the_blocks_does_not_matter(rows: int, scored: Score, save: Save) -> None:
    rng = np.random.default_rng(9)
    save("x.npy", rng.normal(size=(500, 30)) * 20)
    save("y.npy", rng.dirichlet(np.ones(30), 500).astype(np.float64))
    options = Options(form="logits")
    scored("ce", "x.npy", "y.npy", form="logits")
    plan = prepare("ce", "x.npy", "y.npy", options)
    whole = local.run(plan)
    parts = local.run(replace(plan, block_rows=rows))
    assert parts.moments[0].sums == whole.moments[0].sums
    (left, right) = (s.moments[0].covariation(0, 0) for s in (parts, whole))
    np.testing.assert_allclose(float(left), float(right), rtol=1e-13)


def test_the_sum_is_that_of_math_fsum_over_the_printed_rows(scored: Score, save: Save) -> None:
    rng = np.random.default_rng(10)
    save("p.npy", 10.0 ** rng.uniform(-300, 0, 100_000))
    save("y.npy", rng.integers(0, 2, 100_000))
    result = scored("bce", "p.npy", "y.npy")
    rows = row_losses("bce", "p.npy", "y.npy", Options())
    assert result.sum == math.fsum(rows.tolist())
    assert result.value == result.sum / 100_000


def test_several_losses_share_one_pass_and_do_not_change_each_other(
    scored: Score, save: Save
) -> None:
    rng = np.random.default_rng(11)
    save("p.npy", rng.normal(size=1000))
    save("y.npy", rng.normal(size=1000))
    scored("mse", "p.npy", "y.npy")
    results = score("mse,mae,rmse,sse", "p.npy", "y.npy", Options())
    assert [r.loss for r in results] == ["mse", "mae", "rmse", "sse"]
    alone = [scored(r.loss, "p.npy", "y.npy") for r in results]
    assert alone == list(results)


class TestUncertainty:
    """Standard errors and intervals, against scipy."""

    @pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
    @pytest.mark.parametrize("n", [2, 3, 50, 70_000])
    def test_means_have_students_interval(
        self, n: int, level: float, scored: Score, save: Save
    ) -> None:
        rng = np.random.default_rng(n)
        p, y = rng.normal(size=n), rng.normal(size=n)
        save("p.npy", p)
        save("y.npy", y)
        result = scored("mae", "p.npy", "y.npy", level=level)
        rows = np.abs(p - y)
        expected = stats.t.interval(level, n - 1, rows.mean(), stats.sem(rows))
        np.testing.assert_allclose(result.stderr, stats.sem(rows), rtol=1e-12)
        np.testing.assert_allclose([result.low, result.high], expected, rtol=1e-10)

    def test_sums_roots_and_multi_output(self, scored: Score, save: Save) -> None:
        rng = np.random.default_rng(1)
        p, y = rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
        save("p.npy", p)
        save("y.npy", y)
        rows = ((p - y) ** 2).sum(axis=1)
        mse, rmse, sse = (scored(name, "p.npy", "y.npy") for name in ("mse", "rmse", "sse"))
        error = stats.sem(rows)
        np.testing.assert_allclose([mse.value, mse.stderr], [rows.mean() / 3, error / 3])
        np.testing.assert_allclose([sse.value, sse.stderr], [rows.sum(), 60 * error])
        np.testing.assert_allclose(rmse.value, (rows.mean() / 3) ** 0.5)
        np.testing.assert_allclose(rmse.stderr, error / 3 / (2 * rmse.value))
        assert mse.low is not None and mse.high is not None  # noqa: PT018
        np.testing.assert_allclose([rmse.low, rmse.high], [mse.low**0.5, mse.high**0.5])
        summed = scored("mse", "p.npy", "y.npy", reduction="sum")
        assert (summed.value, summed.stderr) == (sse.value, sse.stderr)

    def test_the_interval_of_rmse_stops_at_zero(self, scored: Score, save: Save) -> None:
        save("p.npy", np.array([0.0, 0.0, 9.0]))
        save("y.npy", np.zeros(3))
        assert scored("rmse", "p.npy", "y.npy").low == 0.0
        save("p.npy", np.zeros(3))
        assert scored("rmse", "p.npy", "y.npy").stderr == 0.0

    def test_a_mean_1e8_times_the_spread_keeps_nine_digits(self, scored: Score, save: Save) -> None:
        rng = np.random.default_rng(2)
        rows = 1e8 + rng.normal(size=200_000)
        save("p.npy", rows)
        save("y.npy", np.zeros(200_000))
        exact = [int(value * 2**40) for value in rows.tolist()]
        total, n = sum(exact), len(exact)
        squares = sum(value * value for value in exact) * n - total * total
        expected = math.sqrt(squares / (n * n * (n - 1))) / 2**40
        np.testing.assert_allclose(scored("mae", "p.npy", "y.npy").stderr, expected, rtol=1e-12)

    def test_one_row_has_no_error(self, scored: Score, save: Save) -> None:
        save("p.npy", np.array([3.0]))
        result = scored("mse", "p.npy", "p.npy")
        assert (result.value, result.stderr, result.low, result.high) == (0.0, None, None, None)
        assert math.copysign(1, result.value) == 1


class TestMissing:
    """--nan error, skip and propagate."""

    def test_rows_are_skipped_and_counted(self, scored: Score, write: Write) -> None:
        write("f.csv", "pred,label\n1,2\n,2\n3,\nnan,NA\n5,7\n")
        result = scored("mse", "f.csv", nan="skip")
        assert (result.value, result.n, result.denominator, result.skipped) == (2.5, 2, 2.0, 3)
        assert result.warnings == ("missing values: 3 rows skipped",)

    def test_cells_are_skipped_in_multi_output(self, scored: Score, save: Save) -> None:
        p = np.array([[1.0, np.nan], [2.0, 4.0], [np.nan, np.nan]])
        save("p.npy", p)
        save("y.npy", np.zeros((3, 2)))
        result = scored("mse", "p.npy", "y.npy", nan="skip")
        assert (result.value, result.n, result.denominator, result.skipped) == (7.0, 2, 3.0, 3)
        error = np.array([1.0 - 7.0, 20.0 - 14.0])
        np.testing.assert_allclose(result.stderr, (2 * (error**2).sum()) ** 0.5 / 3)

    def test_rows_of_classes_are_skipped_whole(self, scored: Score, write: Write) -> None:
        write("f.csv", "a,b,label\n0.5,0.5,a\n,0.5,a\n0.25,0.75,\n0.25,0.75,b\n")
        result = scored("ce", "f.csv", nan="skip")
        np.testing.assert_allclose(result.value, -np.log([0.5, 0.75]).mean())
        assert (result.n, result.skipped) == (2, 2)

    def test_na_is_a_class_if_a_class_is_called_so(self, scored: Score, write: Write) -> None:
        write("f.csv", "DE,NA,label\n0.5,0.5,DE\n0.25,0.75,NA\n")
        np.testing.assert_allclose(scored("ce", "f.csv").value, -np.log([0.5, 0.75]).mean())

    @pytest.mark.parametrize("loss", ["mse", "bce"])
    def test_propagation_makes_the_result_nan(self, loss: str, scored: Score, write: Write) -> None:
        write("f.csv", "pred,label\n0.5,1\n0.5,\n")
        result = scored(loss, "f.csv", nan="propagate")
        assert (math.isnan(result.value), result.status, result.n) == (True, "nan", 2)
        assert result.to_dict()["value"] is None
        assert result.stderr is None

    def test_propagation_of_a_missing_class(self, scored: Score, write: Write) -> None:
        write("f.csv", "a,b,label\n0.5,0.5,a\n0.5,0.5,\n")
        assert scored("ce", "f.csv", nan="propagate").status == "nan"

    def test_nothing_left_is_an_error_not_a_zero(self, scored: Score, write: Write) -> None:
        write("f.csv", "pred,label\n,1\n,2\n")
        with pytest.raises(DataError, match="no row is left to score"):
            scored("mse", "f.csv", nan="skip")

    def test_the_first_bad_place_in_file_order_is_named(self, scored: Score, write: Write) -> None:
        write("f.csv", "pred,label\n1,1\n2,x\n,2\n")
        with pytest.raises(DataError, match=r"'x' is not a number, f.csv, line 3"):
            scored("mse", "f.csv")
        write("f.csv", "pred,label\n1,1\n,2\n2,x\n")
        with pytest.raises(DataError, match=r"the prediction is missing, f.csv, line 3"):
            scored("mse", "f.csv")


class TestInfinity:
    """Infinite losses are infinite, and say why."""

    def test_an_impossible_answer_costs_infinity(self, scored: Score, write: Write) -> None:
        write("f.csv", "prob,label\n0.5,1\n0,1\n1,0\n")
        result = scored("bce", "f.csv")
        assert (result.value, result.status, result.stderr) == (math.inf, "infinite", None)
        assert "infinite because of 2 rows" in result.warnings[0]
        assert result.to_dict()["value"] is None
        assert result.to_dict()["sum"] is None

    def test_infinities_among_the_predictions_are_values(self, scored: Score, write: Write) -> None:
        write("f.csv", "pred,label\n1,1\ninf,2\n")
        assert scored("mse", "f.csv").value == math.inf
        write("f.csv", "pred,label\n1,1\ninf,inf\n")
        assert scored("mse", "f.csv").status == "nan"

    def test_sums_beyond_float64_and_means_within(self, scored: Score, save: Save) -> None:
        save("p.npy", np.array([1.7e308, 1.5e308]))
        save("y.npy", np.zeros(2))
        result = scored("mae", "p.npy", "y.npy")
        np.testing.assert_allclose(result.value, 1.6e308)
        assert result.sum == math.inf


class TestRows:
    """The right row meets the right label, or it stops."""

    def test_unequal_lengths_show_both(self, scored: Score, write: Write) -> None:
        write("p.csv", "pred\n" + "1\n" * 70_000)
        write("y.csv", "label\n" + "1\n" * 69_999)
        with pytest.raises(DataError, match="70,000 rows of predictions and 69,999 of labels"):
            scored("mse", "p.csv", "y.csv")
        with pytest.raises(DataError, match="69,999 rows of predictions and 70,000 of labels"):
            scored("mse", "y.csv", "p.csv", columns=ColumnOptions("label", "pred"))

    def test_swapped_files_are_told_by_the_names_of_their_columns(
        self, scored: Score, write: Write
    ) -> None:
        write("p.csv", "id,prediction\n1,2\n2,4\n")
        write("y.csv", "id,label\n1,4\n2,4\n")
        write("same.csv", "id,label\n1,2\n2,4\n")
        with pytest.raises(DataError, match="two files seem to be swapped: 'label' is taken for"):
            scored("mape", "y.csv", "p.csv")
        assert scored("mape", "p.csv", "y.csv").value == 0.25
        assert scored("mape", "same.csv", "y.csv").value == 0.25  # as in many a contest
        columns = ColumnOptions("label", "prediction")
        assert scored("mape", "y.csv", "p.csv", columns=columns).value == 0.5

    @pytest.mark.parametrize(
        ("loss", "text", "hint"),
        [
            ("bce", "prob,label\n70.2,1\n20,0\n", "if percentages, divide them by 100"),
            ("bce", "prob,label\n-70.2,1\n20,0\n", "these look like logits"),
            ("bce", "prob,label\n1.00001,1\n0.2,0\n", "only 1e-06 is taken for rounding"),
            ("ce", "a,b,label\n30,70.5,a\n20,80,b\n", "these look like percentages"),
            ("ce", "a,b,label\n3,-1,a\n2,-2,b\n", "these look like logits"),
        ],
    )
    def test_what_is_no_probability_looks_like(
        self, loss: str, text: str, hint: str, scored: Score, write: Write
    ) -> None:
        write("f.csv", text)
        with pytest.raises(DataError, match="is not a probability") as caught:
            scored(loss, "f.csv")
        assert hint in str(caught.value.hint)

    @pytest.mark.parametrize(("rows", "told"), [(2, True), (4, True), (5, False)])
    def test_one_row_too_many_or_too_few_may_be_a_header(
        self, rows: int, told: bool, scored: Score, write: Write, save: Save
    ) -> None:
        save("y.npy", np.ones(3))
        save("p.npy", np.ones(rows))
        write("p.csv", "pred\n" + "1\n" * rows)
        for name, header in (("p.csv", told), ("p.npy", False)):
            with pytest.raises(DataError, match=f"{rows} rows of predictions and 3") as caught:
                scored("mse", name, "y.npy")
            assert ("is a header taken for a row" in str(caught.value.hint)) == header

    @pytest.mark.parametrize("side", ["p", "y"])
    def test_rows_are_called_by_the_key_of_either_file(
        self, side: str, scored: Score, table: Table
    ) -> None:
        for name, column, cells in (("p", "pred", [1, 3, 0]), ("y", "label", [0, 0, 0])):
            key = {"id": ["a", "b", "c"]} if name == side else {}
            table(f"{name}.csv", {**key, column: cells})
        worst = scored("mse", "p.csv", "y.csv", worst=2).worst or ()
        assert [(row["id"], row["loss"]) for row in worst] == [("b", 9.0), ("a", 1.0)]

    def test_names_of_labels_and_of_groups_stand_in_one_file(self, write: Write) -> None:
        path = str(write("f.csv", "g,label,prob\nu,yes,0.5\nv,no,0.75\nu,yes,0.25\n"))
        result = lossctl.score("bce", path, by="g", positive="yes")
        found = {group.names["g"]: group.sum for group in result.groups or ()}
        assert found == pytest.approx({"u": -np.log(0.125), "v": -np.log(0.25)})

    def test_keys_of_both_files_must_agree(self, scored: Score, write: Write) -> None:
        ids = [f"u{i}" for i in range(50_000)]
        write("p.csv", "user_id,pred\n" + "".join(f"{i},1\n" for i in ids))
        write(
            "y.csv",
            "User_ID,label,note\n" + "".join(f"{i},1,{'x' * (k % 7)}\n" for k, i in enumerate(ids)),
        )
        assert scored("mse", "p.csv", "y.csv").value == 0.0
        ids[40_000], ids[40_001] = ids[40_001], ids[40_000]
        write("y.csv", "user_id,label\n" + "".join(f"{i},1\n" for i in ids))
        with pytest.raises(DataError) as caught:
            scored("mse", "p.csv", "y.csv")
        assert str(caught.value) == (
            "the rows do not belong together: user_id is 'u40000' here and 'u40001' in y.csv, "
            "line 40002, p.csv, line 40002"
        )

    @pytest.mark.parametrize(
        ("mine", "theirs"), [("7", "007"), ("1", "1.0"), ("a", "A"), ("", "x")]
    )
    def test_keys_are_text(self, mine: str, theirs: str, scored: Score, write: Write) -> None:
        write("p.csv", f"id,pred\n{mine},1\n")
        write("y.csv", f"id,label\n{theirs},1\n")
        with pytest.raises(DataError, match="the rows do not belong together"):
            scored("mse", "p.csv", "y.csv")

    def test_shards_follow_in_natural_order(self, scored: Score, write: Write) -> None:
        for part in (1, 2, 10):
            write(f"d/part-{part}.csv", f"pred\n{part}\n")
        write("d/_SUCCESS", "")
        write("d/.part-1.csv.crc", "x")
        write("y.csv", "label\n1\n2\n10\n")
        assert scored("mse", "d", "y.csv").value == 0.0
        assert scored("mse", "d/part-*.csv", "y.csv").value == 0.0
        write("d/part-2.csv", "pred\n2\nx\n")
        with pytest.raises(DataError, match=r"'x' is not a number, d/part-2.csv, line 3"):
            scored("mse", "d", "y.csv")

    @pytest.mark.parametrize(
        ("second", "message"),
        [
            ("label,pred\n1,1\n", "shards with different columns"),
            ("1,1\n", "shards with different columns"),
            ("pred\n1\n", "shards with different columns"),
            ("", "the file is empty: not even a header"),
        ],
    )
    def test_shards_that_do_not_belong_together(
        self, second: str, message: str, scored: Score, write: Write
    ) -> None:
        write("d/1.csv", "pred,label\n1,1\n")
        write("d/2.csv", second)
        with pytest.raises(DataError, match=message):
            scored("mse", "d")
        write("d/2.csv", "pred,label\n")
        assert scored("mse", "d").n == 1

    def test_empty_shards_without_header_have_no_rows(self, scored: Score, write: Write) -> None:
        write("d/1.csv", "")
        write("d/2.csv", "1.5\n")
        write("y.csv", "label\n1.5\n")
        assert scored("mse", "d", "y.csv").n == 1

    def test_shards_of_arrays(self, scored: Score, save: Save, tmp_path: Path) -> None:
        (tmp_path / "d").mkdir()
        save("d/1.npy", np.zeros((2, 3)))
        save("d/2.npy", np.zeros((2, 2)))
        with pytest.raises(
            DataError, match=r"shards of different shapes: \(2, 3\) in d/1.npy, \(2, 2\)"
        ):
            scored("mse", "d", "d")
        save("d/2.npy", np.zeros((5, 3), dtype=np.float32))
        assert scored("mse", "d", "d").n == 7

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("nowhere.csv", "there is no such file, nowhere.csv"),
            ("nowhere/f.csv", "there is no such folder, nowhere"),
            ("empty", "the directory holds no files, empty"),
            ("x*.csv", "no file matches 'x[*].csv'"),
            ("mixed", "files of several formats in one table"),
            ("f.docx", "cannot tell the format from the suffix '.docx', f.docx"),
        ],
    )
    def test_inputs_that_are_not_there(
        self, name: str, message: str, scored: Score, write: Write, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").mkdir()
        write("mixed/a.csv", "pred,label\n1,1\n")
        np.save(tmp_path / "mixed/b.npy", np.zeros(3))
        write("f.docx", "PK")
        with pytest.raises(DataError, match=message):
            scored("mse", name)


@pytest.mark.parametrize(
    ("loss", "options", "message"),
    [
        ("mse", {"form": "probs"}, "mse takes no --from"),
        ("bce", {"form": "numbers"}, "--from is one of probs, logits, log-probs"),
        ("bce,mse", {}, "bce and mse take different predictions or labels"),
        ("ce,nll", {}, "what the predictions hold differs"),
        ("rmse", {"reduction": "mean"}, "rmse is always the root"),
        ("sse", {"reduction": "sum"}, "sse is always a sum"),
        ("rmse", {"reduction": "none"}, "rmse has no row losses"),
        ("mse", {"reduction": "median"}, "--reduction is mean, sum or none"),
        ("mse", {"nan": "ignore"}, "--nan is error, skip or propagate"),
        ("mse", {"level": 1.0}, "--level is between 0 and 1"),
        ("mse", {"sum_tolerance": -1.0}, "--sum-tol is from 0"),
        ("mse,l2", {}, "the loss mse is named twice"),
        ("", {}, "a loss without a name"),
        ("hubr", {}, "there is no loss called 'hubr'"),
        ("mse:delta=1", {}, "mse takes no parameters"),
    ],
)
def test_wrong_usage_is_found_without_a_file(
    loss: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        score(loss, "nowhere.csv", None, Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("alias", ["L2", "Mean-Squared-Error", "mse"])
def test_aliases_in_any_case(alias: str) -> None:
    assert [str(loss) for loss in parse(alias)] == ["mse"]
