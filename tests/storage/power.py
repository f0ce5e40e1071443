"""Power cuts: what is on a disk that loses everything not synced, after any prefix of a program's real operations.

A file's bytes are durable as they were at its last fsync, a directory's entries as they were at its own.  What was not
synced may be there or not: harsher than journals are, except that one rename stays one step.
"""

# another process's paths are taken as the kernel gives them, not as pathlib would tidy them:
# ruff: noqa: PTH112, PTH115, PTH116, PTH120

from __future__ import annotations

import os
import random
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from tests.storage.tracing import Call, need_tracing, traced

Node = tuple[int, int]  # inode, and how often that number has been given out
Entries = dict[str, Node]

_WRITES = {"write": 0, "pwrite64": 0, "writev": 0, "pwritev": 0, "ftruncate": 0, "fallocate": 0, "sendfile": 0}
# Where the paths of these calls stand among their arguments: (path, directory descriptor).
_NAMES = {
    "open": [(0, None)], "creat": [(0, None)], "openat": [(1, 0)], "mkdir": [(0, None)], "mkdirat": [(1, 0)],
    "rename": [(0, None), (1, None)], "renameat": [(1, 0), (3, 2)], "renameat2": [(1, 0), (3, 2)],
    "link": [(0, None), (1, None)], "linkat": [(1, 0), (3, 2)], "unlink": [(0, None)], "unlinkat": [(1, 0)],
    "rmdir": [(0, None)], "symlink": [(1, None)], "symlinkat": [(2, 1)],
}  # fmt: skip
_MAKES = {"open", "openat", "creat", "mkdir", "mkdirat", "symlink", "symlinkat"}


class Listed(NamedTuple):
    """Directories as they are now."""

    directories: dict[Node, Entries]


class Sized(NamedTuple):
    node: Node
    size: int


class SyncedFile(NamedTuple):
    node: Node
    data: bytes


class SyncedDirectory(NamedTuple):
    node: Node
    entries: Entries


Event = Listed | Sized | SyncedFile | SyncedDirectory


class Survives(Enum):
    """What a power cut leaves of that which was not synced."""

    NOTHING = "nothing"
    NAMES = "names, and zeroes for bytes"
    EMPTY = "names of empty files"
    ANYTHING = "some names"


@dataclass
class Disk:
    """A directory's state as a disk would have it; mutable, for it is moved from event to event."""

    root: Node
    names: dict[Node, Entries] = field(default_factory=dict)
    synced_names: dict[Node, Entries] = field(default_factory=dict)
    sizes: dict[Node, int] = field(default_factory=dict)
    synced_bytes: dict[Node, bytes] = field(default_factory=dict)
    links: dict[Node, str] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        match event:
            case Listed(directories):
                self.names |= directories
            case Sized(node, size):
                self.sizes[node] = size
            case SyncedFile(node, data):
                self.synced_bytes[node] = data
            case SyncedDirectory(node, entries):
                self.synced_names[node] = self.names[node] = entries

    def write(self, place: Path, survives: Survives, seed: int = 0) -> None:
        """Make `place` what one finds after the power is back."""
        self._write_directory(place, self.root, survives, random.Random(seed))

    def _write_directory(self, place: Path, node: Node, survives: Survives, generator: random.Random) -> None:
        place.mkdir()
        for name, child in self._entries(node, survives, generator).items():
            if child in self.links:
                (place / name).symlink_to(self.links[child])
            elif child in self.names:
                self._write_directory(place / name, child, survives, generator)
            else:
                zeroes = b"" if survives is Survives.EMPTY else bytes(self.sizes.get(child, 0))
                (place / name).write_bytes(self.synced_bytes.get(child, zeroes))

    def _entries(self, node: Node, survives: Survives, generator: random.Random) -> Entries:
        now, synced = self.names[node], self.synced_names.get(node, {})
        match survives:
            case Survives.NOTHING:
                return synced
            case Survives.NAMES | Survives.EMPTY:
                return now
            case Survives.ANYTHING:
                mixed = {name: generator.choice((now, synced)).get(name) for name in sorted(now | synced)}
                return {name: child for name, child in mixed.items() if child is not None}


