"""One tensor on its way into a safetensors file: what it is, and where its bytes come from.  Knows no source format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gitreg.core.text import escape
from gitreg.errors import FormatError

ITEM_BYTES: Mapping[str, int] = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "C64": 8, "BOOL": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1,
    "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
}  # fmt: skip
NUMPY_CODES: Mapping[str, str] = {
    "<f8": "F64", "<f4": "F32", "<f2": "F16", "<c8": "C64", "|b1": "BOOL",
    "<i8": "I64", "<i4": "I32", "<i2": "I16", "|i1": "I8", "<u8": "U64", "<u4": "U32", "<u2": "U16", "|u1": "U8",
}  # fmt: skip
PIECE = 4 << 20


@dataclass(frozen=True, slots=True)
class Tensor:
    """`pieces` gives the bytes, row-major and little-endian, anew at every call: to write, and to compare."""

    name: str
    code: str  # the element type's name in safetensors
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[bytes | memoryview]]

    @property
    def nbytes(self) -> int:
        return ITEM_BYTES[self.code] * math.prod(self.shape)


def numpy_code(dtype: str, name: str) -> str:
    """The safetensors name of a NumPy element type.  Raises FormatError for one that the format lacks."""
    code = NUMPY_CODES.get(dtype)
    if code is None:
        hint = "convert it to numbers in this machine's byte order" if dtype[:1] == ">" else None
        raise FormatError(f"'{escape(name[:60])}' has elements of type {dtype}, which safetensors lacks", hint=hint)
    return code
