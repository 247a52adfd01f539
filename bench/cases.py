"""What is measured against what: each case is one declaration, with its bar and its aim.

Commands run in ``bench/data``. A ratio is lossctl's figure divided by the peer's, so less is
better; the bar is what it must be at most, the aim what it should be.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Measure(Enum):
    """What is compared."""

    WALL = "wall time of the process"
    INSIDE = "time of the call, which the program prints behind its value"
    PEAK = "peak memory"


@dataclass(frozen=True)
class Program:
    """A program that prints one value, and what must be installed for it.

    ``needs`` is a module where ``python`` runs it, else the program itself. A ``silent`` one prints
    no value.
    """

    name: str
    needs: str
    arguments: tuple[str, ...]
    python: bool = False
    silent: bool = False


@dataclass(frozen=True)
class Case:
    """One comparison.

    ``against`` names the peers that the bar is against, the best of them; without any, the bar is
    in MiB. ``tolerance`` is the relative difference that values may have, None where there is none.
    ``start_up`` is a program whose time is taken off all others'.
    """

    name: str
    work: str
    data: tuple[str, ...]
    lossctl: Program
    peers: tuple[Program, ...]
    against: tuple[str, ...]
    bar: float
    aim: float
    tolerance: float | None = 1e-9
    measure: Measure = Measure.WALL
    start_up: Program | None = None

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that run, in turn."""
        return (self.lossctl, *self.peers, *([self.start_up] if self.start_up else []))


def lossctl(arguments: str, name: str = "lossctl", *, silent: bool = False) -> Program:
    """Return a run of the command line."""
    return Program(name, "lossctl", tuple(arguments.split()), silent=silent)


def python(name: str, module: str, source: str, *, silent: bool = False) -> Program:
    """Return a run of ``python -c``."""
    return Program(name, module, ("-c", source), python=True, silent=silent)


def inside(library: str, loss: str, name: str) -> Program:
    """Return a program that times a library's function on arrays in memory."""
    return Program(name, library, ("../in_memory.py", library, loss), python=True)


def duckdb(query: str) -> Program:
    """Return a query in the command line of DuckDB."""
    return Program("DuckDB", "duckdb", ("-noheader", "-list", "-c", query))


NUMPY_LOAD = "import numpy as np; p = np.load('{0}'); y = np.load('{1}'); "
TORCH_LOAD = (
    "import numpy as np, torch; from torch.nn import functional as f; "
    "p, y = (torch.from_numpy(np.load(name)) for name in ('{0}', '{1}')); "
)
BCE = "print(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))"
CE = (
    "z = p - p.max(axis=1, keepdims=True); "
    "print(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))"
)
PANDAS_LOAD = (
    "import numpy as np, pandas as pd; "
    "d = pd.read_csv('{0}', usecols=['prob', 'label']); p, y = d['prob'], d['label']; "
)
DUCKDB_BCE = "select -avg(ln(case when label = 1 then prob else 1 - prob end)) from "
POLARS_BCE = (
    "p = pl.col('prob'); "
    "loss = -pl.when(pl.col('label') == 1).then(p).otherwise(1 - p).log().mean(); "
    "print(d.select(loss).collect(engine='streaming').item())"
)
MAWK_BCE = 'NR > 1 { s -= log($3 == 1 ? $2 : 1 - $2) } END { printf "%.17g\\n", s / (NR - 1) }'

READ_ALL = (
    "import glob, numpy; from concurrent.futures import ThreadPoolExecutor; "
    "from pyarrow.csv import ReadOptions, read_csv; "
    "read = lambda path: read_csv(path, read_options=ReadOptions(use_threads=False)).num_rows; "
    "sum(ThreadPoolExecutor(2).map(read, glob.glob('batch/*.csv')))"
)
PANDAS_READ_ALL = (
    "import glob, pandas as pd; sum(len(pd.read_csv(path)) for path in glob.glob('batch/*.csv'))"
)

SMALL = ("small_predictions.npy", "small_labels.npy")
NUMBERS = ("mse_predictions.npy", "mse_labels.npy")
EVENTS = ("bce_predictions.npy", "bce_labels.npy")
LOGITS = ("ce_logits.npy", "ce_labels.npy")
WIDE = ("wide_logits.npy", "wide_labels.npy")

NPY_BCE = "bce bce_predictions.npy bce_labels.npy"
MEMORY_BAR = 1.1  # within 10 %

