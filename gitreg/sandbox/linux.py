"""The few system calls of Linux that Python does not offer.  Elsewhere each of them answers ENOSYS."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from typing import Final

NEW_MOUNTS: Final = 0x00020000
NEW_USER: Final = 0x10000000
NEW_PROCESSES: Final = 0x20000000
NEW_NETWORK: Final = 0x40000000

_PARENT_DEATH_SIGNAL: Final = 1
_NO_NEW_PRIVILEGES: Final = 38
_CHILD_SUBREAPER: Final = 36
_PRIVATE_RECURSIVELY: Final = 0x44000

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def unshare(flags: int) -> None:
    """See unshare(2).  Raises OSError."""
    _checked("unshare", ctypes.c_int(flags))


def signal_at_parents_death(number: int) -> None:
    """Ends this process when the thread that forked it is gone."""
    _checked("prctl", ctypes.c_int(_PARENT_DEATH_SIGNAL), ctypes.c_ulong(number), *_zeros(3))


def adopt_orphans() -> None:
    """Descendants whose parents end become this process's children, whatever session they moved to."""
    _checked("prctl", ctypes.c_int(_CHILD_SUBREAPER), ctypes.c_ulong(1), *_zeros(3))


def gain_no_privileges() -> None:
    """From now on no program gets more rights than it was started with, setuid or not."""
    _checked("prctl", ctypes.c_int(_NO_NEW_PRIVILEGES), ctypes.c_ulong(1), *_zeros(3))


def keep_mounts_private() -> None:
    _checked("mount", b"none", b"/", None, ctypes.c_ulong(_PRIVATE_RECURSIVELY), None)


def cover(directory: str) -> None:
    """Put an empty file system over a directory."""
    _checked("mount", b"none", os.fsencode(directory), b"tmpfs", ctypes.c_ulong(0), b"size=4k,mode=000")


def system_call(number: int, *arguments: object) -> int:
    """A call that the C library has no name for.  Raises OSError."""
    return _checked("syscall", ctypes.c_long(number), *arguments)


def _zeros(count: int) -> list[ctypes.c_ulong]:
    return [ctypes.c_ulong(0)] * count


def _checked(name: str, *arguments: object) -> int:
    if _LIBC is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    result = int(getattr(_LIBC, name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
