"""A SavedModel's graphs as nodes and their inputs, by the letter: whatever readers could merge or skip is refused.

Fields: saved_model, meta_graph and saver in tensorflow/core/protobuf; graph, function and node_def in core/framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import FOUR, NUMBER, TEXT, fields_of

_T = TypeVar("_T")
_Schema = Mapping[int, int]

_SAVED_MODEL: _Schema = {1: NUMBER, 2: TEXT}
_META_GRAPH: _Schema = dict.fromkeys(range(1, 8), TEXT)
_SAVER: _Schema = {1: TEXT, 2: TEXT, 3: TEXT, 4: NUMBER, 5: NUMBER, 6: FOUR, 7: NUMBER}
_GRAPH: _Schema = {1: TEXT, 2: TEXT, 3: NUMBER, 4: TEXT, 5: TEXT}
_LIBRARY: _Schema = {1: TEXT, 2: TEXT, 3: TEXT}
_FUNCTION: _Schema = {1: TEXT, 3: TEXT, 4: TEXT, 5: TEXT, 6: TEXT, 7: TEXT, 8: TEXT}
_SIGNATURE: _Schema = {**dict.fromkeys((1, 2, 3, 4, 5, 6, 8, 20), TEXT), **dict.fromkeys((16, 17, 18, 19, 21), NUMBER)}
# Without 5 and 6, by which one argument takes several inputs, and those behind it shift.
_ARGUMENT: _Schema = {**dict.fromkeys((1, 2, 4, 7, 17), TEXT), 3: NUMBER, 16: NUMBER}
_NODE: _Schema = dict.fromkeys(range(1, 8), TEXT)
_ENTRY: _Schema = {1: TEXT, 2: TEXT}
_TENSOR: _Schema = {1: NUMBER, 2: TEXT, 8: TEXT}
_CONST, _CALLS = b"Const", frozenset({b"PartitionedCall", b"StatefulPartitionedCall"})


@dataclass(frozen=True, slots=True)
class Node:
    """`text`: of a constant, its one text.  `separator`: what joined texts have between them."""

    operation: bytes
    inputs: tuple[bytes, ...]
    called: bytes = b""
    text: bytes = b""
    separator: bytes = b""


@dataclass(frozen=True, slots=True)
class Body:
    """Of a function, or of the graph itself, which has no arguments.  `arguments`: and their positions."""

    arguments: Mapping[bytes, int]
    nodes: Mapping[bytes, Node]


@dataclass(frozen=True, slots=True)
class MetaGraph:
    """`fed`: the input by which a reader says where the variables are.  `data`: all of it, as it is written.

    `feeds`: collections, signatures and assets, by which readers give other tensors of the graph what these say.
    """

    main: Body
    functions: Mapping[bytes, Body]
    fed: bytes
    feeds: tuple[bytes, ...]
    data: bytes


def meta_graphs(data: bytes) -> Iterator[MetaGraph]:
    """Of a SavedModel.  Raises FormatError."""
    for each in _texts(data, _SAVED_MODEL).get(2, []):
        yield meta_graph(each)


def meta_graph(data: bytes) -> MetaGraph:
    """Raises FormatError."""
    parts = _texts(data, _META_GRAPH)
    graph = _texts(_one(parts, 2), _GRAPH)
    library = _texts(_one(graph, 2), _LIBRARY)
    fed = _one(_texts(_one(parts, 3), _SAVER), 1).removesuffix(b":0")
    functions = _unique(_function(each) for each in library.get(1, []))
    feeds = tuple(each for number in (4, 5, 6) for each in parts.get(number, []))
    return MetaGraph(_body([], graph.get(1, [])), functions, fed, feeds, data)


def _function(data: bytes) -> tuple[bytes, Body]:
    parts = _texts(data, _FUNCTION)
    signature = _texts(_one(parts, 1), _SIGNATURE)
    arguments = [_one(_texts(argument, _ARGUMENT), 1) for argument in signature.get(2, [])]
    name = _one(signature, 1)
    if not name:
        raise FormatError("has a function without a name")
    return name, _body(arguments, parts.get(3, []))


def _body(arguments: list[bytes], nodes: list[bytes]) -> Body:
    named = _unique(_node(node) for node in nodes)
    positions = {argument: at for at, argument in enumerate(arguments)}
    if len(positions) != len(arguments) or named.keys() & positions.keys():
        raise FormatError("has one name twice")
    return Body(positions, named)


def _node(data: bytes) -> tuple[bytes, Node]:
    parts = _texts(data, _NODE)
    attributes = _unique(_entry(each) for each in parts.get(5, []))
    operation = _one(parts, 2)
    inputs = tuple(name for name in parts.get(3, []) if not name.startswith(b"^"))
    if operation in _CALLS:
        return _one(parts, 1), Node(operation, inputs, called=_one(_texts(_value(attributes, b"f", 10), _ENTRY), 1))
    if operation == _CONST and (value := _value(attributes, b"value", 8)) and value.startswith(b"\x08\x07"):
        texts = _texts(value, _TENSOR).get(8, [])
        return _one(parts, 1), Node(operation, inputs, text=texts[0] if len(texts) == 1 else b"")
    return _one(parts, 1), Node(operation, inputs, separator=_value(attributes, b"separator", 2))


def _entry(data: bytes) -> tuple[bytes, bytes]:
    parts = _texts(data, _ENTRY)
    return _one(parts, 1), _one(parts, 2)


def _value(attributes: Mapping[bytes, bytes], name: bytes, number: int) -> bytes:
    """Of this kind: in a function's body, a value of another may be one that each call gives."""
    return _one(_texts(attributes[name], {number: TEXT}), number) if name in attributes else b""


def _texts(message: bytes, schema: _Schema) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for field in fields_of(message, 0, len(message), schema):
        if field.kind == TEXT:
            found.setdefault(field.number, []).append(message[field.begin : field.value])
    return found


def _one(parts: Mapping[int, list[bytes]], number: int) -> bytes:
    """Readers would merge several, or take the last."""
    found = parts.get(number, [])
    if len(found) > 1:
        raise FormatError("says one thing twice")
    return found[0] if found else b""


def _unique(pairs: Iterable[tuple[bytes, _T]]) -> dict[bytes, _T]:
    found: dict[bytes, _T] = {}
    for name, each in pairs:
        if name in found:
            raise FormatError("has one name twice")
        found[name] = each
    return found
