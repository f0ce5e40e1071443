"""Strict safetensors (https://github.com/huggingface/safetensors#format): every byte accounted for, none twice."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_exactly, strict_json
from gitreg.gates.formats.value import Value

_LONGEST_HEADER = 100_000_000  # the reference implementation's own limit
_MOST_DIMENSIONS = 64
_LARGEST = 1 << 63

_BITS: Mapping[str, int] = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
# NumPy's names, and ml_dtypes' for those that NumPy does not have.
_KINDS: Mapping[str, str] = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "F32": "float32", "F64": "float64", "C64": "complex64",
    "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    begin: int
    end: int
    name: str


def check_safetensors(stream: BinaryIO, size: int) -> None:
    """Read the header only.  `size` is the file's, in bytes.

    Raises:
        FormatError: with the first rule broken.
    """
    _read(stream, size)


def safetensors_values(stream: BinaryIO, size: int) -> tuple[Value, ...]:
    """The tensors.  Raises FormatError as the check does."""
    return tuple(
        Value(name, _KINDS.get(entry["dtype"], entry["dtype"]), tuple(entry["shape"]))
        for name, entry in _read(stream, size).items()
    )


def _read(stream: BinaryIO, size: int) -> dict[str, Any]:
    length = header_length(read_exactly(stream, min(8, size), "the header's length"), size)
    header = read_exactly(stream, length, "the header")
    if not header.startswith(b"{"):
        raise FormatError("the header does not begin with {")
    table = strict_json(header, "the header")
    if not isinstance(table, dict):
        raise FormatError("the header is not a table")
    _check_metadata(table.pop("__metadata__", {}))
    _check_contiguous(sorted(_span(name, entry) for name, entry in table.items()), size - 8 - length)
    return table


def header_length(prefix: bytes, size: int) -> int:
    """The header's length from the file's first eight bytes."""
    if len(prefix) < 8:
        raise FormatError("shorter than a header's length")
    (length,) = struct.unpack("<Q", prefix[:8])
    if length > min(_LONGEST_HEADER, size - 8):
        raise FormatError(f"the header claims {length} bytes, the file has {size}")
    return int(length)


def _check_metadata(metadata: object) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FormatError("__metadata__ is not a table of texts")


def _span(name: str, entry: object) -> _Span:
    shown = repr(name[:60])
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise FormatError(f"tensor {shown} must have exactly dtype, shape and data_offsets")
    bits = _bits(entry["dtype"], shown) * _count(entry["shape"], shown)
    offsets = entry["data_offsets"]
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_natural(offset) for offset in offsets):
        raise FormatError(f"tensor {shown} has malformed data_offsets")
    begin, end = offsets
    if bits % 8 or end - begin != bits // 8:
        raise FormatError(f"tensor {shown} has {end - begin} bytes where its dtype and shape need {bits / 8:g}")
    return _Span(begin, end, name)


def _bits(dtype: object, shown: str) -> int:
    bits = _BITS.get(dtype) if isinstance(dtype, str) else None
    if bits is None:
        raise FormatError(f"tensor {shown} has an unknown dtype")
    return bits


def _count(shape: object, shown: str) -> int:
    if not isinstance(shape, list) or len(shape) > _MOST_DIMENSIONS or not all(_natural(n) for n in shape):
        raise FormatError(f"tensor {shown} has a malformed shape")
    count = 1
    for extent in shape:
        count *= extent
    if count >= _LARGEST:
        raise FormatError(f"tensor {shown} is larger than any file")
    return count


def _natural(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _check_contiguous(spans: list[_Span], data_size: int) -> None:
    expected = 0
    for span in spans:
        if span.begin != expected:
            fault = "overlaps the one before" if span.begin < expected else "leaves a gap before it"
            raise FormatError(f"tensor {span.name[:60]!r} {fault}")
        expected = span.end
    if expected != data_size:
        fault = "are cut off" if expected > data_size else "are followed by bytes that belong to none"
        raise FormatError(f"the tensors {fault}")
