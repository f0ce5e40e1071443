"""Materialises an artifact's files in a directory: verified, whole or not there, and nothing outside it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.core.excerpt import Excerpt, excerpt_of
from gitreg.core.text import escape
from gitreg.errors import RefusedError
from gitreg.storage.clone import clone_files
from gitreg.storage.crew import crew, result_of
from gitreg.storage.destination import Destination
from gitreg.storage.in_place import files_in_place
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.partial import open_area, resuming
from gitreg.storage.progress import OnProgress, Progress
from gitreg.storage.read_ahead import ReadAhead
from gitreg.storage.stream_map import Unit, units
from gitreg.storage.unit_work import CheckoutWork, write_unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitreg.core.manifest import Manifest
    from gitreg.storage.reuse import Holder
    from gitreg.storage.store import ObjectStore
    from gitreg.storage.temp_area import TempArea

_MOST_WRITERS: Final = 4


class Existing(Enum):
    """What to do with a file that stands at an artifact's path with other content."""

    REFUSE = "refuse"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """`files` of `bytes` in all were asked for; `reused` of the files were in place already.

    `cloned` of the bytes share their blocks on the disk with a holder's files.
    """

    files: int
    bytes: int
    reused: int
    cloned: int


def materialise(
    artifact: Manifest | Excerpt,
    store: ObjectStore,
    destination: Path,
    *,
    existing: Existing = Existing.REFUSE,
    holders: Iterable[Holder] = (),
    on_progress: OnProgress | None = None,
) -> CheckoutResult:
    """Write the files; those already right are left alone, other files are not touched.  A second call resumes.

    Where the file system can clone files, large ones that one of the `holders` has are cloned instead.

    Like `cp` and `git checkout` it does not wait until the files are on the disk: they can be had again from the
    store, and a second call finds any that a power cut tore.
    Raises RefusedError if something else stands in a file's place (before anything is written), MissingObjectError,
    CorruptObjectError, VerificationError, StorageError.
    """
    wanted = artifact if isinstance(artifact, Excerpt) else excerpt_of(artifact)
    with storage_failures("write to", escape(str(destination))):
        destination.mkdir(parents=True, exist_ok=True)
        missing = _missing(wanted, destination, existing)
        cloned = 0
        # Also if all is in place but somebody was killed before tidying up: opening an area clears what the dead left.
        if missing.files or (destination / TEMP_DIRECTORY).exists():
            with _temp_area(destination) as area:
                left = missing.without(clone_files(missing, holders, area, destination))
                with resuming(left, store, area, destination) as source:
                    _write(units(left), source, destination, area, Progress(left.size, on_progress))
            cloned = missing.size - left.size
    return CheckoutResult(len(wanted.files), wanted.size, len(wanted.files) - len(missing.files), cloned)


def _missing(wanted: Excerpt, root: Path, existing: Existing) -> Excerpt:
    """The files to be written.  Raises RefusedError for the first place that is taken and may not be."""
    if not any(entry.name != TEMP_DIRECTORY for entry in root.iterdir()):
        return wanted
    standing = files_in_place(wanted, root)
    missing = wanted.without(standing)
    with Destination(root) as destination:
        taken = [placed.file.path for placed in missing.files if not destination.is_free(placed.file.path)]
    if taken and existing is Existing.REFUSE:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise RefusedError(
            f"{escape(str(root))} already has another '{escape(taken[0])}'{more}",
            hint="pull into another directory, or replace the files with --force",
        )
    return missing


def _temp_area(root: Path) -> closing[TempArea]:
    with Destination(root) as holder:
        return closing(open_area(holder.descriptor))


def _write(work: Iterable[Unit], store: ObjectStore, root: Path, area: TempArea, progress: Progress) -> None:
    """Write units side by side; the first failure stops the others at their next chunk."""
    cores = os.cpu_count() or 1
    stop = threading.Event()
    with (
        crew(store.at_once) as readers,
        ThreadPoolExecutor(min(cores, _MOST_WRITERS)) as writers,
    ):
        ahead = ReadAhead(store, work, readers, stop)
        shared = CheckoutWork(ahead, root, area, progress, stop)
        try:  # from the first that is begun, for Ctrl-C may come at any moment, and they are waited for
            for future in [writers.submit(write_unit, row, shared) for row in ahead.rows]:
                result_of(future)
        finally:
            stop.set()
            writers.shutdown(wait=False, cancel_futures=True)
