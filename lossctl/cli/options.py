"""Every option that commands share, declared once, with its default.

A command names some one by one; those that go together are the fields of a TypedDict, and come in
the help in its order. Another may extend it: ``class Batch(Scoring)``. There is no ``from
__future__ import annotations`` here: fields are read as they stand, as text would be slow to read.
"""

from typing import Annotated, Optional, TypedDict

from lossctl.cli.declared import REQUIRED, Argument, Option
from lossctl.render.formats import FORMATS, OF_LISTS

Loss = Annotated[
    str,
    Argument(metavar="LOSS", help="A loss, or several: mse,mae."),
]
RankingLoss = Annotated[
    str,
    Argument(metavar="LOSS", help="The loss that ranks: ce, huber:delta=0.5."),
]
Predictions = Annotated[
    str,
    Argument(
        metavar="PREDICTIONS",
        help="A .csv, .tsv, .npy, .npz, .parquet, .arrow or .jsonl file, or its http(s) or s3 "
        "address; - is standard input; a directory or a quoted glob is one table.",
    ),
]
Labels = Annotated[
    Optional[str],
    Argument(
        metavar="[LABELS]",
        default=None,
        help="The same for the labels. Without it they are a column of PREDICTIONS.",
    ),
]
Candidates = Annotated[
    list[str],
    Argument(
        metavar="PREDICTIONS...",
        default=(),
        help="Files as for score, or quoted globs that match several; a directory is one table.",
    ),
]
Partials = Annotated[
    list[str],
    Argument(
        metavar="PARTIAL...",
        default=(),
        help="Files that --partial wrote, or quoted globs; - is standard input.",
    ),
]
LabelsOnly = Annotated[
    str,
    Argument(
        metavar="LABELS",
        help="A file of labels; - is standard input; a directory or a quoted glob is one table.",
    ),
]
OneLoss = Annotated[
    Optional[str], Argument(metavar="[LOSS]", default=None, help="A loss, or an alias.")
]
Signature = Annotated[
    str,
    Argument(metavar="SIGNATURE", help="A signature, in quotes."),
]
SecondSignature = Annotated[
    Optional[str],
    Argument(metavar="[SIGNATURE]", default=None, help="Another, to compare."),
]
Shell = Annotated[str, Argument(metavar="bash|zsh|fish", help="Whose words are to be completed.")]
LabelColumn = Annotated[
    Optional[str], Option("--label-col", metavar="COL", help="The column of labels.")
]
Rows = Annotated[
    list[int],
    Option(
        "--row",
        metavar="N",
        default=(),
        help="Explain this row, counted from 0; may be given several times.",
    ),
]
RowKeys = Annotated[
    list[str],
    Option(
        "--key",
        metavar="ID",
        default=(),
        help="Explain the row with this key; may be given several times.",
    ),
]
Format = Annotated[
    Optional[str],
    Option(
        "--format",
        metavar="|".join(FORMATS[1:]),  # auto is what it is unasked
        help="Default: a table on a terminal, TSV in a pipe, by the suffix in a file.",
    ),
]
ListFormat = Annotated[
    Optional[str],
    Option(
        "--format",
        metavar="|".join(OF_LISTS[1:]),
        help="Default: a table on a terminal, TSV in a pipe, by the suffix in a file.",
    ),
]
MatrixFile = Annotated[
    Optional[str],
    Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write to a .csv, .tsv, .npy or .parquet, whole or not. Default: CSV to the screen.",
    ),
]
Json = Annotated[bool, Option("--json", default=False, help="Short for --format json.")]
Value = Annotated[
    bool, Option("--value", default=False, help="Short for --format value: the number alone.")
]
PerRow = Annotated[
    Optional[str],
    Option(
        "--per-row",
        metavar="FILE|-",
        help="Write key or row, label and loss of every row to a .csv, .tsv, .npy or .parquet; "
        "- prints them instead of the result.",
    ),
]
Partial = Annotated[
    Optional[str],
    Option(
        "--partial",
        metavar="FILE",
        help="Write what lossctl merge adds to other shards, besides the result.",
    ),
]
SumFile = Annotated[
    Optional[str],
    Option(
        "--partial", metavar="FILE", help="Write the sum as a partial, which can be merged again."
    ),
]
PartialsFrom = Annotated[
    Optional[str],
    Option("--files-from", metavar="FILE|-", help="Add the files named there too, one a line."),
]
Null = Annotated[
    bool,
    Option(
        "-0", "--null", default=False, help="Names in --files-from end with NUL (find -print0)."
    ),
]
Plot = Annotated[
    bool,
    Option(
        "--plot",
        default=False,
        help="Draw below the table how the row losses are distributed, how far probabilities can "
        "be trusted, and the groups of --by.",
    ),
]
FailAbove = Annotated[
    Optional[float],
    Option("--fail-above", metavar="X", help="Exit with 1 if the loss is above X."),
]
FailAboveInterval = Annotated[
    Optional[float],
    Option(
        "--fail-above-ci", metavar="X", help="Exit with 1 if the interval's upper end is above X."
    ),
]
Output = Annotated[
    Optional[str],
    Option("-o", "--output", metavar="FILE", help="Write the result to a file, whole or not."),
]
Page = Annotated[
    str,
    Option(
        "-o",
        "--output",
        metavar="FILE",
        default=REQUIRED,
        help="Write the page to a file, whole or not; - is standard output.",
    ),
]
Precision = Annotated[
    Optional[int],
    Option("--precision", metavar="N", help="Significant digits of tables and Markdown."),
]
Quiet = Annotated[bool, Option("-q", "--quiet", default=False, help="Say nothing but errors.")]
Color = Annotated[
    str,
    Option("--color", metavar="auto|always|never", default="auto", help="Whether to use colour."),
]
SafeCsv = Annotated[
    bool,
    Option(
        "--safe-csv",
        default=False,
        help="In CSV and TSV, put ' before text that a spreadsheet would take for a formula: what "
        "starts with = + - @ and is no number.",
    ),
]
Debug = Annotated[bool, Option("--debug", default=False, help="Show the traceback of a bug.")]


