"""What a promotion still needs, whoever will sign it: asked without a key, so by anybody who has a clone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitreg.core.model_pattern import ModelPattern
from gitreg.core.names import ModelName, Person, StageName
from gitreg.core.reference import Reference
from gitreg.core.version import Version
from gitreg.gates.gate import GateResult
from gitreg.operations.context import Context, utc_now
from gitreg.operations.decisions.consent import ApprovalCount, consent
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.gate_run import check_gates
from gitreg.operations.policy.check import StageTerms, stage_terms
from gitreg.operations.policy.powers import people_in
from gitreg.operations.results import Failure
from gitreg.trust.rules import CheckError, check_freeze
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class PromotionNeeds:
    """`missing` is what would be refused now; `could_approve` are those whose approval would count and is not there."""

    model: ModelName
    version: Version
    stage: StageName
    n: int
    terms: StageTerms
    gates: tuple[GateResult, ...]
    approvals: ApprovalCount
    could_approve: tuple[Person, ...]
    missing: tuple[Failure, ...]


def promotion_needs(context: Context, reference: Reference, stage: StageName) -> PromotionNeeds:
    """Everything but the promoter's role.  Gates are run unless something else stands in the way."""
    draft = draft_assignment(context, reference, stage)
    agreed = consent(context, draft, None)
    missing = list(_rule_failures(draft))
    gates = () if missing or agreed.rejections else check_gates(context, draft)
    missing += [Failure(draft.label, "gates", f"{gate.name}: {gate.reason}") for gate in gates if not gate.passed]
    agreed = agreed.after(draft.rule, gates)
    missing += agreed.failures(draft.label)
    event = draft.event
    return PromotionNeeds(
        model=event.model,
        version=event.version,
        stage=stage,
        n=event.n,
        terms=stage_terms(draft.policy, ModelPattern(event.model), draft.rule),
        gates=gates,
        approvals=agreed.count,
        could_approve=_could_approve(draft, agreed.count),
        missing=tuple(missing),
    )


def _rule_failures(draft: AssignmentDraft) -> Iterator[Failure]:
    """`after` and `freeze`, each by itself: who waits for one of them wants to know of the other."""
    checks: tuple[Callable[[], None], ...] = (
        lambda: Verifier(draft.facts).check_after(draft.event, draft.policy),
        lambda: check_freeze(draft.event, draft.policy, utc_now()),
    )
    for check in checks:
        try:
            check()
        except CheckError as error:
            yield Failure(draft.label, error.check, error.message)


def _could_approve(draft: AssignmentDraft, count: ApprovalCount) -> tuple[Person, ...]:
    rule, policy = draft.rule.approvals, draft.policy
    done = {policy.person_of(principal) for principal in count.by}
    barred = set() if rule.allow_self else {policy.person_of(draft.found.registration.by)}
    if count.have >= count.need:
        return ()
    return tuple(person for person in people_in(policy, rule.from_roles) if person not in done | barred)
