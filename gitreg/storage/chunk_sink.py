"""Where cut chunks go: named by their hash, written to a store unless it has them whole."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry
from gitreg.storage.lengths import misfits

if TYPE_CHECKING:
    from gitreg.storage.progress import Progress
    from gitreg.storage.store import ObjectStore


class ChunkSink:
    """Counts and stores chunks; for many threads.  Without a store it only names them."""

    def __init__(self, store: ObjectStore | None, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._lock = threading.Lock()
        self._seen: set[Digest] = set()
        self.new_chunks = 0
        self.new_bytes = 0

    def put(self, data: memoryview) -> ChunkEntry:
        """Name a chunk and store it if it is new, or cut off in the store."""
        chunk = ChunkEntry(Digest.of(data), len(data))
        if self._store is not None and self._is_first(chunk.digest):
            self._store_once(self._store, chunk, data)
        self._progress.advance(chunk.length)
        return chunk

    def _store_once(self, store: ObjectStore, chunk: ChunkEntry, data: memoryview) -> None:
        absent, damaged = misfits(store, (chunk,))
        if damaged:  # not every service replaces what is there
            store.remove(damaged)
        elif not absent:
            return
        store.write(chunk.digest, data)
        with self._lock:
            self.new_chunks += 1
            self.new_bytes += chunk.length

    def _is_first(self, digest: Digest) -> bool:
        with self._lock:
            first = digest not in self._seen
            self._seen.add(digest)
        return first
