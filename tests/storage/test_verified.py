"""Reading objects: damage of any kind is noticed and named, and never handed on."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.limits import MAX_MANIFEST_BYTES
from gitreg.core.manifest import format_manifest
from gitreg.storage.fsck import FaultKind, check_objects
from gitreg.storage.ingest import ingest
from gitreg.storage.verified import (
    CorruptObjectError,
    is_object,
    manifest_text,
    read_chunk,
    read_manifest,
    write_manifest,
)
from tests.storage.helpers import damage, object_file

DAMAGES = [
    lambda data: data[:-1],
    lambda data: data + b"\0",
    lambda data: b"",
    lambda data: bytes(len(data)),
    lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    lambda data: bytes([data[0] ^ 128]) + data[1:],
]


@pytest.fixture
def manifest(tree, store):
    return ingest(tree, store).manifest


@pytest.mark.parametrize("change", DAMAGES)
def test_a_damaged_chunk(store, manifest, change):
    """A flipped bit would reach a model that is served."""
    digest = manifest.chunks[0].digest
    damage(object_file(store, digest), change)
    with pytest.raises(CorruptObjectError, match=digest.hex) as caught:
        read_chunk(store, digest)
    assert store.describe() in caught.value.message
    (fault,) = check_objects(store)
    assert (fault.digest, fault.kind) == (digest, FaultKind.CORRUPT)


@pytest.mark.parametrize("change", DAMAGES)
def test_a_damaged_manifest(store, manifest, change):
    """Other files than were registered would be checked out."""
    damage(object_file(store, manifest.digest), change)
    with pytest.raises(CorruptObjectError, match=manifest.digest.hex):
        read_manifest(store, manifest.digest)
    assert [fault.digest for fault in check_objects(store)] == [manifest.digest]


def test_an_intact_store_has_no_faults(store, manifest):
    """fsck would cry wolf."""
    assert list(check_objects(store)) == []


def test_an_unreadable_object_is_a_fault_not_the_end(store, manifest):
    """One bad sector would keep fsck from finding the others."""
    path = object_file(store, manifest.chunks[0].digest)
    path.unlink()
    path.mkdir()
    damage(object_file(store, manifest.chunks[1].digest), lambda data: data[:-1])
    assert {fault.kind for fault in check_objects(store)} == {FaultKind.UNREADABLE, FaultKind.CORRUPT}


def test_a_manifest_is_written_once(store, manifest):
    """Every status would rewrite the manifest."""
    before = object_file(store, manifest.digest).stat().st_ino
    assert write_manifest(store, manifest) == manifest.digest
    assert object_file(store, manifest.digest).stat().st_ino == before


def test_a_bomb_is_not_unpacked():
    """One small object could take all memory."""
    compressor = zstandard.ZstdCompressor()
    bomb = compressor.compress(bytes(1 << 20))
    huge = bomb[:4] + bytes([0xE0]) + (MAX_MANIFEST_BYTES + 1).to_bytes(8, "little") + bomb[8:]
    assert manifest_text(Digest.of(bytes(1 << 20)), huge) is None
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1000))
    assert manifest_text(Digest.of(bytes(1000)), unsized) is None


def test_telling_whether_a_bomb_is_an_object_takes_little_memory():
    """fsck and gc look at many objects at once: a few small ones would end them."""
    text = bytes(64 << 20)
    name, bomb = Digest.of(text), zstandard.ZstdCompressor().compress(text)
    del text
    tracemalloc.start()
    assert is_object(name, bomb)
    assert manifest_text(Digest.of(b"another"), bomb) is None
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40 << 20


def test_a_frame_that_wants_a_large_window_is_no_object():
    """Each decoder would take hundreds of megabytes before the first byte of text."""
    compressor = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=24, write_content_size=True)
    )
    text = bytes(9 << 20)
    packed = compressor.compress(text)
    assert manifest_text(Digest.of(text), packed) is None
    assert not is_object(Digest.of(text), packed)


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=3), st.integers(0, 3))
def test_what_is_an_object_can_be_unpacked(text, more, less):
    """fsck would pass what nobody can read, or the other way round."""
    packed = zstandard.ZstdCompressor().compress(text) + more
    packed = packed[: len(packed) - less]
    assert is_object(Digest.of(text), packed) is (manifest_text(Digest.of(text), packed) == text)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_of_their_own_name_only(data):
    """Some bytes would pass for another object, or crash fsck."""
    assert is_object(Digest.of(data), data)
    assert not is_object(Digest.of(data + b"x"), data)
    assert not is_object(Digest.of(b"other"), b"\x28\xb5\x2f\xfd" + data)


def test_stored_form_of_a_manifest(store, manifest):
    """Other versions could not read it."""
    data = store.read(manifest.digest)
    assert zstandard.ZstdDecompressor().decompress(data) == format_manifest(manifest)
