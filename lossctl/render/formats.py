"""The names of the output formats; a new one is one file and one line here."""

FORMATS = (
    *("auto", "table", "tsv", "csv", "json", "jsonl", "markdown", "junit", "prometheus", "value"),
)

# What ``auto`` is for a file.
BY_SUFFIX = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".prom": "prometheus",
    ".xml": "junit",
}

WITH_PRECISION = ("auto", "table", "markdown")
# Formats that are for results only have no room for the worst rows, and none for other lists.
OF_LISTS = tuple(name for name in FORMATS if name not in {"junit", "prometheus", "value"})
WITH_WORST = OF_LISTS
WITH_PLOT = ("auto", "table", "markdown", "json", "jsonl")
WITH_GROUPS = (*OF_LISTS, "prometheus")
