"""The parent of everything a job starts: adopts its orphans, tells whether any were left, and takes them along."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from gitreg.sandbox import linux
from gitreg.sandbox.confine import confine
from gitreg.sandbox.job import Job

_GRACE = 0.5  # helpers of a program that has ended, such as multiprocessing's, end a moment later
_TICK = 0.01
_CANNOT_START = 126


def keep(job: Job, streams: tuple[int, int, int], report: int, failure: int) -> NoReturn:
    """Run the job, and write its wait status and whether it left processes to `report`; then end with all of them."""
    with suppress(OSError):
        linux.signal_at_parents_death(signal.SIGTERM)
        linux.adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    program = os.fork()
    if program == 0:
        _become(job, streams, failure)
    signal.signal(signal.SIGTERM, lambda *_: _leave(program))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    for handle in (failure, *streams):
        os.close(handle)
    status = _wait_for(program)
    os.write(report, f"{status} {int(_others_remain(program))}".encode())
    _leave(program)


def descendants(root: int) -> list[int]:
    """All processes below one, by what /proc says of parents."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, level = [], [root]
    while level:
        level = [child for pid in level for child in children.get(pid, ())]
        found += level
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir() if Path("/proc/self/stat").exists() else ():
        if entry.name.isdigit():
            with suppress(OSError):
                # the name in between may hold anything, also parentheses
                yield int(entry.name), int((entry / "stat").read_text("latin-1").rpartition(")")[2].split()[1])


def _become(job: Job, streams: tuple[int, int, int], failure: int) -> NoReturn:
    try:
        os.setsid()
        with suppress(OSError):
            linux.signal_at_parents_death(signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        confine(job)
        os.execve(job.argv[0], job.argv, dict(job.environment))  # noqa: S606  a shell would read what is meant as a name
    except BaseException as error:  # noqa: BLE001  a copy of the watcher must not go on whatever happens
        reason = error.strerror if isinstance(error, OSError) else None
        os.write(failure, (reason or str(error) or type(error).__name__).encode())
    os._exit(_CANNOT_START)


def _wait_for(program: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == program:
            return status


def _others_remain(program: int) -> bool:
    end = time.monotonic() + _GRACE
    while _alive(program) and time.monotonic() < end:
        time.sleep(_TICK)
    return _alive(program)


def _alive(program: int) -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:  # none left, unless this system does not give orphans to us
        return _group_alive(program)
    return True


def _group_alive(program: int) -> bool:
    try:
        os.killpg(program, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _leave(program: int) -> NoReturn:
    """Kill until nobody is left: one that forks while it is looked for is found the next time."""
    with suppress(ChildProcessError):
        while True:
            _kill_all(program)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(_TICK)
    os._exit(0)


def _kill_all(program: int) -> None:
    # Whole groups first: they die at once, where one by one they could fork faster than they are killed.
    with suppress(ProcessLookupError):
        os.killpg(program, signal.SIGKILL)
    if os.getpid() == 1:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        return
    for pid in descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
