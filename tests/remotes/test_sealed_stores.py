"""Encrypted stores at every service: made once, told from plain ones, and all that gitreg asks of a store."""

from __future__ import annotations

import random

import pytest

from gitreg.core.digest import Digest
from gitreg.core.key_id import KeyId
from gitreg.core.registry_id import RegistryId
from gitreg.core.store_key import KeyRecord
from gitreg.errors import RefusedError
from gitreg.storage.open_store import create_store, open_store
from gitreg.storage.remote.drivers import open_driver
from gitreg.storage.remote.sealing.identity import Identity
from gitreg.storage.remote.sealing.records import found_sealed_store, read_records
from gitreg.storage.remote.sealing.ring import DataKey, Seal, close_key, open_ring
from tests.servers.fixtures import SERVED, place_at

REGISTRY = RegistryId("6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10")
OBJECTS = {Digest.of(data): data for data in (random.Random(n).randbytes(3000 + n) for n in range(20))}


@pytest.mark.parametrize("way", SERVED)
def test_a_sealed_store_is_a_store(request, way):
    """A service that treats names or listings in its own way would lose what is encrypted."""
    served = place_at(request, *way)
    identity, key = Identity.new(), DataKey.new()
    statement = close_key(key, REGISTRY, key.id, 1, [identity.recipient()])
    service = open_driver(served.url, served.options)
    signature = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
    found_sealed_store(service, KeyRecord(statement, signature))
    records = read_records(service, KeyId(key.id))
    ring = open_ring([record.statement for record in records], key.id, identity)
    store = open_store(served.url, served.options, seal=Seal(ring, key))
    for digest, data in OBJECTS.items():
        store.write(digest, data)
    assert set(store.names()) == store.present(list(OBJECTS)) == set(OBJECTS)
    assert all(store.read(digest) == data for digest, data in OBJECTS.items())
    gone = next(iter(OBJECTS))
    store.remove([gone])
    assert store.present([gone]) == set()
    for attempt in (open_store, create_store):
        with pytest.raises(RefusedError, match="is encrypted"):
            attempt(served.url, served.options)
    with pytest.raises(RefusedError, match="there is a store"):
        found_sealed_store(service, KeyRecord(statement, signature))
