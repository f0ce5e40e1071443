"""Bulk work where objects are not as they should be: no good copy is given up, and nothing else is stopped."""

from __future__ import annotations

import pickle

import pytest
import zstandard

from gitreg.core.digest import Digest
from gitreg.storage.bulk.copying import Mirror, Renew
from gitreg.storage.bulk.place import Place
from gitreg.storage.bulk.threads import Threads
from gitreg.storage.fsck import FaultKind
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.sealed_codec import SealedCodec
from gitreg.storage.remote.sealing.ring import DataKey, KeyRing, Seal
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.transfer import copy_artifact
from gitreg.storage.verified import read_manifest_text
from tests.storage.helpers import damage, object_file
from tests.storage.remote.counted import CountedDriver


@pytest.fixture
def result(store, tree):
    return ingest(tree, store)


@pytest.fixture
def other(tmp_path):
    return LocalStore.create(tmp_path / "other")


@pytest.fixture
def work(store, other):
    return Mirror(Place(str(store.root)), Place(str(other.root)))


def put_off(done):
    return [manifest for each in done for manifest in each.manifests]


def kinds(*done):
    return {fault.digest: fault.kind for each in done for fault in each.faults}


def mirror(work):
    done = list(Threads().run(work))
    return [*done, work.finish(put_off(done))]


def test_an_object_cut_off_at_the_source_stays_whole_in_the_target(store, other, work, result):
    """The second store would lose the only good copy on the day the first one is damaged."""
    mirror(work)
    chunk = result.manifest.chunks[0].digest
    good = other.read(chunk)
    damage(object_file(store, chunk), lambda data: data[:-1])
    assert kinds(*mirror(work)) == {chunk: FaultKind.CORRUPT}
    assert other.read(chunk) == good


def test_a_manifest_packed_by_another_release_is_left_alone(store, other, work, result):
    """The artifact would be gone from the target until the last part is done, or for good if that is not reached."""
    mirror(work)
    manifest = result.manifest.digest
    packed = zstandard.ZstdCompressor(level=19, write_checksum=True).compress(read_manifest_text(store, manifest))
    assert len(packed) != len(store.read(manifest))
    damage(object_file(other, manifest), lambda _: packed)
    assert put_off(Threads().run(work)) == []
    assert other.read(manifest) == packed


def test_a_manifest_that_is_damaged_in_the_target_comes_anew(store, other, work, result):
    """Damage would stay for good."""
    mirror(work)
    damage(object_file(other, result.manifest.digest), lambda data: data[:-1])
    mirror(work)
    assert other.read(result.manifest.digest) == store.read(result.manifest.digest)


def test_an_object_that_only_looks_like_a_manifest_stops_nothing(store, other, work, result):
    """Whoever can write to one store could keep it from ever being mirrored."""
    text = b"no manifest\n"
    odd = Digest.of(text)
    store.write(odd, zstandard.ZstdCompressor().compress(text))
    store.flush()
    assert kinds(*mirror(work)) == {odd: FaultKind.CORRUPT}
    assert set(other.names()) == set(store.names()) - {odd}


def test_a_manifest_that_a_gc_took_meanwhile_stops_nothing(store, work, result):
    """A run of hours would end with an error, and with manifests left to copy."""
    done = list(Threads().run(work))
    object_file(store, result.manifest.digest).unlink()
    assert kinds(work.finish(put_off(done))) == {}


class _Held:
    """A Place whose store is in memory."""

    def __init__(self, driver=None, codec=None) -> None:
        self.driver = driver or CountedDriver()
        self.store = RemoteStore(self.driver, codec or PlainCodec())

    def open(self):
        return self.store

    def open_anew(self):
        return self.store


def test_each_part_is_listed_once_and_by_itself(store, result):
    """Each of 256 parts would list the whole store, or ask for its names one by one."""
    source, target = _Held(), _Held()
    copy_artifact(result.manifest.digest, store, source.store)
    for held in (source, target):
        held.driver.requests.clear()
        held.store = RemoteStore(held.driver, PlainCodec())
    list(Threads().run(Mirror(source, target)))
    for held in (source, target):
        assert (held.driver.requests["LIST"], held.driver.requests["HEAD"]) == (256, 0)


def test_sizes_are_those_of_the_objects_in_one_part(store, result):
    """A mirror would copy everything each time, or take a cut-off object for a good one."""
    held = _Held().store
    copy_artifact(result.manifest.digest, store, held)
    part = result.manifest.chunks[0].digest.hex[:2]
    expected = {digest: len(store.read(digest)) for digest in store.names(part)}
    assert expected
    assert dict(store.sizes(part)) == dict(held.sizes(part)) == expected


def test_a_store_is_opened_once_in_a_run_and_anew_in_the_next(store):
    """Workers live for weeks: a second mirror would believe in chunks that a gc has removed since the first one."""
    place, later = Place(str(store.root)), Place(str(store.root))
    assert pickle.loads(pickle.dumps(place)).open() is place.open()
    assert later.open() is not place.open()
    assert place.open_anew() is not place.open()


def test_an_object_under_a_key_that_is_not_ours_stops_nothing():
    """One upload of somebody else's would keep the whole store under a key that was given away."""
    first, theirs, newest = DataKey.new(), DataKey.new(), DataKey.new()
    driver = CountedDriver()
    for key, data in ((first, b"ours"), (theirs, b"theirs")):
        codec = SealedCodec(Seal(KeyRing(first, (first, key)), key), "the store")
        driver.put(codec.key(Digest.of(data)), codec.encode(Digest.of(data), data))
    ring = KeyRing(first, (first, newest), closed=frozenset({theirs.id}))
    held = _Held(driver, SealedCodec(Seal(ring, newest), "the store"))
    done = list(Threads().run(Renew(held)))
    assert kinds(*done) == {Digest.of(b"theirs"): FaultKind.UNREADABLE}
    assert sum(each.written for each in done) == 1