class Recorder:
    """Notes what happens below one directory, and what of it is durable."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)
        self.events: list[Event] = []
        self._given: dict[int, int] = {}
        self._new: dict[int, list[str]] = {}
        self.start = Disk(self._node(os.stat(self.root)))
        self._take_in(self.root)

    def before(self, call: Call) -> int:
        if call.name in _NAMES:
            paths = [call.path(*place) for place in _NAMES[call.name] if call.name != "linkat" or place != (1, 0)]
            inside = [path for path in paths if path.startswith(self.root + "/")]
            if call.name.startswith("open"):
                inside = [path for path in inside if not os.path.lexists(path)]
            self._new[call.thread] = inside
        return 0

    def after(self, call: Call) -> None:
        if call.name in _NAMES:
            self._renamed(call)
        elif call.name in _WRITES or call.name == "copy_file_range":
            self._written(call, 2 if call.name == "copy_file_range" else _WRITES[call.name])
        elif call.name in {"fsync", "fdatasync"}:
            self._synced(call)

    def _renamed(self, call: Call) -> None:
        paths = [path for path in self._new.pop(call.thread, []) if os.path.isdir(os.path.dirname(path))]
        for path in paths:
            if call.name in _MAKES and os.path.lexists(path):
                self._made(path)
        parents = {os.path.dirname(path) for path in paths}
        if parents:
            self.events.append(Listed({self._node(os.stat(parent)): self._entries(parent) for parent in parents}))

    def _made(self, path: str) -> None:
        status = os.lstat(path)
        self._given[status.st_ino] = self._given.get(status.st_ino, 0) + 1
        node = self._node(status)
        if stat.S_ISLNK(status.st_mode):
            self.start.links[node] = os.readlink(path)
        elif stat.S_ISDIR(status.st_mode):
            self.events.append(Listed({node: {}}))
        else:
            self.events.append(Sized(node, status.st_size))

    def _written(self, call: Call, position: int) -> None:
        if call.file(position).startswith(self.root + "/"):
            status = os.stat(f"/proc/{call.thread}/fd/{call.args[position]}")
            if status.st_nlink:
                self.events.append(Sized(self._node(status), status.st_size))

    def _synced(self, call: Call) -> None:
        path, opened = call.file(0), f"/proc/{call.thread}/fd/{call.args[0]}"
        if path != self.root and not path.startswith(self.root + "/"):
            return
        status = os.stat(opened)
        if stat.S_ISDIR(status.st_mode):
            self.events.append(SyncedDirectory(self._node(status), self._entries(opened)))
        elif status.st_nlink:
            self.events.append(SyncedFile(self._node(status), Path(opened).read_bytes()))

    def _entries(self, directory: str) -> Entries:
        return {entry.name: self._node(entry.stat(follow_symlinks=False)) for entry in os.scandir(directory)}

    def _node(self, status: os.stat_result) -> Node:
        return status.st_ino, self._given.get(status.st_ino, 0)

    def _take_in(self, directory: str) -> None:
        """What is there at the start is durable."""
        node = self._node(os.stat(directory))
        self.start.names[node] = self.start.synced_names[node] = self._entries(directory)
        for entry in os.scandir(directory):
            child = self._node(entry.stat(follow_symlinks=False))
            if entry.is_symlink():
                self.start.links[child] = os.readlink(entry.path)
            elif entry.is_dir():
                self._take_in(entry.path)
            else:
                self.start.synced_bytes[child] = Path(entry.path).read_bytes()


def recorded(command: list[str], cwd: Path, root: Path) -> Recorder:
    """Run a program to success and note what it does below `root`."""
    need_tracing()
    recorder = Recorder(root)
    code, said = traced(command, cwd, recorder)
    assert code == 0, said
    return recorder
