"""The rules one by one: each raises CheckError, naming itself, or returns.  `verify` applies them to tags that exist,
`promote` to the tag it is about to make, so that nobody signs what readers would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from gitreg.core.digest import Digest
from gitreg.core.event import (
    Assignment,
    Cause,
    Deprecation,
    Deregistration,
    Event,
    Registration,
    StageEvent,
    Unassignment,
)
from gitreg.core.names import Principal
from gitreg.core.oid import Oid
from gitreg.core.pointer import Pointer, parse_pointer
from gitreg.core.policy import Policy
from gitreg.core.policy_rules import Decide, StageRule
from gitreg.core.request import request_of
from gitreg.core.tag_name import StageTag
from gitreg.errors import GitregError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.approval import Party, check_approvals
from gitreg.trust.facts import Facts
from gitreg.trust.public_key import PublicKey

TAG_NAMESPACE = "git"
PASSED_BY_MARGIN = "pass+margin"
_PASSED = frozenset({"pass", PASSED_BY_MARGIN})


class CheckError(VerificationError):
    """One rule does not hold; `check` is its stable name."""

    def __init__(self, check: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason, hint=hint)
        self.check = check


def roles_for(event: Event, policy: Policy) -> tuple[str, ...]:
    """The roles that the policy lets do this; none means nobody may."""
    rules = policy.for_model(event.model).rules
    match event:
        case Registration():
            return rules["register"]
        case Deregistration():
            return rules["deregister"]
        case Deprecation():
            return rules["deprecate"]
        case Unassignment():
            return stage_rule(event, policy).unassign
        case Assignment(cause=Cause.ROLLBACK):
            return stage_rule(event, policy).rollback
        case Assignment():
            return stage_rule(event, policy).promote


def stage_rule(event: StageEvent, policy: Policy) -> StageRule:
    """What the policy says of the event's stage, for its model."""
    try:
        return policy.for_model(event.model).stage(event.stage)
    except GitregError as error:
        raise CheckError("policy", error.message, hint=error.hint) from None


def check_key(key: PublicKey, signers: AllowedSigners, at: datetime) -> frozenset[Principal]:
    """Return the principals in whose names the key signs tags; nobody is none of them."""
    principals = signers.principals_of(key, TAG_NAMESPACE, at)
    if not principals and signers.revoked(key):
        raise CheckError("signature", f"the key {key.fingerprint} was revoked")
    if not principals:
        raise CheckError("signature", f"the key {key.fingerprint} is nobody's in allowed_signers, or not at that time")
    return principals


def check_role(principals: frozenset[Principal], event: Event, policy: Policy) -> Principal:
    """Return the principal in whose name the event counts."""
    allowed = roles_for(event, policy)
    for principal in sorted(principals):
        if policy.holds(principal, allowed):
            return principal
    raise CheckError(
        "role",
        f"{', '.join(sorted(principals))} may not do this",
        hint=f"the policy asks for one of: {', '.join(allowed) or 'nobody'}",
    )


def check_received(tag: Oid, facts: Facts) -> None:
    """A trusted writer has seen the tag, if the policy in force asks for that."""
    if facts.current_policy.receipts.required and tag not in facts.receipts:
        raise CheckError("receipt", "no trusted writer has confirmed it", hint="gitreg fetch, once there is a receipt")


def check_pointer(event: Registration | Assignment, target: Oid, facts: Facts) -> None:
    """The pointer in the tagged commit is the very one, and names the same manifest."""
    data = facts.pointers.get((target, event.pointer.path))
    if data is None:
        raise CheckError("pointer", f"the tagged commit has no {event.pointer.path}")
    if _digest(data) != event.pointer.digest:
        raise CheckError("pointer", f"{event.pointer.path} at the tagged commit is not what was signed")
    try:
        pointer = _parsed_pointer(data, event.pointer.path)
    except GitregError as error:
        raise CheckError("pointer", error.message, hint=error.hint) from None
    if pointer.manifest != event.manifest or pointer.name != event.model:
        raise CheckError("pointer", f"{event.pointer.path} names another model or manifest than the tag")


# Remembered, for a version's events all look at the same pointer.


