"""Approving: a person's signature over the exact promotion, or rollback, that would come next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import assert_never

from gitreg.core.decision import approval_lines, spell
from gitreg.core.decision_file import DecisionFile
from gitreg.core.digest import Digest
from gitreg.core.event import Cause
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.reference import Reference
from gitreg.core.version import Version
from gitreg.errors import RefusedError
from gitreg.operations.context import Context, utc_now
from gitreg.operations.decisions.approvals import file_as_ref
from gitreg.operations.decisions.consent import consent
from gitreg.operations.decisions.decider import approver, draft_request
from gitreg.operations.decisions.files import file_in_tree
from gitreg.operations.decisions.stake import MetricChange, changed_metrics, held_version
from gitreg.operations.draft import AssignmentDraft
from gitreg.operations.publish import publish_approval
from gitreg.operations.sign import open_signer
from gitreg.trust.approval import NEVER, approval_rule, written_time
from gitreg.trust.approval import approve as sign_approval

DEFAULT_AGE = timedelta(days=14)


class Way(Enum):
    """How a decision reaches the others: a ref that waits for `push`, one pushed at once, or a file to commit."""

    REF = "ref"
    PUSHED_REF = "pushed ref"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class ApproveResult:
    """An approval that now waits for its promotion; `approvals_so_far` counts it.

    `replaces` and `metrics` say what the stage would exchange for what.
    """

    model: ModelName
    version: Version
    stage: StageName
    n: int
    action: Cause
    manifest: Digest
    replaces: Version | None
    metrics: tuple[MetricChange, ...]
    by: Principal
    expires: datetime | None
    approvals_so_far: int
    needed: int
    ref: str
    pushed: bool


@dataclass(frozen=True, slots=True)
class ApprovalPreview:
    """What would be signed, to the byte."""

    request: str
    replaces: Version | None
    metrics: tuple[MetricChange, ...]


def approve(
    context: Context, reference: Reference, stage: StageName, cause: Cause, *, expires: timedelta | None, way: Way
) -> ApproveResult:
    """Sign the request of the stage's next event.  Raises RefusedError if the approval could never count."""
    draft = _draft(context, reference, stage, cause)
    signer = open_signer(context)
    principal = approver(draft, signer)
    until = utc_now() + expires if expires is not None else None
    approval = sign_approval(draft.request, principal, signer, until)
    ref = deliver(context, DecisionFile(draft.request, approval), way)
    event, count = draft.event, consent(context, draft, None).count
    return ApproveResult(
        model=event.model,
        version=event.version,
        stage=stage,
        n=event.n,
        action=cause,
        manifest=event.manifest,
        replaces=held_version(draft),
        metrics=changed_metrics(context, draft),
        by=principal,
        expires=until,
        approvals_so_far=count.have,
        needed=count.need,
        ref=ref,
        pushed=way is Way.PUSHED_REF,
    )


def preview(
    context: Context, reference: Reference, stage: StageName, cause: Cause, *, expires: timedelta | None
) -> ApprovalPreview:
    """What `approve` would sign now; needs no key."""
    draft = _draft(context, reference, stage, cause)
    until = written_time(utc_now() + expires) if expires is not None else NEVER
    text = spell(approval_lines(draft.request, until)).decode()
    return ApprovalPreview(text, held_version(draft), changed_metrics(context, draft))


def deliver(context: Context, file: DecisionFile, way: Way) -> str:
    """Put a decision where promoters find it.  Returns its ref or path."""
    match way:
        case Way.FILE:
            return file_in_tree(context, file)
        case Way.REF:
            return file_as_ref(context, file)
        case Way.PUSHED_REF:
            ref = file_as_ref(context, file)
            publish_approval(context, ref)
            return ref
        case _:
            assert_never(way)


def _draft(context: Context, reference: Reference, stage: StageName, cause: Cause) -> AssignmentDraft:
    draft = draft_request(context, reference, stage, cause)
    if not approval_rule(draft.request, draft.policy).count:
        what = f"a rollback of {stage}" if cause is Cause.ROLLBACK else str(stage)
        raise RefusedError(f"{what} asks for no approvals", hint=f"gitreg {cause.value} {draft.label} {stage}")
    return draft
