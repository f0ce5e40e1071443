"""Who decides about which request: what approving and rejecting have in common before anything is signed."""

from __future__ import annotations

from gitreg.core.event import Cause
from gitreg.core.names import Principal, StageName
from gitreg.core.reference import PointerPath, Reference
from gitreg.core.request import APPROVAL_NAMESPACE
from gitreg.errors import RefusedError, UsageError, VerificationError
from gitreg.operations.context import Context, utc_now
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.facts import model_facts
from gitreg.operations.resolve import find_version
from gitreg.operations.rollback import draft_rollback
from gitreg.trust.approval import Party, approval_rule, check_counts
from gitreg.trust.signer import Signer


def draft_request(context: Context, reference: Reference, stage: StageName, cause: Cause) -> AssignmentDraft:
    """The promotion or rollback that would come next.  Raises NotFoundError, RefusedError, VerificationError."""
    if cause is Cause.PROMOTE:
        return draft_assignment(context, reference, stage)
    if isinstance(reference, PointerPath):
        raise UsageError("only registered versions have stages", hint="name the version: mnist@v1.0.0")
    found = find_version(context, reference)
    return draft_rollback(context, model_facts(context, found.model), found.model, stage, found.version)


def approver(draft: AssignmentDraft, signer: Signer) -> Principal:
    """In whose name the key may approve.  Raises RefusedError if that approval could never count."""
    registrar = Party(draft.found.registration.by, draft.found.registration.key)
    refusals = []
    for name in _names(draft, signer):
        try:
            rule = approval_rule(draft.request, draft.policy)
            check_counts(Party(name, signer.public_key), rule, draft.policy, [registrar], [])
        except VerificationError as error:
            refusals.append(error.message)
        else:
            return name
    raise _refusal(draft, "; ".join(refusals))


def rejecter(draft: AssignmentDraft, signer: Signer) -> Principal:
    """In whose name the key may reject: whoever has a role that may approve, interested or not."""
    roles = approval_rule(draft.request, draft.policy).from_roles
    names = _names(draft, signer)
    for name in names:
        if draft.policy.holds(name, roles):
            return name
    raise _refusal(draft, f"{', '.join(names)} has no role that may approve or reject")


def _names(draft: AssignmentDraft, signer: Signer) -> list[Principal]:
    key = signer.public_key
    names = sorted(draft.facts.signers.principals_of(key, APPROVAL_NAMESPACE, utc_now()))
    if not names:
        raise RefusedError(
            f"allowed_signers gives the key {key.fingerprint} to nobody who may approve",
            hint=f"an admin adds the line: YOU@EXAMPLE.COM {key.line}",
        )
    return names


def _refusal(draft: AssignmentDraft, reason: str) -> RefusedError:
    roles = ", ".join(approval_rule(draft.request, draft.policy).from_roles) or "nobody"
    return RefusedError(reason, hint=f"{draft.rule.name} wants approvals from: {roles}")
