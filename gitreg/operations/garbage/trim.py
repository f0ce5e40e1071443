"""Trim: which of the clone's objects the remote verifiably has, so that they need not lie here as well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Final

from gitreg.core.digest import Digest
from gitreg.errors import GitregError
from gitreg.operations.context import Context
from gitreg.operations.garbage.mark import Marked, needs
from gitreg.operations.stores import local_store, remote_store
from gitreg.storage.fsck import intact
from gitreg.storage.lengths import misfits
from gitreg.storage.local import LocalStore
from gitreg.storage.store import ObjectStore

# What was used just now may be in use still.
TRIM_GRACE: Final = timedelta(hours=1)
_AT_ONCE: Final = 8


class TrimRefusedError(GitregError):
    """The remote cannot vouch for anything."""

    kind = "refused"


def held_by_remote(context: Context, marked: Marked) -> set[Digest]:
    """Manifests that the remote has intact with all their chunks in the right sizes, and chunks only those need.

    Raises TrimRefusedError if there is no remote but the embedded one, or it does not answer.
    """
    if not context.config.remotes:
        raise TrimRefusedError(
            "no remote is configured, so objects here may be the only copy and all of them stay",
            hint="gitreg remote add origin s3://BUCKET/PREFIX (or gs://, az://, sftp://, file:///)",
        )
    local = local_store(context)
    try:
        remote = remote_store(context)
        _check_apart(local, remote)
        return _held(local, remote, marked)
    except TrimRefusedError:
        raise
    except GitregError as error:
        raise TrimRefusedError(f"the remote was asked in vain: {error.message}", hint=error.hint) from error


def _check_apart(local: LocalStore, remote: ObjectStore) -> None:
    """A remote that is this very directory would vouch for what is about to go."""
    if isinstance(remote, LocalStore) and remote.root.samefile(local.root):
        raise TrimRefusedError("the remote is the clone's own store, so nothing in it is a second copy")


def _held(local: ObjectStore, remote: ObjectStore, marked: Marked) -> set[Digest]:
    absent, damaged = misfits(remote, list(marked.chunks.values()))
    unusable = {line for line, chunk in marked.chunks.items() if chunk.digest in absent or chunk.digest in damaged}
    complete = _intact_there(remote, marked.manifests)
    held = complete | {chunk.digest for chunk in marked.chunks.values()}
    for manifest, lines in needs(local, marked.manifests):
        if manifest not in complete or not unusable.isdisjoint(lines):
            held -= {manifest} | {marked.chunks[line].digest for line in lines}
    return held - marked.bare - marked.absent


def _intact_there(remote: ObjectStore, manifests: set[Digest]) -> set[Digest]:
    """Read and hashed: a listing tells no more than a name."""
    there = sorted(remote.present(manifests))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = zip(there, pool.map(partial(_is_intact, remote), there), strict=True)
        return {digest for digest, good in found if good}


def _is_intact(store: ObjectStore, digest: Digest) -> bool:
    return intact(store, digest) is not None
