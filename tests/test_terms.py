"""Smoothing, weights of classes and of the event, clips, normalizing: options of any loss."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from processes import Run, piped
from scipy.stats import norm
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

from lossctl import row_losses, score
from lossctl.block import Block, RowLosses
from lossctl.conventions import CONVENTIONS
from lossctl.engines import partition
from lossctl.errors import DataError, UsageError
from lossctl.losses import LOSSES
from lossctl.losses.best import MeanOf
from lossctl.losses.domain import REAL
from lossctl.summaries.constants import Pivot

Lossctl = Callable[..., Run]
Write = Callable[[str, "str | bytes"], Path]
Save = Callable[[str, object], Path]
mpf: Any = mpmath.mpf
NAMES = ("cat", "dog", "owl")


@pytest.fixture(name="data", scope="module")
def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(21)
    return rng.dirichlet(np.ones(3), 400), rng.choice(3, 400, p=[0.6, 0.3, 0.1])


def in_csv(write: Write, p: np.ndarray, y: np.ndarray) -> None:
    """Write predictions with columns named by class, and labels by name."""
    header = ",".join(f"p_{name}" for name in NAMES)
    rows = "\n".join(",".join(map(repr, row)) for row in p.tolist())
    write("p.csv", f"{header}\n{rows}\n")
    write("y.csv", "label\n" + "\n".join(NAMES[i] for i in y) + "\n")


def test_class_weights_in_every_spelling(
    data: tuple[np.ndarray, np.ndarray], write: Write, save: Save, lossctl: Lossctl
) -> None:
    p, y = data
    weights = np.array([2.0, 1.0, 0.5])
    in_csv(write, p, y)
    save("w.npy", weights)
    np.savez(write("w.npz", ""), weights)
    write("w.csv", "class,weight\nowl,0.5\ncat,2\n")
    expected = float((-np.log(p[np.arange(400), y]) * weights[y]).sum() / weights[y].sum())
    spelled = ("cat=2,owl=0.5", "p_cat=2,dog=1,p_owl=.5", "2,1,0.5", "w.csv", "w.npy", "w.npz")
    for text in spelled:
        run = lossctl("ce", "p.csv", "y.csv", "--class-weight", text, "--json")
        found = json.loads(run.out)
        np.testing.assert_allclose(found["value"], expected, rtol=1e-13)
        np.testing.assert_allclose(found["denominator"], weights[y].sum(), rtol=1e-15)
        assert "|denom:class-weights|" in found["signature"]
        assert "|classw:2,1,0.5|" in found["signature"]
    for given in ([2, 1, 0.5], {0: 2.0, 2: 0.5}, weights):
        value = score("ce", p, y, class_weight=given).value
        np.testing.assert_allclose(value, expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("cat=2,dgo=1", 3, "no class is called 'dgo', --class-weight\nhint: did you mean 'dog'?"),
        ("2,1", 3, "2 weights for 3 classes"),
        ("cat=-1", 3, "-1 is no weight"),
        ("cat=nan", 3, "nan is no weight"),
        ("cat=x", 3, "x is no weight"),
        ("cat=1,cat=2", 3, "the class 'cat' has two weights"),
        ("cat=1,p_cat=2", 3, "the class 'p_cat' has two weights"),
        ("http://127.0.0.1:9/w.csv?sig=5ecret", 3, "http://127.0.0.1:9/w.csv?sig=…"),
        ("0,0,0", 2, "all classes weigh nothing"),
        ("none.csv", 3, "there is no such file"),
    ],
)
def test_weights_that_are_none_are_refused(
    text: str,
    code: int,
    said: str,
    data: tuple[np.ndarray, np.ndarray],
    write: Write,
    lossctl: Lossctl,
) -> None:
    in_csv(write, *data)
    run = lossctl("ce", "p.csv", "y.csv", "--class-weight", text)
    assert (run.code, run.out) == (code, "")
    assert said in run.err


def test_balanced_weights_are_those_of_scikit_learn(
    data: tuple[np.ndarray, np.ndarray], write: Write, tmp_path: Path
) -> None:
    p, y = data
    weights = compute_class_weight("balanced", classes=np.arange(3), y=y)
    expected = metrics.log_loss(y, p, sample_weight=weights[y])
    np.testing.assert_allclose(score("ce", p, y, class_weight="balanced").value, expected, 1e-12)
    in_csv(write, p, y)
    labels = (tmp_path / "y.csv").read_bytes()  # through a pipe, and read twice
    run = piped(tmp_path, labels, "ce", "p.csv", "-", "--class-weight", "balanced", "--value")
    np.testing.assert_allclose(float(run.out), expected, rtol=1e-12)
    one, event = p[:, 0], (y == 0).astype(int)
    both = compute_class_weight("balanced", classes=np.arange(2), y=event)
    expected = metrics.log_loss(event, one, sample_weight=both[event])
    np.testing.assert_allclose(score("bce", one, event, class_weight="balanced").value, expected)


def test_balanced_weights_leave_out_what_is_ignored() -> None:
    p = np.array([[0.5, 0.5], [0.25, 0.75], [0.1, 0.9], [0.3, 0.7]])
    found = score("ce", p, [0, 1, 1, -1], class_weight="balanced", ignore_label=-1)
    expected = (-np.log(0.5) - (np.log(0.75) + np.log(0.9)) / 2) / 2
    np.testing.assert_allclose(found.value, expected, rtol=1e-15)
    assert found.ignored == 1


def test_balanced_weights_leave_out_single_cells_that_are_ignored() -> None:
    p = np.array([[0.5, 0.2], [0.3, 0.6], [0.8, 0.9]])
    y = np.array([[0, -1], [-1, 1], [1, 1]])
    off, on = 4 / (2 * 1), 4 / (2 * 3)  # of the four labels that count
    expected = [off * np.log(2), -on * np.log(0.6), -on * (np.log(0.8) + np.log(0.9))]
    options: dict[str, Any] = {"class_weight": "balanced", "ignore_label": -1}
    np.testing.assert_allclose(row_losses("bce", p, y, **options), expected, rtol=1e-14)


def test_smoothing_and_weights_of_events_by_their_formula() -> None:
    rng = np.random.default_rng(4)
    p, y, e = rng.random(50), np.where(rng.random(50) < 0.3, rng.random(50), 1.0), 0.1
    y[:20] = 0
    smooth = y * (1 - e) + e / 2
    expected = -(3 * 2 * smooth * np.log(p) + 0.5 * (1 - smooth) * np.log1p(-p))
    options = {"label_smoothing": e, "pos_weight": 3.0, "class_weight": {"0": 0.5, "1": 2.0}}
    np.testing.assert_allclose(row_losses("bce", p, y, **options), expected, rtol=1e-13)


@pytest.mark.parametrize("k", [2, 5, 40])
def test_normalized_rows_keep_the_digits_of_small_losses(k: int) -> None:
    rng = np.random.default_rng(k)
    p = rng.random((60, k)) * 10.0 ** rng.uniform(-12, 0, (60, k))
    y = np.where(rng.random(60) < 0.7, p.argmax(axis=1), rng.integers(0, k, 60))
    p *= 10.0 ** rng.uniform(-3, 3, (60, 1))
    soft = rng.dirichlet(np.ones(k), 60)
    found = row_losses("ce", p, y, normalize=True)
    found_soft = row_losses("ce", p, soft, normalize=True)
    with mpmath.workdps(50):
        for i, row in enumerate(p.tolist()):
            total = mpmath.fsum(map(mpf, row))
            logs = [mpmath.log(total / mpf(v)) for v in row]
            true = logs[y[i]]
            assert abs(mpf(float(found[i])) - true) <= mpf("1e-13") * true
            true = mpmath.fsum(mpf(float(w)) * log for w, log in zip(soft[i], logs, strict=True))
            assert abs(mpf(float(found_soft[i])) - true) <= mpf("1e-13") * true


def test_rows_that_cannot_be_normalized_are_refused() -> None:
    with pytest.raises(DataError, match=r"sums to 0: it cannot be normalised, predictions, row 1"):
        score("ce", [[0.5, 0.5], [0.0, 0.0]], [0, 1], normalize=True)
    with pytest.raises(DataError, match="is not a probability"):
        score("ce", [[0.5, 0.5], [-0.5, 1.5]], [0, 1], normalize=True)


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("mse", {"label_smoothing": 0.1}),
        ("mse", {"class_weight": "1,2"}),
        ("mse", {"eps": 0.1}),
        ("mse", {"pos_weight": 2.0}),
        ("ce", {"pos_weight": 2.0, "from_": "logits"}),
        ("ce", {"eps": 0.1, "from_": "logits"}),
        ("ce", {"normalize": True, "from_": "logits"}),
        ("bce", {"normalize": True}),
        ("bce", {"eps": 0.5}),
        ("bce", {"eps": "x"}),
        ("bce", {"label_smoothing": 1.0}),
        ("bce", {"label_smoothing": "a"}),
        ("bce", {"pos_weight": -1.0}),
        ("bce", {"convention": "pytorch"}),
        ("ce", {"convention": "torch"}),
        ("nll", {"convention": "sklearn"}),
        ("bce", {"convention": "all", "reduction": "none"}),
    ],
)
def test_options_that_do_nothing_are_refused(loss: str, options: dict[str, Any]) -> None:
    p = np.array([[0.5, 0.5], [0.1, 0.9]]) if loss in ("ce", "nll") else np.array([0.5, 0.1])
    with pytest.raises(UsageError):
        score(loss, p, [0, 1], **options) if "reduction" not in options else row_losses(
            loss, p, [0, 1], convention="all"
        )


def test_the_clip_of_the_stored_type() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        p = np.array([0.0, 1.0, 0.5], dtype)
        expected = metrics.log_loss([1, 1, 0], p)
        found = score("bce", p, [1, 1, 0], convention="sklearn").value
        np.testing.assert_allclose(found, expected, rtol=1e-3 if dtype == np.float16 else 1e-6)
        assert score("bce", p, [1, 1, 0], eps="auto").value == found
        assert score("bce", p, [1, 1, 0], eps=float(np.finfo(dtype).eps)).value == found
    whole = np.array([0, 1, 1])
    found = score("bce", whole, [1, 1, 0], convention="sklearn").value
    np.testing.assert_allclose(found, metrics.log_loss([1, 1, 0], whole.astype(float)), rtol=1e-15)


def test_all_conventions_in_one_pass_are_each_by_itself(
    data: tuple[np.ndarray, np.ndarray], lossctl: Lossctl, write: Write
) -> None:
    p, y = data[0].copy(), data[1]
    p[:3] = [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.2, 0.2, 0.6]]
    y[:3] = [0, 0, 1]
    w = np.random.default_rng(1).random(400)
    result = score("ce", p, y, weights=w, convention="all")
    assert result.conventions is not None
    assert list(result.conventions) == ["exact", *CONVENTIONS]
    assert result.conventions["torch"] is None  # it takes logits
    for name, other in result.conventions.items():
        if other is not None:
            assert score("ce", p, y, weights=w, convention=name).value == other.value
    assert "divides by the number of rows" in str(result.conventions["keras"])
    in_csv(write, p, y)
    table = lossctl("ce", "p.csv", "y.csv", "--convention", "all").out.split("\n\n")[1]
    rows = [line.split("\t") for line in table.splitlines()]
    assert rows[0] == ["loss", "convention", "value", "why"]
    assert ["ce", "torch", "", ""] in rows
    shown = lossctl("ce", "p.csv", "y.csv", "--convention", "all", "--format", "markdown").out
    assert "| convention | ce | differs by |" in shown


def test_soft_labels_have_no_value_in_tools_that_take_none() -> None:
    p, y = [0.2, 0.9], [0.5, 1.0]
    found: Mapping[str, Any] = score("bce", p, y, convention="all").conventions or {}
    assert found["sklearn"] is None
    assert found["lightgbm"] is None
    assert found["keras"].value == score("bce", p, y, convention="keras").value
    with pytest.raises(DataError, match=r"bce takes no label between 0 and 1, as 0.5 is"):
        score("bce", p, y, convention="sklearn")
    rows, soft = [[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], [[0.25, 0.25, 0.5], [0.0, 1.0, 0.0]]
    found = score("ce", rows, soft, convention="all").conventions or {}
    assert [name for name, one in found.items() if one is None] == ["torch", "sklearn", "lightgbm"]


def test_what_the_clip_did_is_told() -> None:
    p = [0.0, 1e-16, 0.5, 1.0, 1.0]
    y = [1, 1, 1, 1, 0]
    clipped = score("bce", p, y, convention="sklearn")
    cost = -np.log(np.finfo(float).eps)
    total = 3 * cost + np.log(2) - np.log1p(-np.finfo(float).eps)
    assert clipped.clipped is not None
    assert clipped.clipped[0] == 3
    np.testing.assert_allclose([clipped.clipped[1]], [3 * cost / total], rtol=1e-12)
    assert score("bce", p, y).clipped == (2, None)
    assert score("bce", p[1:4], y[1:4]).clipped == (0, 0.0)
    assert score("mse", p, y).clipped is None
    rows = [[0.0, 0.5, 0.5], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0]]
    found = score("ce", rows, [0, 1, 2], convention="kaggle").clipped
    assert found is not None
    assert found[0] == 1
    with warnings.catch_warnings(action="error"):  # an infinite loss that weighs nothing
        nothing = score("bce", [0.0, 0.5], [1, 1], label_smoothing=0.1, weights=[0.0, 1.0])
    assert nothing.clipped == (1, 0.0)


def test_infinite_losses_say_what_others_make_of_them(lossctl: Lossctl, write: Write) -> None:
    write("f.csv", "prob,label\n0,1\n0.5,1\n")
    run = lossctl("bce", "f.csv", "--value")
    value = score("bce", [0.0, 0.5], [1, 1], convention="keras").value
    assert run.out == "inf\n"
    assert f"keras {value:.6g}" in run.err
    assert "50 %" in run.err
    assert "keras" not in lossctl("bce", "f.csv", "--value", "--convention", "all").err


def test_the_skill_knows_the_losses_own_scale() -> None:
    p, y = np.array([0.2, 0.9, 0.4]), [0, 1, 1]
    both = np.column_stack([1 - p, p])
    expected = 1 - np.mean((p - y) ** 2) / (2 / 9)
    for loss in ("brier", "brier:scale-by-half=true", "brier:scale-by-half=false"):
        for prediction in (p, both):
            found = score(loss, prediction, y).best_constant
            assert found is not None
            np.testing.assert_allclose(found[1], expected, rtol=1e-13)
    assert score("brier:scale-by-half=auto", p, y).loss == "brier"
    found = score("brier", both, y, convention="sklearn").best_constant
    assert found is not None
    np.testing.assert_allclose(found, [2 / 9, expected], rtol=1e-13)


def test_other_losses_are_not_infinite_because_of_a_probability() -> None:
    (warning, *_) = score("exponential", [-1000.0], [1]).warnings
    assert warning == "the loss is infinite because of 1 row (100 %): too large"


def test_vectors_with_equal_headers_go_by_name(write: Write, lossctl: Lossctl) -> None:
    write("p.csv", "x,y,z\n1,0,0\n0,2,0\n")
    write("l.csv", "z,y,x\n0,0,3\n0,1,0\n")
    run = lossctl("cosine", "p.csv", "l.csv", "--value")
    assert (run.code, run.out) == (0, "0.0\n")


def test_a_spread_is_called_so_and_found_by_its_name(write: Write, lossctl: Lossctl) -> None:
    write("f.csv", "sigma,mu,y\n0.5,1,1\n-1,2,2\n")
    run = lossctl("crps", "f.csv")
    assert run.code == 3
    assert "crps takes spreads above 0, not -1.0, f.csv, line 3, column 'sigma'" in run.err
    write("h.csv", "mu,sigma,var,y\n1,1,4,0.5\n2,1,4,3\n")
    for loss, column, other in (("crps", "sigma", "var"), ("gaussian-nll", "var", "sigma")):
        run = lossctl(loss, "h.csv", "--pred-col", f"mu,{other}")
        assert (run.code, f"the column '{other}' is no " in run.err) == (3, True)
        assert lossctl(loss, "h.csv", "--pred-col", f"mu,{column}").code == 0
    assert lossctl("crps,gaussian-nll", "h.csv", "--pred-col", "mu,sigma").code == 2
    write("g.csv", "a,b,c,y\n0.5,1,1,1\n")
    run = lossctl("gaussian-nll", "g.csv")
    assert "two columns are wanted, the mean and its spread, and there are 3" in run.err


def test_keras_divides_by_rows_whatever_the_classes_weigh() -> None:
    p, y = [[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]], [0, 1, 1]
    found = score("ce", p, y, convention="keras", class_weight=[3, 1])
    expected = -(3 * np.log(0.2) + np.log(0.4) + np.log(0.5)) / 3
    np.testing.assert_allclose(found.value, expected, rtol=1e-15)
    assert (found.denominator, "|denom:n|" in found.signature) == (3.0, True)
    onehot = np.eye(2)[y]
    assert score("ce", p, onehot, convention="keras", class_weight=[3, 1]).value == found.value


def test_what_weighs_nothing_costs_nothing() -> None:
    p, y = [0.0, 0.5], [1, 0]
    zero: list[dict[str, Any]] = [{"pos_weight": 0}, {"class_weight": [1, 0]}]
    for options in zero:
        assert score("bce", p, y, reduction="sum", **options).value == np.log(2)
    rows = [[0.0, 1.0], [0.5, 0.5]]
    found = score("ce", rows, [0, 1], reduction="sum", class_weight={"0": 0, "1": 1})
    assert found.value == np.log(2)


@pytest.mark.parametrize(("offset", "spread"), [(1e8, 1e-3), (1e8, 1.0), (-1e12, 1.0), (0.0, 1.0)])
def test_the_skill_keeps_its_digits_far_from_zero(offset: float, spread: float) -> None:
    rng = np.random.default_rng(6)
    y = offset + spread * rng.normal(size=70_001)
    p = y + 0.1 * spread * rng.normal(size=70_001)
    w = rng.random(70_001)
    exact, weights = y - offset, w / w.sum()  # no rounding: they are near
    best = float(weights @ (exact - weights @ exact) ** 2)
    found = score("mse", p, y, weights=w).best_constant
    assert found is not None
    np.testing.assert_allclose(found[0], best, rtol=1e-9)
    ignored = np.concatenate([np.full(200, 1e36), y])
    both = score("mse", np.concatenate([np.zeros(200), p]), ignored, ignore_label=1e36)
    alone = score("mse", p, y)
    np.testing.assert_allclose(both.best_constant, alone.best_constant, rtol=1e-12)


def test_a_best_constant_that_no_float_can_tell_is_none_also_beside_another() -> None:
    y = np.tile([1.0, 2.0, 3.0], 1000)
    huge = y.copy()
    huge[2900] = 1e160
    zeros = np.zeros((3000, 2))
    assert score("mse", zeros[:, 0], huge).best_constant is None
    assert score("mse", zeros, np.column_stack([huge, y])).best_constant is None


def test_balanced_weights_of_soft_labels_have_the_same_bits_in_any_order() -> None:
    rng = np.random.default_rng(4)
    soft = rng.dirichlet([1.0, 2.0, 3.0], 5000)
    predictions = rng.dirichlet([2.0, 2.0, 2.0], 5000)
    order = rng.permutation(5000)
    plain, shuffled = (
        score("ce", predictions[rows], soft[rows], class_weight="balanced")
        for rows in (slice(None), order)
    )
    assert (plain.value, plain.signature) == (shuffled.value, shuffled.signature)


@pytest.mark.parametrize("loss", ["poisson", "tweedie:power=1.5"])
def test_the_best_constant_is_known_whatever_rows_come_first(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mean of 0 in the first rows costs all others infinitely much: it is no constant."""
    monkeypatch.setattr(partition, "block_rows", lambda _: 7)
    rng = np.random.default_rng(12)
    y, p = np.sort(rng.poisson(1.0, 100)).astype(float), rng.gamma(2.0, 2.0, 100)
    power = 1.5 if loss.startswith("tweedie") else 1
    expected = metrics.mean_tweedie_deviance(y, np.full(100, y.mean()), power=power)
    for rows in (slice(None), slice(None, None, -1), rng.permutation(100)):
        found = score(loss, p[rows], y[rows]).best_constant
        assert found is not None
        np.testing.assert_allclose(found[0], expected, rtol=1e-12)


