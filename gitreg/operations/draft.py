"""A stage event before it is signed: what promote, approve, rollback and gate runs must all see alike."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.event import Assignment, Cause, Registration
from gitreg.core.names import StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.policy_rules import StageRule
from gitreg.core.reference import PointerPath, Reference
from gitreg.core.request import PromotionRequest, request_of
from gitreg.errors import RefusedError, UsageError, VerificationError
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts
from gitreg.operations.resolve import FoundVersion, find_version, last_event
from gitreg.trust.facts import Facts, Failed, Verified


@dataclass(frozen=True, slots=True)
class AssignmentDraft:
    """The event that would be signed, without gates and approvals; `held` is what the stage holds, if that verifies."""

    event: Assignment
    found: FoundVersion
    held: Verified | None
    facts: Facts
    policy: Policy
    rule: StageRule

    @property
    def target(self) -> Oid:
        return self.found.commit

    @property
    def request(self) -> PromotionRequest:
        return request_of(self.event, self.target)

    @property
    def label(self) -> str:
        return f"{self.event.model}@{self.event.version}"


def draft_assignment(
    context: Context, reference: Reference, stage: StageName, cause: Cause = Cause.PROMOTE
) -> AssignmentDraft:
    """Work out the stage's next event.  Raises NotFoundError, RefusedError, VerificationError."""
    if isinstance(reference, PointerPath):
        raise UsageError("only registered versions have stages", hint="gitreg register NAME, then promote NAME@VERSION")
    found = find_version(context, reference)
    facts = model_facts(context, found.model)
    policy = facts.current_policy
    rule = policy.for_model(found.model).stage(stage)
    held = _held(context, facts, found, stage)
    before = facts.stage_tags(found.model, stage)[-1:]
    _check_changes(held, found, stage)
    signed = found.registration.event
    if not isinstance(signed, Registration):
        raise VerificationError(f"{found.registration.name} is not a registration")
    event = Assignment(
        cause=cause,
        registry=context.config.id,
        model=found.model,
        version=found.version,
        version_tag=found.registration.oid,
        stage=stage,
        n=1 + before[0].n if before else 1,
        manifest=signed.manifest,
        pointer=signed.pointer,
        previous=facts.tags[before[0]].oid if before else None,
        policy=facts.policy,
    )
    return AssignmentDraft(event, found, held, facts, policy, rule)


def _held(context: Context, facts: Facts, found: FoundVersion, stage: StageName) -> Verified | None:
    """What the stage holds.  Readers get no answer from an event that does not verify; signing the next heals that."""
    last = last_event(facts, found.model, stage)
    if isinstance(last, Failed):
        context.settings.note(f"{last.name} does not verify ({last.check}: {last.reason}) and is passed over")
        return None
    return last


def _check_changes(held: Verified | None, found: FoundVersion, stage: StageName) -> None:
    if held is not None and isinstance(held.event, Assignment) and held.event.version == found.version:
        raise RefusedError(f"{stage} holds {found.model}@{found.version} already", hint=f"{held.name} put it there")
