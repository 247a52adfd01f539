"""NPZ files: several arrays in one, each read as an NPY file is."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from typing import IO, Any, BinaryIO, cast

from lossctl.errors import DataError
from lossctl.names import did_you_mean, first_twice, listing, quoted
from lossctl.sources.arrays import ArrayTable, as_table
from lossctl.sources.npy import read_header
from lossctl.sources.streams import File, as_seekable, reading
from lossctl.sources.table import Table
from lossctl.sources.views import View
from lossctl.values import dataclass, replace

_BY_SIDE = ("predictions", "labels", "weights")  # what the array of a side is called
_ID = "id"  # the array that names the rows
# What zipfile and its decoders say of a damaged archive.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, OverflowError)


@dataclass(frozen=True)
class Member:
    """An array of an NPZ file."""

    file: File
    member: str

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"{self.file.name}:{self.member}"

    def open(self, *, keep: bool = False) -> BinaryIO:  # noqa: ARG002
        """Return the bytes of the array, unpacked; zipfile checks them against their CRC."""
        with reading(self.file):
            archive = _opened(self.file)
            name = f"{self.member}.npy"
            try:
                stream = archive.open(name)
            except (*_DAMAGED, RuntimeError) as error:
                archive.close()
                raise _unreadable(self.name, error) from error
            return cast("BinaryIO", _Closing(archive, stream, archive.getinfo(name).compress_size))

    def seekable(self, *, keep: bool = False) -> BinaryIO:
        """Return the bytes as a file in which one can seek."""
        with reading(self.file):
            return as_seekable(self.open(keep=keep), self.name)


class _Closing(io.RawIOBase):
    """A member of an archive that closes the archive with itself."""

    def __init__(self, archive: zipfile.ZipFile, stream: IO[bytes], packed: int) -> None:
        self._archive, self._stream, self.packed = archive, stream, packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self._stream.read(len(buffer))
        except DataError:  # a ValueError, too
            raise
        except _DAMAGED as error:
            raise EOFError(str(error)) from error
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        self._archive.close()
        super().close()


def members(file: File) -> tuple[str, ...]:
    """Return the names of the arrays in a file.

    Raises:
        DataError: it is no NPZ file, or two arrays have one name.

    """
    with reading(file), _opened(file) as archive:
        found = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
    twice = first_twice(found)
    if twice is not None:
        raise DataError(f"two arrays are called {quoted(twice)}", where=file.name)
    return tuple(found)


def open_member(file: File, name: str | None, side: str) -> Table:
    """Open one array: the one of that name, else that of the side, else the only one.

    The ids of the file's rows stand beside an array that was not named.

    Raises:
        DataError: there is no such array, or none that can be meant.

    """
    names = members(file)
    others = [n for n in names if n != _ID]
    by_side = [n for n in others if n == side and n in _BY_SIDE]
    wanted = [name] if name is not None else by_side or others
    if len(wanted) != 1 or wanted[0] not in names:
        raise _not_there(file, name, names, side)
    table = _table(Member(file, wanted[0]))
    if name is not None or side == "weights" or _ID not in names:
        return table
    return _with_ids(table, _table(Member(file, _ID)))


def _table(member: Member) -> ArrayTable:
    return as_table(member.name, [read_header(member)])


def _with_ids(table: ArrayTable, ids: ArrayTable) -> Table:
    if ids.shape != table.shape[:1]:
        raise DataError(
            f"the ids, shape {ids.shape}, do not fit the array, shape {table.shape}",
            where=f"{table.name} and {ids.name}",
            hint="an id a row",
        )
    return View(table, other=ids, column=replace(ids.columns[0], name=_ID), listed=True)


def _not_there(file: File, name: str | None, names: tuple[str, ...], side: str) -> DataError:
    if name is not None:
        hint = did_you_mean(name, names) or f"the arrays are {listing(names)}"
        return DataError(f"there is no array '{name}'", where=file.name, hint=hint)
    return DataError(
        f"which array holds the {side}? there are {listing(names) or 'none'}",
        where=file.name,
        hint=f"say it: {file.name}:NAME",
    )


class _Archive(zipfile.ZipFile):
    """An archive that closes its file with itself."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        try:
            super().__init__(stream)
        except BaseException:
            stream.close()
            raise

    def close(self) -> None:
        super().close()
        self._stream.close()


def _opened(file: File) -> zipfile.ZipFile:
    """Open the archive; both sides may be in it, so what comes through a pipe is kept."""
    stream = file.seekable(keep=True)
    try:
        return _Archive(stream)
    except (*_DAMAGED, zipfile.LargeZipFile, NotImplementedError) as error:
        hint = "copy or write it again"
        raise DataError(f"not an NPZ file: {error}", where=file.name, hint=hint) from error


def _unreadable(name: str, error: Exception) -> DataError:
    """Return the error for an array that cannot be taken out: RuntimeError asks for a password."""
    if isinstance(error, RuntimeError) and not isinstance(error, NotImplementedError):
        return DataError(
            "the array is encrypted", where=name, hint="write it again without a password"
        )
    hint = "copy or write it again"
    return DataError(f"cannot take the array out: {error}", where=name, hint=hint)
