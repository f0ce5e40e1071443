"""Chunks requested before anybody needs them, across units, within a limit of bytes; verified.

Requests are made in the order of the units, which is the one in which writers take them up, so whatever fills the
limit belongs to somebody who is at work on it and will make room.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gitreg.storage.crew import BYTES_AT_ONCE
from gitreg.storage.stream_map import Part, Unit, chunk_parts
from gitreg.storage.verified import read_exact_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor, Future

    from gitreg.core.manifest import ChunkEntry
    from gitreg.storage.store import ObjectStore

# How long it takes at most until a reader that waits for a service notices that nobody waits for it any more.
_GLANCE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Row:
    """A unit, its chunks that are not requested yet, and those that are."""

    unit: Unit
    later: Iterator[tuple[ChunkEntry, list[Part]]]
    requested: deque[tuple[Future[bytes], list[Part]]] = field(default_factory=deque)


class ReadAhead:
    """For many threads, each of which takes up the next of `rows` that nobody has, and reads it to its end."""

    def __init__(self, store: ObjectStore, work: Iterable[Unit], readers: Executor, stop: threading.Event) -> None:
        self.rows = [Row(unit, chunk_parts(unit)) for unit in work]
        self._store = store
        self._readers = readers
        self._stop = stop
        self._lock = threading.Lock()
        self._nearest = 0  # the first row that has chunks to be requested
        self._bytes = 0

    def chunks(self, row: Row) -> Iterator[tuple[bytes, list[Part]]]:
        """A row's chunks in order.  Raises MissingObjectError, CorruptObjectError, StorageError, CancelledError."""
        while (requested := self._next(row)) is not None:
            future, parts = requested
            data = self._result(future)
            yield data, parts
            with self._lock:
                self._bytes -= len(data)

    def _next(self, row: Row) -> tuple[Future[bytes], list[Part]] | None:
        with self._lock:
            while self._bytes < BYTES_AT_ONCE and self._nearest < len(self.rows):
                if not self._request(self.rows[self._nearest]):
                    self._nearest += 1
            if not row.requested:  # rows beside this one fill the limit; to wait for them might be for ever
                self._request(row)
            return row.requested.popleft() if row.requested else None

    def _request(self, row: Row) -> bool:
        """Request a row's next chunk; False if there is none."""
        for chunk, parts in row.later:
            row.requested.append((self._readers.submit(read_exact_chunk, self._store, chunk), parts))
            self._bytes += chunk.length
            return True
        return False

    def _result(self, future: Future[bytes]) -> bytes:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                return future.result(_GLANCE_SECONDS)
        raise CancelledError
