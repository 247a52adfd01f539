"""Mergeable values that watch the row losses go by: empty, of a block, and ``+``."""
