"""Copies artifacts between stores: each object verified on the way, chunks before the manifest that names them (W1)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitreg.core.manifest import ChunkEntry, Manifest, parse_chunks
from gitreg.core.manifest_text import sections
from gitreg.errors import StorageError
from gitreg.storage.crew import ByteLimit, for_each
from gitreg.storage.lengths import is_off, lengths, misfits
from gitreg.storage.progress import OnProgress, Progress
from gitreg.storage.verified import read_chunk, read_packed_manifest, write_manifest_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.core.digest import Digest
    from gitreg.storage.store import ObjectStore


@dataclass(frozen=True, slots=True)
class TransferStats:
    """An artifact of `size` bytes in so many `files` and `chunks`, and what a copy of it moved."""

    size: int
    files: int
    chunks: int
    new_chunks: int
    bytes: int


def copy_artifact(
    manifest_digest: Digest,
    source: ObjectStore,
    target: ObjectStore,
    on_progress: OnProgress | None = None,
) -> TransferStats:
    """Make the artifact complete in `target`.  Interrupted anywhere, a second call copies what is still missing.

    Raises MissingObjectError, CorruptObjectError, StorageError; then `target` has no new manifest.
    """
    packed, text = read_packed_manifest(source, manifest_digest)
    parts = sections(text)
    stream = parse_chunks(text, parts)
    chunks = {chunk.digest: chunk for chunk in stream}
    found = lengths(target, [*chunks, manifest_digest])  # in one question
    missing = [chunk for digest, chunk in chunks.items() if digest not in found or is_off(found[digest], chunk.length)]
    moved = sum(chunk.length for chunk in missing)
    copier = _Copier(source, target, found, Progress(moved, on_progress))
    _copy_chunks(missing, copier)
    if manifest_digest not in found:
        target.write(manifest_digest, packed)
        target.flush()
    elif is_off(found[manifest_digest], len(packed)):  # damaged, or packed by another release
        write_manifest_text(target, text)
    size = sum(chunk.length for chunk in stream)
    return TransferStats(size, parts.file_count, len(stream), new_chunks=len(missing), bytes=moved)


def ensure_complete(manifest: Manifest, store: ObjectStore) -> list[Digest]:
    """The chunks the store lacks, in stream order; empty means complete.  Looks at names and sizes, reads nothing."""
    absent, damaged = misfits(store, manifest.chunks)
    unusable = absent | damaged
    return [digest for digest in dict.fromkeys(chunk.digest for chunk in manifest.chunks) if digest in unusable]


@dataclass(frozen=True, slots=True)
class _Copier:
    """Moves one object at a time; `found` is what the target has, perhaps damaged."""

    source: ObjectStore
    target: ObjectStore
    found: dict[Digest, int | None]
    progress: Progress
    limit: ByteLimit = field(default_factory=ByteLimit)

    def copy(self, chunk: ChunkEntry) -> None:
        with self.limit.hold(chunk.length):
            data = read_chunk(self.source, chunk.digest)
            if chunk.digest in self.found:  # not every service replaces what is there
                self.target.remove((chunk.digest,))
            self.target.write(chunk.digest, data)
        self.progress.advance(len(data))


def _copy_chunks(chunks: Sequence[ChunkEntry], copier: _Copier) -> None:
    """Whatever stops it, what has arrived stays there and need not be copied again."""
    side_by_side = min(max(copier.source.at_once, copier.target.at_once), len(chunks))
    try:
        for_each(chunks, copier.copy, side_by_side or 1)
    except BaseException:
        with suppress(StorageError):
            copier.target.flush()
        raise
    copier.target.flush()
