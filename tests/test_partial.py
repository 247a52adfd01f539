"""Partials as files: what stands in them comes back bit for bit, and nothing else is believed."""

from __future__ import annotations

import base64
import json
import math
import os
import stat
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shards import as_dicts, changed, cut, partials, signed

import lossctl
from lossctl import api, scoring
from lossctl.block import Floats
from lossctl.engines import local
from lossctl.engines.partition import Summaries
from lossctl.labels import codings
from lossctl.names import natural_key
from lossctl.partials import Partial
from lossctl.partials.choices import Choices, Coding
from lossctl.partials.codec import codec_of, data_codec, fields_of, read_like, written, written_like
from lossctl.partials.differing import WORDS
from lossctl.partials.files import Held, read, summaries_in
from lossctl.partials.scalars import UnfitError
from lossctl.partials.shards import Machine, Shard, together
from lossctl.summaries.moments import Moments
from lossctl.values import dataclass, field, replace


@dataclass(frozen=True)
class Inner:
    """A part of another."""

    array: Floats
    label: str | float | tuple[str | float, ...]


@dataclass(frozen=True)
class Other:
    """Another class."""

    number: int


@dataclass(frozen=True)
class Everything:
    """What summaries hold, and a function, which is no data."""

    whole: int
    real: float
    text: str | None
    pairs: tuple[tuple[int, ...], ...]
    seen: dict[str, int]
    either: Inner | Other
    call: Any = field(default=math.sqrt, compare=False)


WHOLE = [0, 1, -1, 2**53, -(2**53) - 1, 10**600, -(16**500), 0xABC << 4000]
REAL = [0.0, -0.0, 5e-324, 0.1, 1e308, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("value", WHOLE)
def test_whole_numbers_come_back(value: int) -> None:
    codec = data_codec(int)
    assert codec.read(json.loads(json.dumps(codec.write(value)))) == value


@pytest.mark.parametrize("value", REAL)
def test_floats_come_back_bit_for_bit(value: float) -> None:
    codec = data_codec(float)
    found = codec.read(json.loads(json.dumps(codec.write(value), allow_nan=False)))
    assert np.array(found).tobytes() == np.array(value).tobytes()


@pytest.mark.parametrize(
    "either", [Other(3), Inner(np.array([[1.5], [math.nan]]), ("a", math.nan, 2.0))], ids=repr
)
def test_values_come_back_without_what_is_no_data(either: Any) -> None:
    value = Everything(7, 0.5, None, ((1, 2), ()), {"a": 1}, either)
    text = json.dumps(written(value), allow_nan=False)
    empty = Everything(0, 0.0, "", (), {}, Other(0), call=math.cos)
    found = read_like(empty, json.loads(text))
    assert json.dumps(written(found)) == text
    assert (found.call, "call" in text, codec_of(Everything)) == (math.cos, False, None)
    if isinstance(either, Inner):
        assert found.either.array.tobytes() == either.array.tobytes()
        assert found.either.array.flags.writeable


def test_what_cannot_be_written_is_not_left_out_in_silence() -> None:
    """A new summary may hold what nobody has thought of."""
    empty = Everything(0, 0.0, "", (), {}, Other(0))
    assert written_like(empty, empty) == written(empty)
    with pytest.raises(TypeError, match=r"Everything\.call is of a type that is not written"):
        written_like(empty, Everything(0, 0.0, "", (), {}, Other(0), call=math.cos))


@pytest.mark.parametrize(
    ("hint", "data"),
    [
        (int, True),
        (int, 1.0),
        (int, "1"),
        (int, {"hex": "zz", "zeros": 0}),
        (int, {"hex": "1", "zeros": 10**9}),
        (int, {"hex": "1" * 5000, "zeros": 0}),
        (float, 1),
        (float, "nan"),
        (float, {"float": "infinity"}),
        (str, None),
        (tuple[int, int], [1]),
        (tuple[int, ...], {"0": 1}),
        (Floats, {"dtype": "<f8", "shape": [2], "data": "AAAAAAAAAAA="}),
        (Floats, {"dtype": "<i8", "shape": [1], "data": "AAAAAAAAAAA="}),
        (Floats, {"dtype": "<f8", "shape": [-1], "data": ""}),
        (Floats, {"dtype": "<f8", "shape": [1], "data": "*"}),
        (Floats, {"dtype": "|O", "shape": [1], "data": "AAAAAAAAAAA="}),
        (Other, {"number": 1, "more": 2}),
        (Other, {"Other": {"number": 1}}),
        (Other | Inner, {"Moments": {"number": 1}}),
        (Other | Inner, {"number": 1}),
        (Other | None, "os.system"),
    ],
    ids=str,
)
def test_what_was_not_asked_for_is_refused(hint: Any, data: object) -> None:
    with pytest.raises(UnfitError):
        data_codec(hint).read(data)


def test_every_choice_has_words() -> None:
    assert {*fields_of(Choices)} - {*WORDS} == {"header"}


def test_every_coding_can_be_written() -> None:
    """One that partials do not know would be a bug for who uses it."""
    found = {one for one in vars(codings).values() if isinstance(one, type)}
    known = {one for one in found if hasattr(one, "conflict")} - {codings.Coding}
    assert known == {*get_args(Coding)}


def planned(losses: str, *data: Any, **options: Any) -> tuple[Any, Any, Summaries]:
    asked = replace(api.options_of(**options), mergeable=True)
    plan = scoring.prepare(losses, data[0], data[1], asked)
    return plan, asked.terms, local.run(plan)


@pytest.mark.parametrize(
    ("losses", "options"),
    [
        ("bce,brier", {}),
        ("bce", {"convention": "all", "worst": 3, "plot": True, "fingerprint": True}),
        ("bce", {"by": "label", "cluster": "label"}),
        ("bce", {"eps": 0.1, "class_weight": "1,2", "label_smoothing": 0.1}),
        ("zero-one", {"by": "label"}),
        ("mse,huber:delta=0.3", {"worst": 2}),
        ("poisson:,msle", {"by": "label"}),
    ],
)
def test_summaries_come_back_as_they_were(losses: str, options: dict[str, Any]) -> None:
    losses = losses.replace(":,", ",")
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, 50)
    plan, terms, summaries = planned(losses, p, (rng.random(50) < p) * 1.0, **options)
    one = Partial.of(plan, terms, summaries)
    _, document = read(Held("x", bytes(one)))
    columns = len(plan.roles.groupings)
    found = summaries_in(document, Summaries.empty(one.plan), columns)
    assert bytes(replace(one, summaries=found)) == bytes(one)
    assert as_dicts(replace(one, summaries=found).results()) == as_dicts(one.results())


