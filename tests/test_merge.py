"""What is scored in shards and merged is what is scored at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import CASES, Case, draw
from shards import as_dicts, assert_same, changed, cut, partials, shuffled, write_shards

import lossctl
from lossctl.losses.domain import NUMBERS, SHARES

ROWS = 240
RNG = np.random.default_rng(3)


@pytest.mark.parametrize("case", [c for c in CASES if c.form != SHARES], ids=str)
def test_every_loss_is_the_same_from_any_shards_in_any_order(case: Case, tmp_path: Path) -> None:
    prediction, label = draw(case, 5, ROWS, 3 if case.domain.whole else 1)
    options: dict[str, Any] = {"diagnose": "off", "by": None}
    if case.domain.forms != (NUMBERS,):
        options["from_"] = case.form
    whole = lossctl.score(str(case.loss), prediction, label, **options)
    for count in (1, 7, 100):
        parts = []
        for place, rows in enumerate(cut(ROWS, count)):
            files = [str(tmp_path / f"{side}{place}.npy") for side in "py"]
            for file, values in zip(files, (prediction, label), strict=True):
                np.save(file, values[rows])
            parts.append(lossctl.partial(str(case.loss), *files, **options))
        found = lossctl.merge(shuffled(parts))
        exact = [(one.value, one.sum, one.denominator, one.n) for one in (found, whole)]
        np.testing.assert_equal(exact[0], exact[1])
        for name in ("stderr", "low", "high", "best_constant"):
            mine, theirs = getattr(found, name), getattr(whole, name)
            assert (mine is None) == (theirs is None)
            if theirs is not None:
                np.testing.assert_allclose(mine, theirs, rtol=1e-12, err_msg=name)
        assert found.signature == whole.signature


def _columns() -> dict[str, Any]:
    p = np.round(RNG.uniform(0.01, 0.99, ROWS), 3)
    p[5] = p[150] = 0.999  # equal losses, which row numbers tell apart
    y = (RNG.random(ROWS) < p).astype(int)
    y[5] = y[150] = 0
    return {
        "prob": p,
        "label": y,
        "region": RNG.choice(["eu", "us", "asia 1"], ROWS),
        "user": RNG.integers(0, 30, ROWS),
        "weight": np.round(RNG.random(ROWS) * 3, 2),
        "part": RNG.integers(0, 3, ROWS),
    }


EVENT = {"pred_col": "prob"}
OPTIONS: list[dict[str, Any]] = [
    {},
    {"by": "region"},
    {"by": ["region", "part"], "min_group": 10},
    {"by": "label", "worst": 3},
    {"cluster": "user"},
    {"by": "region", "cluster": "user"},
    {"worst": 5},
    {"convention": "all"},
    {"convention": "keras"},
    {"plot": True},
    {"weight_col": "weight", "by": "region", "worst": 2},
    {"class_weight": "2,0.5"},
    {"pos_weight": 3.0, "label_smoothing": 0.1},
    {"reduction": "sum", "by": "region"},
    {"ignore_label": "0"},
    {"fingerprint": True, "level": 0.9},
    {"eps": 0.01},
    {"eps": "auto", "sum_tol": 0.0},
    {"positive": "1"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("losses", ["bce", "bce,brier,focal:gamma=1.5"])
def test_every_option_works_on_shards(
    losses: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if losses != "bce" and {*options} & {"pos_weight", "eps"}:
        losses = "bce"
    if losses != "bce" and options.get("convention") == "keras":
        losses = "bce,focal"
    monkeypatch.chdir(tmp_path)
    write_shards(tmp_path, "s", _columns(), cut(ROWS, 12))
    options = EVENT | options
    for place in range(12):
        with suppress(lossctl.DataError):  # all labels of a shard may be ignored
            lossctl.scores(losses, f"s-{place}.csv", **options, partial=f"p-{place}.json")
    whole = as_dicts(lossctl.scores(losses, "s-*.csv", **options))
    names = shuffled([f"p-{place}.json" for place in range(12)])
    assert_same(as_dicts(lossctl.merges(names)), whole)
    lossctl.merges(names[:5], partial="a.json")
    lossctl.merges(names[5:], partial="b.json")
    assert_same(as_dicts(lossctl.merges(["b.json", "a.json"])), whole)
    again = lossctl.merges(["b.json", "a.json"], partial="c.json")
    assert as_dicts(lossctl.merges("c.json")) == as_dicts(again)


@pytest.mark.parametrize(
    ("losses", "options"),
    [
        ("mse,mae", {"nan": "skip", "by": "g"}),
        ("mse,mae", {"nan": "propagate"}),
        ("rmse", {"convention": "all"}),
        ("mse,r:x", {}),
        ("cosine", {"nan": "skip"}),
    ],
)
def test_several_outputs_and_missing_cells(
    losses: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = "mse,huber:delta=0.5" if losses == "mse,r:x" else losses
    monkeypatch.chdir(tmp_path)
    p, y = RNG.normal(size=(2, ROWS, 3))
    if "nan" in options:
        p[3, 1] = p[99, 0] = y[140, 2] = np.nan
    parts = cut(ROWS, 9)
    write_shards(tmp_path, "p", dict(zip("abc", p.T, strict=True)), parts)
    truth = dict(zip("abc", y.T, strict=True)) | {"g": RNG.integers(0, 4, ROWS)}
    write_shards(tmp_path, "y", truth, parts)
    if "by" not in options:
        options = options | {"label_col": "a,b,c"}
    for place in range(9):
        files = f"p-{place}.csv", f"y-{place}.csv"
        lossctl.scores(losses, *files, **options, partial=f"{place}.json")
    whole = as_dicts(lossctl.scores(losses, "p-*.csv", "y-*.csv", **options))
    found = as_dicts(lossctl.merges(shuffled([f"{place}.json" for place in range(9)])))
    for mine, theirs in zip(found, whole, strict=True):
        np.testing.assert_equal(mine.pop("raw"), theirs.pop("raw"))
        assert_same(mine, theirs)


@pytest.mark.parametrize("options", [{}, {"normalize": True}, {"convention": "all"}, {"worst": 4}])
def test_classes_by_name(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["cat", "dog", "owl"]
    p = RNG.dirichlet(np.ones(3), ROWS)
    columns = {f"p_{name}": p[:, i] for i, name in enumerate(names)}
    columns["label"] = RNG.choice(names, ROWS)
    write_shards(tmp_path, "s", columns, cut(ROWS, 8))
    for place in range(8):
        lossctl.scores(
            "ce,zero-one", f"s-{place}.csv", by="label", **options, partial=f"{place}.json"
        )
    whole = as_dicts(lossctl.scores("ce,zero-one", "s-*.csv", by="label", **options))
    found = as_dicts(lossctl.merges(shuffled([f"{place}.json" for place in range(8)])))
    assert_same(found, whole)


def test_weights_in_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = cut(ROWS, 4)
    write_shards(tmp_path, "s", {key: _columns()[key] for key in ("prob", "label")}, parts)
    write_shards(tmp_path, "w", {"weight": _columns()["weight"]}, parts)
    for i in range(4):
        lossctl.score("bce", f"s-{i}.csv", weights=f"w-{i}.csv", partial=f"{i}.json")
    whole = lossctl.score("bce", "s-*.csv", weights="w-*.csv")
    assert_same(as_dicts([lossctl.merge("?.json")]), as_dicts([whole]))


def test_an_infinite_loss_is_infinite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What other conventions make of it takes another reading: that remark is left out."""
    monkeypatch.chdir(tmp_path)
    for place, p in enumerate((0.0, 0.5)):
        (tmp_path / f"s-{place}.csv").write_text(f"prob,label\n{p},1\n0.25,0\n")
        lossctl.score("bce", f"s-{place}.csv", worst=2, partial=f"{place}.json")
    found, whole = lossctl.merge("?.json"), lossctl.score("bce", "s-*.csv", worst=2)
    assert found.value == math.inf
    assert found.clipped == (1, None)
    assert found.worst == whole.worst
    assert found.warnings == whole.warnings[:-1]
    assert "what others make of bce" in whole.warnings[-1]


