"""Protocol buffers by their wire format, without any schema: fields, nested where the caller asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import LAST

_GROUPS = frozenset({3, 4})


def fields(stream: BinaryIO, size: int, step: Callable[[], None]) -> Iterator[tuple[int, int, int]]:
    """`(number, begin, length)` of each field with a length, in order; numbers are passed over.

    The stream may be moved in between.  `step` is called for every field, and may stop a walk that takes too long.
    Readers skip groups that they do not know: what stands between their marks is taken for fields like others.

    Raises:
        FormatError: not protocol buffers.
    """
    at = stream.tell()
    end = at + size
    while at < end:
        step()
        key, at = _varint(stream, at)
        number, kind = key >> 3, key & 7
        if not 0 < number <= LAST:
            raise FormatError(f"has a field of the number {number}")
        if kind == 0:
            _, at = _varint(stream, at)
        elif kind == 2:
            length, at = _varint(stream, at)
            if length > end - at:
                raise FormatError("has a field that is cut off")
            yield number, at, length
            at += length
        elif kind in {1, 5}:
            at += 8 if kind == 1 else 4
        elif kind not in _GROUPS:
            raise FormatError("has a field of an unknown kind")
    if at != end:
        raise FormatError("has a field that is cut off")


def inside(
    stream: BinaryIO, place: tuple[int, int], wanted: int, step: Callable[[], None]
) -> Iterator[tuple[int, int]]:
    """Where the fields of one number begin, and their lengths, of the message at `place`."""
    begin, length = place
    stream.seek(begin)
    return ((at, size) for number, at, size in fields(stream, length, step) if number == wanted)


def _varint(stream: BinaryIO, at: int) -> tuple[int, int]:
    stream.seek(at)
    value = 0
    for index, byte in enumerate(stream.read(10)):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise FormatError("has a number that does not end")
