"""Rollback: the stage returns to a version it held before, at once and signed."""

from __future__ import annotations

from collections.abc import Iterator

from gitreg.core.event import Assignment, Cause
from gitreg.core.names import ModelName, StageName
from gitreg.core.reference import AtVersion
from gitreg.core.tag_name import AssignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.errors import NotFoundError, RefusedError
from gitreg.operations.context import Context
from gitreg.operations.draft import draft_assignment
from gitreg.operations.facts import model_facts
from gitreg.operations.publish import publish
from gitreg.operations.resolve import holding_event, unknown_model, withdrawn
from gitreg.operations.results import EventResult
from gitreg.operations.sign import open_signer, record
from gitreg.trust.facts import Facts, Verified
from gitreg.trust.verify import Verifier


def rollback(
    context: Context, model: ModelName, stage: StageName, *, to: Version | None, message: str, push: bool
) -> EventResult:
    """Assign the version the stage held before the present one, or `to`.  Raises NotFoundError, RefusedError."""
    facts = model_facts(context, model)
    if not facts.tags:
        raise unknown_model(context, model)
    earlier = _earlier_versions(facts, model, stage)
    target = _choose(earlier, model, stage, to)
    draft = draft_assignment(context, AtVersion(model, target), stage, Cause.ROLLBACK)
    verified = record(context, open_signer(context), draft.event, draft.target, message, draft.facts)
    return publish(context, verified, push=push)


def _choose(earlier: list[Version], model: ModelName, stage: StageName, to: Version | None) -> Version:
    if to is None and earlier:
        return earlier[0]
    if to in earlier and to is not None:
        return to
    known = ", ".join(str(version) for version in earlier) or "none"
    if to is None:
        raise NotFoundError(f"{stage} of {model} held no other version before", hint=f"gitreg history {model}")
    raise RefusedError(f"{stage} of {model} did not hold {to} before", hint=f"versions to return to: {known}")


def _earlier_versions(facts: Facts, model: ModelName, stage: StageName) -> list[Version]:
    """What the stage held, latest first, without the present version and those withdrawn."""
    held = holding_event(facts, model, stage)
    present = held.event.version if held and isinstance(held.event, Assignment) else None
    versions = dict.fromkeys(_assigned_versions(facts, model, stage))
    return [v for v in versions if v != present and not withdrawn(facts, VersionTag(model, v))]


def _assigned_versions(facts: Facts, model: ModelName, stage: StageName) -> Iterator[Version]:
    verifier = Verifier(facts)
    for tag in reversed(facts.stage_tags(model, stage)):
        verdict = verifier.verdict(tag) if isinstance(tag, AssignedTag) else None
        if isinstance(verdict, Verified) and isinstance(verdict.event, Assignment):
            yield verdict.event.version