def test_the_file_is_strict_json_that_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    lossctl.score("bce", [0.0, 1.0], [1, 0], worst=1, partial=path)
    found = json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
    assert [*found] == [
        *("schema", "kind", "lossctl", "machines", "shards", "plan", "summaries", "checksum")
    ]
    assert (found["schema"], found["kind"]) == (1, "lossctl partial")
    (machine,), (shard,) = found["machines"], found["shards"]
    assert machine["numpy"] == np.__version__
    assert machine["cpu"]
    assert (shard["predictions"], shard["rows"], shard["n"]) == ("predictions", 2, 2)
    signature = lossctl.score("bce", [0.0, 1.0], [1, 0], fingerprint=True).signature
    assert f"|labels:{shard['fingerprint']}|" in signature
    (tmp_path / "spaced.json").write_text(json.dumps(found, indent=2, sort_keys=True), "utf-8")
    assert lossctl.merge(tmp_path / "spaced.json").value == math.inf
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_where_a_partial_cannot_be_written_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(lossctl.DataError, match="cannot write the file"):
        lossctl.score("mse", [1.0], [1.0], partial=tmp_path / "no" / "x.json")
    np.save(tmp_path / "p.npy", np.ones(3))
    with pytest.raises(lossctl.UsageError, match="would be overwritten"):
        lossctl.score("mse", tmp_path / "p.npy", np.ones(3), partial=tmp_path / "p.npy")
    lossctl.score("mse", [1.0], [1.0], partial=tmp_path / "x.json")
    with pytest.raises(lossctl.UsageError, match="would be overwritten"):
        lossctl.merge(str(tmp_path / "*.json"), partial=tmp_path / "x.json")


