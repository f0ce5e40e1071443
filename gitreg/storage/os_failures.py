"""Turns what the operating system refuses into one line for the user: disk full, read-only, not permitted, gone."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gitreg.core.text import escape
from gitreg.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINTS: Final = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again; it continues where it stopped",
    errno.EDQUOT: "your disk quota is used up: free some space and run the same command again",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "check the owner and permissions of the directory",
    errno.EPERM: "check the owner and permissions of the directory",
    errno.ENOENT: "the directory does not exist; is the disk mounted?",
    errno.ENOTDIR: "a file stands where a directory should be",
    errno.ELOOP: "a symbolic link stands where none may be",
    errno.EIO: "the disk reports errors; check it before anything else",
}


@contextmanager
def storage_failures(doing: str, where: str) -> Iterator[None]:
    """Re-raise OSError as StorageError: `cannot DOING WHERE: reason`."""
    try:
        yield
    except OSError as error:
        raise storage_failure(error, doing, where) from error


def storage_failure(error: OSError, doing: str, where: str) -> StorageError:
    """One line and a hint for this failure."""
    reason = error.strerror or escape(str(error))
    return StorageError(f"cannot {doing} {where}: {reason}", hint=_HINTS.get(error.errno or 0))
