"""Joined rows: the right label by its id, or an error that counts and names the ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import Run

from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.ids import Index
from lossctl.result import Result
from lossctl.texts import Keys

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Table = Callable[..., Path]
BY_ID = ColumnOptions(id="id")
IDS = st.text(st.sampled_from("ab\0é"), max_size=20)


@given(st.lists(IDS, min_size=1, max_size=40, unique=True), st.lists(IDS, max_size=40))
def test_ids_are_found_as_a_dictionary_finds_them(known: list[str], wanted: list[str]) -> None:
    index = Index.of(Keys.of(known))
    rows = {key: row for row, key in enumerate(known)}
    assert index.duplicates.tolist() == []
    assert index.find(Keys.of(wanted)).tolist() == [rows.get(key, -1) for key in wanted]


@given(st.lists(IDS, min_size=1, max_size=40))
def test_duplicates_are_the_rows_whose_id_was_there_before(ids: list[str]) -> None:
    again = pd.Series(ids).duplicated()
    assert Index.of(Keys.of(ids)).duplicates.tolist() == np.flatnonzero(again).tolist()


def test_two_ids_of_one_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from lossctl import ids  # noqa: PLC0415

    real = ids._hashes  # noqa: SLF001
    monkeypatch.setattr(
        ids, "_hashes", lambda *args: real(*args) * np.uint64(args[-1] > 1)
    )  # all alike at first
    index = Index.of(Keys.of(["identifier-1", "identifier-2", "short"]))
    assert index.seed == 2
    assert index.find(Keys.of(["identifier-2", "identifier-3", "short"])).tolist() == [1, -1, 2]
    alike = Index.of(Keys.of(["identifier-1", "short"]))
    assert (alike.seed, alike.find(Keys.of(["identifier-9"])).tolist()) == (0, [-1])


@pytest.mark.parametrize("size", [3, 70_000])
def test_shuffled_files_give_the_bits_of_ordered_ones(
    size: int, scored: Score, table: Table
) -> None:
    rng = np.random.default_rng(size)
    prob, label = rng.random(size), rng.integers(0, 2, size)
    ids = [f"{i:07d}" if i % 2 else str(i) for i in range(size)]
    order = rng.permutation(size)
    table("p.csv", {"id": ids, "prob": prob})
    table("y.csv", {"id": ids, "label": label})
    table("s.csv", {"label": label[order], "Id": [ids[i] for i in order]})
    ordered = scored("bce", "p.csv", "y.csv")
    joined = scored("bce", "p.csv", "s.csv", columns=BY_ID)
    assert (joined.value, joined.sum, joined.n) == (ordered.value, ordered.sum, size)
    assert joined.stderr == pytest.approx(ordered.stderr, rel=1e-12)
    assert "|join:id|" in joined.signature
    assert (joined.columns.id, joined.unmatched) == ("id", (0, 0))
    merged = pd.read_csv("p.csv", dtype={"id": str}).merge(
        pd.read_csv("s.csv", dtype={"Id": str}), left_on="id", right_on="Id", validate="1:1"
    )
    expected = -np.log(np.where(merged.label == 1, merged.prob, 1 - merged.prob)).mean()
    np.testing.assert_allclose(joined.value, expected, rtol=1e-12)


def test_ids_are_text(scored: Score, write: Write) -> None:
    ids = ["7", "007", "7.0", "NA", "nan", "10000000000000000000", "10000000000000000001", "7 "]
    write("p.csv", "id,pred\n" + "".join(f"{key},{i}\n" for i, key in enumerate(ids)))
    write("y.csv", "id,label\n" + "".join(f"{k},{i}\n" for i, k in reversed([*enumerate(ids)])))
    assert scored("mse", "p.csv", "y.csv", columns=BY_ID).value == 0.0


def test_class_columns_and_ids_that_are_called_anything(scored: Score, write: Write) -> None:
    write("p.csv", "name,cat,dog\nx,0.75,0.25\ny,0.5,0.5\n")
    write("y.csv", "class,name\ndog,y\ncat,x\n")
    result = scored("ce", "p.csv", "y.csv", columns=ColumnOptions(id="name"))
    np.testing.assert_allclose(result.value, -np.log([0.75, 0.5]).mean())
    write("n.csv", "cat,dog,name\n0,1,y\n1,0,x\n")
    assert scored("ce", "p.csv", "n.csv", columns=ColumnOptions(id="name")).value == result.value


P = "id,prob\na,0.5\nb,0.25\nc,0.75\n"


@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [
        (P, "id,label\nc,1\na,0\n", r"'id' do not match: 1 id has no label \('b'\), p.csv and"),
        (P, "id,label\nc,1\na,0\nb,1\nz,1\n", r"1 id has no prediction \('z'\)"),
        (P, "id,label\nx,1\nz,1\n", r"3 ids have no label \('a', 'b', 'c'\); 2 ids have no pred"),
        (P, "id,label\na,1\nb,1\nc,1\nb,0\n", r"more than once: 'b', y.csv, line 5, column 'id'"),
        (P + "a,0.5\n", "id,label\na,1\nb,1\nc,1\n", r"than once: 'a', p.csv, line 5, column 'id'"),
        (P, "id,label\na,1\n,1\nc,1\n", r"the id is empty, y.csv, line 3, column 'id'"),
        (P + ",0.5\n", "id,label\na,1\nb,1\nc,1\n", r"the id is empty, p.csv, line 5, column 'id'"),
        (P, "id,label\nc,1\nb,5\na,0\n", r"the label 5.0 .*y.csv, line 3, column 'label'"),
        (P, "label\n1\n0\n1\n", r"there is no column 'id', y.csv"),
    ],
)
def test_what_does_not_match(
    predictions: str, labels: str, message: str, scored: Score, write: Write
) -> None:
    write("p.csv", predictions)
    write("y.csv", labels)
    with pytest.raises(DataError, match=message):
        scored("bce", "p.csv", "y.csv", columns=BY_ID)


def test_unmatched_rows_are_skipped_and_counted(
    lossctl: Lossctl, scored: Score, write: Write
) -> None:
    write("p.csv", "id,prob\nx,0.5\na,0.5\ny,0.1\nb,0.25\n")
    write("y.csv", "id,label\nc,1\nb,1\nd,1\ne,0\na,1\n")
    result = scored("bce", "p.csv", "y.csv", columns=BY_ID, unmatched="skip")
    np.testing.assert_allclose(result.value, -np.log([0.5, 0.25]).mean())
    assert (result.n, result.unmatched) == (2, (2, 3))
    assert result.to_dict()["unmatched"] == {"predictions": 2, "labels": 3}
    run = lossctl("bce", "p.csv", "y.csv", "--id", "id", "--unmatched", "skip", "--per-row", "-")
    assert [line.split("\t")[0] for line in run.out.splitlines()] == ["id", "a", "b"]
    assert "2 rows of predictions, 3 rows of labels" in run.err
    write("y.csv", "id,label\nc,1\nd,1\n")
    with pytest.raises(DataError, match="no id stands on both sides"):
        scored("bce", "p.csv", "y.csv", columns=BY_ID, unmatched="skip")
    write("p.csv", "id,prob\nx,0.5\nx,0.5\nc,0.5\n")
    with pytest.raises(DataError, match="more than once: 'x'"):
        scored("bce", "p.csv", "y.csv", columns=BY_ID, unmatched="skip")


def test_joined_rows_with_faults_after_others_are_placed(scored: Score, write: Write) -> None:
    rows = 100_000
    write("p.csv", "id,prob\n" + "".join(f"{i},0.5\n" for i in range(rows)))
    label = ["1"] * rows
    label[80_000] = "2"
    write("y.csv", "id,label\n" + "".join(f"{i},{label[i]}\n" for i in reversed(range(rows))))
    with pytest.raises(DataError, match=r"y.csv, line 20001, column 'label'"):
        scored("bce", "p.csv", "y.csv", columns=BY_ID)


def test_the_id_of_one_file_is_what_its_rows_are_called(lossctl: Lossctl, write: Write) -> None:
    write("f.csv", "name,pred,label\nx,1,2\ny,1,4\n")
    run = lossctl("mse", "f.csv", "--id", "name", "--per-row", "-")
    assert run.out == "name\tlabel\tloss\nx\t2\t1\ny\t4\t9\n"
    assert lossctl("mse", "f.csv", "--unmatched", "skip").code == 2
    assert lossctl("mse", "f.csv", "--id", "name", "--unmatched", "drop").code == 2
