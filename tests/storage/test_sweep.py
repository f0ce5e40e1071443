"""Sweeping a local store: each interleaving of docs/adr/0010, and processes that really race."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage.doomed import DoomedArea
from gitreg.storage.ingest import ingest
from gitreg.storage.layout import DOOMED
from gitreg.storage.local import LocalStore
from gitreg.storage.local_sweep import LocalSweep
from gitreg.storage.store import MissingObjectError
from gitreg.storage.sweep import Swept
from tests.storage.crash import killed_at
from tests.storage.helpers import object_file

DATA = b"an object that two people need"
NAME = Digest.of(DATA)


@pytest.fixture
def old(store):
    """The store with one object that looks unused since 1970."""
    store.write(NAME, DATA)
    store.flush()
    os.utime(object_file(store, NAME), (1, 1))
    return store


def listing(store):
    return list(LocalSweep(store).listed())


def test_untouched_objects_go(old):
    """Row 0: nobody came between."""
    assert LocalSweep(old).remove_untouched(listing(old)) == Swept(1, len(DATA))
    assert list(old.names()) == []
    assert not (old.root / DOOMED).exists()


def test_renewed_before_the_listing_is_seen_young(old):
    """Row 1: an add that reuses an object would not be noticed."""
    before = LocalSweep(old).clock()
    LocalStore.open(old.root).present([NAME])
    (listed,) = listing(old)
    assert listed.modified >= before


def test_wanted_while_it_is_moved_aside_is_written_anew(old):
    """Row 2: an add would rely on what is about to be unlinked."""
    (listed,) = listing(old)
    area = DoomedArea(old.root)
    assert area.take(listed.digest, listed.modified)
    other = LocalStore.open(old.root)
    assert not other.present([NAME])
    other.write(NAME, DATA)
    other.flush()
    assert area.drop(NAME)
    area.close()
    assert other.read(NAME) == DATA


def test_renewed_after_the_listing_is_put_back(old):
    """Row 3: the time is looked at before the unlink, so what is renewed in between would be lost."""
    candidates = listing(old)
    assert LocalStore.open(old.root).present([NAME])
    assert LocalSweep(old).remove_untouched(candidates) == Swept(0, 0)
    assert old.read(NAME) == DATA
    assert not (old.root / DOOMED).exists()


def test_what_a_killed_sweep_had_moved_is_put_back_by_whoever_comes(old):
    """Row 6: objects that somebody relies on would stay out of sight."""
    script = """
from pathlib import Path
from gitreg.core.digest import Digest
from gitreg.storage.doomed import DoomedArea
root, name = Path(sys.argv[1]), Digest.from_hex(sys.argv[2])
DoomedArea(root).take(name, 10**9)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert killed_at(10**6, script, old.root, NAME.hex)
    assert not object_file(old, NAME).exists()
    assert LocalStore.open(old.root).read(NAME) == DATA
    assert not (old.root / DOOMED).exists()


def test_written_anew_before_it_is_put_back(old):
    """Row 7: the copy just written would be replaced by an old one, or the sweep fail."""
    (listed,) = listing(old)
    area = DoomedArea(old.root)
    area.take(listed.digest, listed.modified)
    old.write(NAME, DATA)
    old.flush()
    inode = object_file(old, NAME).stat().st_ino
    area.close()
    assert object_file(old, NAME).stat().st_ino == inode
    assert not (old.root / DOOMED).exists()


def test_what_is_moved_aside_can_be_read(old):
    """Who relies on an object would miss it for the moment between its move and its return."""
    (listed,) = listing(old)
    area = DoomedArea(old.root)
    area.take(listed.digest, listed.modified)
    assert LocalStore.open(old.root).read(NAME) == DATA
    area.close()
    old.remove([NAME])
    with pytest.raises(MissingObjectError):
        old.read(NAME)


def test_nobody_interferes_with_a_sweep_that_lives(old):
    """Every command would undo the work of a gc beside it."""
    (listed,) = listing(old)
    area = DoomedArea(old.root)
    area.take(listed.digest, listed.modified)
    LocalStore.open(old.root)
    assert area.drop(NAME)
    area.close()


def test_manifests_go_first(tree, store):
    """An interrupted sweep would leave manifests that claim chunks which are gone."""
    manifest = ingest(tree, store).manifest
    script = """
from pathlib import Path
from gitreg.storage.local import LocalStore
from gitreg.storage.local_sweep import LocalSweep
from gitreg.storage import doomed
real = doomed.DoomedArea.drop
def drop(self, digest):
    print(digest.hex, flush=True)
    return real(self, digest)
doomed.DoomedArea.drop = drop
sweep = LocalSweep(LocalStore.open(Path(sys.argv[1])))
sweep.remove_untouched(sweep.listed())
"""
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + script, store.root], capture_output=True, text=True, check=True
    )
    dropped = done.stdout.split()
    assert dropped[0] == manifest.digest.hex
    assert len(dropped) > 3


def test_a_store_that_may_not_be_changed(old):
    """A raw OSError would be shown as a bug."""
    candidates = listing(old)
    (old.root / DOOMED).write_text("a file in the way")
    with pytest.raises(StorageError, match="cannot remove"):
        LocalSweep(old).remove_untouched(candidates)
    assert old.read(NAME) == DATA


SWEEPER = """
import sys, time
from pathlib import Path
from gitreg.storage.local import LocalStore
from gitreg.storage.local_sweep import LocalSweep
removed, end = 0, time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    sweep = LocalSweep(LocalStore.open(Path(sys.argv[1])))
    candidates = [each for each in sweep.listed() if each.modified < 10**15]
    removed += sweep.remove_untouched(candidates).objects
print(removed)
"""
# Objects are made old only where nobody relies on them any more: at the start of a round.
ADDER = """
import os, sys, time
from contextlib import suppress
from pathlib import Path
from gitreg.core.digest import Digest
from gitreg.storage.layout import object_path
from gitreg.storage.local import LocalStore
root, mine = Path(sys.argv[1]), sys.argv[3]
reused, end = 0, time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    store = LocalStore.open(root)
    pieces = [f"{mine} piece {number}".encode() for number in range(20)]
    for data in pieces:
        digest = Digest.of(data)
        if store.present((digest,)):
            reused += 1
        else:
            store.write(digest, data)
    store.flush()
    for data in pieces:
        assert store.read(Digest.of(data)) == data, "an object that an add relied on is gone"
    for data in pieces:
        with suppress(FileNotFoundError):  # moved aside for a moment
            os.utime(root / object_path(Digest.of(data)), (1, 1))
print(reused)
"""


@pytest.mark.parametrize("seconds", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_processes_that_race(store, seconds):
    """The interleavings above are those that we thought of; row 4 happens inside one system call."""
    scripts = [(SWEEPER, "a"), (SWEEPER, "b"), (ADDER, "x"), (ADDER, "y")]
    command = [sys.executable, "-c"]
    processes = [
        subprocess.Popen([*command, script, store.root, str(seconds), who], stdout=subprocess.PIPE, text=True)
        for script, who in scripts
    ]
    outcomes = [(process.communicate()[0], process.returncode) for process in processes]
    assert [code for _, code in outcomes] == [0, 0, 0, 0]
    figures = [int(said) for said, _ in outcomes]
    assert sum(figures[:2]) > 50, "nothing was swept, so nothing was tested"
    assert sum(figures[2:]) > 5, "nothing was reused, so nothing was tested"
    deadline = time.monotonic() + 5
    while (store.root / DOOMED).exists() and time.monotonic() < deadline:
        LocalStore.open(store.root)
    assert not (store.root / DOOMED).exists()
