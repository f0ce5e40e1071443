"""Gathering what `trust` decides from: tags, keys, policies and pointers of one model, in a handful of git calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gitreg.core.event import Assignment, Cause, Event, Registration, Unassignment
from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy
from gitreg.core.tag_message import parse_message
from gitreg.core.tag_name import (
    AssignedTag,
    DeregisteredTag,
    StageTag,
    TagName,
    UnassignedTag,
    VersionTag,
    parse_tag_name,
)
from gitreg.errors import GitregError
from gitreg.git.history import merged_tags
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.git.refs import TAGS, TagRef, list_tags, tags_below
from gitreg.operations.branch import ProtectedBranch, policy_history, protected_branch, read_policy, read_signers
from gitreg.operations.context import Context
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.facts import Facts, TagData
from gitreg.trust.tag_object import parse_tag_object
from gitreg.trust.verify import assigns

Wanted = Callable[[dict[TagName, Oid]], Iterable[TagName]]


class _Peek(NamedTuple):
    """What an unverified tag says it builds on; only used to decide what to read."""

    target: Oid
    event: Event


def model_facts(context: Context, model: ModelName) -> Facts:
    """Everything about one model."""
    return _Loader(context, model).load(lambda tags: tags)


def stage_facts(context: Context, model: ModelName, stage: StageName) -> Facts:
    """Enough to decide about the stage's last event."""
    return _Loader(context, model).load(lambda tags: _last_event(tags, stage))


def version_facts(context: Context, name: VersionTag) -> Facts:
    """Enough to decide about one version, and whether it was withdrawn."""
    wanted = (name, DeregisteredTag(name.model, name.version))
    return _Loader(context, name.model).load(lambda tags: [tag for tag in wanted if tag in tags])


def incoming_facts(context: Context, model: ModelName, namespace: str) -> Facts:
    """Everything about one model, with the tags that a fetch has put into `namespace` beside ours."""
    return _Loader(context, model, (TAGS, namespace)).load(lambda tags: tags)


def registry_models(context: Context) -> list[ModelName]:
    """Every model that has at least one registry tag."""
    names = (parse_tag_name(ref.name) for ref in list_tags(context.repo))
    return sorted({name.model for name in names if name is not None})


def _last_event(tags: Iterable[TagName], stage: StageName) -> list[StageTag]:
    events = [tag for tag in tags if isinstance(tag, AssignedTag | UnassignedTag) and tag.stage == stage]
    highest = max((tag.n for tag in events), default=0)
    return [tag for tag in events if tag.n == highest]


