"""The pointer: the small TOML file `NAME.gitreg` that stands in Git for an artifact's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from gitreg.core.artifact_path import parse as parse_artifact_path
from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.reference import PointerPath, parse_reference
from gitreg.core.toml import Table, load_toml
from gitreg.errors import FormatError

BASE_MODEL = "base-model"  # the role of a lineage entry that names none


class Kind(Enum):
    """What sort of artifact a pointer stands for; the machinery is the same."""

    MODEL = "model"
    DATASET = "dataset"


class LineageEntry(NamedTuple):
    """What the artifact was made from: a reference, and the manifest it had then."""

    ref: str
    manifest: Digest
    role: str


class Pointer(NamedTuple):
    """A parsed pointer.  `size` is in bytes; `path` is set when the artifact is a single file beside the pointer."""

    name: ModelName
    manifest: Digest
    size: int
    files: int
    kind: Kind = Kind.MODEL
    path: str | None = None
    model: Mapping[str, object] = MappingProxyType({})
    params: Mapping[str, object] = MappingProxyType({})
    metrics: Mapping[str, float] = MappingProxyType({})
    schema: Mapping[str, object] = MappingProxyType({})
    dependencies: Mapping[str, object] = MappingProxyType({})
    lineage: tuple[LineageEntry, ...] = ()


def parse_pointer(data: bytes, what: str = "pointer") -> Pointer:
    """Parse a pointer file.  `what` names it in messages.  Raises FormatError."""
    root = load_toml(data, what)
    artifact = root.table("artifact")
    pointer = Pointer(
        name=artifact.parsed("name", ModelName.parse),
        manifest=artifact.parsed("manifest", Digest.parse),
        size=artifact.count("size"),
        files=artifact.count("files"),
        kind=_kind(artifact),
        path=_single_file(artifact),
        model=root.table("model").values(),
        params=root.table("params").values(),
        metrics=root.table("metrics").numbers(),
        schema=root.table("schema").values(),
        dependencies=root.table("dependencies").values(),
        lineage=tuple(_lineage(entry) for entry in root.tables("lineage")),
    )
    artifact.finish()
    root.finish()
    return pointer


def _kind(artifact: Table) -> Kind:
    text = artifact.optional("kind", str)
    if text is None:
        return Kind.MODEL
    try:
        return Kind(text)
    except ValueError:
        raise artifact.fail("kind", "must be 'model' or 'dataset'") from None


def _single_file(artifact: Table) -> str | None:
    path = artifact.optional("path", str)
    if path is None:
        return None
    try:
        parse_artifact_path(path)
    except FormatError as error:
        raise artifact.fail("path", error.message) from None
    if "/" in path:
        raise artifact.fail("path", "must be a file name, without folders")
    return path


def _lineage(entry: Table) -> LineageEntry:
    ref = entry.parsed("ref", _registry_reference)
    role = entry.optional("role", str)
    parsed = LineageEntry(ref, entry.parsed("manifest", Digest.parse), BASE_MODEL if role is None else role)
    entry.finish()
    return parsed


def _registry_reference(text: str) -> str:
    if isinstance(parse_reference(text), PointerPath):
        raise FormatError("a path is not a reference", hint="write MODEL@VERSION")
    return text
