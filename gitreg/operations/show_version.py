"""Showing one version whole: what its pointer says, and what was signed about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gitreg.core.digest import Digest
from gitreg.core.event import GateRecord
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.pointer import Pointer
from gitreg.core.reference import Reference
from gitreg.core.tag_name import VersionTag
from gitreg.core.version import Version
from gitreg.errors import VerificationError
from gitreg.operations.candidate import pointer_tables
from gitreg.operations.context import Context, iso
from gitreg.operations.decisions.waiting import WaitingRequest, decided_about
from gitreg.operations.facts import model_facts
from gitreg.operations.resolve import Draft, FoundVersion, find
from gitreg.operations.retention import Outlook, outlook
from gitreg.operations.stages import StageState, stage_states
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """One version: everything in its pointer, and everything signed about it.

    `retention` is what the policy says of its bytes, whether or not a gc has carried it out.
    """

    model: ModelName
    version: Version | None
    status: str
    verified: bool
    manifest: Digest
    commit: Oid | None
    at: datetime | None
    by: Principal | None
    text: str
    pointer: str
    deployed_to: tuple[StageName, ...]
    gates: tuple[GateRecord, ...]
    approvals: tuple[Principal, ...]
    waiting: tuple[WaitingRequest, ...]
    artifact: Mapping[str, object]
    metadata: Mapping[str, object]
    params: Mapping[str, object]
    metrics: Mapping[str, object]
    schema: Mapping[str, object]
    dependencies: Mapping[str, object]
    lineage: tuple[object, ...]
    retention: Outlook | None = None


def show_version(context: Context, reference: Reference) -> VersionDetails:
    """One version.  Raises NotFoundError, VerificationError."""
    found = find(context, reference)
    if isinstance(found, Draft):
        return _details(found.pointer, found.pointer_path, None, {})
    facts = model_facts(context, found.model)
    stages = stage_states(Verifier(facts), facts, found.model)
    details = _details(found.pointer, found.pointer_path, found, stages)
    version = VersionTag(found.model, found.version)
    return replace(details, waiting=decided_about(context, version), retention=_retention(context, version))


def _retention(context: Context, version: VersionTag) -> Outlook | None:
    """What the policy says; other models, which may be harmed, have a part in that."""
    try:
        return outlook(context, version)
    except VerificationError as error:
        context.settings.note(f"what becomes of its bytes cannot be told: {error.message}")
        return None


def _details(
    pointer: Pointer, path: str, found: FoundVersion | None, stages: Mapping[StageName, StageState]
) -> VersionDetails:
    tables = pointer_tables(pointer)
    signed = found.registration if found else None
    held = {stage: state for stage, state in stages.items() if found and state.version == found.version}
    return VersionDetails(
        model=pointer.name,
        version=found.version if found else None,
        status="registered" if found else "draft",
        verified=found is not None,
        manifest=pointer.manifest,
        commit=found.commit if found else None,
        at=iso(signed.seconds) if signed else None,
        by=signed.by if signed else None,
        text=signed.text if signed else "",
        pointer=path,
        deployed_to=tuple(held),
        gates=tuple(dict.fromkeys(gate for state in held.values() for gate in state.gates)),
        approvals=tuple(dict.fromkeys(person for state in held.values() for person in state.approvals)),
        waiting=(),
        artifact=pointer_table(tables, "artifact"),
        metadata=pointer_table(tables, "model"),
        params=pointer_table(tables, "params"),
        metrics=pointer_table(tables, "metrics"),
        schema=pointer_table(tables, "schema"),
        dependencies=pointer_table(tables, "dependencies"),
        lineage=tuple(tables["lineage"]),  # type: ignore[arg-type]
    )


def pointer_table(tables: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = tables[name]
    return table if isinstance(table, dict) else {}
