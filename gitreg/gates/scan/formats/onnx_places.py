"""Which bytes of a file beside it an ONNX model takes for its tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import NUMBER, TEXT, Field, fields_of
from gitreg.gates.scan.formats.protobuf import inside

if TYPE_CHECKING:
    from gitreg.gates.scan.budget import Meter
    from gitreg.gates.scan.part import Part

_GRAPH, _INITIALIZER = 7, 5
# onnx.proto, TensorProto: what there is of a tensor whose numbers are elsewhere.
_DIMENSION, _TYPE, _EXTERNAL, _LOCATION = 1, 2, 13, 14
_TENSOR: Mapping[int, int] = {
    _DIMENSION: NUMBER, _TYPE: NUMBER, 8: TEXT, 12: TEXT, _EXTERNAL: TEXT, _LOCATION: NUMBER, 16: TEXT
}  # fmt: skip
_ENTRY: Mapping[int, int] = {1: TEXT, 2: TEXT}
_OUTSIDE = 1
# TensorProto.DataType: bits of each number.  Texts cannot be outside.
_BITS: Mapping[int, int] = {
    1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
    17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8,
}  # fmt: skip
_LONGEST_TENSOR = 1 << 12
_LONGEST_NUMBER = 15


def places_in(model: Part, data: Part, meter: Meter) -> Iterator[tuple[int, int]]:
    """Offsets and sizes in `data`.  Raises FormatError."""
    whole = 0, model.size or 0
    with model.open() as stream:
        for graph in inside(stream, whole, _GRAPH, meter.step):
            for begin, length in inside(stream, graph, _INITIALIZER, meter.step):
                if length <= _LONGEST_TENSOR:
                    stream.seek(begin)
                    yield from _place(stream.read(length), data.name.encode(), meter)


def _place(tensor: bytes, name: bytes, meter: Meter) -> Iterator[tuple[int, int]]:
    """Nothing of a tensor that is in the model itself, or in another file."""
    try:
        fields = list(fields_of(tensor, 0, len(tensor), _TENSOR))
    except FormatError:
        return
    meter.step(len(fields))
    entries = [_entry(tensor, field) for field in fields if field.number == _EXTERNAL]
    texts = dict(entries)
    if texts.get(b"location") != name or _OUTSIDE not in _numbers(fields, _LOCATION):
        return
    size = _size(fields)
    if len(texts) != len(entries) or _number(texts, b"length", size) != size:
        raise FormatError("has a tensor of another size than its numbers")
    yield _number(texts, b"offset", 0), size


def _size(fields: list[Field]) -> int:
    (kind,) = _numbers(fields, _TYPE)[-1:] or [0]
    return -(-_BITS.get(kind, 0) * prod(_numbers(fields, _DIMENSION)) // 8)


def _numbers(fields: list[Field], number: int) -> list[int]:
    return [field.value for field in fields if field.number == number]


def _entry(tensor: bytes, entry: Field) -> tuple[bytes, bytes]:
    texts = {
        each.number: tensor[each.begin : each.value] for each in fields_of(tensor, entry.begin, entry.value, _ENTRY)
    }
    return texts.get(1, b""), texts.get(2, b"")


def _number(texts: dict[bytes, bytes], key: bytes, otherwise: int) -> int:
    text = texts.get(key)
    if text is None:
        return otherwise
    if not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise FormatError("has an offset that is no number")
    return int(text)
