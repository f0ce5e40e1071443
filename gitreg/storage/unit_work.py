"""Brings one unit of an artifact to disk: chunks are fetched and verified ahead by helpers, files written in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB
from gitreg.storage.destination import Destination
from gitreg.storage.file_writer import FileWriter, Proof, Writing
from gitreg.storage.stream_map import Gap, Part, Unit, chunk_parts
from gitreg.storage.verified import read_exact_chunk

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterator
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from gitreg.core.manifest import ChunkEntry, FileEntry
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


def write_unit(unit: Unit, work: CheckoutWork) -> None:
    """Write the unit's files.  Raises MissingObjectError, CorruptObjectError, VerificationError, OSError."""
    proven = {file.path for file, chunks in unit.proofs() if chunks}
    with Destination(work.root) as destination:
        for file in unit.files:
            if not file.size:
                FileWriter(file, work.writing, Proof.SHA256).finish(destination)
        _write_parts(unit, proven, work, destination)


def _write_parts(unit: Unit, proven: Collection[str], work: CheckoutWork, destination: Destination) -> None:
    writer: FileWriter | None = None
    try:
        for file, data in _file_bytes(unit, work):
            if work.stop.is_set():
                return
            proof = Proof.CHUNKS if file.path in proven else Proof.SHA256
            writer = writer or FileWriter(file, work.writing, proof)
            writer.write(data)
            work.progress.advance(len(data))
            if writer.complete:
                writer.finish(destination)
                writer = None
    finally:
        if writer is not None:
            writer.abandon()


def _file_bytes(unit: Unit, work: CheckoutWork) -> Iterator[tuple[FileEntry, memoryview]]:
    """The bytes of the files, in order, file by file."""
    for data, parts in _fetched(chunk_parts(unit), work):
        view = memoryview(data)
        for part in parts:
            if not isinstance(part.entry, Gap):
                yield part.entry, view[: part.length]
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
