"""Looking at a shared store before anybody is asked what they need: its objects, their ages, and its time."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from gitreg.core.digest import Digest
from gitreg.errors import StorageError, UsageError
from gitreg.operations.garbage.results import unused
from gitreg.storage.local import LocalStore
from gitreg.storage.local_sweep import LocalSweep
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import Aside, RemoteSweep, margin
from gitreg.storage.store import ObjectStore
from gitreg.storage.sweep import Listed

MOST_SKEW = timedelta(minutes=5)
_SECOND = 1_000_000_000


class ClockError(StorageError):
    """Nobody can tell how old anything is."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The store as it was at its time `now`, in nanoseconds; `aside` is what earlier sweeps have moved."""

    sweep: LocalSweep | RemoteSweep
    grace: timedelta
    now: int
    listed: dict[Digest, Listed]
    aside: tuple[Aside, ...]

    @property
    def there(self) -> set[Digest]:
        """What can be read."""
        return self.listed.keys() | {each.digest for each in self.aside}

    @property
    def settled(self) -> int:
        """The latest time of a copy aside that may go: everybody who may need it has said so by now."""
        return self.now - int((self.grace + margin(self.grace)).total_seconds() * _SECOND)

    def garbage(self, needed: Collection[Digest]) -> list[Listed]:
        """What is old and not needed."""
        unneeded = (each for digest, each in self.listed.items() if digest not in needed)
        return unused(unneeded, self.now, self.grace)


def survey(store: ObjectStore, grace: timedelta, *, only_look: bool = False) -> Survey:
    """Look.  Raises StorageError, UsageError; ClockError if the store's clock and this machine's disagree.

    To ask a service for its time takes writing there; who may or will `only_look` goes by this machine's.
    """
    match store:
        case LocalStore():
            here = LocalSweep(store)
            return Survey(here, grace, _checked(here.clock(), store), {each.digest: each for each in here.listed()}, ())
        case RemoteStore():
            if not grace:
                raise UsageError(
                    f"{store.describe()} cannot be swept without a grace: moving objects aside takes time",
                    hint="say an hour, if nobody is pushing: --grace '1 hour'",
                )
            sweep = RemoteSweep(store, grace)
            now = time.time_ns() if only_look else _checked(sweep.clock(), store)
            return Survey(sweep, grace, now, {each.digest: each for each in sweep.listed()}, tuple(sweep.aside()))
        case _:
            raise StorageError(f"{store.describe()} cannot be swept", hint="use a directory or an object store")


def _checked(now: int, store: ObjectStore) -> int:
    """Ages are by the store's clock; the times of events, which retention goes by, are by this machine's or others'."""
    apart = abs(now - time.time_ns()) / _SECOND
    if apart > MOST_SKEW.total_seconds():
        raise ClockError(
            f"the clocks of this machine and of {store.describe()} are {round(apart / 60)} minutes apart",
            hint="set this machine's clock; nothing is deleted while they disagree",
        )
    return now
