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
from gitreg.operations.decisions.consent import consent
from gitreg.operations.decisions.incoming import refresh
from gitreg.operations.decisions.spent import drop_spent
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.facts import model_facts
from gitreg.operations.publish import publish
from gitreg.operations.resolve import last_event, unharmed, unknown_model, withdrawn
from gitreg.operations.results import EventResult, Failure
from gitreg.operations.sign import open_signer, record
from gitreg.trust.facts import Facts, Verified
from gitreg.trust.verify import Verifier


def rollback(
    context: Context, model: ModelName, stage: StageName, *, to: Version | None, message: str, push: bool
) -> EventResult:
    """Assign the version the stage held before the present one, or `to`.  Raises NotFoundError, RefusedError."""
    facts = unharmed(model_facts(context, model))
    if not facts.tags:
        raise unknown_model(context, model)
    draft = draft_rollback(context, facts, model, stage, _previous(facts, model, stage) if to is None else to)
    signer = open_signer(context)
    if push:
        refresh(context, draft)
    agreed = consent(context, draft, signer)
    if blocked := agreed.failures(draft.label):
        raise _refusal(draft, blocked)
    event = draft.event._replace(approvals=agreed.approvals)
    verified = record(context, signer, event, draft.target, message, draft.facts)
    result = publish(context, verified, push=push)
    drop_spent(context)
    return result


def draft_rollback(context: Context, facts: Facts, model: ModelName, stage: StageName, to: Version) -> AssignmentDraft:
    """The rollback that would come next.  Raises RefusedError if the stage never held that version."""
    return draft_assignment(context, AtVersion(model, _named(facts, model, stage, to)), stage, Cause.ROLLBACK)


def _refusal(draft: AssignmentDraft, blocked: list[Failure]) -> RefusedError:
    reasons = "; ".join(f"{failure.check}: {failure.reason}" for failure in blocked)
    roles = ", ".join(draft.rule.rollback_approvals.from_roles)
    hint = f"a person with the role {roles} runs: gitreg approve {draft.label} {draft.rule.name} --rollback"
    return RefusedError(f"{draft.rule.name} may not return to {draft.label}: {reasons}", hint=hint)


def _named(facts: Facts, model: ModelName, stage: StageName, to: Version) -> Version:
    held = {event.version for event in _assignments(facts, model, stage)}
    if to not in held:
        known = ", ".join(str(version) for version in sorted(held, reverse=True)) or "none"
        raise RefusedError(f"{stage} of {model} did not hold {to} before", hint=f"versions to return to: {known}")
    return to


def _previous(facts: Facts, model: ModelName, stage: StageName) -> Version:
    """The version before the present one on the way back, without those withdrawn."""
    last = last_event(facts, model, stage)
    held = last.event if isinstance(last, Verified) else None
    present = held.version if isinstance(held, Assignment) else None
    for version in reversed(_way_back(facts, model, stage)):
        if version != present and not withdrawn(facts, VersionTag(model, version)):
            return version
    raise NotFoundError(f"{stage} of {model} held no other version before", hint=f"gitreg history {model}")


def _way_back(facts: Facts, model: ModelName, stage: StageName) -> list[Version]:
    """Versions in the order they were promoted; a rollback drops what it left, so that a second one goes further."""
    way: list[Version] = []
    for event in _assignments(facts, model, stage):
        if event.cause is Cause.ROLLBACK and event.version in way:
            while way[-1] != event.version:
                way.pop()
        else:
            way.append(event.version)
    return way


def _assignments(facts: Facts, model: ModelName, stage: StageName) -> Iterator[Assignment]:
    verifier = Verifier(facts)
    for tag in facts.stage_tags(model, stage):
        verdict = verifier.verdict(tag) if isinstance(tag, AssignedTag) else None
        if isinstance(verdict, Verified) and isinstance(verdict.event, Assignment):
            yield verdict.event
