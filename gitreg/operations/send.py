"""Sending objects to the shared store, for every pointer that the refs about to be pushed refer to."""

from __future__ import annotations

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.errors import SourceError, StorageError
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.evidence import send_evidence
from gitreg.operations.pointers import committed_pointers, unshared_pointers
from gitreg.operations.reachable import registered_manifests
from gitreg.operations.stores import local_store, remote_store
from gitreg.operations.transfer import Direction, Route, Transfer, transfer
from gitreg.operations.uncopied import forget, place_of, source_of
from gitreg.storage.store import ObjectStore


def send_committed(context: Context, remote: str | None = None) -> tuple[list[Transfer], str]:
    """Send what HEAD's pointers and the version tags name and the remote lacks.  Returns also the store's place."""
    target = remote_store(context, remote, create=True)
    tip = context.head_commit()
    at_head = {found.pointer.manifest: found.pointer.name for found in committed_pointers(context.repo, tip)}
    tagged = {manifest: name.model for manifest, name in registered_manifests(context)}
    wanted = _between(context, tip) | tagged | at_head
    have = target.present(list(wanted))
    absent = {manifest: model for manifest, model in wanted.items() if manifest not in have}
    here = local_store(context).present(list(absent))
    uncopied = {manifest for manifest in absent.keys() - here if place_of(context, manifest) is not None}
    for manifest in absent.keys() - here - uncopied:
        _complain(context, absent[manifest], stops_push=manifest in at_head)
    sent = [_send(context, absent[manifest], manifest, target) for manifest in absent if manifest in here]
    for manifest in sorted(uncopied):
        optional = manifest not in at_head and manifest not in tagged
        sent += _send_uncopied(context, absent[manifest], manifest, target, optional=optional)
    send_evidence(context, target)
    return sent, target.describe()


def _between(context: Context, tip: Oid) -> dict[Digest, ModelName]:
    """What the commits before `tip` that are about to be pushed refer to."""
    pointers = unshared_pointers(context.repo, git_remote(context.repo), tip)
    return {found.pointer.manifest: found.pointer.name for found in pointers}


def _send(context: Context, model: ModelName, manifest: Digest, target: ObjectStore) -> Transfer:
    return transfer(context, model, manifest, Route(Direction.PUSH, local_store(context), target))


def _send_uncopied(
    context: Context, model: ModelName, manifest: Digest, target: ObjectStore, *, optional: bool
) -> list[Transfer]:
    """Send an artifact out of the files it was added from.  Raises SourceError if they have changed.

    One that only a commit in between names may be gone: its files have become those of a newer version.
    """
    try:
        with source_of(context, manifest) as source:
            sent = transfer(context, model, manifest, Route(Direction.PUSH, source, target))
    except SourceError as error:
        if not optional:
            raise
        context.settings.note(f"an older version of {model} is lost: {error.message}")
        return []
    forget(context, manifest)
    return [sent]


def _complain(context: Context, model: ModelName, *, stops_push: bool) -> None:
    """HEAD's pointers without bytes stop a push (W1); old versions that others keep elsewhere do not."""
    if stops_push:
        raise StorageError(
            f"the objects of {model} are neither here nor on the remote; nothing was pushed",
            hint=f"gitreg add {model}'s files again where they are, or push from the clone that added them",
        )
    context.settings.note(f"the objects of an older version of {model} are neither here nor on the remote")
