"""A store with an archive behind it, which is opened when something is missing, and only read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from gitreg.errors import GitregError, StorageError
from gitreg.storage.store import MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.store import ObjectStore

# How services say that an object has to be brought back from tape, or the like, before it can be read.
_COLD: Final = ("storage class", "invalidobjectstate", "blobarchived", "archive tier")


class ArchivedStore:
    """The ObjectStore in front; what it lacks is read from the archive, if `opened` finds one."""

    def __init__(self, front: ObjectStore, opened: Callable[[], ObjectStore | None]) -> None:
        self._front = front
        self._opened = opened
        self._opening = threading.Lock()
        self._archive: list[ObjectStore | None] = []
        self.at_once = front.at_once

    def describe(self) -> str:
        return self._front.describe()

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        return self._front.present(digests)

    def read(self, digest: Digest) -> bytes:
        try:
            return self._front.read(digest)
        except MissingObjectError:
            archive = self._found()
            if archive is None:
                raise
        try:
            return archive.read(digest)
        except MissingObjectError as error:
            raise MissingObjectError(digest, f"{self.describe()} and the archive {archive.describe()}") from error
        except GitregError as error:
            if not any(word in error.message.lower() for word in _COLD):
                raise
            raise StorageError(
                f"object {digest} is in a storage class of {archive.describe()} that cannot be read at once",
                hint="have the service restore it (aws s3api restore-object, or the like), then say the same again",
            ) from error

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        self._front.write(digest, data)

    def flush(self) -> None:
        self._front.flush()

    def names(self, part: str = "") -> Iterator[Digest]:
        return self._front.names(part)

    def remove(self, digests: Iterable[Digest]) -> None:
        self._front.remove(digests)

    def _found(self) -> ObjectStore | None:
        with self._opening:
            if not self._archive:
                self._archive.append(self._opened())
            return self._archive[0]
