"""Entry offsets of a zip: .pt, .npz, .keras and all others (APPNOTE 6.3.10; .npy: numpy.lib.format).

An entry's bytes start after its local header, whose lengths may differ from the central directory's; an .npy entry's
array starts after a header of its own.  Read here instead of by `zipfile`, whose leniency changes between versions.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.storage.cutting.head import Head

_MAX_DIRECTORY: Final = 16 * MIB
_MAX_ENTRIES: Final = 100_000
_LONGEST_TAIL: Final = 22 + 65_535
_WIDE: Final = 0xFFFFFFFF
_END: Final = struct.Struct("<4s4H2LH")
_WIDE_END: Final = struct.Struct("<4sQ2H2L4Q")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")


def is_archive(start: bytes) -> bool:
    """A first entry's local header; an empty zip has nothing to cut at."""
    return start[:4] == b"PK\x03\x04"


def archive_boundaries(head: Head) -> list[int]:
    """Start and end of every entry's bytes."""
    boundaries: list[int] = []
    for header, length in _entries(_directory(head)):
        start = _data_start(head, header)
        if start:
            boundaries += (start, start + length, start + _array_offset(head.at(start, 12)))
    return boundaries


def _directory(head: Head) -> bytes:
    """The central directory's bytes, or none if it cannot be found."""
    base = max(0, head.size - _LONGEST_TAIL)
    tail = head.at(base, _LONGEST_TAIL)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        return b""
    *_, length, offset, _ = _END.unpack_from(tail, place)
    if _WIDE in {length, offset}:
        length, offset = _wide_directory(head, base + place)
    return head.at(offset, length) if length <= _MAX_DIRECTORY else b""


def _wide_directory(head: Head, end: int) -> tuple[int, int]:
    """Length and offset from the zip64 record, which its locator before the end record points to."""
    locator = head.at(end - 20, 20)
    record = head.at(int.from_bytes(locator[8:16], "little"), _WIDE_END.size) if locator[:4] == b"PK\x06\x07" else b""
    if len(record) < _WIDE_END.size or record[:4] != b"PK\x06\x06":
        return 0, 0
    *_, length, offset = _WIDE_END.unpack(record)
    return length, offset


def _entries(directory: bytes) -> Iterator[tuple[int, int]]:
    """Offset of the local header and stored length, per entry."""
    place = 0
    for _ in range(_MAX_ENTRIES):
        if len(directory) - place < _CENTRAL.size or directory[place : place + 4] != b"PK\x01\x02":
            return
        fields = _CENTRAL.unpack_from(directory, place)
        length, full_length = fields[8], fields[9]
        name, extra, comment = fields[10:13]
        header = fields[-1]
        start = place + _CENTRAL.size + name
        if _WIDE in {length, full_length, header}:
            wide = _wide_fields(directory[start : start + extra])
            full_length = next(wide, 0) if full_length == _WIDE else full_length
            length = next(wide, 0) if length == _WIDE else length
            header = next(wide, 0) if header == _WIDE else header
        yield header, length
        place = start + extra + comment


def _wide_fields(extra: bytes) -> Iterator[int]:
    """The 64-bit numbers of the zip64 extra field: those, in order, that did not fit the entry itself."""
    place = 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            field = extra[place + 4 : place + 4 + size]
            yield from (number for (number,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8]))
            return
        place += 4 + size


def _data_start(head: Head, header: int) -> int:
    """Where the bytes after a local header start, or 0 if there is no header."""
    local = head.at(header, _LOCAL.size)
    if len(local) < _LOCAL.size or local[:4] != b"PK\x03\x04":
        return 0
    *_, name, extra = _LOCAL.unpack(local)
    return header + _LOCAL.size + int(name) + int(extra)


def _array_offset(start: bytes) -> int:
    """The length of an .npy header, or 0 if these are not the first bytes of one."""
    if start[:6] != b"\x93NUMPY":
        return 0
    if start[6:7] == b"\x01":
        return 10 + int.from_bytes(start[8:10], "little")
    return 12 + int.from_bytes(start[8:12], "little")
