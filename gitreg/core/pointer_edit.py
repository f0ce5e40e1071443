"""Writing pointers without disturbing what people wrote in them: comments, order and extra keys survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Item, Table

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.pointer import Kind, LineageEntry, Pointer, parse_pointer
from gitreg.core.toml import FORMAT

_SECTIONS = ("model", "params", "metrics", "schema", "dependencies")


@dataclass(frozen=True, slots=True)
class ArtifactFacts:
    """What `add` found out about the bytes."""

    name: ModelName
    manifest: Digest
    size: int
    files: int
    kind: Kind = Kind.MODEL
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Annotations:
    """What the person said beside them; given keys replace old ones, everything else stays."""

    model: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    schema: Mapping[str, object] = field(default_factory=dict)
    dependencies: Mapping[str, object] = field(default_factory=dict)
    lineage: tuple[LineageEntry, ...] = ()


def write_pointer(facts: ArtifactFacts, annotations: Annotations, old: bytes | None, what: str = "pointer") -> bytes:
    """The pointer's new text, edited from `old` (its present bytes) if there is one.

    Raises FormatError if `old` is malformed or the outcome would be.
    """
    if old is None:
        document = tomlkit.document()
        document["format"] = FORMAT
        document["artifact"] = tomlkit.table()
    else:
        parse_pointer(old, what)
        document = tomlkit.parse(old.decode())
    _set_artifact(document["artifact"], facts)
    for section in _SECTIONS:
        _merge(document, section, getattr(annotations, section))
    _merge_lineage(document, annotations.lineage)
    text = tomlkit.dumps(document).encode()
    parse_pointer(text, what)
    return text


def format_pointer(pointer: Pointer) -> bytes:
    """A fresh pointer file; `parse_pointer` is its inverse."""
    facts = ArtifactFacts(pointer.name, pointer.manifest, pointer.size, pointer.files, pointer.kind, pointer.path)
    sections = {section: getattr(pointer, section) for section in _SECTIONS}
    return write_pointer(facts, Annotations(**sections, lineage=pointer.lineage), None)


def _set_artifact(table: Item | Container, facts: ArtifactFacts) -> None:
    if not isinstance(table, Table):
        raise TypeError("a parsed pointer's [artifact] is a table")
    values = {"name": str(facts.name), "manifest": str(facts.manifest), "size": facts.size, "files": facts.files}
    if facts.kind is not Kind.MODEL or "kind" in table:
        values["kind"] = facts.kind.value
    if facts.path is not None:
        values["path"] = facts.path
    elif "path" in table:
        del table["path"]
    for key, value in values.items():
        if table.get(key) != value:
            table[key] = value


def _merge(document: tomlkit.TOMLDocument, section: str, values: Mapping[str, object]) -> None:
    if not values:
        return
    if section not in document:
        document[section] = tomlkit.table()
    table = document[section]
    for key, value in values.items():
        if table.get(key) != value:
            table[key] = value


def _merge_lineage(document: tomlkit.TOMLDocument, entries: tuple[LineageEntry, ...]) -> None:
    """One entry per (model, role): naming a newer dataset replaces the older one."""
    if not entries:
        return
    replaced = {(_model_of(entry.ref), entry.role) for entry in entries}
    kept = [
        old
        for old in document.get("lineage", [])
        if (_model_of(old["ref"]), old.get("role", "base-model")) not in replaced
    ]
    array = AoT([])
    for old in kept:
        array.append(old)
    for entry in entries:
        table = tomlkit.table()
        table.update({"ref": entry.ref, "manifest": str(entry.manifest), "role": entry.role})
        array.append(table)
    document["lineage"] = array


def _model_of(ref: str) -> str:
    return ref.partition("@")[0].partition("#")[0]
