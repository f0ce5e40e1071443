"""Writing pointers without disturbing what people wrote in them: comments, order and extra keys survive."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Item, Table

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.pointer import BASE_MODEL, Kind, LineageEntry, Pointer, parse_pointer
from gitreg.core.text import escape
from gitreg.core.toml import FORMAT
from gitreg.core.toml import Table as Values
from gitreg.errors import FormatError

_SECTIONS = ("model", "params", "metrics", "schema", "dependencies")
_PLAIN = "use text, numbers, true and false, lists and tables"
_Table = MutableMapping[str, object]  # tomlkit has four kinds, for the four ways to write one


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
    before = None if old is None else parse_pointer(old, what)
    try:
        text = _edited(facts, annotations, old).encode()
    except (TOMLKitError, ValueError) as error:
        raise FormatError(f"{what}: cannot hold these values: {escape(str(error)[:200])}", hint=_PLAIN) from None
    _check_outcome(parse_pointer(text, what), before, facts, annotations)
    return text


def _edited(facts: ArtifactFacts, annotations: Annotations, old: bytes | None) -> str:
    if old is None:
        document = tomlkit.document()
        document["format"] = FORMAT
        document["artifact"] = tomlkit.table()
    else:
        document = tomlkit.parse(old.decode())
    _set_artifact(cast("_Table", document["artifact"]), facts)
    for section in _SECTIONS:
        _merge(document, section, getattr(annotations, section))
    _merge_lineage(document, annotations.lineage)
    return tomlkit.dumps(document)


def _facts_of(pointer: Pointer) -> ArtifactFacts:
    return ArtifactFacts(pointer.name, pointer.manifest, pointer.size, pointer.files, pointer.kind, pointer.path)


def _check_outcome(after: Pointer, before: Pointer | None, facts: ArtifactFacts, annotations: Annotations) -> None:
    """The new text says what was meant, whatever the editing library made of the old one's layout."""
    for section in _SECTIONS:
        kept = getattr(before, section) if before else {}
        meant = {**kept, **Values(getattr(annotations, section), section).values()}
        if getattr(after, section) != meant:
            raise FormatError(f"{section}: cannot hold these values", hint=_PLAIN)
    if _facts_of(after) != facts or not set(annotations.lineage) <= set(after.lineage):
        raise FormatError("the pointer's layout cannot be edited", hint="write [artifact] and [[lineage]] as tables")


def format_pointer(pointer: Pointer) -> bytes:
    """A fresh pointer file; `parse_pointer` is its inverse."""
    sections = {section: getattr(pointer, section) for section in _SECTIONS}
    return write_pointer(_facts_of(pointer), Annotations(**sections, lineage=pointer.lineage), None)


def _set_artifact(table: _Table, facts: ArtifactFacts) -> None:
    values = {"name": str(facts.name), "manifest": str(facts.manifest), "size": facts.size, "files": facts.files}
    if facts.kind is not Kind.MODEL or "kind" in table:
        values["kind"] = facts.kind.value
    if facts.path is not None:
        values["path"] = facts.path
    elif "path" in table:
        del table["path"]
    _set(table, values)


def _set(table: _Table, values: Mapping[str, object]) -> None:
    """What has the same value and type already keeps its spelling."""
    for key, value in values.items():
        old = table.get(key)
        if key not in table or repr(old.unwrap() if isinstance(old, Item) else old) != repr(value):
            table[key] = value


def _merge(document: tomlkit.TOMLDocument, section: str, values: Mapping[str, object]) -> None:
    if not values:
        return
    if section not in document:
        document[section] = tomlkit.table()
    _set(cast("_Table", document[section]), values)


def _merge_lineage(document: tomlkit.TOMLDocument, entries: tuple[LineageEntry, ...]) -> None:
    """One entry per (model, role): naming a newer dataset replaces the older one, in its place."""
    if not entries:
        return
    if "lineage" not in document:
        document.add(tomlkit.nl())
        document["lineage"] = AoT([])
    array = cast("AoT | Array", document["lineage"])
    new = list(entries)
    replaced = {(_model_of(entry.ref), entry.role) for entry in entries}
    for old in list(array):
        subject = (_model_of(old["ref"]), old.get("role", BASE_MODEL))
        successor = next((entry for entry in new if (_model_of(entry.ref), entry.role) == subject), None)
        if successor is not None:
            new.remove(successor)
            _set(old, {"ref": successor.ref, "manifest": str(successor.manifest)})
        elif subject in replaced:
            array.remove(old)
    is_last = list(document)[-1] == "lineage"
    for entry in new:
        array.append(_lineage_item(entry, array, is_last=is_last))


def _lineage_item(entry: LineageEntry, array: AoT | Array, *, is_last: bool) -> Table | InlineTable:
    item = tomlkit.table() if isinstance(array, AoT) else tomlkit.inline_table()
    item.update({"ref": entry.ref, "manifest": str(entry.manifest), "role": entry.role})
    if isinstance(item, Table) and not is_last:
        item.add(tomlkit.nl())
    return item


def _model_of(ref: str) -> str:
    return ref.partition("@")[0].partition("#")[0]
