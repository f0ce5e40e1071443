"""Whether what saves and restores a SavedModel does so on the files that its reader names, and on no others.

The place is followed back from each such operation to the one input that readers feed it by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gitreg.errors import FormatError
from gitreg.gates.scan.formats.graph_nodes import MetaGraph, Node, meta_graph, meta_graphs

if TYPE_CHECKING:
    from gitreg.gates.scan.budget import Meter

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
_BYTES_A_STEP = 1 << 8  # of looking for a name


def keep_to_their_place(data: bytes, meter: Meter, *, whole: bool) -> bool:
    """`whole`: a SavedModel, not one graph with what belongs to it (`.meta`)."""
    try:
        return all(_keeps(graph, meter) for graph in (meta_graphs(data) if whole else [meta_graph(data)]))
    except FormatError:
        return False


class _Value(NamedTuple):
    """An input, by its name in a function; in the graph itself, `function` is empty."""

    function: bytes
    name: bytes


def _keeps(graph: MetaGraph, meter: Meter) -> bool:
    trace = _Trace(graph, meter)
    waiting: list[_Value] = []
    for function, body in ((b"", graph.main), *graph.functions.items()):
        for node in body.nodes.values():
            waiting += _values(function, node, _PLACES.get(node.operation, slice(0)))
            trace.calls.setdefault(node.called, []).append((function, node))
    seen: set[_Value] = set()
    while waiting:
        value = waiting.pop()
        if value not in seen:
            seen.add(value)
            before = trace.before(value)
            if before is None:
                return False
            waiting += before
    return not _are_fed({value.name for value in seen if not value.function}, graph, meter)


def _are_fed(names: set[bytes], graph: MetaGraph, meter: Meter) -> bool:
    """Whether anything but the reader's own choice could take the place of one of them."""
    meter.step(len(names) * sum(map(len, graph.feeds)) // _BYTES_A_STEP)
    return any(name in feed for name in names for feed in graph.feeds)


@dataclass(slots=True)
class _Trace:
    """`calls`: of each function, and where they stand.  `closed`: whether nothing but these calls names it."""

    graph: MetaGraph
    meter: Meter
    calls: dict[bytes, list[tuple[bytes, Node]]] = field(default_factory=dict)
    closed: dict[bytes, bool] = field(default_factory=dict)

    def before(self, value: _Value) -> list[_Value] | None:
        """What it is made of; None if that may be any text."""
        body = self.graph.functions[value.function] if value.function else self.graph.main
        at = body.arguments.get(value.name)
        if at is not None:
            return self._given(value.function, at)
        node = body.nodes.get(value.name)
        if node is not None and node.operation in _THROUGH and not node.separator:
            return _values(value.function, node, _THROUGH[node.operation])
        return [] if node is not None and _is_harmless(node, value, self.graph.fed) else None

    def _given(self, function: bytes, at: int) -> list[_Value] | None:
        """By calls alone: whoever else knows the function's name may give it anything."""
        calls = self.calls.get(function, [])
        self.meter.step(1 + len(calls))
        if function not in self.closed:
            self.meter.step(len(self.graph.data) // _BYTES_A_STEP)
            self.closed[function] = self.graph.data.count(function) == 1 + len(calls)
        if not self.closed[function]:
            return None
        return [each for caller, node in calls for each in _values(caller, node, slice(at, at + 1))]


def _is_harmless(node: Node, value: _Value, fed: bytes) -> bool:
    if node.operation == b"Placeholder":
        return not value.function and value.name == fed
    return node.operation == b"Const" and _CONSTANT.fullmatch(node.text) is not None


def _values(function: bytes, node: Node, which: slice) -> list[_Value]:
    return [_Value(function, name.split(b":")[0]) for name in node.inputs[which]]
