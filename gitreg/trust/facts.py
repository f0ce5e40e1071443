"""What `verify` decides from: raw tags, policies, keys and pointers, all gathered beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitreg.core.event import Event
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import AssignedTag, StageTag, TagName, UnassignedTag, VersionTag
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.public_key import PublicKey


@dataclass(frozen=True, slots=True)
class TagData:
    """A tag ref: the object it names, and that object's bytes if it is an annotated tag and they were read."""

    oid: Oid
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that verdicts about one model's tags rest on.

    `tags` must hold every tag of the model by name; bytes are needed only of those that are asked about and of those
    that they build on.  What is missing makes a verdict negative, never positive.
    """

    registry: RegistryId
    signers: AllowedSigners
    policy: Oid  # the protected branch's present policy
    policies: Mapping[Oid, Policy]  # every policy the protected branch has held, oldest first
    tags: Mapping[TagName, TagData]
    on_branch: frozenset[TagName]  # tags whose commit is on the protected branch
    pointers: Mapping[tuple[Oid, str], bytes] = field(default_factory=dict)  # by commit and path

    @property
    def current_policy(self) -> Policy:
        return self.policies[self.policy]

    def stage_tags(self, model: ModelName, stage: StageName) -> list[StageTag]:
        """The events of one stage by their numbers, lowest first."""
        events = (tag for tag in self.tags if isinstance(tag, AssignedTag | UnassignedTag))
        found = [tag for tag in events if tag.model == model and tag.stage == stage]
        return sorted(found, key=lambda tag: (tag.n, isinstance(tag, UnassignedTag)))

    def version_tags(self, model: ModelName) -> list[VersionTag]:
        """The registered versions, lowest first."""
        found = [tag for tag in self.tags if isinstance(tag, VersionTag) and tag.model == model]
        return sorted(found, key=lambda tag: tag.version)


@dataclass(frozen=True, slots=True)
class Verified:
    """The tag is what it says; `seconds` is the tagger's own clock (UTC), which orders nothing."""

    name: TagName
    oid: Oid
    target: Oid
    event: Event
    text: str
    by: Principal
    key: PublicKey
    seconds: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The tag proves nothing: the step of the verification that it failed, and why."""

    name: TagName
    oid: Oid
    check: str
    reason: str


Verdict = Verified | Failed
