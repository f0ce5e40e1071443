"""What runs under TensorFlow Lite's `Flex`: a FlexBuffer (https://flatbuffers.dev/flexbuffers) of a name and a node."""

from __future__ import annotations

from collections.abc import Mapping

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import TEXT, fields_of

_VECTOR, _TEXT = 10, 5
_NODE: Mapping[int, int] = dict.fromkeys(range(1, 8), TEXT)
_OPERATION = 2


def flex_operation(options: bytes) -> bytes:
    """The one operation that the name and the node give.  Raises FormatError if they, or two readers, could differ."""
    name, node = _two_texts(options)
    fields = fields_of(node, 0, len(node), _NODE)
    if [node[field.begin : field.value] for field in fields if field.number == _OPERATION] != [name]:
        raise FormatError("has options that name more than one operation")
    return name


def _two_texts(data: bytes) -> tuple[bytes, bytes]:
    """The root is the last thing, and says first of all how wide its place is."""
    *_, kind, wide = bytes(2) + data
    if kind >> 2 != _VECTOR or wide not in {1, 2, 4, 8}:
        raise FormatError("has options that are no list")
    vector = _target(data, len(data) - 2 - wide, wide)
    width = 1 << (kind & 3)
    if _number(data, vector - width, width) != 2:
        raise FormatError("has options that are not two")
    kinds = vector + 2 * width
    return _text(data, vector, width, kinds), _text(data, vector + width, width, kinds + 1)


def _text(data: bytes, at: int, width: int, kind_at: int) -> bytes:
    kind = _number(data, kind_at, 1)
    if kind >> 2 != _TEXT:
        raise FormatError("has options that are no texts")
    begin = _target(data, at, width)
    length = _number(data, begin - (1 << (kind & 3)), 1 << (kind & 3))
    if length > len(data) - begin:
        raise FormatError("has options that are cut off")
    return data[begin : begin + length]


def _target(data: bytes, at: int, width: int) -> int:
    return at - _number(data, at, width)


def _number(data: bytes, at: int, width: int) -> int:
    if not 0 <= at <= len(data) - width:
        raise FormatError("has options that lead out of themselves")
    return int.from_bytes(data[at : at + width], "little")
