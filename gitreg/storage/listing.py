"""What lies under a PATH that is to be added: its regular files, and what the file system says of each.

Only looks; reads no file, and judges no name.  Links are refused rather than followed: whether one leads out can
change after the look, and what it would mean on another machine is anyone's guess.
"""

from __future__ import annotations

import os
import stat
from array import array
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.bulk import collector_paused
from gitreg.core.text import escape
from gitreg.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS: Final = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_NAME: Final = attrgetter("name")
_FIELDS: Final = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_mode")
_FIELD_TYPES: Final = "qqqQL"


class Fingerprint(NamedTuple):
    """What the file system says of a file; a change of content changes it, short of a change within one clock tick."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int

    @property
    def executable(self) -> bool:
        """By the owner's bit."""
        return self.mode & stat.S_IXUSR != 0

    def fits(self, status: os.stat_result) -> bool:
        """Whether a stat says the same."""
        return self == _FIELDS(status)


class Listing(NamedTuple):
    """The files below `root`: their paths, and for each field of their fingerprints a column.

    Columns, because there may be a million files, and `status` compares them without taking them apart.  Their order
    is that of names within a directory, its files before its directories.  `start` and a path make the file's place;
    `listed_ns` is a time before the first look, for the stat cache.
    """

    root: Path
    start: str
    paths: list[str]
    columns: tuple[array[int], ...]
    listed_ns: int

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.columns[0])

    def fingerprints(self) -> Iterator[Fingerprint]:
        """One for each path."""
        return map(Fingerprint, *self.columns)


def list_files(root: Path, now_ns: int) -> Listing:
    """List a file or a directory tree.  Raises SourceError if it holds what is no file, or cannot be read."""
    try:
        status = os.lstat(root)
        if stat.S_ISDIR(status.st_mode):
            with collector_paused():
                return _walk(root, now_ns)
        if not stat.S_ISREG(status.st_mode):
            raise _not_a_file(str(root), status)
        name = root.resolve().name
        return Listing(root, str(root).removesuffix(name), [name], _columns([_FIELDS(status)]), now_ns)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise SourceError(
            f"cannot read {_shown(error.filename or root)}: {reason}", hint="check its permissions"
        ) from error
    except OverflowError as error:
        raise SourceError(f"{_shown(root)} bears a date past the year 2262", hint="touch its files") from error


def _walk(root: Path, now_ns: int) -> Listing:
    """Every file below a directory; iterative, so that depth costs no stack."""
    paths: list[str] = []
    columns = _columns([])
    waiting = [(str(root), "")]
    while waiting:
        directory, prefix = waiting.pop()
        found = _look_into(directory)
        paths += [prefix + name for name in found.files]
        for column, more in zip(columns, _columns(found.rows), strict=True):
            column.extend(more)
        waiting += [(f"{directory}/{name}", f"{prefix}{name}/") for name in reversed(found.directories)]
    return Listing(root, f"{root}/", paths, columns, now_ns)


class _Found(NamedTuple):
    """The names in one directory, sorted, and a row of fields for each file."""

    files: list[str]
    rows: list[tuple[int, ...]]
    directories: list[str]


def _look_into(directory: str) -> _Found:
    found = _Found([], [], [])
    # Through a descriptor, the system looks up a name instead of a path for each file: a quarter of a listing.
    descriptor = os.open(directory, _DIRECTORY)
    try:
        with os.scandir(descriptor) as entries:
            for entry in sorted(entries, key=_NAME):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    found.files.append(entry.name)
                    found.rows.append(_FIELDS(status))
                else:
                    _check_directory(directory, entry.name, status)
                    found.directories.append(entry.name)
    except OSError as error:
        error.filename = f"{directory}/{error.filename}" if isinstance(error.filename, str) else directory
        raise
    finally:
        os.close(descriptor)
    return found


def _columns(rows: Sequence[tuple[int, ...]]) -> tuple[array[int], ...]:
    by_field: Iterable[tuple[int, ...]] = zip(*rows, strict=True) if rows else [()] * len(_FIELD_TYPES)
    return tuple(map(array, _FIELD_TYPES, by_field))


def _check_directory(parent: str, name: str, status: os.stat_result) -> None:
    place = f"{parent}/{name}"
    if not stat.S_ISDIR(status.st_mode):
        raise _not_a_file(place, status)
    if name == ".git":
        raise SourceError(
            f"{_shown(place)} is a Git repository's own directory, not part of an artifact",
            hint="add a copy of the files without .git",
        )


def _not_a_file(place: str, status: os.stat_result) -> SourceError:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFLNK:
        target = _shown(os.readlink(place))  # noqa: PTH115 - a Path would normalise the text shown
        return SourceError(
            f"{_shown(place)} is a symbolic link to {target}",
            hint="links cannot be part of an artifact: put the file itself there, or add the link's target",
        )
    return SourceError(
        f"{_shown(place)} is {_KINDS.get(kind, 'not a regular file')}", hint="only regular files can be added"
    )


def _shown(path: str | Path) -> str:
    return escape(str(path))
