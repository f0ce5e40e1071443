"""Brings one unit of an artifact to disk: chunks are fetched and verified ahead by helpers, files written in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB
from gitreg.storage.destination import Destination
from gitreg.storage.file_writer import FileWriter, Writing
from gitreg.storage.stream_map import Part, Unit, chunk_parts
from gitreg.storage.verified import read_exact_chunk

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterator
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from gitreg.core.manifest import ChunkEntry
    from gitreg.storage.progress import Progress
    from gitreg.storage.store import ObjectStore

# Of one unit: enough to keep a disk or a remote busy meanwhile; the writers together stay below 200 MiB.
_BYTES_AHEAD: Final = 32 * MIB


@dataclass(frozen=True, slots=True)
class CheckoutWork:
    """What all units of one checkout share."""

    store: ObjectStore
    root: Path
    writing: Writing
    readers: Executor
    progress: Progress
    stop: threading.Event


def write_unit(unit: Unit, wanted: Collection[str], work: CheckoutWork) -> None:
    """Write the unit's wanted files.  Raises MissingObjectError, CorruptObjectError, VerificationError, OSError."""
    with Destination(work.root) as destination:
        for file in unit.files:
            if not file.size and file.path in wanted:
                FileWriter(file, work.writing).finish(destination)
        _write_parts(unit, wanted, work, destination)


def _write_parts(unit: Unit, wanted: Collection[str], work: CheckoutWork, destination: Destination) -> None:
    writer: FileWriter | None = None
    try:
        for part, data in _wanted_bytes(unit, wanted, work):
            if work.stop.is_set():
                return
            writer = writer or FileWriter(part.file, work.writing)
            writer.write(data)
            work.progress.advance(len(data))
            if writer.complete:
                writer.finish(destination)
                writer = None
    finally:
        if writer is not None:
            writer.abandon()


def _wanted_bytes(unit: Unit, wanted: Collection[str], work: CheckoutWork) -> Iterator[tuple[Part, memoryview]]:
    """The bytes of the wanted files, in order, file by file."""
    for data, parts in _fetched(chunk_parts(unit, wanted), work):
        view = memoryview(data)
        for part in parts:
            if part.file.path in wanted:
                yield part, view[: part.length]
            view = view[part.length :]


def _fetched(chunks: Iterator[tuple[ChunkEntry, list[Part]]], work: CheckoutWork) -> Iterator[tuple[bytes, list[Part]]]:
    """Verified chunks, some requested ahead."""
    ahead: deque[tuple[Future[bytes], list[Part]]] = deque()
    requested = 0
    for chunk, parts in chunks:
        ahead.append((work.readers.submit(read_exact_chunk, work.store, chunk), parts))
        requested += chunk.length
        while requested > _BYTES_AHEAD:
            future, its_parts = ahead.popleft()
            data = future.result()
            requested -= len(data)
            yield data, its_parts
    for future, its_parts in ahead:
        yield future.result(), its_parts
