"""MessagePack, as Flax and spaCy write it: one table, from the first byte to the last.

msgpack-numpy unpickles arrays of objects, and what an extension means is up to its reader.
https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from gitreg.errors import FormatError
from gitreg.gates.formats.binary import Taken
from gitreg.gates.scan.part import window
from gitreg.gates.scan.pickles.look import look_at_head

if TYPE_CHECKING:
    from gitreg.gates.scan.budget import Meter
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan


class _Kind(Enum):
    BYTES = auto()
    EXTENSION = auto()
    TEXT = auto()
    LIST = auto()
    TABLE = auto()


_FIRST = frozenset(bytes([first]) for first in (*range(0x81, 0x90), 0xDE, 0xDF))  # a table, and not the empty one
# By first byte: the width of the count or length behind it, then what is counted.
_COUNTED: Mapping[int, tuple[int, _Kind]] = {
    0xC4: (1, _Kind.BYTES), 0xC5: (2, _Kind.BYTES), 0xC6: (4, _Kind.BYTES),
    0xC7: (1, _Kind.EXTENSION), 0xC8: (2, _Kind.EXTENSION), 0xC9: (4, _Kind.EXTENSION),
    0xD9: (1, _Kind.TEXT), 0xDA: (2, _Kind.TEXT), 0xDB: (4, _Kind.TEXT),
    0xDC: (2, _Kind.LIST), 0xDD: (4, _Kind.LIST),
    0xDE: (2, _Kind.TABLE), 0xDF: (4, _Kind.TABLE),
}  # fmt: skip
_NUMBERS: Mapping[int, int] = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8,
    0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip
_FIXED_EXTENSIONS: Mapping[int, int] = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
# A time; Flax's arrays, complex numbers and scalars, none of which are unpickled.
_EXTENSIONS = frozenset({0xFF, 1, 2, 3})
# By first byte, where the count stands in the same byte: from, to, what is counted.
_SHORTLY = ((0x80, 0x90, _Kind.TABLE), (0x90, 0xA0, _Kind.LIST), (0xA0, 0xC0, _Kind.TEXT))
_DEEPEST = 100
_LONGEST_TEXT = 16 << 20
_HEAD = 1 << 16
_SHORT = 16
# Of msgpack-numpy's arrays.  NumPy takes objects by other names as well, and within types that are put together.
_ARRAY, _KIND, _TYPE, _OBJECTS = b"nd", b"kind", b"type", b"O"
_NUMBERS_OR_TEXTS = re.compile(rb"[<>=|]?(?:[?biufcSUV]\d{0,9}|[mM]8(?:\[\w{1,2}\])?)")
_ADVICE = "ask for safetensors, or for arrays that hold numbers only"


def look_at_msgpack(part: Part, scan: Scan) -> str | None:
    if part.size is None or part.head(1) not in _FIRST:
        return None
    try:
        with part.open() as stream:
            walk = _Walk(Taken(stream, part.size, scan.meter.step), scan.meter)
            walk.value(0)
    except FormatError:
        return None
    if walk.taken.left:
        return None
    _report(walk, part, scan)
    return "msgpack"


@dataclass(slots=True)
class _Walk:
    """What is there to say is kept until all turns out to be MessagePack: any bytes may begin like it.

    `blobs`: where bytes begin, and how many.  `objects`: tables of arrays of objects; `others`: of
    arrays whose type is none of numbers or texts.
    """

    taken: Taken
    meter: Meter
    blobs: list[tuple[int, int]] = field(default_factory=list)
    extensions: set[int] = field(default_factory=set)
    objects: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    def value(self, depth: int) -> bytes:
        """Of a short text, or short bytes, what it is; of all else, nothing."""
        if depth > _DEEPEST:
            raise FormatError("nests too deep")
        first = self.taken.big(1)
        if first in _NUMBERS:
            self.taken.skip(_NUMBERS[first])
            return b""
        if first < 0x80 or first >= 0xE0:
            return b""
        kind, count = self._counted(first)
        match kind:
            case _Kind.TEXT:
                return self._text(count)
            case _Kind.BYTES:
                return self._bytes(count)
            case _Kind.EXTENSION:
                self._extension(count)
            case _Kind.LIST:
                for _ in range(count):
                    self.value(depth + 1)
            case _Kind.TABLE:
                self._table(count, depth)
            case _:
                assert_never(kind)
        return b""

    def _counted(self, first: int) -> tuple[_Kind, int]:
        for begin, end, kind in _SHORTLY:
            if begin <= first < end:
                return kind, first - begin
        if first in _FIXED_EXTENSIONS:
            return _Kind.EXTENSION, _FIXED_EXTENSIONS[first]
        if first not in _COUNTED:
            raise FormatError("has a value of an unknown kind")
        width, kind = _COUNTED[first]
        return kind, self.taken.big(width)

    def _text(self, length: int) -> bytes:
        if length > _LONGEST_TEXT:
            raise FormatError("has a text that is too long")
        text = self.taken.take(length)
        try:
            text.decode()
        except UnicodeDecodeError:
            raise FormatError("has a text that is not UTF-8") from None
        return text[:_SHORT]

    def _bytes(self, length: int) -> bytes:
        begin = self.taken.at
        head = self.taken.take(min(length, _SHORT))
        self.taken.skip(length - len(head))
        self.meter.member()
        self.blobs.append((begin, length))
        return head

    def _extension(self, length: int) -> None:
        self.extensions.add(self.taken.big(1))
        self._bytes(length)

    def _table(self, count: int, depth: int) -> None:
        begin, array, strange = self.taken.at, False, False
        for _ in range(count):
            key = self.value(depth + 1)
            value = self.value(depth + 1)
            if key == _KIND and value == _OBJECTS:
                self.meter.member()
                self.objects.append(begin)
            array |= key == _ARRAY
            strange |= key == _TYPE and not _NUMBERS_OR_TEXTS.fullmatch(value)
        if array and strange:
            self.meter.member()
            self.others.append(begin)


def _report(walk: _Walk, part: Part, scan: Scan) -> None:
    for begin, length in walk.blobs:
        look_at_head(part.inner(f"bytes at {begin}", length, window(part, begin, length)), scan, _HEAD)
    for begin in walk.objects:
        detail = "holds an array of Python objects, which msgpack-numpy unpickles"
        scan.unsafe(part.within(begin), "msgpack-objects", detail, _ADVICE)
    for begin in walk.others:
        detail = "holds an array of a type that is not looked into, and may be one of Python objects"
        scan.unknown(part.within(begin), "msgpack-type", detail, _ADVICE)
    for number in sorted(walk.extensions - _EXTENSIONS):
        detail = f"has values of the extension {number}, which only their own reader knows"
        scan.unknown(part, "msgpack-extension", detail, _ADVICE)
