"""gc --remote: what any ref of anybody needs stays in a shared store, and blindness stops it."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.operations.garbage.all_refs import all_refs
from gitreg.operations.garbage.shared import SharedGcRequest, SharedGcResult, gc_shared
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.operations.collecting import add, age, local

GRACE = timedelta(days=14)


def hub(world) -> LocalStore:
    return LocalStore.open(world.root / "hub.git" / "gitreg")


def sweep(registry: Registry, *also: str) -> SharedGcResult:
    """Everything in the shared store is old, then gc."""
    store = LocalStore.open(registry.root.parent / "hub.git" / "gitreg")
    age(store, 30)
    return gc_shared(registry.context, SharedGcRequest(None, GRACE, also, force=True))


def complete(world, manifest: Digest) -> bool:
    store = hub(world)
    return bool(store.present([manifest])) and not ensure_complete(read_manifest(store, manifest), store)


@pytest.fixture
def orphan(world, registry: Registry) -> Digest:
    """Pushed, and then taken back everywhere."""
    manifest = add(world, registry, os.urandom(50_000), "orphan", commit_message="A mistake")
    registry.push(objects_only=True)
    world.sh("git", "reset", "-q", "--hard", "HEAD~1")
    world.sh("git", "reflog", "expire", "--expire=now", "--all")
    return manifest


def test_what_no_ref_names_goes_and_the_rest_stays(world, registry: Registry, orphan: Digest):
    """A shared store would grow for ever, or lose a version."""
    kept = registry.version("mnist").manifest
    planned = gc_shared(registry.context, SharedGcRequest(None, GRACE))
    assert (planned.delete.objects, planned.deleted, complete(world, orphan)) == (0, False, True)
    done = sweep(registry)
    assert (done.delete.objects, done.blocked, done.deleted) == (2, (), True)
    assert not hub(world).present([orphan])
    assert complete(world, kept)
    assert "mnist@v1.0.0" in [each.ref for each in done.keep]
    assert sweep(registry).delete.objects == 0
    assert world.refs("work", "refs/gitreg/gc") == ""


def test_what_only_others_have_pushed_stays(world, registry: Registry):
    """gc in a clone that has not fetched for a week would empty a week's work of everybody else."""
    other = world.clone("other")
    branch = add(world, other, b"b" * 9999, "b", commit_message="b")
    world.sh("git", "push", "-q", "origin", "HEAD:refs/heads/side", cwd="other")
    tagged = add(world, other, b"t" * 9999, "t", commit_message="t")
    world.sh("git", "tag", "-a", "-m", "t", "kept", cwd="other")
    world.sh("git", "push", "-q", "origin", "kept", cwd="other")
    hidden = add(world, other, b"h" * 9999, "h", commit_message="h")
    world.sh("git", "push", "-q", "origin", "HEAD:refs/odd/corner", cwd="other")
    other.push(objects_only=True)
    assert sweep(registry).delete.objects == 0
    assert all(complete(world, each) for each in (branch, tagged, hidden))


def test_bytes_that_are_here_and_not_pushed_yet_keep_what_is_there(world, registry: Registry, orphan: Digest):
    """A push of this clone that was interrupted would have to begin anew."""
    assert sweep(registry).delete.objects == 2
    manifest = add(world, registry, os.urandom(50_000), "orphan")
    remote, here = hub(world), local(registry)
    chunk = read_manifest(here, manifest).chunks[0].digest
    remote.write(chunk, here.read(chunk))
    remote.flush()
    assert sweep(registry).delete.objects == 0
    assert remote.present([chunk])


def test_another_registry_that_shares_the_store_is_asked(world, registry: Registry, orphan: Digest):
    """Its bytes would go: nothing here names them."""
    world.sh("git", "init", "-q", "second", cwd=".")
    pointer = f'[artifact]\nname = "orphan"\nmanifest = "{orphan}"\n'
    (world.root / "second" / "x.gitreg").write_text(pointer)
    assert sweep(registry, "../second").delete.objects == 0
    world.sh("git", "add", ".", cwd="second")
    world.sh("git", "commit", "-q", "-m", "x", cwd="second")
    assert sweep(registry, f"file://{world.root}/second").delete.objects == 0
    assert complete(world, orphan)
    assert sweep(registry).delete.objects == 2


def lose_an_object(world) -> None:
    """The hub announces a branch of somebody's and can't deliver it."""
    other = world.clone("other")
    add(world, other, b"lost" * 999, "lost", commit_message="Lost")
    world.sh("git", "push", "-q", "origin", "HEAD:refs/heads/lost", cwd="other")
    tree = world.sh("git", "rev-parse", "HEAD^{tree}", cwd="other").strip()
    (world.root / "hub.git" / "objects" / tree[:2] / tree[2:]).unlink()