def test_signs_of_a_mix_up_are_those_of_all_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    p = np.where(y == 1, 0.1, 0.9) + rng.random(300) / 100
    whole = lossctl.score("bce", p, y)
    assert whole.warnings
    assert lossctl.merge(partials("bce", p, y, cut(300, 5))).warnings == whole.warnings
    one, other = tmp_path / "a.npy", tmp_path / "b.npy"
    np.save(one, np.full(100_000, 0.5))
    np.save(other, p[:300])
    files = [
        lossctl.partial("bce", str(one), np.arange(100_000) % 2),
        lossctl.partial("bce", str(other), y),
    ]
    assert lossctl.merge(files).warnings == ()  # by the first 100,000 rows


def test_kinds_of_labels_that_do_not_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place, labels in enumerate(((-1, 1), (0, 1))):
        rows = "".join(f"0.5,{label}\n" for label in labels)
        (tmp_path / f"s-{place}.csv").write_text(f"prob,label\n{rows}")
        lossctl.score("bce", f"s-{place}.csv", partial=f"{place}.json")
    expected = "labels of −1 beside labels from 0 to 1, s-1.csv, row 0"
    with pytest.raises(lossctl.DataError, match=expected):
        lossctl.merge(["1.json", "0.json"])


class TestJoins:
    """Shards of predictions, joined by id with one file of labels, or with shards of it."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        ids, p = np.arange(ROWS), np.round(RNG.random(ROWS), 3)
        write_shards(tmp_path, "p", {"id": ids, "prob": p}, cut(ROWS, 6))
        known = np.arange(10, ROWS + 20)
        labels = {"id": known, "label": (known * 7 % 3 == 0).astype(int)}
        write_shards(tmp_path, "y", labels, [slice(0, len(known))])

    @staticmethod
    def _scored(**options: Any) -> None:
        for place in range(6):
            files = f"p-{place}.csv", "y-0.csv"
            options = {"id": "id", "unmatched": "skip"} | options
            lossctl.score("bce", *files, **options, partial=f"{place}.json")

    def test_ids_without_a_partner_are_those_that_no_shard_has(self) -> None:
        self._scored(worst=3)
        whole = lossctl.score("bce", "p-*.csv", "y-0.csv", id="id", unmatched="skip", worst=3)
        found = lossctl.merge(["5.json", "0.json", "3.json", "1.json", "2.json", "4.json"])
        assert found.unmatched == (10, 20)
        assert_same(as_dicts([found]), as_dicts([whole]))
        lossctl.merge(["5.json", "0.json"], partial="a.json")
        lossctl.merge(["3.json", "1.json", "2.json", "4.json"], partial="b.json")
        assert_same(as_dicts([lossctl.merge(["b.json", "a.json"])]), as_dicts([whole]))

    def test_an_id_that_was_scored_twice_is_an_error(self) -> None:
        self._scored()
        text = (Path("p-0.csv").read_text("utf-8")).replace("0.", "0.9", 1)
        text += "\n".join(f"{i},0.5" for i in range(100, ROWS + 20)) + "\n"
        Path("p-9.csv").write_text(text, "utf-8")
        lossctl.score("bce", "p-9.csv", "y-0.csv", id="id", unmatched="skip", partial="9.json")
        with pytest.raises(lossctl.DataError, match="250 labels: an id was scored twice, y-0"):
            lossctl.merge("?.json")

    def test_labels_in_shards_need_no_option(self, tmp_path: Path) -> None:
        columns = {"id": np.arange(ROWS), "label": np.arange(ROWS) % 2}
        write_shards(tmp_path, "z", columns, cut(ROWS, 6))
        for i in range(6):
            lossctl.score("bce", f"p-{i}.csv", f"z-{i}.csv", id="id", partial=f"{i}.json")
        whole = lossctl.score("bce", "p-*.csv", "z-*.csv", id="id")
        assert_same(as_dicts([lossctl.merge("?.json")]), as_dicts([whole]))
        with pytest.raises(lossctl.DataError) as error:
            lossctl.score("bce", "p-0.csv", "y-0.csv", id="id", partial="x.json")
        assert error.value.hint == "leave them out with --unmatched skip"
        assert not Path("x.json").exists()


def _one(*shift: float, losses: str = "bce", **options: Any) -> bytes:
    p = np.array([0.3, 0.6, *shift])
    return lossctl.partial(losses, p, np.arange(len(p)) % 2, **options)


OTHERS: list[tuple[bytes, str]] = [
    (_one(0.1, losses="brier"), "the losses and their parameters differ: bce in .*, brier in"),
    (_one(0.1, losses="bce,brier"), "the losses and their parameters differ"),
    (_one(0.1, convention="keras"), "the convention differs: 'exact' in .*, 'keras' in"),
    (_one(0.1, from_="logits"), "what the predictions hold differs: 'probs' in .*'logits'"),
    (_one(0.1, eps=0.01), r"the clip \(--eps\) differs: none in .*, 0.01 in"),
    (_one(0.1, nan="skip"), "what becomes of missing values differs"),
    (_one(0.1, class_weight="2,1"), "the weights of the classes differ: none in .*, 2.0, 1.0 in"),
    (_one(0.1, pos_weight=2.0), r"the weight of the event differs: [12]\.0 in .*, [21]\.0 in"),
    (_one(0.1, label_smoothing=0.1), "label smoothing differs"),
    (_one(0.1, weights=[1, 2, 3]), "where the weights of the rows come from differs"),
    (_one(0.1, reduction="sum"), "the reduction differs"),
    (_one(0.1, level=0.9), "the level of the interval"),
    (_one(0.1, worst=1), "how many of the worst rows are wanted"),
    (_one(0.1, plot=True), "whether a picture is wanted .* differs: no in .*, yes in"),
    (_one(0.1, fingerprint=True), "whether the signature has a fingerprint"),
    (_one(0.1, by="label"), "the columns that make groups .* differ: none in .*, label in"),
    (_one(0.1, cluster="label"), "the column that makes clusters"),
    (_one(0.1, positive="1"), "what the labels mean differs"),
    (_one(0.1, ignore_label="7"), "the label that does not count differs"),
]


@pytest.mark.parametrize(("other", "said"), OTHERS, ids=[said for _, said in OTHERS])
def test_what_was_scored_otherwise_is_refused(
    other: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_bytes(_one())
    Path("b.json").write_bytes(other)
    with pytest.raises(lossctl.DataError, match=said) as error:
        lossctl.merges(["a.json", "b.json"])
    assert {"a.json", "b.json"} <= {*str(error.value).replace(":", " ").split()} | {
        word.rstrip(",") for word in str(error.value).split()
    }


def test_other_columns_and_classes_are_refused(tmp_path: Path) -> None:
    def ce(header: str, **options: Any) -> bytes:
        path = tmp_path / f"{len(header)}.csv"
        path.write_text(f"{header},label\n0.2,0.8,a\n0.{len(header)},0.{10 - len(header)},b\n")
        return lossctl.partial("ce", str(path), **options)

    with pytest.raises(
        lossctl.DataError, match=r"order, differ: (a, b|b, a) in .*, (a, b|b, a) in"
    ):
        lossctl.merge([ce("a,b"), ce("b,a")])
    with pytest.raises(lossctl.DataError, match="columns of predictions") as error:
        lossctl.merge([ce("a,b"), ce("p_a,p_b")])
    assert error.value.hint == "name them for all shards with --pred-col"


def test_balanced_weights_are_the_shards_own() -> None:
    p = np.full(6, 0.5)
    parts = [
        lossctl.partial("bce", p, y, class_weight="balanced") for y in ([0, 1] * 3, [0] * 5 + [1])
    ]
    with pytest.raises(lossctl.DataError, match="the weights of the classes differ") as error:
        lossctl.merge(parts)
    assert "--class-weight 2,1" in str(error.value.hint)


def test_a_type_matters_only_where_the_terms_depend_on_it() -> None:
    p, y = np.array([0.25, 0.5]), [0, 1]
    single, double = p.astype(np.float32), p[::-1].copy()
    both = [lossctl.partial("bce", one, y) for one in (single, double)]
    assert lossctl.merge(both).n == 4
    with pytest.raises(lossctl.DataError, match="the type of the stored predictions"):
        lossctl.merge([lossctl.partial("bce", one, y, eps="auto") for one in (single, double)])


class TestTwice:
    """The same rows count once."""

    def test_a_file_under_another_name(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / f"{name}.json").write_bytes(_one())
        with pytest.raises(lossctl.DataError, match=r"are there twice, .*a\.json and .*b\.json"):
            lossctl.merge(str(tmp_path / "*.json"))
        path = str(tmp_path / "a.json")
        with pytest.raises(lossctl.DataError, match=r"are there twice, \S*a\.json"):
            lossctl.merge([path, path])

    def test_rows_in_another_order(self) -> None:
        p, y = np.array([0.3, 0.6]), np.array([0, 1])
        with pytest.raises(lossctl.DataError, match="are there twice"):
            lossctl.merge([lossctl.partial("bce", p, y), lossctl.partial("bce", p[::-1], y[::-1])])

    def test_a_shard_inside_a_sum(self, tmp_path: Path) -> None:
        path = str(tmp_path / "sum.json")
        lossctl.merge([_one(), _one(0.2)], partial=path)
        assert lossctl.merge([path, _one(0.4)]).n == 8
        with pytest.raises(lossctl.DataError, match=r"sum\.json and partial 2"):
            lossctl.merge([path, _one(0.2)])

    def test_ids_tell_rows_that_are_alike(self, tmp_path: Path) -> None:
        found = []
        for first in (0, 2):
            path = tmp_path / "s.csv"
            path.write_text(f"id,prob,label\n{first},0.5,1\n{first + 1},0.5,1\n")
            found.append(lossctl.partial("bce", str(path)))
        assert lossctl.merge(found).n == 4


def test_other_versions_and_machines() -> None:
    here, there = _one(), _one(0.2)
    old = changed(there, lossctl="0.0.9")
    with pytest.raises(lossctl.DataError, match=r"the version differs: '0\.1.* '0\.0\.9' in"):
        lossctl.merge([here, old])
    assert "the partials are by lossctl 0.0.9" in lossctl.merge(old).warnings[-1]
    machine = {"numpy": "1.26.0", "cpu": ["SSE3"]}
    warned = lossctl.merge([here, changed(there, machines=[machine])]).warnings
    assert "shards were scored with NumPy" in warned[0]
    assert "of which not all have" in warned[1]
    with pytest.raises(lossctl.DataError, match="schema 2, and 1 is the last") as error:
        lossctl.merge(changed(here, schema=2))
    assert "upgrade lossctl" in str(error.value.hint)


def test_what_has_no_loss_yet_may_be_part_of_a_sum() -> None:
    p = np.array([0.2, 0.4])
    nothing = lossctl.partial("bce", p, [7, 7], ignore_label=7)
    with pytest.raises(lossctl.DataError, match=r"every label is ignored, predictions and labels"):
        lossctl.merge(nothing)
    found = lossctl.merge([nothing, lossctl.partial("bce", p, [1, 0], ignore_label=7)])
    assert (found.n, found.ignored) == (2, 2)


def test_one_loss_and_several() -> None:
    both = _one(losses="bce,brier")
    assert [one.loss for one in lossctl.merges(both)] == ["bce", "brier"]
    with pytest.raises(lossctl.UsageError, match="one loss, not 'bce, brier'"):
        lossctl.merge(both)
    with pytest.raises(lossctl.DataError, match="there are no partials"):
        lossctl.merge([])


def test_what_writes_no_partial_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "x.json")
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: lossctl.row_losses("mse", [1.0], [1.0], partial=path), "takes no partial"),
        (lambda: lossctl.batch("mse", {"a": [1.0]}, [1.0], partial=path), "a batch writes no"),
        (lambda: lossctl.partial("mse", [1.0], [1.0], partial=path), "writes no files"),
        (lambda: lossctl.partial("mse", [1.0], [1.0], reduction="none"), "--reduction none"),
    ]
    for call, said in calls:
        with pytest.raises(lossctl.UsageError, match=said):
            call()
