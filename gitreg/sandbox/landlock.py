"""Landlock: what a process may read and write from now on, by path; needs no rights and no namespaces.

See https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from gitreg.sandbox.linux import system_call

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION: Final = 1
_BENEATH: Final = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE: Final = 1 << 14
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_FILE_RIGHTS: Final = (0, 13, 14, 15, 15, 16)  # how many kinds of access each version of the interface knows
_BIND_AND_CONNECT, _NET_SINCE = 3, 4
_SIGNALS_AND_ABSTRACT_SOCKETS, _SCOPES_SINCE = 3, 6
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full")


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def interface_version() -> int:
    """0 where there is no Landlock."""
    try:
        return system_call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def restrict(version: int, readable: Iterable[str], work: str) -> None:
    """Let this process read beneath `readable`, write beneath `work` only, and open no TCP connection.

    Raises OSError.  `gain_no_privileges` must have been called.
    """
    known = (1 << _FILE_RIGHTS[min(version, len(_FILE_RIGHTS) - 1)]) - 1
    net = _BIND_AND_CONNECT if version >= _NET_SINCE else 0
    scoped = _SIGNALS_AND_ABSTRACT_SOCKETS if version >= _SCOPES_SINCE else 0
    size = 24 if version >= _SCOPES_SINCE else 16 if version >= _NET_SINCE else 8
    rules = _Ruleset(known, net, scoped)
    handle = system_call(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for path in readable:
        _allow(handle, path, _READ)
    for path in _DEVICES:
        _allow(handle, path, (_READ | _WRITE_FILE | _TRUNCATE) & known)
    _allow(handle, work, known)
    system_call(_RESTRICT, ctypes.c_int(handle), ctypes.c_uint32(0))
    os.close(handle)


def all_but(hidden: Collection[Path], beneath: Path = Path("/")) -> Iterator[str]:
    """The fewest paths that together hold everything beneath a directory except what is hidden."""
    if beneath in hidden:
        return
    if not any(path.is_relative_to(beneath) for path in hidden):
        yield str(beneath)
        return
    try:
        inside = sorted(beneath.iterdir())
    except OSError:
        return
    for path in inside:
        if not path.is_symlink():  # it leads to what has a path of its own
            yield from all_but(hidden, path)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there need not be allowed
        return
    try:
        rights &= -1 if Path(path).is_dir() else _OF_FILES
        rule = _PathBeneath(rights, handle)
        system_call(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(handle)
