"""Disks that fail or are full: one line for the user, nothing half done in sight, and the next run completes it.

A failing disk is an ObjectStore here whose reads and writes raise what a real one's would; that needs no device.
"""

from __future__ import annotations

import errno
import os
import random
import subprocess

import pytest

from gitreg.core.limits import MIB
from gitreg.errors import StorageError
from gitreg.storage.cache import checkout_path
from gitreg.storage.checkout import materialise
from gitreg.storage.fsck import FaultKind, check_objects
from gitreg.storage.ingest import ingest
from gitreg.storage.layered import LayeredStore
from gitreg.storage.local import LocalStore
from gitreg.storage.os_failures import storage_failure
from gitreg.storage.transfer import copy_artifact, ensure_complete
from gitreg.storage.verified import read_chunk, read_manifest
from tests.storage.helpers import contents


class Failing(LocalStore):
    """Raises EIO for some objects, and in any case after so many calls."""

    def __init__(self, root, bad=(), calls=10**9):
        super().__init__(root)
        self.bad = set(bad)
        self.calls = calls

    def read(self, digest):
        self._fail(digest, "read from")
        return super().read(digest)

    def write(self, digest, data):
        self._fail(digest, "write to")
        super().write(digest, data)

    def _fail(self, digest, doing):
        self.calls -= 1
        if digest in self.bad or self.calls < 0:
            raise storage_failure(OSError(errno.EIO, os.strerror(errno.EIO)), doing, self.describe())


@pytest.fixture
def manifest(tree, store):
    (tree / "weights" / "more.bin").write_bytes(random.Random(9).randbytes(12 * MIB))
    return ingest(tree, store).manifest


@pytest.fixture
def victim(manifest):
    return manifest.chunks[len(manifest.chunks) // 2].digest


def nothing_but_whole_files(place, tree):
    """Each file in place is right; temporary ones are gone."""
    whole = contents(tree)
    return not place.exists() or contents(place).items() <= whole.items()


def test_a_checkout_from_a_failing_disk(tree, store, manifest, victim, tmp_path):
    """A file with a hole in it would be used."""
    out = tmp_path / "out"
    with pytest.raises(StorageError, match="Input/output error") as caught:
        materialise(manifest, Failing(store.root, [victim]), out)
    assert "disk" in caught.value.hint
    assert nothing_but_whole_files(out, tree)
    assert len(contents(out)) < len(contents(tree))
    materialise(manifest, store, out)
    assert contents(out) == contents(tree)


def test_a_shared_checkout_from_a_failing_disk(store, manifest, victim, tmp_path):
    """All later loads would take what the failed one has left."""
    with pytest.raises(StorageError):
        checkout_path(manifest, Failing(store.root, [victim]), tmp_path / "cache")
    assert list((tmp_path / "cache" / "checkouts").iterdir()) == []


def test_what_one_disk_cannot_read_comes_from_the_other_store(store, manifest, victim, tmp_path):
    """A bad sector would stop a host although the shared store is fine."""
    remote = LocalStore.create(tmp_path / "remote")
    copy_artifact(manifest.digest, store, remote)
    failing = Failing(store.root, [victim])
    assert read_chunk(LayeredStore(failing, remote), victim) == read_chunk(remote, victim)
    remote.remove([victim])
    with pytest.raises(StorageError, match="Input/output error"):
        read_chunk(LayeredStore(failing, remote), victim)


def test_fsck_of_a_failing_disk_goes_on(store, manifest, victim):
    """The first bad sector would hide all others."""
    (fault,) = check_objects(Failing(store.root, [victim]))
    assert (fault.digest, fault.kind) == (victim, FaultKind.UNREADABLE)


@pytest.mark.parametrize("calls", [0, 1, 5, 9])
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_copy_that_fails_is_not_claimed_and_goes_on(store, manifest, tmp_path, calls, side):
    """A push would be called done with chunks missing (W1, W5)."""
    root = LocalStore.create(tmp_path / "remote").root
    source = Failing(store.root, calls=calls) if side == "source" else store
    target = Failing(root, calls=calls) if side == "target" else LocalStore.open(root)
    with pytest.raises(StorageError, match="Input/output error"):
        copy_artifact(manifest.digest, source, target)
    again = LocalStore.open(root)
    assert not again.present([manifest.digest])
    assert list(check_objects(again)) == []
    copy_artifact(manifest.digest, store, again)
    assert ensure_complete(read_manifest(again, manifest.digest), again) == []


@pytest.fixture
def disk(tmp_path):
    """A disk of 8 MiB, which `grow` makes large enough."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def grow(disk):
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)


def full(caught):
    return "No space left" in caught.value.message and "free some space" in caught.value.hint


def test_a_full_disk_during_a_checkout(tree, store, manifest, disk):
    """Cut-off files would be left, or the space never be freed again."""
    with pytest.raises(StorageError) as caught:
        materialise(manifest, store, disk / "out")
    assert full(caught)
    assert nothing_but_whole_files(disk / "out", tree)
    grow(disk)
    assert materialise(manifest, store, disk / "out").reused < len(manifest.files)
    assert contents(disk / "out") == contents(tree)


def test_a_full_disk_while_the_cache_is_filled(tree, store, manifest, disk):
    """Half a model would be loaded, or the cache stay full of rubbish."""
    with pytest.raises(StorageError) as caught:
        checkout_path(manifest, store, disk / "cache")
    assert full(caught)
    assert list((disk / "cache" / "checkouts").iterdir()) == []
    grow(disk)
    place = checkout_path(manifest, store, disk / "cache")
    assert set(contents(place)) == set(contents(tree))


def test_a_full_disk_during_a_copy(store, manifest, disk):
    """A shared store on a full disk would be left with torn objects, or a manifest without its chunks."""
    target = LocalStore.create(disk / "remote")
    with pytest.raises(StorageError) as caught:
        copy_artifact(manifest.digest, store, target)
    assert full(caught)
    again = LocalStore.open(disk / "remote")
    assert not again.present([manifest.digest])
    assert list(check_objects(again)) == []
    grow(disk)
    copy_artifact(manifest.digest, store, again)
    assert ensure_complete(read_manifest(again, manifest.digest), again) == []
    assert list(check_objects(again)) == []


def test_a_full_disk_before_anything_is_written(store, manifest, disk):
    """The store itself could not be made, and the user would see a traceback."""
    with pytest.raises(OSError, match="No space"):
        (disk / "ballast").write_bytes(bytes(9 * MIB))
    for attempt in (
        lambda: materialise(manifest, store, disk / "out"),
        lambda: checkout_path(manifest, store, disk / "cache"),
        lambda: copy_artifact(manifest.digest, store, LocalStore.create(disk / "remote")),
    ):
        with pytest.raises(StorageError) as caught:
            attempt()
        assert full(caught)
