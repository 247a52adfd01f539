r"""Make tools.json: what the common tools print for the losses that lossctl also computes.

The tools are too large for the test environment; the file stands in for them. To make it again,
install them into an environment of its own and run this script there::

    pip install torch==2.13.0 scikit-learn==1.9.1 keras==3.15.1 tensorflow-cpu==2.21.0 \
        jax==0.10.2 optax==0.2.8 xgboost==3.2.0 lightgbm==4.7.0 scipy==1.17.1 \
        scoringrules==0.10.0 mpmath==1.3.0
    python make_tools.py [FILE]

A case holds a call as it was made, its inputs as they are named in it (p: predictions, y: labels,
w: weights, c: class weights), and what came of it: a value, a skill, or the error it raised.
Inputs and results are float64; XGBoost computes in float32. ``dtype`` says that the predictions
are stored in another type, and ``tolerance`` that the tool is less accurate than 1e-12. ``rows``
are the row losses before row weights and without ignored rows, summed over the cells of a row.
Infinity and NaN are written as Python's json module reads them.

The calls of mpmath are formulas of one row, evaluated with 800 digits and rounded once.
``xgb_eval`` and ``lgb_eval`` score given numbers as if a model had predicted them: a booster
without trees whose starting margin (initial score) they are. ``kaggle`` and ``clipped`` are below.
Keras runs on TensorFlow, the only backend on which it keeps float64: its ``ops.mean`` is float32
on the others, whatever it is fed.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import warnings
from importlib import import_module, metadata
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

Data = dict[str, Any]

CASES: list[Data] = []
NAMES: set[str] = set()
TOOLS = {
    "torch": "torch",
    "scikit-learn": "sklearn.metrics",
    "keras": "keras",
    "jax": "jax",
    "tensorflow-cpu": "tensorflow",
    "optax": "optax",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "scipy": "scipy",
    "scoringrules": "scoringrules",
    "mpmath": "mpmath",
    "numpy": "numpy",
}
REFUSALS = (ValueError, RuntimeError, IndexError, TypeError, AssertionError)


def load() -> dict[str, Any]:
    """Import the tools, Keras and JAX in float64, and return them under the names in the calls."""
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
    }
    found = {name: import_module(module) for name, module in TOOLS.items()}
    names = {"torch", "keras", "optax", "scoringrules"}
    spaces = {name: found[name] for name in names}
    found["mpmath"].mp.dps = 800
    import_module("scipy.stats")
    import_module("scipy.spatial.distance")
    return spaces | {
        "F": found["torch"].nn.functional,
        "metrics": found["scikit-learn"],
        "jax": found["jax"],
        "scipy": found["scipy"],
        "mp": found["mpmath"],
        "xgb": found["xgboost"],
        "lgb": found["lightgbm"],
        "np": np,
    }


def xgb_eval(metric: str, p: Any, y: Any, w: Any = None, **of: Any) -> float:
    """Return an evaluation metric of XGBoost on predictions, taken as they are."""
    p = np.asarray(p, dtype=np.float32)
    matrix = SPACE["xgb"].DMatrix(np.zeros((len(p), 1)), label=np.asarray(y), weight=w)
    matrix.set_base_margin(p)
    parameters = {
        "objective": "reg:squarederror",
        "base_score": 0.0,
        "eval_metric": metric,
        "disable_default_eval_metric": 1,
        **({"num_class": p.shape[1]} if p.ndim == 2 else {}),
        **of,
    }
    booster = SPACE["xgb"].train(parameters, matrix, num_boost_round=0)
    return float(booster.eval_set([(matrix, "given")]).rpartition(":")[2])


def lgb_eval(metric: str, p: Any, y: Any, w: Any = None, **of: Any) -> float:
    """Return an evaluation metric of LightGBM on predictions, taken as they are."""
    p = np.asarray(p, dtype=float)
    parameters = {
        "objective": "none",
        "metric": metric,
        "verbosity": -1,
        "num_class": p.shape[1] if p.ndim == 2 else 1,
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        **of,
    }
    rows = np.arange(len(p), dtype=float)[:, None]
    start = p.ravel(order="F")
    train = SPACE["lgb"].Dataset(rows, y, weight=w, init_score=start, params=parameters)
    found = SPACE["lgb"].Booster(parameters, train).eval_train()
    return float(found[0][2])


def kaggle(p: Any, y: Any, w: Any = None) -> float:
    """Return Kaggle's log loss: clip, then divide by the row's sum."""
    p = np.clip(p, 1e-15, 1 - 1e-15)
    if p.ndim == 1:
        p = np.column_stack([1 - p, p])
    p /= p.sum(axis=1, keepdims=True)
    return float(np.average(-np.log(p[np.arange(len(y)), np.asarray(y, dtype=int)]), weights=w))


def clipped(p: Any, y: Any, eps: float, w: Any = None) -> float:
    """Return scikit-learn's log loss in float64, with a clip that is given."""
    p = np.asarray(p, dtype=float)
    if p.ndim == 1:
        p = np.column_stack([1 - p, p])
    rows = -np.log(np.clip(p, eps, 1 - eps))[np.arange(len(p)), np.asarray(y, dtype=int)]
    return float(np.average(rows, weights=w))


SPACE = load() | {"xgb_eval": xgb_eval, "lgb_eval": lgb_eval, "kaggle": kaggle, "clipped": clipped}
LONG = {"F.": "torch.nn.functional.", "metrics.": "sklearn.metrics.", "jnp.": "jax.numpy."}


def native(tool: str, value: Any) -> Any:
    """Return an input as a tool takes it: an array of float64 or int64, or a tensor."""
    array = np.asarray(value)
    return SPACE["torch"].from_numpy(array.copy()) if tool == "torch" else array


def plain(found: Any) -> Any:
    """Return a result as numbers and lists of numbers."""
    array = np.asarray(found, dtype=float)
    return array.sum(axis=tuple(range(1, array.ndim))).tolist() if array.ndim else float(array)


def run(tool: str, call: str, data: Data) -> Any:
    """Make a call."""
    given = {name: None if v is None else native(tool, v) for name, v in data.items()}
    return plain(eval(call, SPACE | given))  # noqa: S307  # the calls are the ones below


