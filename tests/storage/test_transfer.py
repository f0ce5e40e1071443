"""Copying artifacts: complete or not claimed to be, resumable, and nothing unverified passes."""

from __future__ import annotations

import uuid

import pytest

from gitreg.errors import StorageError
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.open_store import create_store
from gitreg.storage.store import MissingObjectError
from gitreg.storage.transfer import TransferStats, copy_artifact, ensure_complete
from gitreg.storage.verified import CorruptObjectError, read_chunk, read_manifest
from tests.storage.helpers import damage, object_file


@pytest.fixture
def manifest(tree, store):
    return ingest(tree, store).manifest


@pytest.fixture(params=["local", "memory"])
def remote(request, tmp_path):
    return create_store(str(tmp_path / "remote") if request.param == "local" else f"memory://{uuid.uuid4().hex}")


def test_a_copy_is_complete(store, manifest, remote):
    """Colleagues could not pull what was pushed."""
    seen = []
    stats = copy_artifact(manifest.digest, store, remote, lambda done, total: seen.append((done, total)))
    chunks = {chunk.digest: chunk.length for chunk in manifest.chunks}
    whole = (manifest.size, len(manifest.files), len(manifest.chunks))
    assert stats == TransferStats(*whole, new_chunks=len(chunks), bytes=sum(chunks.values()))
    assert seen[-1] == (stats.bytes, stats.bytes)
    assert ensure_complete(read_manifest(remote, manifest.digest), remote) == []


def test_copying_again_moves_nothing(store, manifest, remote):
    """Every push would upload everything."""
    copy_artifact(manifest.digest, store, remote)
    again = copy_artifact(manifest.digest, store, remote)
    assert (again.new_chunks, again.bytes) == (0, 0)


def test_an_interrupted_copy_goes_on_where_it_stopped(store, manifest, remote):
    """A lost connection at 99 % would start at zero."""
    for chunk in manifest.chunks[:-2]:
        remote.write(chunk.digest, store.read(chunk.digest))
    assert copy_artifact(manifest.digest, store, remote).new_chunks == 2


def test_objects_lost_at_the_target_are_sent_again(store, manifest, remote):
    """A damaged store could not be repaired by pushing."""
    copy_artifact(manifest.digest, store, remote)
    remote.remove([manifest.chunks[0].digest])
    assert ensure_complete(manifest, remote) == [manifest.chunks[0].digest]
    assert copy_artifact(manifest.digest, store, remote).new_chunks == 1


def test_nothing_corrupt_is_passed_on(store, manifest, remote):
    """Damage would spread, and the target claim to be complete (W1, W5)."""
    digest = manifest.chunks[0].digest
    damage(object_file(store, digest), lambda data: data[:-1])
    with pytest.raises(CorruptObjectError, match=digest.hex):
        copy_artifact(manifest.digest, store, remote)
    assert remote.present([digest, manifest.digest]) == set()


def test_a_missing_object_is_named(store, manifest, remote):
    """A push would end as success without all bytes."""
    digest = manifest.chunks[0].digest
    store.remove([digest])
    with pytest.raises(MissingObjectError, match=digest.hex):
        copy_artifact(manifest.digest, store, remote)
    assert remote.present([manifest.digest]) == set()


def test_the_manifest_is_the_last_to_be_written(store, manifest, tmp_path):
    """Killed in between, the target would claim bytes it does not have (W1)."""
    log = []

    class Watched(LocalStore):
        def write(self, digest, data):
            log.append(digest)
            super().write(digest, data)

        def flush(self):
            log.append("flush")
            super().flush()

    copy_artifact(manifest.digest, store, Watched(LocalStore.create(tmp_path / "remote").root))
    assert log[-3:] == ["flush", manifest.digest, "flush"]


def test_a_target_that_fails(store, manifest, tmp_path):
    """A full remote would be reported as success."""

    class Full(LocalStore):
        def write(self, digest, data):
            raise StorageError("full")

    with pytest.raises(StorageError, match="full"):
        copy_artifact(manifest.digest, store, Full(LocalStore.create(tmp_path / "remote").root))


def test_a_cut_off_object_over_there_is_sent_again(store, manifest, remote):
    """A push would call an artifact complete that nobody can pull."""
    copy_artifact(manifest.digest, store, remote)
    victim = manifest.chunks[3]
    remote.remove([victim.digest])
    remote.write(victim.digest, read_chunk(store, victim.digest)[:-1])
    remote.flush()
    assert ensure_complete(manifest, remote) == [victim.digest]
    assert copy_artifact(manifest.digest, store, remote).new_chunks == 1
    assert read_chunk(remote, victim.digest) == read_chunk(store, victim.digest)
    assert ensure_complete(manifest, remote) == []
