"""Waits until all that was written to a file system is on its disk."""

from __future__ import annotations

import ctypes
import os

_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


def sync_file_system(descriptor: int) -> None:
    """Of the file system that the open file is on, in one call: a sync for each of many files takes minutes.

    Where the system has no such call (macOS), all file systems are synced.  Raises OSError if bytes were lost.
    """
    if _syncfs is None:
        os.sync()
    elif _syncfs(descriptor):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
