"""Objects written but not yet in place: synced and renamed in batches, beside the work that makes the next ones.

An object gets its name only after its bytes are durable (W2), so a power cut never leaves a torn object under a
digest; and one fsync at a time runs in the background, so that durability overlaps with hashing.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB
from gitreg.storage.temp_area import TempArea

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.core.digest import Digest

_BATCH_BYTES: Final = 64 * MIB
_BATCH_OBJECTS: Final = 256
_BATCHES_WAITING: Final = 4


@dataclass(slots=True)
class _Batch:
    """Temporary names and where they go."""

    moves: list[tuple[str, Path]] = field(default_factory=list)
    size: int = 0


class PendingObjects:
    """Temporary files on their way to `objects/`; `settle` returns when all are durable.  Raises OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._area: TempArea | None = None
        self._batch = _Batch()
        self._names: set[Digest] = set()
        self._running: deque[Future[None]] = deque()
        self._settler = ThreadPoolExecutor(1, thread_name_prefix="gitreg-settle")
        self._directories: set[Path] = set()

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._names

    def add(self, digest: Digest, data: bytes | memoryview, target: Path) -> None:
        """Write the bytes beside the store; the rename to `target` follows once they are durable."""
        temporary = self._write(data)
        with self._lock:
            self._names.add(digest)
            self._batch.moves.append((temporary, target))
            self._batch.size += len(data)
            if self._batch.size >= _BATCH_BYTES or len(self._batch.moves) >= _BATCH_OBJECTS:
                self._submit()
            waiting = self._running[0] if len(self._running) > _BATCHES_WAITING else None
        if waiting is not None:
            waiting.result()

    def settle(self) -> None:
        """Wait until every object added so far is durable and has its name."""
        with self._lock:
            self._submit()
            running, self._running = self._running, deque()
        for batch in running:
            batch.result()
        with self._lock:
            directories, self._directories = self._directories, set()
            area, self._area = (self._area, None) if not self._batch.moves else (None, self._area)
            self._names.clear()
        for directory in sorted(directories):
            sync_directory(directory)
        if area is not None:
            area.close()

    def _write(self, data: bytes | memoryview) -> str:
        """Write a new temporary file; objects are immutable, so it is read-only from the start."""
        descriptor, name = self._open_area().new_file(0o444)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        return name

    def _open_area(self) -> TempArea:
        with self._lock:
            if self._area is None:
                holder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    self._area = TempArea(holder, "tmp")
                finally:
                    os.close(holder)
            return self._area

    def _submit(self) -> None:
        """Hand the open batch to the settler; the lock is held."""
        while self._running and self._running[0].done():
            self._running.popleft().result()
        area = self._area
        if self._batch.moves and area is not None:
            batch, self._batch = self._batch, _Batch()
            self._running.append(self._settler.submit(self._settle_batch, batch, area))

    def _settle_batch(self, batch: _Batch, area: TempArea) -> None:
        for temporary, target in batch.moves:
            _sync(temporary, area.descriptor)
            if target.parent not in self._directories:
                target.parent.mkdir(exist_ok=True)
                with self._lock:
                    self._directories |= {target.parent, target.parent.parent}
            os.rename(temporary, target, src_dir_fd=area.descriptor)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    _sync(path)


def _sync(path: Path | str, directory: int | None = None) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
