"""gc killed at any change on disk, and gc beside an add: nothing needed is lost, and the next run is complete."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.operations.add import AddRequest
from gitreg.operations.garbage.gc import GcRequest
from gitreg.storage.fsck import check_objects
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.crash import killed_at
from tests.storage.helpers import object_file

GC = """
import gitreg
from gitreg.operations.garbage.gc import GcRequest
gitreg.open(sys.argv[1]).gc(GcRequest(force=True))
"""


def store_of(registry: Registry) -> LocalStore:
    return LocalStore.open(registry.context.repo.local_state)


def litter(registry: Registry, folder: Path, generator: random.Random) -> set[Digest]:
    """Artifacts in the store that nothing names, and everything in it old; returns their manifests."""
    store = store_of(registry)
    folder.mkdir(exist_ok=True)
    manifests = set()
    for _ in range(4):
        for number in range(3):
            (folder / f"{number}").write_bytes(generator.randbytes(150_000))
        manifests.add(ingest(folder, store).manifest.digest)
    make_old(store)
    return manifests


def make_old(store: LocalStore) -> None:
    for digest in store.names():
        os.utime(object_file(store, digest), (1, 1))


@pytest.mark.parametrize("rounds", [6, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_killed(registry: Registry, tmp_path: Path, rounds: int):
    """A crash would lose a version, leave a manifest without its chunks, or rubbish that no later gc finds."""
    generator = random.Random(rounds)
    kept = registry.version("mnist").manifest
    needed = {kept, *(chunk.digest for chunk in read_manifest(store_of(registry), kept).chunks)}
    kills = 0
    for _ in range(rounds):
        garbage = litter(registry, tmp_path / "litter", generator)
        kills += killed_at(generator.randrange(1, 45), GC, registry.root)
        store = store_of(registry)
        assert list(check_objects(store)) == []
        assert needed <= set(store.names())
        for manifest in garbage & set(store.names()):
            assert ensure_complete(read_manifest(store, manifest), store) == []
        make_old(store)  # looking has renewed the times
        registry.gc(GcRequest(force=True))
        assert set(store.names()) == needed
        assert not (store.root / "doomed").exists()
    assert kills > rounds // 3


SWEEP = """
import sys, gitreg
from gitreg.operations.garbage.gc import GcRequest
registry = gitreg.open(sys.argv[1])
print("ready", flush=True)
removed = 0
for _ in sys.stdin:
    removed += registry.gc(GcRequest(force=True)).delete.objects
    print(removed, flush=True)
"""


@pytest.mark.parametrize("rounds", [4, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_beside_an_add_that_reuses_everything(world, registry: Registry, tmp_path: Path, rounds: int):
    """The add finds all its chunks there and writes none of them, while gc is about to delete just those (W4)."""
    generator = random.Random(rounds)
    folder = world.write("other", {f"{number}": generator.randbytes(150_000) for number in range(6)})
    pointer = folder.with_name("other.gitreg")
    collector = subprocess.Popen(
        [sys.executable, "-c", SWEEP, registry.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    collector.stdout.readline()
    for _ in range(rounds):
        manifest = ingest(folder, store_of(registry)).manifest.digest
        litter(registry, tmp_path / "litter", generator)
        collector.stdin.write("go\n")
        collector.stdin.flush()
        time.sleep(generator.uniform(0, 0.15))
        registry.add(AddRequest(folder, rehash=True))
        collector.stdout.readline()
        store = store_of(registry)
        assert ensure_complete(read_manifest(store, manifest), store) == []
        world.sh("git", "rm", "-q", "-f", "--cached", "models/other.gitreg")
        pointer.unlink()
    collector.communicate()
    assert collector.returncode == 0
