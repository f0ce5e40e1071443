"""A directory for one program.  Those that a killed gitreg left behind are removed by the next one.

Its owner holds a lock on it while alive, which tells work in progress from rubbish also across containers.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "gitreg-sandbox-"
_FRESH: Final = 60.0  # seconds in which a new one may not be locked yet
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def work_area(beside: Path | None = None) -> Iterator[Path]:
    """An empty directory, in `beside` or with the system's other temporary ones, that is gone afterwards."""
    root = (beside or Path(tempfile.gettempdir())).resolve()
    for left in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_if_dead(left)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=root) as place:
        lock = os.open(place, _DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(place)
        finally:
            os.close(lock)


def _remove_if_dead(place: Path) -> None:
    lock = os.open(place, _DIRECTORY)
    try:
        status = os.fstat(lock)
        if status.st_uid == os.getuid() and time.time() - status.st_ctime >= _FRESH:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(lock)
