"""What the protected branch says at one commit about who may do what: the files' bytes, and what they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from gitreg.core.names import Person, Principal
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy, parse_policy
from gitreg.core.policy_statement import POLICY_NAMESPACE, PolicyDigests, PolicyStatement
from gitreg.core.registry_id import RegistryId
from gitreg.errors import FormatError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.distinct import most_distinct
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import Revocations


class PolicyState(NamedTuple):
    """The files in a commit (None: absent), and when it says that it was made (seconds; the committer's claim)."""

    commit: Oid
    seconds: int
    policy: bytes | None = None
    signers: bytes | None = None
    revoked: bytes | None = None
    signatures: bytes | None = None

    @property
    def at(self) -> datetime:
        """`seconds` as a time.  Raises FormatError for one that no calendar has."""
        try:
            return datetime.fromtimestamp(self.seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise FormatError("its commit has an impossible date") from None

    @property
    def files(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        return self.policy, self.signers, self.revoked

    @property
    def digests(self) -> PolicyDigests:
        return PolicyDigests.of(*self.files)

    def parsed(self) -> Policy:
        """Its policy.  Raises FormatError if there is none, or one that is malformed."""
        if self.policy is None:
            raise FormatError("there is no policy")
        return _policy(self.policy)

    def allowed_signers(self) -> AllowedSigners:
        """Whose keys count, without the revoked ones; no file means that nobody's do.  Raises FormatError."""
        return _signers(self.signers or b"", self.revoked or b"")

    def step_from(self, previous: PolicyState | None, registry: RegistryId) -> PolicyStatement:
        """What the admins of `previous` sign to bring this about; None makes it the first.  Raises FormatError."""
        before = previous.digests if previous else PolicyDigests()
        return PolicyStatement(registry, self.parsed().epoch, self.digests, before)


# Remembered, because every model's tags are judged by the same few files.


@lru_cache(maxsize=8)
def _policy(data: bytes) -> Policy:
    return parse_policy(data)


@lru_cache(maxsize=8)
def _signers(signers: bytes, revoked: bytes) -> AllowedSigners:
    return AllowedSigners.parse(signers).without(Revocations.parse(revoked))


class Admin(NamedTuple):
    """A person with a key: both must differ for two admins to count as two."""

    person: Person
    principal: Principal
    key: PublicKey


def distinct(admins: list[Admin]) -> list[Admin]:
    """Those that count as different people with different keys: as many as can be."""
    return [admins[place] for place in most_distinct([(admin.person, admin.key) for admin in admins])]


def able_admins(state: PolicyState) -> int:
    """How many distinct admins could sign the next change.  Raises FormatError."""
    policy, signers, at = state.parsed(), state.allowed_signers(), state.at
    people = sorted({principal for role in policy.admins.from_roles for principal in policy.roles.get(role, ())})
    certified = {policy.person_of(who) for who in people if signers.certifies(who, POLICY_NAMESPACE, at)}
    with_keys = [
        Admin(policy.person_of(who), who, grant.key)
        for who in people
        for grant in signers.grants
        if signers.allows(who, grant.key, POLICY_NAMESPACE, at)
    ]
    # an authority may certify any number of keys, so that they need not share one
    return len(certified) + len(distinct([admin for admin in with_keys if admin.person not in certified]))
