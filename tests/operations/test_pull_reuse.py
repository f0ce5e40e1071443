"""A new version costs the network what is new in it, wherever the rest lies on this machine."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.limits import MIB
from gitreg.errors import RefusedError
from gitreg.operations.pull import PullRequest
from gitreg.storage.checkout import Existing
from tests.storage.cow_disk import cow_disk, used

OLD = random.Random(1).randbytes(12 * MIB)
NEW = OLD[: 6 * MIB] + b"changed" + OLD[6 * MIB :]


@pytest.fixture
def clone(world, registry: Registry) -> Registry:
    """Somebody who has none of the objects of the two versions, v1.1.0 and v1.2.0."""
    for data in (OLD, NEW):
        world.release(registry, data)
    registry.push()
    return world.clone("clone")


def test_over_an_older_version(clone: Registry, tmp_path: Path):
    """Updating a model on a server would fetch all of it."""
    out = tmp_path / "out"
    first = clone.pull("mnist@v1.1.0", PullRequest(out))
    assert (first.reused, first.transferred > 12 * MIB) == (0, True)
    with pytest.raises(RefusedError):
        clone.pull("mnist@v1.2.0", PullRequest(out))
    second = clone.pull("mnist@v1.2.0", PullRequest(out, existing=Existing.REPLACE))
    assert (out / "weights.bin").read_bytes() == NEW
    assert second.transferred < 6 * MIB
    assert second.reused + second.transferred == pytest.approx(len(NEW), abs=1 * MIB)


def test_beside_a_shared_checkout(clone: Registry, tmp_path: Path):
    """A host that serves one version would fetch the next one whole."""
    shared = clone.path("mnist@v1.1.0")
    pulled = clone.pull("mnist@v1.2.0", PullRequest(tmp_path / "out"))
    assert pulled.reused > 6 * MIB
    (tmp_path / "out" / "weights.bin").write_bytes(b"edited")
    assert (shared / "weights.bin").read_bytes() == OLD
    newer = clone.path("mnist@v1.2.0")
    assert (newer / "weights.bin").read_bytes() == NEW


def test_part_of_a_version(clone: Registry, tmp_path: Path):
    """Asking for one file would look for all chunks."""
    clone.path("mnist@v1.1.0")
    pulled = clone.pull("mnist@v1.2.0", PullRequest(tmp_path / "out", ("*.md",)))
    assert pulled.transferred < 1000


def test_what_a_shared_checkout_holds_takes_no_space_again(world, registry: Registry, tmp_path: Path, monkeypatch):
    """On a disk that can clone files, a model that is served and worked with would be there twice."""
    with cow_disk(tmp_path, "xfs") as disk:
        monkeypatch.setenv("GITREG_CACHE", str(disk / "cache"))
        world.train(registry, OLD)
        registry = world.open()
        registry.path("models/mnist.gitreg")
        before = used(disk)
        pulled = registry.pull("models/mnist.gitreg", PullRequest(disk / "out"))
        assert (disk / "out" / "weights.bin").read_bytes() == OLD
        assert pulled.reused == len(OLD)
        assert used(disk) - before < 2 * MIB