class Inputs(TypedDict):
    """What is scored against what, and how the rows become one number."""

    from_: Annotated[
        Optional[str],
        Option(
            "--from",
            metavar="probs|logits|log-probs",
            help="What the predictions hold. Default: probs; for nll log-probs.",
        ),
    ]
    reduction: Annotated[
        Optional[str],
        Option(
            "--reduction",
            metavar="mean|sum|none",
            help="Mean (default), sum, or none: the row losses, one a line.",
        ),
    ]
    pred_col: Annotated[
        Optional[str],
        Option(
            "--pred-col",
            metavar="COLS",
            help="Columns of predictions: names, globs, 0-based 3 or 3-12.",
        ),
    ]
    label_col: Annotated[
        Optional[str], Option("--label-col", metavar="COLS", help="Columns of labels.")
    ]
    id: Annotated[
        Optional[str],
        Option("--id", metavar="COL", help="Join both files by this column, in any order."),
    ]
    unmatched: Annotated[
        str,
        Option(
            "--unmatched",
            metavar="error|skip",
            default="error",
            help="What to do about ids on one side only.",
        ),
    ]
    weight_col: Annotated[
        Optional[str],
        Option("--weight-col", metavar="COL", help="The column of weights, on either side."),
    ]
    weights: Annotated[
        Optional[str],
        Option("--weights", metavar="FILE", help="A file of weights, in the predictions' order."),
    ]


class ClassNames(TypedDict):
    """What classes are called."""

    classes: Annotated[
        Optional[str],
        Option(
            "--classes", metavar="A,B,C", help="The classes' names, in the order of the columns."
        ),
    ]
    label_base: Annotated[
        int, Option("--label-base", metavar="0|1", default=0, help="Where index labels start.")
    ]


class Labelling(TypedDict):
    """Which labels are meant."""

    positive: Annotated[
        Optional[str],
        Option("--positive", metavar="NAME", help="The label that is predicted (bce)."),
    ]
    ignore_label: Annotated[
        Optional[str],
        Option("--ignore-label", metavar="LABEL", help="Leave out what has this label."),
    ]


class Files(TypedDict):
    """How files are read."""

    input_format: Annotated[
        Optional[str],
        Option(
            "--input-format",
            metavar="csv|tsv|npy|npz|parquet|arrow|jsonl",
            help="What files hold, where their suffix does not tell it.",
        ),
    ]
    header: Annotated[
        Optional[bool],
        Option("--header/--no-header", help="Whether text files start with a header."),
    ]
    delimiter: Annotated[
        Optional[str],
        Option("--delimiter", metavar="CHAR", help="What separates columns; else detected."),
    ]
    decimal: Annotated[
        str, Option("--decimal", metavar=".|,", default=".", help="The decimal mark of text files.")
    ]


class LabelFile(ClassNames, Files):
    """How labels are read where there is nothing but them."""