def listed(value: Any) -> Any:
    """Return an input as it is written."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def title(case: Data, note: str) -> str:
    """Return a name that no other case has."""
    words = [case["tool"], case["loss"], case["from"], note, case["reduction"]]
    base = " ".join(str(word).strip() for word in words if word)
    name = next(n for k in range(1000) if (n := f"{base} #{k}" if k else base) not in NAMES)
    NAMES.add(name)
    return name


def record(tool: str, call: str, loss: str, data: Data, found: Data, **about: Any) -> None:
    """Add a case."""
    for short, name in LONG.items():
        call = call.replace(f" {short}", f" {name}").replace(f"({short}", f"({name}")
        call = name + call.removeprefix(short) if call.startswith(short) else call
    case: Data = {
        "case": "",
        "tool": "sklearn" if tool == "scikit-learn" else tool,
        "call": call,
        "loss": loss,
        "convention": about.get("convention", "exact"),
        "from": about.get("form"),
        "predictions": listed(data["p"]),
        "labels": listed(data["y"]),
        "weights": listed(data.get("w")),
        "options": about.get("options", {}),
        "reduction": about.get("reduction", "mean"),
        **{key: about[key] for key in ("dtype", "tolerance") if key in about},
        **found,
    }
    CASES.append(case | {"case": title(case, about.get("note", ""))})


def ask(tool: str, call: str, loss: str, data: Data, rows: str = "", **about: Any) -> None:
    """Add a case: what a call returns, and the row losses that another call returns."""
    value = run(tool, call, data)
    found = run(tool, rows, data) if rows else None
    if found and "ignore_label" in about.get("options", {}):
        ignored = about["options"]["ignore_label"]
        found = [r for r, label in zip(found, listed(data["y"]), strict=True) if label != ignored]
    record(tool, call, loss, data, {"value": value, "rows": found}, **about)


def skill(call: str, loss: str, data: Data, **about: Any) -> None:
    """Add a case of a skill score of scikit-learn."""
    value = {"value": None, "rows": None, "skill": run("scikit-learn", call, data)}
    record("scikit-learn", call, loss, data, value, note="skill", **about)


def refuse(tool: str, call: str, loss: str, data: Data, **about: Any) -> None:
    """Add a case that a tool refuses, with its message."""
    try:
        value = run(tool, call, data)
    except REFUSALS as error:
        message = str(error).strip().partition("\n")[0]
        record(tool, call, loss, data, {"error": message}, note="refused", **about)
    else:
        sys.exit(f"{call} was to be refused, but is {value}")


def both(tool: str, call: str, loss: str, data: Data, **about: Any) -> None:
    """Add the mean and the sum of a call that takes a reduction, with rows if unweighted."""
    rows = "" if data.get("w") is not None else call.replace("{r}", "none")
    for reduction in ("mean", "sum"):
        now = call.replace("{r}", reduction)
        ask(tool, now, loss, data, rows, reduction=reduction, **about)


def keras(call: str, loss: str, data: Data, **about: Any) -> None:
    """Add the mean of a loss class of Keras, with weights or multi-output also the sum."""
    name, _, rest = call.partition("(")
    weight = ", sample_weight=w" if data.get("w") is not None else ""
    words = {"mean": "sum_over_batch_size"}
    words |= {"sum": "sum"} if weight or "multi" in about.get("note", "") else {}
    for reduction, word in words.items():
        made = f"keras.losses.{name}(reduction={{!r}}, dtype='float64', {rest}"
        made = made.replace(", , )", ")").replace(", )", ")")
        now = made.format(word)[:-1] + f"{weight})"
        rows = "" if weight or "multi" in about.get("note", "") else made.format(None)
        ask("keras", now, loss, data, rows, reduction=reduction, **about)


def exact(formula: str, loss: str, data: Data, **about: Any) -> None:
    """Add mean and sum of a formula of a row, worked out with 800 digits."""
    mp = SPACE["mp"]
    wide = np.frompyfunc(lambda v: v if isinstance(v, str | int) else mp.mpf(v), 1, 1)
    pairs = zip(data["p"], data["y"], strict=True)
    given = [{"p": wide(p), "y": wide(y)} for p, y in pairs]
    names = vars(mp) | vars(builtins) | {"xlogy": lambda a, b: a * mp.log(b) if a else 0}
    rows = [mp.mpf(eval(formula, names | row)) for row in given]  # noqa: S307  # as above
    weights = [mp.mpf(w) for w in data.get("w") or [1] * len(rows)]
    total = mp.fsum(w * row for w, row in zip(weights, rows, strict=True))
    for reduction, value in (("mean", total / mp.fsum(weights)), ("sum", total)):
        found = {"value": float(value), "rows": [float(row) for row in rows]}
        record("mpmath", formula, loss, data, found, reduction=reduction, **about)


def fit(data: Data, **more: Any) -> Data:
    """Return inputs with others beside them."""
    return data | more


def numbers(seed: int, *shape: int, spread: float = 2.0, least: float | None = None) -> Any:
    """Return normal values with three decimals, above a bound if there is one."""
    found = np.random.default_rng(seed).normal(0, spread, shape)
    found = found if least is None else least + np.abs(found)
    return np.round(found, 3).tolist()


def chances(seed: int, *shape: int) -> Any:
    """Return probabilities with three decimals, away from 0 and 1, rows adding up to 1."""
    if len(shape) == 1:
        return np.round(np.random.default_rng(seed).uniform(0.02, 0.98, shape), 3).tolist()
    found = np.round(np.random.default_rng(seed).dirichlet(np.ones(shape[1]), shape[0]), 3)
    found = np.clip(found, 0.01, None)
    found[:, -1] = 0
    found[:, :-1] /= np.maximum(1, found.sum(axis=1, keepdims=True) / 0.95)
    found = np.round(found, 3)
    found[:, -1] = np.round(1 - found.sum(axis=1), 3)
    return found.tolist()


W6 = [3.0, 1.0, 0.5, 2.0, 0.0, 1.25]
W5 = [3.0, 1.0, 0.5, 2.0, 0.25]
ONE: Data = {"p": numbers(1, 6), "y": numbers(2, 6)}
FAR: Data = {"p": [0.0, 0.4, -0.5, 1.0, -2.0, 2.5], "y": [0.0, 0.0, 0.0, 0.0, 0.0, -1.0]}
MANY: Data = {"p": numbers(3, 5, 3), "y": numbers(4, 5, 3)}
ABOVE: Data = {"p": numbers(5, 6, least=0.1), "y": numbers(6, 6, least=0.1)}
COUNTS: Data = {"p": numbers(7, 6, least=0.1), "y": [0.0, 1.0, 3.0, 2.0, 0.0, 7.0]}
BITS: Data = {"p": chances(8, 6), "y": [0, 1, 1, 0, 1, 0]}
SOFT: Data = {"p": chances(9, 6), "y": [0.0, 0.25, 0.5, 0.9, 1.0, 0.125]}
EDGE: Data = {
    "p": [0.0, 0.0, 1.0, 1.0, 1e-300, 1e-12, 1e-5, 1 - 1e-5, 1 - 1e-12, 1 - 2**-53, 1e-16, 0.5],
    "y": [0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1],
}
EDGE_SOFT: Data = {"p": [0.0, 1.0, 0.0, 1.0, 1e-12], "y": [0.5, 0.5, 0.25, 0.75, 0.1]}
LOGITS: Data = {"p": numbers(10, 6), "y": [0, 1, 1, 0, 1, 0]}
STEEP: Data = {
    "p": [-800.0, -40.0, -20.0, 0.0, 20.0, 40.0, 800.0, 40.0],
    "y": [0, 0, 1, 1, 0, 1, 1, 0],
}
CELLS: Data = {"p": chances(11, 12), "y": [0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1]}
GRID: Data = {
    "p": np.reshape(CELLS["p"], (4, 3)).tolist(),
    "y": np.reshape(CELLS["y"], (4, 3)).tolist(),
}
FIELD: Data = {"p": numbers(12, 4, 3), "y": GRID["y"]}
CLASSES: Data = {"p": chances(13, 6, 4), "y": [0, 1, 2, 3, 1, 1]}
SHARES: Data = {"p": chances(14, 5, 3), "y": chances(15, 5, 3)}
SCORES: Data = {"p": numbers(16, 6, 4), "y": [0, 1, 2, 3, 1, 1]}
SOFT_SCORES: Data = {"p": numbers(17, 5, 4), "y": chances(18, 5, 4)}
RAGGED: Data = {
    "p": [[0.7, 0.2, 0.3], [0.1, 0.3, 0.1], [2.0, 1.0, 1.0], [0.2, 0.2, 0.6]],
    "y": [0, 1, 2, 1],
}
CORNER: Data = {
    "p": [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.0, 1e-12, 1.0], [1e-300, 1.0, 0.0], [0.0, 0.0, 1.0]],
    "y": [0, 0, 1, 0, 2],
}
ORDER: Data = {"p": [[0.0, 0.25, 0.25], [0.5, 0.25, 0.25]], "y": [0, 1]}
KINDS: tuple[tuple[Data, str], ...] = (
    (CLASSES, ""),
    (CORNER, "p at 0 and 1"),
    (RAGGED, "rows not adding up to 1"),
)
HALF: Data = {"p": [0.5, 0.5, 0.25, 0.25, 0.125, 0.75], "y": [0, 1, 0, 1, 1, 1]}
TIED: Data = {"p": [[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.2, 0.4, 0.4]], "y": [0, 1, 2]}
SIGNS: Data = {"p": numbers(19, 6), "y": [-1, 1, 1, -1, 1, -1]}
SPREAD: Data = {
    "p": np.column_stack([numbers(20, 5), numbers(21, 5, least=0.2)]).tolist(),
    "y": numbers(22, 5),
}
WEIGHTS4 = [1.0, 2.0, 0.5, 4.0]


def onehot(data: Data) -> Data:
    """Return the inputs with labels as one-hot rows."""
    return data | {"y": np.eye(len(data["p"][0]))[data["y"]].astype(int).tolist()}


def torch_regression() -> None:
    """Losses of numbers in torch."""
    for data, note in ((ONE, ""), (FAR, "at the bend"), (MANY, "multi-output")):
        both("torch", "F.mse_loss(p, y, reduction='{r}')", "mse", data, note=note)
        both("torch", "F.l1_loss(p, y, reduction='{r}')", "mae", data, note=note)
        for given, mine in (("", ""), (", delta=0.5", ":delta=0.5"), (", delta=2.5", ":delta=2.5")):
            call = f"F.huber_loss(p, y{given}, reduction='{{r}}')"
            both("torch", call, f"huber{mine}", data, note=note)
        for given, mine in (("", ""), (", beta=0.5", ":beta=0.5"), (", beta=2.5", ":beta=2.5")):
            call = f"F.smooth_l1_loss(p, y{given}, reduction='{{r}}')"
            both("torch", call, f"smooth-l1{mine}", data, note=note)
    ask("torch", "F.mse_loss(p, y).sqrt()", "rmse", ONE)
    ask("torch", "F.mse_loss(p, y).sqrt()", "rmse", MANY, note="multi-output: root of the total")
    ask("torch", "F.mse_loss(p, y, reduction='sum')", "sse", ONE, reduction=None)
    ask("torch", "F.mse_loss(p.log1p(), y.log1p())", "msle", ABOVE)
    data = fit(ONE, w=W6)
    for name, loss in (("mse_loss", "mse"), ("l1_loss", "mae"), ("huber_loss", "huber")):
        call = f"F.{name}(p, y, weight=w, reduction='{{r}}')"
        both("torch", call, loss, data, convention="torch", note="weights")


def torch_counts() -> None:
    """Poisson and Gaussian likelihoods in torch."""
    logs = {"p": numbers(23, 6), "y": [0.0, 1.0, 3.0, 2.0, 0.0, 7.0]}
    zero = {"p": [0.0, 0.0, 1e-9, 2.0], "y": [0.0, 2.0, 1.0, 1.5]}
    for full in (False, True):
        mine = ",full=true" if full else ""
        call = f"F.poisson_nll_loss(p, y, full={full}, reduction='{{r}}')"
        both("torch", call, f"poisson-nll{mine.replace(',', ':')}", logs)
        call = f"F.poisson_nll_loss(p, y, log_input=False, full={full}, reduction='{{r}}')"
        both("torch", call, f"poisson-nll:log-input=false{mine}", COUNTS)
        both("torch", call, f"poisson-nll:log-input=false{mine}", zero, note="p = 0")
    tight = {"p": [[1.0, 1e-9], [1.0, 0.0], [0.0, 1e-6], [2.0, 4.0]], "y": [1.001, 1.0, 0.5, 0.0]}
    for full, mine in ((False, ""), (True, ":full=true")):
        call = f"F.gaussian_nll_loss(p[:, 0], y, p[:, 1], full={full}, reduction='{{r}}')"
        both("torch", call, f"gaussian-nll{mine}", SPREAD)
        both("torch", call, f"gaussian-nll{mine}", tight, note="variance below the floor")


def torch_margins() -> None:
    """Losses of scores and of rows in torch."""
    for p, margin in ((1, 1.0), (2, 1.0), (1, 0.5), (2, 2.0)):
        given = [f"p={p}"] * (p != 1) + [f"margin={margin:g}"] * (margin != 1)
        loss = ":".join(["multi-margin", *([",".join(given)] if given else [])])
        call = f"F.multi_margin_loss(p, y, p={p}, margin={margin}, reduction='{{r}}')"
        both("torch", call, loss, SCORES)
        call = call.replace("margin=", "weight=c, margin=")
        about = {"options": {"class_weight": WEIGHTS4}, "convention": "torch"}
        both("torch", call, loss, fit(SCORES, c=WEIGHTS4), note="class weights", **about)
    both("torch", "F.soft_margin_loss(p, y, reduction='{r}')", "soft-margin", SIGNS)
    steep = {"p": [-50.0, 50.0, -40.0, 40.0, 0.0], "y": [-1, -1, 1, 1, 1]}
    both("torch", "F.soft_margin_loss(p, y, reduction='{r}')", "soft-margin", steep, note="steep")
    ask("torch", "(-y * p).exp().mean()", "exponential", SIGNS, "(-y * p).exp()")
    ask("torch", "(1 - p * y).clamp(min=0).mean()", "hinge", SIGNS, "(1 - p * y).clamp(min=0)")
    squared = "(1 - p * y).clamp(min=0).square()"
    ask("torch", f"{squared}.mean()", "squared-hinge", SIGNS, squared)
    cosine = "1 - F.cosine_similarity(p, y, dim=1)"
    ask("torch", f"({cosine}).mean()", "cosine", MANY, cosine)
    ones = "F.cosine_embedding_loss(p, y, torch.ones(len(p)), reduction='{r}')"
    both("torch", ones, "cosine", MANY, note="cosine_embedding_loss")


def torch_binary() -> None:
    """Binary cross-entropy in torch."""
    call = "F.binary_cross_entropy(p, y.double(), reduction='{r}')"
    for data, note in ((BITS, "hard"), (SOFT, "soft"), (GRID, "multi-label")):
        both("torch", call, "bce", data, form="probs", note=note)
    for data, note in ((EDGE, "p at 0 and 1"), (EDGE_SOFT, "soft, p at 0 and 1")):
        both("torch", call, "bce", data, form="probs", note=note, convention="torch")
    call = call.replace("y.double()", "y.double(), weight=w")
    both("torch", call, "bce", fit(BITS, w=W6), form="probs", convention="torch", note="weights")


def torch_binary_logits() -> None:
    """Binary cross-entropy from logits in torch."""
    call = "F.binary_cross_entropy_with_logits(p, y.double(){}, reduction='{{r}}')"
    flat = call.format("")
    soft = fit(LOGITS, y=SOFT["y"])
    for data, note in ((LOGITS, ""), (soft, "soft"), (STEEP, "steep"), (FIELD, "multi-label")):
        both("torch", flat, "bce", data, form="logits", note=note)
        for q in (0.5, 3.0):
            weighted = call.format(f", pos_weight=torch.tensor({q}, dtype=torch.float64)")
            about = {"options": {"pos_weight": q}, "note": f"pos_weight {q} {note}".strip()}
            both("torch", weighted, "bce", data, form="logits", **about)
    about = {"form": "logits", "convention": "torch", "note": "weights"}
    both("torch", call.format(", weight=w"), "bce", fit(LOGITS, w=W6), **about)
    ask("torch", "F.multilabel_soft_margin_loss(p, y.double())", "bce", FIELD, form="logits")


def logged(data: Data) -> Data:
    """Return the inputs with the log-probabilities of the scores."""
    return data | {"p": SPACE["torch"].tensor(data["p"]).double().log_softmax(1).tolist()}


def torch_categorical() -> None:
    """Cross-entropy in torch: class weights, smoothing and ignored labels in all combinations."""
    masked = fit(SCORES, y=[0, -100, 2, 3, -100, 1])
    for weighted, smooth, ignored in product((False, True), (0.0, 0.1), (None, -100, 1)):
        data = fit(masked if ignored == -100 else SCORES, c=WEIGHTS4)
        options: Data = {"class_weight": WEIGHTS4} if weighted else {}
        options |= {"label_smoothing": smooth} if smooth else {}
        options |= {} if ignored is None else {"ignore_label": ignored}
        given = ", weight=c" * weighted + f", label_smoothing={smooth}" * bool(smooth)
        given += "" if ignored is None else f", ignore_index={ignored}"
        call = f"F.cross_entropy(p, y{given}, reduction='{{r}}')"
        about = {"options": options, "note": " ".join(options)}
        both("torch", call, "ce", data, form="logits", **about)
        if ignored is None:
            soft = about | {"note": " ".join(["soft", *options])}
            both("torch", call, "ce", fit(SOFT_SCORES, c=WEIGHTS4), form="logits", **soft)
        if not smooth:
            call = f"F.nll_loss(p, y{given}, reduction='{{r}}')"
            both("torch", call, "nll", logged(data), form="log-probs", **about)


def torch_categorical_rest() -> None:
    """More of torch's cross-entropy, and the divergences."""
    call = "F.cross_entropy(p, y, reduction='{r}')"
    steep = {"p": [[700.0, 10.0, 0.0], [0.0, 1e4, -1e4], [-1e4, 1e4, 0.0]], "y": [0, 1, 0]}
    gone = {"p": [[-np.inf, 1.0, 2.0], [0.5, -np.inf, 2.0]], "y": [0, 2]}
    both("torch", call, "ce", steep, form="logits", note="steep")
    both("torch", call, "ce", gone, form="logits", note="-inf logits")
    about: Data = {"form": "logits", "convention": "torch"}
    loose = fit(SOFT_SCORES, y=numbers(24, 5, 4, least=0.1))
    both("torch", call, "ce", loose, note="soft labels that do not add up to 1", **about)
    about |= {"note": "all labels ignored", "options": {"ignore_label": -100}}
    ask("torch", "F.cross_entropy(p, y)", "ce", fit(SCORES, y=[-100] * 6), **about)
    ask("torch", "F.nll_loss(p, y)", "nll", CLASSES, form="log-probs", note="given probabilities")


