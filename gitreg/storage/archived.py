"""A store with an archive behind it, which is opened when something is missing, and only read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitreg.storage.store import MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.store import ObjectStore


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
