"""Gathering what `trust` decides from: tags, keys, policies and pointers of one model, in a handful of git calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import cast

from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.on_demand import OnDemand
from gitreg.core.policy import Policy
from gitreg.core.tag_name import (
    AssignedTag,
    DeregisteredTag,
    StageTag,
    TagName,
    VersionTag,
    parse_tag_name,
)
from gitreg.git.history import tags_containing, unreached
from gitreg.git.objects import Answer, GitObject
from gitreg.operations.context import Context
from gitreg.operations.ground import Ground
from gitreg.operations.policy.line import PolicyLine, read_entries
from gitreg.operations.tag_list import TagList
from gitreg.trust.facts import Facts, KeyState, TagData, assigned_versions
from gitreg.trust.marks import losses
from gitreg.trust.policy_state import PolicyState
from gitreg.trust.tag_peek import Peek, peek_at

Wanted = Callable[[dict[TagName, Oid]], Iterable[TagName]]


def model_facts(context: Context, model: ModelName) -> Facts:
    """Everything about one model."""
    with Ground(context) as ground:
        return facts_on(ground, model)


def facts_on(ground: Ground, model: ModelName) -> Facts:
    """`model_facts` for those who ask about many models."""
    return _Loader(ground, model).load(lambda tags: tags)


def stage_facts(context: Context, model: ModelName, stage: StageName) -> Facts:
    """Enough to decide about the stage's last event."""
    with Ground(context) as ground:
        return _Loader(ground, model).load(lambda tags: _last_event(tags, stage))


def version_facts(context: Context, name: VersionTag) -> Facts:
    """Enough to decide about one version, and whether it was withdrawn."""
    wanted = (name, DeregisteredTag(name.model, name.version))
    with Ground(context) as ground:
        return _Loader(ground, name.model).load(lambda tags: [tag for tag in wanted if tag in tags])


def incoming_facts(ground: Ground, model: ModelName, incoming: Mapping[TagName, Oid]) -> Facts:
    """Enough to decide about a model's tags that have no ref of ours yet: fetched, or being pushed.

    `incoming` may name tags of other models too.  A tag that has a ref already is that ref's.
    """
    return _Loader(ground, model, incoming).load(lambda tags: [name for name in incoming if name in tags])


def registry_models(context: Context) -> dict[ModelName, int]:
    """Every model that has at least one registry tag, by name, and about how many it has."""
    return TagList.read(context.repo).models()


def _last_event(tags: Iterable[TagName], stage: StageName) -> list[StageTag]:
    events = [tag for tag in tags if isinstance(tag, StageTag) and tag.stage == stage]
    highest = max((tag.n for tag in events), default=0)
    return [tag for tag in events if tag.n == highest]


