"""Taking an artifact's bytes in: hashed, and put where the user wants them; not even read if nothing has changed."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import NamedTuple, assert_never

from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry
from gitreg.core.text import escape
from gitreg.errors import VerificationError
from gitreg.operations.context import Context
from gitreg.operations.stores import local_store, remote_store
from gitreg.operations.uncopied import forget, manifests, place_of, remember
from gitreg.storage.ingest import ingest_listed
from gitreg.storage.lengths import misfits
from gitreg.storage.listing import list_files
from gitreg.storage.source import Source
from gitreg.storage.stat_cache import StatCache
from gitreg.storage.store import ObjectStore
from gitreg.storage.verified import read_chunk_list


class Keep(Enum):
    """Where an added artifact's bytes are kept."""

    HERE = "here"  # in the clone's own store
    SHARED = "shared"  # in the shared store, without a copy here
    NOWHERE = "nowhere"  # only where they are; a push reads them again


class TakenIn(NamedTuple):
    """An artifact, and the chunks of it that a store had to be given."""

    manifest: Digest
    size: int
    files: int
    chunks: int
    new_chunks: int = 0
    new_bytes: int = 0


def take_in(context: Context, place: Path, keep: Keep, *, rehash: bool) -> TakenIn:
    """Hash what may have changed, and have every byte where it is to be kept.  Raises SourceError, StorageError."""
    listing = list_files(place, time.time_ns())
    cache = _stat_cache(context)
    store = _store(context, keep)
    known = None if rehash else cache.manifest_of(listing)
    chunks = None if known is None else _kept(context, known, place, store)
    if known is not None and chunks is not None:
        return TakenIn(known, listing.size, len(listing.paths), len(chunks))
    source = Source.of(listing)
    with context.step(f"add {escape(place.name)}") as report:
        result = ingest_listed(source, store, report)
    contents = result.manifest
    if store is None:
        remember(context, result.text, place)
    else:
        forget(context, result.digest)
    cache.record(listing, result.digest)
    counts = (result.new_chunks, result.new_bytes)
    return TakenIn(result.digest, source.size, len(contents.files), len(contents.chunks), *counts)


def manifest_now(context: Context, place: Path, *, rehash: bool = False) -> Digest:
    """What adding the files as they are would give; they are read only if they may have changed.

    Raises SourceError.
    """
    listing = list_files(place, time.time_ns())
    cache = _stat_cache(context)
    known = None if rehash else cache.manifest_of(listing)
    if known is not None:
        return known
    source = Source.of(listing)
    with context.step(f"hash {escape(place.name)}") as report:
        digest = ingest_listed(source, None, report).digest
    cache.record(listing, digest)
    return digest


def _stat_cache(context: Context) -> StatCache:
    return StatCache(context.repo.local_state / "stat-cache")


def _store(context: Context, keep: Keep) -> ObjectStore | None:
    match keep:
        case Keep.HERE:
            return local_store(context)
        case Keep.SHARED:
            return remote_store(context, create=True)
        case Keep.NOWHERE:
            return None
        case _:
            assert_never(keep)


def _kept(context: Context, manifest: Digest, place: Path, store: ObjectStore | None) -> tuple[ChunkEntry, ...] | None:
    """The artifact's chunks if all of them are where they are to be kept already; None if anything is doubtful."""
    if store is None and place_of(context, manifest) == place:
        return _chunk_list(manifests(context), manifest)
    store = store or local_store(context)  # what is to be kept nowhere may just as well be here
    chunks = _chunk_list(store, manifest)
    return chunks if chunks is not None and not any(misfits(store, chunks)) else None


def _chunk_list(store: ObjectStore, manifest: Digest) -> tuple[ChunkEntry, ...] | None:
    try:
        return read_chunk_list(store, manifest) if store.present((manifest,)) else None
    except VerificationError:
        return None
