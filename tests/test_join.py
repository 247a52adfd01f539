"""Joined rows: the right label by its id, or an error that counts and names the ids."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import Run

from lossctl import ids as ids_module
from lossctl.columns import ColumnOptions
from lossctl.errors import DataError
from lossctl.ids import Ids, mixed
from lossctl.index import Direct, Sorted, Strangers, duplicates, index_of
from lossctl.result import Result
from lossctl.sources.table import small
from lossctl.summaries.meetings import Meetings
from lossctl.texts import Keys

Lossctl = Callable[..., Run]
Score = Callable[..., Result]
Write = Callable[[str, "str | bytes"], Path]
Table = Callable[..., Path]
BY_ID = ColumnOptions(id="id")
NUMBERS = st.one_of(
    st.integers(-12, 12),
    st.integers(-(2**63) - 2, 2**63 + 2),
    st.sampled_from([10**n + d for n in range(21) for d in (-1, 0, 1)]),
)
IDS = st.one_of(
    st.text(st.sampled_from("ab\0é"), min_size=1, max_size=20),
    NUMBERS.map(str),
    st.text(st.sampled_from("-+0178 .x/:"), min_size=1, max_size=21),
)


def is_canonical(text: str) -> bool:
    """Tell whether a text is how Python spells an int64."""
    try:
        number = int(text)
    except ValueError:
        return False
    return str(number) == text and -(2**63) <= number < 2**63


def in_parts(texts: list[str]) -> list[Ids]:
    """Return ids that came in two batches."""
    half = len(texts) // 2
    return [Ids.of(Keys.of(texts[:half])), Ids.of(Keys.of(texts[half:]))]


@given(st.lists(IDS, min_size=1, max_size=40), st.lists(IDS, max_size=40))
def test_ids_are_found_as_a_dictionary_finds_them(known: list[str], wanted: list[str]) -> None:
    rows: dict[str, int] = {}
    again = [row for row, key in enumerate(known) if rows.setdefault(key, row) != row]
    index = index_of(in_parts(known))
    assert index.duplicates.tolist() == again
    together = Ids.joined(in_parts(wanted))
    assert index.find(together).tolist() == [rows.get(key, -1) for key in wanted]
    assert [together.text(row) for row in range(len(wanted))] == wanted
    assert [index.text(row) for row in rows.values()] == [*rows]
    assert duplicates(Ids.joined(in_parts(known))).tolist() == again


@given(st.lists(IDS, min_size=1, max_size=40))
def test_only_what_is_spelt_as_python_spells_it_is_a_number(texts: list[str]) -> None:
    ids = Ids.of(Keys.of(texts))
    kept = [""] * len(texts) if ids.texts is None else ids.texts.tolist()
    assert kept == ["" if is_canonical(text) else text for text in texts]
    values = ids.words.view(np.int64).tolist()
    assert [str(value) for value in values if is_canonical(str(value))]
    assert [str(v) for v, t in zip(values, texts, strict=True) if is_canonical(t)] == [
        text for text in texts if is_canonical(text)
    ]


@pytest.mark.parametrize(
    "numbers", [range(-3, 90), range(2**63 - 99, 2**63), range(-(2**63), 0, 2**57)]
)
def test_numbers_close_to_each_other_are_places(numbers: range) -> None:
    ids = Ids.of(Keys.of([*map(str, numbers)]))
    index = index_of([ids])
    assert isinstance(index, Direct if numbers.step == 1 else Sorted)
    beyond = [numbers[0] - 1, numbers[-1] + 1, 0, 2**63 - 1, -(2**63), 2**64 + numbers[3]]
    asked = [*reversed(numbers), *beyond]
    expected = [numbers.index(n) if n in numbers else -1 for n in asked]
    assert index.find(Ids.of(Keys.of([*map(str, asked)]))).tolist() == expected
    assert index.find(Ids.of(Keys.of([f"0{n}" for n in numbers]))).tolist() == [-1] * len(numbers)


@pytest.mark.parametrize("word", [0, 7])
def test_ids_of_one_word_stay_apart(word: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alike = ["b", "identifier-1", "identifier-2", "b", "identifier-1", "7", "0"]
    monkeypatch.setattr(
        ids_module, "_hashes", lambda _, rows: np.full(len(rows), word, dtype=np.uint64)
    )
    index = index_of([Ids.of(Keys.of(alike))])
    assert index.duplicates.tolist() == [3, 4]
    wanted = ["identifier-2", "identifier-3", "7", "c", "identifier-1", "0", "b"]
    assert index.find(Ids.of(Keys.of(wanted))).tolist() == [2, -1, 5, -1, 1, 6, 0]
    strangers = Strangers()
    assert strangers.add(Ids.of(Keys.of(["b", "7"]))).tolist() == []
    assert strangers.add(Ids.of(Keys.of(["c", "0"]))).tolist() == []
    assert strangers.add(Ids.of(Keys.of(["d", "c", "d"]))).tolist() == [1, 2]


@given(st.lists(st.lists(IDS, min_size=1, max_size=5, unique=True), max_size=12))
def test_strangers_know_who_was_there_before(batches: list[list[str]]) -> None:
    strangers, seen = Strangers(), set[str]()
    for batch in batches:
        again = [row for row, key in enumerate(batch) if key in seen]
        assert strangers.add(Ids.of(Keys.of(batch))).tolist() == again
        seen |= {*batch}


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


@pytest.mark.parametrize("known", [("7", "8"), ("7", "007", "x")])
@pytest.mark.parametrize(
    "other",
    ["07", "+7", " 7", "7 ", "7.0", "-7", "-0", "", "7" * 19, "7" * 20, "18446744073709551623"],
)
def test_what_only_looks_like_an_id_is_another(
    known: tuple[str, ...], other: str, scored: Score, write: Write
) -> None:
    write("y.csv", "id,label\n" + "".join(f"{key},1\n" for key in known))
    write("p.csv", "id,pred\n" + "".join(f"{key},1\n" for key in (*known[:-1], f'"{other}"')))
    message = f"no label \\('{re.escape(other)}'\\)" if other else "the id is empty, p.csv, line"
    with pytest.raises(DataError, match=message):
        scored("mse", "p.csv", "y.csv", columns=BY_ID)


def test_files_with_and_without_zeros_in_front_are_one_table(scored: Score, write: Write) -> None:
    edges = [-(2**63) - 1, -(2**63), -1, 0, 2**63 - 1, 2**63, 2**64, 10**30]
    ids = [*map(str, edges), *map(str, range(1, 9)), *(f"00{i}" for i in range(9)), "-0", "x"]
    rows = [f"{key},{i}\n" for i, key in enumerate(ids)]
    write("p/1.csv", "id,pred\n" + "".join(rows[:12]))
    write("p/2.csv", "id,pred\n" + "".join(rows[12:]))
    write("y/1.csv", "id,label\n" + "".join(reversed(rows[20:])))
    write("y/2.csv", "id,label\n" + "".join(reversed(rows[:20])))
    result = scored("mse", "p", "y", columns=BY_ID)
    assert (result.value, result.n) == (0.0, len(ids))
    write("y/3.csv", "id,label\n007,3\n-0,4\n")
    with pytest.raises(
        DataError, match=r"2 ids stand more than once: '007', '-0', y/3.csv, line 2"
    ):
        scored("mse", "p", "y", columns=BY_ID)


@pytest.mark.parametrize("key", ["{}", "{}000000000000", "id-{}", "0{}"])
def test_duplicates_are_placed_on_either_side_and_among_strangers(
    key: str, scored: Score, write: Write
) -> None:
    lines = {
        side: [f"{key.format(i)},0.5\n" for i in range(start, start + 90_000)]
        for side, start in (("prob", 1000), ("label", 2000))
    }

    def told(side: str, first: int, second: int) -> str:
        rows = [*lines[side]]
        rows[second] = rows[first]
        for name, own in (lines | {side: rows}).items():
            write(f"{name}.csv", f"id,{name}\n" + "".join(own))
        with pytest.raises(DataError) as caught:
            scored("bce", "prob.csv", "label.csv", columns=BY_ID, unmatched="skip")
        return str(caught.value)

    for side in ("prob", "label"):
        for first, second in ((1500, 1501), (1500, 89_000), (5, 10), (5, 89_999)):
            name = lines[side][first].partition(",")[0]
            place = f"{side}.csv, line {second + 2}, column 'id'"
            assert told(side, first, second) == f"an id stands more than once: '{name}', {place}"


@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [
        ("a,0.5\nb,1.5\nc,0.5\nx,0.5\n", "a,1\nb,1\nc,1\n", "p.csv, line 3"),
        ("a,0.5\nx,0.5\nb,1.5\n", "a,1\nb,1\n", r"1 id has no label \('x'\)"),
        ("a,0.5\nb,1.5\na,0.5\n", "a,1\nb,1\n", "p.csv, line 3"),
        ("a,0.5\na,0.5\nb,1.5\n", "a,1\nb,1\n", "more than once: 'a', p.csv, line 3"),
        ("a,0.5\nb,1.5\n,0.5\n", "a,1\nb,1\n", "p.csv, line 3"),
        ("a,0.5\n,0.5\nb,1.5\n", "a,1\nb,1\n", "the id is empty, p.csv, line 3"),
        ("a,0.5\na,0.5\n,0.5\n", "a,1\n", "more than once: 'a', p.csv, line 3"),
        ("x,0.5\ny,0.5\nx,0.5\n", "a,1\n", "more than once: 'x', p.csv, line 4"),
        ("a,0.5\n", "a,1\na,1\n,1\n", "more than once: 'a', y.csv, line 3"),
        ("a,0.5\n", "a,1\n,1\na,1\n", "the id is empty, y.csv, line 3"),
        ("a,0.5\n", "a,1\na,1\nb,x\n", "more than once: 'a', y.csv, line 3"),
        ("a,0.5\nx,0.5\nb,1.5\ny,0.5\n", "a,1\nb,1\n", r"2 ids have no label \('x', 'y'\)"),
        (",0.5\n", ",1\n", "the id is empty, y.csv, line 2"),
        (",0.5\n", "a,1\n", "the id is empty, p.csv, line 2"),
    ],
)
def test_of_several_faults_of_a_file_the_first_is_named(
    predictions: str, labels: str, message: str, scored: Score, write: Write
) -> None:
    write("p.csv", f"id,prob\n{predictions}")
    write("y.csv", f"id,label\n{labels}")
    with pytest.raises(DataError, match=message):
        scored("bce", "p.csv", "y.csv", columns=BY_ID)


@pytest.mark.parametrize("labels", [[-1.0, 1.0], [0.0, 127.0], [0.0, 128.0], [0.0, 0.25], [1e300]])
def test_labels_come_out_of_memory_as_they_went_in(
    labels: list[float], lossctl: Lossctl, table: Table
) -> None:
    ids = [*map(str, range(len(labels)))]
    table("p.csv", {"id": ids, "pred": labels})
    table("y.csv", {"id": ids[::-1], "label": labels[::-1]})
    run = lossctl("mse", "p.csv", "y.csv", "--id", "id", "--per-row", "-")
    shown = [line.split("\t")[1:] for line in run.out.splitlines()[1:]]
    assert [(float(label), loss) for label, loss in shown] == [(label, "0") for label in labels]


@pytest.mark.parametrize(
    ("numbers", "held"),
    [([-128, 127], np.int8), ([0, 128], float), ([-0.0], float), ([0.5], float), ([np.nan], float)],
)
def test_numbers_are_held_in_a_byte_only_if_no_bit_is_lost(
    numbers: list[float], held: type
) -> None:
    kept = small(np.array(numbers, dtype=np.float64))
    assert kept.dtype == held
    assert kept.astype(np.float64).tobytes() == np.array(numbers, dtype=np.float64).tobytes()


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


@given(st.lists(st.lists(st.booleans(), min_size=11, max_size=11), min_size=1, max_size=4))
def test_meetings_of_parts_are_those_of_the_whole(parts: list[list[bool]]) -> None:
    none = Ids.of(Keys.of(["x"]))
    total = Meetings.of(np.zeros(11, dtype=bool), ())
    for part in parts:
        total += Meetings.of(np.array(part), (none,))
    times = np.sum(parts, axis=0)
    assert (total.lonely, total.twice) == (int((times == 0).sum()), bool((times > 1).any()))
    assert total.strangers == (none,) * len(parts)
    assert (total + Meetings.of(np.zeros(11, dtype=bool), ())).twice == total.twice


def test_joined_rows_of_several_files_stay_in_order(scored: Score, write: Write) -> None:
    write("p/1.csv", "id,pred\nx,0\na,4\n")
    write("p/2.csv", "id,pred\nb,5\ny,0\nc,4\n")
    write("y.csv", "id,label\nc,0\nb,1\nz,0\na,0\n")
    result = scored("mse", "p", "y.csv", columns=BY_ID, unmatched="skip", worst=9)
    found = [tuple(row.values()) for row in result.worst or ()]
    assert found == [("a", 0, 16.0), ("b", 1, 16.0), ("c", 0, 16.0)]  # by their rows
    assert (result.sum, result.n, result.unmatched) == (48.0, 3, (2, 1))
    write("p/3.csv", "id,pred\nx,0\n")
    with pytest.raises(DataError, match=r"more than once: 'x', p/3.csv, line 2"):
        scored("mse", "p", "y.csv", columns=BY_ID, unmatched="skip")


@pytest.mark.parametrize("extra", ["", "f"])
def test_of_ids_without_a_partner_the_first_five_are_named(
    extra: str, scored: Score, write: Write
) -> None:
    names = "abcde" + extra
    write("p.csv", "id,pred\nz,1\n" + "".join(f"{key},1\n" for key in names))
    write("y.csv", "id,label\nz,1\n" + "".join(f"{key}{key},1\n" for key in names))
    more = ", …" if extra else ""
    with pytest.raises(DataError) as caught:
        scored("mse", "p.csv", "y.csv", columns=BY_ID)
    assert (
        f"{len(names)} ids have no label ('a', 'b', 'c', 'd', 'e'{more}); "
        f"{len(names)} ids have no prediction ('aa', 'bb', 'cc', 'dd', 'ee'{more})"
    ) in str(caught.value)


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


def test_nan_is_no_id_in_any_format(tmp_path: Path, lossctl: Lossctl) -> None:
    for name, ids in (("p", [1.0, np.nan]), ("y", [np.nan, 1.0])):
        pq.write_table(
            pa.table({"id": ids, "p" if name == "p" else "y": [1.0, 2.0]}),
            tmp_path / f"{name}.parquet",
        )
    run = lossctl("mae", "p.parquet", "y.parquet", "--id", "id")
    assert (run.code, "the id is empty" in run.err) == (3, True)


def test_words_are_mixed_as_by_splitmix64() -> None:
    """Its first numbers from the seed 0 are published: Steele, Lea and Flood 2014; Vigna's C."""
    seeds = np.arange(1, 4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert mixed(seeds).tolist() == published