def test_the_best_constants_of_outputs_are_those_of_the_cells_that_count() -> None:
    rng = np.random.default_rng(10)
    y, p = rng.gamma(2.0, 3.0, (400, 2)), rng.gamma(2.0, 3.0, (400, 2))
    p[::5, 1] = np.nan
    kept = ~np.isnan(p)
    found = score("mse", p, y, nan="skip").best_constant
    squares = sum(np.var(y[kept[:, i], i]) * kept[:, i].sum() for i in range(2))
    assert found is not None
    np.testing.assert_allclose(found[0], squares / kept.sum(), rtol=1e-12)


def test_the_best_constant_of_soft_classes_with_weights() -> None:
    rng = np.random.default_rng(11)
    y, p = rng.dirichlet([1.0, 2.0, 3.0], (2, 500))
    weight = rng.random(500)
    mean = np.average(y, axis=0, weights=weight)
    squares = np.average((y**2).sum(axis=1), weights=weight)
    expected = {"ce": -(mean @ np.log(mean)), "brier": squares - mean @ mean}
    for name, least in expected.items():
        found = score(name, p, y, weights=weight).best_constant
        assert found is not None
        np.testing.assert_allclose(found[0], least, rtol=1e-12)


def test_constants_of_parts_add_up_whatever_they_lie_around() -> None:
    rng = np.random.default_rng(9)
    drawn = rng.gamma(2.0, 50.0, 3000)
    zeros = np.where(np.arange(3000) < 500, 0.0, drawn)  # of which no mean is a prediction
    for name, y in (*((n, drawn) for n in ("mse", "msle", "poisson", "gamma")), ("poisson", zeros)):
        kernel = LOSSES[name].kernel(REAL, "numbers")
        best = LOSSES[name].variants[0].best
        assert isinstance(best, MeanOf)
        whole, parts = Pivot(kernel, best, 0), Pivot(kernel, best, 0)
        nothing = RowLosses(np.empty((1, 0)), ())
        for start in range(0, 3000, 500):
            block = Block(y[start : start + 500, None], y[start : start + 500, None])
            whole = whole.add(block, nothing)
            parts += Pivot(kernel, best, 0).add(block, nothing)
            parts += Pivot(kernel, best, 0)
        mean = best.inverse(np.mean(best.link(y), keepdims=True))
        expected = float(np.sum(kernel(np.broadcast_to(mean, y.shape), y)))
        np.testing.assert_allclose([whole.total(), parts.total()], expected, rtol=1e-11)


