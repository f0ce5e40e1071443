"""Sending objects to the shared store, for every pointer that the refs about to be pushed refer to."""

from __future__ import annotations

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.errors import StorageError
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.pointers import committed_pointers, unshared_pointers
from gitreg.operations.reachable import registered_manifests
from gitreg.operations.stores import local_store, remote_store
from gitreg.operations.transfer import Direction, Route, Transfer, transfer


def send_committed(context: Context, remote: str | None = None) -> tuple[list[Transfer], str]:
    """Send what HEAD's pointers and the version tags name and the remote lacks.  Returns also the store's place."""
    target = remote_store(context, remote, create=True)
    source = local_store(context)
    tip = context.head_commit()
    at_head = {found.pointer.manifest: found.pointer.name for found in committed_pointers(context.repo, tip)}
    wanted = _wanted(context, tip) | at_head
    have = target.present(list(wanted))
    absent = {manifest: model for manifest, model in wanted.items() if manifest not in have}
    here = source.present(list(absent))
    for manifest, model in absent.items():
        if manifest not in here:
            _complain(context, model, stops_push=manifest in at_head)
    route = Route(Direction.PUSH, source, target)
    sent = [transfer(context, model, manifest, route) for manifest, model in absent.items() if manifest in here]
    return sent, target.describe()


def _wanted(context: Context, tip: Oid) -> dict[Digest, ModelName]:
    """What the tags and the commits before `tip` that are about to be pushed refer to."""
    tagged = {manifest: name.model for manifest, name in registered_manifests(context)}
    pointers = unshared_pointers(context.repo, git_remote(context.repo), tip)
    return tagged | {found.pointer.manifest: found.pointer.name for found in pointers}


def _complain(context: Context, model: ModelName, *, stops_push: bool) -> None:
    """HEAD's pointers without bytes stop a push (W1); old versions that others keep elsewhere do not."""
    if stops_push:
        raise StorageError(
            f"the objects of {model} are neither here nor on the remote; nothing was pushed",
            hint=f"gitreg add {model}'s files again where they are, or push from the clone that added them",
        )
    context.settings.note(f"the objects of an older version of {model} are neither here nor on the remote")
