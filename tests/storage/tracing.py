"""Watching a program's system calls, threads and children included, and failing some of them: a tracer by ptrace.

Python's own hooks see neither what C code writes nor what git does.  Linux on x86-64; elsewhere tests skip.
"""

# another process's paths are taken as the kernel gives them, not as pathlib would tidy them:
# ruff: noqa: PTH115, PTH118, PTH119, PTH120

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

_TRACEME, _SYSCALL, _POKEUSER, _SETOPTIONS, _SYSCALL_INFO = 0, 24, 6, 0x4200, 0x420E
# Syscall stops marked; forks, vforks and clones followed; all killed if the tracer goes.
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x100000
_WALL = 0x40000000
_ORIG_RAX, _RAX = 15 * 8, 10 * 8
_ENTRY, _EXIT = 1, 2
AT_FDCWD = -100
NUMBERS = {
    0: "read", 17: "pread64", 19: "readv", 295: "preadv",
    1: "write", 18: "pwrite64", 20: "writev", 296: "pwritev", 40: "sendfile", 326: "copy_file_range",
    2: "open", 257: "openat", 85: "creat", 77: "ftruncate", 285: "fallocate", 74: "fsync", 75: "fdatasync",
    82: "rename", 264: "renameat", 316: "renameat2", 86: "link", 265: "linkat", 87: "unlink", 263: "unlinkat",
    83: "mkdir", 258: "mkdirat", 84: "rmdir", 88: "symlink", 266: "symlinkat",
}  # fmt: skip


class Call(NamedTuple):
    """A system call of one thread."""

    thread: int
    name: str
    args: tuple[int, ...]

    def text(self, position: int) -> str:
        """The string that an argument points to."""
        with Path(f"/proc/{self.thread}/mem").open("rb", buffering=0) as memory:
            memory.seek(self.args[position])
            data = b""
            while b"\0" not in data:
                data += memory.read(256)
        return os.fsdecode(data.partition(b"\0")[0])

    def file(self, position: int) -> str:
        """The path of the file behind a descriptor."""
        return os.readlink(f"/proc/{self.thread}/fd/{_signed(self.args[position])}")

    def path(self, position: int, directory: int | None = None) -> str:
        """The path that an argument names; its last component is not followed."""
        at = AT_FDCWD if directory is None else _signed(self.args[directory])
        base = os.readlink(f"/proc/{self.thread}/{'cwd' if at == AT_FDCWD else f'fd/{at}'}")
        joined = os.path.join(base, self.text(position))
        return os.path.join(os.path.realpath(os.path.dirname(joined)), os.path.basename(joined))


class Watcher(Protocol):
    """Told of each known call before it happens and after it succeeded."""

    def before(self, call: Call) -> int:
        """An errno to let the call fail with instead, or 0."""
        ...

    def after(self, call: Call) -> None: ...


def need_tracing() -> None:
    """Skip, loudly, where this cannot work."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("system calls are traced on Linux/x86-64 only, so this is NOT tested here")


def traced(command: list[str], cwd: Path, watcher: Watcher) -> tuple[int, str]:
    """Run to the end; the exit code, and what was said on stderr."""
    reading, writing = os.pipe()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(writing, 2)
        libc.ptrace(_TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv(command[0], command)
    os.close(writing)
    os.waitpid(pid, 0)
    if libc.ptrace(_SETOPTIONS, pid, None, _OPTIONS) != 0:
        os.kill(pid, signal.SIGKILL)
        pytest.skip("tracing is not allowed here, so this is NOT tested")
    libc.ptrace(_SYSCALL, pid, None, None)
    code = _Loop(libc, pid, watcher).run()
    with os.fdopen(reading, encoding="utf-8", errors="replace") as said:
        return code, said.read()


class _Loop:
    def __init__(self, libc: ctypes.CDLL, pid: int, watcher: Watcher) -> None:
        self._libc, self._pid, self._watcher = libc, pid, watcher
        self._calls: dict[int, tuple[Call, int]] = {}
        self._info = ctypes.create_string_buffer(88)

    def run(self) -> int:
        while True:
            thread, status = os.waitpid(-1, _WALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                self._calls.pop(thread, None)
                if thread == self._pid:
                    return os.waitstatus_to_exitcode(status)
                continue
            stopped = os.WSTOPSIG(status)
            deliver = 0
            if stopped == signal.SIGTRAP | 0x80:
                self._at_call(thread)
            elif status >> 16 == 0 and stopped not in (signal.SIGTRAP, signal.SIGSTOP):
                deliver = stopped
            self._libc.ptrace(_SYSCALL, thread, None, deliver)

    def _at_call(self, thread: int) -> None:
        self._libc.ptrace(_SYSCALL_INFO, thread, 88, ctypes.addressof(self._info))
        (kind,) = struct.unpack_from("B", self._info.raw)
        if kind == _ENTRY:
            number, *args = struct.unpack_from("7Q", self._info.raw, 24)
            if number in NUMBERS:
                self._enter(Call(thread, NUMBERS[number], tuple(args)))
        elif kind == _EXIT and thread in self._calls:
            call, error = self._calls.pop(thread)
            if error:
                self._libc.ptrace(_POKEUSER, thread, _RAX, ctypes.c_void_p(-error))
            elif struct.unpack_from("q", self._info.raw, 24)[0] >= 0:
                self._watcher.after(call)

    def _enter(self, call: Call) -> None:
        error = self._watcher.before(call)
        if error:
            self._libc.ptrace(_POKEUSER, call.thread, _ORIG_RAX, ctypes.c_void_p(-1))
        self._calls[call.thread] = (call, error)


def _signed(value: int) -> int:
    return struct.unpack("i", struct.pack("I", value & 0xFFFFFFFF))[0]
