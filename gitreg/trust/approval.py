"""Approvals: a person's signature over one exact promotion request."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from gitreg.core.event import ApprovalRecord
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


def approve(
    request: PromotionRequest, principal: Principal, signer: Signer, expires: datetime | None
) -> ApprovalRecord:
    """Sign a request.  `expires` is in UTC; None means the approval does not age."""
    until = NEVER if expires is None else expires.astimezone(UTC).strftime(_TIME)
    armored = sign(signer, request.canonical(until), APPROVAL_NAMESPACE)
    blob = parse_signature(armored).blob
    return ApprovalRecord(principal, until, base64.b64encode(blob).decode())


def check_approval(
    record: ApprovalRecord, request: PromotionRequest, signers: AllowedSigners, at: datetime
) -> PublicKey:
    """Return the key that made the approval.  Raises VerificationError unless it signs this request, in time."""
    if record.expires != NEVER and _time(record.expires) < at:
        raise VerificationError(f"the approval of {record.principal} had expired at {record.expires}")
    try:
        key = verify(parse_blob(decode_base64(record.signature)), request.canonical(record.expires), APPROVAL_NAMESPACE)
    except GitregError as error:
        raise VerificationError(f"the approval of {record.principal} does not sign this promotion: {error}") from None
    if not signers.allows(record.principal, key, APPROVAL_NAMESPACE, at):
        raise VerificationError(f"the approval of {record.principal} is by a key that is not theirs")
    return key


def check_approvals(
    records: Sequence[ApprovalRecord],
    request: PromotionRequest,
    policy: Policy,
    signers: AllowedSigners,
    at: datetime,
    interested: Sequence[Party],
) -> None:
    """Raise VerificationError unless the approvals satisfy the rule; `interested` are promoter and registrar."""
    rule = policy.for_model(request.model).stage(request.stage).approvals
    counted: list[Party] = []
    for record in records:
        party = Party(record.principal, check_approval(record, request, signers, at))
        check_counts(party, rule, policy, interested, counted)
        counted.append(party)
    if len(counted) < rule.count:
        raise VerificationError(f"{request.stage} needs {rule.count} approvals and has {len(counted)}")


def check_counts(
    party: Party, rule: ApprovalRule, policy: Policy, interested: Sequence[Party], counted: Sequence[Party]
) -> None:
    """Raise VerificationError unless the approval adds to those counted before it."""
    if not policy.holds(party.principal, rule.from_roles):
        raise VerificationError(f"{party.principal} has no role that may approve")
    if any(party.principal == other.principal for other in counted):
        raise VerificationError(f"{party.principal} approved twice")
    if any(party.key == other.key for other in counted):
        raise VerificationError(f"{party.principal} approved with somebody else's key")
    if not rule.allow_self and any(party.principal == p.principal or party.key == p.key for p in interested):
        raise VerificationError(f"{party.principal} registered or promotes it, so their approval does not count")


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise VerificationError(f"not a time: {text}") from None
