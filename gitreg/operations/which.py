"""Which version does a stage hold?  The hottest question: it reads a few tags, and no store."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.version import Version
from gitreg.errors import NotFoundError
from gitreg.operations.context import Context, iso
from gitreg.operations.facts import model_facts
from gitreg.operations.resolve import find_in_stage, unknown_model
from gitreg.trust.facts import Facts, Verified
from gitreg.trust.verify import Verifier


class WhichResult(NamedTuple):
    """What a stage holds, and the signed tag that says so.  It is always verified: anything else is an error."""

    model: ModelName
    stage: StageName
    version: Version
    n: int
    tag: str
    manifest: Digest
    commit: Oid
    at: datetime
    by: Principal
    verified: bool = True


def which(context: Context, model: ModelName, stage: StageName, at: datetime | None = None) -> WhichResult:
    """What the stage holds, or held at a time by the taggers' clocks.  Raises NotFoundError, VerificationError."""
    if at is not None:
        return _at(context, model, stage, at)
    found = find_in_stage(context, model, stage)
    if found.stage is None or not isinstance(found.stage.event, Assignment):
        raise NotFoundError(f"{stage} of {model} holds nothing")
    return _result(found.stage, found.stage.event)


def _at(context: Context, model: ModelName, stage: StageName, at: datetime) -> WhichResult:
    facts = model_facts(context, model)
    if not facts.tags:
        raise unknown_model(context, model)
    event = _last_before(facts, model, stage, at)
    if event is None or not isinstance(event.event, Assignment):
        raise NotFoundError(
            f"{stage} of {model} held nothing at {at.isoformat(timespec='seconds')}", hint=f"gitreg history {model}"
        )
    return _result(event, event.event)


def _last_before(facts: Facts, model: ModelName, stage: StageName, at: datetime) -> Verified | None:
    """Numbers order the events; the first one dated later, and all after it, had not happened yet."""
    verifier = Verifier(facts)
    last = None
    for tag in facts.stage_tags(model, stage):
        verdict = verifier.verdict(tag)
        if isinstance(verdict, Verified):
            if iso(verdict.seconds) > at:
                break
            last = verdict
    return last


def _result(verified: Verified, event: Assignment) -> WhichResult:
    return WhichResult(
        model=event.model,
        stage=event.stage,
        version=event.version,
        n=event.n,
        tag=str(verified.name),
        manifest=event.manifest,
        commit=verified.target,
        at=iso(verified.seconds),
        by=verified.by,
    )