BLIND = {
    "shallow": (lambda world: (world.root / "work" / ".git" / "shallow").write_text(""), ()),
    "partial": (lambda world: world.sh("git", "config", "remote.origin.promisor", "true"), ()),
    "the hub is away": (lambda world: world.sh("git", "config", "remote.origin.uploadpack", "false"), ()),
    "the hub has lost an object": (lose_an_object, ()),
    "--also is not there": (lambda _world: None, ("../nowhere",)),
    "--also is not reachable": (lambda _world: None, ("https://127.0.0.1:9/x",)),
    "--also is shallow": (lambda world: world.sh("git", "clone", "-q", "--depth=1", f"file://{world.root}/hub.git",
                                                 "shallow", cwd="."), ("../shallow",)),
}  # fmt: skip


@pytest.mark.parametrize(("blind", "also"), BLIND.values(), ids=BLIND.keys())
def test_nothing_goes_where_not_every_ref_can_be_seen(world, registry: Registry, orphan: Digest, blind, also):
    """What the unseen refs need would go."""
    world.train(registry, b"second" * 999)
    registry.push()
    blind(world)
    result = sweep(registry, *also)
    assert [each.what for each in result.blocked] == ["gc"]
    assert (result.delete.objects, result.deleted) == (0, False)
    assert complete(world, orphan)


@pytest.mark.parametrize("hours", [-1, 1])
def test_nothing_goes_while_clocks_disagree(world, registry: Registry, orphan: Digest, monkeypatch, hours: int):
    """Ages would be wrong by as much, and a push of a moment ago might look old."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + hours * 3600 * 10**9)
    result = sweep(registry)
    assert "60 minutes apart" in result.blocked[0].reason
    assert complete(world, orphan)


def test_what_was_pushed_within_the_grace_stays(world, registry: Registry, orphan: Digest):
    """A push between its objects and its refs would lose its bytes."""
    age(hub(world), 13)
    assert gc_shared(registry.context, SharedGcRequest(None, GRACE, force=True)).delete.objects == 0


@pytest.fixture
def elsewhere(world, registry: Registry) -> LocalStore:
    """A store that is not beside the Git remote, with an old object that nothing here names."""
    store = LocalStore.create(world.root / "store")
    store.write(Digest.of(b"theirs"), b"theirs")
    store.flush()
    age(store, 30)
    config = registry.root / ".gitreg" / "config.toml"
    config.write_text(config.read_text() + f'default_remote = "shared"\n[remotes]\nshared = "file://{store.root}"\n')
    return store


@pytest.mark.parametrize("change", ["rename", "remove"])
def test_nothing_goes_without_the_git_remote(world, elsewhere: LocalStore, change: str):
    """What all others have published would go, because their registry isn't called origin here, or nothing is."""
    world.sh("git", "remote", change, "origin", *(["team"] if change == "rename" else []))
    result = gc_shared(world.open().context, SharedGcRequest("shared", GRACE, force=True))
    assert "no Git remote 'origin'" in result.blocked[0].reason
    assert (result.deleted, len(list(elsewhere.names()))) == (False, 1)


def test_who_is_alone_can_say_so(world, elsewhere: LocalStore):
    """A store that only one clone uses could never be cleared."""
    world.sh("git", "remote", "remove", "origin")
    result = gc_shared(world.open().context, SharedGcRequest("shared", GRACE, (".",), force=True))
    assert (result.blocked, result.delete.objects, list(elsewhere.names())) == ((), 1, [])


def test_who_is_not_alone_can_not_say_so(world, registry: Registry, elsewhere: LocalStore):
    """`--also .` would stand for a Git remote that nobody has looked at."""
    world.sh("git", "remote", "rename", "origin", "team")
    result = gc_shared(world.open().context, SharedGcRequest("shared", GRACE, (".",), force=True))
    assert "gitreg.gitRemote" in result.blocked[0].reason


def test_two_gcs_of_one_clone_do_not_take_each_others_refs(world, registry: Registry):
    """One that ends would take away what the other has fetched, and the other delete what only that names."""
    other = world.clone("other")
    add(world, other, b"b" * 9999, "b", commit_message="b")
    world.sh("git", "push", "-q", "origin", "HEAD:refs/heads/side", cwd="other")

    def look() -> str:
        with all_refs(registry.context, ()):
            return world.refs("work", "refs/gitreg/gc")

    with ThreadPoolExecutor(1) as pool:
        with all_refs(registry.context, ()):
            second = pool.submit(look)
            wait([second], timeout=1)
            assert "heads/side" in world.refs("work", "refs/gitreg/gc")
        assert "heads/side" in second.result()
