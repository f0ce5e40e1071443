"""Approvals: a person's signature over one exact promotion request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitreg.core.event import ApprovalRecord
from gitreg.core.names import Principal
from gitreg.core.policy import ApprovalRule, Policy
from gitreg.core.request import APPROVAL_NAMESPACE, PromotionRequest
from gitreg.errors import GitregError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.public_key import PublicKey
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import parse_signature, verify

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
NEVER = "never"


@dataclass(frozen=True, slots=True)
class Party:
    """A person together with the key they used: both must differ for two parties to count as two."""

    principal: Principal
    key: PublicKey


def approve(
    request: PromotionRequest, principal: Principal, signer: Signer, expires: datetime | None
) -> ApprovalRecord:
    """Sign a request.  `expires` is in UTC; None means the approval does not age."""
    until = NEVER if expires is None else expires.astimezone(UTC).strftime(_TIME)
    armored = signer.sign(request.canonical(until), APPROVAL_NAMESPACE)
    return ApprovalRecord(principal, until, _unarmor(armored))


def check_approval(
    record: ApprovalRecord, request: PromotionRequest, signers: AllowedSigners, at: datetime
) -> PublicKey:
    """Return the key that made the approval.  Raises VerificationError unless it signs this request, in time."""
    if record.expires != NEVER and _time(record.expires) < at:
        raise VerificationError(f"the approval of {record.principal} had expired at {record.expires}")
    try:
        key = verify(parse_signature(_armor(record.signature)), request.canonical(record.expires), APPROVAL_NAMESPACE)
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
    rule = policy.stage(request.stage).approvals
    parties = [Party(record.principal, check_approval(record, request, signers, at)) for record in records]
    for party in parties:
        if not policy.holds(party.principal, rule.from_roles):
            raise VerificationError(f"{party.principal} has no role that may approve for {request.stage}")
    _check_distinct(parties)
    if not rule.allow_self:
        _check_disinterested(parties, interested)
    _check_count(parties, rule, request)


def _check_distinct(parties: Sequence[Party]) -> None:
    if len({party.principal for party in parties}) < len(parties):
        raise VerificationError("one person approved twice")
    if len({party.key for party in parties}) < len(parties):
        raise VerificationError("two approvals are by one key")


def _check_disinterested(parties: Sequence[Party], interested: Sequence[Party]) -> None:
    for party in parties:
        if any(party.principal == other.principal or party.key == other.key for other in interested):
            raise VerificationError(
                f"{party.principal} registered or promotes the version, so their approval does not count"
            )


def _check_count(parties: Sequence[Party], rule: ApprovalRule, request: PromotionRequest) -> None:
    if len(parties) < rule.count:
        missing = rule.count - len(parties)
        raise VerificationError(f"{request.stage} needs {rule.count} approvals, {missing} more than there are")


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise VerificationError(f"not a time: {text}") from None


def _unarmor(armored: str) -> str:
    return "".join(line for line in armored.split("\n") if line and not line.startswith("-----"))


def _armor(signature: str) -> str:
    lines = [signature[i : i + 70] for i in range(0, len(signature), 70)]
    return "\n".join([_BEGIN, *lines, _END]) + "\n"
