"""Large files as clones of ones on the same disk: the two share their blocks until one is changed (reflink).

XFS, Btrfs and some others can; elsewhere, and wherever anything is in doubt, the files are written from their chunks
instead.  What a holder is said to hold may be out of date, so a clone is read and compared with the chunks that it
must consist of before it is seen.  Nothing is ever hard-linked (docs/adr/0025).
"""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.excerpt import Excerpt
from gitreg.core.manifest import LARGE_FILE
from gitreg.storage.destination import Destination, holds_chunks
from gitreg.storage.stream_map import units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from gitreg.core.manifest import ChunkEntry, FileEntry
    from gitreg.storage.reuse import Holder
    from gitreg.storage.temp_area import TempArea

# Linux's FICLONE as most processors have it.  Where it means nothing, the call is refused.
_CLONE: Final = 0x40049409


class _Original(NamedTuple):
    """Where a file with the right SHA-256 may be."""

    root: Path
    path: str


def clone_files(wanted: Excerpt, holders: Iterable[Holder], area: TempArea, root: Path) -> set[str]:
    """Put what the holders have in its place; the paths of these files.  The holders are looked at only if it helps.

    Raises RefusedError if a link stands in the way, OSError if a finished file can't be put in its place.
    """
    large = Excerpt(tuple([placed for placed in wanted.files if placed.file.size >= LARGE_FILE]), wanted.chunks)
    files = [(file, chunks) for unit in units(large) for file, chunks in unit.proofs() if chunks]
    if not files or not _clones_here(area):
        return set()
    originals = _originals({file.sha256 for file, _ in files}, holders)
    work = [(file, chunks, originals[file.sha256]) for file, chunks in files if file.sha256 in originals]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return set().union(*pool.map(partial(_clone_first, area, root), work))


def _clones_here(area: TempArea) -> bool:
    """Whether the file system can clone at all, tried with two empty files."""
    (one, _), (other, _) = area.new_file(0o600), area.new_file(0o600)
    try:
        fcntl.ioctl(one, _CLONE, other)
    except OSError:
        return False
    finally:
        os.close(one)
        os.close(other)
    return True


def _originals(sha256s: Collection[str], holders: Iterable[Holder]) -> dict[str, list[_Original]]:
    found: dict[str, list[_Original]] = {}
    for holder in holders:
        for file in holder.manifest.files:
            if file.sha256 in sha256s:
                found.setdefault(file.sha256, []).append(_Original(holder.root, file.path))
    return found


def _clone_first(
    area: TempArea, root: Path, work: tuple[FileEntry, Sequence[ChunkEntry], Sequence[_Original]]
) -> list[str]:
    """Put a clone of the first original that is what it should be in the file's place."""
    file, chunks, originals = work
    for original in originals:
        temporary = _clone(file, chunks, original, area)
        if temporary is not None:
            with Destination(root) as destination:
                destination.put(area.descriptor, temporary, file.path)
            return [file.path]
    return []


def _clone(file: FileEntry, chunks: Sequence[ChunkEntry], original: _Original, area: TempArea) -> str | None:
    """A verified clone's temporary name, or None: then, whatever the reason, the file is to be had otherwise."""
    descriptor, temporary = area.new_file(0o777 if file.executable else 0o666)
    try:
        with suppress(OSError):
            _share_blocks(original, file.size, descriptor)
            if holds_chunks(descriptor, chunks):
                return temporary
    finally:
        os.close(descriptor)
    os.unlink(temporary, dir_fd=area.descriptor)
    return None


def _share_blocks(original: _Original, size: int, descriptor: int) -> None:
    with Destination(original.root) as holder:
        source = holder.open_file(original.path)
    try:
        if os.fstat(source).st_size == size:
            fcntl.ioctl(descriptor, _CLONE, source)
    finally:
        os.close(source)
