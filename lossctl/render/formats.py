"""The names of the output formats; a new one is one file and one line here."""

FORMATS = ("auto", "table", "tsv", "json", "value")
