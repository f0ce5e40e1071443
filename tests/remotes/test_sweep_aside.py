"""Sweeping a service: each interleaving of docs/adr/0019, step by step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest

from gitreg.core.digest import Digest
from gitreg.core.registry_id import RegistryId
from gitreg.errors import StorageError
from gitreg.storage.remote import sweep as sweep_module
from gitreg.storage.remote.aside import ASIDE
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.sealed_codec import SealedCodec
from gitreg.storage.remote.sealing.identity import Identity
from gitreg.storage.remote.sealing.ring import DataKey, Seal, close_key, open_ring
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import RemoteSweep, Settled, margin
from gitreg.storage.store import MissingObjectError
from gitreg.storage.sweep import Swept
from tests.remotes.service import SECOND, Service

DATA = b"an object that two people need"
NAME = Digest.of(DATA)
GRACE = timedelta(days=14)
DAY = 86_400


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def store(service: Service) -> RemoteStore:
    """One object, uploaded long ago."""
    made = RemoteStore.create(service, PlainCodec())
    made.write(NAME, DATA)
    service.now += 100 * DAY
    return made


class Gc:
    """One run of gc in steps, so that others can come between any two of them; each has looked at the clock first."""

    def __init__(self, store: RemoteStore) -> None:
        self.sweep = RemoteSweep(store, GRACE)
        self.now = self.sweep.clock()
        self.old = [each for each in self.sweep.listed() if each.modified <= self._before(GRACE)]
        self.copies = list(self.sweep.aside())

    def _before(self, age: timedelta) -> int:
        return self.now - int(age.total_seconds()) * SECOND

    def move(self, needed: Collection[Digest] = ()) -> Swept:
        return self.sweep.remove_untouched(each for each in self.old if each.digest not in needed)

    def settle(self, needed: Collection[Digest] = ()) -> Settled:
        return self.sweep.settle(self.copies, needed, self._before(GRACE + margin(GRACE)))


def copies(store: RemoteStore) -> int:
    return len(list(store.driver.list(ASIDE)))


def later(service: Service, days: float = 15) -> None:
    service.now += int(days * DAY)


def in_place(store: RemoteStore) -> bool:
    """As somebody sees it who has just opened the store."""
    return bool(RemoteStore(store.driver, store.codec).present([NAME]))


def test_row_1_what_nobody_needs_goes_after_the_second_look(store: RemoteStore, service: Service):
    """Garbage would stay for ever, or go before anybody could say that it is needed."""
    assert Gc(store).move() == Swept(1, len(DATA))
    assert (in_place(store), store.read(NAME)) == (False, DATA)
    later(service, 14.9)
    assert Gc(store).settle() == Settled(Swept(0, 0), Swept(0, 0))
    assert store.read(NAME) == DATA
    later(service, 0.1)
    assert Gc(store).settle().gone == Swept(1, len(DATA))
    with pytest.raises(MissingObjectError):
        store.read(NAME)


def test_row_2_relied_on_before_it_is_moved(store: RemoteStore, service: Service):
    """A push that found its chunk in the store would be incomplete for ever."""
    gc = Gc(store)
    assert in_place(store)  # the pusher relies on it, and publishes
    gc.move()
    assert store.read(NAME) == DATA
    later(service)
    assert Gc(store).settle([NAME]) == Settled(Swept(1, len(DATA)), Swept(1, len(DATA)))
    assert (in_place(store), store.read(NAME), copies(store)) == (True, DATA, 0)


def test_needed_again_is_put_back_before_the_copy_may_go(store: RemoteStore):
    """Everybody would upload it again, and read it the long way, for weeks."""
    Gc(store).move()
    assert Gc(store).settle([NAME]) == Settled(Swept(1, len(DATA)), Swept(0, 0))
    assert (in_place(store), copies(store)) == (True, 1)


def test_row_3_uploaded_anew_after_it_was_moved(store: RemoteStore, service: Service):
    """What was uploaded while a copy lay aside would go together with the copy."""
    Gc(store).move()
    assert not in_place(store)
    store.write(NAME, DATA)
    later(service)
    assert Gc(store).settle([NAME]) == Settled(Swept(0, 0), Swept(1, len(DATA)))
    assert (in_place(store), copies(store)) == (True, 0)


def test_row_4_relied_on_between_copy_and_deletion(store: RemoteStore, service: Service):
    """The grace is counted from the copy, but somebody relied on the object after that."""
    seen = []
    service.before = lambda request: seen.append(in_place(store)) if request == "delete" else None
    gc = Gc(store)
    seen.clear()
    gc.move()
    assert seen == [True]
    service.before = lambda _request: None
    later(service, 14)  # the pusher's ref may come as late as now
    assert Gc(store).settle().gone == Swept(0, 0)
    later(service, 1)
    Gc(store).settle([NAME])
    assert in_place(store)


def test_row_5_uploaded_between_the_deletions_of_two_gcs(store: RemoteStore, service: Service):
    """The slower gc deletes an object that is a moment old, and that a push has just been promised."""
    slow, quick = Gc(store), Gc(store)

    def meanwhile(request: str) -> None:
        if request == "delete":
            service.before = lambda _request: None
            quick.move()
            assert not in_place(store)
            store.write(NAME, DATA)

    service.before = meanwhile
    slow.move()
    assert (in_place(store), store.read(NAME), copies(store)) == (False, DATA, 2)
    later(service)
    Gc(store).settle([NAME])
    assert (in_place(store), copies(store)) == (True, 0)


def test_row_6_published_while_gc_was_stopped(store: RemoteStore, service: Service):
    """A laptop that slept over the weekend in the middle of gc would delete what was pushed meanwhile."""
    gc = Gc(store)
    later(service, 3)
    assert in_place(store)  # relied on, published: after this gc has asked who needs what
    gc.move()
    assert store.read(NAME) == DATA
    Gc(store).settle([NAME])
    assert in_place(store)
    later(service)
    assert Gc(store).settle([NAME]).gone.objects == 1
    assert store.read(NAME) == DATA


def test_row_7_two_gcs_move_the_same(store: RemoteStore, service: Service):
    """One would take the other's failure for its own, or remove the other's copy."""
    one, two = Gc(store), Gc(store)
    assert (one.move().objects, two.move().objects) == (1, 0)
    assert (store.read(NAME), copies(store)) == (DATA, 1)
    later(service)
    assert Gc(store).settle().gone.objects == 1


def test_row_8_two_gcs_settle_the_same(store: RemoteStore, service: Service):
    """Both put back and delete: whatever the order, the object stays."""
    Gc(store).move()
    later(service)
    one, two = Gc(store), Gc(store)
    assert one.settle([NAME]).back.objects == 1
    assert two.settle([NAME]).back.objects == 0
    assert (in_place(store), copies(store)) == (True, 0)


def test_row_8_one_put_back_while_the_other_was_about_to(store: RemoteStore, service: Service):
    Gc(store).move()
    later(service)
    one, two = Gc(store), Gc(store)

    def meanwhile(_request: str) -> None:
        service.before = lambda _request: None
        one.settle([NAME])

    service.before = meanwhile
    assert two.settle([NAME]).back.objects == 0  # its copy is gone
    assert (in_place(store), copies(store)) == (True, 0)


def test_a_copy_that_is_gone_does_not_take_the_other_along(store: RemoteStore, service: Service):
    """Of two copies, the one to put back is gone: the other would be deleted as no longer needed."""
    Gc(store).move()
    store.write(NAME, DATA)
    later(service, 100)
    Gc(store).move()
    later(service)
    gc = Gc(store)
    assert len(gc.copies) == 2
    service.delete([gc.copies[-1].key])
    gc.settle([NAME])
    assert store.read(NAME) == DATA


class Killed(BaseException):
    pass


def killed_at(service: Service, wanted: str) -> None:
    def kill(request: str) -> None:
        if request == wanted:
            raise Killed

    service.before = kill


@pytest.mark.parametrize("needed", [(), (NAME,)])
def test_row_9_killed_between_copy_and_deletion(store: RemoteStore, service: Service, needed: tuple[Digest, ...]):
    """What is in both places would stay in both, or go from both."""
    gc = Gc(store)
    killed_at(service, "delete")
    with pytest.raises(Killed):
        gc.move()
    service.before = lambda _request: None
    assert (in_place(store), copies(store)) == (True, 1)
    later(service)
    gc = Gc(store)
    gc.settle(needed)
    gc.move(needed)
    assert (in_place(store), copies(store)) == ((True, 0) if needed else (False, 1))


def test_row_10_killed_between_putting_back_and_deleting_copies(store: RemoteStore, service: Service):
    Gc(store).move()
    later(service)
    gc = Gc(store)
    killed_at(service, "delete")
    with pytest.raises(Killed):
        gc.settle([NAME])
    service.before = lambda _request: None
    assert (in_place(store), copies(store)) == (True, 1)
    Gc(store).settle([NAME])
    assert (in_place(store), copies(store)) == (True, 0)


def test_row_11_a_deletion_that_comes_too_late_is_not_sent(
    store: RemoteStore, service: Service, monkeypatch: pytest.MonkeyPatch
):
    """Somebody may have relied on the object long after the copy that the next gc counts from."""
    gc = Gc(store)
    clock = [0.0]
    monkeypatch.setattr(sweep_module, "_seconds", lambda: clock[0])

    def stopped(request: str) -> None:
        clock[0] += DAY if request == "copy" else 0

    service.before = stopped
    with pytest.raises(StorageError, match="not safe any more"):
        gc.move()
    assert in_place(store)


@pytest.mark.parametrize("moment", ["copy", "delete"])
def test_row_12_read_while_it_is_put_back(store: RemoteStore, service: Service, moment: str):
    """A pull would fail by chance while somebody tidies up."""
    Gc(store).move()
    later(service)
    gc = Gc(store)
    read = []
    service.before = lambda request: read.append(store.read(NAME)) if request == moment else None
    gc.settle([NAME])
    assert read == [DATA]


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
