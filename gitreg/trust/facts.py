"""What `verify` decides from: raw tags, policies, keys and pointers, all gathered beforehand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from gitreg.core.event import Event
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import AssignedTag, StageTag, TagName, UnassignedTag, VersionTag
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.public_key import PublicKey

_ASSIGNS: Final = re.compile(rb"\nGitreg-Version-Tag: ([0-9a-f]{40}(?:[0-9a-f]{24})?)(?=\n)")


class TagData(NamedTuple):
    """A tag ref: the object it names, and that object's bytes if it is an annotated tag and they were read."""

    oid: Oid
    raw: bytes | None = None


_Stage = tuple[ModelName, StageName]


class KeyState(NamedTuple):
    """Whose keys counted while a policy was in force, and since when (seconds; the time of the commit)."""

    signers: AllowedSigners
    since: int


class StageLine(NamedTuple):
    """The events of one stage by their numbers, lowest first; `unbroken` of them are numbered 1, 2, 3, each once."""

    tags: tuple[StageTag, ...] = ()
    unbroken: int = 0

    def before(self, n: int) -> int:
        """How many events have a lower number."""
        return bisect_left(self.tags, n, key=attrgetter("n"))


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
    floors: Mapping[Oid, Oid] = field(default_factory=dict)  # by commit: the oldest policy that a tag on it may cite
    accepted: frozenset[Oid] = frozenset()  # tags that the policy in force lets count although their key was ended
    receipts: Mapping[Oid, int] = field(default_factory=dict)  # by tag: when a trusted writer saw it, in seconds
    history: Mapping[Oid, KeyState] = field(default_factory=dict)  # by policy, oldest first: the keys beside it
    seen: Mapping[str, Oid] = field(default_factory=dict)  # by name: the model's tags that this clone has seen shared
    losses: tuple[Failed, ...] = ()  # those of them that are not any more what they were, see `marks`
    _lines: Mapping[_Stage, StageLine] = field(init=False, repr=False, compare=False)
    _assigning: dict[_Stage, dict[Oid, list[AssignedTag]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lines", _lines(self.tags))

    @property
    def current_policy(self) -> Policy:
        return self.policies[self.policy]

    def stage_line(self, model: ModelName, stage: StageName) -> StageLine:
        """The events of one stage; sorted once, however many of them are decided about."""
        return self._lines.get((model, stage), StageLine())

    def stage_tags(self, model: ModelName, stage: StageName) -> list[StageTag]:
        """The events of one stage by their numbers, lowest first."""
        return list(self.stage_line(model, stage).tags)

    def assigning(self, model: ModelName, stage: StageName, version_tag: Oid) -> list[AssignedTag]:
        """The stage's assignments of that version, lowest first, by what the tags say: a cheap look before verifying.

        Looked through once, however many versions are asked about.
        """
        if (model, stage) not in self._assigning:
            self._assigning[model, stage] = self._by_version(model, stage)
        return self._assigning[model, stage].get(version_tag, [])

    def _by_version(self, model: ModelName, stage: StageName) -> dict[Oid, list[AssignedTag]]:
        found: dict[Oid, list[AssignedTag]] = {}
        for tag in self.stage_line(model, stage).tags:
            if isinstance(tag, AssignedTag):
                for version_tag in assigned_versions(self.tags[tag].raw or b""):
                    found.setdefault(version_tag, []).append(tag)
        return found

    def version_tags(self, model: ModelName) -> list[VersionTag]:
        """The registered versions, lowest first."""
        found = [tag for tag in self.tags if isinstance(tag, VersionTag) and tag.model == model]
        return sorted(found, key=lambda tag: tag.version)


def assigned_versions(raw: bytes) -> set[Oid]:
    """The version tags that an unverified tag says it assigns; more than one proves nothing, but hides nothing."""
    return {Oid(found.decode()) for found in _ASSIGNS.findall(raw)}


def _lines(tags: Iterable[TagName]) -> dict[_Stage, StageLine]:
    events = [tag for tag in tags if isinstance(tag, StageTag)]
    events.sort(key=lambda tag: (tag.model, tag.stage, tag.n, isinstance(tag, UnassignedTag)))
    return {stage: _line(tuple(found)) for stage, found in groupby(events, attrgetter("model", "stage"))}


def _line(tags: tuple[StageTag, ...]) -> StageLine:
    unbroken = next((at for at, tag in enumerate(tags) if tag.n != at + 1), len(tags))
    return StageLine(tags, unbroken)


class Verified(NamedTuple):
    """The tag is what it says; `seconds` is the tagger's own clock (UTC), which orders nothing."""

    name: TagName
    oid: Oid
    target: Oid
    event: Event
    text: str
    by: Principal
    key: PublicKey
    seconds: int


class Failed(NamedTuple):
    """The tag proves nothing: the step of the verification that it failed, and why."""

    name: TagName
    oid: Oid
    check: str
    reason: str


Verdict = Verified | Failed