def test_tools_of_one_column_have_no_loss_of_several() -> None:
    p, y = [[0.7, 0.2], [0.3, 0.6]], [[1, 0], [0, 1]]
    with pytest.raises(UsageError, match="sklearn has bce of one column only"):
        score("bce", p, y, convention="sklearn")
    found = score("bce", p, y, convention="all").conventions
    assert found is not None
    assert found["sklearn"] is None
    assert found["torch"] is not None


@pytest.mark.parametrize("weights", [5, {}, [], {"1": None}, [[1, 2]], [1 + 0j, 2]])
def test_what_are_no_class_weights_in_python(weights: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # UsageError or DataError
        score("bce", [0.2, 0.7], [0, 1], class_weight=weights)


def test_numbers_of_any_type_are_taken() -> None:
    plain = score("bce", [0.2, 0.7], [0, 1], pos_weight=2.0, label_smoothing=0.0)
    again = score("bce", [0.2, 0.7], [0, 1], pos_weight=2, label_smoothing=np.int64(0))
    assert again == plain
    for weights in ({True: 2}, {1.0: 2}, {"1": 2}, {1: 2.0}, [1, 2]):
        found = score("bce", [0.2, 0.7], [0, 1], class_weight=weights)
        assert found.signature.count("classw:1,2|") == 1


def test_labels_are_smoothed_once_where_values_have_a_least() -> None:
    p, y = np.array([0.2, 0.8]), np.array([0.9, 0.1])
    (found,) = row_losses("kl-div", p[np.newaxis], [0], convention="keras", label_smoothing=0.2)
    np.testing.assert_allclose(found, np.sum(y * np.log(y / p)), rtol=1e-14)


def test_smoothing_that_makes_a_loss_infinite_is_named() -> None:
    found = score("ce", [[0.5, 0.5, 0.0]], [0], label_smoothing=0.1)
    assert "smoothing gives it a share" in found.warnings[0]
    assert found.clipped == (0, 0.0)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("log_var,mean,y", "'log_var' is no "),
        ("se,mu,y", "which is the mean and which its spread, 'se', 'mu'?"),
        ("var,sigma,y", "which is the mean and which its spread"),
        ("mean,upper,y", "which is the mean and which its spread"),
    ],
)
def test_a_spread_is_not_guessed(header: str, said: str, write: Write, lossctl: Lossctl) -> None:
    write("f.csv", f"{header}\n2,1,2\n3,2,3\n")
    for loss in ("crps", "gaussian-nll"):
        run = lossctl(loss, "f.csv")
        assert (run.code, said in run.err) == (3, True)
    write("g.csv", "1,2,2\n2,3,3\n")
    columns = ("--pred-col", "0,1", "--label-col", "2", "--no-header")
    sigma = np.array([2.0, 3.0])
    z = 1 / sigma
    rows = sigma * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    found = float(lossctl("crps", "g.csv", *columns, "--value").out)
    np.testing.assert_allclose(found, rows.mean(), rtol=1e-14)


