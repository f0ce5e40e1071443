"""Signing a model's committed pointer as a version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.event import PointerAt, Registration
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.tag_name import VersionTag
from gitreg.core.version import FIRST, Bump, Version
from gitreg.errors import RefusedError, StorageError
from gitreg.git.worktree import dirty_paths
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts
from gitreg.operations.pointers import CommittedPointer, committed_pointer
from gitreg.operations.publish import publish
from gitreg.operations.resolve import unharmed
from gitreg.operations.results import EventResult
from gitreg.operations.sign import open_signer, record
from gitreg.operations.stores import reading_store
from gitreg.operations.take_in import manifest_now
from gitreg.operations.uncopied import changed_since, place_of
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from gitreg.trust.facts import Facts, Verified
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """Which version: named, or the highest one with a part raised (minor unless said otherwise)."""

    version: Version | None = None
    bump: Bump | None = None
    message: str = ""
    push: bool = False


def register(context: Context, model: ModelName, request: RegisterRequest) -> EventResult:
    """Sign the version tag at HEAD.  Raises NotFoundError, RefusedError, SigningError, StorageError."""
    commit = context.head_commit()
    found = committed_pointer(context.repo, commit, model)
    facts = unharmed(model_facts(context, model))
    version = _choose(facts, model, request, commit)
    _check_objects(context, found)
    if dirty_paths(context.repo, [found.path]):
        context.settings.note(f"{found.path} has changes that are not committed; {version} is what HEAD has")
    pointer_at = PointerAt(found.path, Digest.of(found.data))
    event = Registration(context.config.id, model, version, found.pointer.manifest, pointer_at, facts.policy)
    facts = replace(facts, pointers={**facts.pointers, (commit, found.path): found.data})
    verified = record(context, open_signer(context), event, commit, request.message, facts)
    return publish(context, verified, push=request.push)


def _choose(facts: Facts, model: ModelName, request: RegisterRequest, commit: Oid) -> Version:
    tags = facts.version_tags(model)
    if request.version is not None:
        name = VersionTag(model, request.version)
        if name in facts.tags:
            raise RefusedError(f"{name} exists already", hint="versions never change; choose another, or leave it out")
        return request.version
    if not tags:
        return FIRST
    if request.bump is None:
        _check_new(facts, tags[-1], commit)
    return tags[-1].version.bump(request.bump or Bump.MINOR)


def _check_new(facts: Facts, latest: VersionTag, commit: Oid) -> None:
    """Registering one commit twice is nearly always a slip of the hand."""
    verdict = Verifier(facts).verdict(latest)
    if isinstance(verdict, Verified) and verdict.target == commit:
        raise RefusedError(
            f"this commit is {latest} already", hint="commit a change first, or insist with --bump or --version"
        )


def _check_objects(context: Context, found: CommittedPointer) -> None:
    """A tag must never refer to bytes that nobody has (W1)."""
    store = reading_store(context)
    manifest = found.pointer.manifest
    is_stored = bool(store.present([manifest]))
    if not is_stored and (place := place_of(context, manifest)) is not None:
        _check_unchanged(context, place, manifest)
        return
    missing = [manifest] if not is_stored else ensure_complete(read_manifest(store, manifest), store)
    if missing:
        raise StorageError(
            f"{len(missing)} objects of {found.path} are neither here nor on the remote",
            hint="gitreg add the files again, where they are, and gitreg push",
        )


def _check_unchanged(context: Context, place: Path, manifest: Digest) -> None:
    """Files added without a copy are all the bytes there are."""
    if not place.exists() or manifest_now(context, place) != manifest:
        raise changed_since(place)
