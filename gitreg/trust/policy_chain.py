"""Which of the states that the protected branch went through count: each must be signed by the admins before it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.policy_signatures import PolicySignature, parse_signatures
from gitreg.core.policy_statement import POLICY_NAMESPACE, PolicyStatement
from gitreg.core.registry_id import RegistryId
from gitreg.errors import GitregError, VerificationError
from gitreg.trust.policy_state import Admin, PolicyState, able_admins, distinct
from gitreg.trust.public_key import decode_base64
from gitreg.trust.sshsig import parse_blob, verify


class RefusedChange(NamedTuple):
    """A commit whose files do not count, and why."""

    commit: Oid
    reason: str


class PolicyChain(NamedTuple):
    """The states that count, oldest first, and what was refused on the way.

    `standing` is the refusal of the files that lie there now; the last accepted state is in force nonetheless.
    """

    accepted: tuple[PolicyState, ...] = ()
    refused: tuple[RefusedChange, ...] = ()
    standing: RefusedChange | None = None


def follow(chain: PolicyChain, states: Iterable[PolicyState], registry: RegistryId) -> PolicyChain:
    """Go on from `chain` through `states`, oldest first.  What is refused is skipped, and a later state may heal it."""
    #  1. the first state that can be read is the root: whether it is the right one is for the clone's pin to say
    #  2. the files in force once more: nothing changed, or a refused change was taken back
    #  3. anything else must pass `check_step` on top of the state in force
    for state in states:
        if chain.accepted and state.files == chain.accepted[-1].files:
            chain = chain._replace(standing=None)
            continue
        try:
            if chain.accepted:
                check_step(chain.accepted[-1], state, registry)
            else:
                check_readable(state)
            chain = chain._replace(accepted=(*chain.accepted, state), standing=None)
        except GitregError as error:
            refused = RefusedChange(state.commit, error.message)
            chain = chain._replace(refused=(*chain.refused, refused), standing=refused)
    return chain


def follow_merge(
    chain: PolicyChain, side: Iterable[PolicyState], merged: PolicyState, registry: RegistryId
) -> PolicyChain:
    """Go on from `chain` to a merge's state, by way of the states that it brought in if that leads there exactly."""
    way = follow(chain._replace(refused=()), (*side, merged), registry)
    if way.standing is not None:
        return follow(chain, [merged], registry)
    return way._replace(refused=chain.refused)


def check_step(before: PolicyState, after: PolicyState, registry: RegistryId) -> None:
    """Raise VerificationError or FormatError unless `after` may follow `before`."""
    #  1. the new policy can be read, and its epoch is the next one
    #  2. enough distinct admins of the state before, with distinct keys of that state, signed exactly this step
    #  3. somebody is left who can change it again
    check_epoch(before, after)
    statement = after.step_from(before, registry)
    rule = before.parsed().admins
    signed = len(signed_by(before, after, statement))
    if signed < rule.count:
        raise VerificationError(f"it needs the signatures of {rule.count} of the admins before it, and has {signed}")
    check_changeable(after)


def check_readable(state: PolicyState) -> None:
    """Raise FormatError unless everything in the state can be read."""
    state.parsed()
    state.allowed_signers()


def check_epoch(before: PolicyState, after: PolicyState) -> None:
    """Raise VerificationError unless the epoch is the next one, FormatError if there is no readable policy."""
    was, now = before.parsed().epoch, after.parsed().epoch
    if now != was + 1:
        raise VerificationError(f"its epoch is {now}, and after {was} comes {was + 1}")


def check_changeable(state: PolicyState) -> None:
    """Raise VerificationError if too few people could sign the next change."""
    needed, able = state.parsed().admins.count, able_admins(state)
    if able < needed:
        raise VerificationError(
            f"nobody could change it again: it asks for {needed} of the admins, and {able} would have a key",
            hint='[admins] names roles, and their keys must be allowed "gitreg-policy" in allowed_signers',
        )


def signed_by(before: PolicyState, after: PolicyState, statement: PolicyStatement) -> list[Admin]:
    """The distinct admins of `before` whose signatures in `after` are over `statement`; others count for nothing."""
    if after.signatures is None:
        return []
    policy = before.parsed()
    signatures = parse_signatures(after.signatures).on(statement)
    admins = (_admin(each, before, policy, statement, after.at) for each in signatures)
    return distinct([admin for admin in admins if admin is not None])


def _admin(
    signature: PolicySignature, before: PolicyState, policy: Policy, statement: PolicyStatement, at: datetime
) -> Admin | None:
    """Whose signature it is, if it counts.

    A signature has no time of its own: `at`, that of its commit and the committer's claim, decides if the key was good.
    """
    try:
        key = verify(parse_blob(decode_base64(signature.signature)), statement.canonical(), POLICY_NAMESPACE)
    except GitregError:
        return None
    is_theirs = before.allowed_signers().allows(signature.principal, key, POLICY_NAMESPACE, at)
    if not is_theirs or not policy.holds(signature.principal, policy.admins.from_roles):
        return None
    return Admin(policy.person_of(signature.principal), signature.principal, key)
