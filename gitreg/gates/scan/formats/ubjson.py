"""UBJSON, as XGBoost writes it: one object, from the first byte to the last.  https://ubjson.org, draft 12"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.binary import Taken

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_WIDTHS: Mapping[bytes, int] = {
    b"Z": 0, b"N": 0, b"T": 0, b"F": 0, b"i": 1, b"U": 1, b"C": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8,
}  # fmt: skip
_INTEGERS = b"iUIlL"
_FIRST = b"{L\x00\x00\x00\x00"  # a name behind its length in eight bytes, as which no text can be read
_DEEPEST = 100
_END_OF_OBJECT, _END_OF_LIST = b"}", b"]"


def look_at_ubjson(part: Part, scan: Scan) -> str | None:
    if part.size is None or part.head(len(_FIRST)) != _FIRST:
        return None
    try:
        with part.open() as stream:
            taken = Taken(stream, part.size, scan.meter.step)
            _value(taken, taken.take(1), 0)
    except FormatError:
        return None
    return None if taken.left else "ubjson"


def _value(taken: Taken, mark: bytes, depth: int) -> None:
    if depth > _DEEPEST:
        raise FormatError("nests too deep")
    if mark in _WIDTHS:
        taken.skip(_WIDTHS[mark])
    elif mark in {b"S", b"H"}:
        taken.skip(_length(taken, taken.take(1)))
    elif mark == b"{":
        _container(taken, _END_OF_OBJECT, depth)
    elif mark == b"[":
        _container(taken, _END_OF_LIST, depth)
    else:
        raise FormatError("has a value of an unknown kind")


def _container(taken: Taken, end: bytes, depth: int) -> None:
    """With a kind for all values, with their count, or up to a mark at the end."""
    mark, kind = taken.take(1), b""
    if mark == b"$":
        kind, mark = taken.take(1), taken.take(1)
        if mark != b"#":
            raise FormatError("has a list without a count")
    if mark == b"#":
        _counted(taken, end, kind, depth)
        return
    while mark != end:
        _entry(taken, mark, end, depth)
        mark = taken.take(1)


def _counted(taken: Taken, end: bytes, kind: bytes, depth: int) -> None:
    count = _length(taken, taken.take(1))
    if end == _END_OF_LIST and kind in _WIDTHS:
        taken.skip(count * _WIDTHS[kind])
        return
    for _ in range(count):
        if end == _END_OF_OBJECT:
            taken.skip(_length(taken, taken.take(1)))
        _value(taken, kind or taken.take(1), depth + 1)


def _entry(taken: Taken, mark: bytes, end: bytes, depth: int) -> None:
    if end == _END_OF_OBJECT:
        taken.skip(_length(taken, mark))
        mark = taken.take(1)
    _value(taken, mark, depth + 1)


def _length(taken: Taken, mark: bytes) -> int:
    if len(mark) != 1 or mark not in _INTEGERS:
        raise FormatError("has a length of an unknown kind")
    length = int.from_bytes(taken.take(_WIDTHS[mark]), "big", signed=mark != b"U")
    if length < 0:
        raise FormatError("has a length below zero")
    return length
