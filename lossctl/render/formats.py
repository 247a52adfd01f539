"""The names of the output formats; a new one is one file and one line here."""

FORMATS = ("auto", "table", "tsv", "csv", "json", "jsonl", "markdown", "value")

# What ``auto`` is for a file.
BY_SUFFIX = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".md": "markdown"}

WITH_PRECISION = ("auto", "table", "markdown")
WITH_WORST = tuple(name for name in FORMATS if name != "value")
