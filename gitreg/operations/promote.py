"""Promotion: gates first, then approvals, then one signed tag that carries both."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.names import ModelName, StageName
from gitreg.core.reference import Reference
from gitreg.core.version import Version
from gitreg.errors import RefusedError
from gitreg.gates.gate import GateResult
from gitreg.operations.context import Context, utc_now
from gitreg.operations.decisions.consent import ApprovalCount, Consent, RejectionNote, consent
from gitreg.operations.decisions.incoming import refresh
from gitreg.operations.decisions.spent import drop_spent
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.evidence import gate_records
from gitreg.operations.gate_run import check_gates
from gitreg.operations.publish import publish
from gitreg.operations.results import EventResult, Failure
from gitreg.operations.sign import open_signer, record
from gitreg.trust.rules import CheckError, check_freeze, check_key, check_role
from gitreg.trust.signer import Signer
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a promotion would meet now; `blocked` says what stands in its way."""

    model: ModelName
    version: Version
    stage: StageName
    n: int
    allowed: bool
    gates: tuple[GateResult, ...]
    approvals: ApprovalCount
    rejections: tuple[RejectionNote, ...]
    blocked: tuple[Failure, ...]


def promote(context: Context, reference: Reference, stage: StageName, message: str, *, push: bool) -> EventResult:
    """Sign the stage's next event.  Raises RefusedError unless the policy is satisfied in every point."""
    draft = draft_assignment(context, reference, stage)
    signer = open_signer(context)
    if push:
        refresh(context, draft)
    readiness, agreed = _assess(context, draft, signer)
    if not readiness.allowed:
        raise _refusal(draft, readiness)
    event = draft.event._replace(gates=gate_records(context, readiness.gates), approvals=agreed.approvals)
    verified = record(context, signer, event, draft.target, message, draft.facts)
    result = publish(context, verified, push=push)
    drop_spent(context)
    return result


def dry_run(context: Context, reference: Reference, stage: StageName) -> Readiness:
    """Everything `promote` would check, without signing."""
    draft = draft_assignment(context, reference, stage)
    return _assess(context, draft, open_signer(context))[0]


def _assess(context: Context, draft: AssignmentDraft, signer: Signer) -> tuple[Readiness, Consent]:
    agreed = consent(context, draft, signer)
    blocked = _rule_failures(draft, signer)
    # what is refused anyway must not cost the time of running gates
    gates = () if blocked or agreed.rejections else check_gates(context, draft)
    blocked += [Failure(draft.label, "gates", _failed_gate(gate)) for gate in gates if not gate.passed]
    agreed = agreed.after(draft.rule, gates)
    blocked += agreed.failures(draft.label)
    event = draft.event
    readiness = Readiness(
        model=event.model,
        version=event.version,
        stage=event.stage,
        n=event.n,
        allowed=not blocked,
        gates=gates,
        approvals=agreed.count,
        rejections=agreed.notes,
        blocked=tuple(blocked),
    )
    return readiness, agreed


def _failed_gate(gate: GateResult) -> str:
    return f"{gate.name}: {gate.reason}" + (f" ({gate.figure})" if gate.figure else "")


def _rule_failures(draft: AssignmentDraft, signer: Signer) -> list[Failure]:
    found = []
    try:
        check_role(check_key(signer.public_key, draft.facts.signers, utc_now()), draft.event, draft.policy)
        Verifier(draft.facts).check_after(draft.event, draft.policy)
        check_freeze(draft.event, draft.policy, utc_now())
    except CheckError as error:
        found.append(Failure(draft.label, error.check, error.message))
    return found


def _refusal(draft: AssignmentDraft, readiness: Readiness) -> RefusedError:
    reasons = "; ".join(f"{failure.check}: {failure.reason}" for failure in readiness.blocked)
    return RefusedError(f"{draft.label} may not enter {draft.rule.name}: {reasons}", hint=_hint(draft, readiness))


def _hint(draft: AssignmentDraft, readiness: Readiness) -> str:
    label, stage, rule = draft.label, draft.rule.name, draft.rule
    match readiness.blocked[0].check:
        case "approvals":
            roles = ", ".join(rule.approvals.from_roles)
            return f"a person with the role {roles} runs: gitreg approve {label} {stage}"
        case "after":
            return f"gitreg promote {label} {rule.after}"
        case "freeze":
            return f"rollback and unassign stay possible; gitreg policy check --for {label} {stage} shows every window"
        case "rejected":
            return f"they may take it back: gitreg reject {label} {stage} --withdraw"
        case "gates":
            return f"gitreg gate run {label} {stage} shows all figures"
        case _:
            return f"roles that may promote to {stage}: {', '.join(rule.promote) or 'none'} (.gitreg/policy.toml)"
