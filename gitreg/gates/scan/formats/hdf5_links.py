"""HDF5's ways to other files, recognised by how they are written down: links, and data that lies outside.

See https://docs.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, link messages and external data file lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Version, flags of which one says that a kind follows, the kind of links that lead to other files.
_LINK = re.compile(rb"\x01([\x08-\x0f\x18-\x1f])\x40")
_ORDERED, _WITH_CHARSET, _WIDTH = 4, 16, 3
# A list of files in an object's header: kind 7, its size, flags, then version 1, zeros, and slots (room, in use).
_LIST = re.compile(
    rb"\x07(?:\x00(..)[\x00-\x3f]\x00{3}|(..)[\x00-\x3f](?:..)?)\x01\x00{3}([\x01-\xff]\x00)([\x01-\xff]\x00)(.{6}\x00\x00)",
    re.DOTALL,
)
_FIXED, _SLOT = 16, 24  # bytes
_LONGEST = 1 << 12


class WayOut(NamedTuple):
    """Where it stands, and the file that it leads to.  `heap`: where a list keeps names, to prove that it is one."""

    place: int
    file: str
    heap: int | None = None


def ways_out(data: bytes) -> Iterator[WayOut]:
    for match in _LINK.finditer(data):
        if (file := _linked(data, match.end(), match[1][0])) is not None:
            yield WayOut(match.start(), file)
    for match in _LIST.finditer(data):
        size, room, used, heap = (
            int.from_bytes(each, "little") for each in (match[1] or match[2], match[3], match[4], match[5])
        )
        if used <= room and size == _FIXED + _SLOT * room:
            yield WayOut(match.start(), "those in its list of external files", heap)


def _linked(data: bytes, at: int, flags: int) -> str | None:
    """The file's name, if what follows is a name, and a length that exactly two texts with their ends fill."""
    at += (8 if flags & _ORDERED else 0) + (1 if flags & _WITH_CHARSET else 0)
    width = 1 << (flags & _WIDTH)
    length = int.from_bytes(data[at : at + width], "little")
    at += width + length
    size = int.from_bytes(data[at : at + 2], "little")
    if not 0 < length < _LONGEST or not 4 < size < 2 * _LONGEST or at + 2 + size > len(data):
        return None
    texts = data[at + 2 : at + 2 + size]
    parts = texts[1:].split(b"\x00")
    if texts[0] != 0 or len(parts) != 3 or not parts[0] or parts[2]:
        return None
    return parts[0].decode("utf-8", "replace")
