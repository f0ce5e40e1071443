"""Which promotions and rollbacks wait for people: those that somebody has decided about, and those that come next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitreg.core.event import Assignment, Cause
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.reference import AtVersion
from gitreg.core.tag_name import VersionTag
from gitreg.core.version import Version
from gitreg.errors import GitregError
from gitreg.operations.context import Context
from gitreg.operations.decisions.approvals import FiledDecision, read_refs
from gitreg.operations.decisions.consent import ApprovalCount, RejectionNote, consent
from gitreg.operations.decisions.decider import draft_request
from gitreg.operations.decisions.files import read_files
from gitreg.operations.draft import AssignmentDraft
from gitreg.operations.facts import model_facts, registry_models
from gitreg.operations.resolve import holding_event
from gitreg.trust.approval import approval_rule
from gitreg.trust.facts import Facts


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request as it is now; `could` are the people whose approval would count and is not there yet."""

    model: ModelName
    version: Version
    stage: StageName
    n: int
    action: Cause
    approvals: ApprovalCount
    rejections: tuple[RejectionNote, ...]
    roles: tuple[str, ...]
    could: tuple[Principal, ...]


_Asked = tuple[ModelName, Version, StageName, Cause]


def waiting(context: Context, model: ModelName | None = None) -> tuple[WaitingRequest, ...]:
    """The requests of one model, or of all, that need approvals."""
    models = registry_models(context) if model is None else [model]
    asked: dict[_Asked, None] = {}
    for each in models:
        asked.update(dict.fromkeys([*_decided(context, each), *_next(context, each)]))
    found = (_waiting(context, each) for each in sorted(asked, key=lambda each: (*each[:3], each[3].value)))
    return tuple(each for each in found if each is not None)


def decided_about(context: Context, name: VersionTag) -> tuple[WaitingRequest, ...]:
    """The requests for one version about which somebody has filed a decision as a ref: a cheap question, mostly."""
    asked = dict.fromkeys(_asked(read_refs(context, f"{name.model}/"), name.model))
    found = (_waiting(context, each) for each in asked if each[1] == name.version)
    return tuple(each for each in found if each is not None)


def _decided(context: Context, model: ModelName) -> Iterator[_Asked]:
    folder = f"{model}/"
    return _asked((*read_refs(context, folder), *read_files(context, folder)), model)


def _asked(found: Iterable[FiledDecision], model: ModelName) -> Iterator[_Asked]:
    for request in (filed.file.request for filed in found):
        if request.model == model:
            yield request.model, request.version, request.stage, request.action


def _next(context: Context, model: ModelName) -> Iterator[_Asked]:
    """What the stage before holds, where it never was in the stage itself."""
    facts = model_facts(context, model)
    for rule in facts.current_policy.for_model(model).stages.values():
        held = _held(facts, model, rule.after) if rule.after and rule.approvals.count else None
        if held is not None and not _was_in(facts, held, rule.name):
            yield model, held.version, rule.name, Cause.PROMOTE


def _held(facts: Facts, model: ModelName, stage: StageName) -> Assignment | None:
    try:
        event = holding_event(facts, model, stage)
    except GitregError:
        return None
    return event.event if event is not None and isinstance(event.event, Assignment) else None


def _was_in(facts: Facts, held: Assignment, stage: StageName) -> bool:
    return bool(facts.assigning(held.model, stage, held.version_tag))


def _waiting(context: Context, asked: _Asked) -> WaitingRequest | None:
    """The request, unless it can't be made any more: it was granted, or its stage or version is gone."""
    model, version, stage, cause = asked
    try:
        draft = draft_request(context, AtVersion(model, version), stage, cause)
        rule = approval_rule(draft.request, draft.policy)
    except GitregError:
        return None
    agreed = consent(context, draft, None)
    return WaitingRequest(
        model=model,
        version=version,
        stage=stage,
        n=draft.event.n,
        action=cause,
        approvals=agreed.count,
        rejections=agreed.notes,
        roles=rule.from_roles,
        could=_could(draft, agreed.count.by),
    )


def _could(draft: AssignmentDraft, by: tuple[Principal, ...]) -> tuple[Principal, ...]:
    """Of the people with the roles, those who neither approved nor registered it."""
    rule, policy = approval_rule(draft.request, draft.policy), draft.policy
    registrar = draft.found.registration
    done = {policy.person_of(principal) for principal in by}
    barred = set() if rule.allow_self else {policy.person_of(registrar.by)}
    holders = dict.fromkeys(who for role in rule.from_roles for who in policy.roles.get(role, ()))
    return tuple(who for who in holders if policy.person_of(who) not in done | barred)
