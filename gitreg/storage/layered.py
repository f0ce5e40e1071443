"""Two stores as one: what the near one lacks is read from the far one; writing goes to the near one."""

from __future__ import annotations

import threading
from itertools import chain
from typing import TYPE_CHECKING

from gitreg.errors import GitregError
from gitreg.storage.store import MissingObjectError, ObjectStore
from gitreg.storage.verified import read_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitreg.core.digest import Digest


class LayeredStore:
    """An ObjectStore over two, which counts the objects and bytes that had to come from the far one."""

    def __init__(self, near: ObjectStore, far: ObjectStore) -> None:
        self._near = near
        self._far = far
        self.at_once = max(near.at_once, far.at_once)
        self._lock = threading.Lock()
        self.far_objects = 0
        self.far_bytes = 0

    def describe(self) -> str:
        return f"{self._near.describe()} and {self._far.describe()}"

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        here = self._near.present(digests)
        elsewhere = [digest for digest in digests if digest not in here]
        return here | self._far.present(elsewhere) if elsewhere else here

    def read(self, digest: Digest) -> bytes:
        """What the near store has in a damaged form, or cannot read, comes from the far one too.

        If that has none, the fault of the near one is what to tell the user about.
        """
        try:
            return read_object(self._near, digest)
        except MissingObjectError:
            pass
        except GitregError as fault:
            try:
                return self._read_far(digest)
            except MissingObjectError:
                raise fault from None
        return self._read_far(digest)

    def _read_far(self, digest: Digest) -> bytes:
        # Apart from the near one's fault: in one frame with it, the bytes would stay until the collector comes.
        data = read_object(self._far, digest)
        with self._lock:
            self.far_objects += 1
            self.far_bytes += len(data)
        return data

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        self._near.write(digest, data)

    def flush(self) -> None:
        self._near.flush()

    def names(self, part: str = "") -> Iterator[Digest]:
        return iter(set(chain(self._near.names(part), self._far.names(part))))

    def remove(self, digests: Iterable[Digest]) -> None:
        self._near.remove(digests)
