"""Output files are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from lossctl.errors import DataError, UsageError


@contextmanager
def written_whole(path: str) -> Iterator[BinaryIO]:
    """Give a stream whose bytes become the file at the end; after an error the old one stays.

    Raises:
        DataError: the file cannot be written.

    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe, a device: as it is
            with open(path, "wb") as stream:
                yield stream
            return
        target = os.path.realpath(path)  # a link stays one
        temporary = _beside(target)
        try:
            with open(temporary, "x+b", opener=_private) as stream:
                yield cast("BinaryIO", stream)
            os.chmod(temporary, _mode(target))
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        where = error.filename if error.filename == os.path.dirname(path) else path
        why = error.strerror or str(error)
        raise DataError(f"cannot write the file: {why}", where=where, hint=_hint(path)) from error


@contextmanager
def folder_whole(path: str) -> Iterator[str]:
    """Give a folder whose files become those of a new folder at the end; after an error none is.

    Raises:
        DataError: something of that name is there, or the folder cannot be written.

    """
    import shutil  # noqa: PLC0415  # 2 ms

    if os.path.lexists(path):
        hint = "rows of a cluster go to a new folder"
        raise DataError("there is already something of this name", where=path, hint=hint)
    try:
        made = _beside(os.path.realpath(path))
        try:
            os.mkdir(made, 0o700)
            yield made
            os.chmod(made, _mode(path, 0o777))
            os.rename(made, path)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise DataError(f"cannot write the folder: {why}", where=path, hint=_hint(path)) from error


def _beside(target: str) -> str:
    """Return a path in the same folder that nobody can guess.

    It is known before anything is made there, so that an interruption at any time finds it.
    """
    return os.path.join(os.path.dirname(target), f".lossctl-{os.urandom(8).hex()}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def refuse_to_overwrite(outputs: Iterable[str | None], inputs: Iterable[Any]) -> None:
    """Refuse to write to a file that is read: an input, or one in its directory or of its glob.

    Raises:
        UsageError: an output is among the inputs, perhaps by another name.

    """
    read = [path for name in inputs if isinstance(name, str) for path in _files_of(name)]
    for output in outputs:
        known = output is not None and os.path.isfile(output)
        if known and any(os.path.samefile(str(output), path) for path in read):
            hint = "write to another file"
            raise UsageError(f"'{output}' is read, and would be overwritten", hint=hint)


def _files_of(name: str) -> list[str]:
    if os.path.isdir(name):
        paths = [os.path.join(name, entry) for entry in os.listdir(name)]
    else:
        paths = [name] if os.path.lexists(name) else _matches(name)
    return [path for path in paths if os.path.isfile(path)]


def _matches(pattern: str) -> list[str]:
    import glob  # noqa: PLC0415  # few inputs are one

    return glob.glob(pattern)


def _hint(path: str) -> str | None:
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        return "that is a directory: name a file in it"
    return None if os.path.isdir(folder) else f"there is no folder {folder}"


def _mode(path: str, usual: int = 0o666) -> int:
    """Return the rights of the file that is replaced, or those a new one gets."""
    if os.path.exists(path):
        return os.stat(path).st_mode & 0o777
    mask = os.umask(0o077)
    os.umask(mask)
    return usual & ~mask
