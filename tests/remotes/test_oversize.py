"""Values that are larger than they can be: whoever can write to a store would take all memory of those who read it."""

from __future__ import annotations

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage.layout import MAX_FORMAT_BYTES
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.driver import OversizeError
from gitreg.storage.remote.drivers import open_driver
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.verified import CorruptObjectError
from tests.remotes.service import Service
from tests.servers.fixtures import SERVED, place_at


@pytest.mark.parametrize("way", SERVED)
def test_no_more_is_read_than_is_asked_for(way: tuple[str, str], request: pytest.FixtureRequest):
    place = place_at(request, *way)
    driver = open_driver(place.url, place.options)
    for value in (b"", b"12345"):
        driver.put("objects/a", value)
        assert driver.get("objects/a", len(value)) == value
        assert driver.get("objects/a") == value
    with pytest.raises(OversizeError, match="larger than it can be"):
        driver.get("objects/a", 4)


def test_a_layout_of_any_size_is_refused():
    """Opening a store would read a hundred gigabytes before anything was checked."""
    service = Service()
    service.put("format", bytes(MAX_FORMAT_BYTES + 1))
    with pytest.raises(StorageError, match="larger than it can be"):
        RemoteStore.open(service, PlainCodec())


class Vast(Service):
    """Whatever is asked for is too much."""

    def get(self, key: str, most: int = 0) -> bytes:
        raise OversizeError(self.describe())


@pytest.mark.parametrize("how", ["read", "renew"])
def test_an_object_that_is_too_large_is_a_corrupt_one(how: str):
    """fsck would end there, and could not repair it."""
    store = RemoteStore(Vast(), PlainCodec())
    with pytest.raises(CorruptObjectError):
        getattr(store, how)(Digest.of(b"object"))