def made(**options: Any) -> bytes:
    """Return a partial with all that there is to be damaged."""
    rng = np.random.default_rng(1)
    p = rng.uniform(0.01, 0.99, 30)
    given: dict[str, Any] = {
        "by": "label",
        "worst": 2,
        "plot": True,
        "fingerprint": True,
        "convention": "all",
    }
    return lossctl.partial("bce,brier", p, (rng.random(30) < p) * 1, **(given | options))


GOOD = made()
DOCUMENT = json.loads(GOOD)
JOINED = made(by=None, cluster="label", weights=np.arange(30), worst=0, class_weight="2,1")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**31, 2**63, -(2**70), 10**30, 10**12])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "nan", "bce", "os.system", "0" * 50, "\x1b[31m", "label"])
    | st.sampled_from([{"hex": "-1", "zeros": 300}, {"hex": "f" * 600, "zeros": 9}])
    | st.sampled_from([{"float": "nan"}, {"float": "-inf"}]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where something stands in a document."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in pairs:
        yield (*path, key)
        yield from places_in(part, (*path, key))


def with_other(data: bytes, path: tuple[Any, ...], value: Any) -> bytes:
    document = json.loads(data)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return signed(document) if path[0] != "checksum" else json.dumps(document).encode()


@given(st.data())
def test_whatever_stands_in_a_file_is_a_result_or_one_error(data: st.DataObject) -> None:
    """Its checksum is right: somebody made it up."""
    whole = data.draw(st.sampled_from([GOOD, JOINED]))
    path = data.draw(st.sampled_from([*places_in(json.loads(whole))]))
    other = with_other(whole, path, data.draw(JSON | st.just(...)))
    for several in ([other], [other, made(fingerprint=False)], [whole, other]):
        with suppress(lossctl.DataError):
            for one in lossctl.merges(several):
                json.dumps(one.to_dict(), allow_nan=False)


PART = ("summaries", "groups", "parts", 0)
HISTOGRAM = next(
    ("summaries", "others", i, "Histogram")
    for i, one in enumerate(DOCUMENT["summaries"]["others"])
    if "Histogram" in one
)
BARS = DOCUMENT["summaries"]["others"][HISTOGRAM[2]]["Histogram"]["codes"]["shape"][0]


def encoded(values: list[Any], dtype: str = "") -> dict[str, Any]:
    """Return an array as it stands in a partial."""
    array = np.array(values, dtype=dtype or ("<f8" if isinstance(values[0], float) else "<i8"))
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": [*array.shape], "data": data}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("summaries", "moments", 0, "sums", 6, "nans"), 1),  # a NaN that is divided by
        (("summaries", "moments", 0, "count"), -5),
        ((*PART, "names", "columns", 0), ...),
        ((*PART, "totals", 0, "size"), 10**12),
        ((*PART, "cells", 0, "limbs", 0, 0), 10**6),
        ((*PART, "rows"), encoded([30, 0])),
        (
            (*PART, "residuals", 0),
            {
                **{name: encoded([0.5, 0.5, 0.5]) for name in ("ratio", "u", "uu")},
                "exponent": encoded([0, 0, 0], "<i2"),
                "rows": encoded([10, 10, 10]),
                "cells": 1.0,
                "apart": None,
            },
        ),
        ((*HISTOGRAM, "codes"), encoded([20] * BARS)),
        ((*HISTOGRAM, "codes"), encoded([*range(BARS, 0, -1)])),
        ((*HISTOGRAM, "codes"), encoded([*range(10**6, 10**6 + BARS)])),
        ((*HISTOGRAM, "rows"), encoded([1] * (BARS + 1))),
        (("summaries", "others", 0), {"Moments": {}}),
        (("summaries", "groups"), None),
        (("summaries", "more"), 1),
        (("shards", 0, "rows"), 29),
        (("shards", 0, "n"), -1),
        (("shards",), []),
        (("machines",), []),
        (("plan", "domain"), "no"),
        (("plan", "coding"), {"Coding": {}}),
        (("plan", "class_weights"), [1.0, 2.0, 3.0]),
        (("schema",), True),
    ],
    ids=str,
)
def test_what_was_made_up_is_refused(path: tuple[Any, ...], value: object) -> None:
    with pytest.raises(lossctl.DataError):
        lossctl.merges(with_other(GOOD, path, value))


