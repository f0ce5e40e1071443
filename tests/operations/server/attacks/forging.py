"""A client that asks no rule: it signs whatever it is told to, with keys that its owner has."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any

from gitreg.api import Registry
from gitreg.core.event import ApprovalRecord, Assignment, Event, GateRecord, Registration
from gitreg.core.names import Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy_signatures import SIGNATURES_PATH, PolicySignature, format_signatures
from gitreg.core.policy_statement import POLICY_NAMESPACE
from gitreg.core.reference import parse_reference
from gitreg.core.request import PromotionRequest, request_of
from gitreg.core.tag_message import TagMessage, format_message
from gitreg.core.version import Version
from gitreg.git.objects import write_object
from gitreg.git.repository import Repository
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.policy.line import present_policy
from gitreg.operations.policy.working import working_state
from gitreg.operations.resolve import find_version
from gitreg.operations.sign import open_signer
from gitreg.trust.approval import approve
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import parse_signature, sign
from gitreg.trust.tag_object import Tagger, TargetType, attach_signature, encode_tag_object

V1 = "mnist@v1.0.0"


@dataclass
class Forger:
    """Works in a clone, with anybody's key that lies in the world's `keys`."""

    world: Any
    where: str = "work"
    who: str = "ada"

    @property
    def registry(self) -> Registry:
        return self.world.open(self.where, self.who)

    @property
    def repo(self) -> Repository:
        return self.registry.context.repo

    def signer(self, who: str | None = None) -> Signer:
        return open_signer(self.world.open(self.where, who or self.who).context)

    def draft(self, stage: str, ref: str = V1) -> AssignmentDraft:
        return draft_assignment(self.registry.context, parse_reference(ref), StageName(stage))

    def promotion(self, stage: str = "production", ref: str = V1, **changes: Any) -> Assignment:
        """The stage's next event, gates passed, as an honest client would begin it; then with `changes`."""
        draft = self.draft(stage, ref)
        passed = tuple(GateRecord(name, "pass", "0.95") for name in draft.rule.gates)
        return draft.event._replace(gates=passed)._replace(**changes)

    def registration(self, version: str) -> Registration:
        """mnist@v1.0.0 under another version."""
        event = find_version(self.registry.context, parse_reference(V1)).registration.event
        assert isinstance(event, Registration)
        return event._replace(version=Version.parse(version))

    def approved(self, event: Assignment, *by: tuple[str, str]) -> Assignment:
        """With the approvals of these (principal, key) pairs, over exactly this event."""
        request = request_of(event, self.target())
        return event._replace(approvals=tuple(self.approval(request, *each) for each in by))

    def approval(self, request: PromotionRequest, principal: str, key: str) -> ApprovalRecord:
        return approve(request, Principal(principal), self.signer(key), None)

    def target(self, ref: str = V1) -> Oid:
        return self.oid(f"{ref}^{{commit}}")

    def oid(self, name: str) -> Oid:
        return Oid(self.world.sh("git", "rev-parse", name, cwd=self.where).strip())

    def sign(self, event: Event, *, target: Oid | None = None, at: float | None = None, namespace: str = "git") -> str:
        """Make the tag, whatever it says.  Returns its name."""
        tagger = Tagger("Somebody", "somebody@example.com", int(time.time() if at is None else at), "+0000")
        message = format_message(TagMessage(event))
        payload = encode_tag_object(target or self.target(), TargetType.COMMIT, str(event.tag_name), tagger, message)
        raw = attach_signature(payload, sign(self.signer(), payload, namespace))
        return self.name_it(str(event.tag_name), write_object(self.repo, "tag", raw))

    def name_it(self, tag: str, oid: str) -> str:
        self.world.sh("git", "update-ref", f"refs/tags/{tag}", oid, cwd=self.where)
        return tag

    def write_tag(self, tag: str, raw: str) -> str:
        """A tag object of any text, which git itself might not make."""
        options = ("-t", "tag", "-w", "--stdin", "--literally")
        return self.name_it(
            tag, self.world.sh("git", "hash-object", *options, cwd=self.where, stdin=raw.encode()).strip()
        )

    def sign_policy(self, principal: str) -> None:
        """What lies in the working tree, in `principal`'s name, whatever it is and whoever they are."""
        context = self.registry.context
        statement = working_state(context).step_from(present_policy(context).in_force, context.config.id)
        armored = sign(self.signer(), statement.canonical(), POLICY_NAMESPACE)
        mine = PolicySignature(Principal(principal), base64.b64encode(parse_signature(armored).blob).decode())
        (self.registry.root / SIGNATURES_PATH).write_bytes(format_signatures(statement, [mine]))
