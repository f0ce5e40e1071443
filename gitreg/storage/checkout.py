"""Materialises an artifact's files in a directory: verified, whole or not there, and nothing outside it."""

from __future__ import annotations

import fnmatch
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.core.text import escape
from gitreg.errors import NotFoundError, RefusedError
from gitreg.storage.destination import Destination
from gitreg.storage.direct_write import DirectWriter
from gitreg.storage.file_writer import Writing
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.progress import OnProgress, Progress
from gitreg.storage.stream_map import Unit, units
from gitreg.storage.temp_area import TempArea
from gitreg.storage.unit_work import CheckoutWork, write_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from gitreg.core.manifest import FileEntry, Manifest
    from gitreg.storage.store import ObjectStore

_MOST_WRITERS: Final = 4
# They mostly wait, for a disk or for a service.
_READERS: Final = 8


class Existing(Enum):
    """What to do with a file that stands at an artifact's path with other content."""

    REFUSE = "refuse"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """`files` of `bytes` in all were asked for; `reused` of the files were in place already."""

    files: int
    bytes: int
    reused: int


def materialise(
    manifest: Manifest,
    store: ObjectStore,
    destination: Path,
    *,
    patterns: Sequence[str] = (),
    existing: Existing = Existing.REFUSE,
    on_progress: OnProgress | None = None,
) -> CheckoutResult:
    """Write the files; those already right are left alone, other files are not touched.  A second call resumes.

    `patterns` are shell globs over whole paths, where '*' crosses '/'; none means every file.
    Raises RefusedError if something else stands in a file's place (before anything is written), NotFoundError if a
    pattern matches nothing, MissingObjectError, CorruptObjectError, VerificationError, StorageError.
    """
    selected = selected_files(manifest.files, patterns)
    with storage_failures("write to", escape(str(destination))):
        destination.mkdir(parents=True, exist_ok=True)
        missing = _missing(selected, destination, existing)
        wanted = {file.path for file in missing}
        progress = Progress(sum(file.size for file in missing), on_progress)
        # Also if all is in place but somebody was killed before tidying up: opening an area clears what the dead left.
        if wanted or (destination / TEMP_DIRECTORY).exists():
            work = [unit for unit in units(manifest) if any(file.path in wanted for file in unit.files)]
            _write(work, wanted, store, destination, progress)
    return CheckoutResult(len(selected), sum(file.size for file in selected), len(selected) - len(missing))


def selected_files(files: Sequence[FileEntry], patterns: Sequence[str]) -> Sequence[FileEntry]:
    """The files that match a pattern, or all if there is none.  Raises NotFoundError if a pattern matches nothing."""
    if not patterns:
        return files
    chosen: set[str] = set()
    for pattern in patterns:
        matches = re.compile(fnmatch.translate(pattern)).match
        matched = [file.path for file in files if matches(file.path)]
        if not matched:
            raise NotFoundError(
                f"no file matches '{escape(pattern)}'", hint="list the files with: gitreg show REF --all"
            )
        chosen.update(matched)
    return [file for file in files if file.path in chosen]


def _missing(files: Sequence[FileEntry], root: Path, existing: Existing) -> list[FileEntry]:
    """The files to be written.  Raises RefusedError for the first place that is taken and may not be."""
    with Destination(root) as destination:
        if not any(entry.name != TEMP_DIRECTORY for entry in root.iterdir()):
            return list(files)
        missing = [file for file in files if not destination.holds(file)]
        taken = [file.path for file in missing if not destination.is_free(file.path)]
    if taken and existing is Existing.REFUSE:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise RefusedError(
            f"{escape(str(root))} already has another '{escape(taken[0])}'{more}",
            hint="pull into another directory, or replace the files with --force",
        )
    return missing


def _write(work: Sequence[Unit], wanted: Collection[str], store: ObjectStore, root: Path, progress: Progress) -> None:
    """Write units side by side; the first failure stops the others at their next chunk."""
    cores = os.cpu_count() or 1
    stop = threading.Event()
    with Destination(root) as holder:
        area = TempArea(holder.descriptor, TEMP_DIRECTORY)
    try:
        with (
            ThreadPoolExecutor(_READERS) as readers,
            ThreadPoolExecutor(cores) as hashers,
            ThreadPoolExecutor(min(cores, _MOST_WRITERS)) as writers,
        ):
            shared = CheckoutWork(store, root, Writing(area, hashers, DirectWriter()), readers, progress, stop)
            futures = [writers.submit(write_unit, unit, wanted, shared) for unit in work]
            try:
                for future in futures:
                    future.result()
            finally:
                stop.set()
                writers.shutdown(wait=False, cancel_futures=True)
    finally:
        area.close()
