"""Rejecting: a person's signed no to the exact promotion that would come next, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.decision import Rejection, Withdrawal
from gitreg.core.decision_file import DecisionFile
from gitreg.core.digest import Digest
from gitreg.core.event import Cause
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.reference import Reference
from gitreg.core.version import Version
from gitreg.errors import NotFoundError
from gitreg.operations.context import Context, utc_now
from gitreg.operations.decisions.approve import Way, deliver
from gitreg.operations.decisions.consent import decision_files, standing
from gitreg.operations.decisions.decider import draft_request, rejecter
from gitreg.operations.draft import AssignmentDraft
from gitreg.operations.sign import open_signer
from gitreg.trust.rejection import reject as sign_rejection
from gitreg.trust.rejection import withdraw as sign_withdrawal


@dataclass(frozen=True, slots=True)
class RejectResult:
    """A rejection that now blocks its promotion or, `withdrawn`, no longer does."""

    model: ModelName
    version: Version
    stage: StageName
    n: int
    action: Cause
    manifest: Digest
    by: Principal
    why: str
    withdrawn: bool
    refs: tuple[str, ...]
    pushed: bool


def reject(
    context: Context, reference: Reference, stage: StageName, cause: Cause, *, why: str, way: Way
) -> RejectResult:
    """Sign a no to the stage's next event.  Raises RefusedError if the policy gives the key no say in it."""
    draft, signer = draft_request(context, reference, stage, cause), open_signer(context)
    principal = rejecter(draft, signer)
    rejection = sign_rejection(draft.request, principal, signer, why, utc_now())
    return _result(context, draft, way, [rejection], rejection.why)


def withdraw(context: Context, reference: Reference, stage: StageName, cause: Cause, *, way: Way) -> RejectResult:
    """Take back one's own rejections of the stage's next event.  Raises NotFoundError if none stands."""
    draft, signer = draft_request(context, reference, stage, cause), open_signer(context)
    principal = rejecter(draft, signer)
    person = draft.policy.person_of(principal)
    found = standing(context, draft, decision_files(context, draft))
    own = [each for each in found if draft.policy.person_of(each.principal) == person]
    if not own:
        by = ", ".join(dict.fromkeys(each.principal for each in found)) or "nobody"
        raise NotFoundError(
            f"{principal} has not rejected {draft.label} for {stage}", hint=f"rejected by: {by}; gitreg fetch for more"
        )
    withdrawals = [sign_withdrawal(draft.request, each, principal, signer) for each in own]
    return _result(context, draft, way, withdrawals, "; ".join(each.why for each in own))


def _result(
    context: Context, draft: AssignmentDraft, way: Way, decisions: list[Rejection] | list[Withdrawal], why: str
) -> RejectResult:
    event = draft.event
    return RejectResult(
        model=event.model,
        version=event.version,
        stage=event.stage,
        n=event.n,
        action=event.cause,
        manifest=event.manifest,
        by=decisions[0].principal,
        why=why,
        withdrawn=isinstance(decisions[0], Withdrawal),
        refs=tuple(deliver(context, DecisionFile(draft.request, each), way) for each in decisions),
        pushed=way is Way.PUSHED_REF,
    )