def torch_divergence() -> None:
    """Kullback-Leibler divergence in torch."""
    for reduction, convention in (("batchmean", "exact"), ("sum", "exact"), ("mean", "torch")):
        about = {"reduction": reduction.removeprefix("batch"), "convention": convention}
        about["note"] = f"reduction={reduction}"
        for form, p in (("probs", "p.log()"), ("log-probs", "p")):
            data = SHARES if form == "probs" else fit(SHARES, p=run_log(SHARES["p"]))
            call = f"F.kl_div({p}, y, reduction='{reduction}')"
            rows = f"F.kl_div({p}, y, reduction='none')"
            ask("torch", call, "kl-div", data, rows, form=form, **about)


def run_log(values: Any) -> Any:
    """Return the logarithms of an input."""
    return np.log(np.asarray(values)).tolist()


def torch_refusals() -> None:
    """What torch does not take."""
    for p in (1.5, -0.1, float("nan")):
        data = {"p": [0.5, p], "y": [0, 1]}
        refuse("torch", "F.binary_cross_entropy(p, y.double())", "bce", data, form="probs")
    labels = {"p": [0.5, 0.2], "y": [0.0, 1.5]}
    refuse("torch", "F.binary_cross_entropy(p, y)", "bce", labels, form="probs")
    for call in ("F.cross_entropy(p, y)", "F.cross_entropy(p, y.double())"):
        refuse("torch", call, "ce", fit(SCORES, y=[0, 1, 2, 4, 1, 1]), form="logits")
    refuse("torch", "F.cross_entropy(p, y[:5])", "ce", SCORES, form="logits")
    call = "F.cross_entropy(p, y, ignore_index=1)"
    refuse("torch", call, "ce", SOFT_SCORES, form="logits", options={"ignore_label": 1})
    call = "F.cross_entropy(p, y, label_smoothing=1.5)"
    refuse("torch", call, "ce", SCORES, form="logits", options={"label_smoothing": 1.5})
    below = {"p": [[1.0, -1e-9], [1.0, 2.0]], "y": [1.0, 2.0]}
    refuse("torch", "F.gaussian_nll_loss(p[:, 0], y, p[:, 1])", "gaussian-nll", below)
    refuse("torch", "F.multi_margin_loss(p, y, p=3)", "multi-margin:p=3", SCORES)
    refuse("torch", "F.huber_loss(p, y, delta=0.0)", "huber:delta=0", ONE)
    refuse("torch", "F.smooth_l1_loss(p, y, beta=-1.0)", "smooth-l1:beta=-1", ONE)


def weighted(tool: str, call: str, loss: str, data: Data, w: Any, **about: Any) -> None:
    """Add a mean without and with weights; ``{w}`` in the call is where they go."""
    ask(tool, call.replace("{w}", ""), loss, data, **about)
    note = f"{about.pop('note', '')} weights".strip()
    given = ", w" if tool in {"xgboost", "lightgbm"} else ", sample_weight=w"
    ask(tool, call.replace("{w}", given), loss, fit(data, w=w), note=note, **about)


