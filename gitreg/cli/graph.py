"""A lineage graph as text, Mermaid and Graphviz.  Both languages get quoted labels and ids of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitreg.cli.lines import Line, Span, dim, line, strong, warn
from gitreg.core.text import escape
from gitreg.operations.lineage import Edge, Lineage, Node

_STEP = "  "


def text_lines(graph: Lineage) -> Iterable[Line]:
    """The focus, what it was made from, and what it went into; each as a tree."""
    nodes = {node.id: node for node in graph.nodes}
    yield line(*_described(nodes[graph.focus]))
    made_from = _Tree(nodes, graph.edges, lambda edge: (edge.target, edge.source))
    went_into = _Tree(nodes, graph.edges, lambda edge: (edge.source, edge.target))
    for title, tree in (("made from", made_from), ("went into", went_into)):
        below = list(tree.below(graph.focus, _STEP, {graph.focus}))
        if below:
            yield line(dim(title))
            yield from below


def mermaid_lines(graph: Lineage) -> Iterable[Line]:
    """A flowchart, as GitHub renders it in Markdown."""
    yield line("flowchart LR")
    names = _names(graph)
    for node in graph.nodes:
        yield line(f'  {names[node.id]}["{_mermaid(_label(node))}"]')
    for edge in graph.edges:
        yield line(f'  {names[edge.source]} -->|"{_mermaid(edge.role)}"| {names[edge.target]}')


def dot_lines(graph: Lineage) -> Iterable[Line]:
    """A digraph for `dot -Tsvg`."""
    yield line("digraph lineage {")
    yield line("  rankdir=LR;")
    names = _names(graph)
    for node in graph.nodes:
        yield line(f"  {names[node.id]} [label={_dot(_label(node))}];")
    for edge in graph.edges:
        yield line(f"  {names[edge.source]} -> {names[edge.target]} [label={_dot(edge.role)}];")
    yield line("}")


class _Tree:
    """The graph unfolded in one direction; what stands above itself already is not unfolded again."""

    def __init__(self, nodes: dict[str, Node], edges: Iterable[Edge], ends: Callable[[Edge], tuple[str, str]]) -> None:
        self._nodes = nodes
        self._next: dict[str, list[tuple[str, str]]] = {}
        for edge in edges:
            start, end = ends(edge)
            self._next.setdefault(start, []).append((end, edge.role))

    def below(self, identity: str, indent: str, above: set[str]) -> Iterable[Line]:
        for end, role in self._next.get(identity, []):
            yield line(indent, *_described(self._nodes[end]), dim(f"  {role}"))
            if end not in above:
                yield from self.below(end, indent + _STEP, above | {end})


def _described(node: Node) -> Line:
    stages: Line = line(f"  {', '.join(node.stages)}") if node.stages else ()
    proof: tuple[Span, ...] = () if node.verified else (warn("  not registered here"),)
    return (strong(node.id), dim(f"  {node.kind}"), *stages, *proof)


def _label(node: Node) -> str:
    return f"{node.id} ({', '.join(node.stages)})" if node.stages else node.id


def _names(graph: Lineage) -> dict[str, str]:
    return {node.id: f"n{index}" for index, node in enumerate(graph.nodes)}


def _mermaid(text: str) -> str:
    return escape(text).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _dot(text: str) -> str:
    return '"' + escape(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
