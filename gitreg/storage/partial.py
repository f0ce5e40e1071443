"""What a checkout that was cut short has written of large files: kept beside its files, and read from the next time.

Nothing in it is believed: a chunk read from there is hashed like one from anywhere else.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.core.limits import MIB
from gitreg.errors import StorageError
from gitreg.storage.reuse import Located, ReusingStore
from gitreg.storage.stream_map import Piece
from gitreg.storage.temp_area import TempArea
from gitreg.storage.verified import CorruptObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitreg.core.digest import Digest
    from gitreg.core.excerpt import Excerpt, PlacedFile
    from gitreg.core.manifest import ChunkEntry, FileEntry
    from gitreg.storage.store import ObjectStore

_KEPT: Final = "partial"
# Less than this is sooner fetched again than looked after.
_WORTH_KEEPING: Final = 32 * MIB
_TEMPORARY: Final = re.compile("([0-9a-f]{64})-[0-9a-f]+")
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def temporary_prefix(file: FileEntry) -> str:
    """How the temporary file is called that is to become this one, so that it can be told what it is part of.

    Only if it may be worth keeping: a million long names make a directory slow.
    """
    return f"{file.sha256}-" if file.size >= _WORTH_KEEPING else ""


def open_area(directory: int) -> TempArea:
    """The area for a checkout in an open directory; what killed checkouts have left there is kept."""
    return TempArea(directory, TEMP_DIRECTORY, _keep)


@contextmanager
def resuming(wanted: Excerpt, store: ObjectStore, area: TempArea, root: Path) -> Iterator[ObjectStore]:
    """The store, where what earlier attempts have left counts too.

    What this attempt leaves is kept, unless the disk is what stopped it, until one gets to its end.
    """
    source = ReusingStore(store, _located(wanted, root / TEMP_DIRECTORY / _KEPT))
    try:
        yield source
    except (StorageError, CorruptObjectError, KeyboardInterrupt):
        _keep(area.descriptor, area.parent)
        raise
    finally:
        source.close()
    shutil.rmtree(_KEPT, ignore_errors=True, dir_fd=area.parent)


def _keep(area: int, parent: int) -> None:
    """Move the large files of an area that nobody works in any more to where the next attempt looks, if that can be."""
    with suppress(OSError):
        for name in os.listdir(area):
            named = _TEMPORARY.fullmatch(name)
            if named is not None and (size := _size(area, name)) >= _WORTH_KEEPING:
                with _kept_files(parent) as kept:
                    if size > _size(kept, named[1]):
                        os.rename(name, named[1], src_dir_fd=area, dst_dir_fd=kept)


@contextmanager
def _kept_files(parent: int) -> Iterator[int]:
    with suppress(FileExistsError):
        os.mkdir(_KEPT, 0o700, dir_fd=parent)
    kept = os.open(_KEPT, _DIRECTORY, dir_fd=parent)
    try:
        yield kept
    finally:
        os.close(kept)


def _size(directory: int | None, name: str | Path) -> int:
    with suppress(OSError):
        return os.stat(name, dir_fd=directory, follow_symlinks=False).st_size
    return 0


def _located(wanted: Excerpt, kept: Path) -> dict[Digest, list[Located]]:
    """The chunks of the wanted files that may be in what is kept of them."""
    found: dict[Digest, list[Located]] = {}
    for placed in wanted.files if kept.is_dir() else ():
        size = _size(None, kept / placed.file.sha256)
        for chunk, offset in _whole_chunks(placed, wanted) if size else ():
            if offset + chunk.length <= size:
                piece = Piece(placed.file.sha256, offset, chunk.length)
                found.setdefault(chunk.digest, []).append(Located(kept, (piece,)))
    return found


def _whole_chunks(placed: PlacedFile, wanted: Excerpt) -> Iterator[tuple[ChunkEntry, int]]:
    """The chunks that hold nothing but bytes of the file, each with its place in it."""
    starts = accumulate((chunk.length for chunk in wanted.chunks), initial=-placed.start)
    for chunk, offset in zip(wanted.chunks, starts, strict=False):
        if offset >= 0 and offset + chunk.length <= placed.file.size:
            yield chunk, offset
