"""Brings one unit of an artifact to disk: its chunks come verified and in order, files are written one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.storage.destination import Destination
from gitreg.storage.file_writer import FileWriter, Proof
from gitreg.storage.stream_map import Gap

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from gitreg.core.manifest import FileEntry
    from gitreg.storage.progress import Progress
    from gitreg.storage.read_ahead import ReadAhead, Row
    from gitreg.storage.temp_area import TempArea


@dataclass(frozen=True, slots=True)
class CheckoutWork:
    """What all units of one checkout share."""

    ahead: ReadAhead
    root: Path
    area: TempArea
    progress: Progress
    stop: threading.Event


def write_unit(row: Row, work: CheckoutWork) -> None:
    """Write the unit's files.  Raises MissingObjectError, CorruptObjectError, VerificationError, OSError."""
    unit = row.unit
    proven = {file.path for file, chunks in unit.proofs() if chunks}
    with Destination(work.root) as destination:
        for file in unit.files:
            if not file.size:
                FileWriter(file, work.area, Proof.SHA256).finish(destination)
        _write_parts(row, proven, work, destination)


def _write_parts(row: Row, proven: Collection[str], work: CheckoutWork, destination: Destination) -> None:
    writer: FileWriter | None = None
    try:
        for file, data in _file_bytes(row, work):
            if work.stop.is_set():
                return
            proof = Proof.CHUNKS if file.path in proven else Proof.SHA256
            writer = writer or FileWriter(file, work.area, proof)
            writer.write(data)
            work.progress.advance(len(data))
            if writer.complete:
                writer.finish(destination)
                writer = None
    finally:
        if writer is not None:
            writer.abandon()


def _file_bytes(row: Row, work: CheckoutWork) -> Iterator[tuple[FileEntry, memoryview]]:
    """The bytes of the files, in order, file by file."""
    for data, parts in work.ahead.chunks(row):
        view = memoryview(data)
        for part in parts:
            if not isinstance(part.entry, Gap):
                yield part.entry, view[: part.length]
            view = view[part.length :]
