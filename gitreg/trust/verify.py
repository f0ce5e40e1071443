"""Is this tag what it claims, and was it allowed?  One pure function of facts, the same for clients, CI and hooks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from operator import itemgetter
from typing import TypeVar

from gitreg.core.event import Assignment, Cause, Event, Registration, StageEvent
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.tag_message import TagMessage, parse_message
from gitreg.core.tag_name import StageTag, TagName, VersionTag
from gitreg.errors import GitregError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.approval import Party
from gitreg.trust.facts import Facts, Failed, StageLine, TagData, Verdict, Verified
from gitreg.trust.keys_then import signers_for
from gitreg.trust.public_key import PublicKey
from gitreg.trust.rules import (
    TAG_NAMESPACE,
    CheckError,
    check_approved,
    check_bare,
    check_chain,
    check_freeze,
    check_gates,
    check_key,
    check_pointer,
    check_received,
    check_role,
    earlier_holders,
    stage_rule,
)
from gitreg.trust.sshsig import parse_signature, verify
from gitreg.trust.tag_object import TagObject, claimed_seconds, parse_tag_object

# The tags of which more than the verdict is held at a time: parsed, hostile ones take several times their bytes.
_ROUND = 500
_ROUND_BYTES = 16 << 20
Told = TypeVar("Told")
_POLICY = re.compile(rb"\nGitreg-Policy: ([0-9a-f]{40,64})\n")


class Verifier:
    """Verdicts about one model's tags; each tag is decided once, however many others build on it."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._verdicts: dict[TagName, Verdict] = {}
        self._order = {oid: age for age, oid in enumerate(facts.policies)}
        self._newest: dict[tuple[ModelName, StageName], list[int]] = {}
        self._parsed: dict[TagName, tuple[TagObject, TagMessage]] = {}
        self._keys: dict[TagName, PublicKey] = {}

    def verdict(self, name: TagName) -> Verdict:
        """Decide one tag of `facts.tags`."""
        if name not in self._verdicts:
            data = self._facts.tags[name]
            # whatever a tag builds on may not build on it in turn
            self._verdicts[name] = Failed(name, data.oid, "chain", "it builds on itself")
            self._verdicts[name] = self._decide(name, data)
        return self._verdicts[name]

    def verdicts(self, names: Iterable[TagName]) -> list[Verdict]:
        wanted = list(names)
        # registrations first: events of stages build on them, and they on nothing
        ordered = sorted(wanted, key=lambda name: not isinstance(name, VersionTag))
        for names_of_round in self._rounds(ordered):
            self._prepare(names_of_round)
            for name in names_of_round:
                self.verdict(name)
        return [self._verdicts[name] for name in wanted]

    def _rounds(self, names: Iterable[TagName]) -> Iterator[list[TagName]]:
        waiting: list[TagName] = []
        held = 0
        for name in names:
            waiting.append(name)
            held += len(self._facts.tags[name].raw or b"")
            if len(waiting) == _ROUND or held >= _ROUND_BYTES:
                yield waiting
                waiting, held = [], 0
        yield waiting

    def _prepare(self, names: Iterable[TagName]) -> None:
        """Parse all, then check all signatures: in turns, each would drive the other out of the processor's caches.

        What fails here is left to the verdict, which meets it again at its own step.
        """
        self._parsed = _those_that_pass(names, lambda name: _parsed(name, self._facts.tags[name]))
        self._keys = _those_that_pass(self._parsed, lambda name: _signing_key(self._parsed[name][0]))

    def newest(self) -> Verified | None:
        """The verified tag with the latest date; those that say that they are older are not looked at."""
        claimed = ((claimed_seconds(data.raw), name) for name, data in self._facts.tags.items())
        dated = sorted(((at, name) for at, name in claimed if at is not None), key=itemgetter(0), reverse=True)
        verdicts = (self.verdict(name) for _, name in dated)
        return next((verdict for verdict in verdicts if isinstance(verdict, Verified)), None)

    def _decide(self, name: TagName, data: TagData) -> Verdict:
        try:
            return self._checked(name, data)
        except CheckError as error:
            return Failed(name, data.oid, error.check, error.message)
        except GitregError as error:
            return Failed(name, data.oid, "parse", error.message)

    def _checked(self, name: TagName, data: TagData) -> Verified:
        #  1. the raw object parses, strictly, and tags a commit
        #  2. the name inside the object, the ref's name and the event agree; the message is one of ours
        #  3. it belongs to this registry
        #  4. the policy it cites was in force, and was not replaced before its commit
        #  5. an allowed key signed it, at a time when the key was good: see `signers_for`; the time is the receipt's,
        #     or else the signer's claim, which does not do where the policy in force asks for receipts
        #  6. the signer holds a role that may do this
        #  7. the commit is on the protected branch
        #  8. registrations and assignments: the pointer there is the one signed
        #  9. stage events: the cited policy is no older than any before it in the stage, and the chain goes on
        tag, message = self._parsed.get(name) or _parsed(name, data)
        event = message.event
        if event.registry != self._facts.registry:
            raise CheckError("registry", f"it belongs to the registry {event.registry}")
        policy = self._policy(event, tag.target)
        check_received(data.oid, self._facts)
        at = self._seen(data.oid, tag)
        signers = signers_for(self._facts, data.oid, event.policy)
        key = self._keys.get(name) or _signing_key(tag)
        principals = check_key(key, signers, at)
        by = check_role(principals, event, policy)
        if name not in self._facts.on_branch:
            raise CheckError("branch", f"its commit is not on the protected branch {policy.branch}")
        if isinstance(event, Registration | Assignment):
            check_pointer(event, tag.target, self._facts)
        if isinstance(event, StageEvent):
            self._check_policy_age(event)
            check_chain(event, self._facts)
        if isinstance(event, Assignment):
            self._check_assignment(event, tag, policy, signers, _parties(principals, key), at)
        return Verified(name, data.oid, tag.target, event, message.text, by, key, tag.tagger.seconds)

    def _seen(self, oid: Oid, tag: TagObject) -> datetime:
        return datetime.fromtimestamp(self._facts.receipts.get(oid, tag.tagger.seconds), UTC)

    def _policy(self, event: Event, target: Oid) -> Policy:
        policy = self._facts.policies.get(event.policy)
        if policy is None:
            raise CheckError("policy", f"the policy it cites ({event.policy[:12]}) never was on the protected branch")
        if event.policy != self._facts.policy:
            floor = self._facts.floors.get(target)
            if floor is None or self._order[event.policy] < self._order[floor]:
                raise CheckError("policy", "it cites a policy that was replaced before its commit was made")
        return policy

    def _check_policy_age(self, event: StageEvent) -> None:
        """A stage's policy only moves forward, so that a withdrawn rule can't be brought back by citing it."""
        line = self._facts.stage_line(event.model, event.stage)
        stage = (event.model, event.stage)
        if stage not in self._newest:
            self._newest[stage] = self._newest_cited(line)
        if self._order[event.policy] < self._newest[stage][line.before(event.n)]:
            raise CheckError("policy", "it cites an older policy than an event before it")

    def _newest_cited(self, line: StageLine) -> list[int]:
        """For every place in the stage, the newest policy cited before it.

        What tags merely claim is enough: a false one can only ask for a newer policy, never bring back an older.
        """
        claims = (_POLICY.search(self._facts.tags[name].raw or b"") for name in line.tags)
        cited = (self._order.get(Oid(claim[1].decode()), -1) if claim else -1 for claim in claims)
        return list(accumulate(cited, max, initial=-1))

    def _check_assignment(
        self,
        event: Assignment,
        tag: TagObject,
        policy: Policy,
        signers: AllowedSigners,
        by: Sequence[Party],
        at: datetime,
    ) -> None:
        #  10. the version's own tag verifies, is the object that was signed here, and tags the same commit
        #  11. promotion: the version has been in the stage that must come first;
        #      rollback: the version has been in this stage, and nothing is claimed that nobody checks
        #  12. promotion: not in a freeze window, and every gate of the stage passed
        #  13. enough distinct people approved exactly this: as many as the policy wants for a promotion or a rollback
        registered = self._registration(event, tag.target)
        if event.cause is Cause.ROLLBACK:
            if not self._any_verified(earlier_holders(event, self._facts)):
                raise CheckError("rollback", f"{event.stage} never held {event.version}")
            check_bare(event, policy)
        else:
            self.check_after(event, policy)
            check_freeze(event, policy, at)
            check_gates(event, policy)
        # only approvals are held against promoter and registrar: most stages ask for none
        interested = (*by, *self._registrars(registered)) if event.approvals else by
        check_approved(event, tag.target, policy, signers, at, interested)

    def _registrars(self, registered: Verified) -> list[Party]:
        # by the keys and the time that its verdict was reached by: nobody dates themselves out of being the registrar
        at = datetime.fromtimestamp(self._facts.receipts.get(registered.oid, registered.seconds), UTC)
        signers = signers_for(self._facts, registered.oid, registered.event.policy)
        return _parties(signers.principals_of(registered.key, TAG_NAMESPACE, at), registered.key)

    def check_after(self, event: Assignment, policy: Policy) -> None:
        """The version has been in the stage that the policy wants first.  Raises CheckError."""
        rule = stage_rule(event, policy)
        if rule.after is None:
            return
        if not self._any_verified(self._facts.assigning(event.model, rule.after, event.version_tag)):
            raise CheckError("after", f"{event.version} has not been in {rule.after}")

    def _registration(self, event: Assignment, target: Oid) -> Verified:
        name = VersionTag(event.model, event.version)
        data = self._facts.tags.get(name)
        if data is None or data.oid != event.version_tag:
            raise CheckError("version", f"the version tag {name} is not the one that was promoted")
        registered = self.verdict(name)
        if isinstance(registered, Failed):
            raise CheckError("version", f"{name}: {registered.check}: {registered.reason}")
        signed = registered.event
        if not isinstance(signed, Registration) or (signed.manifest, signed.pointer) != (event.manifest, event.pointer):
            raise CheckError("version", f"{name} has another manifest or pointer")
        if registered.target != target:
            raise CheckError("version", f"{name} is on another commit")
        return registered

    def _any_verified(self, tags: Iterable[StageTag]) -> bool:
        """Whether one of the events that say they assigned a version did; no other is looked at."""
        return any(isinstance(self.verdict(name), Verified) for name in tags)


