"""Two stores as one: what the near one lacks or has damaged comes from the far one, and nothing is kept."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from gitreg.core.digest import Digest
from gitreg.storage.layered import LayeredStore
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import CorruptObjectError, read_chunk
from tests.storage.helpers import damage, object_file

DATA = bytes(range(256)) * 100


@pytest.fixture
def far(tmp_path):
    store = LocalStore.create(tmp_path / "far")
    store.write(Digest.of(DATA), DATA)
    store.flush()
    return store


def test_what_was_read_from_afar_is_let_go_of_at_once(store, far):
    """A pull would hold a whole model in memory: the collector seldom comes in a command."""
    large = bytes(8 << 20)
    far.write(Digest.of(large), large)
    far.flush()
    layered = LayeredStore(store, far)
    gc.disable()
    tracemalloc.start()
    try:
        assert layered.read(Digest.of(large)) == large
        assert tracemalloc.get_traced_memory()[0] < len(large) // 2
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_fault_of_the_near_one_is_told_if_the_far_one_has_nothing(store, far):
    """The user would look for the object in the wrong place."""
    digest = Digest.of(DATA)
    store.write(digest, DATA)
    store.flush()
    damage(object_file(store, digest), lambda data: data[:-1])
    assert LayeredStore(store, far).read(digest) == DATA
    far.remove([digest])
    with pytest.raises(CorruptObjectError) as caught:
        LayeredStore(store, far).read(digest)
    assert caught.value.where == store.describe()


class OnceBad(LocalStore):
    """The first answer has a bit that toppled on its way."""

    reads = 0

    def read(self, digest):
        data = super().read(digest)
        self.reads += 1
        return bytes([data[0] ^ 1]) + data[1:] if self.reads == 1 else data


def test_what_arrives_damaged_is_read_once_more(far):
    """A fault of the network would be told as a damaged store."""
    digest = Digest.of(DATA)
    bad = OnceBad(far.root)
    assert read_chunk(bad, digest) == DATA
    assert bad.reads == 2
    assert LayeredStore(LocalStore.create(far.root / "near"), OnceBad(far.root)).read(digest) == DATA
