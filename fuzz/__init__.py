"""Coverage-guided fuzzing of what reads files and command lines: see README.md."""

# Where targets are.
MODULES = {
    "texts": ("text", "parts-of-a-score", "inference", "oracle"),
    "steps": ("in-step",),
    "tables": ("tables", "scores"),
    "packed": ("packed", "frames"),
    "arrays": ("npy-files", "npz-files"),
    "arrows": ("parquet", "arrow"),
    "jsons": ("jsonl",),
    "joins": ("join",),
    "words": ("options", "losses", "signatures", "class-weights"),
}
