"""What a gate gets to know of a version: its facts as plain tables, and its verified bytes once one asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TypeVar, TypeVarTuple

from gitreg.core.event import Assignment
from gitreg.core.names import ModelName
from gitreg.core.pointer import Pointer
from gitreg.core.reference import AtManifest, AtVersion, parse_reference
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import NotFoundError, UsageError
from gitreg.gates.gate import Candidate
from gitreg.git.objects import ObjectReader
from gitreg.operations.branch import protected_branch
from gitreg.operations.checkouts import shared_checkout
from gitreg.operations.context import Context
from gitreg.operations.draft import AssignmentDraft
from gitreg.operations.resolve import find_version

Asked = TypeVarTuple("Asked")
Answer = TypeVar("Answer")


def candidate_of(context: Context, draft: AssignmentDraft) -> Candidate:
    return Candidate(
        pointer_data=pointer_tables(draft.found.pointer),
        checkout=_once(lambda: shared_checkout(context, draft.found.manifest)),
        baseline_metrics=_baseline(context, draft),
        metrics_of=_once(lambda version: _metrics_of(context, draft.event.model, version)),
        dataset=_once(lambda ref: _dataset(context, ref)),
        version=str(draft.event.version),
        stage=str(draft.event.stage),
        branch_file=lambda path: _branch_file(context, path),
        hidden=tuple(place for place in (context.repo.root, context.repo.common_dir) if place is not None),
    )


def pointer_tables(pointer: Pointer) -> dict[str, object]:
    """A pointer as the plain tables it was written in."""
    artifact = {"name": pointer.name, "kind": pointer.kind.value, "manifest": str(pointer.manifest)}
    return {
        "artifact": {**artifact, "size": pointer.size, "files": pointer.files},
        "model": dict(pointer.model),
        "params": dict(pointer.params),
        "metrics": dict(pointer.metrics),
        "schema": dict(pointer.schema),
        "dependencies": dict(pointer.dependencies),
        "lineage": [{"ref": e.ref, "manifest": str(e.manifest), "role": e.role} for e in pointer.lineage],
    }


def _once(find: Callable[[*Asked], Answer]) -> Callable[[*Asked], Answer]:
    """Gates run beside each other: all get the same answer, from one search."""
    finding, kept = Lock(), cache(find)

    def found(*asked: *Asked) -> Answer:
        with finding:
            return kept(*asked)

    return found


def _branch_file(context: Context, path: str) -> bytes:
    """A file as the protected branch has it: neither the candidate's commit nor the working tree has a say."""
    with ObjectReader(context.repo) as reader:
        found = reader.read(f"{protected_branch(context.repo).tip}:{path}")
    if found is None or found.type != "blob":
        raise NotFoundError(f"{escape(path)} is not on the protected branch", hint="commit it there first")
    return found.data


def _baseline(context: Context, draft: AssignmentDraft) -> Mapping[str, float] | None:
    event = draft.held.event if draft.held else None
    if not isinstance(event, Assignment):
        return None
    return find_version(context, AtVersion(event.model, event.version)).pointer.metrics


def _metrics_of(context: Context, model: ModelName, version: str) -> Mapping[str, float]:
    return find_version(context, AtVersion(model, Version.parse(version))).pointer.metrics


def _dataset(context: Context, ref: str) -> Path:
    reference = parse_reference(ref)
    if not isinstance(reference, AtManifest):
        raise UsageError(f"{escape(ref)} does not say which bytes it means", hint="NAME@blake3:...")
    return shared_checkout(context, find_version(context, reference).manifest)
