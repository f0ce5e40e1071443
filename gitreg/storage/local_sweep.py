"""Sweeping a local store: listing with ages, and removal that a writer beside it cannot lose an object by."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import zstandard

from gitreg.storage.doomed import DoomedArea
from gitreg.storage.layout import FORMAT_FILE, OBJECTS, digest_of_name, object_path
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.sweep import Listed, Swept
from gitreg.storage.temp_area import TempArea

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gitreg.storage.local import LocalStore

STAT_CACHE: Final = "stat-cache"
NASCENT: Final = ".new"
TEMPORARY: Final = "tmp"
_AT_ONCE: Final = 1024
_STALE_NS: Final = 3600 * 1_000_000_000


class LocalSweep:
    """The Sweepable of a local store."""

    def __init__(self, store: LocalStore) -> None:
        self._root = store.root
        self._where = store.describe()

    def clock(self) -> int:
        with storage_failures("write to", self._where):
            return _clock(self._root)

    def listed(self) -> Iterator[Listed]:
        with storage_failures("list", self._where):
            for place in os.scandir(self._root / OBJECTS):
                if place.is_dir(follow_symlinks=False):
                    yield from _listed(place)

    def remove_untouched(self, objects: Iterable[Listed]) -> Swept:
        with storage_failures("remove objects from", self._where):
            # A manifest whose chunks are gone would claim what is not there; the other way round nothing is claimed.
            ordered = sorted(objects, key=self._may_be_chunk)
            batches = (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))
            done = [self._remove(batch) for batch in batches]
        return Swept(sum(each.objects for each in done), sum(each.bytes for each in done))

    def remove_leftovers(self) -> None:
        """What killed writers have left behind."""
        with storage_failures("tidy", self._where):
            _remove_stale_areas(self._root)
            now = _clock(self._root)
            for file in (self._root / STAT_CACHE).glob(f"*{NASCENT}"):
                if now - file.stat().st_mtime_ns > _STALE_NS:
                    file.unlink(missing_ok=True)

    def _remove(self, batch: list[Listed]) -> Swept:
        area = DoomedArea(self._root)
        try:
            taken = [each for each in batch if area.take(each.digest, each.modified)]
            gone = [each.size for each in taken if area.drop(each.digest)]
        finally:
            area.close()
        return Swept(len(gone), sum(gone))

    def _may_be_chunk(self, listed: Listed) -> bool:
        """False for manifests, and for the few chunks that begin as they do."""
        try:
            with (self._root / object_path(listed.digest)).open("rb", buffering=0) as file:
                return file.read(len(zstandard.FRAME_HEADER)) != zstandard.FRAME_HEADER
        except OSError:
            return True


def _clock(root: Path) -> int:
    """What a file is stamped with there now; a file that exists, for a full disk has no room for another."""
    probe = root / FORMAT_FILE
    os.utime(probe)
    return probe.stat().st_mtime_ns


def _remove_stale_areas(root: Path) -> None:
    """Whoever enters the area for temporary files clears it of what the dead have left."""
    if not (root / TEMPORARY).exists():
        return
    holder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        TempArea(holder, TEMPORARY).close()
    finally:
        os.close(holder)


def _listed(place: os.DirEntry[str]) -> Iterator[Listed]:
    for entry in os.scandir(place.path):
        digest = digest_of_name(entry.name)
        look = _look(entry)
        if digest is not None and look is not None and stat.S_ISREG(look.st_mode):
            yield Listed(digest, look.st_size, look.st_mtime_ns)


def _look(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
