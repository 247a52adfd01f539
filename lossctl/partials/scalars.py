"""Numbers, texts and arrays as strict JSON and back, bit for bit."""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable
from types import NoneType
from typing import Any, get_origin

import numpy as np

from lossctl.values import dataclass

_PLAIN_BITS = 53  # of a whole number that any reader of JSON keeps
_MOST_DIGITS = 4096  # hex digits: four times what any sum of float64 has
_ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_AXES = 2


class UnfitError(ValueError):
    """What is read is not what was asked for."""


@dataclass(frozen=True)
class Codec:
    """How values of a type are written, as what ``json`` takes, and read."""

    kind: type
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def of_array(scalar: Any) -> Codec:
    """Write an array in the type that it is declared to have, its bytes in little-endian order."""
    dtype = np.dtype(np.int64 if get_origin(scalar) is np.integer else scalar).newbyteorder("<")

    def write(value: Any) -> Any:
        data = np.asarray(value).astype(dtype, casting="safe", order="C")
        text = binascii.b2a_base64(data.tobytes(), newline=False).decode()
        return {"dtype": dtype.str, "shape": [*data.shape], "data": text}

    def read(data: Any) -> Any:
        if type(data) is not dict or data.keys() != {"dtype", "shape", "data"}:
            raise UnfitError("no array")
        shape, text = data["shape"], data["data"]
        counts = type(shape) is list and all(type(n) is int and n >= 0 for n in shape)
        if not counts or not 0 < len(shape) <= _AXES or type(text) is not str:
            raise UnfitError("no array")
        try:
            found = bytearray(binascii.a2b_base64(text, strict_mode=True) if text else b"")
        except ValueError:
            raise UnfitError("no base64") from None
        if data["dtype"] != dtype.str or len(found) != math.prod(shape) * dtype.itemsize:
            raise UnfitError(f"no array of {dtype.name}")
        return (
            np.frombuffer(found, dtype).astype(dtype.newbyteorder("="), copy=False).reshape(shape)
        )

    return Codec(np.ndarray, write, read)


def _exactly(kind: type) -> Codec:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise UnfitError(f"no {kind.__name__}")
        return data

    return Codec(kind, lambda value: value, read)


def _write_int(value: int) -> Any:
    """Write a large number as its hex digits, and how many zeros follow: sums have many."""
    whole = int(value)
    if whole.bit_length() <= _PLAIN_BITS:
        return whole
    digits = f"{whole:x}"
    short = digits.rstrip("0")
    return {"hex": short, "zeros": len(digits) - len(short)}


def _read_int(data: Any) -> int:
    if type(data) is int:
        return data
    if type(data) is not dict or data.keys() != {"hex", "zeros"}:
        raise UnfitError("no whole number")
    text, zeros = data["hex"], data["zeros"]
    if (
        type(text) is not str
        or type(zeros) is not int
        or not 0 <= zeros <= _MOST_DIGITS - len(text)
    ):
        raise UnfitError("no whole number")
    try:
        return int(text, 16) << 4 * zeros
    except ValueError:
        raise UnfitError("no whole number") from None


def _write_float(value: float) -> Any:
    number = float(value)
    return number if math.isfinite(number) else {"float": str(number)}


def _read_float(data: Any) -> float:
    if type(data) is float and math.isfinite(data):
        return data
    text = data.get("float") if type(data) is dict and len(data) == 1 else None
    if type(text) is not str or text not in _ODD:
        raise UnfitError("no number")
    return _ODD[text]


SCALARS: dict[Any, Codec] = {
    NoneType: _exactly(NoneType),
    bool: _exactly(bool),
    str: _exactly(str),
    int: Codec(int, _write_int, _read_int),
    float: Codec(float, _write_float, _read_float),
}
