"""Signatures and fingerprints: the same for the same truth, and a word for each difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import Run

from lossctl import score
from lossctl.errors import UsageError
from lossctl.signatures import PARTS, entries, parse
from lossctl.summaries.fingerprint import Fingerprint, Identity

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]


def fingerprint(*arguments: object, **options: object) -> str:
    """Return the fingerprint in a result's signature."""
    result = score(*arguments, fingerprint=True, **options)  # type: ignore[arg-type]
    return parse(result.signature)["labels"]


def test_a_fingerprint_does_not_change_with_order_or_format(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    p, y = rng.random(500), rng.integers(0, 2, 500)
    frame = pd.DataFrame({"p": p, "y": y})
    shuffled = frame.sample(frac=1, random_state=0)
    frame.to_csv(tmp_path / "f.csv", index=False)
    shuffled.to_csv(tmp_path / "s.csv", index=False)
    pq.write_table(pa.table(frame), tmp_path / "f.parquet")
    found = {
        fingerprint("bce", p, y),
        fingerprint("bce", p[::-1], y[::-1]),
        fingerprint("mse", rng.random(500), y.astype(float)),
        *(fingerprint("bce", str(tmp_path / n)) for n in ("f.csv", "s.csv", "f.parquet")),
    }
    assert len(found) == 1
    assert len(found.pop()) == 32
    other = y.copy()
    other[7] = 1 - other[7]
    assert fingerprint("bce", p, other) != fingerprint("bce", p, y)


def test_blanks_around_ids_and_ids_without_text_are_no_matter(tmp_path: Path) -> None:
    found = []
    for ids in (("7", "a b", ""), (" 7", "a b ", " "), ("7", "", "a b")):
        rows = "".join(f"{one},0.5,1\n" for one in ids)
        (tmp_path / "f.csv").write_text(f"id,prob,label\n{rows}")
        found.append(fingerprint("bce", str(tmp_path / "f.csv")))
    assert len({*found}) == 1


def test_a_fingerprint_tells_ids_and_names_apart(tmp_path: Path) -> None:
    def of(ids: str, labels: str) -> str:
        rows = zip(ids.split(), labels.split(), strict=True)
        text = "id,label,p_cat,p_dog\n" + "".join(f"{i},{y},0.5,0.5\n" for i, y in rows)
        (tmp_path / "f.csv").write_text(text, encoding="utf-8")
        return fingerprint("ce", str(tmp_path / "f.csv"))

    assert of("a b c", "cat dog dog") == of("c b a", "dog dog cat")
    assert of("a b c", "cat dog dog") != of("a b d", "cat dog dog")
    assert of("a b c", "cat dog dog") != of("a b c", "dog cat dog")
    assert of("a b", "cat cat") != of("a b", "dog dog")
    assert of("1 2", "cat dog") != of("01 2", "cat dog")


def test_fingerprints_add_up_modulo_two_to_the_64() -> None:
    for a, b in ((2**64 - 1, 1), (2**64 - 1, 2**64 - 1), (2**63 + 1, 2**63 + 2), (3, 4)):
        one, two = Fingerprint(("",), (a, b)), Fingerprint(("",), (b, b))
        sums = (a + b) % 2**64, 2 * b % 2**64
        assert (one + two).sums == sums
        assert Identity(one, (a, b)) + Identity(two, (b, b)) == Identity(one + two, sums)
        assert len(str(one + two)) == 32


def test_two_labels_do_not_cancel() -> None:
    p = np.full(4, 0.5)
    found = {fingerprint("bce", p, y) for y in ([0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1])}
    assert len(found) == 3


def test_what_differs_between_two_signatures(lossctl: Lossctl, write: Write) -> None:
    write("f.csv", "prob,label\n0.2,0\n0.5,1\n")
    one = json.loads(lossctl("bce", "f.csv", "--json").out)["signature"]
    two = json.loads(
        lossctl(
            *("bce", "f.csv", "--json", "--convention", "keras", "--pos-weight", "2"),
            *("--label-smoothing", "0.1", "--class-weight", "1=3"),
        ).out
    )["signature"]
    found = {entry["part"]: (entry["first"], entry["second"]) for entry in entries(one, two)}
    assert found == {
        "conv": ("exact", "keras"),
        "eps": ("0", "1e-07"),
        "smooth": ("0", "0.1"),
        "classw": ("none", "1,3"),
        "posw": ("1", "2"),
    }
    run = lossctl("signature", one, two)
    assert run.out.splitlines()[1] == "the convention\texact\tkeras\tconv"
    run = lossctl("signature", one, one)
    assert (run.code, run.out, run.err) == (0, "", "note: the signatures are the same\n")
    assert lossctl("signature", one, one, "--json").out == "[]\n"
    shown = lossctl("signature", one).out.splitlines()
    assert [line.split("\t")[0] for line in shown] == ["part", *PARTS]


def test_a_label_in_a_signature_cannot_break_it(lossctl: Lossctl, write: Write) -> None:
    write("f.csv", "p_a,p_b,label\n0.2,0.8,a\n0.5,0.5,x|n:9\n")
    run = lossctl("ce", "f.csv", "--ignore-label", "x|n:9", "--json")
    found = parse(json.loads(run.out)["signature"])
    assert (found["ignore"], found["n"]) == ("x%7Cn:9", "1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bce", "the signature lacks from, conv"),
        ("bce|x", "'x' is no part of a signature"),
        ("bce|form:probs", "a signature has no part 'form'"),
        ("bce|from:a|from:b", "'from:b' is no part of a signature"),
    ],
)
def test_what_is_no_signature(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("|", r"\|")):
        parse(text)