def test_groups_of_one_row_and_the_smallest_losses_are_none_of_that() -> None:
    part = lossctl.partial("mae", [5e-324, 1.0], [0.0, 4.0], by="label")
    (merged,) = lossctl.merges([part])
    assert [(group.n, group.sum) for group in merged.groups or ()] == [(1, 5e-324), (1, 3.0)]


@given(st.data())
def test_a_file_that_was_changed_or_cut_off_is_refused(data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        other = GOOD[: data.draw(st.integers(0, len(GOOD) - 3))]
    else:
        place = data.draw(st.integers(0, len(GOOD) - 2))
        byte = data.draw(st.sampled_from(b'09af"{}[],:. \\\x00\xff'))
        other = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    if other == GOOD or _means_the_same(other):
        return
    with pytest.raises(lossctl.DataError):
        lossctl.merges(other)


def _means_the_same(data: bytes) -> bool:
    try:
        return bool(json.loads(data) == DOCUMENT)
    except ValueError:
        return False


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"prob,label\n0.5,1\n",
        b"\x93NUMPY",
        b"[]",
        b"{}",
        b"null",
        b'{"kind": "lossctl partial"}',
        b'{"a": ' + b"[" * 100_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"a": NaN}',
        b'{"a": "\xff"}',
        GOOD[:-20],
        GOOD + b"{}",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_other_files_are_no_partials(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(data)
    with pytest.raises(lossctl.DataError) as error:
        lossctl.merges(tmp_path / "p.json")
    assert str(error.value.where).endswith("p.json")
    assert error.value.hint


def test_a_number_that_was_changed_by_hand_is_seen() -> None:
    with pytest.raises(lossctl.DataError, match="damaged, or was changed"):
        lossctl.merges(GOOD.replace(b'"rows": 30', b'"rows": 31', 1))
    with pytest.raises(lossctl.DataError, match="cannot be"):
        lossctl.merges(changed(GOOD, summaries=DOCUMENT["summaries"] | {"moments": []}))
    with pytest.raises(lossctl.DataError, match=r"cannot be .*no loss called 'x'"):
        lossctl.merges(changed(GOOD, plan=DOCUMENT["plan"] | {"losses": ["x"]}))
    with pytest.raises(lossctl.DataError) as error:
        lossctl.merges(changed(GOOD, plan={}, lossctl="0.0.1"))
    assert "it is by lossctl '0.0.1'" in str(error.value.hint)


def test_a_file_that_changes_in_between_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(GOOD)
    found = api.merged(path)
    path.write_bytes(made(level=0.9))
    monkeypatch.setattr(type(found.total), "results", lambda _: 1 / 0)
    with pytest.raises(lossctl.DataError, match="changes while it is read"):
        found.results()


def test_a_bug_of_ours_is_none_of_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    found = api.merged(GOOD)
    monkeypatch.setattr(type(found), "_refuse_made_up", lambda _: None)
    monkeypatch.setattr("lossctl.partials.conclude", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        found.results()


def test_memory_does_not_grow_with_what_is_in_partials() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    options: dict[str, Any] = {"plot": True, "convention": "all"}
    parts = partials("bce", p, (rng.random(4000) < p) * 1.0, cut(4000, 100), **options)

    def peak(count: int) -> int:
        tracemalloc.start()
        lossctl.merge(parts[:count])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5)
    growth = (peak(100) - peak(5)) / 95
    assert growth < sum(map(len, parts)) / len(parts)  # which rows a shard is of


def test_files_that_belong_together_have_one_name() -> None:
    names = [f"run/part-{i}.csv" for i in (1, 2, 10)]
    assert together(names) == "run/part-*.csv"
    assert together(["a.csv", "a.csv"]) == "a.csv"
    assert together(["a1.csv", "a10.csv"]) == "a*.csv"
    assert together(["x", "y.npy"]) == "*"
    assert together(["d/a.csv", "d/a.csv.gz"]) == "d/a.csv*"
    assert sorted(names, key=natural_key) == names


def test_shards_and_machines_are_data() -> None:
    shard = Shard("p", "y", 3, 3, 3, 2, "f", "x")
    assert shard.consistent
    assert not replace(shard, n=4).consistent
    for kind in (Shard, Machine, Moments, Choices):
        assert codec_of(kind) is not None