@lru_cache(maxsize=256)
def _digest(data: bytes) -> Digest:
    return Digest.of(data)


@lru_cache(maxsize=256)
def _parsed_pointer(data: bytes, path: str) -> Pointer:
    return parse_pointer(data, path)


def check_chain(event: StageEvent, facts: Facts) -> None:
    """The event continues the stage's chain: numbers without gaps or doubles, `Previous` the tag before it."""
    line = facts.stage_line(event.model, event.stage)
    earlier = line.before(event.n)
    if earlier != event.n - 1 or line.unbroken < earlier:
        raise CheckError(
            "chain", f"the events before #{event.n} of {event.stage} are not 1 to {event.n - 1}, each once"
        )
    if line.before(event.n + 1) - earlier > 1:
        raise CheckError("chain", f"two events of {event.stage} are numbered {event.n}")
    previous = facts.tags[line.tags[earlier - 1]].oid if earlier else None
    if event.previous != previous:
        raise CheckError(
            "chain", f"it was signed on top of {event.previous or 'nothing'}, not of {previous or 'nothing'}"
        )


def check_freeze(event: Assignment, policy: Policy, at: datetime) -> None:
    """A promotion was not made in a freeze window of its stage; `at` is a receipt's time, or else the signer's own."""
    for window in stage_rule(event, policy).freeze:
        if window.covers(at):
            reason = f" ({window.reason})" if window.reason else ""
            raise CheckError(
                "freeze",
                f"{event.stage} takes no promotions {window}{reason}",
                hint="rollback and unassign stay possible",
            )


def check_gates(event: Assignment, policy: Policy) -> None:
    """Every gate that the policy names for the stage was run, once, and passed."""
    verdicts = [(gate.name, gate.verdict) for gate in event.gates]
    for name in stage_rule(event, policy).gates:
        found = [verdict for gate, verdict in verdicts if gate == name]
        if len(found) != 1 or found[0] not in _PASSED:
            raise CheckError("gates", f"gate {name}: {', '.join(found) or 'missing'}")
    if any(verdict not in _PASSED for _, verdict in verdicts):
        raise CheckError("gates", "a gate that did not pass is recorded")


def check_approved(
    event: Assignment, target: Oid, policy: Policy, signers: AllowedSigners, at: datetime, interested: Sequence[Party]
) -> None:
    """Enough of the right people signed exactly this, or the policy asks nobody."""
    if not event.approvals and _waived(event, policy):
        return
    try:
        check_approvals(event.approvals, request_of(event, target), policy, signers, at, interested)
    except VerificationError as error:
        raise CheckError("approvals", error.message, hint=error.hint) from None


def _waived(event: Assignment, policy: Policy) -> bool:
    verdicts = [(gate.name, gate.verdict) for gate in event.gates]
    return event.cause is Cause.PROMOTE and waives_approvals(stage_rule(event, policy), verdicts)


def waives_approvals(rule: StageRule, verdicts: Iterable[tuple[str, str]]) -> bool:
    """Whether nobody needs to approve a promotion with these gates' names and verdicts.

    Only if the stage is hybrid, and each of its gates has one verdict, which says that it passed by its margin.
    """
    if rule.decide is not Decide.HYBRID or not rule.gates:
        return False
    said = list(verdicts)
    return all([verdict for gate, verdict in said if gate == name] == [PASSED_BY_MARGIN] for name in rule.gates)


def earlier_holders(event: Assignment, facts: Facts) -> Iterator[StageTag]:
    """The stage's assignments of the version before this one: they are what a rollback may return to.

    Oldest first: a version's first assignment is a promotion, so that chains of rollbacks are not walked.
    """
    return (tag for tag in facts.assigning(event.model, event.stage, event.version_tag) if tag.n < event.n)


def check_bare(event: Assignment, policy: Policy) -> None:
    """A rollback runs no gates, and only the policy makes it ask for approvals: others were checked by nobody."""
    asked = stage_rule(event, policy).rollback_approvals.count
    if event.gates or (event.approvals and not asked):
        raise CheckError("rollback", "a rollback carries gates or approvals, which count for nothing there")
