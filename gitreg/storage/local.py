"""A store in a local directory: every object one read-only file, in place whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitreg.core.digest import Digest
from gitreg.core.limits import MAX_MANIFEST_BYTES
from gitreg.core.text import escape
from gitreg.errors import StorageError
from gitreg.storage.doomed import put_back_interrupted, whereabouts
from gitreg.storage.layout import (
    FORMAT_FILE,
    FORMAT_TEXT,
    OBJECTS,
    check_format,
    digest_of_name,
    no_store,
    object_path,
)
from gitreg.storage.os_failures import storage_failure, storage_failures
from gitreg.storage.pending import PendingObjects, sync
from gitreg.storage.store import MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class LocalStore:
    """The ObjectStore in `root`; made by `open` or `create`."""

    at_once = 4  # enough to keep a disk busy; each thread holds on to memory for a few of the largest chunks

    def __init__(self, root: Path) -> None:
        """Take an existing store; use `open` or `create`, which check that it is one."""
        self.root = root
        self._where = escape(str(root))
        self._pending = PendingObjects(root)

    @classmethod
    def open(cls, root: Path) -> LocalStore:
        """Open a store that exists.  Raises StorageError if there is none, FormatError if its layout is unknown."""
        where = escape(str(root))
        try:
            check_format((root / FORMAT_FILE).read_bytes(), where)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise no_store(where) from error
        except OSError as error:
            raise storage_failure(error, "read the store", where) from error
        put_back_interrupted(root)
        return cls(root)

    @classmethod
    def create(cls, root: Path) -> LocalStore:
        """Make the layout where it is not there yet, and open it."""
        with storage_failures("create a store in", escape(str(root))):
            if not (root / FORMAT_FILE).exists():
                _make_layout(root)
            (root / OBJECTS).mkdir(exist_ok=True)
        return cls.open(root)

    def describe(self) -> str:
        return self._where

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        return set(self.lengths(digests))

    def lengths(self, digests: Collection[Digest]) -> dict[Digest, int | None]:
        """As `present`, with their sizes; None for what is not in place before the next `flush`."""
        pending = {digest for digest in digests if digest in self._pending}
        with storage_failures("read the store", self._where):
            found = [(digest, self._renewed(digest)) for digest in digests if digest not in pending]
        return dict.fromkeys(pending) | {digest: size for digest, size in found if size is not None}

    def read(self, digest: Digest) -> bytes:
        if digest in self._pending:
            self.flush()
        try:
            return self._read_where_it_is(digest)
        except FileNotFoundError as error:
            raise self._missing(digest) from error
        except OSError as error:
            raise storage_failure(error, f"read object {digest} in", self._where) from error

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        with storage_failures("write to", self._where):
            self._pending.add(digest, data, self._path(digest))

    def flush(self) -> None:
        with storage_failures("write to", self._where):
            self._pending.settle()

    def names(self, part: str = "") -> Iterator[Digest]:
        with storage_failures("list", self._where):
            objects = self.root / OBJECTS
            for directory in [objects / part] if part else sorted(objects.iterdir()):
                for file in sorted(directory.iterdir()) if directory.is_dir() else ():
                    digest = digest_of_name(file.name)
                    if digest is not None:
                        yield digest

    def sizes(self, part: str = "") -> Iterator[tuple[Digest, int]]:
        """As `names`, with the objects' sizes in bytes; nobody relies on them yet, so no time is renewed."""
        with storage_failures("list", self._where):
            for digest in self.names(part):
                size = _size(self._path(digest))
                if size is not None:
                    yield digest, size

    def remove(self, digests: Iterable[Digest]) -> None:
        with storage_failures("remove objects from", self._where):
            for digest in digests:
                self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: Digest) -> Path:
        return self.root / object_path(digest)

    def _read_where_it_is(self, digest: Digest) -> bytes:
        """Also what a gc beside us has moved aside for a moment."""
        with suppress(FileNotFoundError):
            return _read_object(self._path(digest))
        for place in whereabouts(self.root, digest):
            with suppress(FileNotFoundError, NotADirectoryError):
                return _read_object(place)
        raise FileNotFoundError(digest.hex)

    def _renewed(self, digest: Digest) -> int | None:
        """An object's size, if it exists; its time is renewed, as whoever asks may be about to rely on it (W4)."""
        path = self._path(digest)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        except PermissionError:  # another user's store: the owner's gc runs with the owner's grace period
            pass
        except OSError:
            with suppress(OSError):  # a read-only file system
                return _size(path)
            raise
        # A gc that moved it away while its time was being set has not seen the new time (docs/adr/0010).
        return _size(path)

    def _missing(self, digest: Digest) -> StorageError:
        """A lost object and a store that is gone altogether need different remedies."""
        return MissingObjectError(digest, self._where) if (self.root / FORMAT_FILE).exists() else no_store(self._where)


def _make_layout(root: Path) -> None:
    """Durable from the top down, and the format file last: where it is, everything else is there after a power cut."""
    root = root.resolve()
    new = [place for place in (root, *root.parents) if not place.exists()]
    (root / OBJECTS).mkdir(parents=True, exist_ok=True)
    for place in (*reversed(new), root):
        with suppress(PermissionError):  # a folder above that may be passed through, not read
            sync(place.parent)
    nascent = root / f"{FORMAT_FILE}.{os.getpid()}"
    nascent.write_bytes(FORMAT_TEXT)
    sync(nascent)
    nascent.replace(root / FORMAT_FILE)
    sync(root)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read_object(path: Path) -> bytes:
    """Read a regular file whole; anything else under an object's name is a fault of the disk, not data."""
    with os.fdopen(os.open(path, _READ), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_MANIFEST_BYTES:
            raise OSError("not an object's file")
        return file.readall()
