"""From what a user typed to files: one, the shards of a directory, the matches of a glob."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections.abc import Sequence

from lossctl.errors import DataError
from lossctl.names import natural_key, quoted
from lossctl.sources.places import MAGIC_BYTES, is_address, is_web, path_of, refuse_password, shown
from lossctl.sources.streams import STDIN, File, open_file, read_fully, reading
from lossctl.values import dataclass

NPY_MAGIC = b"\x93NUMPY"
EMPTY_HINT = "write it again: nothing has been written yet, or the disk was full"
TEXT, NPY, NPZ, PARQUET, ARROW, JSONL = "text", "npy", "npz", "parquet", "arrow", "jsonl"
# What --input-format and suffixes call them.
FORMATS = {
    "csv": TEXT,
    "tsv": TEXT,
    "txt": TEXT,
    "npy": NPY,
    "npz": NPZ,
    "parquet": PARQUET,
    "arrow": ARROW,
    "feather": ARROW,
    "jsonl": JSONL,
    "ndjson": JSONL,
}
_MAGIC = {
    NPY_MAGIC: NPY,
    b"PK\x03\x04": NPZ,
    b"PAR1": PARQUET,
    b"ARROW1": ARROW,
    b"FEA1": ARROW,
    b"\xff\xff\xff\xff": ARROW,  # a stream
}
_TEXT = re.compile(rb"(PAR1|ARROW1|FEA1)[\t\n\r -\xff]")  # a header may start so: nothing else does
# What others write, and what to do about it: some of it starts as an NPZ file does.
_SHEET, _TENSOR = "save the sheet as CSV", "save the array as .npy: np.save"
_PICKLED = "pickles may run code, and are never opened: save arrays as .npy, frames as .parquet"
_FOREIGN = {
    **dict.fromkeys(("xlsx", "xls", "xlsm", "ods"), _SHEET),
    **dict.fromkeys(("pt", "pth", "safetensors", "h5", "hdf5", "mat"), _TENSOR),
    **dict.fromkeys(("pkl", "pickle", "joblib"), _PICKLED),
    "json": "save an object a line, as .jsonl",
}
_SEVERAL, _AT_ONCE = 3, 16  # files that lie elsewhere
COMPRESSED = (".gz", ".bz2", ".zst", ".xz")


@dataclass(frozen=True)
class Files:
    """The files of one input, in natural order, all of one format."""

    name: str
    files: tuple[File, ...]
    format: str
    member: str | None = None  # of an NPZ file

    @property
    def once(self) -> object:
        """Which pipe the input is; None for files, which can be read again."""
        source = self.files[0].source
        return None if source is None else source.identity


def find(name: str, asked: str | None = None) -> Files:
    """Return the files of an input; ``asked`` is the format where nothing else tells it.

    Raises:
        DataError: nothing is there, it cannot be read, or its format is not known.

    """
    refuse_password(name)
    path, member = _without_member(name)
    files = _opened(paths_of(path))
    formats = [_format(file, asked) for file in files]
    odd = [file for file, format_ in zip(files, formats, strict=True) if format_ != formats[0]]
    if odd:
        raise DataError(
            f"files of several formats in one table: {quoted(_last(files[0].path))} and "
            f"{quoted(_last(odd[0].path))}",
            where=shown(name),
            hint="quote a glob that matches one format, for example '*.npy'",
        )
    if formats[0] == NPZ and len(files) > 1:
        hint = "one NPZ file is one table"
        raise DataError("NPZ files cannot be shards", where=shown(name), hint=hint)
    return Files(shown(name), files, formats[0], member)


def _opened(paths: Sequence[str]) -> tuple[File, ...]:
    """Open files; those that lie elsewhere several at a time: most of it is waiting."""
    if len(paths) < _SEVERAL or not is_address(paths[0]):
        return tuple(map(open_file, paths))
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # 10 ms

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(open_file, paths))


def expanded(names: Sequence[str]) -> tuple[str, ...]:
    """Return what each name means as inputs of their own: a glob is all that it matches.

    Each stands there once, as it is named first: ``x.csv`` and ``./x.csv`` are one, a link is
    another. A directory is one input; a glob matches directories if it matches nothing else.

    Raises:
        DataError: a glob matches nothing.

    """
    found: dict[str, str] = {}
    for name in names:
        refuse_password(name)
        several = name != STDIN and not is_web(name) and not os.path.lexists(name)
        if is_address(name) and not is_web(name):
            several = any(character in path_of(name) for character in "*?[")
        for path in paths_of(name, folders=True) if several else (name,):
            found.setdefault(_spelt(path), path)
    return tuple(found.values())


def _spelt(name: str) -> str:
    """Return a name in the one spelling that all spellings of it have."""
    if name == STDIN or is_address(name):
        return name
    folder, last = os.path.split(name.rstrip("/"))
    return os.path.join(os.path.realpath(folder), last)


def size_of(names: Sequence[str]) -> int:
    """Return how many bytes some files have; 0 if some are elsewhere, or are no files."""
    sizes = [os.path.getsize(name) if os.path.isfile(name) else 0 for name in names]
    return sum(sizes) if all(sizes) else 0


def listed(name: str, *, null: bool = False) -> tuple[str, ...]:
    """Return the names in a file, one a line, or behind each a NUL; - is standard input.

    Raises:
        DataError: it cannot be read, or is empty.

    """
    file = open_file(name)
    with reading(file), file.open() as stream:
        data = stream.read()
    text = data.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")
    if not null and "\0" in text:
        hint = "-0 is for names that end with NUL; text has to be UTF-8"
        raise DataError("the list holds NUL characters", where=file.name, hint=hint)
    lines = text.split("\0") if null else text.replace("\r\n", "\n").split("\n")
    names = tuple(line for line in lines if (line if null else line.strip()))
    if not names:
        raise DataError("the list names no files", where=file.name)
    return names


def _without_member(name: str) -> tuple[str, str | None]:
    """Split ``file.npz:name``, unless there is a file of that whole name."""
    path, colon, member = name.rpartition(":")
    if colon and path.lower().endswith(".npz") and not os.path.lexists(name):
        return path, member
    return name, None


def paths_of(name: str, *, folders: bool = False) -> tuple[str, ...]:
    """Return the files that a name means; ``folders`` that a glob matches if there are no files."""
    if name == STDIN or is_web(name):
        return (name,)
    if is_address(name):
        return _objects(name)
    if os.path.isdir(name):
        found = [os.path.join(name, entry) for entry in os.listdir(name)]
        paths = _shards(found)
        if not paths:
            hint = "hidden files, those with a leading _ and folders are passed over"
            raise DataError("the directory holds no files", where=name, hint=hint)
        return paths
    if os.path.lexists(name):
        return (name,)
    import glob  # noqa: PLC0415  # few inputs are one

    if not glob.has_magic(name):
        return (name,)
    found = glob.glob(name, recursive=True)
    paths = _shards(found) or (_visible(found) if folders else ())
    if not paths:
        hint = f"it is looked for in {os.getcwd()}"
        raise DataError(f"no file matches {quoted(name)}", hint=hint)
    return paths


def _objects(name: str) -> tuple[str, ...]:
    from lossctl.sources.stores import addresses  # noqa: PLC0415

    found = addresses(name)
    paths = (name,) if found == [name] else _shards(found)
    if not paths:
        hint = "hidden objects and those with a leading _ are passed over"
        raise DataError("no object is there", where=name, hint=hint)
    return paths


def _shards(paths: list[str]) -> tuple[str, ...]:
    """Sort, without folders and what writers leave beside the data (``_SUCCESS``, ``.crc``)."""
    return _visible([path for path in paths if not os.path.isdir(path)])


def _visible(paths: list[str]) -> tuple[str, ...]:
    """Sort, without what is hidden."""
    kept = [path for path in paths if _last(path.rstrip("/"))[:1] not in ("", ".", "_")]
    return tuple(sorted(kept, key=natural_key))


def _last(path: str) -> str:
    return os.path.basename(path_of(path))


def _format(file: File, asked: str | None) -> str:
    """Tell the format by the first bytes, the suffix, what was asked; a pipe is one of text."""
    suffix = suffix_of(path_of(file.path))
    if suffix in _FOREIGN and asked is None:
        what = f"files with the suffix {quoted('.' + suffix)} are not read"
        raise DataError(what, where=file.name, hint=_FOREIGN[suffix])
    with reading(file), file.open(keep=True) as stream:
        magic = read_fully(stream, MAGIC_BYTES)
    for start, format_ in _MAGIC.items():
        if magic.startswith(start) and not _TEXT.match(magic):
            return format_
    if suffix in FORMATS:
        return FORMATS[suffix]
    if asked is not None:
        return FORMATS[asked]
    if file.source is not None:
        return JSONL if magic.lstrip().startswith(b"{") else TEXT
    raise DataError(
        f"cannot tell the format from the suffix {quoted('.' + suffix if suffix else '')}",
        where=file.name,
        hint=f"say it with --input-format {'|'.join(FORMATS)}",
    )


def suffix_of(path: str) -> str:
    """Return the suffix that tells the format, without its point and without that of a compressor.

    >>> suffix_of("part-1.CSV.gz")
    'csv'
    """
    root, suffix = os.path.splitext(path.lower())
    if suffix in COMPRESSED:
        _, suffix = os.path.splitext(root)
    return suffix.removeprefix(".")
