"""Sending objects to the shared store, for every pointer that the refs about to be pushed refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.errors import SourceError, StorageError
from gitreg.operations.branch import git_remote
from gitreg.operations.complete import incomplete
from gitreg.operations.context import Context
from gitreg.operations.evidence import evidence_here, send_evidence
from gitreg.operations.given_up import given_up
from gitreg.operations.pointers import committed_pointers, unshared_pointers
from gitreg.operations.reachable import registered_manifests
from gitreg.operations.stores import local_store, remote_store
from gitreg.operations.transfer import Direction, Route, Transfer, transfer
from gitreg.operations.uncopied import forget, place_of, source_of
from gitreg.storage.store import ObjectStore
from gitreg.storage.verified import read_chunk_list


def send_committed(context: Context, remote: str | None = None) -> tuple[list[Transfer], str]:
    """Send what HEAD's pointers and the version tags name and the remote lacks.  Returns also the store's place.

    Of what is about to be pushed every chunk is looked for, for a manifest may be there without them: by the manifest
    here, or else by the one there.  An older version is taken to be there if its manifest is.
    """
    target = remote_store(context, remote, create=True)
    tip = context.head_commit()
    at_head = {found.pointer.manifest: found.pointer.name for found in committed_pointers(context.repo, tip)}
    tagged = {manifest: name.model for manifest, name in registered_manifests(context)}
    between = _between(context, tip)
    leaving = between | at_head
    wanted = leaving | tagged
    here = local_store(context).present(list(wanted))
    evidence = evidence_here(context)
    have = target.present({*wanted, *evidence, *_chunks(context, here & leaving.keys())})  # one question for all
    absent = wanted.keys() - have
    absent |= incomplete(target, (between.keys() & have) - here)
    absent -= given_up(context, absent - leaving.keys())
    uncopied = {manifest for manifest in absent - here if place_of(context, manifest) is not None}
    for manifest in absent - here - uncopied:
        _complain(context, wanted[manifest], stops_push=manifest in at_head)
    due = [manifest for manifest in wanted if manifest in here and (manifest in absent or manifest in leaving)]
    sent = [_send(context, wanted[manifest], manifest, target) for manifest in due]
    for manifest in sorted(uncopied):
        optional = manifest not in at_head and manifest not in tagged
        sent += _send_uncopied(context, wanted[manifest], manifest, target, optional=optional)
    send_evidence(context, evidence, target)
    return [each for each in sent if each.new_chunks or each.manifest in absent], target.describe()


def _chunks(context: Context, manifests: Iterable[Digest]) -> Iterator[Digest]:
    store = local_store(context)
    for manifest in manifests:
        for chunk in read_chunk_list(store, manifest):
            yield chunk.digest


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
