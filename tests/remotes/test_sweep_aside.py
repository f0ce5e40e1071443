"""Sweeping a service: each interleaving of docs/adr/0019, step by step."""

from __future__ import annotations

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage.remote import sweep as sweep_module
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import Settled
from gitreg.storage.store import MissingObjectError
from gitreg.storage.sweep import Swept
from tests.remotes.gc_steps import DATA, DAY, NAME, Gc, copies, in_place, later, stored_long_ago
from tests.remotes.service import Service


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def store(service: Service) -> RemoteStore:
    return stored_long_ago(service)


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
    assert len(gc.seen.aside) == 2
    service.delete([gc.seen.aside[-1].key])
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
