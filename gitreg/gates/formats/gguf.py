"""Strict GGUF (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): every value and tensor within the file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_exactly

MAGIC = b"GGUF"
_VERSIONS = frozenset({2, 3})  # the first one had other counts, and is gone
_LONGEST_HEADER = 256 << 20
_MOST_TENSORS = 100_000
_MOST_PAIRS = 100_000
_LONGEST_KEY = 65_535
_LONGEST_NAME = 64
_DEEPEST_ARRAY = 4
_ALIGNMENT = b"general.alignment"
_TEMPLATE = b"tokenizer.chat_template"
_UINT32, _BOOL, _STRING, _ARRAY = 4, 7, 8, 9
_WIDTHS: Mapping[int, int] = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, _BOOL: 1, 10: 8, 11: 8, 12: 8}
# ggml's types: elements and bytes of a block.  From gguf-py/gguf/constants.py, GGML_QUANT_SIZES.
_BLOCKS: Mapping[int, tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36),
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    begin: int
    end: int
    name: bytes


def check_gguf(stream: BinaryIO, size: int) -> None:
    """Read the header only.  `size` is the file's, in bytes.

    Raises:
        FormatError: with the first rule broken.
    """
    header = _Header(stream, min(size, _LONGEST_HEADER))
    tensors, pairs = _counts(header)
    alignment = 32
    for key, value in _pairs(header, pairs):
        alignment = value if key == _ALIGNMENT and isinstance(value, int) else alignment
    spans = [_span(header, alignment) for _ in range(tensors)]
    if len({span.name for span in spans}) != len(spans):
        raise FormatError("has two tensors of one name")
    _check_places(sorted(spans), alignment, size - _aligned(header.place, alignment))


@dataclass(slots=True)
class _Header:
    """The stream, of which no more than `limit` bytes are taken, whatever it claims."""

    stream: BinaryIO
    limit: int
    place: int = 0

    def take(self, count: int) -> bytes:
        self.place += count
        if self.place > self.limit:
            raise FormatError("the header is cut off")
        return read_exactly(self.stream, count, "the header")

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def text(self, longest: int) -> bytes:
        length = self.number(8)
        if length > longest:
            raise FormatError(f"the header has a text of {length} bytes")
        data = self.take(length)
        try:
            data.decode()
        except UnicodeDecodeError:
            raise FormatError("the header has a text that is not UTF-8") from None
        return data


def chat_templates(stream: BinaryIO, size: int) -> Iterator[str]:
    """Texts that a reader renders by Jinja.  Looks at the values only.  Raises FormatError."""
    header = _Header(stream, min(size, _LONGEST_HEADER))
    _, pairs = _counts(header)
    for key, value in _pairs(header, pairs):
        if key.startswith(_TEMPLATE) and isinstance(value, bytes):
            yield value.decode()


def _counts(header: _Header) -> tuple[int, int]:
    if header.take(4) != MAGIC:
        raise FormatError("does not begin as GGUF does")
    version = header.number(4)
    if version not in _VERSIONS:
        raise FormatError("is big-endian GGUF" if version >= 1 << 16 else f"unknown GGUF version {version}")
    tensors, pairs = header.number(8), header.number(8)
    if tensors > _MOST_TENSORS or pairs > _MOST_PAIRS:
        raise FormatError(f"claims {tensors} tensors and {pairs} values")
    return tensors, pairs


def _pairs(header: _Header, count: int) -> Iterator[tuple[bytes, bytes | int | None]]:
    """Check all values; gives texts, and the number that says how tensors are aligned."""
    keys: set[bytes] = set()
    for _ in range(count):
        key = header.text(_LONGEST_KEY)
        if not key or key in keys:
            raise FormatError("has a key twice, or an empty one")
        keys.add(key)
        kind = header.number(4)
        if key == _ALIGNMENT:
            yield key, _alignment(header, kind)
        elif kind == _STRING:
            yield key, header.text(header.limit)
        else:
            _skip_value(header, kind)


def _alignment(header: _Header, kind: int) -> int:
    alignment = header.number(4) if kind == _UINT32 else 0
    if alignment % 8 or not 0 < alignment <= 1 << 20:
        raise FormatError("has an alignment that is no multiple of 8")
    return alignment


def _skip_value(header: _Header, kind: int, depth: int = 0) -> None:
    if kind == _STRING:
        header.text(header.limit)
    elif kind == _ARRAY and depth < _DEEPEST_ARRAY:
        _skip_array(header, depth)
    elif kind == _BOOL:
        _check_truths(header.take(1))
    elif kind in _WIDTHS:
        header.take(_WIDTHS[kind])
    else:
        raise FormatError(f"has a value of an unknown type {kind}, or arrays nested too deep")


def _skip_array(header: _Header, depth: int) -> None:
    kind, count = header.number(4), header.number(8)
    if kind in _WIDTHS:
        data = header.take(_WIDTHS[kind] * count)
        if kind == _BOOL:
            _check_truths(data)
        return
    if count > header.limit // 8:  # each text or array begins with its length
        raise FormatError("the header is cut off")
    for _ in range(count):
        _skip_value(header, kind, depth + 1)


def _check_truths(data: bytes) -> None:
    if data.strip(b"\x00\x01"):
        raise FormatError("has a truth value that is neither 0 nor 1")


def _span(header: _Header, alignment: int) -> _Span:
    name = header.text(_LONGEST_NAME)
    dimensions = header.number(4)
    if not 0 < dimensions <= 4:
        raise FormatError(f"tensor {name!r} has {dimensions} dimensions")
    shape = [header.number(8) for _ in range(dimensions)]
    kind, begin = header.number(4), header.number(8)
    if kind not in _BLOCKS:
        raise FormatError(f"tensor {name!r} has an unknown type {kind}")
    block, width = _BLOCKS[kind]
    if 0 in shape or shape[0] % block:
        raise FormatError(f"tensor {name!r} has a shape that its type cannot hold")
    if begin % alignment:
        raise FormatError(f"tensor {name!r} is not aligned")
    return _Span(begin, begin + math.prod(shape) // block * width, name)


def _check_places(spans: list[_Span], alignment: int, data_size: int) -> None:
    expected = 0
    for span in spans:
        if span.begin != expected:
            fault = "overlaps the one before" if span.begin < expected else "leaves a gap before it"
            raise FormatError(f"tensor {span.name!r} {fault}")
        if span.end > data_size:
            raise FormatError(f"tensor {span.name!r} is cut off")
        expected = _aligned(span.end, alignment)
    if data_size > expected:
        raise FormatError("has bytes after its last tensor")


def _aligned(place: int, alignment: int) -> int:
    return -(-place // alignment) * alignment