def test_a_fingerprint_is_of_what_the_labels_mean(tmp_path: Path) -> None:
    def of(labels: str, predictions: str = "p_cat,p_dog\n.5,.5\n.4,.6\n", **options: object) -> str:
        (tmp_path / "p.csv").write_text(predictions)
        (tmp_path / "l.csv").write_text(labels)
        return fingerprint("ce", str(tmp_path / "p.csv"), str(tmp_path / "l.csv"), **options)

    turned = "p_dog,p_cat\n.5,.5\n.6,.4\n"
    same = {
        of("label\ncat\ndog\n"),
        of("label\n0\n1\n"),
        of("label\n1\n2\n", label_base=1),
        of("cat,dog\n1,0\n0,1\n"),
        of("dog,cat\n0,1\n1,0\n"),
        of("label\ncat\ndog\n", turned),
        of("cat,dog\n1,0\n0,1\n", turned),
    }
    assert len(same) == 1
    assert of("label\n0\n0\n", turned) == of("label\n1\n1\n") != of("label\n0\n0\n")
    assert of("cat,dog\n.5,.5\n0,1\n") not in same
    p = [0.2, 0.7]
    events = [[0, 1], [-1, 1], [False, True], ["no", "yes"], ["False", "true"]]
    assert len({fingerprint("bce", p, y) for y in events}) == 1
    p, names = [0.2, 0.7, 0.3], ["a", "b", "b"]
    yes = fingerprint("bce", p, names, positive="b")
    assert yes == fingerprint("bce", p, [0, 1, 1]) != fingerprint("bce", p, names, positive="a")


def test_a_signature_tells_what_was_said_of_the_labels(lossctl: Lossctl, write: Write) -> None:
    write("f.csv", "prob,label,w1,w2\n0.2,a,1,1\n0.7,b,2,3\n")
    said = {
        json.loads(lossctl("bce", "f.csv", "--json", *options).out)["signature"]
        for options in (
            ("--positive", "a"),
            ("--positive", "b"),
            ("--positive", "b", "--weight-col", "w1"),
            ("--positive", "b", "--weight-col", "w2"),
        )
    }
    assert len(said) == 4


def test_rows_of_classes_without_names_have_a_fingerprint() -> None:
    p, y = np.full((4, 3), 1 / 3), np.array([0, 2, 1, 2])
    assert fingerprint("ce", p, np.eye(3)[y]) == fingerprint("ce", p, y)
    by_name = score("ce", p, np.eye(3)[y], class_weight={"0": 2})
    by_place = score("ce", p, np.eye(3)[y], class_weight=[2, 1, 1])
    assert by_name == by_place
    assert (by_name.denominator, "|denom:n|" in by_name.signature) == (4.0, True)


def test_a_signature_names_the_denominator_there_is() -> None:
    scores, y = np.random.default_rng(0).normal(size=(6, 3)), [0, 1, 2, 0, 1, 2]
    for convention, denominator, said in (("exact", 8.0, "class-weights"), ("torch", 6.0, "n")):
        found = score("multi-margin", scores, y, class_weight=[2, 1, 1], convention=convention)
        assert (found.denominator, parse(found.signature)["denom"]) == (denominator, said)


def test_minus_zero_is_zero_to_a_fingerprint() -> None:
    p = np.arange(3.0)
    zeros = [fingerprint("mse", p, np.array([zero, 1.0, 2.0])) for zero in (0.0, -0.0)]
    assert zeros[0] == zeros[1] != fingerprint("mse", p, np.array([1e-300, 1.0, 2.0]))
