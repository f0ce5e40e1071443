"""Approvals: a person's signature over one exact promotion request."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from gitreg.core.decision import Decision, Rejection, Withdrawal, approval_lines, signed_bytes, spell
from gitreg.core.event import ApprovalRecord, Cause
from gitreg.core.names import Principal
from gitreg.core.policy import Policy
from gitreg.core.policy_rules import ApprovalRule
from gitreg.core.request import APPROVAL_NAMESPACE, PromotionRequest
from gitreg.errors import GitregError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.public_key import PublicKey, decode_base64
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import parse_blob, parse_signature, sign, verify

_TIME = "%Y-%m-%dT%H:%M:%SZ"
NEVER = "never"


class Party(NamedTuple):
    """A person together with the key they used: both must differ for two parties to count as two."""

    principal: Principal
    key: PublicKey


def approval_rule(request: PromotionRequest, policy: Policy) -> ApprovalRule:
    """What the policy asks for in approvals of this request.  Raises NotFoundError if it has no such stage."""
    stage = policy.for_model(request.model).stage(request.stage)
    return stage.rollback_approvals if request.action is Cause.ROLLBACK else stage.approvals


def approve(
    request: PromotionRequest, principal: Principal, signer: Signer, expires: datetime | None
) -> ApprovalRecord:
    """Sign a request.  `expires` is in UTC; None means the approval does not age."""
    until = NEVER if expires is None else written_time(expires)
    return ApprovalRecord(principal, until, sign_decision(signer, approval_lines(request, until)))


def sign_decision(signer: Signer, lines: tuple[str, ...]) -> str:
    """The signature over a decision's lines, armour removed, base64."""
    armored = sign(signer, spell(lines), APPROVAL_NAMESPACE)
    return base64.b64encode(parse_signature(armored).blob).decode()


def signing_key(decision: Decision, request: PromotionRequest, signers: AllowedSigners, at: datetime) -> PublicKey:
    """The key that made the decision.  Raises VerificationError unless it signs this request and is that person's."""
    whose = f"the {_KINDS[type(decision)]} of {decision.principal}"
    try:
        signature = parse_blob(decode_base64(decision.signature))
        key = verify(signature, signed_bytes(request, decision), APPROVAL_NAMESPACE)
    except GitregError as error:
        raise VerificationError(f"{whose} does not sign this {_ACTIONS[request.action]}: {error}") from None
    if not signers.allows(decision.principal, key, APPROVAL_NAMESPACE, at):
        raise VerificationError(f"{whose} is by a key that is not theirs")
    return key


def check_approval(
    record: ApprovalRecord, request: PromotionRequest, signers: AllowedSigners, at: datetime
) -> PublicKey:
    """Return the key that made the approval.  Raises VerificationError unless it signs this request, in time."""
    if has_expired(record, at):
        raise VerificationError(f"the approval of {record.principal} had expired at {record.expires}")
    return signing_key(record, request, signers, at)


def has_expired(record: ApprovalRecord, at: datetime) -> bool:
    """Whether its time is over.  Raises VerificationError if what it says is no time."""
    return record.expires != NEVER and _time(record.expires) < at


def check_approvals(
    records: Sequence[ApprovalRecord],
    request: PromotionRequest,
    policy: Policy,
    signers: AllowedSigners,
    at: datetime,
    interested: Sequence[Party],
) -> None:
    """Raise VerificationError unless the approvals satisfy the rule; `interested` are promoter and registrar."""
    rule = approval_rule(request, policy)
    counted: list[Party] = []
    for record in records:
        party = Party(record.principal, check_approval(record, request, signers, at))
        check_counts(party, rule, policy, interested, counted)
        counted.append(party)
    if len(counted) < rule.count:
        needed = f"a rollback of {request.stage}" if request.action is Cause.ROLLBACK else request.stage
        raise VerificationError(f"{needed} needs {rule.count} approvals and has {len(counted)}")


def check_counts(
    party: Party, rule: ApprovalRule, policy: Policy, interested: Sequence[Party], counted: Sequence[Party]
) -> None:
    """Raise VerificationError unless the approval adds to those counted before it."""
    if not policy.holds(party.principal, rule.from_roles):
        raise VerificationError(f"{party.principal} has no role that may approve")
    if any(same_person(party, other, policy) for other in counted):
        raise VerificationError(f"{party.principal} approved twice")
    if any(party.key == other.key for other in counted):
        raise VerificationError(f"{party.principal} approved with somebody else's key")
    if not rule.allow_self and any(same_person(party, p, policy) or party.key == p.key for p in interested):
        raise VerificationError(f"{party.principal} registered or promotes it, so their approval does not count")


def same_person(one: Party, other: Party, policy: Policy) -> bool:
    """Whether two names are one person's, as the policy has it."""
    return policy.person_of(one.principal) == policy.person_of(other.principal)


def written_time(at: datetime) -> str:
    """A moment as decisions write it: UTC, to the second."""
    return at.astimezone(UTC).strftime(_TIME)


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise VerificationError(f"not a time: {text}") from None


_ACTIONS = {Cause.PROMOTE: "promotion", Cause.ROLLBACK: "rollback"}
_KINDS = {ApprovalRecord: "approval", Rejection: "rejection", Withdrawal: "withdrawal"}
