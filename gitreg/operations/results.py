"""Result values that several operations share.  Field names are the keys of the JSON that scripts read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gitreg.core.digest import Digest
from gitreg.core.event import (
    Assignment,
    Cause,
    Deprecation,
    Deregistration,
    Event,
    GateRecord,
    Registration,
    Unassignment,
)
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.version import Version
from gitreg.operations.context import iso
from gitreg.trust.facts import Failed, Verified


@dataclass(frozen=True, slots=True)
class Failure:
    """A tag, or a commit that changes the policy, that proves nothing, and the step of its verification that failed."""

    ref: str
    check: str
    reason: str

    @classmethod
    def of(cls, verdict: Failed) -> Failure:
        return cls(str(verdict.name), verdict.check, verdict.reason)


@dataclass(frozen=True, slots=True)
class EventResult:
    """A signed event, as it now stands in the repository."""

    event: str
    model: ModelName
    version: Version | None
    stage: StageName | None
    n: int | None
    tag: str
    tag_oid: Oid
    commit: Oid
    manifest: Digest | None
    by: Principal
    at: datetime
    gates: tuple[GateRecord, ...]
    approvals: tuple[Principal, ...]
    pushed: bool

    @classmethod
    def of(cls, verified: Verified, *, pushed: bool) -> EventResult:
        event = verified.event
        return cls(
            event=event_word(event),
            model=event.model,
            version=version_of(event),
            stage=stage_of(event),
            n=number_of(event),
            tag=str(verified.name),
            tag_oid=verified.oid,
            commit=verified.target,
            manifest=event.manifest if isinstance(event, Registration | Assignment) else None,
            by=verified.by,
            at=iso(verified.seconds),
            gates=event.gates if isinstance(event, Assignment) else (),
            approvals=approvers(event),
            pushed=pushed,
        )


def event_word(event: Event) -> str:
    match event:
        case Registration():
            return "register"
        case Deregistration():
            return "deregister"
        case Assignment(cause=Cause.PROMOTE):
            return "promote"
        case Assignment():
            return "rollback"
        case Unassignment():
            return "unassign"
        case Deprecation():
            return "deprecate"


def version_of(event: Event) -> Version | None:
    return event.version if isinstance(event, Registration | Deregistration | Assignment) else None


def stage_of(event: Event) -> StageName | None:
    return event.stage if isinstance(event, Assignment | Unassignment) else None


def number_of(event: Event) -> int | None:
    return event.n if isinstance(event, Assignment | Unassignment) else None


def approvers(event: Event) -> tuple[Principal, ...]:
    return tuple(record.principal for record in event.approvals) if isinstance(event, Assignment) else ()


def failures(verdicts: Sequence[Verified | Failed]) -> tuple[Failure, ...]:
    return tuple(Failure.of(verdict) for verdict in verdicts if isinstance(verdict, Failed))