def sklearn_regression() -> None:
    """Losses of numbers in scikit-learn."""
    calls = {
        "mse": "mean_squared_error(y, p{w})",
        "rmse": "root_mean_squared_error(y, p{w})",
        "mae": "mean_absolute_error(y, p{w})",
        "mape": "mean_absolute_percentage_error(y, p{w})",
        "quantile": "mean_pinball_loss(y, p{w})",
        "quantile:alpha=0.1": "mean_pinball_loss(y, p, alpha=0.1{w})",
        "quantile:alpha=0.9": "mean_pinball_loss(y, p, alpha=0.9{w})",
    }
    for loss, call in calls.items():
        weighted("scikit-learn", f"metrics.{call}", loss, ONE, W6)
        about = {"convention": "sklearn"} if loss == "rmse" else {}
        weighted("scikit-learn", f"metrics.{call}", loss, MANY, W5, note="multi-output", **about)


def sklearn_logarithmic() -> None:
    """Logarithmic and relative errors in scikit-learn."""
    logs = {"msle": "mean_squared_log_error", "rmsle": "root_mean_squared_log_error"}
    for loss, name in logs.items():
        call = f"metrics.{name}(y, p{{w}})"
        weighted("scikit-learn", call, loss, ABOVE, W6)
        deep = {"p": [-0.5, 0.0, -0.999, 3.0], "y": [-0.9, 0.0, 1.0, -0.25]}
        ask("scikit-learn", call.replace("{w}", ""), loss, deep, note="between -1 and 0")
        about: Data = {"convention": "sklearn"} if loss == "rmsle" else {}
        many = {"p": numbers(25, 5, 3, least=0.1), "y": numbers(26, 5, 3, least=0.1)}
        weighted("scikit-learn", call, loss, many, W5, note="multi-output", **about)
    zero = {"p": [1.0, -0.5, 0.0, 2.0], "y": [0.0, 1e-20, 0.0, -4.0]}
    about = {"convention": "sklearn", "note": "labels at 0"}
    ask("scikit-learn", "metrics.mean_absolute_percentage_error(y, p)", "mape", zero, **about)


def sklearn_deviances() -> None:
    """Deviances in scikit-learn."""
    weighted("scikit-learn", "metrics.mean_poisson_deviance(y, p{w})", "poisson", COUNTS, W6)
    weighted("scikit-learn", "metrics.mean_gamma_deviance(y, p{w})", "gamma", ABOVE, W6)
    signed = fit(ABOVE, y=numbers(27, 6))
    takes = {
        0: ONE,
        1: COUNTS,
        1.1: COUNTS,
        1.5: COUNTS,
        1.9: COUNTS,
        2: ABOVE,
        2.5: ABOVE,
        3: ABOVE,
        -1: signed,
        -0.5: signed,
    }
    for power, data in takes.items():
        call = f"metrics.mean_tweedie_deviance(y, p, power={power}{{w}})"
        weighted("scikit-learn", call, f"tweedie:power={power}", data, W6)


def sklearn_log_loss() -> None:
    """Log loss in scikit-learn."""
    call = "metrics.log_loss(y, p{w})"
    about: Data = {"form": "probs", "convention": "sklearn"}
    w = numbers(28, 12, least=0.5)
    weighted("scikit-learn", call, "bce", BITS, W6, **about)
    weighted("scikit-learn", call, "bce", EDGE, w, note="p at 0 and 1", **about)
    summed = about | {"reduction": "sum"}
    ask("scikit-learn", "metrics.log_loss(y, p, normalize=False)", "bce", EDGE, **summed)
    for data, note in ((CLASSES, ""), (RAGGED, "rows not adding up to 1, kept so")):
        tame = fit(data, p=np.minimum(data["p"], 1).tolist())
        w = numbers(29, len(data["y"]), least=0.5)
        weighted("scikit-learn", call, "ce", tame, w, note=note, **about)
        given = "metrics.log_loss(y, p, sample_weight=w, normalize=False)"
        ask("scikit-learn", given, "ce", fit(tame, w=w), note=f"{note} weights", **summed)
    weighted("scikit-learn", call, "ce", CORNER, W5, note="p at 0 and 1", **about)


def sklearn_labels() -> None:
    """Log loss in scikit-learn, of labels that are names or do not hold every class."""
    about: Data = {"form": "probs", "convention": "sklearn"}
    one = {"p": [0.0, 1.0, 0.25], "y": [1, 1, 1]}
    call = "metrics.log_loss(y, p, labels=[0, 1])"
    ask("scikit-learn", call, "bce", one, note="one class", **about)
    part = {"p": CLASSES["p"], "y": [0, 1, 1, 0, 3, 1]}
    call = "metrics.log_loss(y, p, labels=[0, 1, 2, 3])"
    ask("scikit-learn", call, "ce", part, note="no label 2", **about)
    call = "metrics.log_loss(y, p)"
    names = {"p": chances(31, 5), "y": ["no", "yes", "yes", "no", "yes"]}
    ask("scikit-learn", call, "bce", names, options={"positive": "yes"}, **about)
    pets = {"p": chances(32, 4, 3), "y": ["cat", "dog", "eel", "dog"]}
    ask("scikit-learn", call, "ce", pets, note="names", **about)


def sklearn_narrow() -> None:
    """Log loss of float32 and float16, whose clip is wider, worked out in float64."""
    edge = {"p": [0.2, 0.5, 0.0, 1.0, 1.0, 0.0], "y": [0, 1, 1, 0, 1, 0]}
    for dtype, data in product(("float32", "float16"), (edge, CORNER, BITS)):
        kind = np.dtype(dtype).type
        stored = fit(data, p=np.asarray(data["p"]).astype(kind).astype(float).tolist())
        eps = float(np.finfo(kind).eps)
        loss = "ce" if np.ndim(data["p"]) == 2 else "bce"
        about = {"form": "probs", "convention": "sklearn", "dtype": dtype}
        note = f"{dtype}: metrics.log_loss in float64 with the eps of {dtype}"
        ask("scikit-learn", f"clipped(p, y, {eps!r})", loss, stored, note=note, **about)


def sklearn_classes() -> None:
    """Hinge and zero-one losses in scikit-learn."""
    call = "metrics.hinge_loss(y, p{w})"
    weighted("scikit-learn", call, "hinge", SIGNS, W6)
    weighted("scikit-learn", call, "hinge", LOGITS, W6, note="labels 0 and 1")
    weighted("scikit-learn", call, "multiclass-hinge", SCORES, W6)
    part = fit(SCORES, y=[0, 1, 1, 3, 1, 0])
    ask("scikit-learn", "metrics.hinge_loss(y, p, labels=[0, 1, 2, 3])", "multiclass-hinge", part)
    call = "metrics.zero_one_loss(y, p.argmax(axis=1){w})"
    weighted("scikit-learn", call, "zero-one", CLASSES, W6, form="probs")
    weighted("scikit-learn", call, "zero-one", SCORES, W6, form="logits")
    call = "metrics.zero_one_loss(y, p.argmax(axis=1), normalize=False)"
    ask("scikit-learn", call, "zero-one", CLASSES, form="probs", reduction="sum")
    call = "metrics.zero_one_loss(y == 1, p > 0.5{w})"
    weighted("scikit-learn", call, "zero-one", BITS, W6, form="probs")


def sklearn_brier() -> None:
    """Brier score of scikit-learn."""
    two = {"p": [[0.75, 0.25], [0.1, 0.9], [0.5, 0.5]], "y": [0, 0, 1]}
    for half, name in (
        ("", ""),
        ("=False", ":scale-by-half=false"),
        ("=True", ":scale-by-half=true"),
    ):
        given = f", scale_by_half{half}" if half else ""
        call = f"metrics.brier_score_loss(y, p{given}{{w}})"
        about = {"form": "probs", "convention": "sklearn"}
        weighted("scikit-learn", call, f"brier{name}", BITS, W6, **about)
        weighted("scikit-learn", call, f"brier{name}", CLASSES, W6, **about)
        weighted("scikit-learn", call, f"brier{name}", two, W6[:3], note="two columns", **about)
    named: Data = {"form": "probs", "options": {"positive": "yes"}}
    names = {"p": chances(33, 5), "y": ["yes", "no", "yes", "no", "no"]}
    ask("scikit-learn", "metrics.brier_score_loss(y, p, pos_label='yes')", "brier", names, **named)


def sklearn_skills() -> None:
    """Skill scores of scikit-learn, without and with weights."""
    for w in (None, W6):
        given = ", sample_weight=w" if w else ""
        one, bits, classes, above = (fit(d, w=w) for d in (ONE, BITS, CLASSES, ABOVE))
        skill(f"metrics.r2_score(y, p{given})", "mse", one)
        skill(f"metrics.d2_absolute_error_score(y, p{given})", "mae", one)
        skill(f"metrics.d2_pinball_score(y, p, alpha=0.25{given})", "quantile:alpha=0.25", one)
        skill(f"metrics.d2_log_loss_score(y, p{given})", "bce", bits, form="probs")
        skill(f"metrics.d2_log_loss_score(y, p{given})", "ce", classes, form="probs")
        skill(f"metrics.d2_brier_score(y, p{given})", "brier", bits, form="probs")
        skill(f"metrics.d2_brier_score(y, p{given})", "brier", classes, form="probs")
        for power, data in ((0, one), (1, fit(COUNTS, w=w)), (1.5, fit(COUNTS, w=w)), (2, above)):
            loss = f"tweedie:power={power}"
            skill(f"metrics.d2_tweedie_score(y, p, power={power}{given})", loss, data)
        many = fit(MANY, w=w and W5)
        about = {"convention": "sklearn"}
        skill(f"metrics.r2_score(y, p{given})", "mse", many, **about)
        pooled = f"metrics.r2_score(y, p, multioutput='variance_weighted'{given})"
        skill(pooled, "mse", many)
    edge = {"convention": "sklearn", "form": "probs"}
    skill("metrics.d2_log_loss_score(y, p)", "bce", EDGE, **edge)
    skill("metrics.r2_score(y, p)", "mse", fit(ONE, y=[2.0] * 6), **about)


