"""From a REF to the version it means: found by name, then verified before anybody hears of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, assert_never

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment, Registration
from gitreg.core.names import ModelName, StageName
from gitreg.core.near import did_you_mean
from gitreg.core.oid import Oid
from gitreg.core.pointer import Pointer, parse_pointer
from gitreg.core.reference import AtManifest, AtStage, AtVersion, Latest, PointerPath, Reference
from gitreg.core.tag_name import DeregisteredTag, TagName, VersionTag
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import NotFoundError, VerificationError
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts, registry_models, stage_facts, version_facts
from gitreg.operations.marks import remember_read
from gitreg.operations.pointers import read_pointer
from gitreg.trust.facts import Facts, Failed, Verdict, Verified
from gitreg.trust.verify import Verifier


class FoundVersion(NamedTuple):
    """A version whose tag verified; `stage` is the verified event that led to it, if a stage was asked for."""

    model: ModelName
    version: Version
    registration: Verified
    pointer: Pointer
    pointer_path: str
    facts: Facts
    stage: Verified | None = None

    @property
    def manifest(self) -> Digest:
        return self.pointer.manifest

    @property
    def commit(self) -> Oid:
        return self.registration.target


class Draft(NamedTuple):
    """A pointer in the working tree: its bytes can be verified, but nobody has signed for it."""

    pointer: Pointer
    pointer_path: str


def find(context: Context, reference: Reference) -> FoundVersion | Draft:
    """Find what a reference means.  Raises NotFoundError, VerificationError."""
    match reference:
        case PointerPath(path):
            return _draft(context, path)
        case AtStage(model, stage):
            return find_in_stage(context, model, stage)
        case _:
            return find_version(context, reference)


def find_version(context: Context, reference: Latest | AtVersion | AtManifest | AtStage) -> FoundVersion:
    """Find a registered version."""
    match reference:
        case AtVersion(model, version):
            name = VersionTag(model, version)
            return _registered(context, name, unharmed(version_facts(context, name)))
        case Latest(model):
            facts = unharmed(model_facts(context, model))
            return _registered(context, _latest(context, facts, model), facts)
        case AtManifest(model, manifest):
            facts = unharmed(model_facts(context, model))
            return _registered(context, _with_manifest(facts, model, manifest), facts)
        case AtStage(model, stage):
            return find_in_stage(context, model, stage)
        case _:
            assert_never(reference)


def find_in_stage(context: Context, model: ModelName, stage: StageName) -> FoundVersion:
    """Find what a stage holds: its highest-numbered event decides, and it must verify."""
    facts = unharmed(stage_facts(context, model, stage))
    event = holding_event(facts, model, stage)
    if event is None:
        if not facts.tags:
            raise unknown_model(context, model)
        raise NotFoundError(f"{model} has no version in {stage}", hint=f"gitreg promote {model} {stage}")
    if not isinstance(event.event, Assignment):
        raise NotFoundError(f"{stage} of {model} was emptied by {event.name}", hint=f"gitreg history {model}")
    return _registered(context, VersionTag(model, event.event.version), facts, event)


def holding_event(facts: Facts, model: ModelName, stage: StageName) -> Verified | None:
    """The stage's last event, verified; None if there never was one."""
    tags = facts.stage_tags(model, stage)
    return trusted(facts, tags[-1]) if tags else None


def last_event(facts: Facts, model: ModelName, stage: StageName) -> Verdict | None:
    """The verdict on the last event of a stage, for whoever signs the next: a bad one is in nobody's way."""
    tags = facts.stage_tags(model, stage)
    return Verifier(facts).verdict(tags[-1]) if tags else None


def trusted(facts: Facts, name: TagName) -> Verified:
    """The tag's verdict.  Raises VerificationError unless it is positive."""
    verdict = Verifier(facts).verdict(name)
    if isinstance(verdict, Failed):
        raise VerificationError(
            f"{name} does not verify: {verdict.check}: {verdict.reason}",
            hint=f"gitreg verify {name.model} tells about all its tags",
        )
    return verdict


def withdrawn(facts: Facts, version: VersionTag) -> bool:
    """Whether a verified tag says that the version was deregistered."""
    name = DeregisteredTag(version.model, version.version)
    return name in facts.tags and isinstance(Verifier(facts).verdict(name), Verified)


def unknown_model(context: Context, model: ModelName) -> NotFoundError:
    known = registry_models(context)
    if near := did_you_mean(model, known):
        return NotFoundError(f"no model '{model}'", hint=near)
    return NotFoundError(
        f"no model '{model}' is registered here", hint=f"gitreg add PATH, then gitreg register {model}"
    )


def unharmed(facts: Facts) -> Facts:
    """The facts themselves, of a model that lost nothing of what this clone has seen.  Raises VerificationError."""
    if facts.losses:
        lost = facts.losses[0]
        raise VerificationError(
            f"{lost.name}: {lost.check}: {lost.reason}",
            hint=f"gitreg fetch, or put it back: git update-ref 'refs/tags/{lost.name}' {lost.oid}",
        )
    return facts


def _registered(context: Context, name: VersionTag, facts: Facts, stage: Verified | None = None) -> FoundVersion:
    if name not in facts.tags:
        raise _unknown_version(context, facts, name)
    if withdrawn(facts, name):
        raise NotFoundError(f"{name} was deregistered", hint=f"gitreg show {name.model} lists the versions")
    registration = trusted(facts, name)
    event = registration.event
    if not isinstance(event, Registration):
        raise VerificationError(f"{name} is not a registration")
    path = event.pointer.path
    pointer = parse_pointer(facts.pointers[registration.target, path], path)
    used = [registration, *([stage] if stage else [])]
    remember_read(context.repo, {verified.name: verified.oid for verified in used}, facts.seen)
    return FoundVersion(name.model, name.version, registration, pointer, path, facts, stage)


def _unknown_version(context: Context, facts: Facts, name: VersionTag) -> NotFoundError:
    known = [str(tag.version) for tag in facts.version_tags(name.model)]
    if not known:
        return unknown_model(context, name.model)
    return NotFoundError(f"{name.model} has no version {name.version}", hint=f"it has {', '.join(known[-5:])}")


def _latest(context: Context, facts: Facts, model: ModelName) -> VersionTag:
    for name in reversed(facts.version_tags(model)):
        if not withdrawn(facts, name):
            return name
    raise unknown_model(context, model)


def _with_manifest(facts: Facts, model: ModelName, manifest: Digest) -> VersionTag:
    verifier = Verifier(facts)
    for name in reversed(facts.version_tags(model)):
        verdict = verifier.verdict(name)
        event = verdict.event if isinstance(verdict, Verified) else None
        if isinstance(event, Registration) and event.manifest == manifest and not withdrawn(facts, name):
            return name
    raise NotFoundError(f"no version of {model} has the manifest {manifest}", hint=f"gitreg show {model}")


def _draft(context: Context, path: str) -> Draft:
    place = Path(path)
    if not place.is_absolute():
        place = context.repo.git.directory / place
    if not place.is_file():
        raise NotFoundError(f"no pointer at {escape(path)}", hint="gitreg show lists the models of the registry")
    return Draft(read_pointer(place), context.repo.relative(place))