def test_a_loss_means_the_same_in_company_and_alone(write: Write, lossctl: Lossctl) -> None:
    write("p.csv", "p_a,p_b,p_c\n.7,.2,.1\n.1,.8,.1\n.3,.3,.4\n")
    write("y.csv", "a,b,c\n1,0,0\n0,1,0\n0,0,1\n")
    alone = lossctl("brier", "p.csv", "y.csv", "--value").out
    assert lossctl("brier,ce", "p.csv", "y.csv", "--value").out.splitlines()[0] == alone.strip()
    run = lossctl("brier,bce", "p.csv", "y.csv")
    assert (run.code, "brier of 3 columns is one of classes, and bce is not" in run.err) == (
        2,
        True,
    )
    write("f.csv", "p_0,p_1,pred,label\n.2,.8,1,1\n.7,.3,0,0\n")
    run = lossctl("brier", "f.csv")
    assert (run.code, "of one event, or the classes 'p_0', 'p_1'?" in run.err) == (3, True)
    assert lossctl("brier", "f.csv", "--pred-col", "p_0,p_1").code == 0


def test_weights_from_a_file_do_not_hide_the_prediction(write: Write, lossctl: Lossctl) -> None:
    write("p.csv", "prob\n.9\n.2\n.6\n")
    write("y.csv", "label\n1\n0\n0\n")
    write("w.csv", "w,x\n1,9\n2,9\n3,9\n")
    run = lossctl("brier", "p.csv", "y.csv", "--weights", "w.csv", "--weight-col", "w", "--value")
    np.testing.assert_allclose(float(run.out), (0.01 + 2 * 0.04 + 3 * 0.36) / 6, rtol=1e-15)
    write("n.csv", "label\ndog\ncat\ncat\n")
    weights = ("--class-weight", "dog=2,cat=1", "--positive", "dog")
    run = lossctl("bce", "p.csv", "n.csv", *weights, "--json")
    assert "|classw:1,2|" in json.loads(run.out)["signature"]


