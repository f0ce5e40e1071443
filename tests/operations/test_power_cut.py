"""The power fails at any moment of add, push and gc: nothing torn, nothing dangling, and what was done stays done."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.core.pointer import parse_pointer
from gitreg.operations.add import AddRequest
from gitreg.storage.fsck import check_objects
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.power import Disk, Recorder, Survives, recorded

PROGRAM = [sys.executable, "-B", "-m", "gitreg"]
MOMENTS = [2, pytest.param(35, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
FILES = {"weights.bin": random.Random(3).randbytes(3_000_000), "README.md": b"# Larger\n", "small": b"s" * 70_000}


def states(recorder: Recorder, place: Path, moments: int) -> Iterator[tuple[Path, bool]]:
    """What is found after power cuts, and whether the program had ended before."""
    disk, count = recorder.start, len(recorder.events)
    chosen = {*random.Random(count).sample(range(count), min(moments, count)), count}
    for moment in range(count + 1):
        if moment in chosen:
            yield from _found(disk, place, moment, done=moment == count)
        if moment < count:
            disk.apply(recorder.events[moment])


def _found(disk: Disk, place: Path, moment: int, *, done: bool) -> Iterator[tuple[Path, bool]]:
    for survives in Survives:
        shutil.rmtree(place, ignore_errors=True)
        disk.write(place, survives, moment)
        yield place, done


def pointed_to(world: Path) -> Digest | None:
    pointer = world / "work" / "models" / "mnist.gitreg"
    return parse_pointer(pointer.read_bytes(), "mnist.gitreg").manifest if pointer.exists() else None


def sound(place: Path) -> LocalStore:
    """Every object whole (W2), every manifest with its chunks (W1)."""
    store = LocalStore.open(place)
    assert list(check_objects(store)) == [], "a torn object under a digest"
    for digest in store.names():
        if Digest.of(store.read(digest)) != digest:
            assert ensure_complete(read_manifest(store, digest), store) == [], "a manifest before its chunks"
    return store


@pytest.fixture
def record(world, tmp_path: Path) -> Callable[..., Recorder]:
    def run(*command: str) -> Recorder:
        return recorded([*PROGRAM, *command], world.root / "work", world.root)

    return run


@pytest.mark.parametrize("moments", MOMENTS)
def test_add(world, registry: Registry, record, tmp_path: Path, moments: int):
    """A pointer would name bytes that the cut has taken, or an add that said it was done be undone."""
    world.write("mnist", FILES)
    recorder = record("add", "models/mnist")
    now = pointed_to(world.root)
    for found, done in states(recorder, tmp_path / "found", moments):
        store = sound(found / "work" / ".git" / "gitreg")
        named = pointed_to(found)
        assert named is not None
        assert ensure_complete(read_manifest(store, named), store) == [], "a pointer before its objects"
        assert named == now or not done


@pytest.mark.parametrize("moments", MOMENTS)
def test_the_first_add_of_a_clone(world, registry: Registry, record, tmp_path: Path, moments: int):
    """The directories of a store that is made on the way would be gone, and all that was put into them."""
    shutil.rmtree(world.root / "work" / ".git" / "gitreg")
    before = pointed_to(world.root)
    world.write("mnist", FILES)
    recorder = record("add", "models/mnist")
    for found, done in states(recorder, tmp_path / "found", moments):
        named = pointed_to(found)
        if done or named != before:
            assert named == pointed_to(world.root)
            store = sound(found / "work" / ".git" / "gitreg")
            assert ensure_complete(read_manifest(store, named), store) == [], "a pointer before its objects"


@pytest.mark.parametrize("moments", MOMENTS)
@pytest.mark.parametrize("first", [False, True], ids=["again", "first"])
def test_push(world, registry: Registry, record, tmp_path: Path, moments: int, first: bool):
    """The shared store would have a version that nobody can read, while the refs that name it are there (W1)."""
    world.write("mnist", FILES)
    manifest = registry.add(AddRequest(registry.root / "models" / "mnist", commit_message="Larger")).manifest
    if first:
        shutil.rmtree(world.root / "hub.git" / "gitreg")
    pushed = world.sh("git", "rev-parse", "HEAD").strip()
    recorder = record("push")
    for found, done in states(recorder, tmp_path / "found", moments):
        place = found / "hub.git" / "gitreg"
        branch = found / "hub.git" / "refs" / "heads" / "main"
        arrived = branch.exists() and branch.read_text().strip() == pushed
        if done or arrived:
            store = sound(place)
            assert ensure_complete(read_manifest(store, manifest), store) == [], "refs before their objects"
        elif not first:
            sound(place)


@pytest.mark.parametrize("moments", MOMENTS)
def test_gc(world, registry: Registry, record, tmp_path: Path, moments: int):
    """Deleting garbage would take something needed along."""
    world.write("other", FILES)
    registry.add(AddRequest(registry.root / "models" / "other"))
    world.sh("git", "rm", "-q", "-f", "--cached", "models/other.gitreg")
    (registry.root / "models" / "other.gitreg").unlink()
    recorder = record("gc", "--grace", "0 days", "--force")
    needed = pointed_to(world.root)
    for found, _ in states(recorder, tmp_path / "found", moments):
        store = LocalStore.open(found / "work" / ".git" / "gitreg")
        assert list(check_objects(store)) == []
        assert ensure_complete(read_manifest(store, needed), store) == []
