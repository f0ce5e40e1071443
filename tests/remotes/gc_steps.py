"""One gc of a service in steps, and what tests ask between them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from gitreg.core.digest import Digest
from gitreg.operations.garbage.survey import Survey
from gitreg.storage.layout import DOOMED
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import RemoteSweep, Settled
from gitreg.storage.sweep import Swept
from tests.remotes.service import Service

DATA = b"an object that two people need"
NAME = Digest.of(DATA)
GRACE = timedelta(days=14)
DAY = 86_400


class Gc:
    """One run of gc in steps, so that others can come between any two of them; each has looked at the store first."""

    def __init__(self, store: RemoteStore) -> None:
        self.sweep = RemoteSweep(store, GRACE)
        now, listed = self.sweep.clock(), {each.digest: each for each in self.sweep.listed()}
        self.seen = Survey(self.sweep, GRACE, now, listed, tuple(self.sweep.aside()))

    def move(self, needed: Collection[Digest] = ()) -> Swept:
        return self.sweep.remove_untouched(self.seen.garbage(needed))

    def settle(self, needed: Collection[Digest] = ()) -> Settled:
        return self.sweep.settle(self.seen.aside, needed, self.seen.settled)


def stored_long_ago(service: Service) -> RemoteStore:
    """A store with one object."""
    made = RemoteStore.create(service, PlainCodec())
    made.write(NAME, DATA)
    later(service, 100)
    return made


def copies(store: RemoteStore) -> int:
    return len(list(store.driver.list(DOOMED)))


def later(service: Service, days: float = 15) -> None:
    service.now += int(days * DAY)


def in_place(store: RemoteStore) -> bool:
    """As somebody sees it who has just opened the store."""
    return bool(RemoteStore(store.driver, store.codec).present([NAME]))
