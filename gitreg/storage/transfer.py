"""Copies artifacts between stores: each object verified on the way, chunks before the manifest that names them (W1)."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.core.manifest import ChunkEntry, Manifest, parse_manifest
from gitreg.storage.lengths import misfits
from gitreg.storage.progress import OnProgress, Progress
from gitreg.storage.verified import read_chunk, read_manifest_text, write_manifest_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.store import ObjectStore


@dataclass(frozen=True, slots=True)
class TransferStats:
    """What a copy moved: `objects` and `bytes` written, `new_chunks` of `total_chunks` were missing."""

    objects: int
    bytes: int
    total_chunks: int
    new_chunks: int


def copy_artifact(
    manifest_digest: Digest,
    source: ObjectStore,
    target: ObjectStore,
    jobs: int = 8,
    on_progress: OnProgress | None = None,
) -> TransferStats:
    """Make the artifact complete in `target`.  Interrupted anywhere, a second call copies what is still missing.

    Raises MissingObjectError, CorruptObjectError, StorageError; then `target` has no new manifest.
    """
    text = read_manifest_text(source, manifest_digest)
    chunks = {chunk.digest: chunk for chunk in parse_manifest(text).chunks}
    absent, damaged = misfits(target, chunks.values())
    missing = [chunks[digest] for digest in sorted(absent | damaged)]
    progress = Progress(sum(chunk.length for chunk in missing), on_progress)
    _copy_chunks(missing, _Copier(source, target, damaged, progress), jobs)
    target.flush()
    has_manifest = manifest_digest in target.present((manifest_digest,))
    write_manifest_text(target, text)
    moved = sum(chunk.length for chunk in missing)
    return TransferStats(len(missing) + (not has_manifest), moved, len(chunks), len(missing))


def ensure_complete(manifest: Manifest, store: ObjectStore) -> list[Digest]:
    """The chunks the store lacks, in stream order; empty means complete.  Looks at names and sizes, reads nothing."""
    absent, damaged = misfits(store, manifest.chunks)
    unusable = absent | damaged
    return [digest for digest in dict.fromkeys(chunk.digest for chunk in manifest.chunks) if digest in unusable]


@dataclass(frozen=True, slots=True)
class _Copier:
    """Moves one object at a time."""

    source: ObjectStore
    target: ObjectStore
    damaged: Collection[Digest]
    progress: Progress

    def copy(self, chunk: ChunkEntry) -> None:
        data = read_chunk(self.source, chunk.digest)
        if chunk.digest in self.damaged:  # not every service replaces what is there
            self.target.remove((chunk.digest,))
        self.target.write(chunk.digest, data)
        self.progress.advance(len(data))


def _copy_chunks(chunks: list[ChunkEntry], copier: _Copier, jobs: int) -> None:
    """Run `jobs` copies side by side; each worker takes the next chunk, so memory is bounded by `jobs` chunks."""
    queue = iter(chunks)
    lock = threading.Lock()
    stop = threading.Event()

    def take() -> Iterator[ChunkEntry]:
        while not stop.is_set():
            with lock:
                chunk = next(queue, None)
            if chunk is None:
                return
            yield chunk

    def work() -> None:
        for chunk in take():
            copier.copy(chunk)

    with ThreadPoolExecutor(max(1, min(jobs, len(chunks)))) as pool:
        try:
            workers = [pool.submit(work) for _ in range(max(1, min(jobs, len(chunks))))]
            wait(workers, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
    for worker in workers:
        worker.result()