def test_vectors_have_several_numbers(write: Write, lossctl: Lossctl) -> None:
    write("f.csv", "pred,label\n-1,1\n2,2\n")
    assert "'pred', is no vector" in lossctl("cosine", "f.csv").err
    write("p.csv", "u,v\n1,3\n4,6\n")
    write("l.csv", "u,v\n1,3\n-100,6\n")
    run = lossctl("cosine", "p.csv", "l.csv", "--ignore-label", "-100")
    assert (run.code, "--ignore-label is for one column" in run.err) == (3, True)


@pytest.mark.parametrize(
    ("loss", "p", "y", "expected"),
    [
        ("tweedie:power=3", 1.0, 1e-160, 1e160),
        ("tweedie:power=5", 1.0, 1e-100, 2e300 / 12),
        ("gamma", 1.0, 1e-320, 2 * (-np.log(1e-320) - 1)),
        ("gamma", 1e-310, 3e-310, 2 * (3 - np.log(3) - 1)),
        ("tweedie:power=-1", 1e120, 1e120, 0.0),
        ("tweedie:power=-1000", 5.0, 3.0, np.inf),
    ],
)
def test_deviances_of_extreme_numbers(loss: str, p: float, y: float, expected: float) -> None:
    found = row_losses(loss, [p, 1.0], [y, 1.0])
    np.testing.assert_allclose(found, [expected, 0.0], rtol=1e-3)  # 1e-320 has few bits


