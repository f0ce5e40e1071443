"""What a policy change means, in sentences: for the admin who is asked to sign it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitreg.core.policy import Policy
from gitreg.core.policy_rules import ApprovalRule
from gitreg.core.retention_sentences import retention_sentences
from gitreg.core.text import escape
from gitreg.trust.allowed_signers import AllowedSigners, Grant
from gitreg.trust.policy_state import PolicyState

_TABLES = ("rules", "stages", "gates", "people", "models")


def differences(before: PolicyState, after: PolicyState) -> tuple[str, ...]:
    """A sentence for each difference that counts; none if only comments differ.  Raises FormatError."""
    was, now = before.parsed(), after.parsed()
    found = (*_roles(was, now), *_admins(was, now), *_tables(was, now), *_retention(was, now), *_keys(before, after))
    revoked = () if before.revoked == after.revoked else ("the list of revoked keys changes",)
    return (*found, *revoked) or ("only comments or their like change",)


def _roles(was: Policy, now: Policy) -> Iterator[str]:
    for role in sorted(was.roles.keys() | now.roles.keys()):
        old, new = set(was.roles.get(role, ())), set(now.roles.get(role, ()))
        yield from (f"{who} becomes {escape(role)}" for who in sorted(new - old))
        yield from (f"{who} is no longer {escape(role)}" for who in sorted(old - new))


def _admins(was: Policy, now: Policy) -> Iterator[str]:
    if was.admins != now.admins:
        yield f"the policy is changed by {_rule(now.admins)}, not by {_rule(was.admins)}"
    if was.branch != now.branch:
        yield f"the protected branch becomes {escape(now.branch)}"
    if was.receipts != now.receipts:
        yield "whose receipts count changes"
    yield from (f"the tag {oid[:12]} counts although its key was revoked" for oid in now.accepted[len(was.accepted) :])


def _rule(rule: ApprovalRule) -> str:
    return f"{rule.count} of {escape(', '.join(rule.from_roles)) or 'nobody'}"


def _tables(was: Policy, now: Policy) -> Iterator[str]:
    for table in _TABLES:
        old: Mapping[str, object] = getattr(was, table)
        new: Mapping[str, object] = getattr(now, table)
        names = [str(name) for name in {**old, **new} if old.get(name) != new.get(name)]
        if names:
            yield f"{table} change: {escape(', '.join(names))}"


def _retention(was: Policy, now: Policy) -> Iterator[str]:
    before, after = tuple(retention_sentences(was)), tuple(retention_sentences(now))
    if before != after:
        yield from (f"retention becomes: {sentence}" for sentence in after)


def _keys(before: PolicyState, after: PolicyState) -> Iterator[str]:
    old, new = _grants(before.allowed_signers()), _grants(after.allowed_signers())
    yield from (f"{escape(new[grant])} may sign" for grant in new if grant not in old)
    yield from (f"{escape(old[grant])} may no longer sign" for grant in old if grant not in new)


def _grants(signers: AllowedSigners) -> dict[tuple[object, ...], str]:
    return {_identity(grant): f"{grant.principals} with {grant.key.fingerprint}" for grant in signers.grants}


def _identity(grant: Grant) -> tuple[object, ...]:
    """Everything but the line's number."""
    return grant[1:]