def _parsed(name: TagName, data: TagData) -> tuple[TagObject, TagMessage]:
    if data.raw is None:
        raise CheckError("parse", "not an annotated tag")
    tag = parse_tag_object(data.raw)
    if tag.target_type != "commit":
        raise CheckError("parse", f"it tags a {tag.target_type}, not a commit")
    if tag.name != str(name):
        raise CheckError("name", f"the tag was signed as {tag.name}")
    if tag.signature is None:
        raise CheckError("signature", "it is not signed")
    message = parse_message(tag.message, name)
    if message.event.tag_name != name:
        raise CheckError("name", f"the message is that of {message.event.tag_name}")
    return tag, message


def _signing_key(tag: TagObject) -> PublicKey:
    """The key that signed the tag, whoever's it is."""
    try:
        return verify(parse_signature(tag.signature or ""), tag.signed_bytes, TAG_NAMESPACE)
    except GitregError as error:
        raise CheckError("signature", error.message) from None


def _those_that_pass(names: Iterable[TagName], step: Callable[[TagName], Told]) -> dict[TagName, Told]:
    passed: dict[TagName, Told] = {}
    for name in names:
        try:
            passed[name] = step(name)
        except GitregError:
            continue
    return passed


def _parties(principals: Iterable[Principal], key: PublicKey) -> list[Party]:
    """Every name that a key has: nobody approves their own promotion under another one."""
    return [Party(principal, key) for principal in sorted(principals)]
