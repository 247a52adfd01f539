"""Every option that commands share, declared once."""

from __future__ import annotations

from typing import Annotated, Optional

from lossctl.cli.declared import Argument, Option

Loss = Annotated[
    str,
    Argument(metavar="LOSS", help="A loss, or several: mse,mae."),
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
        help="The same for the labels. Without it they are a column of PREDICTIONS.",
    ),
]
LabelsOnly = Annotated[
    str,
    Argument(
        metavar="LABELS",
        help="A file of labels; - is standard input; a directory or a quoted glob is one table.",
    ),
]
OneLoss = Annotated[Optional[str], Argument(metavar="[LOSS]", help="A loss, or an alias.")]
Signature = Annotated[
    str,
    Argument(metavar="SIGNATURE", help="A signature, in quotes."),
]
SecondSignature = Annotated[
    Optional[str],
    Argument(metavar="[SIGNATURE]", help="Another, to compare."),
]
Form = Annotated[
    Optional[str],
    Option(
        "--from",
        metavar="probs|logits|log-probs",
        help="What the predictions hold. Default: probs; for nll log-probs.",
    ),
]
Reduction = Annotated[
    Optional[str],
    Option(
        "--reduction",
        metavar="mean|sum|none",
        help="Mean (default), sum, or none: the row losses, one a line.",
    ),
]
PredictionColumns = Annotated[
    Optional[str],
    Option(
        "--pred-col",
        metavar="COLS",
        help="Columns of predictions: names, globs, 0-based 3 or 3-12.",
    ),
]
LabelColumns = Annotated[
    Optional[str], Option("--label-col", metavar="COLS", help="Columns of labels.")
]
Id = Annotated[
    Optional[str],
    Option("--id", metavar="COL", help="Join both files by this column, in any order."),
]
Unmatched = Annotated[
    str,
    Option("--unmatched", metavar="error|skip", help="What to do about ids on one side only."),
]
WeightColumn = Annotated[
    Optional[str],
    Option("--weight-col", metavar="COL", help="The column of weights, on either side."),
]
Weights = Annotated[
    Optional[str],
    Option("--weights", metavar="FILE", help="A file of weights, in the predictions' order."),
]
LabelColumn = Annotated[
    Optional[str], Option("--label-col", metavar="COL", help="The column of labels.")
]
Classes = Annotated[
    Optional[str],
    Option("--classes", metavar="A,B,C", help="The classes' names, in the order of the columns."),
]
LabelBase = Annotated[int, Option("--label-base", metavar="0|1", help="Where index labels start.")]
Positive = Annotated[
    Optional[str],
    Option("--positive", metavar="NAME", help="The label that is predicted (bce)."),
]
IgnoreLabel = Annotated[
    Optional[str],
    Option("--ignore-label", metavar="LABEL", help="Leave out what has this label."),
]
InputFormat = Annotated[
    Optional[str],
    Option(
        "--input-format",
        metavar="FORMAT",
        help="csv, tsv, npy, npz, parquet, arrow or jsonl; where nothing else tells it.",
    ),
]
Header = Annotated[
    Optional[bool],
    Option("--header/--no-header", help="Whether text files start with a header."),
]
Delimiter = Annotated[
    Optional[str],
    Option("--delimiter", metavar="CHAR", help="What separates columns; else detected."),
]
Decimal = Annotated[str, Option("--decimal", metavar=".|,", help="The decimal mark of text files.")]
Nan = Annotated[
    str,
    Option("--nan", metavar="error|skip|propagate", help="What to do about missing values."),
]
SumTolerance = Annotated[
    float,
    Option("--sum-tol", metavar="X", help="How far from 1 a row of probabilities may sum."),
]
Diagnose = Annotated[
    str,
    Option(
        "--diagnose",
        metavar="warn|error|off",
        help="What to do where data look like something else than they were said to be.",
    ),
]
Convention = Annotated[
    str,
    Option(
        "--convention",
        metavar="NAME",
        help="Whose number: exact (default), torch, sklearn, keras, kaggle, xgboost, lightgbm; "
        "all prints them side by side.",
    ),
]
Eps = Annotated[
    Optional[str],
    Option(
        "--eps",
        metavar="X|auto|0",
        help="Move probabilities into [X, 1 − X]; auto: eps of the stored type.",
    ),
]
Normalize = Annotated[
    bool, Option("--normalize", help="Divide rows of probabilities by their sum.")
]
LabelSmoothing = Annotated[
    float,
    Option("--label-smoothing", metavar="E", help="Labels y become (1 − E) y + E/K."),
]
PosWeight = Annotated[
    float, Option("--pos-weight", metavar="W", help="What the event weighs (bce).")
]
ClassWeight = Annotated[
    Optional[str],
    Option(
        "--class-weight",
        metavar="cat=2,dog=1|FILE|balanced",
        help="What classes weigh: by name, in their order (2,1), or balanced.",
    ),
]
Fingerprint = Annotated[
    bool,
    Option(
        "--fingerprint", help="Add to the signature what tells the labels (and ids) from others."
    ),
]
Level = Annotated[float, Option("--level", metavar="X", help="Confidence level of the interval.")]
Format = Annotated[
    Optional[str],
    Option(
        "--format",
        metavar="table|tsv|csv|json|jsonl|markdown|value",
        help="Default: a table on a terminal, TSV in a pipe, by the suffix in a file.",
    ),
]
ListFormat = Annotated[
    Optional[str],
    Option(
        "--format",
        metavar="table|tsv|csv|json|jsonl|markdown",
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
Json = Annotated[bool, Option("--json", help="Short for --format json.")]
Value = Annotated[bool, Option("--value", help="Short for --format value: the number alone.")]
PerRow = Annotated[
    Optional[str],
    Option(
        "--per-row",
        metavar="FILE|-",
        help="Write key or row, label and loss of every row to a .csv, .tsv, .npy or .parquet; "
        "- prints them instead of the result.",
    ),
]
Jobs = Annotated[
    Optional[int],
    Option(
        "--jobs",
        metavar="N",
        help="Threads; by default the cores the process may use. The result is the same.",
    ),
]
Worst = Annotated[int, Option("--worst", metavar="N", help="Show the N rows that cost most.")]
Output = Annotated[
    Optional[str],
    Option("-o", "--output", metavar="FILE", help="Write the result to a file, whole or not."),
]
Precision = Annotated[
    Optional[int],
    Option("--precision", metavar="N", help="Significant digits of tables and Markdown."),
]
Quiet = Annotated[bool, Option("-q", "--quiet", help="Say nothing but errors.")]
Color = Annotated[
    str, Option("--color", metavar="auto|always|never", help="Whether to use colour.")
]
Debug = Annotated[bool, Option("--debug", help="Show the traceback of a bug.")]
