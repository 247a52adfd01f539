"""The version, in the one place that packaging, signatures and ``--version`` read it from."""

__version__ = "0.1.0.dev0"
