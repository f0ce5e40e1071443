"""The events that take away: a stage emptied, a version deregistered, a model deprecated."""

from __future__ import annotations

from gitreg.core.event import Assignment, Deprecation, Deregistration, Event, Unassignment
from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.reference import AtVersion
from gitreg.core.tag_name import AssignedTag, UnassignedTag
from gitreg.core.version import Version
from gitreg.errors import NotFoundError, RefusedError
from gitreg.operations.branch import protected_branch
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts
from gitreg.operations.publish import publish
from gitreg.operations.resolve import find_version, holding_event, unharmed, unknown_model
from gitreg.operations.results import EventResult, number_of
from gitreg.operations.sign import open_signer, record
from gitreg.trust.facts import Facts


def unassign(context: Context, model: ModelName, stage: StageName, message: str, *, push: bool) -> EventResult:
    """Empty a stage.  Raises NotFoundError if it holds nothing."""
    facts = _known_facts(context, model)
    held = holding_event(facts, model, stage)
    if held is None or not isinstance(held.event, Assignment):
        raise NotFoundError(f"{stage} of {model} holds nothing", hint=f"gitreg show {model}")
    n = 1 + (number_of(held.event) or 0)
    event = Unassignment(context.config.id, model, stage, n, held.oid, facts.policy)
    return _record(context, event, held.target, message, facts, push=push)


def deregister(context: Context, model: ModelName, version: Version, message: str, *, push: bool) -> EventResult:
    """Withdraw a version; its number is never used again.  Raises RefusedError while a stage holds it."""
    found = find_version(context, AtVersion(model, version))
    facts = unharmed(model_facts(context, model))
    holding = [stage for stage in _stages(facts) if _holds(facts, model, stage, version)]
    if holding:
        raise RefusedError(
            f"{model}@{version} is in {', '.join(holding)}",
            hint=f"gitreg rollback {model} {holding[0]}, or gitreg unassign {model} {holding[0]}",
        )
    event = Deregistration(context.config.id, model, version, found.registration.oid, facts.policy)
    return _record(context, event, found.commit, message, facts, push=push)


def deprecate(context: Context, model: ModelName, message: str, *, push: bool) -> EventResult:
    """Mark a model as one that nobody should start using."""
    facts = _known_facts(context, model)
    event = Deprecation(context.config.id, model, facts.policy)
    if event.tag_name in facts.tags:
        raise RefusedError(f"{model} is deprecated already", hint=f"gitreg history {model}")
    return _record(context, event, protected_branch(context.repo).tip, message, facts, push=push)


def _record(context: Context, event: Event, target: Oid, text: str, facts: Facts, *, push: bool) -> EventResult:
    verified = record(context, open_signer(context), event, target, text, facts)
    return publish(context, verified, push=push)


def _known_facts(context: Context, model: ModelName) -> Facts:
    facts = unharmed(model_facts(context, model))
    if not facts.tags:
        raise unknown_model(context, model)
    return facts


def _stages(facts: Facts) -> list[StageName]:
    return sorted({tag.stage for tag in facts.tags if isinstance(tag, AssignedTag | UnassignedTag)})


def _holds(facts: Facts, model: ModelName, stage: StageName, version: Version) -> bool:
    held = holding_event(facts, model, stage)
    return held is not None and isinstance(held.event, Assignment) and held.event.version == version
