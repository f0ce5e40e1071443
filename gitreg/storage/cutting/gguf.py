"""Tensor offsets of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB

if TYPE_CHECKING:
    from gitreg.storage.cutting.head import Head

_MAX_HEADER: Final = 32 * MIB
_MAX_ITEMS: Final = 2_000_000
_SCALAR_WIDTHS: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING: Final = 8
_ARRAY: Final = 9
_UINT32: Final = struct.Struct("<I")
_UINT64: Final = struct.Struct("<Q")


class _UnreadableError(Exception):
    """The header is not one this reader understands."""


def is_gguf(start: bytes) -> bool:
    """The magic and a version with 64-bit counts."""
    return start[:4] == b"GGUF" and start[4:8] in {b"\x02\0\0\0", b"\x03\0\0\0"}


def gguf_boundaries(head: Head) -> list[int]:
    """The start of the data and of every tensor; none if the header is longer than any known or malformed."""
    try:
        return _Header(head.at(0, _MAX_HEADER)).boundaries()
    except (_UnreadableError, struct.error):
        return []


class _Header:
    """A cursor over the header's bytes that refuses to do more than a bounded number of steps."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 8
        self._steps = 0
        self._alignment = 32

    def boundaries(self) -> list[int]:
        tensors, pairs = self._uint64(), self._uint64()
        for _ in range(pairs):
            self._pair()
        offsets = [self._tensor() for _ in range(tensors)]
        data = -(-self._place // self._alignment) * self._alignment
        return [data, *(data + offset for offset in offsets)]

    def _pair(self) -> None:
        key = self._string()
        kind = self._uint32()
        if key == b"general.alignment" and kind == 4:
            self._alignment = self._uint32() or 32
        else:
            self._skip_value(kind)

    def _tensor(self) -> int:
        """Skip name, shape and type; return the offset."""
        self._string()
        self._skip(8 * self._uint32() + 4)
        return self._uint64()

    def _skip_value(self, kind: int) -> None:
        if kind == _STRING:
            self._string()
        elif kind == _ARRAY:
            self._skip_array()
        elif kind in _SCALAR_WIDTHS:
            self._skip(_SCALAR_WIDTHS[kind])
        else:
            raise _UnreadableError

    def _skip_array(self) -> None:
        kind, count = self._uint32(), self._uint64()
        if kind in _SCALAR_WIDTHS:
            self._skip(_SCALAR_WIDTHS[kind] * count)
            return
        if kind != _STRING:  # arrays of arrays exist in the format, in no known file, and could nest without end
            raise _UnreadableError
        for _ in range(count):
            self._string()

    def _string(self) -> bytes:
        length = self._uint64()
        start = self._place
        self._skip(length)
        return self._data[start : start + min(length, 64)]

    def _uint32(self) -> int:
        (number,) = _UINT32.unpack_from(self._data, self._place)
        self._skip(4)
        return int(number)

    def _uint64(self) -> int:
        (number,) = _UINT64.unpack_from(self._data, self._place)
        self._skip(8)
        return int(number)

    def _skip(self, length: int) -> None:
        self._place += length
        self._steps += 1
        if self._steps > _MAX_ITEMS or self._place > len(self._data):
            raise _UnreadableError
