"""Whether what saves and restores a SavedModel does so on the files that its reader names, and on no others.

The place is followed back from each such operation to the one input that readers feed it by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from gitreg.errors import FormatError
from gitreg.gates.scan.formats.graph_nodes import MetaGraph, Node, meta_graph, meta_graphs

LARGEST = 256 << 20
# Which inputs are names of files.
_PLACES: Mapping[bytes, slice] = {
    b"SaveV2": slice(1), b"RestoreV2": slice(1), b"Restore": slice(1), b"RestoreSlice": slice(1),
    b"ShardedFilename": slice(1), b"MergeV2Checkpoints": slice(2),
}  # fmt: skip
# What hands a name on, and from which inputs.
_THROUGH: Mapping[bytes, slice] = {
    b"Identity": slice(1), b"PlaceholderWithDefault": slice(1), b"ShardedFilename": slice(1),
    b"Select": slice(1, 3), b"SelectV2": slice(1, 3), b"StringJoin": slice(None), b"Pack": slice(None),
}  # fmt: skip
# Relative, and TensorFlow's own choice.
_CONSTANT = re.compile(rb"model|\.part|_temp(?:_[0-9a-f]{32})?/part")
_MOST_FUNCTIONS = 100  # each is looked for in all of the graph


def keep_to_their_place(data: bytes, *, whole: bool) -> bool:
    """`whole`: a SavedModel, not one graph with what belongs to it (`.meta`)."""
    try:
        return all(_keeps(graph) for graph in (meta_graphs(data) if whole else [meta_graph(data)]))
    except FormatError:
        return False


class _Value(NamedTuple):
    """An input, by its name in a function; in the graph itself, `function` is empty."""

    function: bytes
    name: bytes


def _keeps(graph: MetaGraph) -> bool:
    calls: dict[bytes, list[tuple[bytes, Node]]] = {}
    waiting: list[_Value] = []
    for function, body in ((b"", graph.main), *graph.functions.items()):
        for node in body.nodes.values():
            waiting += _values(function, node, _PLACES.get(node.operation, slice(0)))
            calls.setdefault(node.called, []).append((function, node))
    seen: set[_Value] = set()
    functions: set[bytes] = set()
    while waiting:
        value = waiting.pop()
        if value not in seen:
            seen.add(value)
            functions.add(value.function)
            before = _before(graph, value, calls)
            if before is None or len(functions) > _MOST_FUNCTIONS:
                return False
            waiting += before
    return True


def _before(graph: MetaGraph, value: _Value, calls: Mapping[bytes, list[tuple[bytes, Node]]]) -> list[_Value] | None:
    """What it is made of; None if that may be any text."""
    body = graph.functions[value.function] if value.function else graph.main
    if value.name in body.arguments:
        # by calls alone: whoever else knows the function's name may give it anything
        known = calls.get(value.function, [])
        if graph.data.count(value.function) != 1 + len(known):
            return None
        at = body.arguments.index(value.name)
        return [each for function, node in known for each in _values(function, node, slice(at, at + 1))]
    node = body.nodes.get(value.name)
    if node is not None and node.operation in _THROUGH and not node.separator:
        return _values(value.function, node, _THROUGH[node.operation])
    return [] if node is not None and _is_harmless(node, value, graph.fed) else None


def _is_harmless(node: Node, value: _Value, fed: bytes) -> bool:
    if node.operation == b"Placeholder":
        return not value.function and value.name == fed
    return node.operation == b"Const" and _CONSTANT.fullmatch(node.text) is not None


def _values(function: bytes, node: Node, which: slice) -> list[_Value]:
    return [_Value(function, name.split(b":")[0]) for name in node.inputs[which]]
