"""Sealed objects: back comes what went in or nothing, and who holds the store learns neither bytes nor names."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.errors import RefusedError
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.sealed_codec import SealedCodec
from gitreg.storage.remote.sealing.ring import DataKey, KeyRing, Seal, SealedError
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import RemoteSweep
from gitreg.storage.verified import CorruptObjectError
from tests.remotes.service import Service
from tests.storage.remote.counted import CountedDriver

OLD, NEW = DataKey.new(), DataKey.new()
RING = KeyRing(OLD, (OLD, NEW))
CODEC = SealedCodec(Seal(RING, NEW), "the store")
BEFORE = SealedCodec(Seal(KeyRing(OLD, (OLD,)), OLD), "the store")
DATA = b"weights" * 5
DIGEST = Digest.of(DATA)
SEALED = CODEC.encode(DIGEST, DATA)

digests = st.binary(min_size=32, max_size=32).map(lambda data: Digest(data.hex()))


@given(st.binary(max_size=300))
def test_round_trip_with_a_constant_overhead(data):
    """An object would be lost, or its size could not be checked without reading it."""
    digest = Digest.of(data)
    sealed = CODEC.encode(digest, memoryview(data))
    assert len(sealed) == len(data) + CODEC.overhead
    assert CODEC.decode(digest, sealed) == data


@given(digests)
def test_names_round_trip_and_stay_through_a_rotation(digest):
    """After a rotation nothing would be found again, and everything be uploaded anew."""
    assert CODEC.digest(CODEC.key(digest)) == digest
    assert BEFORE.key(digest) == CODEC.key(digest)
    assert digest.hex not in CODEC.key(digest)


def test_keys_spread_evenly():
    """Listing by prefix, which partitions work, would be one partition."""
    counts = Counter(CODEC.key(Digest.of(bytes([n % 256, n // 256]))).split("/")[1] for n in range(8192))
    assert len(counts) == 256
    assert max(counts.values()) < 80


@pytest.mark.parametrize("length", range(len(SEALED)))
def test_a_truncated_object_is_refused(length):
    with pytest.raises(CorruptObjectError):
        CODEC.decode(DIGEST, SEALED[:length])


@pytest.mark.parametrize("position", range(len(SEALED)))
def test_no_changed_byte_of_a_sealed_object_survives(position):
    bad = bytearray(SEALED)
    bad[position] ^= 1
    with pytest.raises(CorruptObjectError):
        CODEC.decode(DIGEST, bytes(bad))


def test_swapped_foreign_and_plain_objects_are_refused():
    """Whoever holds the store could give one object for another."""
    other = Digest.of(b"other")
    stranger = DataKey.new()
    foreign = SealedCodec(Seal(KeyRing(stranger, (stranger,)), stranger), "elsewhere")
    relabelled = SEALED[:4] + bytes.fromhex(OLD.id) + SEALED[20:]
    for data in (CODEC.encode(other, b"other"), foreign.encode(DIGEST, DATA), DATA, b"", relabelled, SEALED + b"\0"):
        with pytest.raises(CorruptObjectError):
            CODEC.decode(DIGEST, data)
    for key in (foreign.key(DIGEST), PlainCodec().key(DIGEST), CODEC.key(DIGEST).upper(), "objects/ab/", "keys/x"):
        assert CODEC.digest(key) is None


def test_the_same_object_never_looks_the_same():
    """A nonce used twice would give away what two uploads differ in."""
    assert CODEC.encode(DIGEST, DATA) != SEALED


def test_objects_of_before_a_rotation_are_read_and_new_ones_not_by_the_old_key():
    assert CODEC.decode(DIGEST, BEFORE.encode(DIGEST, DATA)) == DATA
    with pytest.raises(CorruptObjectError):
        BEFORE.decode(DIGEST, SEALED)


def test_a_key_that_is_for_others_is_named_and_not_taken_for_damage():
    """Somebody who was not added to a new key would be told to repair the store."""
    codec = SealedCodec(Seal(KeyRing(OLD, (OLD,), frozenset([NEW.id])), OLD), "the store")
    with pytest.raises(SealedError, match="not for this identity"):
        codec.decode(DIGEST, SEALED)


def test_nothing_is_written_with_a_key_that_nobody_vouches_for():
    """Whoever holds the store could make up a key, and would read all that is uploaded from then on."""
    refusal = RefusedError("nobody trusted signed the key")
    codec = SealedCodec(Seal(RING, refusal), "the store")
    assert codec.decode(DIGEST, SEALED) == DATA
    with pytest.raises(RefusedError, match="nobody trusted"):
        codec.encode(DIGEST, DATA)


def test_a_seal_can_be_sent_to_another_machine():
    """Work on a sealed store could not be shared out."""
    seal = Seal(RING, NEW)
    assert pickle.loads(pickle.dumps(seal)) == seal
    assert hash(seal) == hash(pickle.loads(pickle.dumps(seal)))


@pytest.fixture
def driver():
    return CountedDriver()


def test_a_stolen_store_shows_neither_bytes_nor_names(driver):
    store = RemoteStore.create(driver, CODEC)
    objects = {Digest.of(data): data for data in (random.Random(n).randbytes(5000) for n in range(20))}
    for digest, data in objects.items():
        store.write(digest, data)
    assert set(store.names()) == set(objects)
    assert store.lengths(list(objects)) == dict.fromkeys(objects, 5000)
    assert all(store.read(digest) == data for digest, data in objects.items())
    shown = b"".join([key.encode() + value for key, value in driver.values.items()])
    for digest, data in objects.items():
        pieces = [data[at : at + 8] for at in range(0, 5000, 8)]
        assert not any(piece in shown for piece in (*pieces, digest.hex.encode(), bytes.fromhex(digest.hex)))


def test_neither_kind_of_store_passes_for_the_other(driver):
    """Whoever holds the store could have everything uploaded in the clear, by putting a plain one in its place."""
    RemoteStore.create(driver, CODEC)
    with pytest.raises(RefusedError, match="is encrypted, and for this registry it is not"):
        RemoteStore.open(driver, PlainCodec())
    driver.put("format", PlainCodec.layout)
    for attempt in (RemoteStore.open, RemoteStore.create):
        with pytest.raises(RefusedError, match="is not encrypted, and for this registry it is"):
            attempt(driver, CODEC)


def test_gc_moves_sealed_objects_aside_where_readers_still_find_them():
    """Names that gc did not understand would keep everything for ever, or cost what a push relies on."""
    service = Service()
    store = RemoteStore.create(service, CODEC)
    store.write(DIGEST, DATA)
    service.now += 100 * 86_400
    sweep = RemoteSweep(store, timedelta(days=14))
    assert sweep.remove_untouched(sweep.listed()).objects == 1
    assert [copy.digest for copy in sweep.aside()] == [DIGEST]
    assert set(store.names()) == set()
    assert store.read(DIGEST) == DATA