def sklearn_refusals() -> None:
    """What scikit-learn does not take."""
    for p in (1.0000001, -0.1, float("nan"), float("inf")):
        for name, loss in (("log_loss", "bce"), ("brier_score_loss", "brier")):
            data = {"p": [0.5, p], "y": [0, 1]}
            refuse("scikit-learn", f"metrics.{name}(y, p)", loss, data, form="probs")
    call = "metrics.log_loss(y, p)"
    refuse("scikit-learn", call, "bce", {"p": [0.5, 0.2], "y": [1, 1]}, form="probs")
    refuse("scikit-learn", call, "bce", {"p": [0.5, 0.2], "y": [0.5, 1.0]}, form="probs")
    refuse("scikit-learn", call, "ce", fit(CLASSES, y=[0, 1, 1, 0, 3, 1]), form="probs")
    summed = fit(BITS, w=[0.0] * 6)
    refuse("scikit-learn", "metrics.log_loss(y, p, sample_weight=w)", "bce", summed, form="probs")


def sklearn_number_refusals() -> None:
    """What scikit-learn does not take among numbers."""
    data: Data = {"p": [0.5, -1.0], "y": [0.0, 1.0]}
    refuse("scikit-learn", "metrics.mean_squared_log_error(y, p)", "msle", data)
    bad = {
        "poisson": {"p": [1.0, 0.0], "y": [0.0, 1.0]},
        "gamma": {"p": [1.0, 2.0], "y": [0.0, 1.0]},
    }
    for loss, data in bad.items():
        refuse("scikit-learn", f"metrics.mean_{loss}_deviance(y, p)", loss, data)
    call = "metrics.mean_tweedie_deviance(y, p, power={})"
    powers = {0.5: ABOVE, 1.5: fit(ABOVE, y=[-1.0] * 6), 3: COUNTS, -1: fit(ABOVE, p=[0.0] * 6)}
    for power, data in powers.items():
        refuse("scikit-learn", call.format(power), f"tweedie:power={power}", data)
    call = "metrics.mean_tweedie_deviance(y, p, power=1)"
    refuse("scikit-learn", call, "tweedie:power=1", fit(MANY, p=ABOVE["p"][:5]))
    refuse("scikit-learn", "metrics.mean_squared_error(y, p)", "mse", fit(ONE, y=[1.0, 2.0]))


def keras_regression() -> None:
    """Losses of numbers in Keras."""
    losses: dict[str, tuple[str, Data]] = {
        "MeanSquaredError()": ("mse", {}),
        "MeanAbsoluteError()": ("mae", {}),
        "Huber()": ("huber", {}),
        "Huber(delta=0.5)": ("huber:delta=0.5", {}),
        "LogCosh()": ("log-cosh", {"tolerance": 1e-7, "convention": "keras"}),
        "MeanAbsolutePercentageError()": ("mape", {"convention": "keras"}),
    }
    for call, (loss, about) in losses.items():
        keras_column(call, loss, ONE, **about)
        given = about | {"convention": "keras"}
        keras_column(call, loss, fit(ONE, w=W6), note="weights", **given)
        keras(f"{call[:-1]}, )(y, p)", loss, MANY, note="multi-output", **given)


def keras_counts() -> None:
    """Logarithmic and relative losses in Keras."""
    about: Data = {"convention": "keras"}
    zero = {"p": [1.0, -0.5, 0.0, 2.0], "y": [0.0, 1e-9, 0.0, -4.0]}
    keras_column("MeanAbsolutePercentageError()", "mape", zero, note="labels at 0", **about)
    keras_column("MeanSquaredLogarithmicError()", "msle", ABOVE)
    below = {"p": [-0.5, 0.0, 1e-9, 3.0, -5.0], "y": [0.5, 0.0, 1.0, -0.25, -7.0]}
    keras_column("MeanSquaredLogarithmicError()", "msle", below, note="below 0", **about)
    loss = "poisson-nll:log-input=false"
    keras_column("Poisson()", loss, COUNTS, **about)
    zero = {"p": [0.0, 0.0, 1e-9, 2.0], "y": [0.0, 2.0, 1.0, 1.5]}
    keras_column("Poisson()", loss, zero, note="p = 0", **about)
    keras("CosineSimilarity()(y, p)", "cosine", MANY, note="minus the cosine", **about)


def keras_column(call: str, loss: str, data: Data, **about: Any) -> None:
    """Add the cases of a loss class of Keras for one column, given as (n, 1)."""
    keras(f"{call[:-1]}, )(y[:, None], p[:, None])", loss, data, **about)


def keras_binary() -> None:
    """Binary losses in Keras."""
    sets = ((BITS, "hard"), (SOFT, "soft"), (EDGE, "p at 0 and 1"), (EDGE_SOFT, "soft, 0 and 1"))
    about: Data = {"form": "probs", "convention": "keras"}
    for data, note in sets:
        keras_column("BinaryCrossentropy()", "bce", data, note=note, **about)
    keras_column("BinaryCrossentropy()", "bce", fit(BITS, w=W6), note="weights", **about)
    keras("BinaryCrossentropy()(y, p)", "bce", GRID, note="multi-label", **about)
    narrow = np.asarray(EDGE["p"], dtype=np.float32).astype(float).tolist()
    stored = {"note": "stored as float32, fed as float64", "dtype": "float32", **about}
    keras_column("BinaryCrossentropy()", "bce", fit(EDGE, p=narrow), **stored)
    for smooth in (0.1, 0.5):
        call = f"BinaryCrossentropy(label_smoothing={smooth})"
        options = {"options": {"label_smoothing": smooth}}
        for data, note in (*sets[:3], (fit(BITS, w=W6), "weights")):
            keras_column(call, "bce", data, note=f"smoothed {note}", **about, **options)


def keras_binary_logits() -> None:
    """Binary losses of logits and scores in Keras."""
    about: Data = {"convention": "keras"}
    about["form"] = "logits"
    for data, note in ((LOGITS, ""), (STEEP, "steep"), (fit(LOGITS, w=W6), "weights")):
        keras_column("BinaryCrossentropy(from_logits=True)", "bce", data, note=note, **about)
    call = "BinaryCrossentropy(from_logits=True, label_smoothing=0.1)"
    keras_column(call, "bce", LOGITS, options={"label_smoothing": 0.1}, **about)
    for call, loss in (("Hinge", "hinge"), ("SquaredHinge", "squared-hinge")):
        for data, note in ((SIGNS, ""), (LOGITS, "labels 0 and 1")):
            keras_column(f"{call}()", loss, data, note=note)
        keras_column(f"{call}()", loss, fit(SIGNS, w=W6), note="weights", convention="keras")
    for threshold, name in ((0.5, "zero-one"), (0.3, "zero-one:threshold=0.3")):
        half = {"p": [0.5, 0.5, 0.3, 0.3, 0.2, 0.7], "y": [0, 1, 0, 1, 1, 1]}
        row = f"1 - keras.metrics.binary_accuracy(y[:, None], p[:, None], threshold={threshold})"
        given = {"form": "probs", "convention": "keras", "note": "p at the threshold"}
        ask("keras", f"np.mean({row})", name, half, row, **given)


def keras_categorical() -> None:
    """Categorical losses in Keras."""
    about: Data = {"form": "probs", "convention": "keras"}
    sparse, dense = "SparseCategoricalCrossentropy", "CategoricalCrossentropy"
    hot = "keras.ops.one_hot(y, p.shape[1], dtype='float64')"
    keras(f"{sparse}()(y, p)", "ce", CLASSES, **about)
    for data, note in (*KINDS, (ORDER, "sums of one half")):
        keras(f"{dense}()({hot}, p)", "ce", data, note=note, **about)
        smooth = f"{dense}(label_smoothing=0.1, )({hot}, p)"
        keras(smooth, "ce", data, note=note, options={"label_smoothing": 0.1}, **about)
        keras(f"{dense}()(y, p)", "ce", onehot(data), note=f"one-hot {note}", **about)
    keras(f"{dense}()(y, p)", "ce", SHARES, note="soft", **about)
    keras(f"{sparse}()(y, p)", "ce", fit(CLASSES, w=W6), note="weights", **about)
    for ignored in (1, -1):
        data = fit(CLASSES, y=[0, 1, 2, 3, ignored, 1])
        call = f"{sparse}(ignore_class={ignored}, )(y, p)"
        keras(call, "ce", data, note="ignored", options={"ignore_label": ignored}, **about)


def keras_categorical_logits() -> None:
    """Categorical losses of logits, of scores and between distributions in Keras."""
    about: Data = {"convention": "keras"}
    sparse, dense = "SparseCategoricalCrossentropy", "CategoricalCrossentropy"
    about["form"] = "logits"
    keras(f"{sparse}(from_logits=True, )(y, p)", "ce", SCORES, **about)
    keras(f"{dense}(from_logits=True, )(y, p)", "ce", SOFT_SCORES, note="soft", **about)
    call = f"{dense}(from_logits=True, label_smoothing=0.1, )(y, p)"
    keras(call, "ce", onehot(SCORES), options={"label_smoothing": 0.1}, **about)
    keras("CategoricalHinge()(y, p)", "multiclass-hinge", onehot(SCORES), convention="keras")
    low = fit(SCORES, p=[[-5.0, -6.0, -7.0, -5.5]] * 3, y=[0, 1, 3])
    about = {"convention": "keras", "note": "scores below 0"}
    keras("CategoricalHinge()(y, p)", "multiclass-hinge", onehot(low), **about)
    about = {"convention": "keras", "form": "probs"}
    keras("KLDivergence()(y, p)", "kl-div", SHARES, form="probs")
    corner = {"p": [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]], "y": [[0.5, 0.5, 0.0], [0.2, 0.0, 0.8]]}
    keras("KLDivergence()(y, p)", "kl-div", corner, note="zeros", **about)