def test_keras_raises_both_sides_of_msle_and_kl_to_its_least() -> None:
    """As its source has it: log(max(x, 1e-7) + 1), and both clipped to [1e-7, 1] for kl."""
    p, y = np.array([-0.5, 0.0, 1e-9, 2.0, 3.0]), np.array([2.0, -0.25, 1e-8, 0.0, 5.0])
    low = 1e-7
    logs = np.log1p(np.maximum(p, low)) - np.log1p(np.maximum(y, low))
    found = row_losses("msle", p, y, convention="keras")
    np.testing.assert_allclose(found, logs**2, rtol=1e-12, atol=1e-30)
    shares, labels = np.array([[1.0, 0.0, 0.0], [0.2, 0.8, 0.0]]), np.array([[0.0, 0.5, 0.5]] * 2)
    p, y = np.clip(shares, low, 1), np.clip(labels, low, 1)
    expected = (y * np.log(y / p)).sum(axis=1)
    found = row_losses("kl-div", shares, labels, convention="keras")
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("loss", ["brier", "focal", "js-div", "ce"])
def test_a_one_hot_row_weighs_what_its_class_does(loss: str) -> None:
    rng = np.random.default_rng(31)
    p, y, weight = rng.dirichlet(np.ones(3), 40), rng.integers(0, 3, 40), np.array([3, 0.25, 2])
    expected = row_losses(loss, p, y) * weight[y]
    for labels in (y, np.eye(3)[y]):
        found = row_losses(loss, p, labels, class_weight=weight.tolist())
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_class_weights_of_an_event_whose_loss_is_not_linear() -> None:
    p, y = np.array([0.1, 0.4, 0.9, 0.7]), np.array([0, 1, 1, 0])
    weight = np.array([0.5, 3.0])[y]
    for loss in ("brier", "focal", "hinge"):
        found = score(loss, p, y, class_weight=[0.5, 3.0])
        np.testing.assert_allclose(
            found.value, (weight * row_losses(loss, p, y)).sum() / weight.sum()
        )


