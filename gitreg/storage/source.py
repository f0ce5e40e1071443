"""What lies under a PATH that is to be added: its regular files, in canonical order, each with a fingerprint.

Only looks; reads no file.  Links are refused rather than followed: whether one leads out can change after the look,
and what it would mean on another machine is anyone's guess.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.artifact_path import check_paths
from gitreg.core.bulk import collector_paused
from gitreg.core.limits import MAX_ARTIFACT_BYTES, MAX_FILES
from gitreg.core.manifest import canonical_key
from gitreg.core.text import escape
from gitreg.errors import FormatError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS: Final = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Fingerprint(NamedTuple):
    """What the file system says of a file; a change of content changes it, short of a change within one clock tick.

    A tuple, as SourceFile is, because a listing has up to a million of them and every `status` makes it anew.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    executable: bool

    @classmethod
    def of(cls, status: os.stat_result) -> Fingerprint:
        """From a stat; the executable bit is the owner's."""
        executable = status.st_mode & 0o100 != 0
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, executable)


class SourceFile(NamedTuple):
    """A regular file: its path in the artifact, its place on disk, and its fingerprint when it was listed."""

    path: str
    place: str
    fingerprint: Fingerprint

    @property
    def size(self) -> int:
        return self.fingerprint.size


@dataclass(frozen=True, slots=True)
class Source:
    """A listing: the files in canonical order.  `listed_ns` is a time before the first look, for the stat cache."""

    root: Path
    files: tuple[SourceFile, ...]
    listed_ns: int

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.fingerprint.size for file in self.files)


def list_source(root: Path, now_ns: int) -> Source:
    """List a file or a directory tree.  Raises SourceError for whatever cannot be part of an artifact."""
    try:
        with collector_paused():
            files = sorted(_found(root), key=lambda file: canonical_key(file.path, file.fingerprint.size))
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise SourceError(
            f"cannot read {_shown(error.filename or root)}: {reason}", hint="check its permissions"
        ) from error
    source = Source(root, tuple(files), now_ns)
    if not files:
        raise SourceError(f"nothing to add: {_shown(root)} holds no files", hint="put the files in place first")
    if len(files) > MAX_FILES or source.size > MAX_ARTIFACT_BYTES:
        raise SourceError(f"too large for one artifact: {_shown(root)}", hint=f"at most {MAX_FILES} files; split it")
    try:
        check_paths(file.path for file in files)
    except FormatError as error:
        raise SourceError(error.message, hint=error.hint) from error
    return source


def _found(root: Path) -> Iterator[SourceFile]:
    status = os.lstat(root)
    if stat.S_ISDIR(status.st_mode):
        return _walk(str(root))
    return iter((_regular(root.resolve().name, str(root), status),))


def _walk(root: str) -> Iterator[SourceFile]:
    """Every file below a directory; iterative, so that depth costs no stack."""
    waiting = [(root, "")]
    while waiting:
        directory, prefix = waiting.pop()
        # Through a descriptor, the system looks up a name instead of a path for each file: a quarter of a listing.
        descriptor = os.open(directory, _DIRECTORY)
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    place = f"{directory}/{entry.name}"
                    if not stat.S_ISDIR(status.st_mode):
                        yield _regular(prefix + entry.name, place, status)
                        continue
                    _check_no_repository(entry.name, place)
                    waiting.append((place, f"{prefix}{entry.name}/"))
        except OSError as error:
            error.filename = f"{directory}/{error.filename}" if isinstance(error.filename, str) else directory
            raise
        finally:
            os.close(descriptor)


def _check_no_repository(name: str, place: str) -> None:
    if name == ".git":
        raise SourceError(
            f"{_shown(place)} is a Git repository's own directory, not part of an artifact",
            hint="add a copy of the files without .git",
        )


def _regular(path: str, place: str, status: os.stat_result) -> SourceFile:
    if stat.S_ISREG(status.st_mode):
        return SourceFile(path, place, Fingerprint.of(status))
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFLNK:
        target = _shown(os.readlink(place))  # noqa: PTH115 - a Path would normalise the text shown
        raise SourceError(
            f"{_shown(place)} is a symbolic link to {target}",
            hint="links cannot be part of an artifact: put the file itself there, or add the link's target",
        )
    raise SourceError(
        f"{_shown(place)} is {_KINDS.get(kind, 'not a regular file')}", hint="only regular files can be added"
    )


def _shown(path: str | Path) -> str:
    return escape(str(path))
