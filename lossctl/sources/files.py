"""From what a user typed to files: one, the shards of a directory, the matches of a glob."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO

from lossctl.errors import DataError
from lossctl.names import did_you_mean, natural_key, quoted

NPY_MAGIC = b"\x93NUMPY"
EMPTY_HINT = "write it again: nothing has been written yet, or the disk was full"
TEXT, NPY = "text", "npy"
SUFFIXES = {".csv": TEXT, ".tsv": TEXT, ".txt": TEXT, ".npy": NPY}


@dataclass(frozen=True)
class Files:
    """The files of one input, in natural order, all of one format."""

    name: str
    paths: tuple[str, ...]
    format: str


def find(name: str) -> Files:
    """Return the files of an input.

    Raises:
        DataError: nothing is there, it cannot be read, or its format is not known.

    """
    paths = _paths(name)
    formats = {path: _format(path) for path in paths}
    odd = [path for path in paths if formats[path] != formats[paths[0]]]
    if odd:
        raise DataError(
            f"files of several formats in one table: {quoted(_last(paths[0]))} and "
            f"{quoted(_last(odd[0]))}",
            where=name,
            hint="quote a glob that matches one format, for example '*.npy'",
        )
    return Files(name, paths, formats[paths[0]])


def _paths(name: str) -> tuple[str, ...]:
    if os.path.isdir(name):
        found = [os.path.join(name, entry) for entry in os.listdir(name)]
        paths = _shards(found)
        if not paths:
            hint = "hidden files, those with a leading _ and folders are passed over"
            raise DataError("the directory holds no files", where=name, hint=hint)
        return paths
    if os.path.lexists(name) or not glob.has_magic(name):
        return (name,)
    paths = _shards(glob.glob(name))
    if not paths:
        hint = f"it is looked for in {os.getcwd()}"
        raise DataError(f"no file matches {quoted(name)}", hint=hint)
    return paths


def _shards(paths: list[str]) -> tuple[str, ...]:
    """Sort, without folders and what writers leave beside the data (``_SUCCESS``, ``.crc``)."""
    kept = [p for p in paths if _last(p)[0] not in "._" and not os.path.isdir(p)]
    return tuple(sorted(kept, key=natural_key))


def _last(path: str) -> str:
    return os.path.basename(path)


def _format(path: str) -> str:
    suffix = os.path.splitext(path)[1].lower()
    with reading(path), opened(path) as file:
        magic = file.read(len(NPY_MAGIC))
    if magic == NPY_MAGIC:
        return NPY
    if suffix not in SUFFIXES:
        raise DataError(
            f"cannot tell the format from the suffix {quoted(suffix)}",
            where=path,
            hint=f"the formats are {', '.join(SUFFIXES)}",
        )
    return SUFFIXES[suffix]


def opened(path: str) -> FileIO:
    """Open a file for reading.

    Raises:
        DataError: it is not there, or the system does not let us.

    """
    with reading(path):
        return FileIO(path)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn what the system says while a file is read into an error that names the file."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise _not_found(path) from error
        why = error.strerror or str(error)
        raise DataError(f"cannot read the file: {why}", where=path) from error


def _not_found(path: str) -> DataError:
    folder, last = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return DataError("there is no such folder", where=folder, hint=f"it should hold {last}")
    names = (name for name in os.listdir(folder or ".") if name != last)
    hint = did_you_mean(last, names, cutoff=0.7) or f"it is looked for in {folder or os.getcwd()}"
    return DataError("there is no such file", where=path, hint=hint)
