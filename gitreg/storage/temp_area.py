"""A private directory for half-written files, on the same file system as their destination.

Its owner holds a lock on it while alive, so whoever comes later can tell a killed writer's rubbish from work in
progress, on every file system and across containers, where process ids would lie.  Everything goes through
directory descriptors, so a link planted in the way is refused, not followed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_LOCK: Final = "lock"
_ATTEMPTS: Final = 1000  # each is lost only to another process that has just finished
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# Called with a dead writer's area and with what holds it, both open, before the area goes.
Rescue = Callable[[int, int], None]


class TempArea:
    """`name/<random>/` below an open directory; locked from creation to `close`.  Raises OSError.

    The areas of dead writers in `name` are removed, after `rescue` has taken out of them what it wants.
    """

    def __init__(self, holder: int, name: str, rescue: Rescue | None = None) -> None:
        self._holder = os.dup(holder)
        self._parent_name = name
        self.parent, self.name, self._lock = _enter(self._holder, name, rescue or _nothing)
        self.descriptor = os.open(self.name, _DIRECTORY, dir_fd=self.parent)

    def new_file(self, mode: int, prefix: str = "") -> tuple[int, str]:
        """A new file open for writing and reading, and its name relative to `descriptor`."""
        name = f"{prefix}{os.urandom(8).hex()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, mode, dir_fd=self.descriptor), name

    def close(self) -> None:
        """Remove the area and what is in it, and the parent if nobody else works there."""
        with suppress(OSError):
            _remove(self.parent, self.name)
        with suppress(OSError):
            os.rmdir(self._parent_name, dir_fd=self._holder)
        for descriptor in (self._lock, self.descriptor, self.parent, self._holder):
            os.close(descriptor)


def _enter(holder: int, name: str, rescue: Rescue) -> tuple[int, str, int]:
    """The open parent, and an area claimed in it; again if its last owner removes the parent meanwhile."""
    for attempt in range(_ATTEMPTS):
        parent = None
        try:
            parent = _open_or_make(holder, name)
            _sweep(parent, rescue)
            return parent, *_claim(parent)
        except BaseException as error:
            if parent is not None:
                os.close(parent)
            if not isinstance(error, FileNotFoundError) or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _open_or_make(holder: int, name: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=holder)
    return os.open(name, _DIRECTORY, dir_fd=holder)


def _claim(parent: int) -> tuple[str, int]:
    """Make and lock an area; again if a sweeper took it for rubbish before it was locked."""
    while True:
        name = os.urandom(8).hex()
        os.mkdir(name, 0o700, dir_fd=parent)
        with suppress(FileNotFoundError):
            lock = os.open(f"{name}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=parent)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock).st_nlink:
                return name, lock
            os.close(lock)


def _sweep(parent: int, rescue: Rescue) -> None:
    """Remove the areas of writers that are dead; an area still locked belongs to a living one."""
    for name in _entries(parent):
        with suppress(OSError):
            _remove_if_dead(parent, name, rescue)


def _remove_if_dead(parent: int, name: str, rescue: Rescue) -> None:
    try:
        lock = os.open(f"{name}/{_LOCK}", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except FileNotFoundError:
        os.rmdir(name, dir_fd=parent)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        area = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            rescue(area, parent)
        finally:
            os.close(area)
        _remove(parent, name)
    finally:
        os.close(lock)


def _remove(parent: int, name: str) -> None:
    """Empty an area, its lock last: without one, what a killed remover left could never be told from a new area."""
    area = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        for entry in _entries(area):
            if entry != _LOCK:
                _remove_entry(area, entry)
        os.unlink(_LOCK, dir_fd=area)
    finally:
        os.close(area)
    os.rmdir(name, dir_fd=parent)


def _nothing(_area: int, _parent: int) -> None:
    pass


def _entries(directory: int) -> list[str]:
    return os.listdir(directory)


def _remove_entry(area: int, name: str) -> None:
    """A file, or a directory that may have been made read-only already."""
    try:
        os.unlink(name, dir_fd=area)
    except (IsADirectoryError, PermissionError):
        for _, _, _, directory in os.fwalk(name, dir_fd=area):
            os.fchmod(directory, 0o700)
        shutil.rmtree(name, dir_fd=area)
