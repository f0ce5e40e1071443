"""Objects on their way out of a local store: moved aside whole, so that they can be put back until they are unlinked.

Moving is what decides between a sweep and whoever relies on an object meanwhile: they renew its time before the move,
and the sweep sees it afterwards and puts the object back; or they come after it, find no object, and write a new one.
If a sweep dies in between, whoever opens the store next puts back everything it had moved.  See docs/adr/0010.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gitreg.core.digest import Digest
from gitreg.storage.layout import DOOMED, digest_of_name, object_path
from gitreg.storage.pending import sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK: Final = "lock"
_OPEN: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOKS: Final = 20
_ATTEMPTS: Final = 1000  # each is lost only to another process that has just opened the store


class DoomedArea:
    """`doomed/<random>/` in a store, locked while its sweep lives.  Raises OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._place, self._lock = _claim(root / DOOMED)

    def take(self, digest: Digest, modified: int) -> bool:
        """Move an object aside, if nobody has renewed its time (in ns) since it was listed."""
        aside = self._place / digest.hex
        try:
            (self._root / object_path(digest)).rename(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime_ns == modified:
            return True
        _put_back(self._root, aside)
        return False

    def drop(self, digest: Digest) -> bool:
        """Unlink an object taken before; False if it was put back meanwhile."""
        try:
            (self._place / digest.hex).unlink()
        except FileNotFoundError:
            return False
        return True

    def close(self) -> None:
        """Put back what was taken and not dropped, and let go of the area."""
        try:
            _empty(self._root, self._place)
        finally:
            os.close(self._lock)


def put_back_interrupted(root: Path) -> None:
    """Put back what sweeps that are dead had moved aside; where that is not allowed, nothing happens."""
    with suppress(OSError):
        for place in (root / DOOMED).iterdir():
            with suppress(OSError):
                _put_back_if_dead(root, place)
        (root / DOOMED).rmdir()


def whereabouts(root: Path, digest: Digest) -> Iterator[Path]:
    """Where an object may be that is not in its place: moved aside, or put back since one looked.

    Each of several sweeps may just have moved it, so one looks again while any of them works.
    """
    for _ in range(_LOOKS):
        try:
            areas = list((root / DOOMED).iterdir())
        except FileNotFoundError:
            areas = []
        yield from (area / digest.hex for area in areas)
        yield root / object_path(digest)
        if not areas:
            return


def _claim(parent: Path) -> tuple[Path, int]:
    """Make and lock an area; again if somebody took it for a dead one's before it was locked."""
    for _ in range(_ATTEMPTS):
        place = parent / os.urandom(8).hex()
        # both where another process removes the parent between two steps of ours
        with suppress(FileNotFoundError, FileExistsError):
            parent.mkdir(exist_ok=True)
            place.mkdir(0o700)
            lock = os.open(place / _LOCK, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock).st_nlink:
                return place, lock
            os.close(lock)
    raise FileNotFoundError(f"{parent} is removed again and again")


def _put_back_if_dead(root: Path, place: Path) -> None:
    try:
        lock = os.open(place / _LOCK, _OPEN)
    except FileNotFoundError:
        place.rmdir()
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _empty(root, place)
    finally:
        os.close(lock)


def _empty(root: Path, place: Path) -> None:
    for aside in place.iterdir():
        if digest_of_name(aside.name) is not None:
            _put_back(root, aside)
    (place / _LOCK).unlink()  # last: an area without one must be empty
    with suppress(FileNotFoundError):  # so whoever finds it so may remove it
        place.rmdir()
    with suppress(OSError):  # another sweep works there
        place.parent.rmdir()


def _put_back(root: Path, aside: Path) -> None:
    """Whoever needed it may have written the object anew: then theirs stays."""
    target = root / object_path(Digest.from_hex(aside.name))
    if target.exists():
        aside.unlink(missing_ok=True)
        return
    target.parent.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):  # somebody else puts it back
        aside.rename(target)
    sync(target.parent)
