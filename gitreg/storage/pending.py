"""Objects written but not yet in place: synced and renamed in batches, beside the work that makes the next ones.

An object gets its name only after its bytes are durable (W2), so a power cut never leaves a torn object under a
digest; and one fsync at a time runs in the background, so that durability overlaps with hashing.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.limits import MIB
from gitreg.storage.direct_write import DirectWriter
from gitreg.storage.temp_area import TempArea

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.core.digest import Digest

_BATCH_BYTES: Final = 128 * MIB
_BATCH_OBJECTS: Final = 512
_BATCHES_WAITING: Final = 4
# Syncs that wait together share one commit of the file system's journal.
_SYNCERS: Final = 8


class _Move(NamedTuple):
    """A temporary file and the place it is for."""

    digest: Digest
    temporary: str
    target: Path


@dataclass(slots=True)
class _Batch:
    """Moves that will be synced together."""

    moves: list[_Move] = field(default_factory=list)
    size: int = 0


class PendingObjects:
    """Temporary files on their way to `objects/`; `settle` returns when all are durable.  Raises OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._area: TempArea | None = None
        self._writing = 0
        self._batch = _Batch()
        self._unsettled: set[Digest] = set()
        self._running: deque[Future[None]] = deque()
        self._directories: set[Path] = set()
        self._settler = ThreadPoolExecutor(1, thread_name_prefix="gitreg-settle")
        self._syncers = ThreadPoolExecutor(_SYNCERS, thread_name_prefix="gitreg-sync")
        self._writer = DirectWriter()

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._unsettled

    def add(self, digest: Digest, data: bytes | memoryview, target: Path) -> None:
        """Write the bytes beside the store; the rename to `target` follows once they are durable."""
        area = self._enter_area()
        move = None
        try:
            move = _Move(digest, self._write(area, memoryview(data)), target)
        finally:
            oldest = self._leave_area(area, move, len(data))
        if oldest is not None:
            oldest.result()

    def settle(self) -> None:
        """Wait until every object added so far is durable and has its name."""
        with self._settling:  # a second caller must not return before what the first one took is durable
            with self._lock:
                if self._area is not None:
                    self._submit(self._area)
                running, self._running = self._running, deque()
            wait(running)
            self._close_if_idle()
            for batch in running:
                batch.result()
            with self._lock:
                directories, self._directories = self._directories, set()
            for directory in sorted(directories):
                sync(directory)

    def _write(self, area: TempArea, data: memoryview) -> str:
        """Write a new temporary file; objects are immutable, so it is read-only from the start."""
        descriptor, name = area.new_file(0o444)
        try:
            self._writer.fill(descriptor, data)
        except OSError:
            os.unlink(name, dir_fd=area.descriptor)  # on a full disk, every byte counts
            raise
        finally:
            os.close(descriptor)
        return name

    def _enter_area(self) -> TempArea:
        """The area for temporary files, which stays open while anyone writes."""
        with self._lock:
            self._writing += 1
            if self._area is None:
                holder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    self._area = TempArea(holder, "tmp")
                finally:
                    os.close(holder)
            return self._area

    def _leave_area(self, area: TempArea, move: _Move | None, size: int) -> Future[None] | None:
        """Queue what was written; return a batch to wait for if the disk falls too far behind."""
        with self._lock:
            self._writing -= 1
            if move is None:
                return None
            self._unsettled.add(move.digest)
            self._batch.moves.append(move)
            self._batch.size += size
            if self._batch.size >= _BATCH_BYTES or len(self._batch.moves) >= _BATCH_OBJECTS:
                self._submit(area)
            return self._running[0] if len(self._running) > _BATCHES_WAITING else None

    def _close_if_idle(self) -> None:
        """Remove the area if nothing in it is needed any more."""
        with self._lock:
            if self._area is not None and not (self._writing or self._batch.moves or self._running):
                self._area.close()
                self._area = None
                self._unsettled.clear()

    def _submit(self, area: TempArea) -> None:
        """Hand the open batch to the settler; the lock is held."""
        while self._running and self._running[0].done():
            self._running.popleft().result()
        if self._batch.moves:
            batch, self._batch = self._batch, _Batch()
            self._running.append(self._settler.submit(self._settle_batch, batch, area))

    def _settle_batch(self, batch: _Batch, area: TempArea) -> None:
        # Every byte of the batch is durable before the first object of it gets its name.
        for _ in self._syncers.map(partial(sync, directory=area.descriptor), [move.temporary for move in batch.moves]):
            pass
        for move in batch.moves:
            if move.target.parent not in self._directories:
                move.target.parent.mkdir(exist_ok=True)
            os.rename(move.temporary, move.target, src_dir_fd=area.descriptor)
            with self._lock:
                self._directories |= {move.target.parent, move.target.parent.parent}
                self._unsettled.discard(move.digest)


def sync(path: Path | str, directory: int | None = None) -> None:
    """Make a file's bytes, or the names in a directory, durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
