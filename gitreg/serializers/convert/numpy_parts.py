"""NumPy's pieces of a pickle, made by our own hands: dtypes and arrays whose claims are checked before they count."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

from gitreg.errors import FormatError

if TYPE_CHECKING:
    import numpy as np

WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
SCALARS = ("bool", "float32", "float64", "int32", "int64", "intp", "uint8", "str_")
_ARRAYS = "numpy._core.multiarray"
_PLAIN = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c(8|16)|[SUV]\d{1,6}|O8?)")
_OTHER_ORDER = "has arrays from a big-endian machine"
_OTHER_ARRAY = "has an array in a form that is not known"
_UNKNOWN = "has elements of a type that is not known"


class JoblibArray:
    """Where an array's own bytes follow in a joblib file.  Its attributes come from the file."""


def callables(numpy: ModuleType) -> Mapping[str, object]:
    """By dotted name, what stands for the functions that a pickle of arrays and numbers calls."""
    return {
        "numpy.dtype": partial(_dtype, numpy),
        f"{_ARRAYS}._reconstruct": partial(_empty, numpy),
        f"{_ARRAYS}.scalar": partial(_scalar, numpy),
        "numpy._core.numeric._frombuffer": partial(_from_buffer, numpy),
        "_codecs.encode": _encode,
        "builtins.bytes": _no_bytes,
        "builtins.slice": slice,
        "builtins.set": set,
        "builtins.frozenset": frozenset,
    }


def finished_dtype(numpy: ModuleType, dtype: np.dtype, state: object) -> np.dtype:
    """What `dtype.__setstate__` would make, which takes its flags on trust.  Raises FormatError."""
    match state:
        case (_, ">", *_):
            raise FormatError(_OTHER_ORDER)
        case (3, str(_), None, None, None, -1, -1, int(_)):
            return dtype
        case (3, str(_), None, tuple(names), dict(fields), int(size), int(_), int(flags)) if 0 < size < 1 << 20:
            formats, offsets = zip(*(fields[name][:2] for name in names), strict=True)
            if any(kind.hasobject for kind in formats):
                raise FormatError("has records of Python objects")
            described = {"names": names, "formats": formats, "offsets": offsets, "itemsize": size}
            made: np.dtype = numpy.dtype(described, align=bool(flags & 0x80))
            return made
        case _:
            raise FormatError(_UNKNOWN)


def check_array_state(state: object) -> None:
    """The state of an array: bytes for numbers, a list for objects, never the one for the other."""
    match state:
        case (1, tuple(_), dtype, int(_), content) if isinstance(content, list if _holds_objects(dtype) else bytes):
            return
        case _:
            raise FormatError(_OTHER_ARRAY)


def read_joblib_array(numpy: ModuleType, wrapper: JoblibArray, stream: BinaryIO) -> np.ndarray:
    """The array behind a wrapper in joblib's stream, of numbers or texts.  Raises FormatError."""
    facts = vars(wrapper)
    dtype: Any = facts.get("dtype")
    shape = facts.get("shape")
    if not isinstance(shape, tuple) or _holds_objects(dtype) or facts.get("subclass") is not numpy.ndarray:
        raise FormatError("has an array that is described in a way that is not known")
    if not all(type(extent) is int and 0 <= extent < 1 << 40 for extent in shape):
        raise FormatError("has an array with a malformed shape")
    if facts.get("numpy_array_alignment_bytes") is not None:
        stream.read(stream.read(1)[0])
    length = math.prod(shape) * dtype.itemsize
    data = stream.read(length) if length < 1 << 40 else b""
    if len(data) != length:
        raise FormatError("has an array that is cut off")
    flat: Any = numpy.frombuffer(bytearray(data), dtype)
    array: np.ndarray = flat.reshape(shape[::-1]).T if facts.get("order") == "F" else flat.reshape(shape)
    return array


def _holds_objects(dtype: object) -> bool:
    return bool(getattr(dtype, "hasobject", True))


def _dtype(numpy: ModuleType, code: str, _align: object = None, _copy: object = None) -> np.dtype:
    if code.startswith(">"):
        raise FormatError(_OTHER_ORDER)
    if not _PLAIN.fullmatch(code):
        raise FormatError(_UNKNOWN)
    made: np.dtype = numpy.dtype(code)
    return made


def _empty(numpy: ModuleType, kind: object, shape: object, _code: object) -> np.ndarray:
    if kind is not numpy.ndarray or shape != (0,):
        raise FormatError("has an array of a kind that is not known")
    array: np.ndarray = numpy.empty((0,), "b")
    return array


def _from_buffer(numpy: ModuleType, content: object, dtype: np.dtype, shape: object, order: object) -> np.ndarray:
    """How protocol 5 writes arrays: the bytes, and how to see them."""
    if not isinstance(content, bytes | bytearray) or _holds_objects(dtype) or order not in {"C", "F"}:
        raise FormatError(_OTHER_ARRAY)
    array: np.ndarray = numpy.frombuffer(bytearray(content), dtype).reshape(shape, order=order)
    return array


def _scalar(numpy: ModuleType, dtype: np.dtype, content: bytes) -> np.generic:
    if dtype.kind not in "biufcSU" or not isinstance(content, bytes):
        raise FormatError("has a number of a type that is not known")
    value: np.generic = numpy.frombuffer(content, dtype, 1)[0]
    return value


def _encode(text: str, coding: str) -> bytes:
    if coding != "latin1" or not isinstance(text, str):
        raise FormatError("has bytes in a form that is not known")
    return text.encode("latin-1")


def _no_bytes(*arguments: object) -> bytes:
    if arguments:
        raise FormatError("has bytes in a form that is not known")
    return b""
