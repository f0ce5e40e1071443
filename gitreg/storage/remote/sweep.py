"""Sweeping a store behind a network: objects are moved aside first, and removed for good by a later gc.

Services renew no object's time and delete unconditionally, so that no single look can tell whether somebody relies on
an object.  docs/adr/0019 says why moving, waiting and marking again can.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.errors import StorageError
from gitreg.storage.layout import INCOMING, OBJECTS
from gitreg.storage.remote.aside import aside_key, entries_aside, object_key
from gitreg.storage.remote.driver import AbsentError
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.sweep import Listed, Swept

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from gitreg.core.digest import Digest

_AT_ONCE: Final = 1000
_LONGEST_MARGIN: Final = timedelta(days=1)


class Aside(NamedTuple):
    """An object moved aside: the copy's key, and when it was made, in nanoseconds by the service's clock."""

    digest: Digest
    key: str
    size: int
    modified: int


class Settled(NamedTuple):
    """What was put back because something needs it by now, and what was removed for good."""

    back: Swept
    gone: Swept


def margin(grace: timedelta) -> timedelta:
    """How much longer than the grace an object stays aside: moving it takes two requests, and requests take time."""
    return min(grace, _LONGEST_MARGIN)


class RemoteSweep:
    """One sweep of a remote store; it is a Sweepable, whose removal can be undone until `settle`."""

    def __init__(self, store: RemoteStore, grace: timedelta) -> None:
        self._store = store
        self._driver = store.driver
        self._patience = margin(grace).total_seconds() / 2
        self._name = os.urandom(8).hex()

    def clock(self) -> int:
        probe = f"clock/{self._name}"
        self._driver.put(probe, b"gitreg\n")
        try:
            entry = self._driver.head(probe)
        finally:
            self._driver.delete([probe])
        if entry is None or not entry.modified:
            raise StorageError(
                f"{self._store.describe()} does not tell when an object was written, so nothing there can be old",
                hint="gc works on services that report times",
            )
        return entry.modified

    def listed(self) -> Iterator[Listed]:
        for entry in self._driver.list(OBJECTS):
            digest = self._store.codec.digest(entry.key)
            if digest is not None:
                yield Listed(digest, entry.size, entry.modified)

    def aside(self) -> Iterator[Aside]:
        """Everything that sweeps have moved aside so far."""
        for digest, entry in entries_aside(self._driver, self._store.codec):
            yield Aside(digest, entry.key, entry.size, entry.modified)

    def remove_untouched(self, objects: Iterable[Listed]) -> Swept:
        """Move them aside, where readers find them and writers do not."""
        ordered = list(objects)
        batches = (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))
        moved = [each for batch in batches for each in self._move(batch)]
        return Swept.of(moved)

    def settle(self, copies: Sequence[Aside], needed: Collection[Digest], before: int) -> Settled:
        """Put back what is needed and not in its place, and remove copies from before `before`.

        `needed` must have been found out after `before` was past by the grace and its margin.
        """
        # of several copies the largest: a service may have stopped in the middle of another
        wanted = {each.digest: each for each in sorted(copies, key=_size) if each.digest in needed}
        here = self._whole(wanted)
        back = [copy for digest, copy in wanted.items() if digest not in here and self._put_back(copy)]
        safe = here | {copy.digest for copy in back}
        old = (each for each in copies if each.modified <= before)
        gone = [each for each in old if each.digest not in wanted or each.digest in safe]
        self._driver.delete([each.key for each in gone])
        return Settled(Swept.of(back), Swept.of(gone))

    def remove_leftovers(self, before: int) -> None:
        """What killed writers have left behind, where an upload is a file until it gets its name."""
        self._driver.delete([entry.key for entry in self._driver.list(INCOMING) if entry.modified <= before])

    def _move(self, batch: list[Listed]) -> list[Listed]:
        """Copied first and deleted second, so that the object can be read at every moment."""
        began = _seconds()
        with ThreadPoolExecutor(self._store.at_once) as pool:
            copied = [each for each, done in zip(batch, pool.map(self._copy, batch), strict=True) if done]
        if _seconds() - began > self._patience:  # later gcs count the grace from the copy, not from the deletion
            raise StorageError(
                "moving objects aside took so long that deleting them is not safe any more",
                hint="run gc again; what was copied does no harm",
            )
        self._driver.delete([self._store.codec.key(each.digest) for each in copied])
        return copied

    def _copy(self, listed: Listed) -> bool:
        key = self._store.codec.key(listed.digest)
        return self._copied(key, aside_key(key, self._name), listed.size)

    def _put_back(self, copy: Aside) -> bool:
        return self._copied(copy.key, object_key(copy.key), copy.size)

    def _copied(self, source: str, target: str, size: int) -> bool:
        """Whether the target is there, whole.  Azure may answer first and copy later, or never."""
        try:
            self._driver.copy(source, target)
        except AbsentError:  # another gc was here
            return False
        entry = self._driver.head(target)
        return entry is not None and entry.size == size

    def _whole(self, copies: Mapping[Digest, Aside]) -> set[Digest]:
        """Those that are in their place, as it is now and not as remembered; half of an object does not count."""
        found = RemoteStore(self._driver, self._store.codec).lengths(copies.keys())
        least = {digest: copies[digest].size - self._store.codec.overhead for digest in found}
        return {digest for digest, length in found.items() if length is not None and length >= least[digest]}


def _size(copy: Aside) -> int:
    return copy.size


def _seconds() -> float:
    """A clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
