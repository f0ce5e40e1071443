"""Archiving: whole artifacts copied to another store and looked for there, before anything of them goes here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from gitreg.core.digest import Digest
from gitreg.errors import GitregError, RefusedError, StorageError
from gitreg.operations.garbage.results import Blocked
from gitreg.storage.store import MissingObjectError, ObjectStore
from gitreg.storage.transfer import copy_artifact, ensure_complete
from gitreg.storage.verified import read_manifest


def archive(
    manifests: Iterable[Digest], store: ObjectStore, opened: Callable[[], ObjectStore]
) -> dict[Digest, Blocked]:
    """Have the artifacts complete in the other store.  Returns those that are not, and why."""
    failed: dict[Digest, Blocked] = {}
    wanted = list(manifests)
    try:
        target = opened()
        _check_apart(store, target)
        for manifest in wanted:
            _try(failed, manifest, lambda each: copy_artifact(each, store, target))
        anew = opened()  # which remembers nothing of what it was just given
        for manifest in wanted:
            _try(failed, manifest, lambda each: _check(anew, each))
    except GitregError as error:
        return dict.fromkeys(wanted, Blocked.by("archive", error))
    return failed


def _check_apart(store: ObjectStore, target: ObjectStore) -> None:
    """One place has many URLs, so an object is written to the archive and looked for in the store."""
    data = os.urandom(32)
    digest = Digest.of(data)
    target.write(digest, data)
    target.flush()
    try:
        with suppress(MissingObjectError):
            store.read(digest)
            raise RefusedError(
                f"the archive {target.describe()} is the store itself, so nothing in it would be a second copy",
                hint="archive to another place",
            )
    finally:
        target.remove((digest,))


def _try(failed: dict[Digest, Blocked], manifest: Digest, step: Callable[[Digest], object]) -> None:
    if manifest in failed:
        return
    try:
        step(manifest)
    except GitregError as error:
        failed[manifest] = Blocked.by("archive", error)


def _check(target: ObjectStore, manifest: Digest) -> None:
    """Read the manifest there, and find every chunk that it names in its size."""
    lacking = ensure_complete(read_manifest(target, manifest), target)
    if lacking:
        raise StorageError(f"{target.describe()} does not have {lacking[0]}, which was just copied there")
