"""Approving: a person's signature over the exact promotion that would come next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gitreg.core.approval_file import format_approval
from gitreg.core.digest import Digest
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.reference import Reference
from gitreg.core.request import APPROVAL_NAMESPACE
from gitreg.core.version import Version
from gitreg.errors import RefusedError, VerificationError
from gitreg.operations.approvals import file_approval
from gitreg.operations.context import Context, utc_now
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.promote import valid_approvals
from gitreg.operations.publish import publish_ref
from gitreg.operations.sign import open_signer
from gitreg.trust.approval import Party, check_counts
from gitreg.trust.approval import approve as sign_approval
from gitreg.trust.signer import Signer

DEFAULT_AGE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ApproveResult:
    """An approval that now waits for its promotion; `approvals_so_far` counts it."""

    model: ModelName
    version: Version
    stage: StageName
    n: int
    manifest: Digest
    by: Principal
    expires: datetime | None
    approvals_so_far: int
    needed: int
    ref: str
    pushed: bool


def approve(
    context: Context, reference: Reference, stage: StageName, *, expires: timedelta | None = DEFAULT_AGE, push: bool
) -> ApproveResult:
    """Sign the promotion request of the stage's next event.  Raises RefusedError if the approval could never count."""
    draft = draft_assignment(context, reference, stage)
    rule = draft.rule.approvals
    if not rule.count:
        raise RefusedError(f"{stage} asks for no approvals", hint=f"gitreg promote {draft.label} {stage}")
    signer = open_signer(context)
    principal = _principal(draft, signer)
    until = utc_now() + expires if expires is not None else None
    approval = sign_approval(draft.request, principal, signer, until)
    ref = file_approval(context, draft.event, format_approval(draft.request, approval), principal)
    if push:
        publish_ref(context, ref)
    event = draft.event
    return ApproveResult(
        model=event.model,
        version=event.version,
        stage=stage,
        n=event.n,
        manifest=event.manifest,
        by=principal,
        expires=until,
        approvals_so_far=len(valid_approvals(context, draft, None)),
        needed=rule.count,
        ref=ref,
        pushed=push,
    )


def _principal(draft: AssignmentDraft, signer: Signer) -> Principal:
    key = signer.public_key
    names = sorted(draft.facts.signers.principals_of(key, APPROVAL_NAMESPACE, utc_now()))
    if not names:
        raise RefusedError(
            f"allowed_signers gives the key {key.fingerprint} to nobody who may approve",
            hint=f"an admin adds the line: YOU@EXAMPLE.COM {key.line}",
        )
    registrar = Party(draft.found.registration.by, draft.found.registration.key)
    refusals = []
    for name in names:
        try:
            check_counts(Party(name, key), draft.rule.approvals, draft.policy, [registrar], [])
        except VerificationError as error:
            refusals.append(error.message)
        else:
            return name
    roles = ", ".join(draft.rule.approvals.from_roles)
    raise RefusedError("; ".join(refusals), hint=f"{draft.rule.name} wants approvals from: {roles}")
