"""What the policy's retention decides about each registered version, as of now.  Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, cast

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment, Registration
from gitreg.core.names import ModelName, StageName
from gitreg.core.pointer import parse_pointer
from gitreg.core.policy import Policy
from gitreg.core.retention import Fate, Retention, Stay, Then, fate, strongest
from gitreg.core.retention_sentences import retention_sentences
from gitreg.core.tag_name import AssignedTag, UnassignedTag, VersionTag
from gitreg.operations.context import Context, iso, utc_now
from gitreg.operations.facts import model_facts, registry_models
from gitreg.operations.policy.line import present_policy
from gitreg.operations.resolve import unharmed, withdrawn
from gitreg.trust.facts import Facts, Verified, assigned_versions
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class VersionFate:
    """What becomes of a version's bytes: kept (until a moment, if only for a time), archived or deleted, and why."""

    version: VersionTag
    then: Then
    reason: str
    until: datetime | None
    manifest: Digest


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """The rules in sentences, and every version that verifies; `archive` names a remote."""

    rules: tuple[str, ...]
    archive: StageName | None
    versions: tuple[VersionFate, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is due for one version's bytes, as VersionFate says it, and the remote that archived ones go to."""

    then: Then
    reason: str
    until: datetime | None
    archive: StageName | None


class _Judged(NamedTuple):
    """A version's fate, and the manifests it was made from."""

    fate: VersionFate
    parents: frozenset[Digest]


def plan_retention(context: Context) -> RetentionPlan:
    """By the policy on the protected branch.  Raises VerificationError if a model has lost tags that were seen here."""
    policy = present_policy(context).in_force.parsed()
    rules = tuple(retention_sentences(policy))
    if not _gives_up(policy):
        return RetentionPlan(rules, None, ())
    judged = [each for model in registry_models(context) for each in _of_model(context, model, policy)]
    return RetentionPlan(rules, policy.retention.archive if policy.retention else None, _with_parents(judged))


def outlook(context: Context, version: VersionTag) -> Outlook | None:
    """What is due for a version; None if no policy says anything.  Raises as `plan_retention` does."""
    policy = present_policy(context).in_force.parsed()
    if not _gives_up(policy):
        return None
    found = _fate_of(version, (each.fate for each in _of_model(context, version.model, policy)))
    if found is not None and found.then is not Then.KEEP:  # unless another model's version was made from it
        found = _fate_of(version, plan_retention(context).versions)
    if found is None:
        return None
    archive = policy.retention.archive if policy.retention and found.then is Then.ARCHIVE else None
    return Outlook(found.then, found.reason, found.until, archive)


def _fate_of(version: VersionTag, fates: Iterable[VersionFate]) -> VersionFate | None:
    return next((each for each in fates if each.version == version), None)


def _gives_up(policy: Policy) -> bool:
    return policy.retention is not None or any(rules.retention for rules in policy.models.values())


def _of_model(context: Context, model: ModelName, policy: Policy) -> Iterator[_Judged]:
    retention, now = policy.for_model(model).retention or Retention(), int(utc_now().timestamp())
    story = _Story(unharmed(model_facts(context, model)), model)
    tags = [tag for tag in story.registered if not withdrawn(story.facts, tag)]
    last = tags[-retention.latest :] if retention.latest else []
    stays, claims = story.stays(), story.claims()
    for tag, registration in story.registered.items():
        due = fate(retention, story.time(registration), stays.get(tag, ()), now, latest=tag in last)
        if tag in claims:
            due = strongest([due, Fate(Then.KEEP, f"named by {claims[tag]}, which does not verify")])
        yield _judged(story.facts, tag, registration, due)


class _Story:
    """What happened to a model's versions, as far as it verifies."""

    def __init__(self, facts: Facts, model: ModelName) -> None:
        self.facts = facts
        self._verifier = Verifier(facts)
        verdicts = {tag: self._verifier.verdict(tag) for tag in facts.version_tags(model)}
        self.registered = {tag: each for tag, each in verdicts.items() if isinstance(each, Verified)}
        stages = {tag.stage for tag in facts.tags if isinstance(tag, AssignedTag | UnassignedTag)}
        self._stages = [facts.stage_tags(model, stage) for stage in sorted(stages)]

    def time(self, event: Verified) -> int:
        """By a trusted writer's clock; without a receipt, by the signer's own."""
        return self.facts.receipts.get(event.oid, event.seconds)

    def stays(self) -> dict[VersionTag, list[Stay]]:
        """In which stages each version was, and until when."""
        found: dict[VersionTag, list[Stay]] = {}
        for tags in self._stages:
            left: dict[VersionTag, int | None] = {}
            holder = None
            for verdict in self._verifier.verdicts(tags):
                if not isinstance(verdict, Verified):
                    continue
                if holder is not None:
                    left[holder] = self.time(verdict)
                holder = _assigned(verdict)
                if holder is not None:
                    left[holder] = None
            for version, until in left.items():
                found.setdefault(version, []).append(Stay(tags[0].stage, until))
        return found

    def claims(self) -> dict[VersionTag, str]:
        """Versions that a stage's tag names without verifying, with that tag: perhaps they were there all the same."""
        names = {self.facts.tags[tag].oid: tag for tag in self.registered}
        doubtful = [
            tag for tags in self._stages for tag in tags if not isinstance(self._verifier.verdict(tag), Verified)
        ]
        claimed = ((tag, oid) for tag in doubtful for oid in assigned_versions(self.facts.tags[tag].raw or b""))
        return {names[oid]: str(tag) for tag, oid in claimed if oid in names}


def _assigned(event: Verified) -> VersionTag | None:
    assigned = event.event
    return VersionTag(assigned.model, assigned.version) if isinstance(assigned, Assignment) else None


def _judged(facts: Facts, tag: VersionTag, registration: Verified, due: Fate) -> _Judged:
    event = cast("Registration", registration.event)  # as the verified tag of a version's name
    pointer = parse_pointer(facts.pointers[registration.target, event.pointer.path], event.pointer.path)
    until = None if due.until is None else iso(due.until)
    found = VersionFate(tag, due.then, due.reason, until, event.manifest)
    return _Judged(found, frozenset(entry.manifest for entry in pointer.lineage))


def _with_parents(judged: list[_Judged]) -> tuple[VersionFate, ...]:
    """What a kept version was made from is kept too, and what that was made from."""
    kept = [each for each in judged if each.fate.then is Then.KEEP]
    others = [each for each in judged if each.fate.then is not Then.KEEP]
    makers = {parent: child.fate.version for child in kept for parent in child.parents}
    saved = {each for each in others if each.fate.manifest in makers}
    if not saved:
        return tuple(each.fate for each in judged)
    return _with_parents([_saved(each, makers[each.fate.manifest]) if each in saved else each for each in judged])


def _saved(judged: _Judged, child: VersionTag) -> _Judged:
    return judged._replace(fate=replace(judged.fate, then=Then.KEEP, reason=f"{child} was made from it"))
