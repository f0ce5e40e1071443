"""Where cut chunks go: named by their hash, written to a store unless it has them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry

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
        """Name a chunk and store it if it is new."""
        digest = Digest.of(data)
        if self._is_first(digest) and self._store is not None and not self._store.present((digest,)):
            self._store.write(digest, data)
            with self._lock:
                self.new_chunks += 1
                self.new_bytes += len(data)
        self._progress.advance(len(data))
        return ChunkEntry(digest, len(data))

    def _is_first(self, digest: Digest) -> bool:
        with self._lock:
            first = digest not in self._seen
            self._seen.add(digest)
        return first
