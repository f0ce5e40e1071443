"""What a sweep of a service takes for an object, what it asks for, and how readers find what lies aside."""

from __future__ import annotations

import pytest

from gitreg.core.digest import Digest
from gitreg.core.registry_id import RegistryId
from gitreg.errors import StorageError
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.sealed_codec import SealedCodec
from gitreg.storage.remote.sealing.identity import Identity
from gitreg.storage.remote.sealing.ring import DataKey, Seal, close_key, open_ring
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import RemoteSweep
from gitreg.storage.store import MissingObjectError
from tests.remotes.gc_steps import DATA, GRACE, NAME, Gc, in_place, later, stored_long_ago
from tests.remotes.service import Service


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def store(service: Service) -> RemoteStore:
    return stored_long_ago(service)


def test_put_back_between_the_two_looks_of_a_reader(store: RemoteStore, service: Service):
    """Not in its place at the first look, and not aside at the second: it would count as lost."""
    Gc(store).move()
    later(service)

    class Interrupted(Service):
        def get(self, key: str) -> bytes:
            return service.get(key)

        def list(self, prefix: str, after: str = ""):
            Gc(store).settle([NAME])
            return service.list(prefix, after)

    assert RemoteStore(Interrupted(), PlainCodec()).read(NAME) == DATA


def test_a_missing_object_costs_three_requests(service: Service):
    """Looking aside would list the whole store for each object that is not there."""
    asked = []

    class Counted(Service):
        def get(self, key: str) -> bytes:
            asked.append(key)
            return service.get(key)

        def list(self, prefix: str, after: str = ""):
            asked.append(prefix)
            return service.list(prefix, after)

    with pytest.raises(MissingObjectError):
        RemoteStore(Counted(), PlainCodec()).read(NAME)
    assert asked == [f"objects/{NAME.hex[:2]}/{NAME.hex}", f"doomed/{NAME.hex[:2]}/{NAME.hex}", asked[0]]


def test_strangers_and_copies_are_not_objects(store: RemoteStore, service: Service):
    """Somebody's notes would be deleted, or what lies aside be listed as there."""
    service.put("objects/README", b"x")
    service.put("doomed/ab/README/x", b"x")
    Gc(store).move()
    assert list(store.names()) == []
    assert [each.digest for each in RemoteSweep(store, GRACE).aside()] == [NAME]
    assert service.get("objects/README") == b"x"


def test_sealed_objects_are_moved_and_come_back(service: Service):
    """Names that say nothing to a service would say nothing to gc either, or not be found again aside."""
    store = RemoteStore.create(service, SealedCodec(_seal(), service.describe()))
    store.write(NAME, DATA)
    later(service, 100)
    assert Gc(store).move().objects == 1
    assert (in_place(store), store.read(NAME)) == (False, DATA)
    later(service)
    settled = Gc(store).settle([NAME])
    assert (settled.back.objects, settled.gone.objects) == (1, 1)
    assert (in_place(store), store.read(NAME)) == (True, DATA)


def _seal() -> Seal:
    identity, key = Identity.new(), DataKey.new()
    statement = close_key(key, RegistryId("6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10"), key.id, 1, [identity.recipient()])
    return Seal(open_ring([statement], key.id, identity), key)


def test_many_objects_go_in_few_deletions(service: Service):
    """A million objects would take a million requests to delete."""
    store = RemoteStore.create(service, PlainCodec())
    for number in range(1500):
        store.write(Digest.of(b"%d" % number), b"%d" % number)
    later(service, 100)
    gc = Gc(store)
    asked: list[str] = []
    service.before = asked.append
    assert gc.move().objects == 1500
    assert (asked.count("copy"), asked.count("delete")) == (1500, 2)


def test_a_service_that_tells_no_times_is_left_alone(store: RemoteStore, service: Service):
    """Everything would look as old as 1970."""
    service.now = 0
    with pytest.raises(StorageError, match="does not tell when"):
        RemoteSweep(store, GRACE).clock()
