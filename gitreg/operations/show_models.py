"""Showing the registry: every model in a line, with its versions and stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from gitreg.core.digest import Digest
from gitreg.core.event import Registration
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.pointer import Kind, Pointer, parse_pointer
from gitreg.core.tag_name import DeprecatedTag, VersionTag
from gitreg.core.version import Version
from gitreg.errors import GitregError
from gitreg.operations.context import Context, iso
from gitreg.operations.each_model import ask_each
from gitreg.operations.facts import facts_on, registry_models
from gitreg.operations.ground import Ground
from gitreg.operations.pointers import committed_pointers
from gitreg.operations.resolve import unknown_model, withdrawn
from gitreg.operations.stages import StageState, stage_states
from gitreg.trust.facts import Facts, Verified
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """One version in a list; `status` is registered, deregistered or unverified."""

    version: Version
    status: str
    manifest: Digest | None
    at: datetime | None
    by: Principal | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model in a line; `status` is active, deprecated, unregistered or unverified, sizes are in bytes."""

    model: ModelName
    kind: str
    latest: Version | None
    status: str
    stages: Mapping[StageName, StageState]
    size: int | None
    files: int | None
    updated: datetime | None
    versions: tuple[VersionSummary, ...]


def show_registry(context: Context) -> tuple[ModelSummary, ...]:
    """Every model that has tags or a committed pointer, by name."""
    with Ground(context) as ground:
        registered = ground.survey().tags.models()
        summaries = ask_each(registered, partial(_summary, ground), context.settings.processes, ground.settle)
    pointers = [found.pointer for found in committed_pointers(context.repo, context.head_commit())]
    summaries += [_unregistered(pointer) for pointer in pointers if pointer.name not in registered]
    return tuple(sorted(summaries, key=lambda summary: summary.model))


def show_model(context: Context, model: ModelName) -> ModelSummary:
    """One model with its versions.  Raises NotFoundError."""
    pointers = committed_pointers(context.repo, context.head_commit())
    for pointer in (found.pointer for found in pointers if found.pointer.name == model):
        if model not in registry_models(context):
            return _unregistered(pointer)
    with Ground(context) as ground:
        return _summary(ground, model)


def _summary(ground: Ground, model: ModelName) -> ModelSummary:
    facts = facts_on(ground, model)
    tags = facts.version_tags(model)
    if not facts.tags:
        raise unknown_model(ground.context, model)
    verifier = Verifier(facts)
    versions = [_version(facts, verifier, tag) for tag in reversed(tags)]
    registered = [version for version in versions if version.status == "registered"]
    latest = registered[0] if registered else None
    pointer = _pointer(facts, verifier, VersionTag(model, latest.version)) if latest else None
    newest = verifier.newest()
    return ModelSummary(
        model=model,
        kind=(pointer.kind if pointer else Kind.MODEL).value,
        latest=latest.version if latest else None,
        status=_status(facts, verifier, model, latest),
        stages=stage_states(verifier, facts, model),
        size=pointer.size if pointer else None,
        files=pointer.files if pointer else None,
        updated=iso(newest.seconds) if newest else None,
        versions=tuple(versions),
    )


def _status(facts: Facts, verifier: Verifier, model: ModelName, latest: VersionSummary | None) -> str:
    name = DeprecatedTag(model)
    if name in facts.tags and isinstance(verifier.verdict(name), Verified):
        return "deprecated"
    return "active" if latest else "unverified"


def _version(facts: Facts, verifier: Verifier, name: VersionTag) -> VersionSummary:
    verdict = verifier.verdict(name)
    if not isinstance(verdict, Verified) or not isinstance(verdict.event, Registration):
        return VersionSummary(name.version, "unverified", None, None, None)
    status = "deregistered" if withdrawn(facts, name) else "registered"
    return VersionSummary(name.version, status, verdict.event.manifest, iso(verdict.seconds), verdict.by)


def _pointer(facts: Facts, verifier: Verifier, name: VersionTag) -> Pointer | None:
    verdict = verifier.verdict(name)
    if not isinstance(verdict, Verified) or not isinstance(verdict.event, Registration):
        return None
    path = verdict.event.pointer.path
    try:
        return parse_pointer(facts.pointers[verdict.target, path], path)
    except GitregError:
        return None


def _unregistered(pointer: Pointer) -> ModelSummary:
    return ModelSummary(
        pointer.name, pointer.kind.value, None, "unregistered", {}, pointer.size, pointer.files, None, ()
    )
