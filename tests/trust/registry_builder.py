"""A registry in memory, with real keys and real signatures: what honest people, and others, would put into Git."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gitreg.core.digest import Digest
from gitreg.core.event import (
    ApprovalRecord,
    Assignment,
    Cause,
    Deprecation,
    Deregistration,
    Event,
    GateRecord,
    PointerAt,
    Registration,
    Unassignment,
)
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy, parse_policy
from gitreg.core.registry_id import RegistryId
from gitreg.core.request import request_of
from gitreg.core.tag_message import TagMessage, format_message
from gitreg.core.tag_name import AssignedTag, TagName, UnassignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.trust.allowed_signers import AllowedSigners, format_line
from gitreg.trust.approval import approve
from gitreg.trust.facts import Facts, Failed, KeyState, TagData, Verdict, Verified
from gitreg.trust.file_signer import FileSigner
from gitreg.trust.private_key import KeyFile, generate_key
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import sign
from gitreg.trust.tag_object import Tagger, TargetType, attach_signature, encode_tag_object
from gitreg.trust.verify import Verifier

MNIST, STAGING, PRODUCTION = ModelName("mnist"), StageName("staging"), StageName("production")
REGISTRY, NO_POLICY = RegistryId("6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10"), Oid("0" * 40)
NOW = 1_790_000_000
POLICY = """\
format = 1
epoch = 1
branch = "main"
[roles]
registrar = ["rita"]
promoter = ["pat"]
reviewer = ["bob", "carol", "pat", "rita", "ops"]
[rules]
register = ["registrar"]
deregister = ["registrar"]
deprecate = ["registrar"]
[stages.staging]
promote = ["promoter"]
rollback = ["promoter"]
unassign = ["promoter"]
[stages.production]
promote = ["promoter"]
rollback = ["promoter"]
unassign = ["promoter"]
after = "staging"
gates = ["accuracy", "format"]
approvals = { count = 2, from = ["reviewer"] }
[gates.accuracy]
kind = "metric"
metric = "accuracy"
[gates.format]
kind = "format"
"""
PASSED = (GateRecord("accuracy", "pass", "0.98"), GateRecord("format", "pass", "-"))


@cache
def key_of(name: str) -> Signer:
    """The named key, made once; what it may do is for allowed_signers to say."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        generate_key(path, name)
        return FileSigner(KeyFile.read(path), lambda _prompt: None)


def git_oid(kind: str, data: bytes) -> Oid:
    return Oid(hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest())


def version(text: str) -> Version:
    return Version.parse(text)


Change = Callable[[Event], Event]


def unchanged(event: Event) -> Event:
    return event


