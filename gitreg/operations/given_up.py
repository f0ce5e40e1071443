"""Versions whose bytes the policy gives up: not to be sent again, and not to be taken for lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from gitreg.core.digest import Digest
from gitreg.core.retention import Then
from gitreg.core.tag_name import VersionTag
from gitreg.errors import StorageError
from gitreg.operations.context import Context
from gitreg.operations.resolve import Draft, FoundVersion
from gitreg.operations.retention import outlook, plan_retention
from gitreg.operations.stores import remote_store
from gitreg.storage.store import MissingObjectError


def given_up(context: Context, manifests: Collection[Digest]) -> set[Digest]:
    """Those of them that retention deletes, or archives and the archive has: nobody need send them any more."""
    if not manifests:
        return set()
    plan = plan_retention(context)
    fates = [each for each in plan.versions if each.manifest in manifests]
    free = {each.manifest for each in fates} - {each.manifest for each in fates if each.then is Then.KEEP}
    archived = {each.manifest for each in fates if each.then is Then.ARCHIVE} & free
    return free - archived | _in_archive(context, plan.archive, archived)


def _in_archive(context: Context, archive: str | None, manifests: set[Digest]) -> set[Digest]:
    if archive is None or not manifests:
        return set()
    try:
        return remote_store(context, archive).present(manifests)
    except StorageError as error:
        context.settings.note(f"the archive was not asked: {error.message}")
        return set()


@contextmanager
def explaining(context: Context, found: FoundVersion | Draft) -> Iterator[None]:
    """Within, a missing object of a version that retention gives up is told as that."""
    try:
        yield
    except MissingObjectError as error:
        if isinstance(found, Draft):
            raise
        tag = VersionTag(found.model, found.version)
        due = outlook(context, tag)
        if due is None or due.then is Then.KEEP:
            raise
        raise StorageError(
            f"the bytes of {tag} were given up: {due.reason}; {error.message}",
            hint=f"if anybody has the same files: gitreg add them, {_BACK[due.then]}",
        ) from error


_BACK = {
    Then.ARCHIVE: "or look for them in the archive that gc was given",
    Then.DELETE: "or restore the objects from the bucket's old versions",
}
