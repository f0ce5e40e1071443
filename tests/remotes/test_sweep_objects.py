"""What a sweep of a service takes for an object, what it asks for, and how readers find what lies aside."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from gitreg.core.digest import Digest
from gitreg.core.registry_id import RegistryId
from gitreg.errors import StorageError, UsageError
from gitreg.operations.garbage.survey import survey
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.driver import LARGEST, DeniedError
from gitreg.storage.remote.sealed_codec import SealedCodec
from gitreg.storage.remote.sealing.identity import Identity
from gitreg.storage.remote.sealing.ring import DataKey, Seal, close_key, open_ring
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import RemoteSweep
from gitreg.storage.store import MissingObjectError
from tests.remotes.gc_steps import DATA, DAY, GRACE, NAME, Gc, in_place, later, stored_long_ago
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
        def get(self, key: str, most: int = LARGEST) -> bytes:
            return service.get(key, most)

        def list(self, prefix: str, after: str = ""):
            Gc(store).settle([NAME])
            return service.list(prefix, after)

    assert RemoteStore(Interrupted(), PlainCodec()).read(NAME) == DATA


def test_a_missing_object_costs_three_requests(service: Service):
    """Looking aside would list the whole store for each object that is not there."""
    asked = []

    class Counted(Service):
        def get(self, key: str, most: int = LARGEST) -> bytes:
            asked.append(key)
            return service.get(key, most)

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


class Unhurried(Service):
    """It answers a copy at once, and copies so many bytes; the rest later, or never."""

    bytes = 0

    def copy(self, source: str, target: str) -> None:
        self.before("copy")
        self._write(target, self.get(source)[: self.bytes])


@pytest.mark.parametrize("size", [0, 5])
def test_what_the_service_has_not_copied_yet_stays(size: int):
    """Azure copies when it likes: the object would be deleted, and the copy come to nothing."""
    service = Unhurried()
    service.bytes = size
    store = stored_long_ago(service)
    assert Gc(store).move().objects == 0
    assert (in_place(store), store.read(NAME)) == (True, DATA)


def test_a_copy_stays_until_what_was_put_back_is_whole():
    """The only whole copy would be deleted while the service has yet to copy it back."""
    service = Unhurried()
    service.bytes = len(DATA)
    store = stored_long_ago(service)
    Gc(store).move()
    later(service)
    service.bytes = 5
    for _ in range(2):  # the second one finds half of an object in its place
        settled = Gc(store).settle([NAME])
        assert (settled.back.objects, settled.gone.objects) == (0, 0)
    service.bytes = len(DATA)
    settled = Gc(store).settle([NAME])
    assert (settled.back.objects, settled.gone.objects) == (1, 1)
    assert store.read(NAME) == DATA


def test_the_whole_one_of_two_copies_is_put_back(store: RemoteStore, service: Service):
    """A copy that the service never completed would take the place of the object."""
    Gc(store).move()
    (whole,) = Gc(store).seen.aside
    service.put(f"{whole.key}-later", DATA[:5])
    assert Gc(store).settle([NAME]).back.objects == 1
    assert service.get(store.codec.key(NAME)) == DATA


def test_no_more_requests_at_a_time_than_the_user_wants(service: Service):
    """--jobs 1, for a service that asks for few requests, would be passed over by gc alone."""
    running, most = 0, 0
    lock = threading.Lock()

    def slow(request: str) -> None:
        nonlocal running, most
        if request == "copy":
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    store = RemoteStore.create(service, PlainCodec(), 2)
    for number in range(20):
        store.write(Digest.of(b"%d" % number), b"%d" % number)
    later(service, 100)
    service.before = slow
    assert (Gc(store).move().objects, most) == (20, 2)


def test_looking_writes_nothing(store: RemoteStore, service: Service):
    """Who may only read could not even ask what would go."""
    service.now = int(time.time()) - DAY
    store.write(NAME, DATA)

    def deny(request: str) -> None:
        raise DeniedError(f"no {request}")

    service.before = deny
    seen = survey(store, timedelta(hours=1), only_look=True)
    assert [each.digest for each in seen.garbage([])] == [NAME]
    with pytest.raises(DeniedError):
        survey(store, timedelta(hours=1))


def test_a_service_cannot_be_swept_without_a_grace(store: RemoteStore):
    """Every gc would copy all of its garbage and then say that this took too long."""
    with pytest.raises(UsageError, match="without a grace"):
        survey(store, timedelta(0))


def test_a_service_that_tells_no_times_is_left_alone(store: RemoteStore, service: Service):
    """Everything would look as old as 1970."""
    service.now = 0
    with pytest.raises(StorageError, match="does not tell when"):
        RemoteSweep(store, GRACE).clock()
