"""Checkouts shared by all repositories of a user: read-only, complete or absent, verified whenever they are used.

`checkouts/<manifest>` is an artifact's files; `looks/` remembers how they looked when last verified, so that the
next use costs a stat per file instead of a hash.  A checkout is built aside and renamed into place, so of several
processes one wins and the others take what it made; what a killed one has left in `unfinished/` is gone on with.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.excerpt import excerpt_of
from gitreg.core.text import escape
from gitreg.errors import SourceError, StorageError
from gitreg.storage.checkout import Existing, materialise
from gitreg.storage.disk_sync import sync_file_system
from gitreg.storage.in_place import files_in_place
from gitreg.storage.layout import digest_of_name
from gitreg.storage.listing import Listing, list_files
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.stat_cache import FINE_TICK_NS, StatCache
from gitreg.storage.unfinished import DOOMED, UNFINISHED, going_on, open_area, place_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitreg.core.digest import Digest
    from gitreg.core.manifest import Manifest
    from gitreg.storage.progress import OnProgress
    from gitreg.storage.reuse import Holder
    from gitreg.storage.store import ObjectStore

CHECKOUTS: Final = "checkouts"
_ATTEMPTS: Final = 3


class ReadOnlyCacheError(StorageError):
    """The cache may not be written, so a checkout cannot be made in it."""


def intact_checkout(manifest: Manifest, cache_root: Path, *, paranoid: bool = False) -> Path | None:
    """The checkout if it is there and right; needs no store, and no right to write.

    What looks as it did when last verified is taken for right, unless `paranoid`: then every byte is hashed.
    """
    place = _place(cache_root, manifest)
    if not place.is_dir() or not _is_intact(place, manifest, _looks(cache_root), paranoid=paranoid):
        return None
    with suppress(OSError):  # another user's cache, or a read-only one: then its owner's use alone counts
        os.utime(place)
    return place


def checkout_path(
    manifest: Manifest,
    store: ObjectStore,
    cache_root: Path,
    holders: Iterable[Holder] = (),
    on_progress: OnProgress | None = None,
) -> Path:
    """A verified read-only checkout, made as `materialise` does if it is not there or not right.

    Raises ReadOnlyCacheError if it can't be made there, and otherwise as `materialise` does.
    """
    place = _place(cache_root, manifest)
    looks = _looks(cache_root)
    with storage_failures("use the cache in", escape(str(cache_root))):
        for _ in range(_ATTEMPTS):
            if intact_checkout(manifest, cache_root) is not None:
                return place
            _check_writable(place.parent)
            remove_checkout(place)
            _build(place, manifest, _Making(store, looks, holders, on_progress))
    raise StorageError(
        f"the checkout in {escape(str(place))} changes while it is used", hint="is another process writing there?"
    )


def _looks(cache_root: Path) -> StatCache:
    return StatCache(cache_root / "looks")


def _place(cache_root: Path, manifest: Manifest) -> Path:
    return cache_root / CHECKOUTS / manifest.digest.hex


def _check_writable(directory: Path) -> None:
    """Raise ReadOnlyCacheError if this is somebody else's directory, or on a read-only file system."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        open_area(directory).close()
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        shown = escape(str(directory))
        raise ReadOnlyCacheError(f"the cache in {shown} cannot be written: {error.strerror}") from error


def recent_checkouts(cache_root: Path, part: str = CHECKOUTS) -> list[tuple[Digest, Path]]:
    """The checkouts that are there, finished or UNFINISHED, the one used last first."""
    used = [(_last_use(place), place) for place in (cache_root / part).glob("[0-9a-f]*")]
    by_use = sorted(used, reverse=True)
    return [(digest, place) for _, place in by_use if (digest := digest_of_name(place.name)) is not None]


def _last_use(place: Path) -> int:
    with suppress(OSError):  # somebody is pruning
        return place.stat().st_mtime_ns
    return 0


def _is_intact(place: Path, manifest: Manifest, looks: StatCache, *, paranoid: bool) -> bool:
    """Whether every file is as it was when last verified or, failing that, hashes to what the manifest says."""
    listing = _listed(place)
    if listing is None:
        return False
    if not paranoid and looks.manifest_of(listing) == manifest.digest:
        return True
    if not _is_whole(listing, manifest):
        return False
    try:
        if len(files_in_place(excerpt_of(manifest), place)) < len(manifest.files):
            return False
    except OSError:  # permissions that are wrong and not ours to put right
        return False
    looks.record(listing, manifest.digest)
    return True


def _is_whole(listing: Listing, manifest: Manifest) -> bool:
    """Whether the manifest's files are there, and no others."""
    return sorted(listing.paths) == sorted(file.path for file in manifest.files)


def _listed(place: Path) -> Listing | None:
    """The checkout's files, or None if something is there that no artifact can hold."""
    with suppress(SourceError):
        return list_files(place, time.time_ns())
    return None


class _Making(NamedTuple):
    """What a checkout is made with."""

    store: ObjectStore
    looks: StatCache
    holders: Iterable[Holder]
    on_progress: OnProgress | None


def _build(place: Path, manifest: Manifest, made: _Making) -> None:
    """Make the checkout aside and rename it into place, unless another process was faster."""
    area = open_area(place.parent)
    try:
        nascent = place_in(area, place.parent, place.name)
        with going_on(manifest, area, nascent, place.parent.parent / UNFINISHED):
            materialise(
                manifest,
                made.store,
                nascent,
                existing=Existing.REPLACE,
                holders=made.holders,
                on_progress=made.on_progress,
            )
        _make_read_only(nascent)
        # What is remembered as verified is believed by its looks, also after a power cut.
        sync_file_system(area.descriptor)
        # Past the clock tick of the newest file, so that the listing can be trusted from the first use on.
        time.sleep(FINE_TICK_NS / 1e9)
        listing = list_files(nascent, time.time_ns())
        if _is_whole(listing, manifest) and _rename_unless_taken(nascent, place):
            made.looks.record(listing._replace(root=place), manifest.digest)
    finally:
        area.close()


def _rename_unless_taken(nascent: Path, place: Path) -> bool:
    """Whether ours is the one in place now; a directory with content is never replaced by rename."""
    try:
        nascent.rename(place)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
            return False
        raise
    return True


def _make_read_only(root: Path) -> None:
    """Take away write permission from files and inner directories; the top one must still be renamed."""
    for directory, _, names in os.walk(root):
        for name in names:
            path = Path(directory) / name
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o555)
        if Path(directory) != root:
            Path(directory).chmod(0o555)


def remove_checkout(place: Path) -> None:
    """Take a checkout out of sight in one step, then delete it, and what is remembered of it.  Raises OSError."""
    if not place.exists():
        return
    _looks(place.parent.parent).forget(place)
    area = open_area(place.parent)
    try:
        with suppress(FileNotFoundError):
            place.rename(place_in(area, place.parent, DOOMED))
    finally:
        area.close()