class _Loader:
    """Reads tags and, in turn, what they build on, until nothing more is asked for."""

    def __init__(
        self, ground: Ground, model: ModelName, incoming: Mapping[TagName, Oid] = MappingProxyType({})
    ) -> None:
        self._ground = ground
        self._reader = ground.reader
        self._repo = ground.context.repo
        self._patterns = (f"{model}@*", f"{model}#*")
        self._seen, refs = ground.tags_of(model)
        ours = {name: oid for ref, oid in refs.items() if (name := parse_tag_name(ref)) is not None}
        self._incoming = {name for name in incoming if name.model == model and name not in ours}
        self._refs = {**{name: incoming[name] for name in self._incoming}, **ours}
        self._losses = losses(self._seen, refs | {str(name): incoming[name] for name in self._incoming})
        self._raw: dict[TagName, bytes | None] = {}
        self._peeked: set[TagName] = set()
        self._peeks: dict[TagName, Peek] = {}

    def load(self, wanted: Wanted) -> Facts:
        line = self._ground.line
        policy = line.in_force.parsed()
        pending = set(wanted(self._refs))
        while pending:
            self._read_tags(pending)
            pending = self._needed(pending, policy, line.last.policy) - self._peeked
        states = self._states(line)
        return Facts(
            registry=self._ground.context.config.id,
            signers=line.in_force.allowed_signers(),
            policy=line.last.policy,
            policies=OnDemand(states, PolicyState.parsed),
            tags={name: TagData(oid, self._raw.get(name)) for name, oid in self._refs.items()},
            on_branch=self._on_branch(),
            pointers=self._pointers(),
            receipts=self._receipts(line, policy),
            floors=self._floors(line),
            accepted=frozenset(policy.accepted),
            history=OnDemand(states, _key_state),
            seen=self._seen,
            losses=self._losses,
        )

    def _receipts(self, line: PolicyLine, policy: Policy) -> Mapping[Oid, int]:
        if not policy.receipts.from_roles:
            return {}  # nobody's receipts count, so that a log there may be is not even looked for
        # few registries have receipts, and every command's start would pay for them
        module = import_module("gitreg.operations.receipts.authorities")
        return cast("Mapping[Oid, int]", module.receipts_by(self._ground.context, line))

    def _read_tags(self, names: Iterable[TagName]) -> None:
        self._read_raw(names)
        for name in names:
            self._peeked.add(name)
            peek = peek_at(self._raw.get(name) or b"")
            if peek is not None:
                self._peeks[name] = peek

    def _read_raw(self, names: Iterable[TagName]) -> None:
        unread = [name for name in names if name not in self._raw]
        answers = self._reader.read_many(self._refs[name] for name in unread)
        for name, answer in zip(unread, answers, strict=True):
            self._raw[name] = _tag_bytes(answer)

    def _needed(self, names: Iterable[TagName], policy: Policy, newest: Oid) -> set[TagName]:
        """What the tags just read build on: their version and its end, the events before, the stages gone through."""
        known = [name for name in names if name in self._peeks]
        # the bytes of events before say which policies they cite, and that is asked only where one could be newer
        self._read_raw(self._preceding(name for name in known if self._peeks[name].policy != newest))
        assigned = [name for name in known if isinstance(name, AssignedTag)]
        versions = {(name.model, version) for name in assigned if (version := self._peeks[name].version) is not None}
        needed: set[TagName] = {
            kind(model, version) for model, version in versions for kind in (VersionTag, DeregisteredTag)
        }
        return (needed | self._gone_through(assigned, policy, newest)) & self._refs.keys()

    def _preceding(self, names: Iterable[TagName]) -> list[StageTag]:
        """All stage events with a lower number than one of `names` in their stage."""
        highest: dict[StageName, int] = {}
        for name in names:
            if isinstance(name, StageTag):
                highest[name.stage] = max(name.n, highest.get(name.stage, 0))
        tags = (tag for tag in self._refs if isinstance(tag, StageTag))
        return [tag for tag in tags if tag.n < highest.get(tag.stage, 0)]

    def _gone_through(self, names: Iterable[AssignedTag], policy: Policy, newest: Oid) -> set[AssignedTag]:
        """The assignments of the same versions to the stages that the events' rules look at."""
        versions: dict[StageName, set[str]] = {}
        for name in names:
            if (version_tag := self._peeks[name].version_tag) is not None:
                for stage in self._stages_before(name, policy, newest):
                    versions.setdefault(stage, set()).add(version_tag)
        tags = [tag for tag in self._refs if isinstance(tag, AssignedTag) and tag.stage in versions]
        self._read_raw(tags)
        return {tag for tag in tags if versions[tag.stage] & assigned_versions(self._raw.get(tag) or b"")}

    def _stages_before(self, name: AssignedTag, policy: Policy, newest: Oid) -> Iterable[StageName]:
        """Where the event's version must have been; any stage, if it was signed under a policy not in force now."""
        peek = self._peeks[name]
        if peek.is_rollback:
            return (name.stage,)
        if peek.policy != newest:
            return {tag.stage for tag in self._refs if isinstance(tag, AssignedTag)}
        rule = policy.for_model(name.model).stages.get(name.stage)
        return (rule.after,) if rule and rule.after else ()

    def _states(self, line: PolicyLine) -> dict[Oid, PolicyState]:
        """The states by the policies that name them; the earlier ones only if a tag cites one."""
        if all(peek.policy == line.last.policy for peek in self._peeks.values()):
            return {line.last.policy: line.in_force}
        states = read_entries(self._reader, line.entries)
        return {entry.policy: state for entry, state in zip(line.entries, states, strict=True)}

    def _floors(self, line: PolicyLine) -> dict[Oid, Oid]:
        """For the commits of tags that cite an earlier policy: it, unless the commit comes after the next one."""
        places: dict[str, int] = {entry.policy: at for at, entry in enumerate(line.entries[:-1])}
        citing: dict[int, list[TagName]] = {}
        for name, peek in self._peeks.items():
            if peek.policy in places:
                citing.setdefault(places[peek.policy], []).append(name)
        floors: dict[Oid, Oid] = {}
        for at in sorted(citing, reverse=True):
            after = self._descending(citing[at], line.entries[at + 1].commit)
            # tags on one commit may cite different policies: the oldest that is not too old says most about it
            for target, late in {self._peeks[name].target: name in after for name in citing[at]}.items():
                floors[target] = floors.get(target, line.entries[at + 1].policy) if late else line.entries[at].policy
        return floors

    def _descending(self, names: Iterable[TagName], commit: Oid) -> set[TagName]:
        """Those of the tags whose commit is `commit`, or comes after it."""
        containing = tags_containing(self._repo, commit, *self._patterns)
        new = [name for name in names if name in self._incoming]
        found = {name for name in new if not unreached(self._repo, [commit], [self._peeks[name].target])}
        return found | {name for name in names if name not in self._incoming and str(name) in containing}

    def _on_branch(self) -> frozenset[TagName]:
        reached = self._ground.reached(peek.target for peek in self._peeks.values())
        return frozenset(name for name, peek in self._peeks.items() if peek.target in reached)

    def _pointers(self) -> dict[tuple[Oid, str], bytes]:
        places = sorted({(peek.target, peek.pointer) for peek in self._peeks.values() if peek.pointer is not None})
        answers = self._reader.read_many(f"{commit}:{path}" for commit, path in places)
        found = zip(places, answers, strict=True)
        return {place: answer.data for place, answer in found if isinstance(answer, GitObject)}


def _key_state(state: PolicyState) -> KeyState:
    return KeyState(state.allowed_signers(), state.seconds)


def _tag_bytes(answer: Answer) -> bytes | None:
    """None for what is no annotated tag; nothing for one that cannot be read."""
    if isinstance(answer, GitObject):
        return answer.data if answer.type == "tag" else None
    return b""
