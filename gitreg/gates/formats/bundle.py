"""The index of a TensorFlow checkpoint: a sorted table of where each tensor lies in the files beside it.

Follows tensorflow/core/lib/io/table_format.txt and tensorflow/core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import FOUR, NUMBER, TEXT, fields_of, varint

MAGIC = bytes.fromhex("57fb808b247547db")  # at the end
LARGEST = 256 << 20
_FOOTER = 48
_TRAILER = 5  # kind of compression and checksum
_HEADER: Mapping[int, int] = {1: NUMBER, 2: NUMBER, 3: TEXT}
_ENTRY: Mapping[int, int] = {1: NUMBER, 2: TEXT, 3: NUMBER, 4: NUMBER, 5: NUMBER, 6: FOUR, 7: TEXT}
_SHARD, _OFFSET, _SIZE = 3, 4, 5


class Extent(NamedTuple):
    """Bytes of one tensor, in the file of this number."""

    shard: int
    offset: int
    size: int


class Bundle(NamedTuple):
    shards: int
    extents: tuple[Extent, ...]


def read_bundle(data: bytes) -> Bundle:
    """Raises FormatError for what is no index of a checkpoint, to its last field."""
    if len(data) < _FOOTER or not data.endswith(MAGIC):
        raise FormatError("does not end as a table does")
    at = len(data) - _FOOTER
    for _ in range(2):  # the table about tables, which is empty
        _, at = varint(data, at, len(data))
    shards, extents = 0, []
    for _, handle in _block(data, *_handle(data, at, len(data))):
        for key, value in _block(data, *_handle(handle, 0, len(handle))):
            if key:
                extents.append(_extent(value))
            else:
                shards = _numbers(value, _HEADER).get(1, 0)
    if not shards:
        raise FormatError("does not say how many files belong to it")
    return Bundle(shards, tuple(extents))


def _extent(value: bytes) -> Extent:
    numbers = _numbers(value, _ENTRY)
    return Extent(numbers.get(_SHARD, 0), numbers.get(_OFFSET, 0), numbers.get(_SIZE, 0))


def _numbers(message: bytes, known: Mapping[int, int]) -> dict[int, int]:
    return {field.number: field.value for field in fields_of(message, 0, len(message), known) if field.kind == NUMBER}


def _handle(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where a block begins, and its length."""
    begin, at = varint(data, at, end)
    length, _ = varint(data, at, end)
    return begin, length


def _block(data: bytes, begin: int, length: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values; of a key, only what the one before does not begin with is written."""
    if begin + length + _TRAILER > len(data) or length < 4:
        raise FormatError("has a block outside of itself")
    if data[begin + length]:
        raise FormatError("has a compressed block, which checkpoints do not have")
    restarts = int.from_bytes(data[begin + length - 4 : begin + length], "little")
    at, end, key = begin, begin + length - 4 * (restarts + 1), b""
    while at < end:
        shared, at = varint(data, at, end)
        own, at = varint(data, at, end)
        size, at = varint(data, at, end)
        if shared > len(key) or own + size > end - at:
            raise FormatError("has an entry that is cut off")
        key = key[:shared] + data[at : at + own]
        yield key, data[at + own : at + own + size]
        at += own + size