def keras_focal() -> None:
    """Focal losses in Keras."""
    about: Data = {"form": "probs", "convention": "keras"}
    for data, note in ((BITS, ""), (SOFT, "soft"), (EDGE, "p at 0 and 1")):
        keras_column("BinaryFocalCrossentropy()", "focal", data, note=note, **about)
        keras_column(
            "BinaryFocalCrossentropy(gamma=1.0)", "focal:gamma=1", data, note=note, **about
        )
        call = "BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.3, gamma=3.0)"
        keras_column(call, "focal:gamma=3,alpha=0.3", data, note=note, **about)
    call = "BinaryFocalCrossentropy(label_smoothing=0.1)"
    keras_column(call, "focal", BITS, options={"label_smoothing": 0.1}, **about)
    call = "BinaryFocalCrossentropy(from_logits=True)"
    keras_column(call, "focal", LOGITS, form="logits", convention="keras")
    for data, note in KINDS:
        for alpha, gamma in ((0.25, 2), (1, 2), (0.5, 1)):
            call = f"CategoricalFocalCrossentropy(alpha={alpha}, gamma={gamma}.0, )(y, p)"
            loss = f"focal:gamma={gamma},alpha={alpha}".replace("gamma=2,", "")
            keras(call, loss, onehot(data), note=f"categorical {note}".strip(), **about)
    call = "CategoricalFocalCrossentropy(alpha=1.0, from_logits=True, )(y, p)"
    keras(call, "focal:alpha=1", onehot(SCORES), form="logits", convention="keras")


def other_refusals() -> None:
    """What Keras and optax do not take."""
    uneven = fit(SCORES, y=[[0, 1, 0], [1, 0, 0]])
    call = "keras.losses.categorical_crossentropy(y, p)"
    refuse("keras", call, "ce", uneven, form="probs")
    call = "keras.losses.binary_crossentropy(y, p)"
    refuse("keras", call, "bce", fit(BITS, y=[0, 1]), form="probs")
    refuse("optax", "optax.losses.squared_error(p, y)", "mse", fit(ONE, y=[[1.0], [2.0]]))
    refuse("optax", "optax.losses.squared_error(p, y)", "mse", {"p": [1, 2], "y": [1, 3]})


OPTAX: tuple[tuple[str, str, Data, str | None], ...] = (
    ("squared_error(p, y)", "mse", ONE, None),
    ("huber_loss(p, y)", "huber", FAR, None),
    ("huber_loss(p, y, delta=0.5)", "huber:delta=0.5", ONE, None),
    ("log_cosh(p, y)", "log-cosh", ONE, None),
    ("log_cosh(p, y)", "log-cosh", {"p": [1e4, -800.0, 40.0], "y": [0.0, 0.0, 0.5]}, None),
    ("cosine_distance(p, y)", "cosine", MANY, None),
    ("hinge_loss(p, y)", "hinge", SIGNS, None),
    ("multiclass_hinge_loss(p, y)", "multiclass-hinge", SCORES, None),
    ("sigmoid_binary_cross_entropy(p, y)", "bce", LOGITS, "logits"),
    ("sigmoid_binary_cross_entropy(p, y)", "bce", STEEP, "logits"),
    ("softmax_cross_entropy_with_integer_labels(p, y)", "ce", SCORES, "logits"),
    ("softmax_cross_entropy(p, y)", "ce", SOFT_SCORES, "logits"),
    ("kl_divergence(p, y)", "kl-div", fit(SHARES, p=run_log(SHARES["p"])), "log-probs"),
    ("sigmoid_focal_loss(p, y)", "focal", LOGITS, "logits"),
    ("sigmoid_focal_loss(p, y, gamma=1.0)", "focal:gamma=1", LOGITS, "logits"),
    ("sigmoid_focal_loss(p, y, alpha=0.25)", "focal:alpha=0.25", LOGITS, "logits"),
)


def optax_all() -> None:
    """Losses of optax, without reduction there: rows and their mean."""
    for call, loss, data, form in OPTAX:
        row = f"optax.losses.{call}"
        ask("optax", f"{row}.mean()", loss, data, row, form=form)
    row = "optax.losses.softmax_cross_entropy(p, optax.losses.smooth_labels(y, 0.1))"
    hot = onehot(SCORES)
    hot["y"] = np.asarray(hot["y"], dtype=float).tolist()
    ask("optax", f"{row}.mean()", "ce", hot, row, form="logits", options={"label_smoothing": 0.1})


def scipy_all() -> None:
    """Divergences of scipy, and the continuous ranked probability score."""
    zeros = {"p": [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]], "y": [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]}
    for data in (SHARES, zeros):
        rows = {
            "kl-div": "scipy.special.rel_entr(y, p).sum(axis=1)",
            "js-div": "scipy.spatial.distance.jensenshannon(p, y, axis=1)**2",
        }
        for loss, row in rows.items():
            ask("scipy", f"({row}).mean()", loss, data, row, form="probs")
    entropy = "scipy.stats.entropy(y, p, axis=1)"
    ask("scipy", f"{entropy}.mean()", "kl-div", SHARES, entropy, form="probs")
    z = "(y - p[:, 0]) / p[:, 1]"
    tails = f"{z} * (2 * scipy.stats.norm.cdf({z}) - 1) + 2 * scipy.stats.norm.pdf({z})"
    crps = f"p[:, 1] * ({tails} - 1 / np.sqrt(np.pi))"
    far = {"p": [[0.0, 1.0], [1.0, 2.0], [-3.0, 0.1]], "y": [0.0, -59.0, 0.0]}
    for data in (SPREAD, far):
        ask("scipy", f"({crps}).mean()", "crps", data, crps)
        other = "scoringrules.crps_normal(y, p[:, 0], p[:, 1])"
        ask("scoringrules", f"{other}.mean()", "crps", data, other)
    rank = "((p.cumsum(axis=1) - np.eye(p.shape[1])[y].cumsum(axis=1))**2)[:, :-1].sum(axis=1)"
    ask("numpy", f"{rank}.mean()", "rps", CLASSES, rank, form="probs")
    smape = "2 * abs(p - y) / (abs(p) + abs(y))"
    ask("numpy", f"({smape}).mean()", "smape", ONE, smape)


def xgboost_all() -> None:
    """Evaluation metrics of XGBoost."""
    about: Data = {"convention": "xgboost", "tolerance": 1e-6}
    for metric, loss in (("rmse", "rmse"), ("mae", "mae"), ("mape", "mape")):
        weighted("xgboost", f"xgb_eval('{metric}', p, y{{w}})", loss, ONE, W6, **about)
    weighted("xgboost", "xgb_eval('rmsle', p, y{w})", "rmsle", ABOVE, W6, **about)
    call = "xgb_eval('poisson-nloglik', p, y{w})"
    weighted("xgboost", call, "poisson-nll:log-input=false,full=true", COUNTS, W6, **about)
    weighted("xgboost", "xgb_eval('gamma-deviance', p, y{w})", "gamma", ABOVE, W6, **about)


def xgboost_cross_entropy() -> None:
    """Log losses of XGBoost."""
    about: Data = {"convention": "xgboost", "tolerance": 1e-6}
    probs = about | {"form": "probs"}
    sets = ((BITS, ""), (SOFT, "soft"), (EDGE, "p at 0 and 1"), (EDGE_SOFT, "soft edge"))
    for data, note in sets:
        w = numbers(34, len(data["y"]), least=0.5)
        weighted("xgboost", "xgb_eval('logloss', p, y{w})", "bce", data, w, note=note, **probs)
    call = "xgb_eval('logloss', p, y, objective='binary:logistic', base_score=0.5)"
    for data, note in ((LOGITS, ""), (STEEP, "steep")):
        ask("xgboost", call, "bce", data, form="logits", note=note, **about)
    for data, note in KINDS:
        w = numbers(35, len(data["y"]), least=0.5)
        weighted("xgboost", "xgb_eval('mlogloss', p, y{w})", "ce", data, w, note=note, **probs)
    call = "xgb_eval('mlogloss', p, y, objective='multi:softprob', base_score=0.5)"
    ask("xgboost", call, "ce", SCORES, form="logits", **about)


def xgboost_errors() -> None:
    """Errors of XGBoost, with ties and at the threshold."""
    probs: Data = {"convention": "xgboost", "form": "probs"}
    weighted("xgboost", "xgb_eval('merror', p, y{w})", "zero-one", CLASSES, W6, **probs)
    for data, note in ((HALF, "p at the threshold"), (BITS, "")):
        weighted("xgboost", "xgb_eval('error', p, y{w})", "zero-one", data, W6, note=note, **probs)
    call = "xgb_eval('error@0.25', p, y)"
    ask("xgboost", call, "zero-one:threshold=0.25", HALF, note="p at the threshold", **probs)
    ask("xgboost", "xgb_eval('merror', p, y)", "zero-one", TIED, note="ties", **probs)