class _Loader:
    """Reads tags and, in turn, what they build on, until nothing more is asked for."""

    def __init__(self, context: Context, model: ModelName, namespaces: Sequence[str] = (TAGS,)) -> None:
        self._context = context
        self._repo = context.repo
        self._branch = protected_branch(self._repo)
        self._patterns = (f"{model}@*", f"{model}#*")
        self._namespaces = namespaces
        # a tag that stands in several namespaces is the first one's
        self._refs = {
            name: ref
            for namespace in reversed(namespaces)
            for ref in tags_below(self._repo, namespace, *self._patterns)
            if (name := _of(ref, model))
        }
        self._raw: dict[TagName, bytes] = {}
        self._peeked: set[TagName] = set()
        self._peeks: dict[TagName, _Peek] = {}

    def load(self, wanted: Wanted) -> Facts:
        with ObjectReader(self._repo) as reader:
            policy_oid, policy = read_policy(reader, self._branch.tip)
            pending = set(wanted({name: ref.oid for name, ref in self._refs.items()}))
            while pending:
                self._read_tags(reader, pending)
                pending = self._needed(reader, pending, policy) - self._peeked
            return Facts(
                registry=self._context.config.id,
                signers=AllowedSigners.parse(read_signers(reader, self._branch.tip)),
                policy=policy_oid,
                policies=self._policies(reader, policy_oid, policy),
                tags={name: TagData(ref.oid, self._raw.get(name)) for name, ref in self._refs.items()},
                on_branch=self._on_branch(self._branch),
                pointers=self._pointers(reader),
            )

    def _read_tags(self, reader: ObjectReader, names: Iterable[TagName]) -> None:
        self._read_raw(reader, names)
        for name in names:
            self._peeked.add(name)
            peek = _peek(name, self._raw.get(name, b""))
            if peek is not None:
                self._peeks[name] = peek

    def _read_raw(self, reader: ObjectReader, names: Iterable[TagName]) -> None:
        unread = [name for name in names if name not in self._raw and self._refs[name].object_type == "tag"]
        answers = reader.read_many(self._refs[name].oid for name in unread)
        for name, answer in zip(unread, answers, strict=True):
            self._raw[name] = answer.data if isinstance(answer, GitObject) else b""

    def _needed(self, reader: ObjectReader, names: Iterable[TagName], policy: Policy) -> set[TagName]:
        """What the tags just read build on: their version and its end, the event before, the stages gone through."""
        needed: set[TagName] = set()
        for event in (self._peeks[name].event for name in names if name in self._peeks):
            if isinstance(event, Assignment):
                needed |= {VersionTag(event.model, event.version), DeregisteredTag(event.model, event.version)}
                needed |= self._went_through(reader, event, policy)
            if isinstance(event, Assignment | Unassignment):
                # their bytes say which policies they cite; whether they verify is not asked
                self._read_raw(reader, [tag for tag in self._refs if _precedes(tag, event)])
        return needed & self._refs.keys()

    def _went_through(self, reader: ObjectReader, event: Assignment, policy: Policy) -> set[TagName]:
        """The assignments of the same version to the stage that the event's rule looks at."""
        rule = policy.for_model(event.model).stages.get(event.stage)
        stage = event.stage if event.cause is Cause.ROLLBACK else (rule.after if rule else None)
        tags = [tag for tag in self._refs if isinstance(tag, AssignedTag) and tag.stage == stage]
        self._read_raw(reader, tags)
        return {tag for tag in tags if assigns(self._raw.get(tag, b""), event.version_tag)}

    def _policies(self, reader: ObjectReader, tip_oid: Oid, tip: Policy) -> dict[Oid, Policy]:
        if all(peek.event.policy == tip_oid for peek in self._peeks.values()):
            return {tip_oid: tip}
        return policy_history(self._repo, self._branch, reader)

    def _on_branch(self, branch: ProtectedBranch) -> frozenset[TagName]:
        # both refs on one commit reach the same tags
        refs = list({ref.oid: ref.name for ref in branch.refs}.values())
        found = (merged_tags(self._repo, refs, *self._patterns, namespace=space) for space in self._namespaces)
        reached = set().union(*found)
        return frozenset(name for name in self._refs if str(name) in reached)

    def _pointers(self, reader: ObjectReader) -> dict[tuple[Oid, str], bytes]:
        places = sorted(
            {
                (peek.target, peek.event.pointer.path)
                for peek in self._peeks.values()
                if isinstance(peek.event, Registration | Assignment)
            }
        )
        answers = reader.read_many(f"{commit}:{path}" for commit, path in places)
        found = zip(places, answers, strict=True)
        return {place: answer.data for place, answer in found if isinstance(answer, GitObject)}


def _of(ref: TagRef, model: ModelName) -> TagName | None:
    name = parse_tag_name(ref.name)
    return name if name is not None and name.model == model else None


def _precedes(tag: TagName, event: Assignment | Unassignment) -> bool:
    return isinstance(tag, AssignedTag | UnassignedTag) and tag.stage == event.stage and tag.n < event.n


def _peek(name: TagName, raw: bytes) -> _Peek | None:
    try:
        tag = parse_tag_object(raw)
        return _Peek(Oid.parse(tag.target), parse_message(tag.message, name).event)
    except GitregError:
        return None
