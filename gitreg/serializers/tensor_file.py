"""Single tensors out of a safetensors stream, as NumPy arrays: reads the header and the bytes of those asked for."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, BinaryIO

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.optional import require

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    Tensor: TypeAlias = np.ndarray  # for callers, who need not know NumPy

_NUMPY = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
}  # fmt: skip
_ML_DTYPES = {
    "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
}  # fmt: skip


class TensorFile:
    """An open safetensors file whose header is known to be sound."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(0)
        length = int.from_bytes(stream.read(8), "little")
        self._data = 8 + length
        self._table = json.loads(stream.read(length))
        self._table.pop("__metadata__", None)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._table)

    def read(self, name: str) -> Tensor:
        """Raises MissingDependencyError for an element type that needs ml_dtypes, FormatError for one nobody has."""
        numpy = require("numpy")
        entry = self._table[name]
        shape = tuple(entry["shape"])
        flat: Tensor = numpy.empty(math.prod(shape), _dtype(entry["dtype"], name))
        view = memoryview(flat.view(numpy.uint8))
        self._stream.seek(self._data + entry["data_offsets"][0])
        while view:
            count = self._stream.readinto(view)  # type: ignore[attr-defined]  # typeshed's BinaryIO lacks it
            if not count:
                raise FormatError(f"tensor '{escape(name)}' is cut off")
            view = view[count:]
        return flat.reshape(shape)


def _dtype(code: str, name: str) -> np.dtype:
    numpy = require("numpy")
    if code in _NUMPY:
        plain: np.dtype = numpy.dtype(_NUMPY[code])
        return plain
    if code not in _ML_DTYPES:
        raise FormatError(f"tensor '{escape(name)}' has elements of type {escape(code)}, which NumPy cannot hold")
    hint = f"NumPy has no {code}; pip install ml_dtypes"
    special: np.dtype = numpy.dtype(getattr(require("ml_dtypes", hint=hint), _ML_DTYPES[code]))
    return special