class Scoring(Inputs, ClassNames, Labelling, Files):
    """All that can be asked of rows and their losses."""

    nan: Annotated[
        str,
        Option(
            "--nan",
            metavar="error|skip|propagate",
            default="error",
            help="What to do about missing values.",
        ),
    ]
    sum_tol: Annotated[
        float,
        Option(
            "--sum-tol",
            metavar="X",
            default=1e-3,
            help="How far from 1 a row of probabilities may sum.",
        ),
    ]
    diagnose: Annotated[
        str,
        Option(
            "--diagnose",
            metavar="warn|error|off",
            default="warn",
            help="What to do where data look like something else than they were said to be.",
        ),
    ]
    convention: Annotated[
        str,
        Option(
            "--convention",
            metavar="exact|torch|sklearn|keras|kaggle|xgboost|lightgbm|all",
            default="exact",
            help="Whose number it is to be; all prints them side by side.",
        ),
    ]
    eps: Annotated[
        Optional[str],
        Option(
            "--eps",
            metavar="X|auto|0",
            help="Move probabilities into [X, 1 − X]; auto: eps of the stored type.",
        ),
    ]
    normalize: Annotated[
        bool,
        Option("--normalize", default=False, help="Divide rows of probabilities by their sum."),
    ]
    label_smoothing: Annotated[
        float,
        Option(
            "--label-smoothing", metavar="E", default=0.0, help="Labels y become (1 − E) y + E/K."
        ),
    ]
    pos_weight: Annotated[
        float, Option("--pos-weight", metavar="W", default=1.0, help="What the event weighs (bce).")
    ]
    class_weight: Annotated[
        Optional[str],
        Option(
            "--class-weight",
            metavar="cat=2,dog=1|FILE|balanced",
            help="What classes weigh: by name, in their order (2,1), or balanced.",
        ),
    ]
    fingerprint: Annotated[
        bool,
        Option(
            "--fingerprint",
            default=False,
            help="Add to the signature what tells the labels (and ids) from others.",
        ),
    ]
    level: Annotated[
        float,
        Option("--level", metavar="X", default=0.95, help="Confidence level of the interval."),
    ]
    by: Annotated[
        list[str],
        Option(
            "--by",
            metavar="COL",
            default=(),
            help="A row for each group with the same value there; label is per class. May be "
            "given several times.",
        ),
    ]
    min_group: Annotated[
        int,
        Option("--min-group", metavar="N", default=1, help="Hide groups of fewer rows."),
    ]
    cluster: Annotated[
        Optional[str],
        Option(
            "--cluster",
            metavar="COL",
            help="Rows with the same value there depend on each other: robust standard errors.",
        ),
    ]
    worst: Annotated[
        int, Option("--worst", metavar="N", default=0, help="Show the N rows that cost most.")
    ]
    jobs: Annotated[
        Optional[int],
        Option(
            "--jobs",
            metavar="N",
            help="Threads; by default the cores the process may use. The result is the same.",
        ),
    ]


class Run(Scoring):
    """A scoring, and where it is done: what ``api.Options`` has, but for the files it writes."""

    engine: Annotated[
        str,
        Option(
            "--engine",
            metavar="local|dask",
            default="local",
            help="Who reads the rows: this machine, or the workers of a Dask cluster. The result "
            "is the same.",
        ),
    ]
    scheduler: Annotated[
        Optional[str],
        Option(
            "--scheduler",
            metavar="ADDRESS|local",
            help="The cluster's; local starts workers here. Default: DASK_SCHEDULER_ADDRESS.",
        ),
    ]


class Compared(TypedDict):
    """What several candidates are scored against, and compared with."""

    labels: Annotated[
        Optional[str],
        Option(
            "--labels",
            metavar="LABELS",
            help="The labels of all PREDICTIONS. Without it each has its own.",
        ),
    ]
    baseline: Annotated[
        Optional[str],
        Option(
            "--baseline",
            metavar="FILE",
            help="Compare each with these predictions: paired difference, interval and p.",
        ),
    ]
    adjust: Annotated[
        Optional[str],
        Option("--adjust", metavar="holm", help="Adjust p for the number of comparisons."),
    ]


class Contest(Compared):
    """What is asked of many candidates together."""

    fail_if_worse: Annotated[
        Optional[float],
        Option(
            "--fail-if-worse",
            metavar="M",
            help="Exit with 1 if one is worse than the baseline by more than M for sure: the lower "
            "end of the difference is above M.",
        ),
    ]
    require_not_worse: Annotated[
        Optional[float],
        Option(
            "--require-not-worse",
            metavar="M",
            help="Exit with 1 unless each is for sure not worse by more than M: unless the upper "
            "end of the difference is at most M.",
        ),
    ]
    fail_above: FailAbove
    fail_above_ci: FailAboveInterval
    top: Annotated[
        Optional[int], Option("--top", metavar="N", help="Show the best N; gates judge all.")
    ]
    files_from: Annotated[
        Optional[str],
        Option(
            "--files-from", metavar="FILE|-", help="Score the files named there too, one a line."
        ),
    ]
    null: Null
    fail_fast: Annotated[
        bool,
        Option("--fail-fast", default=False, help="Stop at the first file that cannot be scored."),
    ]


class Batch(Contest, Run):
    """All that is asked of a batch."""


class Report(Compared, Run):
    """All that is asked of a report."""
