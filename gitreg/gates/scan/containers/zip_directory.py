"""A zip archive's directory, read by the letter (PKWARE APPNOTE): every byte accounted for, all said twice alike.

Only then do readers that start from the front and from the back see the same members.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

END = b"PK\x05\x06"
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_TAIL = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_FULL = 0xFFFFFFFF
LONGEST_TAIL = 22 + 0xFFFF
_LARGEST_DIRECTORY = 256 << 20


class ZipError(Exception):
    """Readers may see other members than these; the message says why.

    `certain`: some reader takes the bytes for an archive, whatever they begin with.
    """

    def __init__(self, message: str, *, certain: bool = True) -> None:
        super().__init__(message)
        self.certain = certain


@dataclass(frozen=True, slots=True)
class Member:
    """`begin`: where its bytes begin, behind its own local header."""

    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    attributes: int
    header: int
    begin: int

    @property
    def end(self) -> int:
        return self.begin + self.packed


@dataclass(frozen=True, slots=True)
class _Directory:
    begin: int
    size: int
    count: int


def read_directory(stream: BinaryIO, size: int) -> tuple[Member, ...]:
    """All members, in the order of their bytes.

    Raises:
        ZipError: with the first thing that readers may take differently.
    """
    place = _find(stream, size)
    stream.seek(place.begin)
    data = stream.read(place.size)
    members = sorted(_entries(data, place.count, stream), key=lambda member: member.header)
    _check_layout(members, place.begin)
    return tuple(members)


def _find(stream: BinaryIO, size: int) -> _Directory:
    stream.seek(max(0, size - LONGEST_TAIL))
    tail = stream.read(LONGEST_TAIL)
    if END not in tail:
        raise ZipError("has no end of its directory", certain=False)
    if tail.count(END) > 1:
        raise ZipError("has several ends of its directory")
    at = size - len(tail) + tail.index(END)
    record = tail[tail.index(END) :]
    if len(record) < _TAIL.size:
        raise ZipError("is cut off")
    _, disk, first, here, count, length, begin, comment = _TAIL.unpack(record[: _TAIL.size])
    if comment != len(record) - _TAIL.size:
        raise ZipError("goes on after its end")
    if disk or first or here != count:
        raise ZipError("is one of several volumes")
    place = _Directory(begin, length, count)
    if count == 0xFFFF or _FULL in {length, begin}:
        place, at = _find64(stream, at)
    if place.begin + place.size != at:
        raise ZipError("has bytes before it or between its parts")
    if place.size > _LARGEST_DIRECTORY:
        raise ZipError("has a directory of more than 256 MiB")
    return place


def _find64(stream: BinaryIO, end: int) -> tuple[_Directory, int]:
    stream.seek(max(0, end - _LOCATOR.size))
    magic, disk, at, disks = _unpacked(_LOCATOR, stream.read(_LOCATOR.size))
    if magic != b"PK\x06\x07" or disk or disks != 1 or at + _END64.size + _LOCATOR.size != end:
        raise ZipError("has a malformed zip64 end")
    stream.seek(at)
    magic, length, *_, here, count, size, begin = _unpacked(_END64, stream.read(_END64.size))
    if magic != b"PK\x06\x06" or length != _END64.size - 12 or here != count:
        raise ZipError("has a malformed zip64 end")
    return _Directory(begin, size, count), at


def _entries(data: bytes, count: int, stream: BinaryIO) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        fields = _unpacked(_ENTRY, data[at : at + _ENTRY.size])
        if fields[0] != b"PK\x01\x02":
            raise ZipError("has a malformed directory")
        name_at = at + _ENTRY.size
        extra_at = name_at + fields[10]
        at = extra_at + fields[11] + fields[12]
        yield _member(fields, data[name_at:extra_at], data[extra_at : extra_at + fields[11]], stream)
    if at != len(data):
        raise ZipError("has a directory of another length than it says")


def _member(fields: tuple[Any, ...], name: bytes, extra: bytes, stream: BinaryIO) -> Member:
    flags, method, crc = fields[3], fields[4], fields[7]
    wide = _wide(extra)
    size, packed, header = (_widened(value, wide) for value in (fields[9], fields[8], fields[16]))
    stream.seek(header)
    local = _unpacked(_LOCAL, stream.read(_LOCAL.size))
    local_name, local_extra = stream.read(local[9]), stream.read(local[10])
    if local[0] != b"PK\x03\x04" or local_name != name or local[2] != flags or local[3] != method:
        raise ZipError(f"tells of {_text(name)!r} differently in two places")
    local_wide = _wide(local_extra)
    own = local[6], _widened(local[8], local_wide), _widened(local[7], local_wide)
    if own != (crc, size, packed) and not (flags & 8 and not any(own)):
        raise ZipError(f"gives {_text(name)!r} different sizes in two places")
    begin = header + _LOCAL.size + local[9] + local[10]
    return Member(_text(name), method, flags, crc, packed, size, fields[15], header, begin)


def _wide(extra: bytes) -> Iterator[int]:
    """The numbers that are too large for their own field.  Another field gives another name: that is refused."""
    found = b""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 0x7075:
            raise ZipError("gives a member two names")
        if kind == 1:
            if found:
                raise ZipError("gives a member several sizes")
            found = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return iter(struct.unpack(f"<{len(found) // 8}Q", found[: len(found) // 8 * 8]))


def _widened(value: int, wide: Iterator[int]) -> int:
    if value != _FULL:
        return value
    number = next(wide, None)
    if number is None:
        raise ZipError("lacks a size")
    return number


def _check_layout(members: list[Member], directory: int) -> None:
    """Members lie one behind the other, without a byte between that only some readers would see."""
    at = 0
    for member in members:
        allowed = {0, 12, 16, 20, 24} if at else {0}
        if member.header - at not in allowed:
            raise ZipError("has bytes that belong to no member" if member.header > at else "has overlapping members")
        at = member.end
    if directory - at not in {0, 12, 16, 20, 24}:
        raise ZipError("has bytes that belong to no member")


def _unpacked(form: struct.Struct, data: bytes) -> tuple[Any, ...]:
    if len(data) != form.size:
        raise ZipError("is cut off")
    return form.unpack(data)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
