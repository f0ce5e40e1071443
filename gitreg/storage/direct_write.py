"""Fills new files past the page cache where the system can.

An object is written once and must reach the disk before it may have its name.  The page cache would cost the kernel's
time for its pages (here as much as SHA-256), and whatever it had to evict to make room; so objects go straight from an
aligned buffer to the disk.  The bytes are durable only after fsync all the same: the disk's own cache and the file's
extents are not covered by the write.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import threading
from typing import Final

from gitreg.core.limits import KIB, MIB

# Below this, cutting the padding off again costs more than the page cache does.
_SMALLEST: Final = 64 * KIB
_BUFFER: Final = 4 * MIB
# A multiple of every disk's block size; the system wants addresses and lengths to be multiples of that.
_BLOCK: Final = 4 * KIB
# Not every system has it (macOS has not), and not every file system that is asked takes it.
_DIRECT: Final = getattr(os, "O_DIRECT", 0)


class _Buffer(threading.local):
    """One aligned buffer for each thread that writes; mmap aligns to pages."""

    def __init__(self) -> None:
        self.view = memoryview(mmap.mmap(-1, _BUFFER))


class DirectWriter:
    """Fills files for any number of threads; holds a buffer for each of them."""

    def __init__(self) -> None:
        self._buffer = _Buffer()

    def fill(self, descriptor: int, data: memoryview) -> None:
        """Write all of `data` to a file that is new and empty.  Raises OSError."""
        if len(data) < _SMALLEST or not _set_direct(descriptor, on=True):
            _write_all(descriptor, data)
            return
        try:
            self._fill_past_cache(descriptor, data)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            _set_direct(descriptor, on=False)
            os.lseek(descriptor, 0, os.SEEK_SET)
            _write_all(descriptor, data)  # taken by the file system, refused below it

    def _fill_past_cache(self, descriptor: int, data: memoryview) -> None:
        """Write whole blocks, the last one padded with whatever the buffer holds, then cut the padding off."""
        buffer = self._buffer.view
        for start in range(0, len(data), _BUFFER):
            piece = data[start : start + _BUFFER]
            buffer[: len(piece)] = piece
            _write_all(descriptor, buffer[: -(-len(piece) // _BLOCK) * _BLOCK])
        os.ftruncate(descriptor, len(data))


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _set_direct(descriptor: int, *, on: bool) -> bool:
    """Whether the file system took the setting."""
    if not _DIRECT:
        return False
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | _DIRECT if on else flags & ~_DIRECT)
    except OSError:
        return False
    return True
