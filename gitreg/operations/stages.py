"""The state of a model's stages, folded from its events; what does not verify is shown as that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gitreg.core.event import Assignment, GateRecord
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.tag_name import AssignedTag, UnassignedTag
from gitreg.core.version import Version
from gitreg.operations.context import iso
from gitreg.operations.results import approvers
from gitreg.trust.facts import Facts, Failed
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class StageState:
    """What a stage holds by its last event; unverified states have no version that could be believed."""

    version: Version | None
    n: int
    at: datetime | None
    by: Principal | None
    verified: bool
    reason: str | None = None
    gates: tuple[GateRecord, ...] = ()
    approvals: tuple[Principal, ...] = ()


def stage_states(verifier: Verifier, facts: Facts, model: ModelName) -> Mapping[StageName, StageState]:
    """The stages that hold something, or whose last event does not verify."""
    names = {tag.stage for tag in facts.tags if isinstance(tag, AssignedTag | UnassignedTag)}
    order = {stage: position for position, stage in enumerate(facts.current_policy.stages)}
    states = {}
    for stage in sorted(names, key=lambda name: (order.get(name, len(order)), name)):
        state = _state(verifier, facts, model, stage)
        if state is not None:
            states[stage] = state
    return states


def _state(verifier: Verifier, facts: Facts, model: ModelName, stage: StageName) -> StageState | None:
    last = facts.stage_tags(model, stage)[-1]
    verdict = verifier.verdict(last)
    if isinstance(verdict, Failed):
        return StageState(None, last.n, None, None, verified=False, reason=f"{verdict.check}: {verdict.reason}")
    if not isinstance(verdict.event, Assignment):
        return None
    event = verdict.event
    return StageState(
        version=event.version,
        n=last.n,
        at=iso(verdict.seconds),
        by=verdict.by,
        verified=True,
        gates=event.gates,
        approvals=approvers(event),
    )
