"""Pull, path and push killed at any change on disk: nothing half done in sight, and the next run is complete."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.limits import MIB
from gitreg.operations.add import AddRequest
from gitreg.operations.pull import PullRequest
from gitreg.storage.fsck import check_objects
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.crash import killed_at

FILES = {
    "weights.bin": random.Random(1).randbytes(6 * MIB),
    "run.sh": b"#!/bin/sh\n",
    **{f"data/{number:02}.bin": random.Random(number).randbytes(20_000) for number in range(12)},
}
ROUNDS = [3, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]

PULL = """
import gitreg
from pathlib import Path
from gitreg.operations.pull import PullRequest
gitreg.open(sys.argv[1]).pull("mnist", PullRequest(Path(sys.argv[2])))
"""
PATH = """
import gitreg
gitreg.open(sys.argv[1]).path("mnist")
"""
PUSH = """
import gitreg
gitreg.open(sys.argv[1]).push()
"""


@pytest.fixture
def source(world, registry: Registry) -> Registry:
    """ada's clone with a version of several files that is not pushed yet."""
    folder = world.write("mnist", FILES)
    (folder / "run.sh").chmod(0o755)
    registry.add(AddRequest(folder, commit_message="Several files"))
    registry.register("mnist")
    return registry


@pytest.fixture
def clone(world, source: Registry) -> Registry:
    source.push()
    return world.clone("clone")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def visible(folder: Path) -> dict[str, bytes]:
    return {path: data for path, data in files(folder).items() if not path.startswith(".gitreg-")}


@pytest.mark.parametrize("rounds", ROUNDS)
def test_pull(clone: Registry, tmp_path: Path, rounds: int):
    """A crash would leave a cut-off file under its real name, or rubbish for ever."""
    generator = random.Random(rounds)
    kills = 0
    for number in range(rounds):
        out = tmp_path / f"out{number}"
        for _ in range(2):
            if not killed_at(generator.randrange(1, 75), PULL, clone.root, out):
                break
            kills += 1
            assert visible(out).items() <= FILES.items()
        clone.pull("mnist", PullRequest(out))
        assert files(out) == FILES
    assert kills


@pytest.mark.parametrize("rounds", ROUNDS)
def test_path(clone: Registry, rounds: int):
    """A crash would leave half a checkout that all others load."""
    generator = random.Random(rounds)
    cache = clone.context.settings.cache / "checkouts"
    tampered = {path: data for path, data in FILES.items() if path != "run.sh"}
    kills = 0
    for _ in range(rounds):
        kills += killed_at(generator.randrange(1, 90), PATH, clone.root)
        for place in cache.glob("[0-9a-f]*"):
            assert files(place) in (FILES, tampered)
        place = clone.path("mnist")
        assert files(place) == FILES
        for directory in [place, *place.rglob("*")]:
            directory.chmod(0o755)
        (place / "run.sh").unlink()
    assert files(clone.path("mnist")) == FILES
    assert [entry.name for entry in cache.iterdir()] == [clone.path("mnist").name]
    assert kills


@pytest.mark.parametrize("rounds", ROUNDS)
def test_push(world, source: Registry, rounds: int):
    """A crash would leave a manifest without its chunks for everybody to trip over (W1)."""
    generator = random.Random(rounds)
    hub = LocalStore.open(world.root / "hub.git" / "gitreg")
    manifest = source.version("mnist").manifest
    kills = 0
    for _ in range(rounds):
        kills += killed_at(generator.randrange(1, 64), PUSH, source.root)
        assert list(check_objects(hub)) == []
        if hub.present([manifest]):
            assert ensure_complete(read_manifest(hub, manifest), hub) == []
            hub.remove([manifest, *[chunk.digest for chunk in read_manifest(hub, manifest).chunks][::2]])
    assert kills
    source.push()
    assert ensure_complete(read_manifest(hub, manifest), hub) == []
    assert world.clone("late").pull("mnist").files == len(FILES)
