"""Moving aside, reading there, putting back and deleting for good, at every kind of service and by every driver."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta

import pytest

from gitreg.core.digest import Digest
from gitreg.operations.garbage.survey import survey
from gitreg.storage.open_store import create_store, open_store
from gitreg.storage.remote.sweep import Settled
from gitreg.storage.store import MissingObjectError, ObjectStore
from gitreg.storage.sweep import Swept
from tests.servers.fixtures import SERVED, place_at
from tests.servers.server import Place

pytestmark = pytest.mark.slow

GRACE = timedelta(seconds=2.5)
WANTED, GARBAGE = b"wanted again" * 999, b"garbage" * 999


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest) -> Place:
    return place_at(request, *request.param)


def collect(place: Place, needed: Collection[Digest]) -> tuple[Settled, Swept]:
    seen = survey(open_store(place.url, place.options), GRACE)
    return seen.sweep.settle(seen.aside, needed, seen.settled), seen.sweep.remove_untouched(seen.garbage(needed))


def read_by_a_stranger(place: Place, digest: Digest) -> bytes:
    return open_store(place.url, place.options).read(digest)


def test_each_service_moves_aside_and_settles(served: Place):
    """Its copies might not count as new, its clock be unknown, its deletions take too many at once."""
    store: ObjectStore = create_store(served.url, served.options)
    names = [Digest.of(WANTED), Digest.of(GARBAGE)]
    for data in (WANTED, GARBAGE):
        store.write(Digest.of(data), data)
    assert collect(served, []) == (Settled(Swept(0, 0), Swept(0, 0)), Swept(0, 0))  # still young
    time.sleep(4)
    assert collect(served, [])[1] == Swept(2, len(WANTED + GARBAGE))
    assert not open_store(served.url, served.options).present(names)
    assert [read_by_a_stranger(served, name) for name in names] == [WANTED, GARBAGE]
    settled, moved = collect(served, names[:1])  # the copies are a moment old, whatever the age of what they are of
    assert (settled, moved) == (Settled(Swept(1, len(WANTED)), Swept(0, 0)), Swept(0, 0))
    time.sleep(6.5)
    assert collect(served, names[:1])[0].gone.objects == 2
    assert list(open_store(served.url, served.options).names()) == names[:1]
    assert read_by_a_stranger(served, names[0]) == WANTED
    with pytest.raises(MissingObjectError):
        read_by_a_stranger(served, names[1])