def lightgbm_all() -> None:
    """Evaluation metrics of LightGBM, which keeps labels and weights in float32."""
    about: Data = {"convention": "lightgbm"}
    one = fit(ONE, y=[0.25, -0.5, 3.0, 1.5, -2.0, 0.0])
    metrics = {"l1": "mae", "l2": "mse", "rmse": "rmse", "mape": "mape", "quantile": "quantile"}
    for metric, loss in metrics.items():
        given = ", alpha=0.5" if metric == "quantile" else ""
        weighted("lightgbm", f"lgb_eval('{metric}', p, y{{w}}{given})", loss, one, W6, **about)
    for alpha in (0.5, 0.9):
        for metric, loss in (("quantile", "quantile:alpha="), ("huber", "huber:delta=")):
            call = f"lgb_eval('{metric}', p, y{{w}}, alpha={alpha})"
            weighted("lightgbm", call, f"{loss}{alpha}", one, W6, **about)
    above = fit(ABOVE, y=[0.25, 0.5, 3.0, 1.5, 2.0, 1.0])
    weighted("lightgbm", "lgb_eval('gamma_deviance', p, y{w})", "gamma", above, W6, **about)
    call = "lgb_eval('poisson', p, y{w})"
    weighted("lightgbm", call, "poisson-nll:log-input=false", COUNTS, W6, **about)


def lightgbm_cross_entropy() -> None:
    """Log losses of LightGBM."""
    about: Data = {"convention": "lightgbm"}
    about["form"] = "probs"
    for data, note in ((BITS, ""), (EDGE, "p at 0 and 1")):
        w = ([*W6, *W6])[: len(data["y"])]
        call = "lgb_eval('binary_logloss', p, y{w})"
        weighted("lightgbm", call, "bce", data, w, note=note, **about)
    dyadic = fit(SOFT, y=[0.0, 0.25, 0.5, 0.875, 1.0, 0.125])
    for data, note in ((dyadic, "soft"), (fit(EDGE_SOFT, y=[0.5, 0.5, 0.25, 0.75, 0.125]), "edge")):
        call = "lgb_eval('cross_entropy', p, y{w})"
        given = {"note": f"cross_entropy {note}", **about}
        weighted("lightgbm", call, "bce", data, W6[: len(data["y"])], **given)
    for data, note in KINDS:
        call = "lgb_eval('multi_logloss', p, y{w})"
        weighted("lightgbm", call, "ce", data, W6[: len(data["y"])], note=note, **about)


def lightgbm_errors() -> None:
    """Errors of LightGBM, with ties and at the threshold."""
    about: Data = {"convention": "lightgbm", "form": "probs"}
    for data, note in ((HALF, "p at the threshold"), (BITS, "")):
        call = "lgb_eval('binary_error', p, y{w})"
        weighted("lightgbm", call, "zero-one", data, W6, note=note, **about)
    for data, note in ((TIED, "ties"), (CLASSES, "")):
        ask("lightgbm", "lgb_eval('multi_error', p, y)", "zero-one", data, note=note, **about)


def kaggle_all() -> None:
    """Kaggle's log loss, which is a formula."""
    about: Data = {"form": "probs", "convention": "kaggle"}
    known = {"p": [0.5, 0.1, 0.01, 0.9, 0.75, 0.001], "y": [1, 1, 1, 0, 0, 0]}
    for data, note in ((known, "published: 1.881797068998267"), (BITS, ""), (EDGE, "p at 0 and 1")):
        ask("numpy", "kaggle(p, y)", "bce", data, note=note, **about)
    half = {"p": [[0.0, 0.25, 0.25]], "y": [0]}
    wrong = {"p": [[0.0, 1.0, 1.0], [3.0, 0.5, 0.5]], "y": [0, 1]}
    for data, note in (
        (half, "clip first, then divide"),
        (ORDER, "sums of one half"),
        (CLASSES, ""),
        (CORNER, "p at 0 and 1"),
        (RAGGED, "rows not adding up to 1"),
        (wrong, "above 1"),
    ):
        ask("numpy", "kaggle(p, y)", "ce", data, note=note, **about)
    ask("numpy", "kaggle(p, y, w)", "ce", fit(RAGGED, w=W5[:4]), note="weights", **about)
    ask("numpy", "kaggle(p, y, w)", "bce", fit(BITS, w=W6), note="weights", **about)


NEAR: Data = {
    "p": [2.0 * (1 + 1e-9), 2.0, 3.0 * (1 - 1e-12), 1e-3 * (1 + 1e-5), 7.0, 1e-5, 50.0],
    "y": [2.0, 2.0, 3.0, 1e-3, 7.0 * (1 + 1e-9), 20.0, 0.5],
}


def exact_numbers() -> None:
    """Losses of numbers where the formula as written loses digits."""
    mixed = fit(NEAR, w=[1.0, 2.0, 0.5, 1.0, 3.0, 0.25, 0.0])
    tiny = {"p": [1e-150, 1e-8, 1e-3, 0.3, 5.0, -4.999, 20.0, 710.0, 1e5, -1e300, 0.0]}
    tiny["y"] = [0.0] * 11
    exact("abs(p - y) + log1p(exp(-2 * abs(p - y))) - log(2)", "log-cosh", tiny)
    for data, note in ((NEAR, "near"), (mixed, "near, weights")):
        exact("(p - y)**2", "mse", data, note=note)
        exact("(log1p(p) - log1p(y))**2", "msle", data, note=note)
        exact("abs(p - y) / abs(y)", "mape", data, note=note)
        exact("2 * abs(p - y) / (abs(p) + abs(y))", "smape", data, note=note)
        exact("2 * (xlogy(y, y / p) - y + p)", "poisson", data, note=note)
        exact("2 * (log(p / y) + y / p - 1)", "gamma", data, note=note)
    small = {
        "p": [1e-12, 1e-300, -1e-16, 1e10, -0.999999],
        "y": [1e-12 * 1.5, 0.0, 1e-16, 1e-10, 9.0],
    }
    exact("(log1p(p) - log1p(y))**2", "msle", small, note="small")
    zeros = {"p": [0.0, 0.0, 3.0, -2.0, 1e-300], "y": [0.0, 2.0, 0.0, 2.0, -1e-300]}
    exact("2 * abs(p - y) / (abs(p) + abs(y)) if p or y else mpf(0)", "smape", zeros, note="zeros")
    exact("2 * (xlogy(y, y / p) - y + p)", "poisson", fit(COUNTS, p=NEAR["p"][:6]))


def exact_tweedie() -> None:
    """Tweedie deviances of many powers."""
    formula = (
        "2 * (max(y, 0)**(2 - {0}) / ((1 - {0}) * (2 - {0})) - y * p**(1 - {0}) / (1 - {0})"
        " + p**(2 - {0}) / (2 - {0}))"
    )
    special: dict[float, str] = {
        0: "(p - y)**2",
        1: "2 * (xlogy(y, y / p) - y + p)",
        2: "2 * (log(p / y) + y / p - 1)",
    }
    for power in (0, 1, 1.25, 1.5, 1.999, 2, 2.5, 3, -1, -0.5):
        written = special.get(power, formula.format(f"mpf({power!r})"))
        exact(written, f"tweedie:power={power}", NEAR, note="near")
    counts = fit(COUNTS, y=[0.0, 1e-9, 3.0, 2.0, 0.0, 7.0])
    for power in (1.5, 1.001):
        exact(formula.format(f"mpf({power!r})"), f"tweedie:power={power}", counts, note="y = 0")
    signed = fit(ABOVE, y=[-1.0, 0.0, 2.0, -0.5, 1e-9, 3.0])
    for power in (-1, -0.5):
        exact(formula.format(f"mpf({power!r})"), f"tweedie:power={power}", signed, note="y below 0")


def exact_likelihoods() -> None:
    """Poisson and Gaussian likelihoods, and the continuous ranked probability score."""
    stirling = " + (y * log(y) - y + log(2 * pi * y) / 2 if y > 1 else 0)"
    logs = {"p": [-700.0, 0.0, 1.5, 700.0, -3.0, 2.0], "y": [0.0, 1.0, 3.0, 2.0, 1.5, 1000.0]}
    plain_counts = fit(COUNTS, p=[0.0, 1e-12, 3.0, 2.0, 1e-300, 1e5])
    for full, name in (("", ""), (stirling, "full=true")):
        exact(f"exp(p) - y * p{full}", f"poisson-nll:{name}".rstrip(":"), logs)
        loss = f"poisson-nll:log-input=false,{name}".rstrip(",")
        exact(f"p - y * log(p + mpf(1e-8)){full}", loss, plain_counts)
    tight = {
        "p": [[1.0, 1e-9], [1.0, 0.0], [0.0, 1e-6], [2.0, 4.0], [1e8, 1e-3], [0.0, 1e300]],
        "y": [1.001, 1.0, 0.5, 0.0, 1e8 + 1, 1e150],
    }
    floor = "max(p[1], mpf(1e-6))"
    formula = f"(log({floor}) + (p[0] - y)**2 / {floor}) / 2"
    exact(formula, "gaussian-nll", tight, note="variance below the floor")
    exact(f"{formula} + log(2 * pi) / 2", "gaussian-nll:full=true", tight)
    z = [0.0, 30.0, -30.0, 1e-9, -8.0, 5.0, 40.0, -1.0, 1.0]
    far = {"p": [[0.0, 1.0]] * 9, "y": z}
    scaled = {"p": [[v, 1.0 + abs(v)] for v in z], "y": [1.5] * 9}
    q = "(y - p[0]) / p[1]"
    tail = f"{q} * erf({q} / sqrt(2)) + 2 * exp(-({q})**2 / 2) / sqrt(2 * pi) - 1 / sqrt(pi)"
    for data in (far, scaled):
        exact(f"p[1] * ({tail})", "crps", data)


