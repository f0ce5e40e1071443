"""Turning what a person says about lineage into entries that pin a manifest."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.names import ModelName
from gitreg.core.pointer import LineageEntry, Pointer
from gitreg.core.reference import Latest, Reference, parse_reference
from gitreg.errors import GitregError, NotFoundError
from gitreg.operations.context import Context
from gitreg.operations.pointers import read_pointer, working_pointers
from gitreg.operations.resolve import FoundVersion, find

BASE_MODEL = "base-model"
TRAINING_DATA = "training-data"


@dataclass(frozen=True, slots=True)
class LineageRequest:
    """What the artifact was made from, as REFs."""

    base: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


def lineage_entries(context: Context, request: LineageRequest) -> tuple[LineageEntry, ...]:
    """Pin each REF to the manifest it means now.  Raises NotFoundError, UsageError."""
    bases = [_entry(context, parse_reference(ref), BASE_MODEL) for ref in request.base]
    return (*bases, *(_entry(context, parse_reference(ref), TRAINING_DATA) for ref in request.data))


def _entry(context: Context, reference: Reference, role: str) -> LineageEntry:
    """The working tree's pointer of that name counts for a bare name: it is what the training has just read."""
    if isinstance(reference, Latest):
        pointer = _working(context, reference.model)
        if pointer is not None:
            return _pinned(context, pointer, role)
    found = find(context, reference)
    if isinstance(found, FoundVersion):
        return LineageEntry(f"{found.model}@{found.version}", found.manifest, role)
    return _pinned(context, found.pointer, role)


def _pinned(context: Context, pointer: Pointer, role: str) -> LineageEntry:
    """By version if these very bytes are registered, else by their digest."""
    by_digest = f"{pointer.name}@{pointer.manifest}"
    try:
        found = find(context, parse_reference(by_digest))
    except NotFoundError:
        return LineageEntry(by_digest, pointer.manifest, role)
    version = found.version if isinstance(found, FoundVersion) else None
    return LineageEntry(f"{pointer.name}@{version}" if version else by_digest, pointer.manifest, role)


def _working(context: Context, model: ModelName) -> Pointer | None:
    for path in working_pointers(context.repo):
        try:
            pointer = read_pointer(context.repo.work_tree / path)
        except GitregError:
            continue
        if pointer.name == model:
            return pointer
    return None
