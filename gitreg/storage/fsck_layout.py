"""Checks a local store's files themselves: that each is an object's, in its place, and can be read and not written.

What the objects hold is the business of fsck.py.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, assert_never

from gitreg.core.digest import Digest
from gitreg.storage.fsck import DAMAGED
from gitreg.storage.layout import OBJECTS, digest_of_name, object_path
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.verified import is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.storage.local import LocalStore


class Oddity(Enum):
    """What is odd about a file below `objects`."""

    STRANGER = "stranger"  # no object's name
    MISPLACED = "misplaced"  # an object's name, in another object's directory
    PERMISSIONS = "permissions"  # writable, or not readable


@dataclass(frozen=True, slots=True)
class OddFile:
    """A file relative to the store."""

    path: PurePosixPath
    oddity: Oddity


def odd_files(store: LocalStore) -> Iterator[OddFile]:
    """Everything below `objects` that a store would not have put there so.  Raises StorageError."""
    with storage_failures("list", store.describe()):
        for place in sorted((store.root / OBJECTS).iterdir()):
            if place.is_symlink() or not place.is_dir():
                yield OddFile(_relative(store, place), Oddity.STRANGER)
                continue
            for file in sorted(place.iterdir()):
                oddity = _oddity(store.root, file)
                if oddity is not None:
                    yield OddFile(_relative(store, file), oddity)


def put_right(store: LocalStore, odd: OddFile) -> None:
    """Leave every intact object readable in its own place, and nothing odd.  Raises StorageError."""
    file = store.root / odd.path
    with storage_failures("put right", f"{store.describe()}/{odd.path}"):
        match odd.oddity:
            case Oddity.PERMISSIONS:
                file.chmod(0o444)
            case Oddity.MISPLACED:
                _into_place(store.root, file)
            case Oddity.STRANGER:
                _aside(store.root, file)
            case _:
                assert_never(odd.oddity)


def _oddity(root: Path, file: Path) -> Oddity | None:
    digest = digest_of_name(file.name)
    if digest is None:
        return Oddity.STRANGER
    if file != root / object_path(digest):
        return Oddity.MISPLACED
    with suppress(FileNotFoundError):  # removed since it was listed
        mode = file.lstat().st_mode
        if stat.S_ISREG(mode) and (mode & 0o222 or not mode & stat.S_IRUSR):
            return Oddity.PERMISSIONS
    return None


def _into_place(root: Path, file: Path) -> None:
    """Where it belongs if it is what its name says and nothing is there, else aside."""
    digest = Digest.from_hex(file.name)
    target = root / object_path(digest)
    if file.is_symlink() or target.exists() or not is_object(digest, file.read_bytes()):
        _aside(root, file)
        return
    target.parent.mkdir(exist_ok=True)
    file.rename(target)


def _aside(root: Path, file: Path) -> None:
    place = root / DAMAGED / f"{file.name}.{os.urandom(4).hex()}"
    place.parent.mkdir(exist_ok=True)
    file.rename(place)


def _relative(store: LocalStore, file: Path) -> PurePosixPath:
    return PurePosixPath(file.relative_to(store.root).as_posix())
