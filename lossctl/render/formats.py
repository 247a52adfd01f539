"""The names of the output formats, and what each has room for."""

FORMATS = (
    *("auto", "table", "tsv", "csv", "json", "jsonl", "markdown", "junit", "prometheus", "value"),
)

# What ``auto`` is for a file.
BY_SUFFIX = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".tsv": "tsv",
    ".prom": "prometheus",
    ".xml": "junit",
}

WITH_PRECISION = ("auto", "table", "markdown")
# Formats that are for results only have no room for the worst rows, and none for other lists.
OF_LISTS = ("auto", "table", "tsv", "csv", "json", "jsonl", "markdown")
WITH_WORST = WITH_CONVENTIONS = OF_LISTS
WITH_PLOT = ("auto", "table", "markdown", "json", "jsonl")
WITH_GROUPS = (*OF_LISTS, "prometheus")
