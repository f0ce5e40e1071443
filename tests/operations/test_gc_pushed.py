"""gc --pushed: what the remote verifiably has may go from the clone, and nothing else."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.operations.add import AddRequest
from gitreg.operations.garbage.gc import GcRequest
from gitreg.operations.pull import PullRequest
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import read_manifest
from tests.operations.collecting import complete, local, sweep
from tests.storage.helpers import object_file


@pytest.fixture
def shared(world, registry: Registry) -> Registry:
    """The registry with a configured remote, to which mnist was pushed."""
    LocalStore.create(world.root / "store")
    config = registry.root / ".gitreg" / "config.toml"
    config.write_text(
        config.read_text() + f'default_remote = "shared"\n[remotes]\nshared = "file://{world.root}/store"\n'
    )
    world.sh("git", "commit", "-q", "-a", "-m", "A store to share")
    opened = world.open()
    opened.push()
    return opened


PUSHED = GcRequest(pushed=True, force=True)


def test_what_the_remote_has_may_go(world, shared: Registry):
    """The clone would hold every version for ever."""
    manifest = shared.version("mnist").manifest
    assert sweep(shared).delete.objects == 0
    result = sweep(shared, PUSHED)
    assert (result.pushed.objects, result.delete, result.blocked) == (2, result.pushed, ())
    assert list(local(shared).names()) == []
    assert not any(kept.manifest == manifest for kept in result.keep)
    assert shared.pull("mnist@v1.0.0", PullRequest(world.root / "out")).verified


def test_what_was_used_within_the_hour_is_not_trimmed(shared: Registry):
    """An add that relies on a chunk here would have to rely on the network."""
    assert shared.gc(PUSHED).delete.objects == 0


@pytest.mark.parametrize("fault", ["no manifest", "no chunk", "cut chunk", "damaged manifest"])
def test_what_the_remote_lacks_stays(world, shared: Registry, flipped, fault: str):
    """The last copy would be deleted because somebody once pushed it."""
    remote = LocalStore.open(world.root / "store")
    manifest = shared.version("mnist").manifest
    chunk = read_manifest(remote, manifest).chunks[0].digest
    match fault:
        case "no manifest":
            remote.remove([manifest])
        case "no chunk":
            remote.remove([chunk])
        case "cut chunk":
            object_file(remote, chunk).chmod(0o644)
            object_file(remote, chunk).write_bytes(b"x")
        case _:
            flipped(object_file(remote, manifest))
    assert sweep(shared, PUSHED).delete.objects == 0
    assert complete(shared, manifest)


def test_a_chunk_that_something_unpushed_needs_stays(world, shared: Registry):
    """What is not pushed yet would be incomplete here and nowhere complete."""
    data = bytes(range(256)) * 40
    folder = world.write("more", {"weights.bin": data, "README.md": b"# A model\n", "z": b"new" * 99_999})
    manifest = shared.add(AddRequest(folder)).manifest
    sweep(shared, PUSHED)
    assert complete(shared, manifest)


def test_the_embedded_default_never_trims(registry: Registry):
    """The bare repository beside may be as temporary as the clone."""
    result = sweep(registry, PUSHED)
    assert result.blocked[0].what == "pushed"
    assert "no remote is configured" in result.blocked[0].reason
    assert complete(registry, registry.version("mnist").manifest)


def test_a_remote_that_is_the_store_itself_vouches_for_nothing(world, registry: Registry):
    """The only copy would be deleted, because it is found where it is."""
    config = registry.root / ".gitreg" / "config.toml"
    place = registry.root / ".git" / "gitreg"
    (world.root / "link").symlink_to(place)
    config.write_text(config.read_text() + f'default_remote = "own"\n[remotes]\nown = "file://{world.root}/link"\n')
    result = sweep(world.open(), PUSHED)
    assert "own store" in result.blocked[0].reason
    assert complete(registry, registry.version("mnist").manifest)


def test_a_remote_that_is_away_stops_the_trimming_only(world, shared: Registry):
    """gc would fail, or trust a remote that said nothing."""
    (world.root / "store").rename(world.root / "away")
    result = sweep(shared, PUSHED)
    assert [each.what for each in result.blocked] == ["pushed"]
    assert complete(shared, shared.version("mnist").manifest)
