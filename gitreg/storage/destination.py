"""A directory that files are placed into, and nowhere else.

Every step down is through a directory descriptor and refuses links, so neither a planted link nor one put there
while we work leads a write outside.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from gitreg.core.digest import Digest
from gitreg.core.limits import MIB
from gitreg.core.text import escape
from gitreg.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitreg.core.manifest import ChunkEntry, FileEntry

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_STEP: Final = _DIRECTORY | os.O_NOFOLLOW
_FILE: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_OPEN_DIRECTORIES: Final = 64
# A file of an artifact never runs with another's rights, whatever stood in its place before.
_SPECIAL_BITS: Final = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


class Destination:
    """An open directory and, below it, the directories used last.  For one thread.  Raises OSError, RefusedError."""

    def __init__(self, root: Path) -> None:
        self._shown = escape(str(root))
        self.descriptor = os.open(root, _DIRECTORY)
        self._open: OrderedDict[str, int] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directories."""
        for descriptor in self._open.values():
            os.close(descriptor)
        os.close(self.descriptor)

    def holds(self, file: FileEntry, chunks: Sequence[ChunkEntry]) -> bool:
        """Whether the file is already there with the right bytes; sets its permissions right if only they differ.

        If it has chunks of its own, it is these that say what it is, as they do when it is written.
        """
        try:
            descriptor = self.open_file(file.path)
        except OSError:
            return False
        try:
            status = os.fstat(descriptor)
            if status.st_size != file.size:
                return False
            if not (holds_chunks(descriptor, chunks) if chunks else _sha256(descriptor) == file.sha256):
                return False
            if bool(status.st_mode & stat.S_IXUSR) != file.executable or status.st_mode & _SPECIAL_BITS:
                os.fchmod(descriptor, (status.st_mode & 0o666) | (0o111 if file.executable else 0))
            return True
        finally:
            os.close(descriptor)

    def open_file(self, path: str) -> int:
        """A descriptor for reading a regular file; the caller closes it.  Raises OSError for anything else."""
        directory, name = self._place(path, make=False)
        descriptor = os.open(name, _FILE, dir_fd=directory)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file")
        return descriptor

    def is_free(self, path: str) -> bool:
        """Whether nothing stands at the path or in the way to it."""
        try:
            directory, name = self._place(path, make=False)
            os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def put(self, area: int, temporary: str, path: str) -> None:
        """Move a finished file from the temporary area to its path, replacing what stands there."""
        directory, name = self._place(path, make=True)
        os.rename(temporary, name, src_dir_fd=area, dst_dir_fd=directory)

    def _place(self, path: str, *, make: bool) -> tuple[int, str]:
        parent, _, name = path.rpartition("/")
        return self._directory(parent, make=make), name

    def _directory(self, path: str, *, make: bool) -> int:
        if not path:
            return self.descriptor
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        parent, name = self._place(path, make=make)
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=parent)
        try:
            self._open[path] = os.open(name, _STEP, dir_fd=parent)
        except OSError as error:
            if not make or error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise
            shown = escape(path)
            raise RefusedError(
                f"in {self._shown}, '{shown}' is a file or link where a directory must be",
                hint="remove it, or pull into an empty directory",
            ) from error
        self._forget_oldest(keep=path)
        return self._open[path]

    def _forget_oldest(self, keep: str) -> None:
        """Close directories not used lately, so that a tree of many does not use up descriptors."""
        while len(self._open) > _OPEN_DIRECTORIES:
            oldest, descriptor = next(iter(self._open.items()))
            if oldest == keep:
                return
            del self._open[oldest]
            os.close(descriptor)


def holds_chunks(descriptor: int, chunks: Sequence[ChunkEntry]) -> bool:
    """Whether a file just opened holds these chunks one after the other.  Raises OSError."""
    buffer = memoryview(bytearray(max(chunk.length for chunk in chunks)))
    for chunk in chunks:
        if os.readv(descriptor, [buffer[: chunk.length]]) != chunk.length:
            return False
        if Digest.of(buffer[: chunk.length]) != chunk.digest:
            return False
    return True


def _sha256(descriptor: int) -> str:
    total = hashlib.sha256()
    buffer = memoryview(bytearray(MIB))
    while count := os.readv(descriptor, [buffer]):
        total.update(buffer[:count])
    return total.hexdigest()
