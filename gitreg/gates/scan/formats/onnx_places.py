"""Which bytes of a file beside it an ONNX model takes for its tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.scan.formats.protobuf import fields, inside

if TYPE_CHECKING:
    from gitreg.gates.scan.budget import Meter
    from gitreg.gates.scan.part import Part

_GRAPH, _INITIALIZER, _EXTERNAL = 7, 5, 13
_KEY, _VALUE = 1, 2
_LONGEST_TEXT = 1 << 12
_LONGEST_NUMBER = 15


def places_in(model: Part, data: Part, meter: Meter) -> Iterator[tuple[int, int]]:
    """Offsets and sizes in `data`.  Raises FormatError."""
    whole = 0, model.size or 0
    with model.open() as stream:
        for graph in inside(stream, whole, _GRAPH, meter.step):
            for tensor in inside(stream, graph, _INITIALIZER, meter.step):
                texts = dict(
                    _entry(stream, entry, meter.step) for entry in inside(stream, tensor, _EXTERNAL, meter.step)
                )
                if texts.get(b"location") == data.name.encode():
                    yield _number(texts, b"offset", 0), _number(texts, b"length", data.size or 0)


def _entry(stream: BinaryIO, place: tuple[int, int], step: Callable[[], None]) -> tuple[bytes, bytes]:
    texts: dict[int, bytes] = {}
    stream.seek(place[0])
    for number, at, length in fields(stream, place[1], step):
        stream.seek(at)
        texts[number] = stream.read(min(length, _LONGEST_TEXT))
    return texts.get(_KEY, b""), texts.get(_VALUE, b"")


def _number(texts: dict[bytes, bytes], key: bytes, otherwise: int) -> int:
    text = texts.get(key)
    if text is None:
        return otherwise
    if not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise FormatError("has an offset that is no number")
    return int(text)
