"""ONNX models and TensorFlow's graphs: protocol buffers, the files they reach for, and operations that do more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from gitreg.errors import FormatError
from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.operations import LONGEST, check_operation, does_more, saves
from gitreg.gates.scan.formats.protobuf import fields
from gitreg.gates.scan.formats.pure_operations import PURE
from gitreg.gates.scan.formats.savers import LARGEST, keep_to_their_place

if TYPE_CHECKING:
    from gitreg.gates.scan.budget import Meter
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_LARGEST = 1 << 31
_LONGEST_ENTRY = 1 << 16
_GRAPH, _RAW_DATA, _EXTERNAL = 7, 9, 13
_MODEL_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25})
_DEEPEST = 32
_LONGEST_NAME = 1 << 10
_KEY, _VALUE = 1, 2
_LONGEST_PLACE = 1 << 12
_BEGINS = frozenset({b"\x08", b"\x12", b"\x0a", b"\x3a"})
_ADVICE = "ask for a model whose graph touches no files"


class _Ways(NamedTuple):
    """The fields that lead to a node's operation, and to a function's name."""

    operations: frozenset[tuple[int, ...]]
    functions: frozenset[tuple[int, ...]]


def _ways(*graphs: tuple[int, ...]) -> _Ways:
    operations = frozenset((*graph, *way) for graph in graphs for way in ((1, 2), (2, 1, 3, 2)))
    return _Ways(operations, frozenset((*graph, 2, 1, 1, 1) for graph in graphs))


_SAVED_MODEL = _ways((2, 2), ())  # and a graph alone
_WAYS: Mapping[str, _Ways] = {".pb": _SAVED_MODEL, ".meta": _ways((2,))}


def look_at_graph(part: Part, scan: Scan) -> str | None:
    """ONNX by the wire format; what is no ONNX, is called as TensorFlow calls its graphs and has operations is one."""
    if part.size is None or part.size > _LARGEST or part.head(1) not in _BEGINS:
        return None
    try:
        with part.open() as stream:
            is_onnx = _is_onnx(stream, part.size, scan.meter)
            if not is_onnx and part.suffix not in _WAYS:
                return None
            stream.seek(0)
            graph = _Graph(part, scan, stream, _WAYS.get(part.suffix, _SAVED_MODEL))
            _look_through(graph, part.size)
    except FormatError:
        return None
    if is_onnx:
        return "onnx"
    return "savedmodel" if graph.has_nodes else None


def _is_onnx(stream: BinaryIO, size: int, meter: Meter) -> bool:
    """By its fields, one of which is a graph.  Raises FormatError for what is no protocol buffer."""
    found = set()
    for number, begin, length in fields(stream, size, meter.step):
        found.add(number)
        if number == _GRAPH:
            stream.seek(begin)
            for _ in fields(stream, length, meter.step):
                pass
    return _GRAPH in found and found <= _MODEL_FIELDS


@dataclass(slots=True)
class _Graph:
    """`operations`: each one to say something about, and where it stood first.  `functions`: those it holds itself."""

    part: Part
    scan: Scan
    stream: BinaryIO
    ways: _Ways
    operations: dict[bytes, int] = field(default_factory=dict)
    functions: set[bytes] = field(default_factory=set)
    has_nodes: bool = False


def _look_through(graph: _Graph, size: int) -> None:
    """What was seen before the budget ended is said, too."""
    kept = False
    try:
        _walk(graph, size, ())
        kept = saves(graph.operations) and _keeps_to_its_place(graph.part, graph.scan.meter)
    finally:
        for name, begin in graph.operations.items():
            if (name not in graph.functions or does_more(name)) and not (kept and saves([name])):
                check_operation(graph.part.within(begin), graph.scan, name)


def _keeps_to_its_place(part: Part, meter: Meter) -> bool:
    data = part.head(LARGEST + 1)
    return len(data) <= LARGEST and keep_to_their_place(data, meter, whole=part.suffix != ".meta")


def _walk(graph: _Graph, size: int, way: tuple[int, ...]) -> None:
    """Every message inside that could be an operation or an external tensor's place.

    Whatever is no message is passed over from where it stops being one, as is raw data.
    """
    if len(way) > _DEEPEST:
        graph.scan.unknown(graph.part, "graph-depth", "nests its graphs too deep", _ADVICE)
        return
    for number, begin, length in fields(graph.stream, size, graph.scan.meter.step):
        _note_name(graph, (*way, number), begin, length)
        if length < 2 or (number == _RAW_DATA and length > _LONGEST_ENTRY):
            continue
        try:
            graph.stream.seek(begin)
            if number == _EXTERNAL:
                _check_place(graph, begin, length)
            graph.stream.seek(begin)
            _walk(graph, length, (*way, number))
        except FormatError:
            continue


def _note_name(graph: _Graph, way: tuple[int, ...], begin: int, length: int) -> None:
    """What does more than compute is noted wherever it stands; what nobody knows, where a node has its operation."""
    if length > LONGEST and way not in graph.ways.operations and way not in graph.ways.functions:
        return
    graph.stream.seek(begin)
    name = graph.stream.read(min(length, _LONGEST_NAME))
    if way in graph.ways.functions and name not in graph.functions:
        graph.scan.meter.member()
        graph.functions.add(name)
    if way in graph.ways.operations:
        graph.has_nodes = True
    if name not in graph.operations and (does_more(name) or (way in graph.ways.operations and name not in PURE)):
        graph.scan.meter.member()
        graph.operations[name] = begin


def _check_place(graph: _Graph, begin: int, size: int) -> None:
    """A `StringStringEntryProto` of the key `location` must be a path inside.  Of several values, the last counts."""
    texts: dict[int, bytes] = {}
    for number, at, length in fields(graph.stream, size, graph.scan.meter.step):
        graph.stream.seek(at)
        texts[number] = graph.stream.read(min(length, _LONGEST_PLACE))
    if texts.get(_KEY) != b"location":
        return
    place = texts.get(_VALUE, b"").decode("utf-8", "surrogateescape")
    if place.startswith(("/", "\\")) or ":" in place or ".." in re.split(r"[/\\]", place) or "\x00" in place:
        detail = f"reads its weights from {shown(place)}, outside of the artifact"
        graph.scan.unsafe(graph.part.within(begin), "onnx-external", detail, _ADVICE)
