"""One at a time: for what moves HEAD in a work tree, where git's own index lock would make the second one fail."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from gitreg.core.text import escape
from gitreg.errors import StorageError
from gitreg.git.repository import Repository


@contextmanager
def exclusively(repo: Repository) -> Iterator[None]:
    """Wait until no other process or thread is in here; the system lets go of it for those that die."""
    place = repo.local_state / "lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("wb")
    except OSError as error:
        raise StorageError(f"cannot write {escape(str(place))}: {error.strerror}") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