@dataclass
class RegistryBuilder:
    """What lies in the repository; every method adds to it what a person with that key could add."""

    registry: RegistryId = REGISTRY
    signers: str = ""
    policies: dict[Oid, Policy] = field(default_factory=dict)
    policy: Oid = NO_POLICY
    tags: dict[TagName, TagData] = field(default_factory=dict)
    on_branch: set[TagName] = field(default_factory=set)
    pointers: dict[tuple[Oid, str], bytes] = field(default_factory=dict)
    floors: dict[Oid, Oid] = field(default_factory=dict)
    accepted: set[Oid] = field(default_factory=set)
    receipts: dict[Oid, int] = field(default_factory=dict)
    history: dict[Oid, KeyState] = field(default_factory=dict)

    def facts(self) -> Facts:
        return Facts(
            self.registry,
            AllowedSigners.parse(self.signers.encode()),
            self.policy,
            dict(self.policies),
            dict(self.tags),
            frozenset(self.on_branch),
            dict(self.pointers),
            floors=dict(self.floors),
            accepted=frozenset(self.accepted),
            receipts=dict(self.receipts),
            history=dict(self.history),
        )

    def verdict(self, name: TagName) -> Verdict:
        return Verifier(self.facts()).verdict(name)

    def set_policy(self, text: str) -> Oid:
        """Commit a policy to the protected branch; commits that had no tag before may be older than it."""
        oid = git_oid("blob", text.encode())
        self.policies.pop(oid, None)
        self.policies[oid] = parse_policy(text.encode())
        self.policy = oid
        return oid

    def allow(self, *principals: str, key: str = "", options: str = "") -> None:
        """Add a line to allowed_signers; the key is called like the first person unless said otherwise."""
        public = key_of(key or principals[0]).public_key
        line = format_line([Principal(name) for name in principals], public)
        self.signers += line.replace(" namespaces", f" {options},namespaces") if options else line

    # events as the operations would draft them

    def registration(self, number: str, model: ModelName = MNIST) -> Registration:
        manifest = Digest.of(f"{model}{number}".encode())
        text = f'format = 1\n[artifact]\nname = "{model}"\nmanifest = "{manifest}"\nsize = 1\nfiles = 1\n'.encode()
        pointer = PointerAt(f"models/{model}.gitreg", Digest.of(text))
        self.pointers[self.commit(number, model), pointer.path] = text
        return Registration(self.registry, model, version(number), manifest, pointer, self.policy)

    def commit(self, number: str, model: ModelName = MNIST) -> Oid:
        return git_oid("commit", f"{model}{number}".encode())

    def assignment(self, number: str, stage: StageName, cause: Cause = Cause.PROMOTE) -> Assignment:
        registered = self.registration(number)
        gates = PASSED if (stage, cause) == (PRODUCTION, Cause.PROMOTE) else ()
        n, previous = self.next_of(stage)
        return Assignment(
            cause,
            self.registry,
            MNIST,
            version(number),
            self.tags[VersionTag(MNIST, version(number))].oid,
            stage,
            n,
            registered.manifest,
            registered.pointer,
            previous,
            self.policy,
            gates,
        )

    def next_of(self, stage: StageName) -> tuple[int, Oid | None]:
        found = [tag for tag in self.tags if isinstance(tag, AssignedTag | UnassignedTag) and tag.stage == stage]
        last = max(found, key=lambda tag: tag.n, default=None)
        return (last.n + 1, self.tags[last].oid) if last else (1, None)

    # signed tags

    def register(self, number: str = "v1.0.0", by: str = "rita", change: Change = unchanged) -> TagName:
        self.floors.setdefault(self.commit(number), next(iter(self.policies)))
        return self.add(change(self.registration(number)), by, self.commit(number))

    def promote(
        self,
        number: str = "v1.0.0",
        stage: StageName = STAGING,
        by: str = "pat",
        approved: Sequence[str] = (),
        change: Change = unchanged,
    ) -> TagName:
        event = change(self.assignment(number, stage))
        assert isinstance(event, Assignment)
        records = tuple(self.approval(event, name) for name in approved)
        return self.add(event._replace(approvals=event.approvals + records), by, self.commit(number))

    def to_production(self, number: str = "v1.0.0", change: Change = unchanged) -> TagName:
        """The full honest way: registered, staged, approved by two."""
        if VersionTag(MNIST, version(number)) not in self.tags:
            self.register(number)
            self.promote(number)
        return self.promote(number, PRODUCTION, approved=("bob", "carol"), change=change)

    def rollback(self, number: str, stage: StageName, by: str = "pat", change: Change = unchanged) -> TagName:
        return self.add(change(self.assignment(number, stage, Cause.ROLLBACK)), by, self.commit(number))

    def unassign(self, stage: StageName, by: str = "pat", change: Change = unchanged) -> TagName:
        n, previous = self.next_of(stage)
        event = change(Unassignment(self.registry, MNIST, stage, n, previous, self.policy))
        return self.add(event, by, self.commit("v1.0.0"))

    def deregister(self, number: str, by: str = "rita") -> TagName:
        oid = self.tags[VersionTag(MNIST, version(number))].oid
        return self.add(
            Deregistration(self.registry, MNIST, version(number), oid, self.policy), by, self.commit(number)
        )

    def deprecate(self, by: str = "rita") -> TagName:
        return self.add(Deprecation(self.registry, MNIST, self.policy), by, self.commit("v1.0.0"))

    def approval(
        self, event: Assignment, name: str, key: str = "", expires: int | None = None, target: Oid | None = None
    ) -> ApprovalRecord:
        """`name`'s approval of exactly that event, signed with `key` (their own unless said otherwise)."""
        until = None if expires is None else datetime.fromtimestamp(expires, UTC)
        request = request_of(event, target or self.commit(str(event.version)))
        return approve(request, Principal(name), key_of(key or name), until)

    def add(self, event: Event, by: str, target: Oid) -> TagName:
        return self.put(event.tag_name, signed_tag(event, by, target))

    def put(self, name: TagName, raw: bytes | None, *, on_branch: bool = True) -> TagName:
        """Point a tag ref at an object (None: straight at a commit), whatever the object says."""
        self.tags[name] = TagData(git_oid("tag", raw) if raw is not None else self.commit("v1.0.0"), raw)
        if on_branch:
            self.on_branch.add(name)
        return name


def signed_tag(
    event: Event, by: str, target: Oid, *, at: int = NOW, namespace: str = "git", text: str = "", name: str = ""
) -> bytes:
    """A tag object as gitreg writes it, apart from what the caller wants otherwise."""
    payload = unsigned_tag(event, target, at=at, text=text, name=name)
    return attach_signature(payload, sign(key_of(by), payload, namespace))


def unsigned_tag(
    event: Event,
    target: Oid,
    *,
    at: int = NOW,
    text: str = "",
    name: str = "",
    target_type: TargetType = TargetType.COMMIT,
) -> bytes:
    tagger = Tagger("Pat", "pat@example.com", at, "+0000")
    message = format_message(TagMessage(event, text))
    return encode_tag_object(target, target_type, name or str(event.tag_name), tagger, message)


def new_registry() -> RegistryBuilder:
    """One policy, and five people with a key each."""
    registry = RegistryBuilder()
    registry.set_policy(POLICY)
    for name in ("rita", "pat", "bob", "carol", "mallory"):
        registry.allow(name)
    return registry


def expect_verified(registry: RegistryBuilder, *names: TagName) -> None:
    for name in names or tuple(registry.tags):
        verdict = registry.verdict(name)
        assert isinstance(verdict, Verified), verdict


def expect_refused(registry: RegistryBuilder, name: TagName, check: str, reason: str = "") -> None:
    verdict = registry.verdict(name)
    assert isinstance(verdict, Failed), f"{name} verified, although {check} should fail"
    assert (verdict.check, reason in verdict.reason) == (check, True), verdict
    assert verdict.reason.isprintable()
