"""One at a time: for what git itself would refuse to do twice at once, and for what must not mix."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import StorageError
from gitreg.git.repository import Repository


@contextmanager
def exclusively(repo: Repository, lock: str = "lock") -> Iterator[None]:
    """Wait until no other process or thread is in here; the system lets go of it for those that die."""
    place = repo.local_state / lock
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("wb")
    except OSError as error:
        raise StorageError(f"cannot write {escape(str(place))}: {error.strerror}") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """The same where there is no repository yet: the directory, made if absent, is itself what is locked."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StorageError(f"cannot use {escape(str(directory))}: {error.strerror}") from None
    try:
        with suppress(OSError):  # some network file systems lock files only
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
