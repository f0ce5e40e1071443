"""Lineage: what a version was made from, and what was made from it, by the manifests that pointers recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from gitreg.core.digest import Digest
from gitreg.core.event import Registration
from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.pointer import LineageEntry, Pointer, parse_pointer
from gitreg.core.reference import Reference
from gitreg.core.version import Version
from gitreg.operations.context import Context
from gitreg.operations.facts import facts_on
from gitreg.operations.ground import Ground
from gitreg.operations.resolve import Draft, find
from gitreg.operations.stages import stage_states
from gitreg.trust.facts import Facts, Verified
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class Node:
    """An artifact in the graph; one that is not registered here has no version and is not verified."""

    id: str
    kind: str
    model: str
    version: Version | None
    manifest: Digest
    commit: Oid | None
    stages: tuple[StageName, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` went into `target`, as its `role`."""

    source: str
    target: str
    role: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The part of the graph around `focus`: ancestors and descendants, nearest first."""

    focus: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class _Artifact:
    node: Node
    lineage: tuple[LineageEntry, ...]


def lineage(context: Context, reference: Reference) -> Lineage:
    """The graph around a version or a working pointer.  Raises NotFoundError, VerificationError."""
    found = find(context, reference)
    with Ground(context) as ground:
        models = ground.survey().tags.models()
        known = {artifact.node.id: artifact for model in models for artifact in _versions(ground, model)}
    if isinstance(found, Draft):
        focus = _draft(found.pointer, found.pointer_path)
        known[focus.node.id] = focus
    else:
        focus = known[f"{found.model}@{found.version}"]
    graph = _Graph(known.values())
    graph.ancestors(focus)
    graph.descendants(focus)
    return Lineage(focus.node.id, tuple(graph.nodes.values()), tuple(dict.fromkeys(graph.edges)))


class _Graph:
    """Walks both ways; every artifact is visited once, so that loops end."""

    def __init__(self, known: Iterable[_Artifact]) -> None:
        self._known = {artifact.node.id: artifact for artifact in known}
        self._holders: dict[Digest, _Artifact] = {}  # of each manifest, the first
        for artifact in self._known.values():
            self._holders.setdefault(artifact.node.manifest, artifact)
        self._children: dict[str, list[tuple[_Artifact, str]]] = {}
        for child in self._known.values():
            for entry in child.lineage:
                self._children.setdefault(self._parent(entry).node.id, []).append((child, entry.role))
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def ancestors(self, focus: _Artifact) -> None:
        queue = deque([focus])
        while queue:
            artifact = queue.popleft()
            if artifact.node.id in self.nodes:
                continue
            self.nodes[artifact.node.id] = artifact.node
            for entry in artifact.lineage:
                parent = self._parent(entry)
                self.edges.append(Edge(parent.node.id, artifact.node.id, entry.role))
                queue.append(parent)

    def descendants(self, focus: _Artifact) -> None:
        queue, seen = deque([focus]), {focus.node.id}
        while queue:
            artifact = queue.popleft()
            for child, role in self._children.get(artifact.node.id, ()):
                self.nodes.setdefault(child.node.id, child.node)
                self.edges.append(Edge(artifact.node.id, child.node.id, role))
                if child.node.id not in seen:
                    seen.add(child.node.id)
                    queue.append(child)

    def _parent(self, entry: LineageEntry) -> _Artifact:
        """The named version if its manifest is the recorded one, else any with that manifest, else a stranger."""
        named = self._known.get(entry.ref)
        if named is not None and named.node.manifest == entry.manifest:
            return named
        return self._holders.get(entry.manifest) or _stranger(entry)


def _versions(ground: Ground, model: ModelName) -> list[_Artifact]:
    facts = facts_on(ground, model)
    verifier = Verifier(facts)
    states = stage_states(verifier, facts, model)
    artifacts = []
    for verdict in verifier.verdicts(facts.version_tags(model)):
        if isinstance(verdict, Verified) and isinstance(verdict.event, Registration):
            held = tuple(stage for stage, state in states.items() if state.version == verdict.event.version)
            artifacts.append(_registered(facts, verdict, verdict.event, held))
    return artifacts


def _registered(facts: Facts, verified: Verified, event: Registration, held: tuple[StageName, ...]) -> _Artifact:
    pointer = parse_pointer(facts.pointers[verified.target, event.pointer.path], event.pointer.path)
    node = Node(
        id=f"{event.model}@{event.version}",
        kind=pointer.kind.value,
        model=event.model,
        version=event.version,
        manifest=event.manifest,
        commit=verified.target,
        stages=held,
        verified=True,
    )
    return _Artifact(node, pointer.lineage)


def _draft(pointer: Pointer, path: str) -> _Artifact:
    node = Node(path, pointer.kind.value, pointer.name, None, pointer.manifest, None, (), verified=False)
    return _Artifact(node, pointer.lineage)


def _stranger(entry: LineageEntry) -> _Artifact:
    model = entry.ref.partition("@")[0].partition("#")[0]
    identity = f"{entry.ref} ({str(entry.manifest)[:19]})"
    return _Artifact(Node(identity, "unknown", model, None, entry.manifest, None, (), verified=False), ())
