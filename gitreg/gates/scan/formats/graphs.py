"""ONNX models and TensorFlow's SavedModels: graphs in protocol buffers, and the files they reach for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.protobuf import fields

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_OPERATIONS = re.compile(
    rb"(ReadFile|WriteFile|MatchingFiles|PyFunc|PyFuncStateless|EagerPyFunc|PrintV2|SaveV2|MergeV2Checkpoints|"
    rb"ImmutableConst|LoadDataset|SaveDataset|ShardedFilename)"
)
_LARGEST = 1 << 31
_LONGEST_ENTRY = 1 << 16
_GRAPH, _RAW_DATA, _EXTERNAL = 7, 9, 13
_MODEL_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25})
_DEEPEST = 32
_LOCATION = b"\x0a\x08location\x12"
_ADVICE = "ask for a model whose graph touches no files"


def look_at_graph(part: Part, scan: Scan) -> str | None:
    """By the wire format; the name's ending only says which of the two it claims to be."""
    if part.size is None or part.size > _LARGEST or part.head(1) not in {b"\x08", b"\x12", b"\x0a", b"\x3a"}:
        return None
    try:
        with part.open() as stream:
            top = list(fields(stream, part.size))
            if part.suffix == ".pb":
                return _saved_model(part, scan, stream)
            if any(number not in _MODEL_FIELDS for number, _, _ in top) or _GRAPH not in {
                number for number, _, _ in top
            }:
                return None
            for number, begin, length in top:
                if number == _GRAPH:
                    stream.seek(begin)
                    _walk(part, scan, stream, length, 0)
    except FormatError:
        return None
    return "onnx"


def _walk(part: Part, scan: Scan, stream: BinaryIO, size: int, depth: int) -> None:
    """Every message inside that could hold an external tensor's place.  Raw data that is no message is passed over."""
    if depth > _DEEPEST:
        scan.unknown(part, "onnx-depth", "nests its graphs too deep", _ADVICE)
        return
    for number, begin, length in list(fields(stream, size)):
        scan.meter.opcode()
        stream.seek(begin)
        if number == _EXTERNAL and length <= _LONGEST_ENTRY:
            _check_place(part, scan, stream.read(length))
        elif length > 1 and not (number == _RAW_DATA and length > _LONGEST_ENTRY):
            try:
                _walk(part, scan, stream, length, depth + 1)
            except FormatError:
                continue


def _check_place(part: Part, scan: Scan, entry: bytes) -> None:
    """A `StringStringEntryProto` of the key `location`."""
    if not entry.startswith(_LOCATION):
        return
    place = entry[len(_LOCATION) + 1 :].decode("utf-8", "surrogateescape")
    if place.startswith(("/", "\\")) or ":" in place or ".." in re.split(r"[/\\]", place) or "\x00" in place:
        scan.unsafe(part, "onnx-external", f"reads its weights from {shown(place)}, outside of the artifact", _ADVICE)


def _saved_model(part: Part, scan: Scan, stream: BinaryIO) -> str:
    stream.seek(0)
    overlap, before = 64, b""
    found: set[str] = set()
    while piece := stream.read(1 << 20):
        found |= {match[1].decode() for match in _OPERATIONS.finditer(before + piece)}
        before = piece[-overlap:]
    for name in sorted(found):
        scan.unsafe(part, "savedmodel-op", f"has the operation {name}, which touches files or calls Python", _ADVICE)
    return "savedmodel"
