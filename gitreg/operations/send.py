"""Sending objects to the shared store, for every pointer that the refs about to be pushed refer to."""

from __future__ import annotations

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
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
    wanted = _wanted(context)
    have = target.present(list(wanted))
    absent = {manifest: model for manifest, model in wanted.items() if manifest not in have}
    here = source.present(list(absent))
    _complain(context, {manifest: model for manifest, model in absent.items() if manifest not in here})
    route = Route(Direction.PUSH, source, target)
    sent = [transfer(context, model, manifest, route) for manifest, model in absent.items() if manifest in here]
    return sent, target.describe()


def _wanted(context: Context) -> dict[Digest, ModelName]:
    """Whatever the refs about to be pushed refer to, commits in between included."""
    tip = context.head_commit()
    pointers = committed_pointers(context.repo, tip) + unshared_pointers(context.repo, git_remote(context.repo), tip)
    tagged = {manifest: name.model for manifest, name in registered_manifests(context)}
    return tagged | {found.pointer.manifest: found.pointer.name for found in pointers}


def _complain(context: Context, missing: dict[Digest, ModelName]) -> None:
    """Committed pointers without bytes stop a push (W1); old versions that others keep elsewhere do not."""
    head = {found.pointer.manifest for found in committed_pointers(context.repo, context.head_commit())}
    for manifest, model in missing.items():
        if manifest in head:
            raise StorageError(
                f"the objects of {model} are neither here nor on the remote; nothing was pushed",
                hint=f"gitreg add {model}'s files again where they are, or push from the clone that added them",
            )
        context.settings.note(f"the objects of an older version of {model} are neither here nor on the remote")
