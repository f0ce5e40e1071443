"""Sending objects to the shared store, for every pointer that the refs about to be pushed refer to."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.core.digest import Digest
from gitreg.core.event import Registration
from gitreg.core.names import ModelName
from gitreg.core.tag_message import parse_message
from gitreg.core.tag_name import VersionTag, parse_tag_name
from gitreg.errors import GitregError, StorageError
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.git.refs import list_tags
from gitreg.operations.context import Context
from gitreg.operations.pointers import committed_pointers
from gitreg.operations.stores import local_store, remote_store
from gitreg.operations.transfer import Direction, Route, Transfer, transfer
from gitreg.trust.tag_object import parse_tag_object


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
    wanted = dict(_tagged_manifests(context))
    for found in committed_pointers(context.repo, context.head_commit()):
        wanted[found.pointer.manifest] = found.pointer.name
    return wanted


def _tagged_manifests(context: Context) -> Iterable[tuple[Digest, ModelName]]:
    """What the version tags claim; whether they verify does not matter for keeping their bytes."""
    named = [(ref, parse_tag_name(ref.name)) for ref in list_tags(context.repo) if ref.object_type == "tag"]
    versions = [(ref.oid, name) for ref, name in named if isinstance(name, VersionTag)]
    with ObjectReader(context.repo) as reader:
        for (_, name), answer in zip(versions, reader.read_many(oid for oid, _ in versions), strict=True):
            manifest = _manifest(name, answer.data) if isinstance(answer, GitObject) else None
            if manifest is not None:
                yield manifest, name.model


def _manifest(name: VersionTag, raw: bytes) -> Digest | None:
    try:
        event = parse_message(parse_tag_object(raw).message, name).event
    except GitregError:
        return None
    return event.manifest if isinstance(event, Registration) else None


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
