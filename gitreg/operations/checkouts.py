"""Verified checkouts in the cache that all repositories of this user share, and what they save others from fetching."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.excerpt import Excerpt, excerpt_of, parse_excerpt
from gitreg.core.manifest import Manifest, parse_manifest
from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError, RefusedError, StorageError
from gitreg.operations.cache import PruneRequest, manifests_in, prune_cache, recent_manifests
from gitreg.operations.context import Context
from gitreg.operations.stores import local_store, reading_store
from gitreg.storage.cache import ReadOnlyCacheError, checkout_path, intact_checkout, recent_checkouts
from gitreg.storage.layout import object_path
from gitreg.storage.local import LocalStore
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.progress import OnProgress
from gitreg.storage.reuse import Holder, ReusingStore, locate
from gitreg.storage.store import ObjectStore
from gitreg.storage.stream_map import chunks_of
from gitreg.storage.verified import read_manifest, read_manifest_text, read_packed_manifest, write_manifest

# Looking at more of them would cost more than it saves.
_MOST_HOLDERS = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of an artifact, and the directory it goes to, if that may hold an older version of it."""

    excerpt: Excerpt
    place: Path | None = None


def shared_checkout(
    context: Context, digest: Digest, *, paranoid: bool = False, on_progress: OnProgress | None = None
) -> Path:
    """A read-only, verified checkout of an artifact, made if it is not there yet.

    One that is there needs no store, so it can be used offline.  `paranoid` hashes it whatever its files look like.
    """
    for cache in (context.settings.cache, _private_cache_place()):
        known = _kept_manifest(cache, digest)
        if known is not None and (place := intact_checkout(known, cache, paranoid=paranoid)) is not None:
            return place
    store = reading_store(context)
    manifest = cached_manifest(context, digest, store)
    wanted = Wanted(excerpt_of(manifest))
    with reusing(context, wanted, store) as source:
        try:
            place = checkout_path(manifest, source, context.settings.cache, holders(context, wanted), on_progress)
        except ReadOnlyCacheError as error:
            private = _private_cache()
            context.settings.note(f"{error.message}; using a private one in {escape(str(private))}")
            write_manifest(LocalStore.create(manifests_in(private)), manifest)
            return checkout_path(manifest, source, private, on_progress=on_progress)
    with suppress(StorageError):  # what cannot be removed now can be later
        prune_cache(context.settings, PruneRequest())
    return place


def _private_cache() -> Path:
    """A cache of this user's own in the directory for temporary files, where others may have put traps."""
    root = _private_cache_place()
    with storage_failures("make a private cache in", escape(str(root))):
        root.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(root):
        raise RefusedError(f"{escape(str(root))} belongs to others too", hint="set GITREG_CACHE to a folder of yours")
    return root


def _private_cache_place() -> Path:
    return Path(tempfile.gettempdir()) / f"gitreg-{os.getuid()}"


def _is_private(root: Path) -> bool:
    with suppress(OSError):
        status = root.lstat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return False


def cached_manifest(context: Context, digest: Digest, store: ObjectStore) -> Manifest:
    """A manifest from the cache, or from the store and then kept: later versions find their chunks by it."""
    return parse_manifest(_manifest_text(context, digest, store))


def cached_excerpt(context: Context, digest: Digest, store: ObjectStore, patterns: tuple[str, ...]) -> Excerpt:
    """The files of a `cached_manifest` that match; of a million, a few cost no more than they must."""
    text = _manifest_text(context, digest, store)
    return parse_excerpt(text, patterns) if patterns else excerpt_of(parse_manifest(text))


def _manifest_text(context: Context, digest: Digest, store: ObjectStore) -> bytes:
    known = _kept_text(context.settings.cache, digest)
    if known is not None:
        return known
    packed, text = read_packed_manifest(store, digest)
    with suppress(GitregError):
        kept = LocalStore.create(manifests_in(context.settings.cache))
        kept.write(digest, packed)
        kept.flush()
    return text


def _kept_manifest(cache: Path, digest: Digest) -> Manifest | None:
    if cache == _private_cache_place() and not _is_private(cache):
        return None
    with suppress(FormatError):
        text = _kept_text(cache, digest)
        return None if text is None else parse_manifest(text)
    return None


def _kept_text(cache: Path, digest: Digest) -> bytes | None:
    with suppress(GitregError):
        store = LocalStore.open(manifests_in(cache))
        text = read_manifest_text(store, digest)
        store.present((digest,))  # renews its time: the ones used last are kept
        return text
    return None


@contextmanager
def reusing(context: Context, wanted: Wanted, store: ObjectStore) -> Iterator[ReusingStore]:
    """The store, with chunks that lie in older checkouts or in the destination not fetched from the remote."""
    lengths = {chunk.digest: chunk.length for chunk in chunks_of(wanted.excerpt)}
    needed = lengths.keys() - local_store(context).present(lengths.keys())
    size = sum(lengths[digest] for digest in needed)
    source = ReusingStore(store, locate(needed, _worth(context, wanted.place, size)) if needed else {})
    try:
        yield source
    finally:
        source.close()


def holders(context: Context, wanted: Wanted) -> Iterator[Holder]:
    """Directories that may hold some of the wanted files whole."""
    return _worth(context, wanted.place, wanted.excerpt.size)


def _worth(context: Context, place: Path | None, most: int) -> Iterator[Holder]:
    """Directories with artifacts whose manifests are here, and smaller than the `most` bytes that they can save."""
    places = recent_checkouts(context.settings.cache)[:_MOST_HOLDERS]
    if place is not None and place.is_dir():
        places += [(digest, place) for digest in recent_manifests(context.settings)[:_MOST_HOLDERS]]
    for digest, root in places:
        manifest = _known(context, digest, most)
        if manifest is not None:
            yield Holder(manifest, root)


def _known(context: Context, digest: Digest, most: int) -> Manifest | None:
    for root in (manifests_in(context.settings.cache), context.repo.local_state):
        with suppress(GitregError, OSError):
            if (root / object_path(digest)).stat().st_size <= most:
                return read_manifest(LocalStore.open(root), digest)
    return None
