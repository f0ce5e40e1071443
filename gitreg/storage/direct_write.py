"""Fills new files past the page cache where the system can.

An object is written once and must reach the disk before it may have its name, and a large file of a checkout is
often larger than memory.  The page cache would cost one more copy, the kernel's time for a page per 4 KiB (here more
than all hashing), and whatever it had to evict to make room; so large files go straight from an aligned buffer to the
disk.  The bytes are durable only after fsync all the same: the disk's own cache and the file's extents are not
covered by the write.
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
        if len(data) < _SMALLEST:
            _write_all(descriptor, data)
            return
        stream = self.stream(descriptor)
        stream.append(data)
        stream.finish()

    def stream(self, descriptor: int) -> DirectStream:
        """A way to fill a new and empty file piece by piece; a thread can have one at a time."""
        return DirectStream(descriptor, self._buffer.view)


class DirectStream:
    """One file on its way to the disk: what does not fill the buffer waits there for the next piece."""

    def __init__(self, descriptor: int, buffer: memoryview) -> None:
        self._descriptor = descriptor
        self._buffer = buffer
        self._held = 0
        self._written = 0
        self._direct = _set_direct(descriptor, on=True)

    def append(self, data: memoryview) -> None:
        """Take the next bytes.  Raises OSError."""
        while data and self._direct:
            count = min(len(data), len(self._buffer) - self._held)
            self._buffer[self._held : self._held + count] = data[:count]
            self._held += count
            data = data[count:]
            if self._held == len(self._buffer):
                self._empty_buffer()
        _write_all(self._descriptor, data)

    def finish(self) -> None:
        """Write what waits: whole blocks, padded with whatever the buffer holds, then cut the padding off."""
        if self._held:
            size = self._written + self._held
            self._empty_buffer()
            os.ftruncate(self._descriptor, size)

    def _empty_buffer(self) -> None:
        try:
            _write_all(self._descriptor, self._buffer[: -(-self._held // _BLOCK) * _BLOCK])
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self._direct = not _set_direct(self._descriptor, on=False)
            os.lseek(self._descriptor, self._written, os.SEEK_SET)
            _write_all(self._descriptor, self._buffer[: self._held])  # taken by the file system, refused below it
        self._written += self._held
        self._held = 0


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
