"""The index of a TensorFlow checkpoint: a sorted table of where each tensor lies in the files beside it.

Follows tensorflow/core/lib/io/table_format.txt and tensorflow/core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import FOUR, NUMBER, TEXT, fields_of, varint

MAGIC = bytes.fromhex("57fb808b247547db")  # at the end
LARGEST = 256 << 20
_FOOTER = 48
_TRAILER = 5  # kind of compression and checksum
_ENTRY_COST = 16  # of what is made of one, in bytes to be looked at
_HEADER: Mapping[int, int] = {1: NUMBER, 2: NUMBER, 3: TEXT}
_ENTRY: Mapping[int, int] = {1: NUMBER, 2: TEXT, 3: NUMBER, 4: NUMBER, 5: NUMBER, 6: FOUR, 7: TEXT}
_TYPE, _SHAPE, _SHARD, _OFFSET, _SIZE, _SLICES = 1, 2, 3, 4, 5, 7
_SHAPE_FIELDS: Mapping[int, int] = {2: TEXT, 3: NUMBER}
_DIMENSION: Mapping[int, int] = {1: NUMBER, 2: TEXT}
_MOST_DIMENSIONS = 254
# tensorflow/core/framework/types.proto: bytes of each number; of texts and variants, only the entry says how many.
_WIDTHS: Mapping[int, int] = {
    1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 2, 16: 2, 17: 2, 18: 16,
    19: 2, 22: 4, 23: 8, 24: 1, 25: 1, 29: 1, 30: 1,
}  # fmt: skip
_OF_ANY_SIZE = frozenset({7, 21})


class Extent(NamedTuple):
    """Bytes of one tensor, in the file of this number."""

    shard: int
    offset: int
    size: int


class Bundle(NamedTuple):
    shards: int
    extents: tuple[Extent, ...]


def read_bundle(data: bytes, charge: Callable[[int], None]) -> Bundle:
    """`charge`: told how many bytes are read, and may stop a reading that takes too long.

    Raises:
        FormatError: no index of a checkpoint, from its first byte to its last.
    """
    if len(data) < _FOOTER or not data.endswith(MAGIC):
        raise FormatError("does not end as a table does")
    table = _Table(data, charge)
    footer = len(data) - _FOOTER
    about, at = _handle(data, footer, len(data))
    index, at = _handle(data, at, len(data))
    if data[at : -len(MAGIC)].strip(b"\0"):
        raise FormatError("has bytes behind its last block")
    rows = [row for block in _listed(table, index) for row in table.block(block)]
    if any(table.block(about)):
        raise FormatError("has a block about its blocks, which checkpoints do not have")
    table.skip(index)
    if table.reached != footer:
        raise FormatError("has bytes behind its last block")
    return _bundle(rows)


def _listed(table: _Table, index: _Handle) -> Iterator[_Handle]:
    for _, value in table.rows(index):
        handle, at = _handle(value, 0, len(value))
        if at != len(value):
            raise FormatError("has a block outside of itself")
        yield handle


def _bundle(rows: list[tuple[bytes, bytes]]) -> Bundle:
    keys = [key for key, _ in rows]
    if not rows or keys[0] or any(key <= before for before, key in pairwise(keys)):
        raise FormatError("is not sorted, or does not begin by saying how many files belong to it")
    shards = _numbers(rows[0][1], _HEADER).get(1, 0)
    if not shards:
        raise FormatError("does not say how many files belong to it")
    return Bundle(shards, tuple(_extent(value) for _, value in rows[1:]))


def _extent(value: bytes) -> Extent:
    numbers = _numbers(value, _ENTRY)
    extent = Extent(numbers.get(_SHARD, 0), numbers.get(_OFFSET, 0), numbers.get(_SIZE, 0))
    kind = numbers.get(_TYPE, 0)
    if kind not in _OF_ANY_SIZE and extent.size != _size(value, kind):
        raise FormatError("has a tensor of another size than its numbers")
    return extent


def _size(entry: bytes, kind: int) -> int:
    """Of one that is saved in slices, they have the numbers."""
    if _texts(entry, _ENTRY, _SLICES):
        return 0
    dimensions = [each for shape in _texts(entry, _ENTRY, _SHAPE) for each in _texts(shape, _SHAPE_FIELDS, 2)]
    if kind not in _WIDTHS or len(dimensions) > _MOST_DIMENSIONS:
        raise FormatError("has a tensor of a type or shape that does not exist")
    return _WIDTHS[kind] * prod(_numbers(each, _DIMENSION).get(1, 0) for each in dimensions)


def _texts(message: bytes, known: Mapping[int, int], number: int) -> list[bytes]:
    fields = fields_of(message, 0, len(message), known)
    return [message[each.begin : each.value] for each in fields if each.number == number]


def _numbers(message: bytes, known: Mapping[int, int]) -> dict[int, int]:
    return {field.number: field.value for field in fields_of(message, 0, len(message), known) if field.kind == NUMBER}


class _Handle(NamedTuple):
    begin: int
    length: int


def _handle(data: bytes, at: int, end: int) -> tuple[_Handle, int]:
    """Where a block is, and where its handle ends."""
    begin, at = varint(data, at, end)
    length, at = varint(data, at, end)
    return _Handle(begin, length), at


@dataclass(slots=True)
class _Table:
    """`reached`: blocks lie one behind the other, so that each byte is read once and none is anybody else's."""

    data: bytes
    charge: Callable[[int], None]
    reached: int = 0

    def block(self, handle: _Handle) -> Iterator[tuple[bytes, bytes]]:
        self.skip(handle)
        return self.rows(handle)

    def skip(self, handle: _Handle) -> None:
        if handle.begin != self.reached:
            raise FormatError("has a block that does not begin where the one before ends")
        self.reached = handle.begin + handle.length + _TRAILER

    def rows(self, handle: _Handle) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values; of a key, only what the one before does not begin with is written."""
        data, (begin, length) = self.data, handle
        if begin + length + _TRAILER > len(data) or length < 8:
            raise FormatError("has a block outside of itself")
        if data[begin + length]:
            raise FormatError("has a compressed block, which checkpoints do not have")
        restarts = int.from_bytes(data[begin + length - 4 : begin + length], "little")
        end, starts = begin + length - 4 * (restarts + 1), {begin}
        for start, key, value in _entries(data, begin, end, self.charge):
            starts.add(start)
            yield key, value
        places = range(end, begin + length - 4, 4)
        if end < begin or any(begin + int.from_bytes(data[at : at + 4], "little") not in starts for at in places):
            raise FormatError("has a way to its entries that leads elsewhere")


def _entries(data: bytes, at: int, end: int, charge: Callable[[int], None]) -> Iterator[tuple[int, bytes, bytes]]:
    begin, key = at, b""
    while at < end:
        start = at
        shared, at = varint(data, at, end)
        own, at = varint(data, at, end)
        size, at = varint(data, at, end)
        if shared > len(key) or own + size > end - at:
            raise FormatError("has an entry that is cut off")
        charge(_ENTRY_COST + shared + own + size)
        before, key = key, key[:shared] + data[at : at + own]
        if start > begin and key <= before:
            raise FormatError("is not sorted within a block")
        at += own + size
        yield start, key, data[at - size : at]
