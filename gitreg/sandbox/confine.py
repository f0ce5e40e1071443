"""Shutting doors around a process: network, file systems, rights, resources.  What cannot be shut is told."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from gitreg.sandbox import linux
from gitreg.sandbox.job import Job, Limits
from gitreg.sandbox.landlock import all_but, interface_version, restrict

_NOBODY = 65534
_THREADS = 1024
_WITH_TCP = 4  # the Landlock that knows TCP


def leave_namespaces(job: Job) -> tuple[bool, list[str]]:
    """Give what this process will fork no network and process ids of its own, and cover what is hidden.

    Whether the process ids are its own, and which doors stayed open.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        linux.unshare(linux.NEW_USER | linux.NEW_NETWORK | linux.NEW_MOUNTS | linux.NEW_PROCESSES)
        _map_ids(user, group)
    except OSError as error:
        how = " except TCP" if interface_version() >= _WITH_TCP else ""
        return False, [f"the network{how} is open: no namespaces ({error.strerror})"]
    return True, _cover(job.hidden)


def confine(job: Job) -> None:
    """Bind this process and all that it starts, for good.  Raises OSError if a limit is refused."""
    _set_limits(job.limits)
    os.chdir(job.work)
    version = interface_version()
    if version:
        linux.gain_no_privileges()
        hidden = [Path(path) for path in job.hidden]
        restrict(version, [*all_but(hidden), *job.readable], job.work)


def doors_left_open() -> list[str]:
    """What `confine` cannot shut on this system."""
    return [] if interface_version() else ["files elsewhere can be read and written: no Landlock"]


def _map_ids(user: int, group: int) -> None:
    """The same person, but never root: programs then start without any capability, also over the namespace."""
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user or _NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group or _NOBODY} {group} 1", encoding="ascii")


def _cover(hidden: tuple[str, ...]) -> list[str]:
    """Sockets are not files to Landlock: an agent's directory must disappear, if it is nothing but that."""
    try:
        linux.keep_mounts_private()
        for path in hidden:
            if Path(path).is_socket():
                linux.cover(str(Path(path).parent))
    except OSError as error:
        return [f"agents' sockets can be seen: no mounts ({error.strerror})"]
    return []


def _set_limits(limits: Limits) -> None:
    cpu = int(limits.seconds * (os.cpu_count() or 1)) + 1
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    for which, bound in bounds.items():
        ceiling = resource.getrlimit(which)[1]
        lowest = bound if ceiling == resource.RLIM_INFINITY else min(bound, ceiling)
        resource.setrlimit(which, (lowest, lowest))