def test_what_is_clipped_is_what_happened() -> None:
    """A class that was not the label may have the probability 0; both answers at the threshold."""
    p, y = np.array([0.0, 1.0, 0.0, 1.0, 0.5, 0.0]), np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.5])
    assert score("bce", p, y).clipped == (3, None)
    assert score("bce", [0.0, 1.0, 0.5], [0, 1, 0.5]).clipped == (0, 0.0)
    clip, half = -np.log(np.finfo(float).eps), np.log(2.0)
    found = score("bce", [0.0, 0.5], [1, 1], weights=[3, 2], convention="sklearn").clipped
    assert found is not None
    np.testing.assert_allclose(found, [1, 3 * clip / (3 * clip + 2 * half)], rtol=1e-14)
    assert row_losses("bce", [0.0, 1.0, 0.5], [0, 1, 0.5]).tolist() == [0.0, 0.0, np.log(2.0)]
    assert score("ce", [[0.0, 1.0], [1.0, 0.0]], [[0, 1], [0.5, 0.5]]).clipped == (1, None)


def test_a_soft_row_in_which_a_share_is_missing_is_missing() -> None:
    rng = np.random.default_rng(33)
    p, y = rng.dirichlet(np.ones(3), (2, 7))
    y[[2, 5], [0, 2]] = np.nan
    kept = [0, 1, 3, 4, 6]
    assert score("ce", p, y, nan="skip").value == score("ce", p[kept], y[kept]).value
    assert np.isnan(score("ce", p, y, nan="propagate").value)
    with pytest.raises(DataError, match=r"the label is missing, .*row 2"):
        score("ce", p, y)


def test_the_label_of_a_cell_without_a_prediction_is_not_asked_about() -> None:
    p, y = np.array([[np.nan, 0.5], [0.25, 0.75]]), np.array([[7.0, 1.0], [0.0, 1.0]])
    found = score("bce", p, y, nan="skip")
    assert (found.n, found.denominator) == (2, 3)
    np.testing.assert_allclose(found.sum, -np.log([0.5, 0.75, 0.75]).sum(), rtol=1e-15)
    assert np.isnan(score("bce", p, y, nan="propagate").value)


def test_a_missing_prediction_is_named_also_where_labels_are_names(write: Write) -> None:
    p = write("p.csv", "p_cat,p_dog\n0.5,0.5\n,1\n")
    y = write("y.csv", "label\ncat\ndog\n")
    with pytest.raises(DataError, match=r"the prediction is missing, .*line 3, column 'p_cat'"):
        score("ce", str(p), str(y))
