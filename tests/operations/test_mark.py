"""Mark: what is held in memory while manifests are read."""

from __future__ import annotations

import threading

from gitreg.core.digest import Digest
from gitreg.operations.garbage.mark import mark
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.store import RemoteStore
from tests.remotes.service import Service


class Stuck(Service):
    """It answers the first question for an object only when nobody has asked it another one for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self._more = threading.Event()
        self._lock = threading.Lock()

    def get(self, key: str, *limit: int) -> bytes:
        with self._lock:
            self.asked += 1
            first = self.asked == 1
        self._more.set()
        while first and self._more.wait(0.2):
            self._more.clear()
        if first:
            self.asked_meanwhile = self.asked
        return super().get(key, *limit)


def test_manifests_are_not_read_far_ahead():
    """The lines of every manifest would be in memory at once while one is slow to come: gigabytes."""
    service = Stuck()
    names = [Digest.of(b"%d" % number) for number in range(50)]
    store = RemoteStore(service, PlainCodec(), 2)
    for number, name in enumerate(names):
        store.write(name, b"%d" % number)
    assert mark(store, names).bare == set(names)
    assert service.asked_meanwhile <= 3
