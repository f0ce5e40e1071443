"""The local store: objects whole or absent, failures told in one line, rubbish of killed writers removed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import threading

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage.local import LocalStore
from gitreg.storage.store import MissingObjectError
from tests.storage.helpers import object_file

DATA = b"some bytes"
DIGEST = Digest.of(DATA)


def test_layout_on_disk(store):
    """Other programs and older versions could not find the objects."""
    store.write(DIGEST, DATA)
    store.flush()
    assert (store.root / "format").read_bytes() == b"gitreg-store 1\n"
    path = store.root / "objects" / DIGEST.hex[:2] / DIGEST.hex
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert sorted(entry.name for entry in store.root.iterdir()) == ["format", "objects"]


def test_nothing_has_its_name_before_it_is_durable(store):
    """A power cut could leave a torn object under a digest (W2)."""
    store.write(DIGEST, DATA)
    assert not object_file(store, DIGEST).exists()
    store.flush()
    assert object_file(store, DIGEST).exists()


def test_a_link_under_an_objects_name_is_not_followed(store, tmp_path):
    """Whoever can write to a shared store could make others read files of their own."""
    secret = tmp_path / "secret"
    secret.write_bytes(DATA)
    object_file(store, DIGEST).parent.mkdir(exist_ok=True)
    object_file(store, DIGEST).symlink_to(secret)
    with pytest.raises(StorageError):
        store.read(DIGEST)


def test_a_pipe_under_an_objects_name_does_not_hang(store):
    """fsck would hang on a strange file."""
    object_file(store, DIGEST).parent.mkdir(exist_ok=True)
    os.mkfifo(object_file(store, DIGEST))
    with pytest.raises(StorageError):
        store.read(DIGEST)


def test_strangers_files_are_passed_over(store):
    """A stray .DS_Store would break gc and fsck."""
    store.write(DIGEST, DATA)
    store.flush()
    (store.root / "objects" / ".DS_Store").write_bytes(b"x")
    (store.root / "objects" / DIGEST.hex[:2] / "notes.txt").write_bytes(b"x")
    assert list(store.names()) == [DIGEST]


def test_asking_renews_an_objects_time(store):
    """gc in another process could delete an object that a running push relies on (W4)."""
    store.write(DIGEST, DATA)
    store.flush()
    os.utime(object_file(store, DIGEST), (1, 1))
    store.present([DIGEST])
    assert object_file(store, DIGEST).stat().st_mtime > 1_000_000


def test_many_threads_write_and_flush(store):
    """Objects written while another thread flushes would be lost."""
    contents = [b"%d" % number * 50 for number in range(400)]

    def work(part):
        for data in part:
            store.write(Digest.of(data), data)
            if len(data) % 7 == 0:
                store.flush()
        store.flush()

    threads = [threading.Thread(target=work, args=(contents[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(store.names()) == {Digest.of(data) for data in contents}
    assert not (store.root / "tmp").exists()


def test_rubbish_of_a_killed_writer_is_removed_and_a_living_ones_work_is_not(store):
    """Killed adds would fill the disk, or one add would break another."""
    living = LocalStore.open(store.root)
    living.write(Digest.of(b"living"), b"living")
    dead = store.root / "tmp" / "dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "rubbish").write_bytes(b"x" * 1000)
    store.write(DIGEST, DATA)
    assert not dead.exists()
    living.flush()
    assert living.read(Digest.of(b"living")) == b"living"


def test_a_store_that_vanished_is_not_taken_for_a_lost_object(store):
    """An unmounted disk would look like data loss."""
    shutil.rmtree(store.root)
    with pytest.raises(StorageError, match="no gitreg store") as caught:
        store.read(DIGEST)
    assert not isinstance(caught.value, MissingObjectError)
    with pytest.raises(StorageError):
        store.write(DIGEST, DATA)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a tmpfs here: what a full disk does is NOT tested")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_full_disk(small_disk):
    """A full disk would end in a traceback, or leave half an object that looks whole."""
    store = LocalStore.create(small_disk / "store")
    written = []

    def fill():
        for number in range(40):
            data = bytes([number]) * 100_000
            store.write(Digest.of(data), data)
            store.flush()
            written.append(data)

    with pytest.raises(StorageError, match="No space left") as caught:
        fill()
    assert "disk is full" in caught.value.hint
    assert written
    assert all(store.read(Digest.of(data)) == data for data in written)
    assert set(store.names()) == {Digest.of(data) for data in written}
    store.remove([Digest.of(written[0]), Digest.of(written[1])])
    store.write(DIGEST, DATA)
    store.flush()
    assert store.read(DIGEST) == DATA