CASES = (
    Case(
        name="cold-npy",
        work="50 rows, two .npy",
        data=("small",),
        lossctl=lossctl("mse small_predictions.npy small_labels.npy --value"),
        peers=(
            python("NumPy", "numpy", NUMPY_LOAD.format(*SMALL) + "print(np.mean((p - y) ** 2))"),
            python("torch", "torch", TORCH_LOAD.format(*SMALL) + "print(float(f.mse_loss(p, y)))"),
            python(
                "scikit-learn",
                "sklearn",
                "from sklearn.metrics import mean_squared_error; "
                + NUMPY_LOAD.format(*SMALL)
                + "print(mean_squared_error(y, p))",
            ),
        ),
        against=("NumPy",),
        bar=1.5,
        aim=1.2,
    ),
    Case(
        name="cold-csv",
        work="50 rows, CSV",
        data=("small",),
        lossctl=lossctl("bce small.csv --value"),
        peers=(
            python("the imports alone", "pyarrow", "import numpy, pyarrow.csv", silent=True),
            duckdb(f"{DUCKDB_BCE} 'small.csv'"),
            python("pandas", "pandas", PANDAS_LOAD.format("small.csv") + BCE),
        ),
        against=("the imports alone",),
        bar=1.5,
        aim=1.2,
    ),
    Case(
        name="cold-version",
        work="--version",
        data=(),
        lossctl=lossctl("--version"),
        peers=(python("python -c pass", "sys", "pass", silent=True),),
        against=("python -c pass",),
        bar=8,
        aim=3,
        tolerance=None,
    ),
    Case(
        name="npy-mse",
        work="MSE, 2 × 20 M float64, .npy",
        data=("mse",),
        lossctl=lossctl("mse mse_predictions.npy mse_labels.npy --value"),
        peers=(
            python("NumPy", "numpy", NUMPY_LOAD.format(*NUMBERS) + "print(np.mean((p - y) ** 2))"),
            python(
                "torch", "torch", TORCH_LOAD.format(*NUMBERS) + "print(float(f.mse_loss(p, y)))"
            ),
            python(
                "scikit-learn",
                "sklearn",
                "from sklearn.metrics import mean_squared_error; "
                + NUMPY_LOAD.format(*NUMBERS)
                + "print(mean_squared_error(y, p))",
            ),
        ),
        against=("NumPy",),
        bar=1.0,
        aim=0.7,
    ),
    Case(
        name="npy-bce",
        work="BCE, 20 M float64 + int8, .npy",
        data=("bce",),
        lossctl=lossctl(f"{NPY_BCE} --value"),
        peers=(
            python("NumPy", "numpy", NUMPY_LOAD.format(*EVENTS) + BCE),
            python(
                "torch",
                "torch",
                TORCH_LOAD.format(*EVENTS) + "print(float(f.binary_cross_entropy(p, y.double())))",
            ),
            python(
                "scikit-learn",
                "sklearn",
                "from sklearn.metrics import log_loss; "
                + NUMPY_LOAD.format(*EVENTS)
                + "print(log_loss(y, p))",
            ),
        ),
        against=("NumPy",),
        bar=0.5,
        aim=0.33,
    ),
    Case(
        name="npy-ce",
        work="CE from logits, 2 M × 10 float64, .npy",
        data=("ce",),
        lossctl=lossctl("ce ce_logits.npy ce_labels.npy --from logits --value"),
        peers=(
            python("NumPy", "numpy", NUMPY_LOAD.format(*LOGITS) + CE),
            python(
                "torch", "torch", TORCH_LOAD.format(*LOGITS) + "print(float(f.cross_entropy(p, y)))"
            ),
        ),
        against=("NumPy",),
        bar=0.6,
        aim=0.4,
    ),
    Case(
        name="npy-ce-wide",
        work="CE from logits, 20 k × 10 000 float32, .npy; the peers compute in float32",
        data=("wide",),
        lossctl=lossctl("ce wide_logits.npy wide_labels.npy --from logits --value"),
        peers=(
            python("NumPy", "numpy", NUMPY_LOAD.format(*WIDE) + CE),
            python(
                "torch", "torch", TORCH_LOAD.format(*WIDE) + "print(float(f.cross_entropy(p, y)))"
            ),
        ),
        against=("NumPy",),
        bar=0.8,
        aim=0.55,
        tolerance=1e-5,
    ),
    Case(
        name="csv-bce",
        work="BCE, 5 M rows × 5 columns, CSV",
        data=("csv",),
        lossctl=lossctl("bce bce.csv --value"),
        peers=(
            duckdb(f"{DUCKDB_BCE} 'bce.csv'"),
            python(
                "Polars streaming",
                "polars",
                f"import polars as pl; d = pl.scan_csv('bce.csv'); {POLARS_BCE}",
            ),
            python("pandas + NumPy", "pandas", PANDAS_LOAD.format("bce.csv") + BCE),
            python(
                "pandas + scikit-learn",
                "sklearn",
                "from sklearn.metrics import log_loss; "
                + PANDAS_LOAD.format("bce.csv")
                + "print(log_loss(y, p))",
            ),
            Program("mawk", "mawk", ("-F,", MAWK_BCE, "bce.csv")),
        ),
        against=("DuckDB", "Polars streaming"),
        bar=1.1,
        aim=0.9,
    ),
    *(
        Case(
            name=f"arrays-{loss}",
            work=work,
            data=(data,),
            lossctl=inside("lossctl", loss, "lossctl.score"),
            peers=(
                inside("torch", loss, "torch, 2 threads"),
                inside("sklearn", loss, "scikit-learn"),
            ),
            against=("torch, 2 threads", "scikit-learn"),
            bar=1.0,
            aim=aim,
            measure=Measure.INSIDE,
        )
        for loss, data, aim, work in (
            ("mse", "mse", 1.0, "MSE, 2 × 10 M float64 in memory"),
            ("bce", "bce", 0.5, "BCE, 2 × 10 M float64 in memory"),
            ("ce", "ce", 0.5, "CE from logits, 2 M × 10 float64 in memory"),
        )
    ),
    Case(
        name="peak-npy",
        work="peak memory, BCE, 20 M rows, .npy",
        data=("bce",),
        lossctl=lossctl(f"{NPY_BCE} --value"),
        peers=(),
        against=(),
        bar=80,
        aim=50,
        measure=Measure.PEAK,
    ),
    Case(
        name="peak-csv",
        work="peak memory, BCE, 5 M rows, CSV",
        data=("csv",),
        lossctl=lossctl("bce bce.csv --value"),
        peers=(),
        against=(),
        bar=200,
        aim=140,
        measure=Measure.PEAK,
    ),
    Case(
        name="peak-npy-10x",
        work="peak memory at 10 × the rows, .npy",
        data=("bce", "csv", "tenfold"),
        lossctl=lossctl("bce bce_predictions_10x bce_labels_10x --value"),
        peers=(lossctl(f"{NPY_BCE} --value", "lossctl, the rows once"),),
        against=("lossctl, the rows once",),
        bar=MEMORY_BAR,
        aim=MEMORY_BAR,
        measure=Measure.PEAK,
    ),
    Case(
        name="peak-csv-10x",
        work="peak memory at 10 × the rows, CSV",
        data=("bce", "csv", "tenfold"),
        lossctl=lossctl("bce bce_10x --value"),
        peers=(lossctl("bce bce.csv --value", "lossctl, the rows once"),),
        against=("lossctl, the rows once",),
        bar=MEMORY_BAR,
        aim=MEMORY_BAR,
        measure=Measure.PEAK,
    ),
    *(
        Case(
            name=name,
            work=f"{work}, start-up taken off",
            data=("small", data),
            lossctl=lossctl(f"{command} --value --jobs 2", "lossctl --jobs 2"),
            peers=(lossctl(f"{command} --value --jobs 1", "lossctl --jobs 1"),),
            against=("lossctl --jobs 1",),
            bar=1 / 1.6,
            aim=1 / 1.85,
            start_up=lossctl(f"{tiny} --value --jobs 1", "start-up, 50 rows"),
        )
        for name, work, data, command, tiny in (
            (
                "jobs-npy",
                "BCE, 20 M rows, .npy",
                "bce",
                NPY_BCE,
                "mse small_predictions.npy small_labels.npy",
            ),
            ("jobs-csv", "BCE, 5 M rows, CSV", "csv", "bce bce.csv", "bce small.csv"),
        )
    ),
    Case(
        name="join",
        work="BCE, 5 M rows joined by id with 5 M in another order, CSV",
        data=("join",),
        lossctl=lossctl("bce join_predictions.csv join_labels.csv --id id --value"),
        peers=(
            duckdb(f"{DUCKDB_BCE} 'join_predictions.csv' join 'join_labels.csv' using (id)"),
            python(
                "Polars streaming",
                "polars",
                "import polars as pl; d = pl.scan_csv('join_predictions.csv')"
                f".join(pl.scan_csv('join_labels.csv'), on='id'); {POLARS_BCE}",
            ),
        ),
        against=("DuckDB",),
        bar=1.1,
        aim=0.7,
    ),
    Case(
        name="worst",
        work="BCE, 20 M rows, .npy, with the 20 rows that cost most",
        data=("bce",),
        lossctl=lossctl(f"{NPY_BCE} --worst 20 --format tsv", "lossctl --worst 20"),
        peers=(lossctl(f"{NPY_BCE} --format tsv", "the plain run"),),
        against=("the plain run",),
        bar=1.25,
        aim=1.1,
    ),
    Case(
        name="by",
        work="BCE, 5 M rows, CSV, by 100 segments",
        data=("grouped",),
        lossctl=lossctl("bce grouped.csv --by segment --format tsv", "lossctl --by"),
        peers=(lossctl("bce grouped.csv --format tsv", "the plain run"),),
        against=("the plain run",),
        bar=1.25,
        aim=1.1,
    ),
    Case(
        name="peak-by",
        work="peak memory, BCE, 5 M rows, CSV, by 1 M users",
        data=("grouped",),
        lossctl=lossctl("bce grouped.csv --by user -o by_user.tsv", "lossctl --by", silent=True),
        peers=(),
        against=(),
        bar=500,
        aim=400,
        measure=Measure.PEAK,
    ),
    Case(
        name="batch",
        work="BCE of 200 files of 100 k rows, CSV, ranked; the peers only read them",
        data=("batch",),
        lossctl=lossctl("batch bce batch/*.csv --labels batch_labels.csv --top 1 --value"),
        peers=(
            python("pyarrow, 2 threads", "pyarrow", READ_ALL, silent=True),
            python("pandas", "pandas", PANDAS_READ_ALL, silent=True),
        ),
        against=("pyarrow, 2 threads",),
        bar=2.0,
        aim=1.3,
        tolerance=None,
    ),
)
