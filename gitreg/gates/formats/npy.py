"""NumPy's .npy (NEP 1): a header that describes plain numbers, and exactly that many bytes.  Needs no NumPy."""

from __future__ import annotations

import ast
import re
import warnings
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_exactly

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # NumPy's own limit
_MOST_DIMENSIONS = 64
_NUMBER = re.compile(r"[<>|=]?(b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32)|[mM]8(\[\d{0,4}([YMWDhms]|[munpfa]s)\])?)")
_TEXT = re.compile(r"[<>|=]?([SUV])(\d{1,9})")
_DIGITS = re.compile(r"\d+")
_OBJECT = re.compile(r"[<>|=]?O\d{0,2}")
OBJECTS = "holds Python objects, which NumPy stores as a pickle"
_CONVERT = "convert it to arrays of numbers or texts"


def check_npy(stream: BinaryIO, size: int | None) -> None:
    """Read the header only.  `size` is the stream's, in bytes; None where only reading to its end would tell.

    Raises:
        FormatError: malformed, holding objects, or of another size than the header says.
    """
    if stream.read(len(MAGIC)) != MAGIC:
        raise FormatError("does not begin as .npy does")
    major, minor = read_exactly(stream, 2, "the format's version")
    if (major, minor) not in {(1, 0), (2, 0), (3, 0)}:
        raise FormatError(f"unknown .npy version {major}.{minor}")
    width = 2 if major == 1 else 4
    length = int.from_bytes(read_exactly(stream, width, "the header's length"), "little")
    if length > _LONGEST_HEADER:
        raise FormatError(f"the header claims {length} bytes")
    header = read_exactly(stream, length, "the header").decode("latin-1" if major < 3 else "utf-8", "replace")
    expected = _data_size(_literal(header))
    if size is None:
        return
    found = size - len(MAGIC) - 2 - width - length
    if found != expected:
        raise FormatError(f"has {found} bytes of data where its header says {expected}")


def _literal(header: str) -> dict[str, object]:
    try:
        with warnings.catch_warnings():  # of the literal's own text, which is nobody's code here
            warnings.simplefilter("ignore")
            table = ast.literal_eval(header)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise FormatError("the header is not a Python literal") from None
    if not isinstance(table, dict) or table.keys() != {"descr", "fortran_order", "shape"}:
        raise FormatError("the header must have exactly descr, fortran_order and shape")
    return table


def _data_size(table: dict[str, object]) -> int:
    shape = table["shape"]
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise FormatError("the shape is malformed")
    if not all(type(extent) is int and 0 <= extent < 1 << 63 for extent in shape):
        raise FormatError("the shape is malformed")
    if not isinstance(table["fortran_order"], bool):
        raise FormatError("fortran_order is malformed")
    size = _item_size(table["descr"], depth=0)
    for extent in shape:
        size *= extent
    return size


def _item_size(descr: object, *, depth: int) -> int:
    """Bytes of one element.  A structured type is a list of (name, type) or (name, type, shape)."""
    if depth > 8:
        raise FormatError("the element type is nested too deep")
    if isinstance(descr, str):
        return _plain_size(descr)
    if not isinstance(descr, list) or not descr:
        raise FormatError("the element type is malformed")
    return sum(_field_size(field, depth) for field in descr)


def _field_size(field: object, depth: int) -> int:
    if not isinstance(field, tuple) or len(field) not in {2, 3}:
        raise FormatError("the element type is malformed")
    size = _item_size(field[1], depth=depth + 1)
    shape = field[2] if len(field) == 3 else ()
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise FormatError("the element type is malformed")
    for extent in shape:
        if type(extent) is not int or not 0 <= extent < 1 << 63:
            raise FormatError("the element type is malformed")
        size *= extent
    return size


def _plain_size(descr: str) -> int:
    if _OBJECT.fullmatch(descr):
        raise FormatError(OBJECTS, hint=_CONVERT)
    if number := _NUMBER.fullmatch(descr):
        return int(_DIGITS.findall(number[1])[0])
    if text := _TEXT.fullmatch(descr):
        return int(text[2]) * (4 if text[1] == "U" else 1)
    raise FormatError("the element type is unknown")