CROSS = "-(xlogy(y, p) + xlogy(1 - y, 1 - p))"
INNER: Data = {"p": EDGE["p"][4:], "y": EDGE["y"][4:]}


def exact_binary() -> None:
    """Binary losses of probabilities."""
    sure = {"p": [0.0, 1.0, 1.0, 0.0, 0.5], "y": [0, 1, 1, 0, 1]}
    mixed = fit(INNER, w=[1.0, 2.0, 0.5, 3.0, 0.25, 1.0, 4.0, 0.0])
    sets = (
        (INNER, "edge"),
        (EDGE, "infinite"),
        (sure, "0 and 1"),
        (SOFT, "soft"),
        (mixed, "weights"),
    )
    about: Data = {"form": "probs"}
    for data, note in sets:
        exact(CROSS, "bce", data, note=note, **about)
    for smooth in (0.1, 1e-6):
        exact(smoothed(CROSS, smooth), "bce", INNER, options={"label_smoothing": smooth}, **about)
    for eps in (1e-15, 1e-7, 0.01):
        clip = f"(lambda p: {CROSS})(min(max(p, mpf({eps!r})), mpf(1 - {eps!r})))"
        exact(clip, "bce", EDGE, options={"eps": eps}, **about)
    positive = "-(xlogy(3 * y, p) + xlogy(1 - y, 1 - p))"
    exact(positive, "bce", INNER, options={"pos_weight": 3}, **about)
    for gamma in (2, 0.5, 0, 5):
        pt = "(y * p + (1 - y) * (1 - p))"
        loss = "focal" if gamma == 2 else f"focal:gamma={gamma}"
        exact(f"(1 - {pt})**{gamma} * ({CROSS})", loss, INNER, note="edge", **about)


def exact_binary_scores() -> None:
    """Binary losses of logits and scores."""
    softplus = "y * log1p(exp(-p)) + (1 - y) * log1p(exp(p))"
    steep = {"p": [*STEEP["p"], -700.0, 36.8, 1e4, -1e4, 1e-20], "y": [*STEEP["y"], 0, 1, 0, 1, 1]}
    about: Data = {"form": "logits", "note": "steep"}
    exact(softplus, "bce", steep, **about)
    exact(softplus, "bce", fit(steep, y=[0.25] * 13), **about)
    focal = f"(y / (1 + exp(p)) + (1 - y) / (1 + exp(-p)))**2 * ({softplus})"
    exact(focal, "focal", steep, **about)
    signs = {"p": [-700.0, 700.0, -40.0, 36.8, 0.0, 1e-17], "y": [-1, -1, -1, 1, 1, 1]}
    exact("log1p(exp(-y * p))", "soft-margin", signs, note="steep")
    exact("exp(-y * p)", "exponential", signs, note="steep")


def smoothed(formula: str, smooth: float) -> str:
    """Return the formula of a binary loss with smoothed labels."""
    return f"(lambda y: {formula})(y * (1 - mpf({smooth!r})) + mpf({smooth!r}) / 2)"


CLIFFS: Data = {
    "p": [
        *([700.0, 10.0, 0.0], [0.0, 1e4, -1e4], [-1e4, 1e4, 0.0], [50.0, 0.0, 0.0]),
        *([1.0, 1.0, 1.0], [0.0, 37.0, -37.0], [1e-17, 0.0, -1e-17], [40.0, 40.0, 0.0]),
    ],
    "y": [0, 1, 0, 0, 2, 0, 0, 1],
}


def exact_categorical() -> None:
    """Cross-entropy."""
    gap = "log1p(sum(exp(q - p[y]) for k, q in enumerate(p) if k != y))"
    for data, note in ((CLIFFS, "steep"), (fit(CLIFFS, w=[*W6, 1.0, 1.0]), "steep, weights")):
        exact(gap, "ce", data, form="logits", note=note)
    exact(gap, "ce", SCORES, form="logits")
    soft = "sum(t * log(sum(exp(r - q) for r in p)) for t, q in zip(y, p))"
    exact(soft, "ce", SOFT_SCORES, form="logits", note="soft")
    exact("-log(p[y])", "ce", CORNER, form="probs", note="infinite")
    exact("-log(p[y])", "ce", CLASSES, form="probs")
    exact("-sum(xlogy(t, q) for t, q in zip(y, p))", "ce", SHARES, form="probs", note="soft")
    exact("-p[y]", "nll", logged(SCORES), form="log-probs")
    soft = "-sum(t * q for t, q in zip(y, p))"
    exact(soft, "nll", logged(SOFT_SCORES), form="log-probs", note="soft")
    about: Data = {"form": "probs", "options": {"normalize": True}}
    exact("log(sum(p) / p[y])", "ce", RAGGED, **about)
    uneven = {"p": [[1.0, 1e-20, 0.0], [1e-9, 3.0, 1e-12], [5e-324, 5e-324, 0.0]], "y": [0, 1, 1]}
    exact("log1p((sum(p) - p[y]) / p[y])", "ce", uneven, **about)
    share = "((k == y) * (1 - mpf(0.1)) + mpf(0.1) / len(p))"
    mixed = f"-sum({share} * log(q) for k, q in enumerate(p))"
    exact(mixed, "ce", CLASSES, form="probs", options={"label_smoothing": 0.1})


def exact_multiclass() -> None:
    """Other losses of classes."""
    about: Data = {"form": "probs"}
    exact("sum((q - (k == y))**2 for k, q in enumerate(p))", "brier", CORNER, **about)
    exact("sum((q - t)**2 for t, q in zip(y, p))", "brier", SHARES, note="soft", **about)
    exact("(p - y)**2", "brier", EDGE, note="edge", **about)
    exact("(1 - p[y])**2 * -log(p[y])", "focal", CLASSES, **about)
    exact("(1 - p[y])**5 * -log(p[y])", "focal:gamma=5", CLASSES, **about)
    steps = "sum((sum(p[:k + 1]) - {})**2 for k in range(len(p) - 1))"
    exact(steps.format("(y <= k)"), "rps", CLASSES, **about)
    exact(steps.format("sum(y[:k + 1])"), "rps", SHARES, note="soft", **about)


def exact_rows() -> None:
    """Divergences, cosines and ties."""
    close = {"p": [[0.5 + 1e-9, 0.5 - 1e-9], [0.25, 0.75], [1e-300, 1.0], [0.5, 0.5]]}
    close["y"] = [[0.5, 0.5], [0.25, 0.75], [0.0, 1.0], [1.0, 0.0]]
    kl = "sum(xlogy(t, t) - xlogy(t, q) for t, q in zip(y, p))"
    js = "sum(xlogy(t, 2 * t / (t + q)) + xlogy(q, 2 * q / (t + q)) for t, q in zip(y, p) if t + q)"
    for data, note in ((close, "close"), (SHARES, "")):
        exact(kl, "kl-div", data, form="probs", note=note)
        exact(f"{js} / 2", "js-div", data, form="probs", note=note)
    rays = {
        "p": [[1.0, 1.0], [1.0, 1e-9], [1.0, 0.0], [1e200, 1e200], [1e-200, 0.0], [3.0, 4.0]],
        "y": [[1.0, 1.0], [1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [-1e-200, 0.0], [3.0, 4.0 + 1e-7]],
    }
    norm = "sqrt(sum(t * t for t in y)) / sqrt(sum(q * q for q in p))"
    cosine = f"1 - sum(t * q for t, q in zip(y, p)) / ({norm.replace(' / ', ' * ')})"
    for data in (MANY, rays):
        exact(cosine, "cosine", data)
    tied = {
        "p": [[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.2, 0.4, 0.4], [0.1, 0.8, 0.1]],
        "y": [0, 1, 2, 1],
    }
    wrong = "max(q for k, q in enumerate(p) if k != y) >= p[y]"
    exact(f"int({wrong})", "zero-one", tied, form="probs", note="a tie is wrong")
    exact(f"int({wrong})", "zero-one", SCORES, form="logits")


def write(path: Path) -> None:
    """Write the cases, one a line."""
    source = {name: metadata.version(name) for name in TOOLS}
    cases = ",\n".join(map(json.dumps, CASES))
    path.write_text(
        f'{{"source": {json.dumps(source)}, "cases": [\n{cases}\n]}}\n', encoding="utf-8"
    )


MAKERS = (
    torch_regression,
    torch_counts,
    torch_margins,
    torch_binary,
    torch_binary_logits,
    torch_categorical,
    torch_categorical_rest,
    torch_divergence,
    torch_refusals,
    sklearn_regression,
    sklearn_logarithmic,
    sklearn_deviances,
    sklearn_log_loss,
    sklearn_labels,
    sklearn_narrow,
    sklearn_classes,
    sklearn_brier,
    sklearn_skills,
    sklearn_refusals,
    sklearn_number_refusals,
    keras_regression,
    keras_counts,
    keras_binary,
    keras_binary_logits,
    keras_categorical,
    keras_categorical_logits,
    keras_focal,
    other_refusals,
    optax_all,
    scipy_all,
    xgboost_all,
    xgboost_cross_entropy,
    xgboost_errors,
    lightgbm_all,
    lightgbm_cross_entropy,
    lightgbm_errors,
    kaggle_all,
    exact_numbers,
    exact_tweedie,
    exact_likelihoods,
    exact_binary,
    exact_binary_scores,
    exact_categorical,
    exact_multiclass,
    exact_rows,
)


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    for make in MAKERS:
        make()
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("tools.json"))


if __name__ == "__main__":
    main()
