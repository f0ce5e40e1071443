"""Is this commit the next receipt of the log?  Decided from its bytes and from what counted under its policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from gitreg.core.names import Principal
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.receipt_message import ReceiptMessage, Received, format_receipt, parse_receipt
from gitreg.core.registry_id import RegistryId
from gitreg.errors import GitregError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.commit_object import attach_to_commit, encode_commit_object, parse_commit_object
from gitreg.trust.facts import Facts
from gitreg.trust.public_key import PublicKey
from gitreg.trust.rules import CheckError
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import parse_signature, sign, verify
from gitreg.trust.tag_object import Tagger

LOG_NAMESPACE = "git"  # so that `git verify-commit` agrees
CHECK = "receipt"


class Authority(NamedTuple):
    """Who may do what, and with which keys, while one policy was in force."""

    policy: Policy
    signers: AllowedSigners


class LogEnd(NamedTuple):
    """Where the log ends: its last receipt, when that was, under which policy, and the tags received so far."""

    tip: Oid | None = None
    seconds: int = 0
    policy: Oid | None = None
    tags: Collection[str] = ()


class Receipt(NamedTuple):
    """A receipt that verified: `tags` were there at `seconds` (UTC), says the writer `by`."""

    tree: Oid
    seconds: int
    policy: Oid
    tags: tuple[Received, ...]
    by: Principal


def check_receipt(raw: bytes, before: LogEnd, registry: RegistryId, authorities: Mapping[Oid, Authority]) -> Receipt:
    """The receipt that follows `before`.  Raises CheckError.

    `authorities` has every accepted policy, oldest first.
    """
    #  1. the raw commit and its message parse, strictly
    #  2. it follows the last receipt, and is not dated before it
    #  3. it belongs to this registry
    #  4. the policy it cites was accepted, and is no older than the last receipt's
    #  5. a key signed it that was good under that policy, of a person who may write receipts
    #  6. no tag in it has a receipt already
    try:
        commit = parse_commit_object(raw)
        message = parse_receipt(commit.message)
        key = verify(parse_signature(commit.signature), commit.signed_bytes, LOG_NAMESPACE)
    except GitregError as error:
        raise CheckError(CHECK, error.message, hint=error.hint) from None
    if commit.parent != before.tip:
        raise CheckError(CHECK, f"it follows {commit.parent or 'nothing'}, not {before.tip or 'nothing'}")
    if commit.by.seconds < before.seconds:
        raise CheckError(CHECK, "it is dated before the receipt that it follows")
    if message.registry != registry:
        raise CheckError(CHECK, f"it belongs to the registry {message.registry}")
    by = _writer(key, message.policy, commit.by.seconds, before, authorities)
    _check_new(message, before)
    return Receipt(commit.tree, commit.by.seconds, message.policy, message.tags, by)


def assume_received(facts: Facts, tags: Iterable[Oid], seconds: int) -> Facts:
    """The facts as they would be if the tags got a receipt at that time."""
    return replace(facts, receipts={**dict.fromkeys(tags, seconds), **facts.receipts})


def sign_receipt(tree: Oid, parent: Oid | None, by: Tagger, message: ReceiptMessage, signer: Signer) -> bytes:
    """The raw commit of a receipt."""
    payload = encode_commit_object(tree, parent, by, format_receipt(message))
    return attach_to_commit(payload, sign(signer, payload, LOG_NAMESPACE))


def writers(key: PublicKey, authority: Authority, seconds: int) -> list[Principal]:
    """In whose names the key may write receipts at that time."""
    at = datetime.fromtimestamp(seconds, UTC)
    names = sorted(authority.signers.principals_of(key, LOG_NAMESPACE, at))
    return [name for name in names if authority.policy.holds(name, authority.policy.receipts.from_roles)]


def _writer(
    key: PublicKey, policy: Oid, seconds: int, before: LogEnd, authorities: Mapping[Oid, Authority]
) -> Principal:
    if policy not in authorities:
        raise CheckError(CHECK, f"the policy it cites ({policy[:12]}) never was in force")
    order = list(authorities)
    if before.policy is not None and order.index(policy) < order.index(before.policy):
        raise CheckError(CHECK, "it cites an older policy than the receipt before it")
    names = writers(key, authorities[policy], seconds)
    if not names:
        raise CheckError(
            CHECK, f"the key {key.fingerprint} may not write receipts", hint="[receipts] in the policy names the roles"
        )
    return names[0]


def _check_new(message: ReceiptMessage, before: LogEnd) -> None:
    for tag in message.tags:
        if str(tag.name) in before.tags:
            raise CheckError(CHECK, f"{tag.name} has a receipt already")
