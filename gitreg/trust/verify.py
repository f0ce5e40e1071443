"""Is this tag what it claims, and was it allowed?  One pure function of facts, the same for clients, CI and hooks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from gitreg.core.event import Assignment, Cause, Event, Registration, Unassignment
from gitreg.core.names import Principal
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.tag_message import TagMessage, parse_message
from gitreg.core.tag_name import AssignedTag, StageTag, TagName, VersionTag
from gitreg.errors import GitregError
from gitreg.trust.approval import Party
from gitreg.trust.facts import Facts, Failed, TagData, Verdict, Verified
from gitreg.trust.public_key import PublicKey
from gitreg.trust.rules import (
    CheckError,
    check_approved,
    check_chain,
    check_gates,
    check_pointer,
    check_role,
    earlier_holders,
    stage_rule,
)
from gitreg.trust.sshsig import parse_signature, verify
from gitreg.trust.tag_object import TagObject, parse_tag_object

TAG_NAMESPACE = "git"


class Verifier:
    """Verdicts about one model's tags; each tag is decided once, however many others build on it."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._verdicts: dict[TagName, Verdict] = {}

    def verdict(self, name: TagName) -> Verdict:
        """Decide one tag of `facts.tags`."""
        if name not in self._verdicts:
            data = self._facts.tags[name]
            # whatever a tag builds on may not build on it in turn
            self._verdicts[name] = Failed(name, data.oid, "chain", "it builds on itself")
            self._verdicts[name] = self._decide(name, data)
        return self._verdicts[name]

    def verdicts(self, names: Iterable[TagName]) -> list[Verdict]:
        return [self.verdict(name) for name in names]

    def _decide(self, name: TagName, data: TagData) -> Verdict:
        try:
            return self._checked(name, data)
        except CheckError as error:
            return Failed(name, data.oid, error.check, error.message)
        except GitregError as error:
            return Failed(name, data.oid, "parse", error.message)

    def _checked(self, name: TagName, data: TagData) -> Verified:
        #  1. the raw object parses, strictly, and its message is one of ours
        #  2. the name inside the object, the ref's name and the event agree
        #  3. it belongs to this registry
        #  4. an allowed key signed it, at a time when the key was good
        #  5. the policy it cites was the protected branch's, and no older than its predecessor's
        #  6. the signer holds a role that may do this
        #  7. the commit is on the protected branch
        #  8. registrations and assignments: the pointer there is the one signed
        #  9. stage events: see _check_stage_event
        tag, message = self._parsed(name, data)
        event = message.event
        if tag.name != str(name) or event.tag_name != name:
            raise CheckError("name", f"the tag was signed as {tag.name}")
        if event.registry != self._facts.registry:
            raise CheckError("registry", f"it belongs to the registry {event.registry}")
        at = datetime.fromtimestamp(tag.tagger.seconds, UTC)
        key, principals = self._signer(tag, at)
        policy = self._policy(event)
        by = check_role(principals, event, policy)
        if name not in self._facts.on_branch:
            raise CheckError("branch", f"its commit is not on the protected branch {policy.branch}")
        if isinstance(event, Registration | Assignment):
            check_pointer(event, tag.target, self._facts)
        if isinstance(event, Assignment | Unassignment):
            self._check_policy_age(event)
            check_chain(event, self._facts)
        if isinstance(event, Assignment):
            self._check_assignment(event, tag, policy, Party(by, key), at)
        return Verified(name, data.oid, tag.target, event, message.text, by, key, tag.tagger.seconds)

    def _parsed(self, name: TagName, data: TagData) -> tuple[TagObject, TagMessage]:
        if data.raw is None:
            raise CheckError("parse", "not an annotated tag")
        tag = parse_tag_object(data.raw)
        if tag.target_type != "commit":
            raise CheckError("parse", f"it tags a {tag.target_type}, not a commit")
        if tag.signature is None:
            raise CheckError("signature", "it is not signed")
        return tag, parse_message(tag.message, name)

    def _signer(self, tag: TagObject, at: datetime) -> tuple[PublicKey, frozenset[Principal]]:
        try:
            key = verify(parse_signature(tag.signature or ""), tag.signed_bytes, TAG_NAMESPACE)
        except GitregError as error:
            raise CheckError("signature", error.message) from None
        principals = self._facts.signers.principals_of(key, TAG_NAMESPACE, at)
        if not principals:
            raise CheckError(
                "signature", f"the key {key.fingerprint} is nobody's in allowed_signers, or not at that time"
            )
        return key, principals

    def _policy(self, event: Event) -> Policy:
        policy = self._facts.policies.get(event.policy)
        if policy is None:
            raise CheckError("policy", f"the policy it cites ({event.policy[:12]}) never was on the protected branch")
        return policy

    def _check_policy_age(self, event: Assignment | Unassignment) -> None:
        """A stage's policy only moves forward, so that a withdrawn rule can't be brought back by citing it."""
        before = [tag for tag in self._facts.stage_tags(event.model, event.stage) if tag.n == event.n - 1]
        data = self._facts.tags[before[-1]] if before else None
        if data is None or data.raw is None:
            return
        try:
            previous = self._parsed(before[-1], data)[1].event.policy
        except GitregError:
            return  # step 9 and the predecessor's own verdict speak of that
        order = list(self._facts.policies)
        if previous in order and order.index(event.policy) < order.index(previous):
            raise CheckError("policy", "it cites an older policy than the event before it")

    def _check_assignment(self, event: Assignment, tag: TagObject, policy: Policy, by: Party, at: datetime) -> None:
        #  10. the version's own tag verifies, and is the object that was signed here
        #  11. promotion: the version has been in the stage that must come first;
        #      rollback: the version has been in this stage
        #  12. promotion: every gate of the stage passed
        #  13. promotion: enough distinct people approved exactly this
        registered = self._registration(event)
        if event.cause is Cause.ROLLBACK:
            if not self._any_assigned(event, earlier_holders(event, self._facts)):
                raise CheckError("rollback", f"{event.stage} never held {event.version}")
            return
        self.check_after(event, policy)
        check_gates(event, policy)
        interested = (by, Party(registered.by, registered.key))
        check_approved(event, tag.target, policy, self._facts.signers, at, interested)

    def check_after(self, event: Assignment, policy: Policy) -> None:
        """The version has been in the stage that the policy wants first.  Raises CheckError."""
        rule = stage_rule(event, policy)
        if rule.after is not None and not self._any_assigned(event, self._facts.stage_tags(event.model, rule.after)):
            raise CheckError("after", f"{event.version} has not been in {rule.after}")

    def _registration(self, event: Assignment) -> Verified:
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
        return registered

    def _any_assigned(self, event: Assignment, tags: list[StageTag]) -> bool:
        """Whether a verified event among `tags` assigned the very version (the oid of its tag says so)."""
        for name in tags:
            raw = self._facts.tags[name].raw
            candidate = isinstance(name, AssignedTag) and raw is not None and assigns(raw, event.version_tag)
            if candidate and isinstance(self.verdict(name), Verified):
                return True
        return False


def assigns(raw: bytes, version_tag: Oid) -> bool:
    """Whether an unverified tag says that it assigns that version: a cheap look before the expensive one."""
    return f"\nGitreg-Version-Tag: {version_tag}\n".encode() in raw
